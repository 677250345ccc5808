//! The report for a terminal: few columns where it is narrow, all of them where it is wide.

use comfy_table::{
    Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};

use unicode_width::UnicodeWidthStr;

use super::columns::{self, Column};
use super::{Report, by_device};
use crate::text::{self, inert};

/// Words up to this length are not broken: in the first column, which names the row, and in the others. The first pair for
/// which there is room counts.
const UNBROKEN: [(usize, usize); 4] = [(18, 13), (14, 9), (10, 7), (6, 5)];

/// Narrower tables cannot be read.
pub(super) const NARROWEST: u16 = 40;

/// The report as lines of at most `width` columns where its words allow; `colour` marks the verdicts.
pub fn terminal(report: &Report, width: u16, colour: bool) -> String {
    let width = width.max(NARROWEST);
    let mut out = wrapped(&report.heading(inert), width) + &wrapped(&report.answer(inert), width);
    report.device.iter().for_each(|line| out += &wrapped(&inert(line), width));
    let columns = columns::costs(report.rents_differ());
    for (caption, rows) in report.cost_groups(inert) {
        out += &format!("\n{}{}\n", wrapped(&caption, width), table(&columns, &rows, width, colour));
    }
    for (caption, cells) in by_device(&report.rated(), inert) {
        out += &format!(
            "\n{}{}\n",
            wrapped(&caption, width),
            table(&columns::kernels(&cells), &cells, width, colour)
        );
    }
    // The table says what does not fit; report.md also says by how much.
    let mut remarks = report.remarks(inert);
    remarks.retain(|remark| !remark.contains(": does not fit: "));
    if !(remarks.is_empty() && report.warnings.is_empty()) {
        out.push('\n');
    }
    remarks.iter().for_each(|remark| out += &wrapped(remark, width));
    report
        .warnings
        .iter()
        .for_each(|warning| out += &wrapped(&format!("warning: {}", inert(warning)), width));
    out
}

/// As wide as "TOO CLOSE".
const SHORT: usize = 9;

/// Words in lines of at most `width` columns; a longer word is broken.
pub(super) fn wrapped(text: &str, width: u16) -> String {
    text::wrapped(text, usize::from(width), 0, 0)
}

/// A table of at most `width` columns: long words stay whole where there is room for them. Of columns that there is no room
/// for at all, which takes more of them than any table here has, the last reach beyond.
pub(super) fn table<T>(columns: &[Column<T>], rows: &[&T], width: u16, colour: bool) -> String {
    let columns: Vec<&Column<T>> = columns.iter().filter(|column| width >= column.from).collect();
    let longest: Vec<usize> = columns.iter().map(|column| longest_word(column, rows)).collect();
    // The padding counts as part of the width.
    let least = |unbroken: (usize, usize)| -> Vec<u16> {
        let allowed = std::iter::once(unbroken.0).chain(std::iter::repeat(unbroken.1));
        longest.iter().zip(allowed).map(|(word, allowed)| (*word).min(allowed) as u16 + 1).collect()
    };
    let fits = |least: &Vec<u16>| least.iter().sum::<u16>() <= width;
    let bounds = UNBROKEN.into_iter().map(least).find(fits);
    let mut table = Table::new();
    // Asking the terminal would make the bytes depend on where they are written.
    table.force_no_tty().set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
    if colour {
        table.enforce_styling();
    }
    table.set_header(columns.iter().map(|column| column.header));
    for row in rows {
        table.add_row(columns.iter().map(|column| painted(inert(&(column.cell)(row)))));
    }
    for (drawn, column) in table.column_iter_mut().zip(&columns) {
        drawn.set_padding((0, 1));
        if let Some(least) = bounds.as_ref().and_then(|bounds| bounds.get(drawn.index)) {
            drawn.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(*least)));
        }
        if column.numeric {
            drawn.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn longest_word<T>(column: &Column<T>, rows: &[&T]) -> usize {
    let longest = |text: &str| match colour(text) {
        // A short verdict of two words is read as one.
        Some(_) if text.width() <= SHORT => text.width(),
        _ => text.split(' ').map(UnicodeWidthStr::width).max().unwrap_or_default(),
    };
    let cells = rows.iter().map(|row| longest(&inert(&(column.cell)(row))));
    cells.max().unwrap_or_default().max(longest(column.header))
}

/// Verdicts in colour; the words alone carry the meaning.
fn painted(text: String) -> Cell {
    match colour(&text) {
        Some(colour) => Cell::new(text).fg(colour),
        None => Cell::new(text),
    }
}

fn colour(text: &str) -> Option<Color> {
    match text {
        "RENT" | "OWN" | "FASTER" | "CHEAPER" => Some(Color::Green),
        "BUY" => Some(Color::Cyan),
        "TOO CLOSE" | "UNSURE" | "NOT COMPARABLE" => Some(Color::Yellow),
        "SLOWER" | "DEARER" => Some(Color::Red),
        _ => None,
    }
}
