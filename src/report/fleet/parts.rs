//! The tables of the report, in the order in which all outputs show them.

use super::super::columns::Column;
use super::super::{markdown, terminal};
use super::FleetReport;
use super::outliers::{OUTLIERS, outliers};
use super::rows::{
    ASIDE, CELLS, COSTS, DAYS, TASKS, TYPES, TypeRow, cells, costs, days, not_done, priced_case, types,
};

/// The width from which cells are shown: 67 of them per type hide all else.
pub(super) const CELLS_FROM: u16 = 160;

/// A table with its words.
pub(in super::super) struct Part {
    /// Names it in the page.
    pub id: &'static str,
    pub title: &'static str,
    /// What its columns mean.
    pub caption: String,
    /// The least width of a terminal that shows it.
    pub from: u16,
    /// Rows that a terminal shows at least.
    pub least: usize,
    pub table: Box<dyn Shown>,
}

/// Rows of one kind in every output.
pub(in super::super) trait Shown {
    /// How many there are.
    fn rows(&self) -> usize;
    /// As many as that for a terminal.
    fn terminal(&self, at_most: usize, width: u16, colour: bool) -> String;
    /// As many as that as Markdown.
    fn markdown(&self, at_most: usize) -> String;
    /// As many as that for the page.
    fn html(&self, at_most: usize, caption: &str, id: &str) -> String;
}

struct Rows<T: 'static> {
    columns: Vec<Column<T>>,
    rows: Vec<T>,
}

impl<T> Rows<T> {
    fn first(&self, at_most: usize) -> Vec<&T> {
        self.rows.iter().take(at_most).collect()
    }
}

impl<T> Shown for Rows<T> {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn terminal(&self, at_most: usize, width: u16, colour: bool) -> String {
        terminal::table(&self.columns, &self.first(at_most), width, colour)
    }

    fn markdown(&self, at_most: usize) -> String {
        markdown::table(&self.columns, &self.first(at_most))
    }

    fn html(&self, at_most: usize, caption: &str, id: &str) -> String {
        super::super::page::columned(caption, id, &self.columns, &self.first(at_most))
    }
}

/// The columns of types, without the cost where none was asked for.
fn type_columns(report: &FleetReport) -> Vec<Column<TypeRow>> {
    let priced = report.costs.is_some();
    TYPES.into_iter().filter(|column| priced || column.header != "$/Mtok").collect()
}

/// The columns, without that of the type where there is only one.
pub(in super::super) fn without_type<T>(report: &FleetReport, columns: &[Column<T>]) -> Vec<Column<T>> {
    let several = report.collected.types.len() > 1;
    columns.iter().filter(|column| several || column.header != "type").copied().collect()
}

/// The tables that have rows.
pub(in super::super) fn parts(report: &FleetReport) -> Vec<Part> {
    let aside = Rows { columns: ASIDE.to_vec(), rows: report.collected.aside.clone() };
    let all = [
        part(
            "outliers",
            "Out of line",
            OUT_OF_LINE.into(),
            Rows { columns: without_type(report, &OUTLIERS), rows: outliers(report) },
        ),
        part(
            "types",
            "Types of device",
            type_caption(report),
            Rows { columns: type_columns(report), rows: types(report) },
        ),
        part(
            "days",
            "A day of the fleet",
            day_caption(report),
            Rows { columns: DAYS.to_vec(), rows: days(report) },
        ),
        part(
            "costs",
            "Cost per million tokens",
            COST.into(),
            Rows { columns: COSTS.to_vec(), rows: costs(report) },
        ),
        part(
            "tasks",
            "Tasks that are not done",
            TASK.into(),
            Rows { columns: TASKS.to_vec(), rows: not_done(report) },
        ),
        part("aside", "Set aside", SET_ASIDE.into(), aside),
        Part {
            from: CELLS_FROM,
            least: usize::MAX,
            ..part(
                "cells",
                "Cells",
                CELL.into(),
                Rows { columns: without_type(report, &CELLS), rows: cells(report) },
            )
        },
    ];
    all.into_iter().filter(|part| part.table.rows() > 0).collect()
}

fn part<T>(id: &'static str, title: &'static str, caption: String, rows: Rows<T>) -> Part {
    Part { id, title, caption, from: 0, least: 0, table: Box::new(rows) }
}

const OUT_OF_LINE: &str = "The worst first. Slower %: how much longer it takes than the median of its siblings, \
over all cells. p: the chance of such a label where all devices are alike, all comparisons considered.";
const TASK: &str = "Their good rows count all the same.";
const SET_ASIDE: &str = "None of it is in any number above.";
const CELL: &str = "One value per device, the median of its runs.";
const COST: &str = "At the rates of the median device of each type, beside the market price of the \
same weights.";

fn type_caption(report: &FleetReport) -> String {
    let cost = match priced_case(report) {
        Some((model, weights)) => format!(" $/Mtok: {model} in {weights}, blended."),
        None => String::new(),
    };
    format!(
        "In percent of the time of the median device. Spread: robust standard deviation between devices. \
         Nodes, cards, runs: standard deviation by where it comes from. Found from: the smallest slowness that 95 of 100 such \
         fleets would show.{cost}"
    )
}

fn day_caption(report: &FleetReport) -> String {
    let as_of = report.as_of.map(|day| format!(" Prices as of {day}.")).unwrap_or_default();
    format!(
        "All devices of a type serve one model: tokens at the utilisation stated, rent of all hours, the same \
         devices owned, and the same tokens bought.{as_of}"
    )
}
