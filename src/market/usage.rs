//! Usage: tokens per day by month, whose tokens they are, and what the sample covers.
//!
//! A month's value is the mean per day over the days that have a count, so that a month with missing days is not a smaller
//! one. Weekly files stay weekly: a change over a week is `wow` and never called month-over-month.

mod days;
mod shares;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::month::Month;
use super::rental::Compound;
use super::trend::{OnRun, Rules, Series, TOLERANCE, trends};
use crate::price::origin::Origins;
use crate::price::usage::{Span, Usage, UsageRow};
use days::Covered;
pub use shares::{By, GroupMonth, Share};

/// What is asked of a file.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// Rows by model or origin as well.
    pub by: Option<By>,
    /// The first month that is shown.
    pub from: Option<Month>,
    /// The last month that is shown.
    pub to: Option<Month>,
    /// Changes up to this fraction are flat.
    pub tolerance: f64,
    /// What a flat month does to a run.
    pub flat: OnRun,
    /// What a missing month does to a run.
    pub gap: OnRun,
}

impl Default for Query {
    fn default() -> Self {
        Self { by: None, from: None, to: None, tolerance: TOLERANCE, flat: OnRun::Break, gap: OnRun::Break }
    }
}

impl Query {
    /// The rules of a streak for these values.
    pub(super) fn rules(&self) -> Rules {
        Rules { tolerance: self.tolerance, flat: self.flat, gap: self.gap, ..Rules::of(ESTIMATOR) }
    }

    fn shows(&self, month: Month) -> bool {
        self.from.is_none_or(|from| month >= from) && self.to.is_none_or(|to| month <= to)
    }
}

const ESTIMATOR: &str = "mean tokens per day over the days with a count";

/// What the numbers are about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scope {
    /// The unit of levels.
    pub unit: &'static str,
    /// What the counts are of, in words.
    pub covers: String,
    /// The first day counted.
    pub first: String,
    /// The last day counted.
    pub last: String,
    /// Days with a count.
    pub days: i32,
    /// Days from the first to the last.
    pub days_of_period: i32,
    /// Rows behind all of it.
    pub rows: usize,
    /// Models that are named.
    pub models: usize,
    /// The day up to which the source says it is complete.
    pub as_of: Option<String>,
    /// The line that the source's licence asks for.
    pub attribution: Option<String>,
}

/// One month. Changes are fractions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UsageMonth {
    /// The month.
    pub month: Option<Month>,
    /// Tokens per day, the mean over the days covered.
    pub mean_tokens_per_day: f64,
    /// Days with a count.
    pub days: i32,
    /// Days of the month.
    pub days_of_month: i32,
    /// Change since the month before.
    pub mom: Option<f64>,
    /// The month that it is a change since.
    pub mom_from: Option<Month>,
    /// Change since the same month of the year before.
    pub yoy: Option<f64>,
    /// Months in a row up, negative down.
    pub streak: Option<i32>,
}

/// One week of a weekly file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UsageWeek {
    /// Its first day.
    pub week: String,
    /// Tokens per day, the mean over its seven days.
    pub mean_tokens_per_day: f64,
    /// Days with a count.
    pub days: i32,
    /// Change since the week before: week-over-week.
    pub wow: Option<f64>,
    /// Weeks in a row up, negative down.
    pub streak_weeks: Option<i32>,
}

/// The usage of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UsageTracker {
    /// Version of these fields.
    pub schema_version: u32,
    /// What the numbers are about.
    pub scope: Scope,
    /// The step of the series: `month` or `week`.
    pub period: Span,
    /// What streaks rest on.
    pub rules: Rules,
    /// From the first to the last month shown.
    pub compound: Option<Compound>,
    /// Every month with a count; none of a weekly file.
    pub months: Vec<UsageMonth>,
    /// Every week of a weekly file.
    pub weeks: Vec<UsageWeek>,
    /// Shares of the last month or week shown by origin and by model, largest moves first.
    pub shares: Vec<Share>,
    /// Each month of each group, where asked for.
    pub groups: Vec<GroupMonth>,
    /// What the reader should doubt.
    pub warnings: Vec<String>,
}

