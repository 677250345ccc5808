//! `costs.csv`: every field of a comparison, one row per case, values unrounded.

use std::io;

use serde_json::Value;

use crate::market::row::Comparison;
use crate::text;

/// The rows as CSV with a header, also where there are none. The columns are the fields of [`Comparison`]; unknown and
/// not finite are empty.
pub fn costs_csv(rows: &[Comparison]) -> String {
    // Writing to memory cannot fail; an empty text would be caught by every test that reads it.
    written(rows).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn written(rows: &[Comparison]) -> io::Result<Vec<u8>> {
    let columns = columns()?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns)?;
    for row in rows {
        let fields = serde_json::to_value(row)?;
        writer.write_record(columns.iter().map(|column| cell(fields.get(column))))?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The names of the fields in the order of the struct, which a JSON object does not keep.
fn columns() -> io::Result<csv::StringRecord> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(Comparison::default())?;
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
