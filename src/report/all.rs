//! The whole tracker as one page.

use super::UNKNOWN;
use super::columns::{Column, number, text, wide};
use super::listing::{self, Listed};
use super::series::{percent, plain, signed};
use super::terminal::wrapped;
use crate::market::all::{All, RentSignal};
use crate::market::indicators::Indicator;
use crate::text::{inert, markdown_cell, significant};

/// Models whose prices are told; all are in the JSON.
const MODELS: usize = 4;
/// Quoted indicators that the page tells: the heads of their lists.
const HEADLINES: [(&str, &str); 5] = [
    ("usage", "yoy"),
    ("token price", "yoy"),
    ("spend", "yoy"),
    ("memory spot price", "mom"),
    ("usage share", "share"),
];

impl Listed for Indicator {
    const COLUMNS: &'static [Column<Self>] = &[
        text("indicator", |row| row.indicator.clone()),
        text("subject", |row| row.subject.clone()),
        text("date", |row| row.date.clone()),
        text("period", |row| if row.period.is_empty() { UNKNOWN.into() } else { row.period.clone() }),
        number("value", Indicator::shown),
        text("change", |row| row.change.clone()),
        text("basis", |row| row.basis.clone()),
        text("source", |row| row.source.clone()),
        text("status", |row| row.status.to_string()),
    ];
}

impl Listed for RentSignal {
    const COLUMNS: &'static [Column<Self>] = &[
        text("rent", |row| row.gpu.clone()),
        text("month", |row| plain(row.month)),
        number("$/GPU-h", |row| super::number(row.level_usd_per_gpu_hour)),
        number("n", |row| row.providers.to_string()),
        number("change", |row| percent(row.mom)),
        text("since", |row| row.mom_from.map_or(UNKNOWN.into(), |month| month.to_string())),
        number("streak", |row| signed(row.streak)),
        number("matched", |row| percent(row.matched_mom)),
        text("ratio", |row| match (row.ratio, &row.ratio_to) {
            (Some(ratio), Some(other)) => format!("{} to {other}", significant(ratio)),
            _ => UNKNOWN.into(),
        }),
        number("its change", |row| percent(row.ratio_mom)),
        wide(text("scope", |row| row.scope.clone())),
    ];
}

/// A page for a terminal; the JSON has everything.
pub fn terminal(all: &All, width: u16) -> String {
    let mut out = format!("Tracker as of {}\n{}", all.as_of, listing::terminal(&all.rents, width));
    for line in lines(all) {
        out += &wrapped(&inert(&line), width);
    }
    out
}

/// Rents, what is told of the rest, and all indicators.
pub fn markdown(all: &All) -> String {
    let lines: String = lines(all).iter().map(|line| format!("- {}\n", markdown_cell(line))).collect();
    format!(
        "Tracker as of {}\n\n{}\n{lines}\n{}",
        all.as_of,
        listing::markdown(&all.rents),
        listing::markdown(&all.indicators)
    )
}

/// The indicators as CSV.
pub fn csv(all: &All) -> String {
    listing::csv(&all.indicators)
}

fn lines(all: &All) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(rent) = all.rents.first() {
        lines.push(format!("rents: {}; median over n providers, bundled rentals.csv", rent.scope));
    }
    let models: Vec<String> = all
        .tokens
        .iter()
        .take(MODELS)
        .map(|row| format!("{} {} ({})", row.model, significant(row.usd_per_mtok), row.sellers))
        .collect();
    if let Some(first) = all.tokens.first() {
        lines.push(format!("tokens, $/Mtok at {}:1 (sellers): {}", first.mix, models.join(", ")));
    }
    let told: Vec<String> = HEADLINES
        .iter()
        .flat_map(|(name, change)| {
            all.indicators
                .iter()
                .filter(move |row| row.indicator == *name && row.change == *change && row.date.len() == 7)
        })
        .map(|row| format!("{} {} {} {} ({})", row.indicator, row.subject, row.shown(), row.change, row.date))
        .collect();
    if !told.is_empty() {
        lines.push(format!("quoted, not measured: {}", told.join("; ")));
    }
    let not: Vec<&str> = all
        .claims
        .claims
        .iter()
        .filter(|claim| claim.consistent == Some(false))
        .filter_map(|claim| claim.claim.split(',').next())
        .collect();
    lines.push(format!(
        "{} of {} claims contradict themselves (first figure of each): {}",
        not.len(),
        all.claims.claims.len(),
        not.join("; ")
    ));
    let list =
        |signals: &[String]| if signals.is_empty() { "nothing".to_owned() } else { signals.join("; ") };
    lines.push(format!("verdict, agree: {}", list(&all.verdict.agree)));
    lines.push(format!("verdict, do not agree: {}", list(&all.verdict.disagree)));
    lines
}
