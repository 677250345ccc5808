//! Rows of one kind as a table for people, Markdown and CSV: what a verb that lists something prints.

use serde::Serialize;

use super::columns::Column;
use super::{csv as rows_csv, markdown as page, terminal as screen};

/// Rows that have columns of their own. CSV has all fields, tables have the columns.
pub trait Listed: Serialize + Default + 'static {
    /// What people see of a row.
    const COLUMNS: &'static [Column<Self>];
}

/// The rows as a table of at most `width` columns where its words allow; nothing where there are none.
pub fn terminal<T: Listed>(rows: &[T], width: u16) -> String {
    match rows {
        [] => String::new(),
        _ => screen::table(T::COLUMNS, &rows.iter().collect::<Vec<_>>(), width, false) + "\n",
    }
}

/// The rows as a Markdown table.
pub fn markdown<T: Listed>(rows: &[T]) -> String {
    page::table(T::COLUMNS, &rows.iter().collect::<Vec<_>>())
}

/// The rows as CSV, every field a column, values unrounded.
pub fn csv<T: Listed>(rows: &[T]) -> String {
    rows_csv::rows_csv(rows)
}
