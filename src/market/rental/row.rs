//! One month of the tracker.

use std::collections::BTreeMap;

use serde::Serialize;

use super::panel::{Level, Panel};
use super::ratio::Ratio;
use crate::market::matched::Matched;
use crate::market::month::Month;
use crate::market::trend::{Move, Rules, Series, Trend, trends};
use crate::price::to_f64;

/// What is known of a month. Changes are fractions, prices USD per GPU and hour; what is not known is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RentalMonth {
    /// The month.
    pub month: Month,
    /// Median over providers; withheld below three.
    pub level_usd_per_gpu_hour: Option<f64>,
    /// Providers with a vote.
    pub providers: usize,
    /// The cheapest vote.
    pub min_usd_per_gpu_hour: Option<f64>,
    /// The dearest vote.
    pub max_usd_per_gpu_hour: Option<f64>,
    /// 1.4826 times the median absolute deviation of the votes, as a share of the level.
    pub dispersion: Option<f64>,
    /// Why there is no level.
    pub withheld: Option<String>,
    /// Change of the level since `mom_from`.
    pub mom: Option<f64>,
    /// The month before; an earlier one only where missing months hold.
    pub mom_from: Option<Month>,
    /// Change of the level since the same month of the year before.
    pub yoy: Option<f64>,
    /// Months in a row in which the level rose, negative where it fell.
    pub streak: Option<i32>,
    /// Change of those who quoted before, each against itself.
    pub matched_mom: Option<f64>,
    /// How many those are.
    pub matched: usize,
    /// Of them, those that rose by more than the tolerance.
    pub up: usize,
    /// Those that fell by more than it.
    pub down: usize,
    /// Months in a row in which those who quoted before rose, negative where they fell.
    pub matched_streak: Option<i32>,
    /// Providers that the last month with a quote did not have.
    pub joined: Vec<String>,
    /// Providers that only the last month with a quote had.
    pub left: Vec<String>,
    /// The level of all regions, where one was asked for.
    pub all_regions_level_usd_per_gpu_hour: Option<f64>,
    /// The change of that level.
    pub all_regions_mom: Option<f64>,
    /// Whether the region and all regions moved in opposite directions.
    pub regions_disagree: Option<bool>,
    /// The level in that of the other GPU.
    pub ratio: Option<f64>,
    /// Change of the ratio.
    pub ratio_mom: Option<f64>,
    /// Months in a row in which the ratio rose, negative where it fell.
    pub ratio_streak: Option<i32>,
    /// The ratio divided by that of the measured rates: what a token costs here in what it costs there.
    pub ratio_per_token: Option<f64>,
    /// Spot in the same provider's on-demand price, median over providers.
    pub spot_over_on_demand: Option<f64>,
    /// Providers that quote both.
    pub spot_providers: usize,
    /// Every vote.
    pub votes: Vec<Vote>,
}

/// One provider's vote.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Vote {
    /// Who rents it out.
    pub provider: String,
    /// Median of its rows.
    pub usd_per_gpu_hour: f64,
    /// Rows behind it; regions that repeat a price are one.
    pub rows: usize,
}

/// A row per month with its level and votes.
pub(super) fn rows(panel: &Panel, levels: &BTreeMap<Month, Level>) -> Vec<RentalMonth> {
    let vote = |cast: &super::panel::Cast| Vote {
        provider: panel.name(cast.provider),
        usd_per_gpu_hour: to_f64(cast.usd_per_gpu_hour),
        rows: cast.rows,
    };
    let row = |(month, level): (&Month, &Level)| {
        let votes: Vec<Vote> = panel.months.get(month).into_iter().flatten().map(vote).collect();
        RentalMonth {
            month: *month,
            level_usd_per_gpu_hour: level.usd_per_gpu_hour,
            providers: votes.len(),
            min_usd_per_gpu_hour: level.min,
            max_usd_per_gpu_hour: level.max,
            dispersion: level.dispersion,
            withheld: level.withheld.clone(),
            mom: None,
            mom_from: None,
            yoy: None,
            streak: None,
            matched_mom: None,
            matched: 0,
            up: 0,
            down: 0,
            matched_streak: None,
            joined: Vec::new(),
            left: Vec::new(),
            all_regions_level_usd_per_gpu_hour: None,
            all_regions_mom: None,
            regions_disagree: None,
            ratio: None,
            ratio_mom: None,
            ratio_streak: None,
            ratio_per_token: None,
            spot_over_on_demand: None,
            spot_providers: 0,
            votes,
        }
    };
    levels.iter().map(row).collect()
}

/// Adds how the level moved.
pub(super) fn add_trends(rows: &mut [RentalMonth], trends: &BTreeMap<Month, Trend>) {
    for row in rows {
        let trend = trends.get(&row.month).copied().unwrap_or_default();
        (row.mom, row.mom_from, row.yoy, row.streak) = (trend.mom, trend.mom_from, trend.yoy, trend.streak);
    }
}

/// Adds how those moved who quoted before.
pub(super) fn add_matched(
    rows: &mut [RentalMonth],
    moved: &BTreeMap<Month, Matched>,
    streaks: &BTreeMap<Month, i32>,
) {
    for row in rows {
        if let Some(moved) = moved.get(&row.month) {
            row.matched_mom = moved.change;
            (row.matched, row.up, row.down) = (moved.count, moved.up, moved.down);
            (row.joined, row.left) = (moved.joined.clone(), moved.left.clone());
        }
        row.matched_streak = streaks.get(&row.month).copied();
    }
}

/// Adds the level of all regions beside that of one.
pub(super) fn add_all_regions(
    rows: &mut [RentalMonth],
    levels: &Series,
    trends: &BTreeMap<Month, Trend>,
    rules: &Rules,
) {
    for row in rows {
        row.all_regions_level_usd_per_gpu_hour = levels.get(&row.month).copied();
        row.all_regions_mom = trends.get(&row.month).and_then(|trend| trend.mom);
        let steps = row.mom.zip(row.all_regions_mom);
        row.regions_disagree = steps.map(|(here, all)| {
            let steps = (rules.judge_change(here), rules.judge_change(all));
            matches!(steps, (Move::Up, Move::Down) | (Move::Down, Move::Up))
        });
    }
}

/// Adds the ratio to another GPU in the months in which both have a level.
pub(super) fn add_ratio(rows: &mut [RentalMonth], levels: &Series, other: &Series, ratio: &Ratio) {
    let both = levels.iter().filter_map(|(month, level)| Some((*month, level / other.get(month)?)));
    let series: Series = both.collect();
    let moved = trends(&series, &ratio.rules);
    for row in rows {
        row.ratio = series.get(&row.month).copied();
        let trend = moved.get(&row.month).copied().unwrap_or_default();
        (row.ratio_mom, row.ratio_streak) = (trend.mom, trend.streak);
        row.ratio_per_token = row.ratio.zip(ratio.speed).map(|(ratio, speed)| ratio / speed.ratio);
    }
}
