//! The columns of `mtok compare`.

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::decide::Input;
use super::{Policy, Verdict};
use crate::price::rental::Kind;
use crate::throughput::Source;

/// One row, flat, as CSV and JSON show it. Unknown is `None`, never 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// The open weights.
    pub model: String,
    /// How they are stored.
    pub weights: String,
    /// The device.
    pub device: String,
    /// Where the rates come from.
    pub source: Source,
    /// Whether the device is a software adapter.
    pub software: bool,
    /// Sequences that decode together.
    pub batch: u64,
    /// Prompt tokens per request.
    pub isl: u64,
    /// Generated tokens per request.
    pub osl: u64,
    /// Devices that work together.
    pub gpus: u32,
    /// Whether weights and KV cache fit the memory; unknown where the memory is.
    pub fits: Option<bool>,
    /// Prompt tokens per second while only prefill runs.
    pub prefill_tokens_per_s: Option<f64>,
    /// Generated tokens per second of the whole batch while only decoding runs.
    pub decode_tokens_per_s: Option<f64>,
    /// Generated tokens per second of the whole batch while as many requests are prefilled as are finished.
    pub output_tokens_per_s: Option<f64>,
    /// Requests finished per second, likewise: what a rent divided by it and by 3600 costs is one request.
    pub requests_per_s: Option<f64>,
    /// Mean time between the output tokens of one sequence, with the prompts of its neighbours riding along.
    pub tpot_ms: Option<f64>,
    /// Energy of a prompt token while only prefill runs; unknown unless the power of every kernel was measured.
    pub prefill_joules_per_token: Option<f64>,
    /// Energy of a generated token while only decoding runs, likewise.
    pub decode_joules_per_token: Option<f64>,
    /// Who rents the device out; several joined by `; `.
    pub rental_providers: Option<String>,
    /// How it is rented.
    pub rental_kind: Option<Kind>,
    /// Rent per device and hour.
    pub usd_per_hour: Option<f64>,
    /// The low end of what it is rented for: the first quartile of the providers, or the cheapest of fewer than four.
    pub usd_per_hour_low: Option<f64>,
    /// The high end, likewise; of the cheapest provider, what the next one asks.
    pub usd_per_hour_high: Option<f64>,
    /// The day of the newest quote behind the rent.
    #[serde(serialize_with = "as_text")]
    pub usd_per_hour_date: Option<Date>,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// Cost of input. The ends of costs are those of the rates, at the middle rent.
    pub usd_per_mtok_in: Option<f64>,
    /// Its low end.
    pub usd_per_mtok_in_low: Option<f64>,
    /// Its high end.
    pub usd_per_mtok_in_high: Option<f64>,
    /// Cost of output.
    pub usd_per_mtok_out: Option<f64>,
    /// Its low end.
    pub usd_per_mtok_out_low: Option<f64>,
    /// Its high end.
    pub usd_per_mtok_out_high: Option<f64>,
    /// Cost of the mix.
    pub usd_per_mtok_blended: Option<f64>,
    /// Its low end.
    pub usd_per_mtok_blended_low: Option<f64>,
    /// Its high end.
    pub usd_per_mtok_blended_high: Option<f64>,
    /// Input tokens per output token of the mix.
    pub input_output_ratio: Option<f64>,
    /// Share of the input that a cache holds, here and at the sellers.
    pub cached: f64,
    /// The lowest blended price of the same weights.
    pub market_usd_per_mtok_cheapest: Option<f64>,
    /// Who asks it.
    pub market_cheapest_seller: Option<String>,
    /// The median blended price of the same weights.
    pub market_usd_per_mtok_median: Option<f64>,
    /// Sellers behind the market prices.
    pub market_sellers: Option<u64>,
    /// The day of the oldest listing behind the market prices.
    #[serde(serialize_with = "as_text")]
    pub market_date_oldest: Option<Date>,
    /// The day of the newest.
    #[serde(serialize_with = "as_text")]
    pub market_date_newest: Option<Date>,
    /// The day whose prices count.
    #[serde(serialize_with = "as_text")]
    pub as_of: Option<Date>,
    /// Which market price decides.
    pub market_policy: Policy,
    /// The market price that decides.
    pub market_usd_per_mtok: Option<f64>,
    /// Its low end: the first quartile of the sellers, or the cheapest of fewer than four.
    pub market_usd_per_mtok_low: Option<f64>,
    /// Its high end, likewise; of the cheapest seller, what the next one asks.
    pub market_usd_per_mtok_high: Option<f64>,
    /// Cost over the market price that decides.
    pub cost_over_price: Option<f64>,
    /// The same with rates, rent and market price at their best for renting.
    pub cost_over_price_low: Option<f64>,
    /// The same with all of them at their worst for renting.
    pub cost_over_price_high: Option<f64>,
    /// The utilisation at which renting and buying cost the same; above 1 renting never wins.
    pub break_even_utilisation: Option<f64>,
    /// The rent at which they cost the same, at the utilisation of the row.
    pub break_even_usd_per_hour: Option<f64>,
    /// Million tokens per month that cost as much to buy as the devices cost to rent.
    pub break_even_mtok_per_month: Option<f64>,
    /// Months until the cheaper side is the other one, with the drift that was given; unknown without one, or where it stays.
    pub turns_after_months: Option<u32>,
    /// What the numbers advise.
    pub verdict: Option<Verdict>,
    /// The input that decides.
    pub decides: Option<Input>,
    /// Its value from which the verdict is another, in its own unit; unknown where no value is.
    pub verdict_changes_at: Option<f64>,
    /// Why, and what would change it; or why there is no verdict.
    pub verdict_reason: String,
    /// What a reader of the row must know besides; several joined by `; `.
    pub note: String,
}

/// Dates are stored as the text that they show.
fn as_text<T: ToString, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(T::to_string).serialize(serializer)
}
