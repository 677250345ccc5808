//! Bencher Metric Format: the time of each verified cell as the built-in measure `latency`, in nanoseconds.
//!
//! A name holds slashes, so Bencher can read it neither as a UUID, nor as a slug, nor as one whose suffix silences
//! alerts. Throughput is left out: as the inverse of the time it would raise every alarm twice.

use std::collections::BTreeMap;

use serde::Serialize;

use super::results::{Cell, Results};
use super::{is_software, json};
use crate::measurement::samples::SPREAD_MIN;
use crate::text::inert;
use crate::units::Seconds;

/// The longest name of a benchmark that Bencher takes.
const NAME_MAX: usize = 1024;

#[derive(Serialize)]
struct Benchmark {
    latency: Metric,
}

#[derive(Serialize)]
struct Metric {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

/// A JSON object with a benchmark per verified cell, in order of their names. The bounds are the quartiles; they are
/// left out where samples are too few for a spread.
pub fn bencher(results: &Results) -> String {
    let cells = results.cells();
    let benchmarks: BTreeMap<String, Benchmark> =
        cells.iter().filter_map(|cell| Some((name(cell), benchmark(cell)?))).collect();
    json::pretty(&benchmarks)
}

/// Software adapters have names of their own: never one line with a GPU, also on one testbed.
fn name(cell: &Cell<'_>) -> String {
    let prefix = if is_software(&cell.joined) { "software/" } else { "" };
    inert(&format!("{prefix}{}", cell.joined.cell())).chars().take(NAME_MAX).collect()
}

fn benchmark(cell: &Cell<'_>) -> Option<Benchmark> {
    let timing = cell.joined.timing()?;
    let nanoseconds = |seconds: f64| Seconds(seconds).nanoseconds();
    let bound = |seconds: f64| Some(nanoseconds(seconds)).filter(|_| timing.samples as usize >= SPREAD_MIN);
    let latency = Metric {
        value: nanoseconds(timing.seconds.median),
        lower_value: bound(timing.seconds.q1),
        upper_value: bound(timing.seconds.q3),
    };
    Some(Benchmark { latency })
}
