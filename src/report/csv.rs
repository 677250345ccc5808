//! Flat rows as CSV, such as `costs.csv`: every field a column, values unrounded.

use std::io;

use serde::Serialize;
use serde_json::Value;

use crate::market::row::Comparison;
use crate::text;

/// The costs as CSV.
pub fn costs_csv(rows: &[Comparison]) -> String {
    rows_csv(rows)
}

/// Flat rows as CSV with a header, also where there are none. The columns are the fields of the row; unknown and
/// not finite are empty.
pub(super) fn rows_csv<T: Serialize + Default>(rows: &[T]) -> String {
    text_of(written(None, rows))
}

/// The same with the version of the columns in a column `schema_version` before them.
pub(super) fn versioned_csv<T: Serialize + Default>(version: u32, rows: &[T]) -> String {
    text_of(written(Some(version), rows))
}

/// Writing to memory cannot fail; an empty text would be caught by every test that reads it.
fn text_of(written: io::Result<Vec<u8>>) -> String {
    written.ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn written<T: Serialize + Default>(version: Option<u32>, rows: &[T]) -> io::Result<Vec<u8>> {
    let columns = columns::<T>()?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(version.map(|_| "schema_version").into_iter().chain(&columns))?;
    let version = version.map(|version| version.to_string());
    for row in rows {
        let fields = serde_json::to_value(row)?;
        let cells = columns.iter().map(|column| cell(fields.get(column)));
        writer.write_record(version.iter().cloned().chain(cells))?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The names of the fields in the order of the struct, which a JSON object does not keep.
fn columns<T: Serialize + Default>() -> io::Result<csv::StringRecord> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(T::default())?;
    let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(csv::Reader::from_reader(bytes.as_slice()).headers()?.clone())
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(words)) => text::csv_cell(words),
        Some(other) => other.to_string(),
    }
}
