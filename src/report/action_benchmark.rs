//! The JSON that github-action-benchmark reads with the tool `customSmallerIsBetter`: a point per verified cell.
//!
//! The action draws one line per name. A software adapter's names have a prefix, so that its times are never on the
//! line of a GPU; two GPUs need two values of the action's own `name`.

use serde::Serialize;

use super::results::{Cell, Results};
use super::{is_software, json};
use crate::measurement::samples::SPREAD_MIN;
use crate::measurement::{Measurement, SOFTWARE_LABEL, Timing};
use crate::text::inert;
use crate::units::Seconds;

#[derive(Serialize)]
struct Point {
    name: String,
    unit: &'static str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

/// A JSON array of the verified cells, in file order; empty where none is.
pub fn action_benchmark(results: &Results) -> String {
    let cells = results.cells();
    let points: Vec<Point> = cells.iter().filter_map(point).collect();
    json::pretty(&points)
}

fn point(cell: &Cell<'_>) -> Option<Point> {
    let timing = cell.joined.timing()?;
    let label = if is_software(&cell.joined) { format!("{SOFTWARE_LABEL}: ") } else { String::new() };
    Some(Point {
        name: inert(&format!("{label}{}", cell.joined.cell())),
        unit: "ns",
        value: Seconds(timing.seconds.median).nanoseconds(),
        range: spread(timing).map(|nanoseconds| format!("± {nanoseconds}")),
        extra: extra(cell, timing),
    })
}

/// The distance from the median to the farther quartile; `None` where samples are too few for a spread.
fn spread(timing: &Timing) -> Option<f64> {
    let nanoseconds = |seconds: f64| Seconds(seconds).nanoseconds();
    let (q1, q3) = (nanoseconds(timing.seconds.q1), nanoseconds(timing.seconds.q3));
    let median = nanoseconds(timing.seconds.median);
    let enough = timing.samples as usize >= SPREAD_MIN;
    // Thousandths of a nanosecond are beyond every clock; more digits would be those of the subtraction.
    enough.then(|| ((q3 - median).max(median - q1) * 1e3).round() / 1e3)
}

/// What the point rests on, a fact per line: the action shows it when the reader points at it.
fn extra(cell: &Cell<'_>, timing: &Timing) -> String {
    let Measurement { provenance, .. } = &cell.joined;
    let identity = &provenance.identity;
    let label = if is_software(&cell.joined) { format!(", {SOFTWARE_LABEL}") } else { String::new() };
    let ran = cell.runs.iter().filter(|run| run.timing().is_some()).count();
    let facts = [
        format!("{}{label}", identity.adapter),
        format!("{} {} {}", identity.backend, identity.driver, identity.driver_info),
        format!("{} samples, {ran} of {} runs, {} clock", timing.samples, cell.runs.len(), timing.method),
        format!("mtok {} {}", identity.tool_version, identity.tool_commit),
    ];
    facts.map(|fact| inert(fact.trim_end())).join("\n")
}
