//! The columns of the tables that people read, each with its unit in its header.

use super::{UNKNOWN, arithmetic_rate, number, significant};
use crate::market::row::Comparison;
use crate::measurement::Measurement;

/// One column of a table of `T`.
pub(super) struct Column<T> {
    /// The header, with the unit.
    pub header: &'static str,
    /// The text of a cell, as the data has it: not yet safe to show.
    pub cell: fn(&T) -> String,
    /// Numbers stand to the right.
    pub numeric: bool,
    /// Shown where the page is narrow.
    pub narrow: bool,
}

const fn text<T>(header: &'static str, cell: fn(&T) -> String) -> Column<T> {
    Column { header, cell, numeric: false, narrow: true }
}

const fn numeric<T>(header: &'static str, cell: fn(&T) -> String) -> Column<T> {
    Column { header, cell, numeric: true, narrow: true }
}

const fn wide<T>(column: Column<T>) -> Column<T> {
    Column { narrow: false, ..column }
}

/// The columns of the cost table.
pub(super) const COSTS: [Column<Comparison>; 15] = [
    text("model", |row| row.model.clone()),
    text("weights", |row| row.weights.clone()),
    numeric("batch", |row| row.batch.to_string()),
    numeric("decode tok/s", |row| number(row.decode_tokens_per_s)),
    wide(numeric("prefill tok/s", |row| number(row.prefill_tokens_per_s))),
    wide(numeric("TPOT ms", |row| number(row.tpot_ms))),
    numeric("$/Mtok in", |row| number(row.usd_per_mtok_in)),
    numeric("$/Mtok out", |row| number(row.usd_per_mtok_out)),
    numeric("$/Mtok blended", |row| number(row.usd_per_mtok_blended)),
    wide(text("blended low to high", |row| {
        range(row.usd_per_mtok_blended_low, row.usd_per_mtok_blended_high)
    })),
    numeric("market $/Mtok", |row| number(row.market_usd_per_mtok())),
    wide(numeric("sellers", |row| row.market_sellers.map_or(UNKNOWN.into(), |count| count.to_string()))),
    wide(numeric("break-even utilisation", |row| number(row.break_even_utilisation))),
    wide(numeric("break-even $/h", |row| number(row.break_even_usd_per_hour))),
    text("verdict", |row| row.verdict.map_or(UNKNOWN.into(), |verdict| verdict.to_string())),
];

/// The columns of the table of measured kernels.
pub(super) const KERNELS: [Column<Measurement>; 8] = [
    text("kernel", |cell| format!("{} {}", cell.op.kernel(), cell.variant).trim_end().to_owned()),
    text("format", |cell| cell.op.format().to_string()),
    // Spaces let a narrow table break the line between two sizes.
    text("shape", |cell| cell.op.shape().replace(';', " ")),
    numeric("median ms", |cell| number(cell.timing().map(|timing| timing.seconds.median * 1e3))),
    numeric("GFLOP/s", |cell| number(arithmetic_rate(cell).map(|rate| rate.0 / 1e9))),
    numeric("GB/s", |cell| number(cell.bytes_per_s().map(|rate| rate.0 / 1e9))),
    text("clock", |cell| cell.timing().map_or(UNKNOWN.into(), |timing| timing.method.to_string())),
    text("status", |cell| match cell.outcome.reason() {
        "" => cell.outcome.status().to_owned(),
        reason => format!("{}: {reason}", cell.outcome.status()),
    }),
];

fn range(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} to {}", significant(low), significant(high)),
        _ => UNKNOWN.into(),
    }
}
