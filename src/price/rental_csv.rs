//! Plain tables of rents, one row per quote, of any length: read a row at a time.
//!
//! Columns are found by their names: `date` (a day or a month), `provider`, `gpu` (or `hardware`), `usd_per_gpu_hour` (or
//! `usd_per_hour`) and, where there are, `gpu_memory` (or `memory_gb`), `kind` (or `pricing_kind`), `basis`, `region`,
//! `currency`, `source`. Other columns are ignored.

use std::io::Read;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::import::rents;
use super::rental::{Basis, Kind};
use super::{Pool, gate, money};
use crate::table::{self, Column, Fault, Row, Step, Stream, quote};

/// Words for a price that is not there.
const NO_PRICE: [&str; 7] = ["", "unknown", "free", "dynamic", "not_offered", "rejected", "n/a"];

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

/// Reads a table, as text that [`unpack`](crate::unpack::unpack) opened, and hands its rows to `sink`. Unlike the importer of
/// such tables it takes names as they are, and the first bad row ends it: a series with a hole nobody sees would be wrong.
///
/// # Errors
/// The first fault, located: a text that is no table or not UTF-8; a column that is missing or there twice; a cell that is
/// no date, no price between 0.05 and 100 USD, another currency, an unknown kind.
pub fn read(
    input: impl Read,
    mut sink: impl FnMut(RentalPoint) -> Result<(), Fault>,
) -> Result<Tally, Fault> {
    let mut stream = Stream::new(input, &["date", "provider"])?;
    let mut columns = Columns::of(&stream)?;
    let mut tally = Tally::default();
    while let Some(step) = stream.step()? {
        let row = match step {
            Step::Row(row) => row,
            Step::Header => continue,
            Step::Bad(fault) => return Err(fault),
        };
        match columns.point(row, &mut tally)? {
            Some(point) => {
                tally.points += 1;
                sink(point)?;
            }
            None => tally.without_price += 1,
        }
    }
    Ok(tally)
}

/// Where the columns stand, and what was read last: rows of a table repeat most of the row before.
struct Columns {
    date: Column,
    provider: Column,
    gpu: Column,
    price: Column,
    memory: Column,
    kind: Column,
    basis: Column,
    region: Column,
    currency: Column,
    source: Column,
    texts: Pool,
    last_date: (String, Date),
    last_kind: (String, (Kind, Basis)),
}

impl Columns {
    /// Finds the columns.
    ///
    /// # Errors
    /// A column that is missing, or there under two names.
    fn of<R: Read>(stream: &Stream<R>) -> Result<Self, Fault> {
        let any = |names: &[&'static str]| -> Result<Column, Fault> {
            let mut there = names.iter().map(|name| stream.column(name)).filter(|column| column.exists());
            match (there.next(), there.next()) {
                (Some(first), Some(other)) => {
                    let what =
                        format!("has the columns \"{}\" and \"{}\"; keep one", first.name(), other.name());
                    Err(Fault { line: 1, column: 0, what })
                }
                (Some(only), None) => Ok(only),
                (None, _) => Ok(stream.column(names.first().copied().unwrap_or_default())),
            }
        };
        let need = |names: &[&'static str]| {
            let missing = format!("column \"{}\" is missing", names.join("\" or \""));
            any(names).and_then(|column| {
                column.exists().then_some(column).ok_or(Fault { line: 1, column: 0, what: missing })
            })
        };
        Ok(Self {
            date: stream.column("date"),
            provider: stream.column("provider"),
            gpu: need(&["gpu", "hardware"])?,
            price: need(&["usd_per_gpu_hour", "usd_per_hour"])?,
            memory: any(&["gpu_memory", "memory_gb", "gpu_memory_gb"])?,
            kind: any(&["kind", "pricing_kind"])?,
            basis: stream.column("basis"),
            region: stream.column("region"),
            currency: stream.column("currency"),
            source: stream.column("source"),
            texts: Pool::default(),
            last_date: (String::new(), Date::ZERO),
            last_kind: (String::new(), (Kind::OnDemand, Basis::List)),
        })
    }

    /// The quote of a row; `None` where it has no price.
    fn point(&mut self, row: Row<'_>, tally: &mut Tally) -> Result<Option<RentalPoint>, Fault> {
        let date = self.date(row)?;
        let (provider, gpu) = (row.required(self.provider)?, row.required(self.gpu)?);
        let memory_gb = memory(row, self.memory)?;
        let currency = row.text(self.currency);
        if !(currency.is_empty() || currency.eq_ignore_ascii_case("usd")) {
            let what = format!("currency {} is not USD, and there is no rate here", quote(currency));
            return Err(row.fault(self.currency, what));
        }
        let (kind, of_kind) = self.kind(row)?;
        let basis = row.optional(self.basis)?.unwrap_or(of_kind);
        let Some(usd_per_gpu_hour) = price(row, self.price)? else { return Ok(None) };
        tally.kind_assumed += u64::from(row.text(self.kind).is_empty());
        Ok(Some(RentalPoint {
            date,
            provider: self.texts.get(provider),
            gpu: self.texts.get(gpu),
            memory_gb,
            kind,
            basis,
            region: self.texts.get(row.text(self.region)),
            usd_per_gpu_hour,
            source: self.texts.get(row.text(self.source)),
            line: row.line(),
        }))
    }

    /// A day, or the first of a month.
    fn date(&mut self, row: Row<'_>) -> Result<Date, Fault> {
        let text = row.required(self.date)?;
        if self.last_date.0 != text {
            let month = text.len() == "2026-06".len();
            let date = if month { table::day(&format!("{text}-01")) } else { table::day(text) };
            let wrong =
                || format!("date {} is neither a day like 2026-06-12 nor a month like 2026-06", quote(text));
            self.last_date = (text.to_owned(), date.ok_or_else(|| row.fault(self.date, wrong()))?);
        }
        Ok(self.last_date.1)
    }

    fn kind(&mut self, row: Row<'_>) -> Result<(Kind, Basis), Fault> {
        let text = row.text(self.kind);
        if self.last_kind.0 != text {
            let kind = rents::kind(text).map_err(|what| row.fault(self.kind, what))?;
            self.last_kind = (text.to_owned(), kind);
        }
        Ok(self.last_kind.1)
    }
}

/// Memory of one GPU in GB.
fn memory(row: Row<'_>, column: Column) -> Result<Option<u16>, Fault> {
    let text = row.text(column);
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text.get(number.len()..).unwrap_or_default().to_lowercase();
    match (text, number.trim().parse::<f64>()) {
        ("", _) => Ok(None),
        // No GPU has more, and the same size in MiB is a larger number.
        (_, Ok(gb)) if (1.0..=2000.0).contains(&gb) && matches!(unit.as_str(), "" | "g" | "gb" | "gib") => {
            Ok(Some(gb.round() as u16))
        }
        _ => Err(row.fault(column, format!("memory {} is not a number of GB of one GPU", quote(text)))),
    }
}

/// A believable price; `None` where there is none.
fn price(row: Row<'_>, column: Column) -> Result<Option<Decimal>, Fault> {
    let text = row.text(column);
    if NO_PRICE.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    let what = match money(text).filter(|price| *price > Decimal::ZERO) {
        None => "is not a finite number > 0".to_owned(),
        Some(price) => match gate::gpu_rent_out_of_band(price) {
            None => return Ok(Some(price)),
            Some(why) => why,
        },
    };
    Err(row.fault(column, format!("price {} {what}", quote(text))))
}

#[cfg(test)]
mod tests;
