//! A fleet for people and programs: the answer first, then what is out of line, the worst first, then the tables.
//!
//! Every output is a function of the [`FleetReport`] alone. Tables for people show percent, JSON and CSV have shares.

mod devices;
mod json;
mod outliers;
mod parts;
mod rows;
mod sentences;

pub use devices::DeviceRow;
pub(super) use devices::{LISTING, card_key, furthest};
pub use json::json;
pub(super) use outliers::{OutlierRow, outliers};
pub(super) use parts::{Part, parts, without_type};
use rows::type_name;
pub(super) use sentences::{answer, grounds};

use jiff::civil::Date;

use super::terminal::{NARROWEST, wrapped};
use super::{Safe, csv as rows_csv};
use crate::fleet::analysis::{Analysis, Standing};
use crate::fleet::collected::{Collected, Type, Unit};
use crate::market::fleet::FleetCosts;
use crate::measurement::{DeviceType, SOFTWARE_LABEL};
use crate::text::{inert, markdown_cell};

/// What the title of a fleet begins with whose rows were made up.
pub const SIMULATED: &str = "SIMULATED";

/// Rows of a table in a terminal, beyond which they are counted.
const SHOWN_IN_TERMINAL: usize = 20;
/// The same in Markdown: GitHub refuses a summary above 1 MiB.
const SHOWN_IN_MARKDOWN: usize = 500;

/// Everything that is said of a fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetReport {
    /// What it is about, one line.
    pub title: String,
    /// What its folders hold.
    pub collected: Collected,
    /// What that says.
    pub analysis: Analysis,
    /// What its tokens cost, where that was asked for.
    pub costs: Option<FleetCosts>,
    /// The day whose prices count; `None` without costs.
    pub as_of: Option<Date>,
    /// The command line that makes this report again.
    pub command: String,
}

impl FleetReport {
    /// The title, with what must be known before all else.
    pub(super) fn heading(&self, safe: Safe) -> String {
        let title = safe(&self.title);
        let title = if self.collected.plan.simulated { format!("{SIMULATED}: {title}") } else { title };
        if self.software() { format!("{title} — {SOFTWARE_LABEL}") } else { title }
    }

    /// Whether all devices are software adapters.
    pub fn software(&self) -> bool {
        let mut units = self.collected.units.iter().map(|unit| self.type_of(unit));
        let software = |of: Option<&Type>| of.is_some_and(|of| of.device_type == DeviceType::Software);
        units.next().is_some_and(|first| software(first) && units.all(software))
    }

    fn type_of(&self, unit: &Unit) -> Option<&Type> {
        self.collected.types.get(unit.type_index as usize)
    }

    /// A type by its place, in words.
    pub(super) fn type_words(&self, type_index: u32) -> String {
        self.collected.types.get(type_index as usize).map(type_name).unwrap_or_default()
    }

    pub(super) fn units_of(&self, places: &[u32]) -> Vec<&Unit> {
        places.iter().filter_map(|place| self.collected.units.get(*place as usize)).collect()
    }

    pub(super) fn standing(&self, place: usize) -> Option<Standing> {
        self.analysis.standings.get(place).copied().flatten()
    }

    /// Types of which at least one device is comparable.
    fn compared_types(&self) -> usize {
        self.analysis.types.len()
    }
}

/// The report as lines of at most `width` columns where its words allow; `colour` marks the verdicts.
pub fn terminal(report: &FleetReport, width: u16, colour: bool) -> String {
    let width = width.max(NARROWEST);
    let mut out = wrapped(&report.heading(inert), width);
    answer(report, inert).iter().for_each(|line| out += &wrapped(line, width));
    for part in parts(report).into_iter().filter(|part| width >= part.from) {
        out += &format!("\n{}", wrapped(&format!("{}. {}", part.title, inert(&part.caption)), width));
        out += &part.table.terminal(SHOWN_IN_TERMINAL.max(part.least), width, colour);
        out.push('\n');
        out += &more(part.table.rows(), SHOWN_IN_TERMINAL.max(part.least))
            .map_or(String::new(), |more| wrapped(&more, width));
    }
    if width < parts::CELLS_FROM && !report.analysis.cells.is_empty() {
        out += &format!("\n{} cells by type and kernel: --wide shows them.\n", report.analysis.cells.len());
    }
    let notes = report.costs.iter().flat_map(|costs| &costs.notes);
    let notes: String = notes.map(|note| wrapped(&inert(note), width)).collect();
    if notes.is_empty() { out } else { format!("{out}\n{notes}") }
}

/// What is left out of a table.
pub(super) fn more(rows: usize, shown: usize) -> Option<String> {
    (rows > shown).then(|| format!("{} more rows: --json has them all", rows - shown))
}

/// The report as Markdown.
pub fn markdown(report: &FleetReport) -> String {
    let safe = markdown_cell;
    let mut out = format!("# {}\n\n", report.heading(safe));
    answer(report, safe).iter().for_each(|line| out += &format!("{line}\n\n"));
    for part in parts(report) {
        out += &format!(
            "## {}\n\n{}\n\n{}",
            part.title,
            safe(&part.caption),
            part.table.markdown(SHOWN_IN_MARKDOWN)
        );
        out +=
            &more(part.table.rows(), SHOWN_IN_MARKDOWN).map_or(String::new(), |more| format!("\n{more}\n"));
        out.push('\n');
    }
    out += "## What this rests on\n\n";
    grounds(report, safe).iter().for_each(|ground| out += &format!("- {ground}\n"));
    // Inert text is one line: an indented block cannot be left from inside.
    out += &format!("\n## How to reproduce\n\n    {}\n", inert(&report.command));
    out
}

/// The report as one page that needs nothing else.
pub fn html(report: &FleetReport) -> String {
    super::page::fleet::page(report)
}

/// The devices as CSV, a row each, every field a column, values unrounded.
pub fn csv(report: &FleetReport) -> String {
    rows_csv::rows_csv(&DeviceRow::all(report))
}
