//! Where owning a device and renting one cost the same.

use serde::Serialize;

use super::own::Ownership;
use super::{HOURS_PER_MONTH, Refused, is_positive, positive};
use crate::units::UsdPerHour;

/// An owned device beside a rented one. A rent is paid for the hours with load, an owned device in every
/// hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OwnOrRent {
    /// Share of the hours with load from which on owning costs less: `u = a / (g − b)`, with `a` what an hour
    /// costs without load and `b` what load adds. Above 1 where renting always costs less; `None` where the
    /// load alone costs more than the rent.
    pub break_even_utilisation: Option<f64>,
    /// The same in hours of a month.
    pub break_even_hours_per_month: Option<f64>,
    /// The owned hour over the rent: below 1 owning costs less than a rent that is paid in every hour too.
    pub owned_over_rent: f64,
    /// What renting the hours with load costs more per hour than running the own device, capital left out:
    /// `u·g − running`.
    pub saved_usd_per_hour: f64,
    /// Months until that has paid for device and overhead with the cost of their capital, resale left out:
    /// `−ln(1 − P·r/S) / ln(1 + r)`, with `P` the outlay, `S` saved per month, `r` the monthly rate. `None`
    /// where it never has.
    pub months_to_recover: Option<f64>,
}

impl OwnOrRent {
    /// Sets a device at a utilisation beside the rent of one.
    ///
    /// # Errors
    /// [`Refused`] as [`Ownership::hour`] does, or where the rent is not finite and positive.
    pub fn between(own: &Ownership, utilisation: f64, rent: UsdPerHour) -> Result<Self, Refused> {
        let rent = positive("usd_per_hour", rent.0)?;
        let hour = own.hour(utilisation)?;
        let by_load = own.kw * (1.0 - own.idle_share) * own.pue * own.usd_per_kwh;
        let without_load = hour.usd_per_hour - by_load * utilisation;
        let break_even = Some(without_load / (rent - by_load)).filter(|share| is_positive(*share));
        let saved = utilisation * rent - (hour.usd_per_hour - hour.capital_usd_per_hour);
        let outlay = own.capex_usd * (1.0 + own.overhead_share);
        let saved_per_month = saved * HOURS_PER_MONTH;
        if !(outlay.is_finite() && saved_per_month.is_finite() && is_positive(hour.usd_per_hour / rent)) {
            return Err(Refused::OutOfRange);
        }
        Ok(Self {
            break_even_utilisation: break_even,
            break_even_hours_per_month: break_even.map(|share| share * HOURS_PER_MONTH),
            owned_over_rent: hour.usd_per_hour / rent,
            saved_usd_per_hour: saved,
            months_to_recover: months(outlay, saved_per_month, own.capital_per_year),
        })
    }
}

/// Months in which equal savings pay back an outlay and its capital.
fn months(outlay: f64, saved_per_month: f64, capital_per_year: f64) -> Option<f64> {
    if saved_per_month <= 0.0 {
        return None;
    }
    let rate = capital_per_year.ln_1p() / 12.0;
    let simple = outlay / saved_per_month;
    // `rate` is ln(1 + r) of the monthly r = e^rate − 1.
    let months = if rate == 0.0 { simple } else { -(-simple * rate.exp_m1()).ln_1p() / rate };
    Some(months).filter(|months| months.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::own::tests::EXAMPLE as DEVICE;
    use proptest::prelude::*;

    #[test]
    fn savings_pay_back_the_outlay_and_its_capital() {
        assert_eq!(months(1200.0, 100.0, 0.0), Some(12.0));
        // An annuity of 1 % a month: 1000 · 0.01 / (1 − 1.01^−12) = 88.85 for twelve months.
        let months = months(1000.0, 88.8488, 1.01f64.powi(12) - 1.0).unwrap();
        assert!((months - 12.0).abs() < 1e-3, "{months}");
    }

    #[test]
    fn an_outlay_whose_capital_costs_more_than_is_saved_is_never_recovered() {
        assert_eq!(months(1000.0, 5.0, 0.13), None);
        assert_eq!(months(1000.0, 0.0, 0.0), None);
        assert_eq!(months(1000.0, -1.0, 0.0), None);
    }

    #[test]
    fn a_rent_below_the_power_of_the_load_is_never_beaten() {
        let hungry = Ownership { kw: 10.0, idle_share: 0.0, ..DEVICE };
        let compared = OwnOrRent::between(&hungry, 0.5, UsdPerHour(1.0)).unwrap();
        assert_eq!((compared.break_even_utilisation, compared.months_to_recover), (None, None));
        for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            assert!(OwnOrRent::between(&DEVICE, 0.5, UsdPerHour(bad)).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn at_the_break_even_both_sides_cost_the_same(
            rent in 1.6f64..20.0, idle in 0.0f64..1.0, utilisation in 0.01f64..1.0,
        ) {
            let device = Ownership { idle_share: idle, ..DEVICE };
            let refused = |refused: Refused| TestCaseError::fail(refused.to_string());
            let compared = OwnOrRent::between(&device, utilisation, UsdPerHour(rent)).map_err(refused)?;
            let share = compared.break_even_utilisation.ok_or_else(|| TestCaseError::fail("none"))?;
            prop_assert!(share <= 1.0);
            let owned = device.hour(share).map_err(refused)?.usd_per_hour;
            prop_assert!((owned / (share * rent) - 1.0).abs() < 1e-9);
        }
    }
}
