//! Results as CSV and JSON: a row per cell, values unrounded, unknown empty or null.

use serde::Serialize;

use super::findings::{Finding, findings};
use super::results::{CellRow, Results};
use super::{csv as rows_csv, json as document};

/// Grows by one when a column or key changes its meaning or goes away; a new one does not change it.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Whole {
    schema_version: u32,
    title: String,
    software: bool,
    findings: Vec<Finding>,
    cells: Vec<CellRow>,
}

/// A row per cell under a header; the first column is `schema_version`.
pub fn csv(results: &Results) -> String {
    rows_csv::versioned_csv(SCHEMA_VERSION, &rows(results))
}

/// One object: `schema_version`, what must be said first, and a row per cell.
pub fn json(results: &Results) -> String {
    document::pretty(&Whole {
        schema_version: SCHEMA_VERSION,
        title: results.title(),
        software: results.software(),
        findings: findings(results),
        cells: rows(results),
    })
}

fn rows(results: &Results) -> Vec<CellRow> {
    let ceilings = results.ceilings();
    results.cells().iter().map(|cell| CellRow::of(cell, &ceilings)).collect()
}
