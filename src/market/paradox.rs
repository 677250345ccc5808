//! The inflation paradox: the price of a unit falls, use grows faster, and spend rises; rent rises while tokens get cheaper.
//!
//! Spend rises where usage factor × price factor > 1. Kernels must become faster by rent factor ÷ price factor to stand still. The
//! signs of monthly changes are compared at lags: months in which price fell and usage rose so many months later. That two
//! series move together is no proof that one moves the other.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Serialize;

use super::claim::{Claim, Value};
use super::month::Month;
use super::trend::{Move, Rules, Series, trends};
use crate::table::{Fault, Table};

/// The longest lag that is compared, in months.
pub const LAG_MAX: i32 = 6;
/// Fewer pairs of months say nothing about a lag.
const LEAST_PAIRS: usize = 3;
/// Said beside every comparison of signs.
pub const NO_PROOF: &str = "series that move together are no proof that one moves the other";

/// The three monthly series; each may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// Price of a unit.
    pub price: Series,
    /// Units used.
    pub usage: Series,
    /// Rent of what makes them.
    pub rent: Series,
}

/// Reads `month|date[,price][,usage][,rent]`: one row a month, an empty cell is a month without a value.
///
/// # Errors
/// The first fault with its line and column: a month that is none or appears twice, a value that is not above 0, a table
/// without any of the three.
pub fn read_series(input: impl Read) -> Result<Inputs, Fault> {
    let table = Table::read(input, &[])?;
    let known = table.columns();
    let missing = |what: &str| Fault { line: 1, column: 0, what: what.into() };
    let month = ["month", "date"].into_iter().find(|name| known.contains(name));
    let month = month.ok_or_else(|| missing("column \"month\" is missing"))?;
    let columns: Vec<&str> =
        ["price", "usage", "rent"].into_iter().filter(|name| known.contains(name)).collect();
    if columns.is_empty() {
        return Err(missing("has none of the columns price, usage and rent"));
    }
    let mut inputs = Inputs::default();
    let mut seen: BTreeMap<Month, u64> = BTreeMap::new();
    for row in table.rows() {
        let at: Month = row.parse(month)?;
        if let Some(line) = seen.insert(at, row.line()) {
            return Err(row.fault(month, format!("{at} is on line {line} already")));
        }
        for column in &columns {
            let series = match *column {
                "price" => &mut inputs.price,
                "usage" => &mut inputs.usage,
                _ => &mut inputs.rent,
            };
            series.extend(row.positive(column)?.map(|value| (at, value)));
        }
    }
    Ok(inputs)
}

/// How the signs of one series stand to those of another, so many months later.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lag {
    /// The series that is looked at first.
    pub first: &'static str,
    /// The series that is looked at `months` later.
    pub then: &'static str,
    /// Months between.
    pub months: i32,
    /// Pairs in which both moved.
    pub pairs: usize,
    /// Share of them in which both moved the same way; unknown with fewer than three pairs.
    pub same_sign: Option<f64>,
}

/// A month-by-month flag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flag {
    /// What went two ways.
    pub what: &'static str,
    /// Months in a row up to the last month with both.
    pub months_in_a_row: usize,
    /// Months in which it was so.
    pub months: usize,
    /// Months with both.
    pub compared: usize,
    /// The last month with both.
    pub last: Option<Month>,
}

/// What the figures say of the paradox. Factors are levels after over levels before; unknown is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Paradox {
    /// Version of these fields.
    pub schema_version: u32,
    /// Usage factor.
    pub usage_factor: Option<f64>,
    /// Price factor.
    pub price_factor: Option<f64>,
    /// Rent factor.
    pub rent_factor: Option<f64>,
    /// Usage × price.
    pub spend_factor: Option<f64>,
    /// First condition: the price of a unit falls.
    pub price_falls: Option<bool>,
    /// Second condition: usage × price > 1.
    pub spend_rises: Option<bool>,
    /// Both.
    pub paradox: Option<bool>,
    /// The price change at which spend would stay flat, as a fraction.
    pub price_of_flat_spend: Option<f64>,
    /// Rent factor ÷ price factor: how much faster kernels must be to stand still.
    pub kernel_speedup: Option<f64>,
    /// From which month to which the factors are, where they come from series.
    pub over: BTreeMap<&'static str, (Month, Month)>,
    /// Signs of changes at lags of 0 to 6 months.
    pub lags: Vec<Lag>,
    /// What goes two ways.
    pub flags: Vec<Flag>,
    /// What the reader should doubt.
    pub warnings: Vec<String>,
}

