//! A calculation as lines: what each figure is, its value and unit, and how it was made or where it was read.

use serde::Serialize;

use super::columns::{Column, number, text};
use super::{UNKNOWN, listing, significant};
use crate::text::{inert, markdown_cell};

/// The unit of what is counted and not measured.
pub const DEVICES: &str = "devices";

/// One figure. CSV has it unrounded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    /// Its name.
    pub figure: &'static str,
    /// Its value; `None` where there is none, which `from` explains.
    pub value: Option<f64>,
    /// Its unit; empty for a pure number.
    pub unit: &'static str,
    /// How it was made, or where it was read.
    pub from: String,
}

impl Line {
    /// A figure that there is.
    pub fn new(figure: &'static str, value: f64, unit: &'static str, from: impl Into<String>) -> Self {
        Self { figure, value: Some(value), unit, from: from.into() }
    }
}

impl listing::Listed for Line {
    const COLUMNS: &'static [Column<Self>] = &[
        text("figure", |line| line.figure.replace('_', " ")),
        number("value", |line| match line.value {
            None => UNKNOWN.into(),
            Some(value) if line.unit == DEVICES => value.to_string(),
            Some(value) => significant(value),
        }),
        text("unit", |line| line.unit.to_owned()),
        text("from", |line| line.from.clone()),
    ];
}

/// The answer in a sentence, the figures below it, and what the reader should doubt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The answer.
    pub answer: String,
    /// The figures.
    pub lines: Vec<Line>,
    /// What the reader should know, such as sources.
    pub notes: Vec<String>,
    /// What the reader should doubt.
    pub warnings: Vec<String>,
}

impl Sheet {
    /// For a terminal of a width.
    pub fn terminal(&self, width: u16) -> String {
        let below: String = self.below().map(|line| super::terminal::wrapped(&inert(&line), width)).collect();
        let parts = [
            super::terminal::wrapped(&inert(&self.answer), width),
            listing::terminal(&self.lines, width),
            below,
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("\n")
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let below: String = self.below().map(|line| format!("- {}\n", markdown_cell(&line))).collect();
        let space = if below.is_empty() { "" } else { "\n" };
        format!("{}\n\n{}{space}{below}", markdown_cell(&self.answer), listing::markdown(&self.lines))
    }

    /// Notes, then warnings.
    fn below(&self) -> impl Iterator<Item = String> {
        let warnings = self.warnings.iter().map(|warning| format!("warning: {warning}"));
        self.notes.iter().cloned().chain(warnings)
    }

    /// The figures as CSV, a row each.
    pub fn csv(&self) -> String {
        listing::csv(&self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_its_answer_first_and_its_doubts_last() {
        let unknown = Line { figure: "months_to_recover", unit: "months", from: "never".into(), value: None };
        let sheet = Sheet {
            answer: "1 USD/h".into(),
            lines: vec![Line::new("usd_per_hour", 1.0, "USD/h", "typed"), unknown],
            notes: vec!["a source".into()],
            warnings: vec!["old".into()],
        };
        let shown = sheet.terminal(80);
        assert!(
            shown.starts_with("1 USD/h\n\nfigure ") && shown.ends_with("\n\na source\nwarning: old\n"),
            "{shown}"
        );
        assert!(shown.contains("usd per hour") && shown.contains(UNKNOWN), "{shown}");
        assert_eq!(
            sheet.csv(),
            "figure,value,unit,from\nusd_per_hour,1.0,USD/h,typed\nmonths_to_recover,,months,never\n"
        );
        assert!(sheet.markdown().ends_with("\n\n- a source\n- warning: old\n"), "{}", sheet.markdown());
    }

    #[test]
    fn hostile_text_is_inert_in_every_form() {
        let hostile = "\u{1b}[31m|<script>\u{202e}";
        let line = Line::new("usd_per_hour", 1.0, "USD/h", format!("={hostile}"));
        let sheet = Sheet {
            answer: hostile.into(),
            lines: vec![line],
            notes: vec![hostile.into()],
            warnings: vec![hostile.into()],
        };
        for shown in [sheet.terminal(80), sheet.markdown(), sheet.csv()] {
            assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        }
        assert!(!sheet.csv().contains(",="), "{}", sheet.csv());
        assert!(!sheet.markdown().contains("<script>"), "{}", sheet.markdown());
    }
}
