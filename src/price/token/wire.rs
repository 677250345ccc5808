//! `tokens.csv`: listings to and from text.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use jiff::civil::{Date, DateTime, Time};

use super::{TokenListing, TokenPrices};
use crate::price::{Pool, Quoted, doubled, gate};
use crate::table::{Fault, Row, Table, each_row};
use crate::text::{csv_cell, of_csv_cell};

/// Every column, as written.
pub const COLUMNS: [&str; 24] = [
    "model",
    "seller",
    "listing",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "date",
    "source",
    "open_weights",
    "service",
    "tier",
    "window",
    "reasoning_usd_per_mtok",
    "cache_write_usd_per_mtok",
    "cache_write_1h_usd_per_mtok",
    "valid_from",
    "valid_to",
    "region",
    "uplift",
    "currency",
    "observed",
    "commit",
    "flags",
    "line",
];

/// The columns that a table must have.
const REQUIRED: usize = 8;

/// Reads `tokens.csv`.
///
/// # Errors
/// The first fault with its line and column: a cell that is missing or no price, a price in another unit, and a
/// listing that appears twice.
pub fn read_tokens(input: impl Read) -> Result<Vec<TokenListing>, Fault> {
    let table = Table::read(input, COLUMNS.get(..REQUIRED).unwrap_or_default())?;
    let mut seen: HashMap<_, (u64, TokenPrices)> = HashMap::new();
    let (mut pool, mut listings) = (Pool::default(), Vec::new());
    for row in table.rows() {
        let listing = read_listing(row, &mut pool)?;
        for (name, price) in TokenPrices::NAMES.into_iter().zip(listing.prices.all()) {
            if let Some(why) = price.value().and_then(gate::token_price_out_of_band) {
                let column = column(name);
                return Err(row.fault(&column, format!("{column} {} {why}", row.text(&column))));
            }
        }
        let key = (
            listing.model.to_lowercase(),
            listing.seller.to_lowercase(),
            listing.listing.to_lowercase(),
            (listing.service, listing.tier, listing.window.clone(), listing.region.to_lowercase()),
            listing.date,
        );
        if let Some((first, before)) = seen.insert(key, (listing.line, listing.prices)) {
            return Err(contradiction(row, first, before, listing.prices));
        }
        listings.push(listing);
    }
    Ok(listings)
}

fn column(bucket: &str) -> String {
    format!("{bucket}_usd_per_mtok")
}

/// The fault of the first price that differs; of the whole listing where none does.
fn contradiction(row: Row<'_>, first: u64, before: TokenPrices, now: TokenPrices) -> Fault {
    let pairs = before.all().into_iter().zip(now.all());
    let differs = TokenPrices::NAMES.into_iter().zip(pairs).find(|(_, (old, new))| old != new);
    let (name, (old, new)) = differs.unwrap_or(("input", (Quoted::Unknown, Quoted::Unknown)));
    doubled(row, &column(name), first, old, new)
}

/// Reads a table that imports wrote: of any length, and a card may be in it again.
///
/// # Errors
/// The first fault with its line and column.
pub fn read_stored(input: impl Read) -> Result<Vec<TokenListing>, Fault> {
    let (mut pool, mut listings) = (Pool::default(), Vec::new());
    each_row(input, COLUMNS.get(..REQUIRED).unwrap_or_default(), |row| {
        listings.push(read_listing(row, &mut pool)?);
        Ok(())
    })?;
    Ok(listings)
}

/// One row of the table; its texts come from `pool`. A table without the column `open_weights` is one of open weights.
///
/// # Errors
/// The located fault of a cell that is missing or cannot be read.
pub fn read_listing(row: Row<'_>, pool: &mut Pool) -> Result<TokenListing, Fault> {
    let mut prices = [Quoted::Unknown; 6];
    for (price, name) in prices.iter_mut().zip(TokenPrices::NAMES) {
        *price = row.optional(&column(name))?.unwrap_or_default();
    }
    Ok(TokenListing {
        model: pool.get(of_csv_cell(row.required("model")?)),
        open_weights: row.optional("open_weights")?.unwrap_or(true),
        seller: pool.get(of_csv_cell(row.required("seller")?)),
        listing: pool.get(of_csv_cell(row.text("listing"))),
        service: row.optional("service")?.unwrap_or_default(),
        tier: row.optional("tier")?,
        window: row.optional("window")?.map(Box::new),
        prices: TokenPrices::from_all(prices),
        valid_from: moment(row, "valid_from")?,
        valid_to: moment(row, "valid_to")?,
        region: pool.get(row.text("region")),
        uplift: row.money("uplift")?,
        currency: row.optional("currency")?.unwrap_or_default(),
        date: row.date("date")?,
        observed: row.optional_date("observed")?,
        source: pool.get(row.required("source")?),
        commit: pool.get(row.text("commit")),
        flags: row.optional("flags")?.unwrap_or_default(),
        file: pool.get(""),
        line: row.line(),
    })
}

