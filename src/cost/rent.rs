//! What an hour that is worked costs, for ways of renting whose price per hour is not the whole of it.

use super::{Refused, is_positive, positive};
use crate::units::UsdPerHour;

/// Rented until the provider wants it back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Price per device and hour.
    pub usd_per_hour: UsdPerHour,
    /// Hours from an interruption to the next finished request.
    pub restart_h: f64,
    /// Mean hours between interruptions.
    pub mtbf_h: f64,
    /// Share of the work that interruptions throw away, from 0 to below 1.
    pub lost_work: f64,
}

impl Spot {
    /// Price of an hour of work that counts: `g·(1 + restart/mtbf) / (1 − lost)`.
    ///
    /// # Errors
    /// [`Refused`] where a number is not finite, or out of its range.
    pub fn effective(&self) -> Result<UsdPerHour, Refused> {
        let restarts = not_negative("restart_h", self.restart_h)? / positive("mtbf_h", self.mtbf_h)?;
        let kept = 1.0 - share_below_one("lost_work", self.lost_work)?;
        in_range(positive("usd_per_hour", self.usd_per_hour.0)? * (1.0 + restarts) / kept)
    }
}

/// Committed for a term, part of it paid before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reserved {
    /// Price per device and hour of the term, besides what is paid before.
    pub usd_per_hour: UsdPerHour,
    /// Paid before, per device.
    pub upfront_usd: f64,
    /// Length of the term in months.
    pub term_months: f64,
    /// Cost of capital per year, as a share: what is paid before could have earned it.
    pub capital_per_year: f64,
}

impl Reserved {
    /// Price of an hour, all hours of the term paid: the upfront payment becomes an annuity of equal months at the monthly rate
    /// `r = (1 + y)^(1/12) − 1`: `g + upfront · r / (1 − (1 + r)^−n) / hours of a month`.
    ///
    /// # Errors
    /// [`Refused`] where a number is not finite, or out of its range.
    pub fn effective(&self) -> Result<UsdPerHour, Refused> {
        let upfront = not_negative("upfront_usd", self.upfront_usd)?;
        let yearly = not_negative("capital_per_year", self.capital_per_year)?;
        let monthly = (yearly.ln_1p() / 12.0).exp_m1();
        let month = upfront * annuity(monthly, positive("term_months", self.term_months)?);
        in_range(not_negative("usd_per_hour", self.usd_per_hour.0)? + month / super::HOURS_PER_MONTH)
    }
}

/// What one dollar paid now costs in each of `periods` equal payments at a rate per period: `r / (1 − (1 + r)^−n)`; `1/n`
/// without a rate.
pub(super) fn annuity(rate: f64, periods: f64) -> f64 {
    // The logarithms keep rates that vanish beside 1.
    if rate == 0.0 { 1.0 / periods } else { rate / -(-periods * rate.ln_1p()).exp_m1() }
}

pub(super) fn not_negative(what: &'static str, value: f64) -> Result<f64, Refused> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(Refused::Negative { what, value }) }
}

pub(super) fn share_below_one(what: &'static str, value: f64) -> Result<f64, Refused> {
    match not_negative(what, value)? {
        share if share < 1.0 => Ok(share),
        value => Err(Refused::NotAShare { what, value }),
    }
}

pub(super) fn in_range(usd_per_hour: f64) -> Result<UsdPerHour, Refused> {
    if is_positive(usd_per_hour) { Ok(UsdPerHour(usd_per_hour)) } else { Err(Refused::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interruption_costs_the_restart_and_the_lost_work() {
        let spot = Spot { usd_per_hour: UsdPerHour(1.0), restart_h: 0.5, mtbf_h: 10.0, lost_work: 0.0 };
        assert_eq!(spot.effective(), Ok(UsdPerHour(1.05)));
        let lossy = Spot { lost_work: 0.16, ..spot };
        assert!((lossy.effective().unwrap().0 - 1.25).abs() < 1e-12);
        let calm = Spot { restart_h: 0.0, ..spot };
        assert_eq!(calm.effective(), Ok(UsdPerHour(1.0)));
        assert!(Spot { lost_work: 1.0, ..spot }.effective().is_err());
        assert!(Spot { mtbf_h: 0.0, ..spot }.effective().is_err());
    }

    #[test]
    fn an_annuity_of_a_tiny_rate_is_the_one_without() {
        for rate in [1e-300, 1e-18, 1e-12] {
            assert!((annuity(rate, 48.0) * 48.0 - 1.0).abs() < 1e-9, "{rate}");
        }
        assert!((annuity(0.08, 4.0) - 0.301_920_8).abs() < 1e-7);
    }

    #[test]
    fn an_upfront_payment_is_spread_over_the_term_and_earns_its_capital_cost() {
        let half = Reserved {
            usd_per_hour: UsdPerHour(1.0),
            upfront_usd: super::super::HOURS_PER_MONTH * 12.0,
            term_months: 12.0,
            capital_per_year: 0.0,
        };
        assert!((half.effective().unwrap().0 - 2.0).abs() < 1e-12);
        let priced = Reserved { capital_per_year: 0.1, ..half }.effective().unwrap().0;
        assert!(priced > 2.04 && priced < 2.06, "{priced}");
        let all_before = Reserved { usd_per_hour: UsdPerHour(0.0), ..half };
        assert!((all_before.effective().unwrap().0 - 1.0).abs() < 1e-12);
        assert!(Reserved { upfront_usd: -1.0, ..half }.effective().is_err());
    }
}
