//! Tables and JSON lists of no known format, read as a [`Mapping`] says.

mod json;

use std::io::{BufReader, Read};

use super::mapping::{Field, Mapping, Memory, Per, PriceColumn};
use super::rental::{Offer, Providers, Sink};
use super::{Aside, Format, Head, Import, Kind, Place, Source};
use crate::price::Rule;
use crate::price::identity::gpu::{GpuNames, Seen, memory_gb_of_mib};
use crate::table::{Column, Fault, Row, Step, Stream};

/// Anything that a mapping explains.
pub const ANY: Format =
    Format { name: "table by --map", kind: Kind::Rental, knows: |_: &Head<'_>| false, read };

/// A cell and its place.
#[derive(Clone, Debug, Default)]
struct Cell {
    text: String,
    at: Place,
}

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let Some(mapping) = source.mapping else {
        return Err(Fault { line: 0, column: 0, what: "needs a mapping: --map TOML".into() });
    };
    let names = GpuNames::new(source.gpus)?;
    let sink = Sink::new(source, &names, source.name.to_owned(), import);
    let providers = Providers::new(source);
    let mut rents = Rents { mapping, providers, sink };
    let mut input = BufReader::new(input);
    if json::is_json(&mut input) { json::read(input, &mut rents) } else { table(input, &mut rents) }
}

fn table(input: impl Read, rents: &mut Rents<'_, '_>) -> Result<(), Fault> {
    let mut stream = Stream::new(input, &[])?;
    let find = |name: &str| {
        let missing =
            || Fault { line: 1, column: 0, what: format!("column \"{name}\" of the mapping is missing") };
        stream.place(name).ok_or_else(missing)
    };
    let mut columns = vec![];
    for (field, name) in &rents.mapping.columns {
        columns.push((*field, find(name)?));
    }
    let mut prices = vec![];
    for price in &rents.mapping.prices {
        prices.push((price, find(&price.column)?));
    }
    while let Some(step) = stream.step()? {
        let row = match step {
            Step::Row(row) => row,
            Step::Bad(fault) => {
                rents.sink.reject("", fault);
                continue;
            }
            Step::Header => continue,
        };
        let cell = |column| of_row(row, column);
        let get = |field| columns.iter().find(|(of, _)| *of == field).map(|(_, column)| cell(*column));
        for (price, column) in &prices {
            rents.one(&get, price, &cell(*column), "");
        }
    }
    Ok(())
}

fn of_row(row: Row<'_>, column: Column) -> Cell {
    Cell { text: row.text(column).to_owned(), at: super::rental::place(row, column) }
}

/// Where rows become rents.
struct Rents<'a, 'i> {
    mapping: &'a Mapping,
    providers: Providers<'a>,
    sink: Sink<'a, 'i>,
}

impl Rents<'_, '_> {
    /// One price of one row. `region` is the one that the price's own place says.
    fn one(&mut self, get: &dyn Fn(Field) -> Option<Cell>, price: &PriceColumn, cell: &Cell, region: &str) {
        let subject = self.cell(get, Field::Instance).text;
        if let Err((at, what)) = self.try_one(get, price, cell, region) {
            self.sink.unreadable(at, &subject, what);
        }
    }

    fn try_one(
        &mut self,
        get: &dyn Fn(Field) -> Option<Cell>,
        price: &PriceColumn,
        cell: &Cell,
        region: &str,
    ) -> Result<(), (Place, String)> {
        let gpu = match &price.gpu {
            Some(gpu) => Cell { text: gpu.clone(), at: cell.at.clone() },
            None => self.cell(get, Field::Gpu),
        };
        let instance = self.cell(get, Field::Instance).text;
        let count = number(&self.cell(get, Field::Count), "count")?.unwrap_or(0.0);
        let per_instance = self.mapping.per == Per::Instance && price.gpu.is_none();
        if gpu.text.is_empty() || (per_instance && count == 0.0) {
            let what = "a machine without a GPU";
            self.sink.set_aside(Place::line(cell.at.line), &instance, Aside::LeftOut, Rule::NotAnOffer, what);
            return Ok(());
        }
        if count.fract() != 0.0 || count > 1024.0 {
            return Err((
                self.cell(get, Field::Count).at,
                format!("count {count} is no number of GPUs up to 1024"),
            ));
        }
        let count = count as u16;
        let memory = number(&self.cell(get, Field::Memory), "memory_gb")?;
        let memory_gb =
            memory.map(|size| if self.mapping.memory == Memory::Mib { memory_gb_of_mib(size) } else { size });
        let kind = self.cell(get, Field::Kind);
        let (of_row, basis) = super::rents::kind(&kind.text).map_err(|what| (kind.at.clone(), what))?;
        let date = self.cell(get, Field::Date);
        let day = match date.text.as_str() {
            "" => self.sink.observed(),
            text => super::rental::day(text).ok_or_else(|| (date.at.clone(), not_a_day(text)))?,
        };
        let currency = self.cell(get, Field::Currency);
        let of_price = match currency.text.as_str() {
            "" => crate::price::Currency::USD,
            text => text.parse().map_err(|what| {
                (currency.at.clone(), format!("currency \"{}\" {what}", crate::text::inert(text)))
            })?,
        };
        let provider = self.cell(get, Field::Provider);
        let provider = match provider.text.as_str() {
            "" => self.providers.of(&instance).map_err(|what| (cell.at.clone(), what))?.to_owned(),
            text => text.to_owned(),
        };
        let of_cell = self.cell(get, Field::Region).text;
        let source = self.cell(get, Field::Source).text;
        let offer = Offer {
            seen: Seen { name: &gpu.text, also: "", instance: &instance, memory_gb, count },
            provider: &provider,
            kind: price.kind.unwrap_or(of_row),
            basis,
            instance: &instance,
            region: if region.is_empty() { &of_cell } else { region },
            date: day,
            source: &source,
            currency: of_price,
            instance_of: per_instance.then_some(count),
        };
        let zero_is_absence = provider == "runpod";
        let subject = if instance.is_empty() { &gpu.text } else { &instance };
        let read = self.sink.price_of(&cell.text, &cell.at, &price.column, subject, zero_is_absence);
        if let Some(price) = read.and_then(|price| self.mapping.unit.per_hour(price)) {
            self.sink.keep(cell.at.clone(), &offer, price);
        }
        Ok(())
    }

    /// What a row says, else what is the same in all of them.
    fn cell(&self, get: &dyn Fn(Field) -> Option<Cell>, field: Field) -> Cell {
        let of_row = get(field).unwrap_or_default();
        match self.mapping.constants.get(&field) {
            Some(constant) if of_row.text.is_empty() => Cell { text: constant.clone(), ..of_row },
            _ => of_row,
        }
    }
}

/// A size or a count; `None` where the cell is empty.
fn number(cell: &Cell, name: &str) -> Result<Option<f64>, (Place, String)> {
    if cell.text.is_empty() {
        return Ok(None);
    }
    let number = cell.text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    let what = || format!("{name} {} is not a finite number >= 0", crate::table::quote(&cell.text));
    number.map(Some).ok_or_else(|| (cell.at.clone(), what()))
}

fn not_a_day(text: &str) -> String {
    format!("date {} is neither a day like 2026-06-12 nor a month like 2026-06", crate::table::quote(text))
}

#[cfg(test)]
mod tests;
