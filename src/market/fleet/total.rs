//! The days of several types of device together.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{FleetDay, Verdict, rent_or_buy, sentence};
use crate::market::budget::Side;

/// The day of all types that serve the same model in the same format. A sum with an unknown part is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FleetTotal {
    /// The model.
    pub model: String,
    /// Its weights format.
    pub weights: String,
    /// Types of device.
    pub types: u32,
    /// Devices that are paid for.
    pub devices: u32,
    /// Of them, those that served when they were asked.
    pub devices_serving: u32,
    /// Input and output tokens of a day.
    pub tokens_per_day: Option<f64>,
    /// All rates at their low end together.
    pub tokens_per_day_low: Option<f64>,
    /// See [`Self::tokens_per_day_low`].
    pub tokens_per_day_high: Option<f64>,
    /// What slow devices take from a day.
    pub tokens_per_day_lost: Option<f64>,
    /// Rent of a day.
    pub rent_usd_per_day: Option<f64>,
    /// The interval of what providers ask.
    pub rent_usd_per_day_low: Option<f64>,
    /// See [`Self::rent_usd_per_day_low`].
    pub rent_usd_per_day_high: Option<f64>,
    /// All devices owned.
    pub own_usd_per_day: Option<f64>,
    /// What the same tokens cost on the market.
    pub buy_usd_per_day: Option<f64>,
    /// The interval of sellers' prices and of the rates.
    pub buy_usd_per_day_low: Option<f64>,
    /// See [`Self::buy_usd_per_day_low`].
    pub buy_usd_per_day_high: Option<f64>,
    /// Rent against buy, from intervals.
    pub verdict: Option<Verdict>,
    /// The cheapest side at the middle of the intervals, where two or more are known.
    pub cheapest: Option<Side>,
    /// Which side is the cheapest, in one sentence.
    pub reason: String,
}

/// The columns of a day; what a sum does not have, such as batch and utilisation, is 0.
impl From<&FleetTotal> for FleetDay {
    fn from(total: &FleetTotal) -> Self {
        Self {
            model: total.model.clone(),
            weights: total.weights.clone(),
            devices: total.devices,
            devices_serving: total.devices_serving,
            tokens_per_day: total.tokens_per_day,
            tokens_per_day_low: total.tokens_per_day_low,
            tokens_per_day_high: total.tokens_per_day_high,
            tokens_per_day_lost: total.tokens_per_day_lost,
            rent_usd_per_day: total.rent_usd_per_day,
            rent_usd_per_day_low: total.rent_usd_per_day_low,
            rent_usd_per_day_high: total.rent_usd_per_day_high,
            own_usd_per_day: total.own_usd_per_day,
            buy_usd_per_day: total.buy_usd_per_day,
            buy_usd_per_day_low: total.buy_usd_per_day_low,
            buy_usd_per_day_high: total.buy_usd_per_day_high,
            verdict: total.verdict,
            cheapest: total.cheapest,
            reason: total.reason.clone(),
            ..Self::default()
        }
    }
}

/// A total per model and format that every type serves in exactly one row, software adapters left out; none of fewer than
/// two types.
pub fn totals(days: &[FleetDay]) -> Vec<FleetTotal> {
    let days: Vec<&FleetDay> = days.iter().filter(|day| !day.software).collect();
    let types: BTreeSet<u32> = days.iter().map(|day| day.type_index).collect();
    if types.len() < 2 {
        return vec![];
    }
    let mut seen = BTreeSet::new();
    let models = days.iter().map(|day| (day.model.as_str(), day.weights.as_str()));
    let models: Vec<(&str, &str)> = models.filter(|model| seen.insert(*model)).collect();
    let total = |(model, weights): (&str, &str)| {
        let of: Vec<&FleetDay> =
            days.iter().filter(|day| day.model == model && day.weights == weights).copied().collect();
        let each_once = of.len() == types.len();
        let all = of.iter().map(|day| day.type_index).collect::<BTreeSet<_>>() == types;
        (each_once && all).then(|| total(&of))
    };
    models.into_iter().filter_map(total).collect()
}

fn total(days: &[&FleetDay]) -> FleetTotal {
    let sum = |of: fn(&FleetDay) -> Option<f64>| days.iter().map(|day| of(day)).sum::<Option<f64>>();
    let count = |of: fn(&FleetDay) -> u32| days.iter().map(|day| of(day)).sum();
    let name = |of: fn(&FleetDay) -> &String| days.first().map(|day| of(day).clone()).unwrap_or_default();
    let mut total = FleetTotal {
        model: name(|day| &day.model),
        weights: name(|day| &day.weights),
        types: days.len() as u32,
        devices: count(|day| day.devices),
        devices_serving: count(|day| day.devices_serving),
        tokens_per_day: sum(|day| day.tokens_per_day),
        tokens_per_day_low: sum(|day| day.tokens_per_day_low),
        tokens_per_day_high: sum(|day| day.tokens_per_day_high),
        tokens_per_day_lost: sum(|day| day.tokens_per_day_lost),
        rent_usd_per_day: sum(|day| day.rent_usd_per_day),
        rent_usd_per_day_low: sum(|day| day.rent_usd_per_day_low),
        rent_usd_per_day_high: sum(|day| day.rent_usd_per_day_high),
        own_usd_per_day: sum(|day| day.own_usd_per_day),
        buy_usd_per_day: sum(|day| day.buy_usd_per_day),
        buy_usd_per_day_low: sum(|day| day.buy_usd_per_day_low),
        buy_usd_per_day_high: sum(|day| day.buy_usd_per_day_high),
        ..FleetTotal::default()
    };
    let day = FleetDay::from(&total);
    let sides = day.sides();
    let of = |wanted: Side| sides.iter().find(|(side, _)| *side == wanted).map(|(_, usd)| *usd);
    let (rent, buy) = (of(Side::Rent), of(Side::Buy));
    total.verdict = rent.zip(buy).map(|(rent, buy)| rent_or_buy(rent, buy));
    (total.cheapest, total.reason) = sentence::cheapest(&sides, &[]);
    total
}
