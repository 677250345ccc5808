//! Where renting and buying cost the same.

use super::{Refused, is_positive, positive, share};
use crate::units::{UsdPerHour, UsdPerMtok};

/// Where renting and buying cost the same, all else as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakEven {
    /// The share of paid hours that must carry load; above 1 where no share is enough.
    pub utilisation: f64,
    /// The rent per device and hour, at the given utilisation.
    pub usd_per_hour: UsdPerHour,
    /// Cost over price at the given utilisation: the factor by which one of rent, utilisation, throughput or
    /// price must change. The cost is proportional or inversely proportional to each, so it is one factor.
    pub cost_over_price: f64,
}

impl BreakEven {
    /// The break-even between a cost (at a rent and a utilisation) and the price of the same tokens.
    /// `u* = u·cost/price`, which is the cost at full load over the price, and `g* = g·price/cost`.
    ///
    /// # Errors
    /// [`Refused`] where an input is not finite and positive, or the utilisation is above 1.
    pub fn between(
        cost: UsdPerMtok,
        rent: UsdPerHour,
        utilisation: f64,
        price: UsdPerMtok,
    ) -> Result<Self, Refused> {
        let factor = positive("cost per Mtok", cost.0)? / positive("price per Mtok", price.0)?;
        let break_even = Self {
            utilisation: share(utilisation)? * factor,
            usd_per_hour: UsdPerHour(positive("usd_per_hour", rent.0)? / factor),
            cost_over_price: factor,
        };
        if is_positive(break_even.utilisation) && is_positive(break_even.usd_per_hour.0) {
            Ok(break_even)
        } else {
            Err(Refused::OutOfRange)
        }
    }

    /// Even a device that never idles costs more than the tokens it makes.
    pub fn never_wins(&self) -> bool {
        self.utilisation > 1.0
    }
}
