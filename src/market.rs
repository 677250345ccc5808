//! Rent or buy: a cost with its interval against the market price of the same open weights.

pub mod all;
pub mod claim;
pub mod compare;
pub mod forecast;
pub mod indicators;
mod matched;
pub mod month;
pub mod paradox;
pub mod rental;
pub mod row;
pub mod spend;
pub mod storage;
pub mod tokens;
pub mod trend;
pub mod usage;

use crate::cost::{BreakEven, Refused};
use crate::named::named;
use crate::price::token::Market;
use crate::text::significant;
use crate::units::{Interval, UsdPerHour, UsdPerMtok};

/// Which of the sellers' prices a cost is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The median over the sellers.
    #[default]
    Median,
    /// The cheapest seller.
    Cheapest,
}

impl Policy {
    /// The blended price that this policy takes from a market.
    pub fn price(self, market: &Market) -> Option<UsdPerMtok> {
        match self {
            Self::Median => Some(market.median_blended),
            Self::Cheapest => market.cheapest().map(|vote| vote.blended),
        }
    }
}

named!(Policy { Median = "median", Cheapest = "cheapest" });

/// What the numbers advise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Rent: even the high end of the cost is below the market price.
    Rent,
    /// Buy tokens: even the low end of the cost is above the market price.
    Buy,
    /// The market price lies within the interval of the cost.
    TooCloseToCall,
}

impl Verdict {
    /// The verdict of a cost against a price. A price on the very end of the interval is too close.
    pub fn of(cost: Interval<UsdPerMtok>, price: UsdPerMtok) -> Self {
        if cost.high < price {
            Self::Rent
        } else if cost.low > price {
            Self::Buy
        } else {
            Self::TooCloseToCall
        }
    }
}

named!(Verdict { Rent = "RENT", Buy = "BUY", TooCloseToCall = "TOO CLOSE" });

/// A verdict with what would change it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What the numbers advise.
    pub verdict: Verdict,
    /// Where renting and buying cost the same.
    pub break_even: BreakEven,
    /// The market price that was held against, blended.
    pub price: UsdPerMtok,
    /// Why, and what would turn it round, as one sentence.
    pub reason: String,
}

/// Holds a blended cost against the market price that `policy` takes.
///
/// # Errors
/// [`Refused`] where a cost, the rent, the utilisation or the price is not finite and positive.
pub fn decide(
    cost: Interval<UsdPerMtok>,
    rent: UsdPerHour,
    utilisation: f64,
    market: &Market,
    policy: Policy,
) -> Result<Decision, Refused> {
    let price = policy.price(market).unwrap_or(UsdPerMtok(f64::NAN));
    let break_even = BreakEven::between(cost.mid, rent, utilisation, price)?;
    let verdict = Verdict::of(cost, price);
    Ok(Decision { verdict, break_even, price, reason: reason(verdict, break_even, policy) })
}

/// The sentence behind a verdict. The cost is proportional to rent and inversely proportional to utilisation
/// and throughput, so one factor says how far each of them, or the price, is from the other verdict.
fn reason(verdict: Verdict, break_even: BreakEven, policy: Policy) -> String {
    let factor = significant(break_even.cost_over_price);
    let price = match policy {
        Policy::Median => "median market price",
        Policy::Cheapest => "cheapest seller's price",
    };
    let compared = match verdict {
        Verdict::TooCloseToCall => {
            format!("the {price} lies within the cost interval (cost/price {factor})")
        }
        _ => format!("the cost is {factor} of the {price}"),
    };
    let utilisation = match break_even.never_wins() {
        true => "no utilisation is enough; equal at".to_owned(),
        false => format!("equal at utilisation {},", significant(break_even.utilisation)),
    };
    let rent = significant(break_even.usd_per_hour.0);
    format!(
        "{compared}; {utilisation} rent {rent} USD/h per device, throughput x{factor} or \
         market price x{factor}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::Mix;
    use crate::price::token::{market, read_tokens};
    use jiff::civil::date;
    use proptest::prelude::*;

    fn two_sellers() -> Market {
        let text = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n\
                    m,a,,0.1,0.1,,2026-06-01,p\nm,b,,0.3,0.3,,2026-06-01,p\n";
        let mix = Mix::new(2.0).unwrap();
        market(&read_tokens(text.as_bytes()).unwrap(), "m", date(2026, 6, 30), mix, 365).unwrap()
    }

    fn interval(low: f64, mid: f64, high: f64) -> Interval<UsdPerMtok> {
        Interval { low: UsdPerMtok(low), mid: UsdPerMtok(mid), high: UsdPerMtok(high) }
    }

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side() {
        let price = UsdPerMtok(1.0);
        for (cost, verdict) in [
            (interval(0.7, 0.8, 0.99), Verdict::Rent),
            (interval(0.7, 0.8, 1.0), Verdict::TooCloseToCall),
            (interval(0.7, 0.8, 1.1), Verdict::TooCloseToCall),
            (interval(1.0, 1.2, 1.3), Verdict::TooCloseToCall),
            (interval(1.01, 1.2, 1.3), Verdict::Buy),
        ] {
            assert_eq!(Verdict::of(cost, price), verdict);
        }
        assert_eq!(
            [Verdict::Rent, Verdict::Buy, Verdict::TooCloseToCall].map(|verdict| verdict.to_string()),
            ["RENT", "BUY", "TOO CLOSE"]
        );
    }

    #[test]
    fn a_verdict_names_what_would_flip_it() {
        let cost = interval(0.38, 0.4, 0.42);
        let median = decide(cost, UsdPerHour(2.0), 0.5, &two_sellers(), Policy::Median).unwrap();
        assert_eq!((median.verdict, median.break_even.usd_per_hour), (Verdict::Buy, UsdPerHour(1.0)));
        assert_eq!(
            median.reason,
            "the cost is 2.00 of the median market price; equal at utilisation 1.00, \
             rent 1.00 USD/h per device, throughput x2.00 or market price x2.00"
        );
        let cheapest = decide(cost, UsdPerHour(2.0), 0.5, &two_sellers(), Policy::Cheapest).unwrap();
        assert!(cheapest.break_even.never_wins());
        assert!(cheapest.reason.contains("no utilisation is enough; equal at rent"));
    }

    #[test]
    fn policies_parse_by_name() {
        assert_eq!("cheapest".parse(), Ok(Policy::Cheapest));
        assert!("best".parse::<Policy>().is_err());
    }

    proptest! {
        #[test]
        fn at_the_break_even_rent_the_cost_is_the_price(mid in 0.01f64..10.0, rent in 0.1f64..10.0, share in 0.1f64..1.0) {
            let cost = interval(mid * 0.9, mid, mid * 1.1);
            let decision = decide(cost, UsdPerHour(rent), share, &two_sellers(), Policy::Median)
                .map_err(|refused| TestCaseError::fail(refused.to_string()))?;
            let at_break_even = mid * decision.break_even.usd_per_hour.0 / rent;
            prop_assert!((at_break_even / decision.price.0 - 1.0).abs() < 1e-12);
        }
    }
}
