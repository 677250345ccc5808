//! `measurements.csv`: one row per cell and run, fixed columns, base facts only.

mod columns;
mod fields;
mod rows;

use std::collections::HashMap;
use std::io::{self, Read, Write};

use super::{Measurement, write_cell_name};
use crate::table::{self, Fault};

pub use columns::COLUMNS;
use columns::Places;
pub(super) use fields::cells;
use rows::read_row;

/// Grows by one when a column changes its meaning or goes away; a new column does not change it. Version 1 had one
/// row per cell and is still read: its rows are those of run 0.
pub const SCHEMA_VERSION: u32 = 2;
const SCHEMA_VERSION_MIN: u32 = 1;

/// The columns without which a file is no run. Readers tolerate that others are absent.
const REQUIRED: [&str; 20] = [
    "schema_version",
    "kernel",
    "format",
    "shape",
    "status",
    "median_s",
    "min_s",
    "q1_s",
    "q3_s",
    "mean_s",
    "mad_s",
    "timing_method",
    "wall_median_s",
    "samples",
    "nmse",
    "nmse_max",
    "compared",
    "adapter",
    "device_type",
    "tool_version",
];

/// The header line of `measurements.csv`, with its line end.
pub fn header() -> String {
    line(COLUMNS)
}

/// One row with its line end: written with one write, it is either whole or recognisably torn.
pub fn row(measurement: &Measurement) -> String {
    line(cells(measurement))
}

/// Reads `measurements.csv`.
///
/// # Errors
/// The first fault with its line and column; a result without identity, a rate that is not finite and positive,
/// and a cell that appears twice in one run are faults.
pub fn read(input: impl Read) -> Result<Vec<Measurement>, Fault> {
    let mut measurements = Vec::new();
    each(input, |measurement| measurements.push(measurement))?;
    Ok(measurements)
}

/// Reads `measurements.csv` a row at a time.
///
/// # Errors
/// Those of [`read`].
pub fn each(input: impl Read, mut each: impl FnMut(Measurement)) -> Result<(), Fault> {
    each_of_cell(input, |_, measurement| each(measurement))
}

/// The same with the place of its cell among those of the file, in the order in which they first appear.
///
/// # Errors
/// Those of [`read`].
pub fn each_of_cell(input: impl Read, mut each: impl FnMut(u32, Measurement)) -> Result<(), Fault> {
    let mut cells: HashMap<String, u32> = HashMap::new();
    let mut lines: HashMap<(u32, u32), u64> = HashMap::new();
    let mut name = String::new();
    table::each_row_at(input, &REQUIRED, Places::of, |at, row| {
        let measurement = read_row(row, at)?;
        let Measurement { op, variant, cache, run, .. } = &measurement;
        name.clear();
        // Writing to memory cannot fail.
        let _ = write_cell_name(&mut name, op, variant, *cache);
        let cell = cells.get(&name).copied().unwrap_or_else(|| {
            let next = u32::try_from(cells.len()).unwrap_or(u32::MAX);
            cells.insert(name.clone(), next);
            next
        });
        if let Some(first) = lines.insert((cell, *run), row.line()) {
            return Err(row.fault(at.cell, format!("cell {name} of run {run} is on line {first} already")));
        }
        each(cell, measurement);
        Ok(())
    })
}

/// The line of each row.
///
/// # Errors
/// Those of a table that cannot be read.
pub fn lines(input: impl Read) -> Result<Vec<u64>, Fault> {
    let mut lines = Vec::new();
    table::each_row(input, &REQUIRED, |row| {
        lines.push(row.line());
        Ok(())
    })?;
    Ok(lines)
}

/// The length of the part of a file that ends with a complete line; what follows was torn by a kill.
pub fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)
}

/// A CSV line with its end.
pub(super) fn line<T: AsRef<[u8]>>(fields: impl IntoIterator<Item = T>) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Writing to memory cannot fail; an empty line would be caught by every test that reads it back.
    let written: io::Result<Vec<u8>> = writer.write_record(fields).map_err(io::Error::other).and_then(|()| {
        writer.flush()?;
        writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    });
    written.ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The shortest text that reads back to the same bits.
pub(crate) fn number(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e15).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// Writes rows of a finished run at once.
///
/// # Errors
/// Those of the writer.
pub fn write_all(mut out: impl Write, measurements: &[Measurement]) -> io::Result<()> {
    out.write_all(header().as_bytes())?;
    measurements.iter().try_for_each(|measurement| out.write_all(row(measurement).as_bytes()))
}

#[cfg(test)]
mod tests;