/// The conditions of a claim's changes of usage, price and rent.
pub fn of_claim(claim: &Claim) -> Paradox {
    let of = |name: &str| {
        claim.items.iter().find_map(|item| match &item.value {
            Value::Change(change) if item.key.quantity == name => Some(change.factor.mid()),
            _ => None,
        })
    };
    Paradox::of(of("usage"), of("price"), of("rent"))
}

/// The conditions of series, each from its first to its last common month, with lags and flags.
pub fn of_series(inputs: &Inputs, rules: &Rules) -> Paradox {
    let named = [("usage", &inputs.usage), ("price", &inputs.price), ("rent", &inputs.rent)];
    let given: Vec<(&'static str, &Series)> =
        named.into_iter().filter(|(_, series)| !series.is_empty()).collect();
    // Factors of different times must not be multiplied.
    let common: Vec<Month> = given.first().map_or(Vec::new(), |(_, series)| {
        series
            .keys()
            .copied()
            .filter(|month| given.iter().all(|(_, other)| other.contains_key(month)))
            .collect()
    });
    let ends = common.first().copied().zip(common.last().copied()).filter(|(from, to)| from < to);
    let factor = |series: &Series| {
        let (from, to) = ends?;
        Some(series.get(&to)? / series.get(&from)?)
    };
    let mut paradox = Paradox::of(factor(&inputs.usage), factor(&inputs.price), factor(&inputs.rent));
    if let Some(ends) = ends {
        paradox.over.extend(given.iter().map(|(name, _)| (*name, ends)));
    } else {
        paradox.warnings.push("the series share fewer than two months: there are no factors".into());
    }
    let [usage, price, rent] =
        [&inputs.usage, &inputs.price, &inputs.rent].map(|series| moves(series, rules));
    for (first, then, one, two) in [
        ("price", "usage", &price, &usage),
        ("usage", "rent", &usage, &rent),
        ("price", "rent", &price, &rent),
    ] {
        if !one.is_empty() && !two.is_empty() {
            paradox.lags.extend((0..=LAG_MAX).map(|months| lag((first, then), one, two, months)));
        }
    }
    paradox.flags.extend(flag("rent up while price per token falls", &rent, &price));
    paradox.flags.extend(flag("usage up while price per token falls", &usage, &price));
    if !paradox.lags.is_empty() {
        paradox.warnings.push(NO_PROOF.into());
    }
    paradox
}

impl Paradox {
    fn of(usage: Option<f64>, price: Option<f64>, rent: Option<f64>) -> Self {
        let spend = usage.zip(price).map(|(usage, price)| usage * price);
        let falls = price.map(|price| price < 1.0);
        let rises = spend.map(|spend| spend > 1.0);
        Self {
            schema_version: 1,
            usage_factor: usage,
            price_factor: price,
            rent_factor: rent,
            spend_factor: spend,
            price_falls: falls,
            spend_rises: rises,
            paradox: falls.zip(rises).map(|(falls, rises)| falls && rises),
            price_of_flat_spend: usage.map(|usage| 1.0 / usage - 1.0),
            kernel_speedup: rent.zip(price).map(|(rent, price)| rent / price),
            ..Self::default()
        }
    }
}

fn moves(series: &Series, rules: &Rules) -> BTreeMap<Month, Move> {
    let trends = trends(series, rules).into_iter();
    trends.filter_map(|(month, trend)| Some((month, rules.judge_change(trend.mom?)))).collect()
}

fn lag(
    (first, then): (&'static str, &'static str),
    one: &BTreeMap<Month, Move>,
    two: &BTreeMap<Month, Move>,
    months: i32,
) -> Lag {
    let pairs: Vec<(Move, Move)> = one
        .iter()
        .filter_map(|(month, step)| Some((*step, *two.get(&month.plus(months))?)))
        .filter(|(one, two)| *one != Move::Flat && *two != Move::Flat)
        .collect();
    let same = pairs.iter().filter(|(one, two)| one == two).count();
    let same_sign = (pairs.len() >= LEAST_PAIRS).then(|| same as f64 / pairs.len() as f64);
    Lag { first, then, months, pairs: pairs.len(), same_sign }
}

/// Months in which the first rose and the second fell.
fn flag(what: &'static str, up: &BTreeMap<Month, Move>, down: &BTreeMap<Month, Move>) -> Option<Flag> {
    let both: Vec<(Month, bool)> = up
        .iter()
        .filter_map(|(month, step)| Some((*month, *step == Move::Up && *down.get(month)? == Move::Down)))
        .collect();
    let last = both.last().map(|(month, _)| *month)?;
    Some(Flag {
        what,
        months_in_a_row: both.iter().rev().take_while(|(_, so)| *so).count(),
        months: both.iter().filter(|(_, so)| *so).count(),
        compared: both.len(),
        last: Some(last),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::claim::parse;

    #[test]
    fn both_conditions_are_shown() {
        let told = of_claim(&parse("usage=1400x,price=-80%,rent=+38%", 1).unwrap());
        assert_eq!((told.price_falls, told.spend_rises, told.paradox), (Some(true), Some(true), Some(true)));
        assert!((told.spend_factor.unwrap() - 280.0).abs() < 1e-9);
        assert!((told.price_of_flat_spend.unwrap() + 0.99929).abs() < 5e-6);
        let cheaper = of_claim(&parse("usage=2x,price=-60%", 1).unwrap());
        assert_eq!(
            (cheaper.spend_rises, cheaper.paradox, cheaper.kernel_speedup),
            (Some(false), Some(false), None)
        );
        let stand_still = of_claim(&parse("rent=+38%,price=-5%", 1).unwrap());
        assert!((stand_still.kernel_speedup.unwrap() - 1.38 / 0.95).abs() < 1e-12);
        assert_eq!((stand_still.paradox, stand_still.price_falls), (None, Some(true)));
    }

    const SERIES: &str = "month,price,usage,rent\n2026-01,10,100,2\n2026-02,9,120,2.1\n2026-03,8,150,2.2\n2026-04,7,200,2.3\n2026-05,6.5,260,2.35\n";

    #[test]
    fn series_give_factors_lags_and_flags() {
        let inputs = read_series(SERIES.as_bytes()).unwrap();
        let told = of_series(&inputs, &Rules::of("value"));
        assert!((told.spend_factor.unwrap() - 2.6 * 0.65).abs() < 1e-12);
        let flag = &told.flags[0];
        assert_eq!((flag.months_in_a_row, flag.months, flag.compared), (4, 4, 4));
        let at_0 =
            told.lags.iter().find(|lag| (lag.first, lag.then, lag.months) == ("price", "usage", 0)).unwrap();
        assert_eq!((at_0.pairs, at_0.same_sign), (4, Some(0.0)), "price falls while usage rises");
        let at_2 =
            told.lags.iter().find(|lag| (lag.first, lag.then, lag.months) == ("usage", "rent", 2)).unwrap();
        assert_eq!((at_2.pairs, at_2.same_sign), (2, None), "two pairs say nothing");
        assert_eq!(told.warnings, [NO_PROOF]);
    }

    #[test]
    fn factors_are_of_the_months_that_all_series_have() {
        let text = "month,price,usage\n2026-01,10,\n2026-02,9,120\n2026-03,8,240\n";
        let told = of_series(&read_series(text.as_bytes()).unwrap(), &Rules::of("value"));
        assert_eq!((told.usage_factor, told.price_factor), (Some(2.0), Some(8.0 / 9.0)));
        let apart = of_series(
            &read_series(&b"month,price,usage\n2026-01,1,\n2026-02,,1\n"[..]).unwrap(),
            &Rules::of("value"),
        );
        assert_eq!(apart.usage_factor, None);
        assert!(apart.warnings[0].contains("fewer than two months"));
    }

    #[test]
    fn bad_series_say_where() {
        let fault = |text: &str| read_series(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(fault("month,price\n2026-01,0\n"), "2:2: price \"0\" is not a finite number > 0");
        assert_eq!(fault("month,price\n2026-01,1\n2026-01,1\n"), "3:1: 2026-01 is on line 2 already");
        assert!(fault("month,price\nJune,1\n").starts_with("2:1: month \"June\""));
        assert_eq!(fault("month,x\n"), "1: has none of the columns price, usage and rent");
        assert_eq!(fault("price\n1\n"), "1: column \"month\" is missing");
    }
}
