//! Token prices month by month as text.

use super::columns::{Column, common, number, text, wide};
use super::series::{self, Sheet, exact, percent, plain, signed};
use crate::market::tokens::{TokenMonth, TokenTracker};
use crate::text::{UNKNOWN, significant};

/// The tracker for a terminal of `width` columns.
pub fn terminal(tracker: &TokenTracker, width: u16) -> String {
    sheet(tracker).terminal(width)
}

/// The tracker as Markdown.
pub fn markdown(tracker: &TokenTracker) -> String {
    sheet(tracker).markdown()
}

/// A row per month, also of those without a card.
pub fn csv(tracker: &TokenTracker) -> String {
    series::csv(&FIELDS, &tracker.months)
}

fn sheet(tracker: &TokenTracker) -> Sheet<'_, TokenMonth> {
    let scope = &tracker.scope;
    let mut grounds = vec![
        format!(
            "Tokens of {}, {}, blended at {} input tokens per output token",
            scope.model, scope.unit, scope.input_output_ratio
        ),
        scope.basis.to_owned(),
        format!(
            "{} to {}: {} cards of {} sellers; source: {}",
            scope.period_from,
            scope.period_to,
            scope.cards,
            scope.sellers.len(),
            scope.sources.join("; ")
        ),
        series::rules("median", &tracker.rules, ""),
        series::rules("matched", &tracker.matched_rules, ""),
    ];
    grounds.extend(tracker.compound.as_ref().map(series::compound));
    Sheet {
        grounds,
        columns: &COLUMNS,
        rows: tracker.months.iter().filter(|row| row.sellers > 0).collect(),
        remarks: Vec::new(),
        warnings: &tracker.warnings,
    }
}

fn price(value: Option<f64>) -> String {
    value.map_or(UNKNOWN.into(), significant)
}

const COLUMNS: [Column<TokenMonth>; 14] = [
    text("month", |row| row.month.to_string()),
    number("median", |row| match row.median_usd_per_mtok_blended {
        Some(median) => significant(median),
        None => "withheld".into(),
    }),
    number("n", |row| row.sellers.to_string()),
    wide(number("median in", |row| price(row.median_usd_per_mtok_in))),
    wide(number("median out", |row| price(row.median_usd_per_mtok_out))),
    number("cheapest", |row| price(row.cheapest_usd_per_mtok_blended)),
    wide(text("cheapest seller", |row| plain(row.cheapest_seller.as_ref()))),
    number("MoM", |row| percent(row.mom)),
    common(number("YoY", |row| percent(row.yoy))),
    number("streak", |row| signed(row.streak)),
    number("matched MoM", |row| percent(row.matched_mom)),
    common(number("up/down of", |row| format!("{}/{} of {}", row.up, row.down, row.matched))),
    number("matched streak", |row| signed(row.matched_streak)),
    wide(text("joined", |row| row.joined.join(", "))),
];

/// The fields of a month in CSV.
const FIELDS: [Column<TokenMonth>; 21] = [
    text("month", |row| row.month.to_string()),
    text("median_usd_per_mtok_blended", |row| exact(row.median_usd_per_mtok_blended)),
    text("median_usd_per_mtok_in", |row| exact(row.median_usd_per_mtok_in)),
    text("median_usd_per_mtok_out", |row| exact(row.median_usd_per_mtok_out)),
    text("cheapest_usd_per_mtok_blended", |row| exact(row.cheapest_usd_per_mtok_blended)),
    text("cheapest_seller", |row| plain(row.cheapest_seller.as_ref())),
    text("sellers", |row| row.sellers.to_string()),
    text("withheld", |row| plain(row.withheld.as_ref())),
    text("mom", |row| exact(row.mom)),
    text("mom_from", |row| plain(row.mom_from)),
    text("yoy", |row| exact(row.yoy)),
    text("streak", |row| plain(row.streak)),
    text("cheapest_mom", |row| exact(row.cheapest_mom)),
    text("matched_mom", |row| exact(row.matched_mom)),
    text("matched", |row| row.matched.to_string()),
    text("up", |row| row.up.to_string()),
    text("down", |row| row.down.to_string()),
    text("matched_streak", |row| plain(row.matched_streak)),
    text("joined", |row| row.joined.join(";")),
    text("left", |row| row.left.join(";")),
    text("sources", |row| row.sources.join(";")),
];
