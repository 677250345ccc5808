//! What the numbers advise.

use crate::named::named;
use crate::units::Interval;

/// What the numbers advise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Rent: the cost is below the market price even where both are at their worst for renting.
    Rent,
    /// Buy tokens: the cost is above the market price even where both are at their best for renting.
    Buy,
    /// The intervals of cost and price reach into each other.
    TooCloseToCall,
}

named!(Verdict { Rent = "RENT", Buy = "BUY", TooCloseToCall = "TOO CLOSE" });

impl Verdict {
    /// The verdict of a cost over a price, with its interval. An end of exactly 1 is too close.
    pub fn of(cost_over_price: Interval<f64>) -> Self {
        if cost_over_price.high < 1.0 {
            Self::Rent
        } else if cost_over_price.low > 1.0 {
            Self::Buy
        } else {
            Self::TooCloseToCall
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side() {
        for (low, high, verdict) in [
            (0.7, 0.99, Verdict::Rent),
            (0.7, 1.0, Verdict::TooCloseToCall),
            (0.7, 1.1, Verdict::TooCloseToCall),
            (1.0, 1.3, Verdict::TooCloseToCall),
            (1.01, 1.3, Verdict::Buy),
        ] {
            assert_eq!(Verdict::of(Interval { low, mid: f64::midpoint(low, high), high }), verdict);
        }
        assert_eq!(
            [Verdict::Rent, Verdict::Buy, Verdict::TooCloseToCall].map(|verdict| verdict.to_string()),
            ["RENT", "BUY", "TOO CLOSE"]
        );
    }
}
