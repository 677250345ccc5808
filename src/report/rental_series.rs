//! Rents month by month as text.

use super::columns::{Column, common, number, text, wide};
use super::series::{self, Sheet, exact, percent, plain, signed};
use crate::market::rental::{RentalMonth, Scope, Tracker};
use crate::text::{UNKNOWN, significant};

/// The tracker for a terminal of `width` columns.
pub fn terminal(tracker: &Tracker, width: u16) -> String {
    sheet(tracker, &columns(tracker)).terminal(width)
}

/// The tracker as Markdown.
pub fn markdown(tracker: &Tracker) -> String {
    sheet(tracker, &columns(tracker)).markdown()
}

/// A row per month, also of those without a quote.
pub fn csv(tracker: &Tracker) -> String {
    series::csv(&FIELDS, &tracker.months)
}

fn sheet<'t>(tracker: &'t Tracker, columns: &'t [Column<RentalMonth>]) -> Sheet<'t, RentalMonth> {
    Sheet {
        grounds: grounds(tracker),
        columns,
        rows: tracker.months.iter().filter(|row| row.providers > 0).collect(),
        remarks: remarks(tracker),
        warnings: &tracker.warnings,
    }
}

fn grounds(tracker: &Tracker) -> Vec<String> {
    let scope = &tracker.scope;
    let mut grounds = vec![
        format!("Rent of {}, {}, basis {}, {}", hardware(scope), scope.kind, scope.basis, scope.unit),
        format!("regions: {}", scope.region),
        format!(
            "{} to {}: {} rows of {} providers; source: {}",
            scope.period_from,
            scope.period_to,
            scope.rows,
            scope.providers.len(),
            if scope.sources.is_empty() { "not named".to_owned() } else { scope.sources.join("; ") },
        ),
        series::rules("level", &tracker.rules, "USD"),
        series::rules("matched", &tracker.matched_rules, "USD"),
    ];
    grounds.extend(tracker.compound.as_ref().map(series::compound));
    if let Some(ratio) = &tracker.ratio {
        grounds.push(series::rules(&format!("ratio to {}", hardware(&ratio.scope)), &ratio.rules, ""));
        grounds.push(match (&ratio.speed, &ratio.no_speed) {
            (Some(speed), _) => format!(
                "ratio per token: the ratio divided by {}, the measured ratio of rates (median of {} pairs, {} to {})",
                significant(speed.ratio),
                speed.pairs,
                significant(speed.low),
                significant(speed.high)
            ),
            (None, reason) => format!("no ratio per token: {}", reason.clone().unwrap_or_default()),
        });
    }
    grounds
}

fn hardware(scope: &Scope) -> String {
    let sizes: Vec<String> = scope.memory_gb.iter().map(|gb| format!("{gb} GB")).collect();
    let sizes = if sizes.is_empty() { "memory unknown".to_owned() } else { sizes.join(" and ") };
    format!("{} ({sizes})", scope.hardware.join(", "))
}

/// Joins and leaves of the newest months, spot quotes, and regions that move apart.
fn remarks(tracker: &Tracker) -> Vec<String> {
    let list = |names: &[String]| if names.is_empty() { UNKNOWN.to_owned() } else { names.join(", ") };
    let changed = tracker.months.iter().filter(|row| !(row.joined.is_empty() && row.left.is_empty()));
    let newest: Vec<&RentalMonth> = changed.rev().take(3).collect();
    let mut remarks: Vec<String> = newest
        .into_iter()
        .rev()
        .map(|row| format!("{}: joined {}; left {}", row.month, list(&row.joined), list(&row.left)))
        .collect();
    for row in tracker.months.iter().filter(|row| row.regions_disagree == Some(true)) {
        remarks.push(format!(
            "{}: all regions moved the other way, {} against {}",
            row.month,
            percent(row.all_regions_mom),
            percent(row.mom)
        ));
    }
    for spot in &tracker.spot {
        remarks.push(format!(
            "spot at {}: {} of on-demand in {}{}",
            spot.provider,
            significant(spot.spot_over_on_demand),
            if spot.months == 1 { "1 month".to_owned() } else { format!("{} months", spot.months) },
            spot.flag.as_ref().map(|flag| format!(" ({flag})")).unwrap_or_default()
        ));
    }
    remarks
}

