//! The report as JSON: rows as arrays of objects with units in their keys, unknown as null, values unrounded.

use serde::Serialize;

use super::{Report, is_software};
use crate::market::row::Comparison;
use crate::measurement::Measurement;
use crate::text;

/// Grows by one when a key changes its meaning or goes away; a new key does not change it.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Whole<'r> {
    schema_version: u32,
    title: String,
    software: bool,
    as_of: String,
    command: &'r str,
    device: &'r [String],
    costs: &'r [Comparison],
    measured: Vec<Cell<'r>>,
    warnings: &'r [String],
}

#[derive(Serialize)]
struct Cell<'r> {
    kernel: &'r str,
    format: &'r str,
    shape: String,
    variant: &'r str,
    status: &'r str,
    reason: Option<&'r str>,
    median_s: Option<f64>,
    flops_per_s: Option<f64>,
    bytes_per_s: Option<f64>,
    timing_method: Option<&'r str>,
    adapter: &'r str,
    device_type: &'r str,
    software: bool,
}

impl<'r> Cell<'r> {
    fn of(cell: &'r Measurement) -> Self {
        Self {
            kernel: cell.op.kernel(),
            format: cell.op.format().name(),
            shape: cell.op.shape(),
            variant: &cell.variant,
            status: cell.outcome.status(),
            reason: Some(cell.outcome.reason()).filter(|reason| !reason.is_empty()),
            median_s: cell.timing().map(|timing| timing.seconds.median),
            flops_per_s: cell.flops_per_s().map(|rate| rate.0),
            bytes_per_s: cell.bytes_per_s().map(|rate| rate.0),
            timing_method: cell.timing().map(|timing| timing.method.name()),
            adapter: &cell.provenance.identity.adapter,
            device_type: cell.provenance.identity.device_type.name(),
            software: is_software(cell),
        }
    }
}

/// The report as pretty JSON with a line end. A number that is not finite is null.
///
/// # Errors
/// Those of the JSON writer, which has none for this type.
pub fn json(report: &Report) -> serde_json::Result<String> {
    let whole = Whole {
        schema_version: SCHEMA_VERSION,
        title: report.heading(str::to_owned),
        software: report.software(),
        as_of: report.as_of.to_string(),
        command: &report.command,
        device: &report.device,
        costs: &report.costs,
        measured: report.measured.iter().map(Cell::of).collect(),
        warnings: &report.warnings,
    };
    Ok(visible(&serde_json::to_string_pretty(&whole)?) + "\n")
}

/// JSON escapes only some of what can drive a terminal. What is left stands inside strings, so it may become an
/// escape that reads back as the same character.
pub fn visible(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    let mut pair = [0; 2];
    for character in json.chars() {
        if character == '\n' || text::inert(character.encode_utf8(&mut [0; 4])).starts_with(character) {
            safe.push(character);
        } else {
            character.encode_utf16(&mut pair).iter().for_each(|unit| safe += &format!("\\u{unit:04x}"));
        }
    }
    safe
}
