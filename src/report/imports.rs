//! What came of importing price files, as JSON, CSV, Markdown and for a terminal.

use std::collections::BTreeMap;

use serde::Serialize;

use super::columns::{Column, common, text};
use super::listing::{self, Listed};
use crate::price::Rule;
use crate::price::import::{Finding, Kind};
use crate::text::inert;

/// Findings that are shown to people of one file; the others are in the JSON and CSV.
const SHOWN: usize = 20;

/// What came of one file.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    /// Its path.
    pub file: String,
    /// Its format.
    pub format: &'static str,
    /// What its rows are.
    pub kind: Kind,
    /// Prices that were taken, flagged ones among them.
    pub accepted: u64,
    /// Prices that were not: they cannot be true or cannot be read.
    pub rejected: u64,
    /// Prices that were taken with a flag.
    pub flagged: u64,
    /// Rows that have no such price, or are known already.
    pub left_out: u64,
    /// How many rows were not simply taken, by rule.
    pub reasons: BTreeMap<Rule, u64>,
    /// Where the accepted rows are kept now.
    pub stored: Option<String>,
    /// The rows that were not simply taken.
    pub findings: Vec<Finding>,
}

/// What came of a call.
#[derive(Clone, Debug, Serialize)]
pub struct Totals {
    /// Sums over the files.
    pub accepted: u64,
    /// Sums over the files.
    pub rejected: u64,
    /// Sums over the files.
    pub flagged: u64,
    /// Sums over the files.
    pub left_out: u64,
    /// Sums over the files.
    pub reasons: BTreeMap<Rule, u64>,
    /// Each file.
    pub files: Vec<Imported>,
}

impl Totals {
    /// Adds the files up.
    pub fn of(files: Vec<Imported>) -> Self {
        let sum = |of: fn(&Imported) -> u64| files.iter().map(of).sum();
        let mut reasons = BTreeMap::new();
        for (rule, count) in files.iter().flat_map(|file| &file.reasons) {
            *reasons.entry(*rule).or_default() += count;
        }
        Self {
            accepted: sum(|file| file.accepted),
            rejected: sum(|file| file.rejected),
            flagged: sum(|file| file.flagged),
            left_out: sum(|file| file.left_out),
            reasons,
            files,
        }
    }

    /// Prices that were known already.
    pub fn known(&self) -> u64 {
        self.reasons.get(&Rule::Duplicate).copied().unwrap_or_default()
    }

    fn rows(&self) -> Vec<FindingRow> {
        self.files.iter().flat_map(Imported::rows).collect()
    }
}

impl Imported {
    fn rows(&self) -> impl Iterator<Item = FindingRow> + '_ {
        self.findings.iter().map(|finding| FindingRow {
            file: self.file.clone(),
            place: finding.place.to_string(),
            subject: finding.subject.clone(),
            result: finding.aside.name().to_owned(),
            rule: finding.rule.to_string(),
            what: finding.what.clone(),
        })
    }
}

/// One row that was not simply taken.
#[derive(Clone, Debug, Default, Serialize)]
struct FindingRow {
    file: String,
    place: String,
    subject: String,
    result: String,
    rule: String,
    what: String,
}

impl Listed for FindingRow {
    const COLUMNS: &'static [Column<Self>] = &[
        // A path in JSON says again what the next column says.
        text("line", |row| row.place.split(" (").next().unwrap_or_default().to_owned()),
        text("of", |row| row.subject.clone()),
        text("result", |row| row.result.clone()),
        common(text("rule", |row| row.rule.clone())),
        text("why", |row| row.what.clone()),
    ];
}

/// The rows that were not simply taken, as CSV.
pub fn csv(totals: &Totals) -> String {
    listing::csv(&totals.rows())
}

/// The same as a Markdown table.
pub fn markdown(totals: &Totals) -> String {
    listing::markdown(&totals.rows())
}

/// Counts, reasons and the first findings of each file.
pub fn terminal(totals: &Totals, width: u16) -> String {
    let mut out = String::new();
    for file in &totals.files {
        out += &format!("{} ({}, {})\n", inert(&file.file), file.format, file.kind);
        out += &format!(
            "  accepted {}, of them flagged {}; rejected {}; left out {}\n",
            file.accepted, file.flagged, file.rejected, file.left_out
        );
        let reasons: Vec<String> =
            file.reasons.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
        if !reasons.is_empty() {
            out += &format!("  reasons: {}\n", reasons.join(", "));
        }
        if let Some(stored) = &file.stored {
            out += &format!("  stored in {}\n", inert(stored));
        }
        // What was left out is expected; people look for what is wrong.
        let wrong = |row: &FindingRow| row.result != "left-out";
        let rows: Vec<FindingRow> = file.rows().filter(wrong).collect();
        let shown = rows.get(..rows.len().min(SHOWN)).unwrap_or_default();
        if !shown.is_empty() {
            out += &format!("\n{}", listing::terminal(shown, width));
        }
        if shown.len() < rows.len() {
            out += &format!("and {} more: --json or --csv has them all\n", rows.len() - shown.len());
        }
        out.push('\n');
    }
    out
}
