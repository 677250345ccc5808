//! Which price of a market a cost is held against, and how far that price is known.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::price::middle_half;
use crate::price::token::Market;
use crate::text::nearest;
use crate::units::{Interval, UsdPerMtok};

/// Which of the sellers' prices a cost is held against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The median over the sellers.
    #[default]
    Median,
    /// The cheapest seller.
    Cheapest,
    /// The seller of this name, in any case of letters.
    Seller(Arc<str>),
}

impl Policy {
    /// The blended price that this policy takes from a market, and how far it may be off for this buyer:
    ///
    /// - the median, with the middle half of the sellers (all of them where there are fewer than four);
    /// - the cheapest, up to the next: what is paid where the cheapest will not do;
    /// - a named seller's list price, which is exact.
    ///
    /// # Errors
    /// A sentence where the market has no such seller, with the nearest names.
    pub fn price(&self, market: &Market) -> Result<Interval<UsdPerMtok>, String> {
        let blended: Vec<f64> = market.votes.iter().map(|vote| vote.blended.0).collect();
        let price = match self {
            Self::Median => middle_half(&blended),
            Self::Cheapest => blended.first().map(|&cheapest| {
                let next = blended.get(1).copied().unwrap_or(cheapest);
                Interval { low: cheapest, mid: cheapest, high: next }
            }),
            Self::Seller(name) => {
                let vote = market.votes.iter().find(|vote| vote.seller.to_lowercase() == name.to_lowercase());
                vote.map(|vote| Interval::exactly(vote.blended.0))
            }
        };
        price.map(|price| price.map(UsdPerMtok)).ok_or_else(|| self.missing(market))
    }

    fn missing(&self, market: &Market) -> String {
        let names = || market.votes.iter().map(|vote| &*vote.seller);
        let near = nearest(&self.to_string(), names());
        let known = if near.is_empty() { names().collect() } else { near };
        format!("no price of {} by {self} (sellers: {})", market.model, known.join(", "))
    }

    /// The price that it takes, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Median => "median market price".into(),
            Self::Cheapest => "cheapest seller's price".into(),
            Self::Seller(name) => format!("price of {name}"),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Median => "median",
            Self::Cheapest => "cheapest",
            Self::Seller(name) => name,
        })
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("is empty: give median, cheapest or the name of a seller".into()),
            "median" => Ok(Self::Median),
            "cheapest" => Ok(Self::Cheapest),
            name => Ok(Self::Seller(name.into())),
        }
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::Mix;
    use crate::price::token::{market, read_tokens};
    use jiff::civil::date;

    fn of(prices: &[&str]) -> Market {
        let mut text = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n".to_owned();
        for (index, price) in prices.iter().enumerate() {
            text += &format!("m,S{index},,{price},{price},,2026-06-01,p\n");
        }
        let mix = Mix::new(2.0).unwrap();
        market(&read_tokens(text.as_bytes()).unwrap(), "m", date(2026, 6, 30), mix, 365).unwrap()
    }

    fn ends(policy: &str, prices: &[&str]) -> [f64; 3] {
        let Interval { low, mid, high } = policy.parse::<Policy>().unwrap().price(&of(prices)).unwrap();
        [low, mid, high].map(|end| (end.0 * 1e6).round() / 1e6)
    }

    #[test]
    fn each_policy_says_how_far_its_price_may_be_off() {
        let five = ["0.5", "0.1", "0.2", "0.4", "0.3"];
        assert_eq!(ends("median", &five), [0.2, 0.3, 0.4]);
        assert_eq!(ends("median", &["0.1", "0.4"]), [0.1, 0.25, 0.4]);
        assert_eq!(ends("cheapest", &five), [0.1, 0.1, 0.2]);
        assert_eq!(ends("cheapest", &["0.1"]), [0.1, 0.1, 0.1]);
        assert_eq!(ends("s2", &five), [0.2, 0.2, 0.2]);
    }

    #[test]
    fn an_unknown_seller_is_answered_with_those_that_sell() {
        let missing = Policy::Seller("nobody".into()).price(&of(&["0.1", "0.2"])).unwrap_err();
        assert!(missing.starts_with("no price of m by nobody (sellers: "), "{missing}");
        assert!("".parse::<Policy>().is_err());
    }
}
