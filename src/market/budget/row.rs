//! A volume with its GPUs and its costs, flat.

use serde::Serialize;

use super::{Advice, DAYS_PER_MONTH, Month, Need, Side, Supply, World};
use crate::cost::HOURS_PER_MONTH;
use crate::units::Interval;

/// One volume, flat, as CSV and JSON show it. Unknown is `None`, never 0. Money is USD per mean month of 730 hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BudgetRow {
    /// The open weights.
    pub model: String,
    /// How they are stored.
    pub weights: String,
    /// The device.
    pub device: String,
    /// Sequences that decode together in a replica.
    pub batch: u64,
    /// Prompt tokens per request.
    pub isl: u64,
    /// Generated tokens per request.
    pub osl: u64,
    /// 0 is now; later months are those of a drift.
    pub months_from_now: u32,
    /// This volume over the one asked for.
    pub volume_over_asked: f64,
    /// Input and output tokens per day.
    pub tokens_per_day: f64,
    /// Requests per day.
    pub requests_per_day: f64,
    /// Devices of a replica.
    pub gpus_per_replica: u32,
    /// Devices that carry the peak.
    pub gpus: Option<u64>,
    /// The fewest, at the fast end of the rates.
    pub gpus_low: Option<u64>,
    /// The most, at the slow end.
    pub gpus_high: Option<u64>,
    /// Share of the paid hours of these devices that carries the load.
    pub utilisation: Option<f64>,
    /// Renting all of them all hours.
    pub rent_usd_per_month: Option<f64>,
    /// Its low end: fast rates, low rent.
    pub rent_usd_per_month_low: Option<f64>,
    /// Its high end.
    pub rent_usd_per_month_high: Option<f64>,
    /// Renting, per million tokens served.
    pub rent_usd_per_mtok: Option<f64>,
    /// The rent per device and hour at which renting all of them costs as much as buying.
    pub break_even_usd_per_hour: Option<f64>,
    /// Owning all of them.
    pub own_usd_per_month: Option<f64>,
    /// Its low end: fast rates.
    pub own_usd_per_month_low: Option<f64>,
    /// Its high end.
    pub own_usd_per_month_high: Option<f64>,
    /// Owning, per million tokens served.
    pub own_usd_per_mtok: Option<f64>,
    /// Buying all tokens.
    pub buy_usd_per_month: Option<f64>,
    /// Its low end.
    pub buy_usd_per_month_low: Option<f64>,
    /// Its high end.
    pub buy_usd_per_month_high: Option<f64>,
    /// The price of a million tokens of the mix.
    pub buy_usd_per_mtok: Option<f64>,
    /// The cheapest mix.
    pub mix_usd_per_month: Option<f64>,
    /// The cheapest mix with everything at its low end.
    pub mix_usd_per_month_low: Option<f64>,
    /// The cheapest mix with everything at its high end.
    pub mix_usd_per_month_high: Option<f64>,
    /// The cheapest mix, per million tokens served.
    pub mix_usd_per_mtok: Option<f64>,
    /// Devices that the cheapest mix owns.
    pub mix_owned_gpus: Option<u64>,
    /// Devices that it rents.
    pub mix_rented_gpus: Option<u64>,
    /// Share of the tokens that it buys.
    pub mix_bought: Option<f64>,
    /// The cheapest side at the middle of the intervals.
    pub cheapest: Option<Side>,
    /// What the intervals advise; unknown where fewer than two sides have a price.
    pub verdict: Option<Advice>,
    /// The sides that the intervals leave in question, joined by `; `.
    pub in_question: Option<String>,
}

impl BudgetRow {
    /// The sides that have a price, with their USD per month.
    pub fn sides(&self) -> Vec<(Side, Interval<f64>)> {
        let ends = |low: Option<f64>, mid: Option<f64>, high: Option<f64>| super::interval(low, mid, high);
        let sides = [
            (
                Side::Rent,
                ends(self.rent_usd_per_month_low, self.rent_usd_per_month, self.rent_usd_per_month_high),
            ),
            (
                Side::Own,
                ends(self.own_usd_per_month_low, self.own_usd_per_month, self.own_usd_per_month_high),
            ),
            (
                Side::Buy,
                ends(self.buy_usd_per_month_low, self.buy_usd_per_month, self.buy_usd_per_month_high),
            ),
        ];
        sides.into_iter().filter_map(|(side, cost)| Some((side, cost?))).collect()
    }
}

/// The row of a volume so many times the one asked for. The names of model and device are the caller's to fill in.
pub(super) fn of(need: &Need, supply: &Supply, worlds: &Interval<World>, factor: f64) -> BudgetRow {
    let tokens_per_day = need.tokens_per_day * factor;
    let [low, mid, high] = [worlds.low, worlds.mid, worlds.high].map(|world| world.month(tokens_per_day));
    let mtok = tokens_per_day * DAYS_PER_MONTH / 1e6;
    let per_mtok = |usd: Option<f64>| usd.map(|usd| usd / mtok);
    let devices = |replicas: f64| replicas as u64 * u64::from(supply.gpus);
    let gpus = |month: &Month| month.replicas.map(devices);
    let mix = |month: &Month| month.mix.map(|mix| mix.usd_per_month);
    let mut row = BudgetRow {
        isl: need.isl,
        osl: need.osl,
        volume_over_asked: factor,
        tokens_per_day,
        requests_per_day: tokens_per_day / (need.isl + need.osl) as f64,
        gpus_per_replica: supply.gpus,
        gpus: gpus(&mid),
        gpus_low: gpus(&low),
        gpus_high: gpus(&high),
        utilisation: mid.utilisation,
        rent_usd_per_month: mid.rent_usd,
        rent_usd_per_month_low: low.rent_usd,
        rent_usd_per_month_high: high.rent_usd,
        rent_usd_per_mtok: per_mtok(mid.rent_usd),
        break_even_usd_per_hour: mid
            .buy_usd
            .zip(gpus(&mid))
            .map(|(usd, gpus)| usd / (gpus as f64 * HOURS_PER_MONTH)),
        own_usd_per_month: mid.own_usd,
        own_usd_per_month_low: low.own_usd,
        own_usd_per_month_high: high.own_usd,
        own_usd_per_mtok: per_mtok(mid.own_usd),
        buy_usd_per_month: mid.buy_usd,
        buy_usd_per_month_low: low.buy_usd,
        buy_usd_per_month_high: high.buy_usd,
        buy_usd_per_mtok: per_mtok(mid.buy_usd),
        mix_usd_per_month: mix(&mid),
        mix_usd_per_month_low: mix(&low),
        mix_usd_per_month_high: mix(&high),
        mix_usd_per_mtok: per_mtok(mix(&mid)),
        mix_owned_gpus: mid.mix.map(|mix| devices(mix.owned)),
        mix_rented_gpus: mid.mix.map(|mix| devices(mix.rented)),
        mix_bought: mid.mix.map(|mix| mix.bought),
        ..BudgetRow::default()
    };
    let sides = row.sides();
    row.cheapest = sides.iter().min_by(|a, b| a.1.mid.total_cmp(&b.1.mid)).map(|(side, _)| *side);
    if let Some((advice, named)) = Advice::of(&sides) {
        row.verdict = Some(advice);
        row.in_question = Some(named.iter().map(|side| side.name()).collect::<Vec<_>>().join("; "));
    }
    row
}
