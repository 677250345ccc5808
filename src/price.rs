//! Dated prices as quoted: rented hardware ([`rental`]) and tokens of open weights ([`token`]).
//!
//! A quote keeps its decimal text, its date and its source. "Today" is an argument, `as_of`: a row dated later
//! does not exist. Rules of aggregation: newest quote per voter, one vote per voter, old quotes do not vote
//! unless nothing else exists, and then the answer is marked stale.

mod currency;
pub mod feed;
pub mod gate;
pub mod identity;
pub mod import;
pub mod ledger;
pub mod origin;
mod pool;
mod quoted;
pub mod rental;
pub mod rental_csv;
mod rule;
pub mod storage;
pub mod token;
pub mod usage;

use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::stats;
use crate::table::{Fault, Row};
use crate::text;
use crate::units::Interval;

pub use crate::table::decimal as money;
pub use currency::{Currency, Rate};
pub use pool::Pool;
pub use quoted::Quoted;
pub use rule::{Flags, Rule};

/// A decimal price as the nearest binary float, for arithmetic with measured durations.
pub fn to_f64(price: Decimal) -> f64 {
    // Through the text: the parser rounds once, a division by a power of ten would round twice.
    price.to_string().parse().unwrap_or(f64::NAN)
}

/// The middle price; the mean of the two middle ones for an even count.
pub fn median(prices: &[Decimal]) -> Option<Decimal> {
    let mut sorted = prices.to_vec();
    sorted.sort();
    let below = sorted.get(sorted.len().checked_sub(1)? / 2)?;
    let above = sorted.get(sorted.len() / 2)?;
    Some(if below == above { *below } else { (below + above) / Decimal::TWO })
}

/// The median of prices with the middle half of them: its quartiles, or the cheapest and the dearest where there are fewer than
/// four. `None` without prices.
pub fn middle_half(prices: &[f64]) -> Option<Interval<f64>> {
    let sorted = stats::sorted(prices);
    let ends = if sorted.len() < 4 { (0.0, 1.0) } else { (0.25, 0.75) };
    let at = |share| stats::quantile_sorted(&sorted, share);
    Some(Interval { low: at(ends.0)?, mid: at(0.5)?, high: at(ends.1)? })
}

/// Whole days from `date` to `as_of`.
pub fn age_days(date: Date, as_of: Date) -> i32 {
    (as_of - date).get_days()
}

/// What a blended price weighs with: input tokens per output token of a workload, and how much of the input a cache holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    ratio: f64,
    cached: f64,
}

impl Mix {
    /// A mix from the ratio of input to output tokens; 0 is output only.
    ///
    /// # Errors
    /// A sentence where the ratio is negative or not finite.
    pub fn new(ratio: f64) -> Result<Self, String> {
        if ratio.is_finite() && ratio >= 0.0 {
            Ok(Self { ratio, cached: 0.0 })
        } else {
            Err(format!("input:output ratio {ratio} is not a finite number >= 0"))
        }
    }

    /// The mix of a request of `input` and `output` tokens.
    ///
    /// # Errors
    /// A sentence where the request has no output.
    pub fn of_request(input: u64, output: u64) -> Result<Self, String> {
        if output == 0 {
            return Err("a request without output tokens has no input:output ratio".into());
        }
        Self::new(input as f64 / output as f64)
    }

    /// The same with a share of the input read from a cache.
    ///
    /// # Errors
    /// A sentence where the share is not from 0 to below 1.
    pub fn with_cached(self, cached: f64) -> Result<Self, String> {
        if (0.0..1.0).contains(&cached) {
            Ok(Self { cached, ..self })
        } else {
            Err(format!("a cached share of {cached} is not from 0 to below 1"))
        }
    }

    /// Input tokens per output token.
    pub fn ratio(self) -> f64 {
        self.ratio
    }

    /// The share of the input that is read from a cache.
    pub fn cached(self) -> f64 {
        self.cached
    }

    /// `(r·in + out) / (r + 1)`: the price of one token of the mix, in the unit of its parts.
    pub fn blend(self, input: f64, output: f64) -> f64 {
        (self.ratio * input + output) / (self.ratio + 1.0)
    }

    /// The same for a price list: the cached share of the input at its own price, or at that of fresh input where the list has
    /// none: `in = (1 − hit)·fresh + hit·cached`.
    pub fn blend_list(self, input: f64, cache_read: Option<f64>, output: f64) -> f64 {
        let cached = cache_read.unwrap_or(input);
        self.blend((1.0 - self.cached) * input + self.cached * cached, output)
    }
}

