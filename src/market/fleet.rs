//! What the tokens of a whole fleet cost: per type of device, and the fleet's day rented, owned and bought.

mod day;
mod sentence;
mod total;

use serde::Serialize;

use super::Verdict;
use super::budget::Side;
use super::row::Comparison;
use crate::units::Interval;

pub use day::{DayInput, Devices, Load, day};
pub use total::{FleetTotal, totals};

/// The costs of a fleet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FleetCosts {
    /// A row per type of device.
    pub types: Vec<TypeCost>,
    /// A row per type, model and weights format: the fleet's day.
    pub days: Vec<FleetDay>,
    /// The days of all types together, where all of them serve the same model in the same format; none of a single type,
    /// whose day is the total, and without software adapters.
    pub totals: Vec<FleetTotal>,
    /// What the reader should know or doubt, each once.
    pub notes: Vec<String>,
}

/// The comparisons of one type: rates are those of its median device.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeCost {
    /// Its place among the collected types.
    pub type_index: u32,
    /// Comparable devices.
    pub devices: u32,
    /// What all of them together compute, over what as many median devices would.
    pub speed: f64,
    /// Cost and market price per model and weights format.
    pub rows: Vec<Comparison>,
}

/// A day of all devices of a type that serve one model. What has no price is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FleetDay {
    /// Place of the type among the collected ones.
    pub type_index: u32,
    /// The model.
    pub model: String,
    /// Its weights format.
    pub weights: String,
    /// Sequences that decode together.
    pub batch: u64,
    /// Whether the devices are software adapters, which are no GPUs.
    pub software: bool,
    /// Devices that work together.
    pub gpus: u32,
    /// Devices that are paid for: the slow ones and those that do not serve included.
    pub devices: u32,
    /// Of them, those that served when they were asked.
    pub devices_serving: u32,
    /// What a device computes on average, over the median one.
    pub speed: f64,
    /// Share of the hours of a working device that carry load.
    pub load: f64,
    /// Share of its hours in which a device works.
    pub available: f64,
    /// Share of the hours that carry the load: the two multiplied.
    pub utilisation: f64,
    /// Input and output tokens of a day.
    pub tokens_per_day: Option<f64>,
    /// The interval of the rates.
    pub tokens_per_day_low: Option<f64>,
    /// See [`Self::tokens_per_day_low`].
    pub tokens_per_day_high: Option<f64>,
    /// What its slow devices take from a day, beside as many median ones.
    pub tokens_per_day_lost: Option<f64>,
    /// Rent of a day, idle hours included.
    pub rent_usd_per_day: Option<f64>,
    /// The interval of what providers ask.
    pub rent_usd_per_day_low: Option<f64>,
    /// See [`Self::rent_usd_per_day_low`].
    pub rent_usd_per_day_high: Option<f64>,
    /// The same devices owned.
    pub own_usd_per_day: Option<f64>,
    /// What the same tokens cost on the market.
    pub buy_usd_per_day: Option<f64>,
    /// The interval of sellers' prices and of the rates.
    pub buy_usd_per_day_low: Option<f64>,
    /// See [`Self::buy_usd_per_day_low`].
    pub buy_usd_per_day_high: Option<f64>,
    /// Rent per million tokens of the day.
    pub rent_usd_per_mtok: Option<f64>,
    /// Owning, likewise.
    pub own_usd_per_mtok: Option<f64>,
    /// The market price of the mix.
    pub buy_usd_per_mtok: Option<f64>,
    /// Rent against buy, from intervals.
    pub verdict: Option<Verdict>,
    /// The cheapest side at the middle of the intervals, where two or more are known.
    pub cheapest: Option<Side>,
    /// Which of rent, own and buy is the cheapest where two or more are known, and what speaks for it, in one sentence.
    pub reason: String,
}

impl FleetDay {
    /// The sides that have a price, with their USD per day.
    pub fn sides(&self) -> Vec<(Side, Interval<f64>)> {
        let [low, mid, high] = [self.rent_usd_per_day_low, self.rent_usd_per_day, self.rent_usd_per_day_high];
        let rent = interval(low, mid, high);
        let [low, mid, high] = [self.buy_usd_per_day_low, self.buy_usd_per_day, self.buy_usd_per_day_high];
        let buy = interval(low, mid, high);
        let own = self.own_usd_per_day.map(Interval::exactly);
        let sides = [(Side::Rent, rent), (Side::Own, own), (Side::Buy, buy)];
        sides.into_iter().filter_map(|(side, usd)| Some((side, usd?))).collect()
    }
}

fn interval(low: Option<f64>, mid: Option<f64>, high: Option<f64>) -> Option<Interval<f64>> {
    Some(Interval { low: low?, mid: mid?, high: high? })
}

/// Rent against buy from the intervals of a day: the same question as cost over price, both times the tokens.
fn rent_or_buy(rent: Interval<f64>, buy: Interval<f64>) -> Verdict {
    Verdict::of(Interval { low: rent.low / buy.high, mid: rent.mid / buy.mid, high: rent.high / buy.low })
}

#[cfg(test)]
mod tests;
