//! Monthly series as text: what they rest on first, then a row per month. Shared by the series of the tracker.

use super::columns::Column;
use super::{markdown as page, terminal as screen};
use crate::market::rental::Compound;
use crate::market::trend::Rules;
use crate::text::{UNKNOWN, csv_cell, inert, markdown_cell};

/// A series ready to be written.
pub(super) struct Sheet<'s, T> {
    /// What the numbers are and rest on, a sentence each.
    pub grounds: Vec<String>,
    /// Columns for people.
    pub columns: &'s [Column<T>],
    /// The months that are shown.
    pub rows: Vec<&'s T>,
    /// What the reader should know after the table.
    pub remarks: Vec<String>,
    /// What the reader should doubt.
    pub warnings: &'s [String],
}

impl<T> Sheet<'_, T> {
    /// Lines of at most `width` columns.
    pub fn terminal(&self, width: u16) -> String {
        let width = width.max(screen::NARROWEST);
        let lines = |texts: &[String]| -> String {
            texts.iter().map(|text| screen::wrapped(&inert(text), width)).collect()
        };
        let table = screen::table(self.columns, &self.rows, width, false);
        let warnings: Vec<String> = self.warnings.iter().map(|text| format!("warning: {text}")).collect();
        format!("{}\n{table}\n\n{}{}", lines(&self.grounds), lines(&self.remarks), lines(&warnings))
            .trim_end()
            .to_owned()
            + "\n"
    }

    /// A table with what it rests on.
    pub fn markdown(&self) -> String {
        let list = |texts: Vec<String>| -> String {
            texts.iter().map(|text| format!("- {}\n", markdown_cell(text))).collect()
        };
        let warnings = self.warnings.iter().map(|text| format!("Warning: {text}"));
        let grounds = self.grounds.iter().chain(&self.remarks).cloned().chain(warnings).collect();
        format!("{}\n{}", page::table(self.columns, &self.rows), list(grounds))
    }
}

/// Rows as CSV; unknown is empty.
pub(super) fn csv<T>(columns: &[Column<T>], rows: &[T]) -> String {
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let quoted = |text: String| {
        // What starts a number is no formula.
        let safe = if text.parse::<f64>().is_ok() { text } else { csv_cell(&text) };
        if safe.contains([',', '"']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
    };
    let header = line(columns.iter().map(|column| column.header.to_owned()).collect());
    let row = |row| line(columns.iter().map(|column| quoted((column.cell)(row))).collect());
    header + &rows.iter().map(row).collect::<String>()
}

/// A number as it is; empty where it is unknown.
pub(super) fn exact(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Any value as it is; empty where it is unknown.
pub(super) fn plain<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A change in percent with its sign.
pub(super) fn percent(change: Option<f64>) -> String {
    change.map_or(UNKNOWN.into(), |change| format!("{:+.1}%", 100.0 * change))
}

/// A count with its sign.
pub(super) fn signed(streak: Option<i32>) -> String {
    streak.map_or(UNKNOWN.into(), |streak| if streak == 0 { "0".into() } else { format!("{streak:+}") })
}

/// The rules of a streak in words.
pub(super) fn rules(what: &str, rules: &Rules, unit: &str) -> String {
    let floor = match rules.floor > 0.0 {
        true => format!(" or {} {unit}", rules.floor),
        false => String::new(),
    };
    format!(
        "{what}: {}; flat: moves up to {}%{floor}; a flat month {}s a streak, a missing month {}s it",
        rules.estimator,
        tidy(100.0 * rules.tolerance),
        rules.flat,
        rules.gap
    )
}

/// The compound rate in words.
pub(super) fn compound(compound: &Compound) -> String {
    let months = compound.to.since(compound.from);
    let rate = percent(Some(compound.monthly));
    format!("compound: {rate} a month over {months} months, {} to {}", compound.from, compound.to)
}

/// A number without the digits that binary arithmetic adds.
fn tidy(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}
