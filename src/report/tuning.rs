//! What the tuner found, as a table for people and as rows for JSON.

use serde::Serialize;

use super::columns::{Column, number, text as words, wide};
use super::terminal::{table, wrapped};
use super::{UNKNOWN, significant};
use crate::text::inert;
use crate::tuning::{Class, Removed, Winner};

/// A class of shapes and what is known of it; all is `None` where no variant was right, or none was tried yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The ops that it covers.
    #[serde(flatten)]
    pub class: Class,
    /// The variant that runs.
    pub variant: Option<String>,
    /// Its median seconds per execution.
    pub median_s: Option<f64>,
    /// How much longer the next best one took: 0.1 is 10 %.
    pub margin: Option<f64>,
    /// The next best one.
    pub runner_up: Option<String>,
    /// The op that was tried, as in the column `shape`.
    pub shape: Option<String>,
    /// How many variants were tried.
    pub tried: Option<u32>,
    /// Those that are out.
    pub removed: Vec<Removed>,
    /// Whether this call decided it.
    pub fresh: bool,
}

const COLUMNS: [Column<Row>; 8] = [
    words("kernel", |row| row.class.kernel.clone()),
    words("format", |row| row.class.format.clone()),
    words("class", |row| row.class.sizes.clone()),
    words("winner", |row| or_unknown(row.variant.clone())),
    number("margin %", |row| or_unknown(row.margin.map(|margin| format!("{:.0}", 100.0 * margin)))),
    words("runner-up", |row| or_unknown(row.runner_up.clone())),
    number("seconds", |row| or_unknown(row.median_s.map(significant))),
    wide(words("tried at", |row| or_unknown(row.shape.clone()))),
];

fn or_unknown(text: Option<String>) -> String {
    text.unwrap_or_else(|| UNKNOWN.into())
}

impl Row {
    /// The row of a class with a winner.
    pub fn of(winner: Winner, fresh: bool) -> Self {
        let Winner { class, variant, sources: _, shape, median_s, runner_up, margin, tried, removed } =
            winner;
        Self {
            class,
            variant: Some(variant),
            median_s: Some(median_s),
            margin,
            runner_up,
            shape: Some(shape),
            tried: Some(tried),
            removed,
            fresh,
        }
    }

    /// The row of a class without one.
    pub fn without_winner(class: Class, removed: Vec<Removed>) -> Self {
        Self {
            class,
            variant: None,
            median_s: None,
            margin: None,
            runner_up: None,
            shape: None,
            tried: None,
            removed,
            fresh: false,
        }
    }
}

/// The table, and below it the variants that are out, as lines of at most `width` columns.
pub fn text(rows: &[Row], width: u16, colour: bool) -> String {
    let mut out = table(&COLUMNS, &rows.iter().collect::<Vec<_>>(), width, colour) + "\n";
    for (row, removed) in rows.iter().flat_map(|row| row.removed.iter().map(move |it| (row, it))) {
        let Removed { variant, status, reason } = removed;
        out += &wrapped(&inert(&format!("out: {variant} for {}: {status}: {reason}", row.class)), width);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_the_winner_its_margin_and_what_is_out() {
        let class = |sizes: &str| Class { kernel: "gemm".into(), format: "f16".into(), sizes: sizes.into() };
        let removed =
            Removed { variant: "naive".into(), status: "failed".into(), reason: "child ended\n".into() };
        let winner = Winner {
            class: class("m=2-4"),
            variant: "tiled".into(),
            sources: "0".into(),
            shape: "m=2;n=8;k=8".into(),
            median_s: 1.5e-3,
            runner_up: Some("rows".into()),
            margin: Some(0.25),
            tried: 3,
            removed: vec![removed],
        };
        let rows = [Row::of(winner, true), Row::without_winner(class("m=65+"), vec![])];
        let expected = "\
 kernel  format  class  winner  margin %  runner-up  seconds
────────────────────────────────────────────────────────────
 gemm    f16     m=2-4  tiled         25  rows       0.00150
 gemm    f16     m=65+  –              –  –                –
out: naive for gemm f16 m=2-4: failed: child ended\\u{a}
";
        let shown = text(&rows, 80, false);
        let squeezed = |text: &str| {
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(squeezed(&shown)[2..], squeezed(expected)[2..], "{shown}");
        assert_eq!(squeezed(&shown)[0], squeezed(expected)[0]);
    }
}