/// Columns for people; those of a ratio or of spot only where there are any.
fn columns(tracker: &Tracker) -> Vec<Column<RentalMonth>> {
    let mut columns = COLUMNS.to_vec();
    if tracker.ratio.is_some() {
        columns.extend(RATIO);
    }
    if tracker.months.iter().any(|row| row.spot_over_on_demand.is_some()) {
        columns.push(number("spot", |row| number_or_unknown(row.spot_over_on_demand)));
    }
    columns.extend(LAST);
    columns
}

fn number_or_unknown(value: Option<f64>) -> String {
    value.map_or(UNKNOWN.into(), significant)
}

const COLUMNS: [Column<RentalMonth>; 8] = [
    text("month", |row| row.month.to_string()),
    number("$/GPU-h", |row| match row.level_usd_per_gpu_hour {
        Some(level) => format!("{level:.3}"),
        None => "withheld".into(),
    }),
    number("n", |row| row.providers.to_string()),
    number("MoM", |row| percent(row.mom)),
    common(number("YoY", |row| percent(row.yoy))),
    number("streak", |row| signed(row.streak)),
    number("matched MoM", |row| percent(row.matched_mom)),
    common(number("up/down of", |row| format!("{}/{} of {}", row.up, row.down, row.matched))),
];

const RATIO: [Column<RentalMonth>; 3] = [
    number("ratio", |row| number_or_unknown(row.ratio)),
    wide(number("ratio MoM", |row| percent(row.ratio_mom))),
    wide(number("ratio per token", |row| number_or_unknown(row.ratio_per_token))),
];

const LAST: [Column<RentalMonth>; 6] = [
    number("matched streak", |row| signed(row.matched_streak)),
    wide(number("min", |row| number_or_unknown(row.min_usd_per_gpu_hour))),
    wide(number("max", |row| number_or_unknown(row.max_usd_per_gpu_hour))),
    wide(number("dispersion", |row| number_or_unknown(row.dispersion))),
    wide(text("joined", |row| row.joined.join(", "))),
    wide(text("left", |row| row.left.join(", "))),
];

/// The fields of a month in CSV.
const FIELDS: [Column<RentalMonth>; 28] = [
    text("month", |row| row.month.to_string()),
    text("level_usd_per_gpu_hour", |row| exact(row.level_usd_per_gpu_hour)),
    text("providers", |row| row.providers.to_string()),
    text("min_usd_per_gpu_hour", |row| exact(row.min_usd_per_gpu_hour)),
    text("max_usd_per_gpu_hour", |row| exact(row.max_usd_per_gpu_hour)),
    text("dispersion", |row| exact(row.dispersion)),
    text("withheld", |row| row.withheld.clone().unwrap_or_default()),
    text("mom", |row| exact(row.mom)),
    text("mom_from", |row| plain(row.mom_from)),
    text("yoy", |row| exact(row.yoy)),
    text("streak", |row| plain(row.streak)),
    text("matched_mom", |row| exact(row.matched_mom)),
    text("matched", |row| row.matched.to_string()),
    text("up", |row| row.up.to_string()),
    text("down", |row| row.down.to_string()),
    text("matched_streak", |row| plain(row.matched_streak)),
    text("joined", |row| row.joined.join(";")),
    text("left", |row| row.left.join(";")),
    text("all_regions_level_usd_per_gpu_hour", |row| exact(row.all_regions_level_usd_per_gpu_hour)),
    text("all_regions_mom", |row| exact(row.all_regions_mom)),
    text("regions_disagree", |row| plain(row.regions_disagree)),
    text("ratio", |row| exact(row.ratio)),
    text("ratio_mom", |row| exact(row.ratio_mom)),
    text("ratio_streak", |row| plain(row.ratio_streak)),
    text("ratio_per_token", |row| exact(row.ratio_per_token)),
    text("spot_over_on_demand", |row| exact(row.spot_over_on_demand)),
    text("spot_providers", |row| row.spot_providers.to_string()),
    text("votes", |row| {
        let vote =
            |vote: &crate::market::rental::Vote| format!("{}={}", vote.provider, vote.usd_per_gpu_hour);
        row.votes.iter().map(vote).collect::<Vec<_>>().join(";")
    }),
];
