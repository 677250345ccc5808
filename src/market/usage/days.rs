//! Which days a file counts, and the tokens of each step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use super::Step;
use crate::market::month::Month;
use crate::price::usage::UsageRow;

/// The tokens and days of every step.
pub struct Covered(BTreeMap<Step, (f64, BTreeSet<Date>)>);

impl Covered {
    /// Adds up rows: a day that several models share counts once.
    pub fn of(rows: &[UsageRow]) -> Self {
        let mut steps: BTreeMap<Step, (f64, BTreeSet<Date>)> = BTreeMap::new();
        for row in rows {
            let (tokens, days) = steps.entry(Step::of(row)).or_default();
            *tokens += row.tokens;
            days.extend(of_row(row));
        }
        Self(steps)
    }

    /// Every step with its tokens and the number of its days.
    pub fn steps(&self) -> impl Iterator<Item = (Step, f64, i32)> {
        self.0.iter().map(|(step, (tokens, days))| (*step, *tokens, count(days)))
    }

    /// Tokens and days of one step.
    pub fn get(&self, step: Step) -> Option<(f64, i32)> {
        self.0.get(&step).map(|(tokens, days)| (*tokens, count(days)))
    }
}

fn count(days: &BTreeSet<Date>) -> i32 {
    i32::try_from(days.len()).unwrap_or(i32::MAX)
}

fn of_row(row: &UsageRow) -> impl Iterator<Item = Date> {
    (0..row.days()).map(|day| row.first.saturating_add(day.days()))
}

/// All days that rows count.
pub fn distinct(rows: &[UsageRow]) -> BTreeSet<Date> {
    rows.iter().flat_map(of_row).collect()
}

/// The days of a month.
pub fn of_month(month: Month) -> i32 {
    let first = i16::try_from(month.year()).ok().zip(i8::try_from(month.month()).ok());
    let first = first.and_then(|(year, month)| Date::new(year, month, 1).ok());
    first.map_or(30, |first| i32::from(first.days_in_month()))
}
