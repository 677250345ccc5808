//! Whose tokens they are: shares by origin and by model, and who moved.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::days::Covered;
use super::{Query, Step};
use crate::market::month::Month;
use crate::market::trend::{Series, trends};
use crate::named::named;
use crate::price::origin::Origins;
use crate::price::usage::UsageRow;

/// What rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The country of the model's maker.
    Origin,
    /// The model.
    Model,
}

named!(By { Origin = "origin", Model = "model" });

/// What stands where nothing is known.
const UNKNOWN: &str = "unknown";

impl By {
    fn group<'r>(self, row: &'r UsageRow, origins: &'r Origins) -> &'r str {
        match self {
            Self::Model if row.model.is_empty() => UNKNOWN,
            Self::Model => &row.model,
            Self::Origin if !row.origin.is_empty() => &row.origin,
            Self::Origin => origins.of(&row.model).unwrap_or(UNKNOWN),
        }
    }
}

/// The share of a group in the last step shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// `origin` or `model`.
    pub by: &'static str,
    /// The group.
    pub group: String,
    /// Its share of the tokens.
    pub share: f64,
    /// Its share a step before.
    pub share_before: Option<f64>,
    /// The move of its share, in points of a fraction: 0.05 is five percentage points.
    pub share_change: Option<f64>,
    /// The change of its tokens per day.
    pub change: Option<f64>,
}

/// One month of one group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GroupMonth {
    /// The month.
    pub month: Option<Month>,
    /// The group.
    pub group: String,
    /// Tokens per day, over the days that the file covers.
    pub mean_tokens_per_day: f64,
    /// Share of the month's tokens.
    pub share: f64,
    /// Change since the month before.
    pub mom: Option<f64>,
    /// Change since the same month of the year before.
    pub yoy: Option<f64>,
    /// Months in a row up, negative down.
    pub streak: Option<i32>,
}

/// Tokens of each step and group.
fn tokens<'r>(rows: &'r [UsageRow], origins: &'r Origins, by: By) -> BTreeMap<(&'r str, Step), f64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry((by.group(row, origins), Step::of(row))).or_insert(0.0) += row.tokens;
    }
    sums
}

/// Shares of the last of `steps` beside the one before it; the largest moves first.
pub fn last(rows: &[UsageRow], covered: &Covered, origins: &Origins, steps: &[Step]) -> Vec<Share> {
    let [.., last] = steps else { return Vec::new() };
    let before = match steps {
        [.., before, _] => Some(*before),
        _ => None,
    };
    let mut shares = Vec::new();
    for by in By::ALL {
        let sums = tokens(rows, origins, *by);
        let groups: BTreeSet<&str> = sums.keys().map(|(group, _)| *group).collect();
        if groups.iter().all(|group| *group == UNKNOWN) {
            continue;
        }
        let mut of_kind: Vec<Share> =
            groups.into_iter().filter_map(|group| share(&sums, covered, *by, group, *last, before)).collect();
        let size = |share: &Share| share.share_change.map_or(share.share, f64::abs);
        of_kind.sort_by(|one, other| size(other).total_cmp(&size(one)).then(one.group.cmp(&other.group)));
        shares.append(&mut of_kind);
    }
    shares
}

fn share(
    sums: &BTreeMap<(&str, Step), f64>,
    covered: &Covered,
    by: By,
    group: &str,
    last: Step,
    before: Option<Step>,
) -> Option<Share> {
    let at = |step: Step| {
        let (all, days) = covered.get(step)?;
        let own = sums.get(&(group, step)).copied().unwrap_or_default();
        (all > 0.0).then_some((own / all, own / f64::from(days)))
    };
    let (now, per_day) = at(last)?;
    let earlier = before.and_then(at);
    // A group that was in neither step is not of this moment.
    if now == 0.0 && earlier.is_none_or(|(share, _)| share == 0.0) {
        return None;
    }
    Some(Share {
        by: by.name(),
        group: group.to_owned(),
        share: now,
        share_before: earlier.map(|(share, _)| share),
        share_change: earlier.map(|(share, _)| now - share),
        change: earlier.filter(|(_, mean)| *mean > 0.0).map(|(_, mean)| per_day / mean - 1.0),
    })
}

/// Each month of each group, months together, the largest group first.
pub fn groups(
    rows: &[UsageRow],
    covered: &Covered,
    origins: &Origins,
    by: By,
    query: &Query,
) -> Vec<GroupMonth> {
    let mut by_group: BTreeMap<&str, Series> = BTreeMap::new();
    for ((group, step), sum) in tokens(rows, origins, by) {
        let (Step::Month(month), Some((_, days))) = (step, covered.get(step)) else { continue };
        by_group.entry(group).or_default().insert(month, sum / f64::from(days));
    }
    let mut months = Vec::new();
    for (group, series) in &by_group {
        let trends = trends(series, &query.rules());
        for (month, trend) in trends.into_iter().filter(|(month, _)| query.shows(*month)) {
            let mean = series.get(&month).copied().unwrap_or_default();
            let all = covered.get(Step::Month(month)).map_or(0.0, |(all, days)| all / f64::from(days));
            months.push(GroupMonth {
                month: Some(month),
                group: (*group).to_owned(),
                mean_tokens_per_day: mean,
                share: if all > 0.0 { mean / all } else { 0.0 },
                mom: trend.mom,
                yoy: trend.yoy,
                streak: trend.streak,
            });
        }
    }
    months.sort_by(|one, other| {
        one.month.cmp(&other.month).then(other.share.total_cmp(&one.share)).then(one.group.cmp(&other.group))
    });
    months
}
