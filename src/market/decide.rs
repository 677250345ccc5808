//! Rent or buy, from the intervals of throughput, rent and market price; what decides, and where the verdict flips.

use serde::Serialize;

use super::{Policy, Verdict};
use crate::cost::{BreakEven, Cost, CostInputs, HOURS_PER_MONTH, Refused};
use crate::named::named;
use crate::price::Mix;
use crate::price::token::Market;
use crate::text::significant;
use crate::throughput::Rates;
use crate::units::{Interval, Seconds, UsdPerHour, UsdPerMtok};

/// How long a device, or the devices that work together, are busy with a token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// Per input token, those that the prefix cache holds included.
    pub input_s_per_token: Interval<Seconds>,
    /// Per output token.
    pub output_s_per_token: Interval<Seconds>,
    /// The share of the input that a prefix cache held when this was measured or estimated.
    pub cached: f64,
}

impl Times {
    /// The times of rates that were estimated with a share of the input in the cache.
    pub fn of(rates: &Rates, cached: f64) -> Self {
        let Rates { input_s_per_token, output_s_per_token, .. } = *rates;
        Self { input_s_per_token, output_s_per_token, cached }
    }

    /// The times with another share of the input in the cache: what is not held is proportional to the time of the input.
    pub fn with_cached(self, cached: f64) -> Self {
        let fresh = (1.0 - cached) / (1.0 - self.cached);
        Self { input_s_per_token: self.input_s_per_token.map(|time| time * fresh), cached, ..self }
    }
}

/// What is paid, how it is used, and which price it is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Devices that work together.
    pub gpus: f64,
    /// What a device costs per hour, with the range in which the buyer may find it.
    pub usd_per_hour: Interval<UsdPerHour>,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// Whether somebody said so; else it is the best case.
    pub utilisation_stated: bool,
    /// Input tokens per output token, and the share of the input that is cached.
    pub mix: Mix,
    /// Which price of the market counts.
    pub policy: Policy,
}

/// An input that a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Tokens per second.
    Throughput,
    /// Dollars per device and hour.
    Rent,
    /// Dollars per million tokens of the market.
    MarketPrice,
    /// Share of the paid hours that carry the load.
    Utilisation,
}

named!(Input {
    Throughput = "throughput",
    Rent = "rent",
    MarketPrice = "market price",
    Utilisation = "utilisation",
});

impl Input {
    /// The unit of its values; empty for a share.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Throughput => "output tok/s",
            Self::Rent => "USD/h per device",
            Self::MarketPrice => "USD/Mtok",
            Self::Utilisation => "",
        }
    }
}

/// Where an input alone changes the verdict, all else as it is. Unknown is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Flip {
    /// The input.
    pub input: Input,
    /// High end over low end of its interval; 1 where it is exact.
    pub high_over_low: f64,
    /// Its value: USD per device and hour, USD per million tokens, a share, or for the throughput output tokens per second.
    pub value: f64,
    /// The value from which the verdict is another; `None` for a utilisation above 1.
    pub verdict_changes_at: Option<f64>,
    /// The value at which renting and buying cost the same; `None` for a utilisation above 1.
    pub equal_at: Option<f64>,
}

/// A verdict with what it rests on and what would change it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What the tokens cost; its interval is that of the times alone.
    pub cost: Cost,
    /// The market price, blended.
    pub price: Interval<UsdPerMtok>,
    /// Cost over price, with all three intervals at their best and at their worst for renting.
    pub cost_over_price: Interval<f64>,
    /// What the numbers advise.
    pub verdict: Verdict,
    /// Where renting and buying cost the same.
    pub break_even: BreakEven,
    /// Million tokens per month that cost as much to buy as the devices cost to rent; more than the devices can make where
    /// renting never wins.
    pub break_even_mtok_per_month: f64,
    /// Each input with its flip: throughput, rent, market price, utilisation.
    pub flips: [Flip; 4],
    /// The input that decides.
    pub decides: Input,
    /// Why, and what would turn it round, as one sentence.
    pub reason: String,
}

/// Decides. The market is blended anew for the mix of the terms.
///
/// # Errors
/// A sentence where a number is out of range or the market lacks the seller.
pub fn decide(times: Times, terms: &Terms, market: &Market) -> Result<Decision, String> {
    let refused = |refused: Refused| refused.to_string();
    let market = market.blended_for(terms.mix);
    let price = terms.policy.price(&market)?;
    let times = times.with_cached(terms.mix.cached());
    let cost = cost(times, terms).map_err(refused)?;
    let cost_over_price = over(cost.blended, terms.usd_per_hour, price);
    let break_even =
        BreakEven::between(cost.blended.mid, terms.usd_per_hour.mid, terms.utilisation, price.mid)
            .map_err(refused)?;
    let verdict = Verdict::of(cost_over_price);
    let flips = flips(&cost, terms, price, cost_over_price, verdict, times);
    let decides = decides(&flips, terms, verdict);
    let month_usd = terms.usd_per_hour.mid.0 * terms.gpus * HOURS_PER_MONTH;
    Ok(Decision {
        reason: reason(verdict, break_even, cost_over_price, &flips, decides, terms),
        cost,
        price,
        cost_over_price,
        verdict,
        break_even,
        break_even_mtok_per_month: month_usd / price.mid.0,
        flips,
        decides,
    })
}

