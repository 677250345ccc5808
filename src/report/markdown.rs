//! `report.md`: the answer first, then the tables, then what it rests on, then how to make it again.

use std::collections::BTreeSet;

use super::columns::{self, Column};
use super::{Report, Safe, by_device, market_source, number, rent};
use crate::text::{inert, markdown_cell};

/// The report as Markdown.
pub fn markdown(report: &Report) -> String {
    let safe = markdown_cell;
    let mut out = format!("# {}\n\n{}\n", report.heading(safe), report.answer(safe));
    if !report.costs.is_empty() {
        out += "\n## Cost per million tokens\n";
    }
    out += &cost_tables(report, columns::DOCUMENT);
    if !report.measured.is_empty() {
        out += "\n## Measured kernels\n";
    }
    for (caption, cells) in by_device(&report.rated(), safe) {
        out += &format!("\n{caption}\n\n{}", table(&columns::kernels(&cells), &cells));
    }
    out += "\n## What this rests on\n\n";
    grounds(report, safe).iter().for_each(|ground| out += &format!("- {ground}\n"));
    // Inert text is one line: an indented block cannot be left from inside.
    out += &format!("\n## How to reproduce\n\n    {}\n", inert(&report.command));
    out
}

/// The cost tables alone, each with its caption.
pub fn costs(report: &Report) -> String {
    cost_tables(report, columns::DOCUMENT - 1)
}

/// The cost tables with the columns of this width.
fn cost_tables(report: &Report, width: u16) -> String {
    let columns = columns::costs(report.rents_differ());
    let group =
        |(caption, rows): (String, Vec<_>)| format!("\n{caption}\n\n{}", table_of(&columns, &rows, width));
    report.cost_groups(markdown_cell).into_iter().map(group).collect()
}

/// Device, sources, assumptions, remarks and warnings, each said once.
pub(super) fn grounds(report: &Report, safe: Safe) -> Vec<String> {
    let mut grounds: Vec<String> = report.device.iter().map(|line| safe(line)).collect();
    grounds.push(format!("Prices as of {}; a later price does not exist.", report.as_of));
    if !report.costs.is_empty() {
        grounds.push(METHOD.into());
    }
    for row in &report.costs {
        grounds.push(format!("{}: {}.", safe(&row.device), rent(row, safe)));
    }
    for row in &report.costs {
        let (Some(oldest), Some(newest)) = (row.market_date_oldest, row.market_date_newest) else {
            continue;
        };
        grounds.push(format!(
            "Market of {}: {} USD/Mtok blended at {} input tokens per output token ({}), listings of {oldest} to \
             {newest}.",
            safe(&row.model),
            number(row.market_usd_per_mtok),
            number(row.input_output_ratio),
            market_source(row, safe),
        ));
    }
    grounds.extend(report.remarks(safe));
    grounds.extend(report.warnings.iter().map(|warning| format!("Warning: {}", safe(warning))));
    let mut seen = BTreeSet::new();
    grounds.retain(|ground| seen.insert(ground.clone()));
    grounds
}

const METHOD: &str = "Cost is time share: input pays for its prefill, output for its share of the decode steps. \
RENT needs the whole cost interval below the market price, BUY the whole interval above it.";

/// A table of rows, without the columns of documents and of the widest tables.
pub(super) fn table<T>(columns: &[Column<T>], rows: &[&T]) -> String {
    table_of(columns, rows, columns::DOCUMENT - 1)
}

fn table_of<T>(columns: &[Column<T>], rows: &[&T], width: u16) -> String {
    let columns: Vec<&Column<T>> = columns.iter().filter(|column| column.from <= width).collect();
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(columns.iter().map(|column| column.header.to_owned()).collect());
    let rule = |column: &&Column<T>| if column.numeric { "---:" } else { "---" }.to_owned();
    out += &line(columns.iter().map(rule).collect());
    for row in rows {
        out += &line(columns.iter().map(|column| markdown_cell(&(column.cell)(row))).collect());
    }
    out
}
