//! The tables of mtok itself: `rentals.csv` and `tokens.csv`.

use std::io::Read;

use super::{Format, Head, Import, Kind, Record, Source};
use crate::price::Pool;
use crate::price::rental::{QuoteColumns, read_quote};
use crate::price::token::read_listing;
use crate::table::{Fault, Step, Stream, each_row};

const RENTAL_COLUMNS: [&str; 7] = ["hardware", "provider", "kind", "usd_per_hour", "date", "basis", "source"];
const TOKEN_COLUMNS: [&str; 6] =
    ["model", "seller", "input_usd_per_mtok", "output_usd_per_mtok", "date", "source"];

/// `rentals.csv`.
pub const RENTALS: Format = Format {
    name: "mtok rentals.csv",
    kind: Kind::Rental,
    knows: |head: &Head<'_>| head.has_columns(&RENTAL_COLUMNS),
    read: read_rentals,
};

/// `tokens.csv`.
pub const TOKENS: Format = Format {
    name: "mtok tokens.csv",
    kind: Kind::Token,
    knows: |head: &Head<'_>| head.has_columns(&TOKEN_COLUMNS),
    read: read_tokens,
};

fn read_rentals(input: &mut dyn Read, _: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let mut stream = Stream::new(input, &RENTAL_COLUMNS)?;
    let columns = QuoteColumns::of(|name| stream.column(name));
    let mut pool = Pool::default();
    while let Some(step) = stream.step()? {
        match step {
            Step::Bad(fault) => import.reject("", fault),
            Step::Header => {}
            Step::Row(row) => match read_quote(row, &columns, &mut pool) {
                Ok(quote) => import.keep(Record::Rental(quote)),
                Err(fault) => import.reject(row.text("hardware"), fault),
            },
        }
    }
    Ok(())
}

fn read_tokens(input: &mut dyn Read, _: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let mut pool = Pool::default();
    each_row(input, &TOKEN_COLUMNS, |row| {
        match read_listing(row, &mut pool) {
            Ok(listing) => import.keep(Record::Token(listing)),
            Err(fault) => import.reject(row.text("model"), fault),
        }
        Ok(())
    })
}
