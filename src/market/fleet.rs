//! What the tokens of a whole fleet cost: per type of device, and the fleet's day rented, owned and bought.

use serde::Serialize;

use super::Verdict;
use super::row::Comparison;

/// The costs of a fleet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FleetCosts {
    /// A row per type of device.
    pub types: Vec<TypeCost>,
    /// A row per type, model and weights format: the fleet's day.
    pub days: Vec<FleetDay>,
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
    /// Devices, the slow ones included.
    pub devices: u32,
    /// Share of the hours that carry the load.
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
    /// The same devices owned.
    pub own_usd_per_day: Option<f64>,
    /// What the same tokens cost on the market.
    pub buy_usd_per_day: Option<f64>,
    /// The interval of sellers' prices and of the rates.
    pub buy_usd_per_day_low: Option<f64>,
    /// See [`Self::buy_usd_per_day_low`].
    pub buy_usd_per_day_high: Option<f64>,
    /// Rent against buy, from intervals.
    pub verdict: Option<Verdict>,
    /// Which of rent, own and buy is the cheapest where two or more are known, and what speaks for it, in one sentence.
    pub reason: String,
}
