//! The report as JSON: rows as arrays of objects with units in their keys, unknown as null, values unrounded.

use serde::Serialize;

use super::Report;
use super::results::{Cell, CellRow};
use crate::market::row::Comparison;
use crate::measurement::Measurement;
use crate::roofline::Ceilings;
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
    measured: Vec<CellRow>,
    warnings: &'r [String],
}

/// The report as pretty JSON with a line end. A number that is not finite is null.
///
/// # Errors
/// Those of the JSON writer, which has none for this type.
pub fn json(report: &Report) -> serde_json::Result<String> {
    let ceilings = report.ceilings();
    let whole = Whole {
        schema_version: SCHEMA_VERSION,
        title: report.heading(str::to_owned),
        software: report.software(),
        as_of: report.as_of.to_string(),
        command: &report.command,
        device: &report.device,
        costs: &report.costs,
        measured: report.measured.iter().map(|row| alone(row, &ceilings)).collect(),
        warnings: &report.warnings,
    };
    Ok(visible(&serde_json::to_string_pretty(&whole)?) + "\n")
}

/// A row for a measurement that stands for itself.
fn alone(row: &Measurement, ceilings: &Ceilings) -> CellRow {
    CellRow::of(&Cell { joined: row.clone(), runs: vec![row] }, ceilings)
}

/// A value of our own as pretty JSON with a line end, safe to show. Such values have text as keys, so writing them
/// cannot fail; an empty text would be caught by every test that reads it.
pub(super) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).map(|json| visible(&json) + "\n").unwrap_or_default()
}

/// JSON escapes only some of what can drive a terminal. What is left stands inside strings, so it may become an
/// escape that reads back as the same character.
pub fn visible(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    let mut pair = [0; 2];
    for character in json.chars() {
        // Most of it is plain; asking of each character alone would be most of the time.
        let plain = matches!(character, '\n' | ' '..='~');
        if plain || text::inert(character.encode_utf8(&mut [0; 4])).starts_with(character) {
            safe.push(character);
        } else {
            character.encode_utf16(&mut pair).iter().for_each(|unit| safe += &format!("\\u{unit:04x}"));
        }
    }
    safe
}
