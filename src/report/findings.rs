//! What a reader of results must be told before any number: what is wrong, what failed, what to doubt.

use serde::Serialize;

use super::github::Level;
use super::results::{Cell, Results};
use super::{ended, is_software};
use crate::measurement::calibrations::disturbed;
use crate::measurement::{Measurement, Outcome, SOFTWARE_LABEL, Timing};

/// Names in one message; what is left out is counted.
const NAMED: usize = 10;

/// Something to tell. The texts hold names as the files have them: not yet safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How loud.
    pub level: Level,
    /// A few words.
    pub title: String,
    /// Which cells and runs, and why.
    pub message: String,
}

/// All findings, the loudest first: a wrong result or a failure for each cell, a sign or a doubt for all cells that
/// have it, and last how the cells ended.
pub fn findings(results: &Results) -> Vec<Finding> {
    let cells = results.cells();
    let mut found: Vec<Finding> =
        cells.iter().filter_map(|cell| bad(cell, is_wrong, "wrong result")).collect();
    found.extend(cells.iter().filter_map(|cell| bad(cell, is_failed, "failed")));
    found.extend(signs(&cells));
    found.extend(slowed(results.rows()));
    found.extend(software(results));
    let joined: Vec<&Measurement> = cells.iter().map(|cell| &cell.joined).collect();
    found.push(Finding { level: Level::Notice, title: results.title(), message: ended(&joined) });
    found
}

fn is_wrong(row: &Measurement) -> bool {
    matches!(row.outcome, Outcome::Wrong(..))
}

fn is_failed(row: &Measurement) -> bool {
    matches!(row.outcome, Outcome::Failed(_))
}

/// The runs of a cell that ended in one bad way, and why.
fn bad(cell: &Cell<'_>, is: fn(&Measurement) -> bool, what: &str) -> Option<Finding> {
    let runs: Vec<String> = cell
        .runs
        .iter()
        .filter(|run| is(run))
        .map(|run| format!("run {}: {}", run.run, run.outcome.reason()))
        .collect();
    let title = format!("{what}: {}", cell.joined.op.kernel());
    let message = format!("{}, {}", cell.joined.cell(), runs.join("; "));
    (!runs.is_empty()).then_some(Finding { level: Level::Error, title, message })
}

/// Each sign once, with the cells that have it.
fn signs(cells: &[Cell<'_>]) -> Vec<Finding> {
    let mut known: Vec<(&str, Vec<String>)> = Vec::new();
    for cell in cells {
        for sign in cell.joined.timing().into_iter().flat_map(Timing::sign_names) {
            match known.iter_mut().find(|(other, _)| *other == sign) {
                Some((_, names)) => names.push(cell.joined.cell()),
                None => known.push((sign, vec![cell.joined.cell()])),
            }
        }
    }
    let warning = |(sign, names): (&str, Vec<String>)| doubt(format!("sign of the samples: {sign}"), &names);
    known.into_iter().map(warning).collect()
}

fn slowed(rows: &[Measurement]) -> Option<Finding> {
    let names: Vec<String> =
        disturbed(rows).iter().map(|row| format!("{} run {}", row.cell(), row.run)).collect();
    (!names.is_empty()).then(|| doubt("the device itself was slow or changing".into(), &names))
}

fn software(results: &Results) -> Option<Finding> {
    let first = results.rows().iter().find(|row| is_software(row))?;
    let adapter = &first.provenance.identity.adapter;
    Some(Finding {
        level: Level::Warning,
        title: SOFTWARE_LABEL.into(),
        message: format!("{adapter}: its times check the harness and say nothing about a GPU"),
    })
}

fn doubt(title: String, names: &[String]) -> Finding {
    let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Finding { level: Level::Warning, title, message: format!("{}{more}", named.join(", ")) }
}
