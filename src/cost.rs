//! Dollars per million tokens from what an hour costs and a time, and where renting breaks even with buying.
//!
//! Time share: a device-second costs the same whatever it does, so input costs the time of its prefill and
//! output the time of its decode steps. Then `ISL·in + OSL·out` is what a request costs. (Dividing the whole
//! hour by the input rate and again by the output rate gives two views that must never be added.)

mod break_even;
pub mod own;
pub mod rent;
mod time_share;

use crate::units::{Interval, Seconds, TokensPerSecond, UsdPerHour, UsdPerMtok};

pub use break_even::BreakEven;
pub use time_share::{Cost, CostInputs};

/// Hours of a year as clouds and finance count them: 365 days.
pub const HOURS_PER_YEAR: f64 = 8760.0;
/// A twelfth of it.
pub const HOURS_PER_MONTH: f64 = HOURS_PER_YEAR / 12.0;

const SECONDS_PER_HOUR: f64 = 3600.0;
const TOKENS_PER_MTOK: f64 = 1e6;

/// An input that no cost can be computed from.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Not a number, infinite, zero or negative.
    #[error("{what} {value} is not a finite number > 0")]
    NotPositive {
        /// Which input.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// Not a number, infinite or negative.
    #[error("{what} {value} is not a finite number >= 0")]
    Negative {
        /// Which input.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// More than the whole of something.
    #[error("{what} {value} is not below 1")]
    NotAShare {
        /// Which input.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A building that takes less power than the machines in it.
    #[error("a PUE of {0} is below 1: the building cannot take less power than its machines")]
    PueBelowOne(f64),
    /// More than all paid hours.
    #[error("utilisation {0} is above 1, which is all paid hours")]
    UtilisationAboveOne(f64),
    /// An interval whose ends are not in order.
    #[error("{0}: the interval is not in order low, mid, high")]
    NotInOrder(&'static str),
    /// A result beyond what a float can hold.
    #[error("the cost is not a finite number > 0: an input is far out of range")]
    OutOfRange,
}

/// The cost of a stream of tokens that has the devices to itself: `g / (3600·u·R) · 1e6`.
///
/// # Errors
/// [`Refused`] where an input is not finite and positive, or the utilisation is above 1.
pub fn usd_per_mtok(
    rate: TokensPerSecond,
    rent: UsdPerHour,
    utilisation: f64,
) -> Result<UsdPerMtok, Refused> {
    let tokens_per_hour = positive("tokens per second", rate.0)? * SECONDS_PER_HOUR * share(utilisation)?;
    let cost = positive("usd_per_hour", rent.0)? / tokens_per_hour * TOKENS_PER_MTOK;
    if is_positive(cost) { Ok(UsdPerMtok(cost)) } else { Err(Refused::OutOfRange) }
}

pub(crate) fn is_positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, Refused> {
    if is_positive(value) { Ok(value) } else { Err(Refused::NotPositive { what, value }) }
}

pub(crate) fn share(utilisation: f64) -> Result<f64, Refused> {
    match positive("utilisation", utilisation)? {
        above if above > 1.0 => Err(Refused::UtilisationAboveOne(above)),
        share => Ok(share),
    }
}

pub(crate) fn ordered(what: &'static str, time: Interval<Seconds>) -> Result<(), Refused> {
    for end in [time.low, time.mid, time.high] {
        positive(what, end.0)?;
    }
    if time.low <= time.mid && time.mid <= time.high { Ok(()) } else { Err(Refused::NotInOrder(what)) }
}

#[cfg(test)]
mod tests;
