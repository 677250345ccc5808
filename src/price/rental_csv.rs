//! Plain tables of rents, one row per quote, of any length: read a row at a time.
//!
//! Columns are found by their names: `date` (a day or a month), `provider`, `gpu` (or `hardware`), `usd_per_gpu_hour` (or
//! `usd_per_hour`) and, where there are, `gpu_memory` (or `memory_gb`), `kind` (or `pricing_kind`), `basis`, `region`,
//! `currency`, `source`. Other columns are ignored.

mod lines;
mod row;

use std::io::Read;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::rental::{Basis, Kind};
use crate::table::Fault;
use crate::unpack;
use lines::Lines;
use row::Columns;

/// What one provider asked for one GPU on a day, or in a month of which no day is known.
#[derive(Clone, Debug, PartialEq)]
pub struct RentalPoint {
    /// The day; the first of its month where only that is known.
    pub date: Date,
    /// Who rents it out.
    pub provider: Arc<str>,
    /// The GPU as its source names it.
    pub gpu: Arc<str>,
    /// Memory of one GPU in GB, where the source says.
    pub memory_gb: Option<u16>,
    /// How it is rented.
    pub kind: Kind,
    /// What the number stands for.
    pub basis: Basis,
    /// Where; empty where the source does not say.
    pub region: Arc<str>,
    /// The price in USD.
    pub usd_per_gpu_hour: Decimal,
    /// Where the number was read; empty where the table does not say.
    pub source: Arc<str>,
    /// The line of its file.
    pub line: u64,
}

/// What became of the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that were handed on.
    pub points: u64,
    /// Rows whose price is empty or a word for none, such as `not_offered`: a gap, never zero.
    pub without_price: u64,
    /// Rows that do not say how they rent, taken as on-demand.
    pub kind_assumed: u64,
}

/// Reads a table, as text that [`unpack`](crate::unpack::unpack) opened, and hands its rows to `sink`.
///
/// # Errors
/// The first fault, located: a text that is no table or not UTF-8; a column that is missing or there twice; a cell that is
/// no date, no price between 0.05 and 100 USD, another currency, an unknown kind.
pub fn read(
    input: impl Read,
    mut sink: impl FnMut(RentalPoint) -> Result<(), Fault>,
) -> Result<Tally, Fault> {
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(Lines::new(input));
    let mut columns = Columns::of(reader.headers().map_err(|error| fault(&error))?)?;
    let mut record = csv::StringRecord::new();
    let mut tally = Tally::default();
    while reader.read_record(&mut record).map_err(|error| fault(&error))? {
        match columns.point(&record, &mut tally)? {
            Some(point) => {
                tally.points += 1;
                sink(point)?;
            }
            None => tally.without_price += 1,
        }
    }
    Ok(tally)
}

/// What was wrong, in the words of the reader that found it.
fn fault(error: &csv::Error) -> Fault {
    let csv::ErrorKind::Io(inner) = error.kind() else { return Fault::of_csv(error) };
    let ours = inner.get_ref().and_then(|inner| inner.downcast_ref::<Fault>());
    ours.cloned().unwrap_or_else(|| unpack::fault(inner))
}

#[cfg(test)]
mod tests;
