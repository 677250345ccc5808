//! Lists of objects in JSON: keys with points between them are paths, and `*` is any key.

use std::io::{BufRead, Read};

use super::{Cell, Rents};
use crate::json::{Document, Value};
use crate::price::import::Place;
use crate::table::{Fault, read_text};

/// Whether a text starts as JSON does.
pub fn is_json(input: &mut impl BufRead) -> bool {
    let start = input.fill_buf().unwrap_or_default();
    start.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| matches!(byte, b'{' | b'['))
}

/// Reads every row.
pub(super) fn read(input: impl Read, rents: &mut Rents<'_, '_>) -> Result<(), Fault> {
    let text = read_text(input)?;
    let document = Document::new(&text)?;
    let rows = &rents.mapping.rows;
    let list = if rows.is_empty() { Some(document.root()) } else { at(document.root(), rows) };
    let whole_file = |what: String| Fault { line: 0, column: 0, what };
    let list =
        list.ok_or_else(|| whole_file(format!("has nothing at {rows}, where the mapping has its rows")))?;
    let elements =
        list.elements().or_else(|| Some(list.members()?.into_iter().map(|(_, value)| value).collect()));
    let elements =
        elements.ok_or_else(|| whole_file(format!("has {} where rows were expected", list.kind())))?;
    for (index, row) in elements.into_iter().enumerate() {
        let of = |value: Value<'_>, path: &str| Cell {
            text: shown(value),
            at: Place::path(document.line(value), format!("{rows}[{index}].{path}")),
        };
        let get = |field| {
            let path = rents.mapping.columns.get(&field)?;
            at(row, path).map(|value| of(value, path))
        };
        // The columns are those of the mapping, which outlives what is read with it.
        let prices = &rents.mapping.prices;
        for price in prices {
            let mut found = vec![];
            spread(row, &price.column, "", &mut found);
            for (value, region) in found {
                rents.one(&get, price, &of(value, &price.column), &region);
            }
        }
    }
    Ok(())
}

/// The value at a path.
fn at<'t>(value: Value<'t>, path: &str) -> Option<Value<'t>> {
    // A key may have points itself.
    if let Some((_, whole)) = value.members()?.into_iter().find(|(key, _)| key == path) {
        return Some(whole);
    }
    let (first, rest) = path.split_once('.')?;
    let (_, inner) = value.members()?.into_iter().find(|(key, _)| key == first)?;
    at(inner, rest)
}

/// The values at a path in which one part may be any key, with that key.
fn spread<'t>(value: Value<'t>, path: &str, region: &str, found: &mut Vec<(Value<'t>, String)>) {
    match path.split_once("*.") {
        Some((before, rest)) if region.is_empty() => {
            let inner = match before.strip_suffix('.') {
                Some(before) => at(value, before),
                None => Some(value),
            };
            for (key, value) in inner.and_then(Value::members).unwrap_or_default() {
                spread(value, rest, &key, found);
            }
        }
        _ => found.extend(at(value, path).map(|value| (value, region.to_owned()))),
    }
}

/// A value as a cell has it.
fn shown(value: Value<'_>) -> String {
    match value.text() {
        Some(text) => text.trim().to_owned(),
        None if value.is_null() => String::new(),
        None => value.number().map_or_else(|| value.kind().to_owned(), str::to_owned),
    }
}
