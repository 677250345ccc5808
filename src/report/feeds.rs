//! What came of asking public sources for prices: a row per source.

use serde::Serialize;

use super::columns::{Column, common, number, text, wide};
use super::{csv as rows_csv, json as document, markdown, terminal as page};
use crate::named::named;
use crate::price::feed::Feed;
use crate::text::{UNKNOWN, inert, markdown_cell};

/// Grows by one when a key changes its meaning or goes away; a new key does not change it.
pub const SCHEMA_VERSION: u32 = 1;

/// How asking a source ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It sent a body.
    Fetched,
    /// It said that the kept copy is still its newest.
    Unchanged,
    /// The kept copy was taken without asking.
    Kept,
    /// Nothing that can be used; the reason says why.
    Failed,
    /// It was not asked; the reason says why.
    #[default]
    Skipped,
}

named!(State {
    Fetched = "fetched",
    Unchanged = "unchanged",
    Kept = "kept",
    Failed = "failed",
    Skipped = "skipped",
});

/// One source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FeedRow {
    /// Its name.
    pub source: String,
    /// What its rows are.
    pub kind: String,
    /// How asking ended.
    pub state: State,
    /// Why it ended so.
    pub reason: Option<String>,
    /// When the server last sent the copy or said that it is unchanged, in UTC.
    pub checked: Option<String>,
    /// How old that is, in days.
    pub age_days: Option<f64>,
    /// Bytes as sent.
    pub bytes: Option<u64>,
    /// The format that was recognised.
    pub format: Option<String>,
    /// Rows that were taken.
    pub accepted: Option<u64>,
    /// Rows that cannot be true or cannot be read.
    pub rejected: Option<u64>,
    /// Rows that were taken with a flag.
    pub flagged: Option<u64>,
    /// Rows that are none of the prices looked for.
    pub left_out: Option<u64>,
    /// Where it is.
    pub url: String,
    /// Under which terms its data may be used.
    pub licence: String,
    /// The line that goes with its figures.
    pub attribution: String,
}

impl FeedRow {
    /// A source about which nothing is known yet.
    pub fn of(feed: &Feed) -> Self {
        Self {
            source: feed.name.clone(),
            kind: feed.kind.to_string(),
            url: feed.url.to_string(),
            licence: feed.licence.clone(),
            attribution: feed.attribution.clone(),
            ..Self::default()
        }
    }
}

#[derive(Serialize)]
struct Whole<'r> {
    schema_version: u32,
    failed: usize,
    sources: &'r [FeedRow],
}

/// One object: how many sources failed, and a row per source.
pub fn json(rows: &[FeedRow]) -> String {
    document::pretty(&Whole { schema_version: SCHEMA_VERSION, failed: failed(rows), sources: rows })
}

/// A row per source.
pub fn csv(rows: &[FeedRow]) -> String {
    rows_csv::rows_csv(rows)
}

/// The table for a terminal, then what the figures need beside them.
pub fn terminal(rows: &[FeedRow], width: u16) -> String {
    let lines: String = attributions(rows).iter().map(|line| page::wrapped(&inert(line), width)).collect();
    format!("{}\n{lines}", page::table(&COLUMNS, &rows.iter().collect::<Vec<_>>(), width, false))
}

/// The table as Markdown, and what the figures need beside them.
pub fn markdown(rows: &[FeedRow]) -> String {
    let lines = attributions(rows).into_iter().map(|line| format!("- {}\n", markdown_cell(&line)));
    markdown::table(&COLUMNS, &rows.iter().collect::<Vec<_>>()) + "\n" + &lines.collect::<String>()
}

/// The sources with where they are and under which terms, for a terminal.
pub fn list(rows: &[FeedRow], width: u16) -> String {
    page::table(&LIST, &rows.iter().collect::<Vec<_>>(), width, false) + "\n"
}

/// How many sources failed.
pub fn failed(rows: &[FeedRow]) -> usize {
    rows.iter().filter(|row| row.state == State::Failed).count()
}

/// The attributions of what was taken, each once, in order.
fn attributions(rows: &[FeedRow]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for row in rows.iter().filter(|row| row.accepted.is_some_and(|accepted| accepted > 0)) {
        let line = format!("{} ({})", row.attribution, row.licence);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

const COLUMNS: [Column<FeedRow>; 9] = [
    text("source", |row| row.source.clone()),
    text("state", |row| row.state.to_string()),
    number("age", |row| row.age_days.map_or(UNKNOWN.into(), age)),
    number("accepted", |row| count(row.accepted)),
    number("rejected", |row| count(row.rejected)),
    common(number("flagged", |row| count(row.flagged))),
    wide(number("left out", |row| count(row.left_out))),
    wide(text("format", |row| row.format.clone().unwrap_or(UNKNOWN.into()))),
    text("reason", |row| row.reason.clone().unwrap_or_default()),
];

const LIST: [Column<FeedRow>; 6] = [
    text("source", |row| row.source.clone()),
    text("kind", |row| row.kind.clone()),
    number("age", |row| row.age_days.map_or(UNKNOWN.into(), age)),
    text("address", |row| row.url.clone()),
    common(text("licence", |row| row.licence.clone())),
    wide(text("attribution", |row| row.attribution.clone())),
];

fn count(rows: Option<u64>) -> String {
    rows.map_or(UNKNOWN.into(), |rows| rows.to_string())
}

/// An age in the largest unit of which there is one.
fn age(days: f64) -> String {
    let minutes = (days * 1440.0).floor();
    match minutes {
        _ if minutes >= 2880.0 => format!("{:.0} d", days.floor()),
        _ if minutes >= 120.0 => format!("{:.0} h", (days * 24.0).floor()),
        _ => format!("{minutes:.0} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<FeedRow> {
        let row = |source: &str, state| FeedRow {
            source: source.into(),
            state,
            attribution: "Source: A".into(),
            licence: "MIT".into(),
            ..FeedRow::default()
        };
        let taken = FeedRow { accepted: Some(3), age_days: Some(0.5), ..row("a", State::Kept) };
        let failed = FeedRow { reason: Some("\u{1b}[2J".into()), ..row("b", State::Failed) };
        vec![taken.clone(), failed, FeedRow { source: "c".into(), ..taken }]
    }

    #[test]
    fn every_source_is_shown_and_each_attribution_once() {
        let shown = terminal(&rows(), 100);
        assert!(
            shown.contains("12 h") && shown.contains("failed") && shown.contains("\\u{1b}[2J"),
            "{shown}"
        );
        assert_eq!(shown.matches("Source: A (MIT)").count(), 1);
        assert!(markdown(&rows()).contains("\\\\u{1b}\\[2J"));
    }

    #[test]
    fn json_counts_what_failed_and_leaves_unknown_null() {
        let json: serde_json::Value = serde_json::from_str(&json(&rows())).unwrap();
        assert_eq!((&json["failed"], &json["sources"][0]["state"]), (&1.into(), &"kept".into()));
        assert!(json["sources"][1]["accepted"].is_null() && json["sources"][0]["accepted"] == 3);
        assert_eq!(csv(&rows()).lines().count(), 4);
    }

    #[test]
    fn ages_have_one_unit() {
        let shown = [0.0, 0.05, 0.1, 1.9, 2.0, 400.7].map(age);
        assert_eq!(shown, ["0 min", "72 min", "2 h", "45 h", "2 d", "400 d"]);
    }
}
