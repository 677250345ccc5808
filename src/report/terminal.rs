//! The report for a terminal: few columns where it is narrow, all of them where it is wide.

use comfy_table::{
    Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};

use super::columns::{self, Column};
use super::{Report, by_device};
use crate::text::inert;

/// Words up to this length are not broken: in the first column, which names the row, and in the others. At 80
/// columns there is room for both.
const UNBROKEN: (usize, usize) = (18, 13);

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

/// Words in lines of at most `width` characters; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: u16) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > usize::from(width) {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out += word;
        used += length;
    }
    out + "\n"
}

/// A table that fits `width` where its words allow.
pub(super) fn table<T>(columns: &[Column<T>], rows: &[&T], width: u16, colour: bool) -> String {
    let shown = || columns.iter().filter(|column| width >= column.from);
    let mut table = Table::new();
    // Asking the terminal would make the bytes depend on where they are written.
    table.force_no_tty().set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
    if colour {
        table.enforce_styling();
    }
    table.set_header(shown().map(|column| column.header));
    for row in rows {
        table.add_row(shown().map(|column| painted(inert(&(column.cell)(row)))));
    }
    for (drawn, column) in table.column_iter_mut().zip(shown()) {
        drawn.set_padding((0, 1));
        let unbroken = if drawn.index == 0 { UNBROKEN.0 } else { UNBROKEN.1 };
        // The padding counts as part of the width.
        let least = longest_word(column, rows).min(unbroken) as u16 + 1;
        drawn.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        if column.numeric {
            drawn.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn longest_word<T>(column: &Column<T>, rows: &[&T]) -> usize {
    let longest = |text: &str| text.split(' ').map(|word| word.chars().count()).max().unwrap_or_default();
    let cells = rows.iter().map(|row| longest(&(column.cell)(row)));
    cells.max().unwrap_or_default().max(longest(column.header))
}

/// Verdicts in colour; the words alone carry the meaning.
fn painted(text: String) -> Cell {
    let colour = match text.as_str() {
        "RENT" | "OWN" | "FASTER" | "CHEAPER" => Color::Green,
        "BUY" => Color::Cyan,
        "TOO CLOSE" | "UNSURE" | "NOT COMPARABLE" => Color::Yellow,
        "SLOWER" | "DEARER" => Color::Red,
        _ => return Cell::new(text),
    };
    Cell::new(text).fg(colour)
}