/// Follows the usage of a file.
///
/// # Errors
/// A sentence where nothing is in the months that are asked for.
pub fn track(usage: &Usage, origins: &Origins, query: &Query) -> Result<UsageTracker, String> {
    let rules = query.rules();
    let weekly = usage.rows.iter().any(|row| row.span == Span::Week);
    let covered = Covered::of(&usage.rows);
    let months = if weekly { Vec::new() } else { months(&covered, &rules, query) };
    let weeks = if weekly { weeks(&covered, &rules, query) } else { Vec::new() };
    let steps: Vec<Step> = match weekly {
        true => weeks.iter().map(|(week, _)| Step::Week(*week)).collect(),
        false => months.iter().filter_map(|row| row.month.map(Step::Month)).collect(),
    };
    if steps.is_empty() {
        return Err("no usage in the months asked for".into());
    }
    let series: Series =
        months.iter().filter_map(|row| Some((row.month?, row.mean_tokens_per_day))).collect();
    let mut tracker = UsageTracker {
        schema_version: 1,
        scope: scope(usage),
        period: if weekly { Span::Week } else { Span::Month },
        compound: Compound::of(&series, None, None),
        shares: shares::last(&usage.rows, &covered, origins, &steps),
        groups: query.by.map_or(Vec::new(), |by| shares::groups(&usage.rows, &covered, origins, by, query)),
        rules,
        months,
        weeks: weeks.into_iter().map(|(_, row)| row).collect(),
        warnings: Vec::new(),
    };
    tracker.warnings = warnings(&tracker, &usage.rows, origins);
    Ok(tracker)
}

/// One step of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Month(Month),
    /// By its first day.
    Week(Date),
}

impl Step {
    fn of(row: &UsageRow) -> Self {
        match row.span {
            Span::Week => Self::Week(row.first),
            Span::Day | Span::Month => Self::Month(row.first.into()),
        }
    }
}

fn months(covered: &Covered, rules: &Rules, query: &Query) -> Vec<UsageMonth> {
    let means: BTreeMap<Month, (f64, i32)> = covered
        .steps()
        .filter_map(|(step, tokens, days)| match step {
            Step::Month(month) => Some((month, (tokens / f64::from(days), days))),
            Step::Week(_) => None,
        })
        .collect();
    let series: Series = means.iter().map(|(month, (mean, _))| (*month, *mean)).collect();
    let trends = trends(&series, rules);
    let row = |(month, (mean, days)): (Month, (f64, i32))| {
        let trend = trends.get(&month).copied().unwrap_or_default();
        UsageMonth {
            month: Some(month),
            mean_tokens_per_day: mean,
            days,
            days_of_month: days::of_month(month),
            mom: trend.mom,
            mom_from: trend.mom_from,
            yoy: trend.yoy,
            streak: trend.streak,
        }
    };
    means.into_iter().filter(|(month, _)| query.shows(*month)).map(row).collect()
}

fn weeks(covered: &Covered, rules: &Rules, query: &Query) -> Vec<(Date, UsageWeek)> {
    let means: BTreeMap<Date, (f64, i32)> = covered
        .steps()
        .filter_map(|(step, tokens, days)| match step {
            Step::Week(week) => Some((week, (tokens / f64::from(days), days))),
            Step::Month(_) => None,
        })
        .collect();
    let Some(first) = means.keys().next().copied() else { return Vec::new() };
    // Trends count in steps: the n-th week stands where the n-th month would.
    let step = |week: Date| Month::from(Date::ZERO).plus((week - first).get_days().div_euclid(7));
    let series: Series = means.iter().map(|(week, (mean, _))| (step(*week), *mean)).collect();
    let trends = trends(&series, rules);
    let row = |(week, (mean, days)): (Date, (f64, i32))| {
        let trend = trends.get(&step(week)).copied().unwrap_or_default();
        let (wow, streak_weeks) = (trend.mom, trend.streak);
        (week, UsageWeek { week: week.to_string(), mean_tokens_per_day: mean, days, wow, streak_weeks })
    };
    means.into_iter().filter(|(week, _)| query.shows(Month::from(*week))).map(row).collect()
}

