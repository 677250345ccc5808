//! How much each input moves cost over price when it alone is a fifth lower or higher.

use serde::Serialize;

use super::decide::{Terms, Times, cost};
use crate::named::named;
use crate::price::Mix;
use crate::price::token::Market;
use crate::units::{Interval, Seconds};

/// The change of every input, as a share of it.
pub const SWING: f64 = 0.2;

/// An input that is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lever {
    /// Dollars per device and hour.
    Rent,
    /// Share of the paid hours that carry the load; never above 1.
    Utilisation,
    /// Tokens per second, of input and output alike.
    Throughput,
    /// Every price of the market.
    MarketPrice,
    /// Input tokens per output token, at the same time per token.
    InputOutputRatio,
    /// Share of the input that is cached.
    CachedShare,
}

named!(Lever {
    Rent = "rent",
    Utilisation = "utilisation",
    Throughput = "throughput",
    MarketPrice = "market price",
    InputOutputRatio = "input:output ratio",
    CachedShare = "cached share",
});

/// What an input does to cost over price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// The input.
    pub lever: Lever,
    /// Its value now: USD per device and hour, a share, 1 for the throughput, USD per million tokens, a ratio, a share.
    pub value: f64,
    /// Cost over price with the input a fifth lower.
    pub at_low: f64,
    /// Cost over price with the input a fifth higher, or as high as it can be.
    pub at_high: f64,
}

impl Bar {
    /// The distance between the two ends.
    pub fn swing(&self) -> f64 {
        (self.at_high - self.at_low).abs()
    }
}

/// The bars of a decision, the longest first; middle values only, for they show direction and size, not doubt.
///
/// # Errors
/// A sentence where a number is out of range or the market lacks the seller.
pub fn tornado(times: Times, terms: &Terms, market: &Market) -> Result<Vec<Bar>, String> {
    let mut bars = Lever::ALL
        .iter()
        .map(|&lever| {
            let at = |factor| cost_over_price(lever, factor, times, terms, market);
            Ok(Bar {
                lever,
                value: value(lever, terms, market)?,
                at_low: at(1.0 - SWING)?,
                at_high: at(1.0 + SWING)?,
            })
        })
        .collect::<Result<Vec<Bar>, String>>()?;
    bars.sort_by(|a, b| b.swing().total_cmp(&a.swing()));
    Ok(bars)
}

fn value(lever: Lever, terms: &Terms, market: &Market) -> Result<f64, String> {
    Ok(match lever {
        Lever::Rent => terms.usd_per_hour.mid.0,
        Lever::Utilisation => terms.utilisation,
        Lever::Throughput => 1.0,
        Lever::MarketPrice => terms.policy.price(&market.blended_for(terms.mix))?.mid.0,
        Lever::InputOutputRatio => terms.mix.ratio(),
        Lever::CachedShare => terms.mix.cached(),
    })
}

fn cost_over_price(
    lever: Lever,
    factor: f64,
    times: Times,
    terms: &Terms,
    market: &Market,
) -> Result<f64, String> {
    let mut terms = terms.clone();
    let mut times = times;
    let mut price_factor = 1.0;
    match lever {
        Lever::Rent => terms.usd_per_hour = terms.usd_per_hour.map(|rent| rent * factor),
        Lever::Utilisation => terms.utilisation = (terms.utilisation * factor).min(1.0),
        Lever::Throughput => times = faster(times, factor),
        Lever::MarketPrice => price_factor = factor,
        Lever::InputOutputRatio => {
            terms.mix = Mix::new(terms.mix.ratio() * factor)?.with_cached(terms.mix.cached())?;
        }
        Lever::CachedShare => {
            let most = 1.0 - f64::EPSILON;
            terms.mix = terms.mix.with_cached((terms.mix.cached() * factor).min(most))?;
        }
    }
    let price = terms.policy.price(&market.blended_for(terms.mix))?.mid.0 * price_factor;
    let cost = cost(times.with_cached(terms.mix.cached()), &terms).map_err(|refused| refused.to_string())?;
    Ok(cost.blended.mid.0 / price)
}

fn faster(times: Times, factor: f64) -> Times {
    let scaled = |time: Interval<Seconds>| time.map(|time| time * (1.0 / factor));
    Times {
        input_s_per_token: scaled(times.input_s_per_token),
        output_s_per_token: scaled(times.output_s_per_token),
        ..times
    }
}
