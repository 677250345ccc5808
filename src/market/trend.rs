//! How a monthly series moves: month over month, year over year, the compound rate, and the streak.
//!
//! A streak depends on what counts as no move, on what a flat month does to a run, and on what a missing month does.
//! [`Rules`] holds all of it with the name of the estimator, so that no output shows a streak without them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::month::Month;
use crate::named::named;

/// A value per month; a month without one is a gap, never zero.
pub type Series = BTreeMap<Month, f64>;

/// Changes up to this fraction are flat where nothing else is asked for.
pub const TOLERANCE: f64 = 0.005;

/// What an event does to a run of rises or falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnRun {
    /// The run ends.
    #[default]
    Break,
    /// The run stays as long as it was and may go on.
    Hold,
}

named!(OnRun { Break = "break", Hold = "hold" });

/// What a streak rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// How a month's value was made of its rows, in words.
    pub estimator: String,
    /// A change of at most this fraction is flat.
    pub tolerance: f64,
    /// A move of at most this much, in the unit of the series, is flat whatever the tolerance.
    pub floor: f64,
    /// What a flat month does to a run.
    pub flat: OnRun,
    /// What a missing month does to a run. Where it holds, a change is that since the last month with a value.
    pub gap: OnRun,
}

impl Rules {
    /// The common rules for an estimator: [`TOLERANCE`], no floor, flat and missing months break.
    pub fn of(estimator: impl Into<String>) -> Self {
        Self {
            estimator: estimator.into(),
            tolerance: TOLERANCE,
            floor: 0.0,
            flat: OnRun::Break,
            gap: OnRun::Break,
        }
    }

    /// Which way a value went.
    pub fn judge(&self, before: f64, after: f64) -> Move {
        let by = after - before;
        // Decimal figures are not exact in binary: 1.05 is a move of 5 % and not of a little more.
        let noise = 1e-9 * before.abs().max(after.abs());
        if by.abs() <= (self.tolerance * before.abs()).max(self.floor) + noise {
            Move::Flat
        } else if by > 0.0 {
            Move::Up
        } else {
            Move::Down
        }
    }

    /// Which way a change went that has no level, such as the mean change of a panel.
    pub fn judge_change(&self, change: f64) -> Move {
        Self { floor: 0.0, ..self.clone() }.judge(1.0, 1.0 + change)
    }
}

/// Which way a month went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Move {
    /// Up by more than the tolerance.
    Up,
    /// Down by more than the tolerance.
    Down,
    /// By no more than the tolerance.
    Flat,
}

/// How one month of a series stands to those before it. Changes are fractions: 0.05 is +5 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Trend {
    /// Change since `mom_from`.
    pub mom: Option<f64>,
    /// The month before; an earlier one only where missing months hold.
    pub mom_from: Option<Month>,
    /// Change since the same month of the year before.
    pub yoy: Option<f64>,
    /// Months in a row that rose, negative where they fell; 0 after a flat month that broke the run; `None` where
    /// there is nothing to compare with.
    pub streak: Option<i32>,
}

/// The trend of every month that has a value.
pub fn trends(series: &Series, rules: &Rules) -> BTreeMap<Month, Trend> {
    let mut trends: BTreeMap<Month, Trend> = BTreeMap::new();
    let mut moves = BTreeMap::new();
    let mut last: Option<(Month, f64)> = None;
    for (&month, &value) in series {
        let before = last.filter(|(before, _)| month.since(*before) == 1 || rules.gap == OnRun::Hold);
        let mom = before.and_then(|(_, before)| change(before, value));
        if let Some((_, before)) = before.filter(|_| mom.is_some()) {
            moves.insert(month, rules.judge(before, value));
        }
        trends.insert(
            month,
            Trend {
                mom,
                mom_from: before.filter(|_| mom.is_some()).map(|(month, _)| month),
                yoy: year_over_year(series, month),
                streak: None,
            },
        );
        last = Some((month, value));
    }
    for (month, length) in streaks(&moves, rules) {
        trends.entry(month).and_modify(|trend| trend.streak = Some(length));
    }
    trends
}

/// The length of the run of rises (positive) or falls (negative) that ends in each month with a known move. A month
/// without one is missing.
pub fn streaks(moves: &BTreeMap<Month, Move>, rules: &Rules) -> BTreeMap<Month, i32> {
    let mut run = 0;
    let mut last: Option<Month> = None;
    let mut lengths = BTreeMap::new();
    for (&month, &step) in moves {
        if last.is_some_and(|last| month.since(last) > 1) && rules.gap == OnRun::Break {
            run = 0;
        }
        run = match (step, rules.flat) {
            (Move::Up, _) => run.max(0) + 1,
            (Move::Down, _) => run.min(0) - 1,
            (Move::Flat, OnRun::Hold) => run,
            (Move::Flat, OnRun::Break) => 0,
        };
        lengths.insert(month, run);
        last = Some(month);
    }
    lengths
}

/// The fraction by which a value changed; `None` where one of them is no finite number above zero.
pub fn change(before: f64, after: f64) -> Option<f64> {
    let usable = |value: f64| value.is_finite() && value > 0.0;
    (usable(before) && usable(after)).then(|| after / before - 1.0).filter(|change| change.is_finite())
}

/// Change since the same month of the year before; `None` where one of the two has no value.
pub fn year_over_year(series: &Series, month: Month) -> Option<f64> {
    change(*series.get(&month.plus(-12))?, *series.get(&month)?)
}

/// The constant monthly change that leads from the value of one month to that of a later one; `None` where one has
/// no value or `to` is not later.
pub fn compound_monthly(series: &Series, from: Month, to: Month) -> Option<f64> {
    let months = to.since(from);
    let factor = 1.0 + change(*series.get(&from)?, *series.get(&to)?)?;
    (months > 0).then(|| factor.powf(1.0 / f64::from(months)) - 1.0)
}

#[cfg(test)]
mod tests;