fn scope(usage: &Usage) -> Scope {
    let days = days::distinct(&usage.rows);
    let first = days.first().copied().unwrap_or(Date::ZERO);
    let last = days.last().copied().unwrap_or(Date::ZERO);
    let models: std::collections::BTreeSet<&str> = usage
        .rows
        .iter()
        .map(|row| row.model.as_str())
        .filter(|model| !model.is_empty() && *model != "other")
        .collect();
    Scope {
        unit: "tokens per day",
        covers: usage.scope.unwrap_or("the rows of the file; it does not say what they leave out").to_owned(),
        first: first.to_string(),
        last: last.to_string(),
        days: i32::try_from(days.len()).unwrap_or(i32::MAX),
        days_of_period: (last - first).get_days() + 1,
        rows: usage.rows.len(),
        models: models.len(),
        as_of: usage.as_of.clone(),
        attribution: usage.attribution.clone(),
    }
}

fn warnings(tracker: &UsageTracker, rows: &[UsageRow], origins: &Origins) -> Vec<String> {
    let mut warnings = Vec::new();
    let short: Vec<String> = tracker
        .months
        .iter()
        .filter(|row| row.days < row.days_of_month)
        .filter_map(|row| Some(format!("{} ({} of {})", row.month?, row.days, row.days_of_month)))
        .collect();
    if !short.is_empty() {
        warnings
            .push(format!("months with days missing, means are over the days covered: {}", short.join(", ")));
    }
    if tracker.period == Span::Week {
        warnings
            .push("the file is weekly: changes are week-over-week, and no month is made of its weeks".into());
    }
    let named = rows.iter().filter(|row| !row.model.is_empty());
    let unknown: std::collections::BTreeSet<&str> = named
        .filter(|row| row.origin.is_empty() && row.model != "other" && origins.of(&row.model).is_none())
        .map(|row| row.model.as_str())
        .collect();
    if !unknown.is_empty() {
        let some: Vec<&str> = unknown.iter().copied().take(3).collect();
        warnings.push(format!("{} models of unknown origin, such as {}", unknown.len(), some.join(", ")));
    }
    warnings
}

/// Tokens per day of each month and model, and the country of the model's maker.
///
/// # Errors
/// A sentence where the file is weekly or names no models.
pub fn by_model(usage: &Usage, origins: &Origins) -> Result<Vec<ModelMonth>, String> {
    if usage.rows.iter().any(|row| row.span == Span::Week) {
        return Err("is weekly: spend is by month, give a file of days or months".into());
    }
    if usage.rows.iter().all(|row| row.model.is_empty()) {
        return Err("names no models: spend is usage x price by model, give a column model".into());
    }
    let covered = Covered::of(&usage.rows);
    let mut sums: BTreeMap<(Month, &str), (f64, Option<&str>)> = BTreeMap::new();
    for row in &usage.rows {
        let origin = if row.origin.is_empty() { origins.of(&row.model) } else { Some(row.origin.as_str()) };
        let entry = sums.entry((row.first.into(), &row.model)).or_insert((0.0, origin));
        entry.0 += row.tokens;
    }
    let rows = sums.into_iter().filter_map(|((month, model), (tokens, origin))| {
        let (_, days) = covered.get(Step::Month(month))?;
        Some(ModelMonth {
            month,
            model: model.to_owned(),
            origin: origin.map(str::to_owned),
            tokens_per_day: tokens / f64::from(days),
        })
    });
    Ok(rows.collect())
}

/// What one model was used in a month.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelMonth {
    /// The month.
    pub month: Month,
    /// The model; empty of rows without one.
    pub model: String,
    /// The country of its maker, where that is known.
    pub origin: Option<String>,
    /// Tokens per day, over the days that the file covers.
    pub tokens_per_day: f64,
}
