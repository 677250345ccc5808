//! Rents month by month: the level of the market, and how those who quoted before have moved.
//!
//! A month's level is the median over providers, each with one vote; below three providers it is withheld. Providers come
//! and go, and the level moves with them: the matched change holds each provider against its own last quote only. Kinds,
//! bases and sizes of memory are never mixed, and regions only where none is named.

mod choose;
pub mod name;
mod panel;
mod ratio;
mod row;
pub mod speed;
mod spot;

use std::collections::BTreeMap;

use serde::Serialize;

use super::matched::matched;
use super::month::Month;
use super::trend::{OnRun, Rules, Series, TOLERANCE, compound_monthly, streaks, trends};
use crate::price::rental::{Basis, Kind, RentalQuote};
use crate::price::rental_csv::RentalPoint;
pub(super) use choose::most_used;
use choose::{Chosen, choose};
use name::Catalogue;
use panel::{Level, Panel};
pub use ratio::Ratio;
pub use row::{RentalMonth, Vote};
pub use spot::SpotProvider;

/// Fewer providers than this make no level.
pub const LEAST_PROVIDERS: usize = 3;

/// A move of at most this much is a matter of rounding, in USD per hour.
pub const FLOOR_USD_PER_HOUR: f64 = 0.001;

/// What is asked of a table of rents.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// A family such as `h100`, in any case, or an exact name such as `H100 SXM`.
    pub gpu: &'q str,
    /// GB of one GPU, where a family is sold with several.
    pub memory_gb: Option<u16>,
    /// The GPU that rents are divided by.
    pub ratio: Option<&'q str>,
    /// How it is rented.
    pub kind: Kind,
    /// What numbers stand for; `None` takes the basis that publishes the most months.
    pub basis: Option<Basis>,
    /// One region, or a part of its name up to a separator: `us` means `us-east-1` too.
    pub region: Option<&'q str>,
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

impl<'q> Query<'q> {
    /// On-demand rents of a GPU under the common rules.
    pub fn of(gpu: &'q str) -> Self {
        Self {
            gpu,
            memory_gb: None,
            ratio: None,
            kind: Kind::OnDemand,
            basis: None,
            region: None,
            from: None,
            to: None,
            tolerance: TOLERANCE,
            flat: OnRun::Break,
            gap: OnRun::Break,
        }
    }

    fn rules(&self, estimator: &str, floor: f64) -> Rules {
        Rules {
            estimator: estimator.to_owned(),
            tolerance: self.tolerance,
            floor,
            flat: self.flat,
            gap: self.gap,
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// What the numbers are about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scope {
    /// The GPU as asked for.
    pub gpu: String,
    /// The names in the table that are meant.
    pub hardware: Vec<String>,
    /// GB of one GPU; more than one where forms of the family differ in it.
    pub memory_gb: Vec<u16>,
    /// How it is rented.
    pub kind: Kind,
    /// What the numbers stand for.
    pub basis: Basis,
    /// Which regions vote.
    pub region: String,
    /// The unit of levels.
    pub unit: &'static str,
    /// The first month with a quote.
    pub period_from: Month,
    /// The last month with a quote.
    pub period_to: Month,
    /// Everybody who ever quoted.
    pub providers: Vec<String>,
    /// Where the numbers were read.
    pub sources: Vec<String>,
    /// Rows behind all of it.
    pub rows: usize,
}

/// The constant monthly change between two months.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Compound {
    /// From the level of this month
    pub from: Month,
    /// to that of this one,
    pub to: Month,
    /// by this fraction each month.
    pub monthly: f64,
}

impl Compound {
    /// From the first to the last month of a series in a window; `None` with fewer than two months.
    pub fn of(series: &Series, from: Option<Month>, to: Option<Month>) -> Option<Self> {
        let inside =
            |month: &&Month| from.is_none_or(|from| **month >= from) && to.is_none_or(|to| **month <= to);
        let mut months = series.keys().filter(inside);
        let first = *months.next()?;
        let last = *months.next_back()?;
        Some(Self { from: first, to: last, monthly: compound_monthly(series, first, last)? })
    }
}

/// The rents of one GPU.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tracker {
    /// What the numbers are about.
    pub scope: Scope,
    /// Rules of the level's changes and streaks.
    pub rules: Rules,
    /// Rules of the matched changes and their streaks.
    pub matched_rules: Rules,
    /// From the first to the last level shown.
    pub compound: Option<Compound>,
    /// Every month from the first with a quote to the last.
    pub months: Vec<RentalMonth>,
    /// The GPU that is divided by.
    pub ratio: Option<Ratio>,
    /// Spot against on-demand, for everybody who quotes both.
    pub spot: Vec<SpotProvider>,
    /// What the reader should doubt.
    pub warnings: Vec<String>,
}

