//! The tasks of a fleet as a table.

use super::UNKNOWN;
use super::columns::{Column, common, number, text, wide};
use super::listing::Listed;
use crate::fleet::follow::Row;

impl Listed for Row {
    const COLUMNS: &'static [Column<Self>] = &[
        number("task", |row| row.task.to_string()),
        text("state", |row| row.state.to_string()),
        text("node", |row| shown(&row.node)),
        common(text("job", |row| shown(&row.job))),
        wide(number("attempts", |row| row.attempts.map_or(UNKNOWN.into(), |count| count.to_string()))),
        wide(text("begun", |row| shown(&row.begun_utc))),
        common(text("last sign of life", |row| shown(&row.alive_utc))),
        text("why", |row| shown(&row.reason)),
    ];
}

fn shown(text: &str) -> String {
    if text.is_empty() { UNKNOWN.into() } else { text.to_owned() }
}