/// The cost at the middle rent, with the interval of the times.
///
/// # Errors
/// [`Refused`] where a number is not finite and positive, or the utilisation is above 1.
pub fn cost(times: Times, terms: &Terms) -> Result<Cost, Refused> {
    let inputs = CostInputs {
        usd_per_hour: terms.usd_per_hour.mid,
        gpus: terms.gpus,
        utilisation: terms.utilisation,
        // The time of an output token is that of one sequence already.
        batch: 1.0,
        step: times.output_s_per_token,
        prefill_per_token: times.input_s_per_token,
    };
    inputs.cost(terms.mix)
}

/// Cost over price with every interval at one end together: no independence is assumed, which nobody could show.
fn over(
    cost: Interval<UsdPerMtok>,
    rent: Interval<UsdPerHour>,
    price: Interval<UsdPerMtok>,
) -> Interval<f64> {
    Interval {
        low: cost.low.0 * (rent.low.0 / rent.mid.0) / price.high.0,
        mid: cost.mid.0 / price.mid.0,
        high: cost.high.0 * (rent.high.0 / rent.mid.0) / price.low.0,
    }
}

/// The cost is proportional to the rent and inversely proportional to throughput and utilisation, so one factor says how far
/// each of them, or the price, is from the next verdict.
fn flips(
    cost: &Cost,
    terms: &Terms,
    price: Interval<UsdPerMtok>,
    ratio: Interval<f64>,
    verdict: Verdict,
    times: Times,
) -> [Flip; 4] {
    let edge = match verdict {
        Verdict::Rent => ratio.high,
        Verdict::Buy => ratio.low,
        Verdict::TooCloseToCall => ratio.mid,
    };
    let flip = |input, high_over_low, value: f64, grows_with_cost: bool| {
        let at = |factor: f64| if grows_with_cost { value / factor } else { value * factor };
        let possible = |at: f64| Some(at).filter(|at| input != Input::Utilisation || *at <= 1.0);
        Flip {
            input,
            high_over_low,
            value,
            verdict_changes_at: possible(at(edge)),
            equal_at: possible(at(ratio.mid)),
        }
    };
    let spread = |low: f64, high: f64| high / low;
    let request_s = terms.mix.blend(times.input_s_per_token.mid.0, times.output_s_per_token.mid.0);
    // A second makes 1/request_s tokens of the mix, of which 1 in r + 1 is an output token.
    let output_per_s = 1.0 / (request_s * (terms.mix.ratio() + 1.0));
    [
        flip(Input::Throughput, spread(cost.blended.low.0, cost.blended.high.0), output_per_s, false),
        flip(
            Input::Rent,
            spread(terms.usd_per_hour.low.0, terms.usd_per_hour.high.0),
            terms.usd_per_hour.mid.0,
            true,
        ),
        flip(Input::MarketPrice, spread(price.low.0, price.high.0), price.mid.0, false),
        flip(Input::Utilisation, 1.0, terms.utilisation, false),
    ]
}

/// The input that decides: a load that nobody stated where a lower one turns the verdict, else the widest interval.
fn decides(flips: &[Flip; 4], terms: &Terms, verdict: Verdict) -> Input {
    let [.., load] = flips;
    if !terms.utilisation_stated && verdict != Verdict::Buy && load.verdict_changes_at.is_some() {
        return Input::Utilisation;
    }
    // The first of equals counts; `max_by` would take the last.
    let widest = flips.iter().rev().max_by(|a, b| a.high_over_low.total_cmp(&b.high_over_low));
    widest.map_or(Input::Throughput, |flip| flip.input)
}

/// The sentence behind a verdict.
fn reason(
    verdict: Verdict,
    break_even: BreakEven,
    ratio: Interval<f64>,
    flips: &[Flip; 4],
    decides: Input,
    terms: &Terms,
) -> String {
    let interval = format!("{} to {}", significant(ratio.low), significant(ratio.high));
    let price = terms.policy.words();
    let factor = significant(break_even.cost_over_price);
    let compared = match verdict {
        Verdict::TooCloseToCall => {
            format!("the cost is {factor} of the {price}, {interval}: 1 lies within")
        }
        _ => format!("the cost is {factor} of the {price}, {interval}"),
    };
    let utilisation = match break_even.never_wins() {
        true => "no utilisation is enough; equal at".to_owned(),
        false => format!("equal at utilisation {},", significant(break_even.utilisation)),
    };
    let rent = significant(break_even.usd_per_hour.0);
    let deciding = flips.iter().find(|flip| flip.input == decides);
    let turn = deciding
        .map(|flip| turn(flip.input, flip.verdict_changes_at, verdict, terms.utilisation_stated))
        .unwrap_or_default();
    format!(
        "{compared}; {utilisation} rent {rent} USD/h per device, throughput x{factor} or market price x{factor}; {turn}"
    )
}

/// What decides and from where on the verdict is another.
pub fn turn(input: Input, changes_at: Option<f64>, verdict: Verdict, utilisation_stated: bool) -> String {
    let value = |at: f64| format!("{} {}", significant(at), input.unit()).trim_end().to_owned();
    let what = match (verdict, changes_at) {
        (_, None) => return format!("{input} decides, and no value of it turns the verdict"),
        (Verdict::TooCloseToCall, Some(at)) => format!("equal at {}", value(at)),
        (_, Some(at)) => format!("the verdict changes at {}", value(at)),
    };
    let assumed = match input == Input::Utilisation && !utilisation_stated {
        true => " (1 is assumed, which no service has)",
        false => "",
    };
    format!("{input} decides{assumed}: {what}")
}

#[cfg(test)]
mod tests;