/// A moment in UTC: a day, or a day and a time.
fn moment(row: Row<'_>, column: &str) -> Result<Option<DateTime>, Fault> {
    match row.text(column) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            row.fault(column, format!("{column} is neither a date like 2026-01-31 nor one with a time"))
        }),
    }
}

/// A moment as in files: without its time where that is midnight.
fn moment_text(moment: DateTime) -> String {
    let date: Date = moment.date();
    if moment.time() == Time::midnight() { date.to_string() } else { moment.to_string() }
}

/// Writes listings as a table that [`read_tokens`] reads. `line` says where a listing stood in the file it came from.
///
/// # Errors
/// What `out` objects to.
pub fn write_tokens<'l>(
    out: impl Write,
    listings: impl IntoIterator<Item = &'l TokenListing>,
) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(COLUMNS)?;
    for listing in listings {
        let prices = &listing.prices;
        out.write_record(&[
            csv_cell(&listing.model),
            csv_cell(&listing.seller),
            csv_cell(&listing.listing),
            prices.input.to_string(),
            prices.output.to_string(),
            prices.cache_read.to_string(),
            listing.date.to_string(),
            csv_cell(&listing.source),
            listing.open_weights.to_string(),
            listing.service.to_string(),
            listing.tier.map(|tier| tier.to_string()).unwrap_or_default(),
            listing.window.as_ref().map(ToString::to_string).unwrap_or_default(),
            prices.reasoning.to_string(),
            prices.cache_write.to_string(),
            prices.cache_write_1h.to_string(),
            listing.valid_from.map(moment_text).unwrap_or_default(),
            listing.valid_to.map(moment_text).unwrap_or_default(),
            csv_cell(&listing.region),
            listing.uplift.map(|uplift| uplift.to_string()).unwrap_or_default(),
            listing.currency.to_string(),
            listing.observed.map(|date| date.to_string()).unwrap_or_default(),
            csv_cell(&listing.commit),
            listing.flags.to_string(),
            listing.line.to_string(),
        ])?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n";

    fn listings(rows: &str) -> Vec<TokenListing> {
        read_tokens((HEADER.to_owned() + rows).as_bytes()).unwrap()
    }

    fn fault(rows: &str) -> String {
        read_tokens((HEADER.to_owned() + rows).as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_price_in_another_unit_is_refused_where_it_stands() {
        for (cell, shown) in [
            (
                "NaN",
                "2:4: input_usd_per_mtok \"NaN\": is neither a finite number > 0 nor free, dynamic, not_offered, rejected",
            ),
            (
                "0",
                "2:4: input_usd_per_mtok \"0\": is neither a finite number > 0 nor free, dynamic, not_offered, rejected",
            ),
            (
                "-1",
                "2:4: input_usd_per_mtok \"-1\": is neither a finite number > 0 nor free, dynamic, not_offered, rejected",
            ),
            (
                "0.0009",
                "2:4: input_usd_per_mtok 0.0009 is outside 0.001 to 1000: looks like per-1K or per-token",
            ),
            ("5e-7", "2:4: input_usd_per_mtok 5e-7 is outside 0.001 to 1000: looks like per-1K or per-token"),
            (
                "1000.1",
                "2:4: input_usd_per_mtok 1000.1 is outside 0.001 to 1000: looks like a per-1K price that was \
                 scaled up as if per token",
            ),
        ] {
            assert_eq!(fault(&format!("m,s,l,{cell},1,,2026-06-01,p\n")), shown);
        }
        assert_eq!(listings("m,s,l,,free,,2026-06-01,p\n")[0].input_output(), None, "neither is a price");
        let edge = listings("m,s,l,0.001,1000,,2026-06-01,p\n");
        assert_eq!(
            (edge[0].prices.input.to_string(), edge[0].prices.cache_read),
            ("0.001".into(), Quoted::Unknown)
        );
        assert!(fault("m,s,l,1,2,0,2026-06-01,p\n").starts_with("2:6: cache_read"));
    }

    #[test]
    fn a_listing_that_appears_twice_names_both_lines() {
        let row = "m,s,l,1,2,0.5,2026-06-01,p\n";
        assert_eq!(
            fault(&format!("{row}m,S,l,1.0,2,0.5,2026-06-01,q\n")),
            "3:4: the same price is on line 2 already"
        );
        assert_eq!(
            fault(&format!("{row}m,s,l,1,3,0.5,2026-06-01,p\n")),
            "3:5: output_usd_per_mtok 3 contradicts 2 on line 2"
        );
        assert_eq!(
            fault(&format!("{row}m,s,l,1,2,,2026-06-01,p\n")),
            "3:6: cache_read_usd_per_mtok empty contradicts 0.5 on line 2"
        );
    }
}
