//! What becomes of a comparison when prices, load and software move month by month.

use serde::Serialize;

use crate::cost::Refused;

/// Months that are looked ahead at most.
pub const HORIZON_MONTHS: u32 = 120;

/// Changes per month, as shares: −0.05 is 5 % less each month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Drift {
    /// Of the market price.
    pub price_per_month: f64,
    /// Of the load; the utilisation grows with it up to 1.
    pub load_per_month: f64,
    /// Of the throughput, from better software on the same device.
    pub software_per_month: f64,
}

/// When a comparison turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Whole months from now; 0 is now.
    pub months: u32,
    /// Whether renting is the cheaper side from then on.
    pub to_rent: bool,
}

impl Drift {
    /// # Errors
    /// [`Refused`] where a change is not finite or takes away everything.
    pub fn check(&self) -> Result<(), Refused> {
        for (what, value) in [
            ("price drift", self.price_per_month),
            ("load drift", self.load_per_month),
            ("software drift", self.software_per_month),
        ] {
            if !(value.is_finite() && value > -1.0) {
                return Err(Refused::NotPositive { what, value: 1.0 + value });
            }
        }
        Ok(())
    }

    /// Cost over price after so many months: `f₀ · u₀/u(m) / (1+s)^m / (1+p)^m`, `u(m) = min(1, u₀·(1+l)^m)`. The rent stays as
    /// it is signed.
    pub fn cost_over_price(&self, now: f64, utilisation: f64, months: f64) -> f64 {
        let load = (utilisation * (1.0 + self.load_per_month).powf(months)).min(1.0);
        let speed = (1.0 + self.software_per_month).powf(months);
        let price = (1.0 + self.price_per_month).powf(months);
        now * utilisation / load / speed / price
    }

    /// The first month in which the cheaper side is not the one of today; `None` where it stays for [`HORIZON_MONTHS`].
    pub fn turn(&self, now: f64, utilisation: f64) -> Option<Turn> {
        let rents = |months| self.cost_over_price(now, utilisation, f64::from(months)) < 1.0;
        let today = rents(0);
        (1..=HORIZON_MONTHS)
            .find(|months| rents(*months) != today)
            .map(|months| Turn { months, to_rent: !today })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_price_turns_a_rent_and_better_software_holds_against_it() {
        let falling = Drift { price_per_month: -0.05, ..Drift::default() };
        // 0.5 / 0.95^m reaches 1 at m = ln 0.5 / ln 0.95 = 13.5.
        assert_eq!(falling.turn(0.5, 1.0), Some(Turn { months: 14, to_rent: false }));
        let held = Drift { software_per_month: 1.0 / 0.95 - 1.0, ..falling };
        assert_eq!(held.turn(0.5, 1.0), None);
        assert_eq!(Drift::default().turn(2.0, 0.5), None);
    }

    #[test]
    fn a_growing_load_helps_until_the_device_is_full() {
        let growing = Drift { load_per_month: 0.1, ..Drift::default() };
        // 1.5 / 1.1^m falls below 1 at m = 4.25; the load is 0.73 then.
        assert_eq!(growing.turn(1.5, 0.5), Some(Turn { months: 5, to_rent: true }));
        assert_eq!(growing.turn(2.5, 0.5), None, "full at 1, which is 1.25 of the price");
        assert!((growing.cost_over_price(2.5, 0.5, 100.0) - 1.25).abs() < 1e-12);
    }

    #[test]
    fn a_change_that_takes_everything_is_refused() {
        assert!(Drift { price_per_month: -1.0, ..Drift::default() }.check().is_err());
        assert!(Drift { load_per_month: f64::NAN, ..Drift::default() }.check().is_err());
        assert!(Drift { software_per_month: 0.03, ..Drift::default() }.check().is_ok());
    }
}
