//! Storage prices as text.

use super::columns::{Column, common, number, text};
use super::listing::{self, Listed};
use super::series::{self, Sheet, percent, signed};
use crate::market::storage::{StorageMonth, StorageTracker};
use crate::market::trend::Move;

impl Listed for StorageMonth {
    const COLUMNS: &'static [Column<Self>] = &[
        text("month", |row| series::plain(row.month)),
        common(text("class", |row| row.class.clone())),
        text("product", |row| row.product.clone()),
        number("USD", |row| format!("{:.3}", row.usd)),
        common(number("points", |row| row.points.to_string())),
        number("MoM", |row| match row.spliced {
            true => format!("{} spliced", percent(row.mom)),
            false => percent(row.mom),
        }),
        text("since", |row| series::plain(row.mom_from)),
        number("YoY", |row| percent(row.yoy)),
        number("streak", |row| signed(row.streak)),
    ];
}

/// For a terminal of `width` columns.
pub fn terminal(tracker: &StorageTracker, width: u16) -> String {
    sheet(tracker).terminal(width)
}

/// As Markdown.
pub fn markdown(tracker: &StorageTracker) -> String {
    sheet(tracker).markdown()
}

/// The months as CSV.
pub fn csv(tracker: &StorageTracker) -> String {
    listing::csv(&tracker.months)
}

fn sheet(tracker: &StorageTracker) -> Sheet<'_, StorageMonth> {
    Sheet {
        grounds: vec![tracker.unit.to_owned(), series::rules("price", &tracker.rules, "USD")],
        columns: StorageMonth::COLUMNS,
        rows: tracker.months.iter().collect(),
        remarks: remarks(tracker),
        warnings: &tracker.warnings,
    }
}

fn remarks(tracker: &StorageTracker) -> Vec<String> {
    let mut remarks: Vec<String> = tracker
        .splices
        .iter()
        .map(|splice| format!("spliced as asked: {splice}; the step between the two is no price change"))
        .collect();
    remarks.extend(tracker.breaks.iter().map(|at| {
        format!(
            "{}: {} is another product than {}, whose last point is of {}: a new series; join them with --splice \"{}={}\"",
            at.month, at.to, at.from, at.last, at.from, at.to
        )
    }));
    remarks.push(match &tracker.divergence {
        None => "DRAM and NAND: no month has a change of both".to_owned(),
        Some(flag) if flag.months_in_a_row > 0 => format!(
            "DRAM {} while NAND {}: {} in a row up to {}",
            word(flag.dram),
            word(flag.nand),
            if flag.months_in_a_row == 1 {
                "1 month".to_owned()
            } else {
                format!("{} months", flag.months_in_a_row)
            },
            flag.last
        ),
        Some(flag) => {
            format!("no divergence: in {} DRAM {} and NAND {}", flag.last, word(flag.dram), word(flag.nand))
        }
    });
    remarks
}

fn word(step: Move) -> &'static str {
    match step {
        Move::Up => "rose",
        Move::Down => "fell",
        Move::Flat => "was flat",
    }
}