/// There is no price of that name on or before the date asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// What was asked for.
    pub name: String,
    /// Priced names that resemble it, best first.
    pub nearest: Vec<String>,
    /// The date of its first price, where every price of that name is dated later than asked for.
    pub first: Option<Date>,
}

impl NotFound {
    fn new<'a>(name: &str, as_of: Date, rows: impl Iterator<Item = (&'a str, Date)> + Clone) -> Self {
        let visible = rows.clone().filter(|(_, date)| *date <= as_of).map(|(name, _)| name);
        Self {
            name: name.to_owned(),
            nearest: text::nearest(name, visible).into_iter().map(str::to_owned).collect(),
            first: rows.filter(|(other, _)| *other == name).map(|(_, date)| date).min(),
        }
    }
}

impl fmt::Display for NotFound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "no price of \"{}\"", text::inert(&self.name))?;
        if let Some(first) = self.first {
            return write!(out, " that early; its first is dated {first}");
        }
        if self.nearest.is_empty() {
            return Ok(());
        }
        write!(out, "; nearest: {}", text::inert(&self.nearest.join(", ")))
    }
}

impl std::error::Error for NotFound {}

/// The fault of a row whose key is on an earlier line already, with the same price or with another one.
fn doubled(row: Row<'_>, column: &str, first: u64, before: Quoted, now: Quoted) -> Fault {
    if before == now {
        return row.fault(column, format!("the same price is on line {first} already"));
    }
    let shown = |price: Quoted| match price {
        Quoted::Unknown => "empty".into(),
        known => known.to_string(),
    };
    row.fault(column, format!("{column} {} contradicts {} on line {first}", shown(now), shown(before)))
}

/// The rows that may vote: those at most `max_age_days` old, or, where there are none, those of the newest
/// date, with their age in days.
fn fresh<T>(
    rows: Vec<T>,
    date: impl Fn(&T) -> Date,
    as_of: Date,
    max_age_days: i32,
) -> (Vec<T>, Option<i32>) {
    let newest = rows.iter().map(&date).max();
    match newest.map(|newest| (newest, age_days(newest, as_of))) {
        Some((newest, age)) if age > max_age_days => {
            (rows.into_iter().filter(|row| date(row) == newest).collect(), Some(age))
        }
        _ => {
            let voting = |row: &T| age_days(date(row), as_of) <= max_age_days;
            (rows.into_iter().filter(voting).collect(), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn prices_become_the_nearest_float() {
        for text in ["0.1", "2.35", "0.0000001", "1.195", "99.999"] {
            assert_eq!(to_f64(text.parse().unwrap()), text.parse::<f64>().unwrap());
        }
    }

    #[test]
    fn the_median_keeps_decimal_text() {
        let prices =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Decimal>>();
        assert_eq!(median(&[]), None);
        assert_eq!(median(&prices(&["2.50"])).unwrap().to_string(), "2.50");
        assert_eq!(median(&prices(&["3", "1", "2.0"])).unwrap().to_string(), "2.0");
        assert_eq!(median(&prices(&["0.3", "0.1"])), Some("0.2".parse().unwrap()));
    }

    #[test]
    fn a_mix_weighs_input_by_its_ratio() {
        assert_eq!(Mix::of_request(3000, 1000).unwrap().blend(1.0, 5.0), 2.0);
        assert_eq!(Mix::new(0.0).unwrap().blend(1.0, 5.0), 5.0);
        assert!(Mix::new(f64::NAN).is_err() && Mix::new(-1.0).is_err() && Mix::of_request(1, 0).is_err());
    }

    #[test]
    fn a_name_without_price_is_told_from_one_priced_later() {
        let rows = [("H100 SXM", date(2026, 1, 1)), ("B300", date(2026, 5, 1))];
        let shown = |name| NotFound::new(name, date(2026, 2, 1), rows.into_iter()).to_string();
        assert_eq!(shown("H100 SXM5"), "no price of \"H100 SXM5\"; nearest: H100 SXM");
        assert_eq!(shown("B300"), "no price of \"B300\" that early; its first is dated 2026-05-01");
        assert_eq!(shown("zz\u{1b}"), "no price of \"zz\\u{1b}\"");
    }
}