const LEVEL: &str = "median over providers of each provider's median; no level below 3 providers";
const MATCHED: &str =
    "geometric mean over providers of the change since their own last quote, at most 3 months old";
/// The unit of every level.
pub const UNIT: &str = "USD per GPU and hour";

/// Quotes with a price as points of a series.
pub fn of_quotes(quotes: &[RentalQuote]) -> Vec<RentalPoint> {
    let point = |quote: &RentalQuote| {
        Some(RentalPoint {
            date: quote.date,
            provider: quote.provider.clone(),
            gpu: quote.hardware.clone(),
            memory_gb: quote.memory_gb,
            kind: quote.kind,
            basis: quote.basis,
            region: quote.region.clone(),
            usd_per_gpu_hour: quote.usd_per_hour.value()?,
            source: quote.source.clone(),
            line: quote.line,
        })
    };
    quotes.iter().filter_map(point).collect()
}

/// Follows the rents of a GPU. `speeds` is a table of measurements such as `validation.csv`, for ratios per token.
///
/// # Errors
/// [`Refused`] where no row is meant by what is asked for, with what there is instead.
pub fn track(
    points: &[RentalPoint],
    catalogue: &Catalogue,
    speeds: &str,
    query: &Query<'_>,
) -> Result<Tracker, Refused> {
    let chosen = choose(points, catalogue, query)?;
    let panel = Panel::of(&chosen.rows);
    let rules = query.rules(LEVEL, FLOOR_USD_PER_HOUR);
    let matched_rules = query.rules(MATCHED, FLOOR_USD_PER_HOUR);
    let levels = panel.levels();
    let series = published(&levels);
    let mut rows = row::rows(&panel, &levels);
    row::add_trends(&mut rows, &trends(&series, &rules));
    let moved = matched(&panel.prices(), &panel.providers, &matched_rules);
    let steps = moved.iter().filter_map(|(month, moved)| Some((*month, moved.step?))).collect();
    row::add_matched(&mut rows, &moved, &streaks(&steps, &matched_rules));
    if query.region.is_some() {
        let all = published(&Panel::of(&chosen.all_regions).levels());
        row::add_all_regions(&mut rows, &all, &trends(&all, &rules), &rules);
    }
    let mut warnings = chosen.warnings.clone();
    let ratio = query.ratio.map(|other| ratio::divide(points, catalogue, speeds, query, (&chosen, other)));
    let ratio = ratio.transpose()?.map(|(ratio, other)| {
        row::add_ratio(&mut rows, &series, &other, &ratio);
        warnings.extend(ratio.warnings.iter().cloned());
        ratio
    });
    let spot = spot::spot(points, &chosen, &mut rows);
    let scope = Scope::of(query, &chosen, &panel)?;
    rows.retain(|row| {
        query.from.is_none_or(|from| row.month >= from) && query.to.is_none_or(|to| row.month <= to)
    });
    if rows.is_empty() {
        let what = format!(
            "no quote between --from and --to; there are {} to {}",
            scope.period_from, scope.period_to
        );
        return Err(Refused(what));
    }
    let compound = Compound::of(&series, query.from, query.to);
    Ok(Tracker { scope, rules, matched_rules, compound, months: rows, ratio, spot, warnings })
}

/// The levels that are published.
fn published(levels: &BTreeMap<Month, Level>) -> Series {
    levels.iter().filter_map(|(month, level)| Some((*month, level.usd_per_gpu_hour?))).collect()
}

impl Scope {
    fn of(query: &Query<'_>, chosen: &Chosen<'_>, panel: &Panel) -> Result<Self, Refused> {
        let nothing = || Refused("there are no rents".into());
        Ok(Scope {
            gpu: query.gpu.to_owned(),
            hardware: chosen.hardware.clone(),
            memory_gb: chosen.memory_gb.clone(),
            kind: query.kind,
            basis: chosen.basis,
            region: chosen.region.clone(),
            unit: UNIT,
            period_from: panel.first().ok_or_else(nothing)?,
            period_to: panel.last().ok_or_else(nothing)?,
            providers: panel.providers.clone(),
            sources: most_used(chosen.rows.iter().map(|row| &*row.source)),
            rows: chosen.rows.len(),
        })
    }
}

#[cfg(test)]
mod tests;
