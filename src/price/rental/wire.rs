//! `rentals.csv`: quotes to and from text.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::io::{self, Read, Write};
use std::thread;

use super::RentalQuote;
use crate::price::{Pool, Quoted, doubled, gate};
use crate::table::{Fault, Key, Row, Step, Stream, Table};
use crate::text::safe_for_csv;

/// Every column, as written.
pub const COLUMNS: [&str; 19] = [
    "hardware",
    "provider",
    "kind",
    "region",
    "usd_per_hour",
    "date",
    "basis",
    "source",
    "segment",
    "form_factor",
    "memory_gb",
    "instance",
    "count",
    "usd_per_instance_hour",
    "currency",
    "observed",
    "commit",
    "flags",
    "line",
];

/// The columns that a table must have.
const REQUIRED: usize = 8;

/// Reads `rentals.csv`.
///
/// # Errors
/// The first fault with its line and column: a cell that is missing or no price, an unknown kind or basis, a
/// price that no hour has, and a quote that appears twice.
pub fn read_rentals(input: impl Read) -> Result<Vec<RentalQuote>, Fault> {
    let table = Table::read(input, COLUMNS.get(..REQUIRED).unwrap_or_default())?;
    let mut seen: HashMap<_, (u64, Quoted)> = HashMap::new();
    let columns = QuoteColumns::of(|name| name);
    let (mut pool, mut quotes) = (Pool::default(), Vec::new());
    for row in table.rows() {
        let quote = read_quote(row, &columns, &mut pool)?;
        if let Some(why) = quote.usd_per_hour.value().and_then(gate::rent_out_of_band) {
            return Err(row.fault("usd_per_hour", format!("usd_per_hour {} {why}", quote.usd_per_hour)));
        }
        let key = (
            quote.hardware.to_lowercase(),
            quote.provider.to_lowercase(),
            quote.kind,
            quote.region.to_lowercase(),
            (quote.instance.to_lowercase(), quote.count),
            quote.date,
            quote.basis,
        );
        if let Some((first, price)) = seen.insert(key, (quote.line, quote.usd_per_hour)) {
            return Err(doubled(row, "usd_per_hour", first, price, quote.usd_per_hour));
        }
        quotes.push(quote);
    }
    Ok(quotes)
}

/// Reads a table that imports wrote: of any length, and a quote may be in it again.
///
/// # Errors
/// The first fault with its line and column.
pub fn read_stored(input: impl Read) -> Result<Vec<RentalQuote>, Fault> {
    let mut stream = Stream::new(input, COLUMNS.get(..REQUIRED).unwrap_or_default())?;
    let columns = QuoteColumns::of(|name| stream.column(name));
    let (mut pool, mut quotes) = (Pool::default(), Vec::new());
    while let Some(step) = stream.step()? {
        match step {
            Step::Row(row) => quotes.push(read_quote(row, &columns, &mut pool)?),
            Step::Header => {}
            Step::Bad(fault) => return Err(fault),
        }
    }
    Ok(quotes)
}

/// Where the columns of a quote stand: by name, or looked up once for a long table.
#[derive(Clone, Copy, Debug)]
pub struct QuoteColumns<K> {
    hardware: K,
    provider: K,
    kind: K,
    region: K,
    usd_per_hour: K,
    date: K,
    basis: K,
    source: K,
    segment: K,
    form_factor: K,
    memory_gb: K,
    instance: K,
    count: K,
    usd_per_instance_hour: K,
    currency: K,
    observed: K,
    commit: K,
    flags: K,
}

impl<K> QuoteColumns<K> {
    /// The columns, each as `find` has it.
    pub fn of(find: impl Fn(&'static str) -> K) -> Self {
        Self {
            hardware: find("hardware"),
            provider: find("provider"),
            kind: find("kind"),
            region: find("region"),
            usd_per_hour: find("usd_per_hour"),
            date: find("date"),
            basis: find("basis"),
            source: find("source"),
            segment: find("segment"),
            form_factor: find("form_factor"),
            memory_gb: find("memory_gb"),
            instance: find("instance"),
            count: find("count"),
            usd_per_instance_hour: find("usd_per_instance_hour"),
            currency: find("currency"),
            observed: find("observed"),
            commit: find("commit"),
            flags: find("flags"),
        }
    }
}

/// One row of the table; its texts come from `pool`.
///
/// # Errors
/// The located fault of a cell that is missing or cannot be read.
pub fn read_quote<K: Key>(
    row: Row<'_>,
    columns: &QuoteColumns<K>,
    pool: &mut Pool,
) -> Result<RentalQuote, Fault> {
    Ok(RentalQuote {
        hardware: pool.get(row.required(columns.hardware)?),
        provider: pool.get(row.required(columns.provider)?),
        kind: row.parse(columns.kind)?,
        region: pool.get(row.text(columns.region)),
        usd_per_hour: row.parse(columns.usd_per_hour)?,
        date: row.date(columns.date)?,
        basis: row.parse(columns.basis)?,
        source: pool.get(row.required(columns.source)?),
        segment: row.optional(columns.segment)?.unwrap_or_default(),
        form_factor: pool.get(row.text(columns.form_factor)),
        memory_gb: row.optional(columns.memory_gb)?,
        instance: pool.get(row.text(columns.instance)),
        count: row.optional(columns.count)?,
        usd_per_instance_hour: row.money(columns.usd_per_instance_hour)?,
        currency: row.optional(columns.currency)?.unwrap_or_default(),
        observed: row.optional_date(columns.observed)?,
        commit: pool.get(row.text(columns.commit)),
        flags: row.optional(columns.flags)?.unwrap_or_default(),
        file: pool.get(""),
        line: row.line(),
    })
}

/// Writes quotes as a table that [`read_rentals`] reads. `line` says where a quote stood in the file it came from.
///
/// # Errors
/// What `out` objects to.
pub fn write_rentals(mut out: impl Write, quotes: &[RentalQuote]) -> io::Result<()> {
    let mut header = csv::Writer::from_writer(&mut out);
    header.write_record(COLUMNS)?;
    header.flush()?;
    drop(header);
    // Words are made of two parts at a time: of a million rows that takes as long as reading them.
    let mut parts = quotes.chunks(ROWS_AT_ONCE);
    while let Some(first) = parts.next() {
        let second = parts.next().unwrap_or_default();
        let (first, second) = thread::scope(|scope| {
            let second = scope.spawn(|| rows(second));
            (rows(first), second.join())
        });
        out.write_all(&first?)?;
        out.write_all(&second.map_err(|_| io::Error::other("a part could not be written"))??)?;
    }
    out.flush()
}

/// Rows whose words are held at once, twice.
const ROWS_AT_ONCE: usize = 1 << 15;

fn rows(quotes: &[RentalQuote]) -> io::Result<Vec<u8>> {
    let mut row = Cells { out: csv::Writer::from_writer(Vec::new()), cell: String::new() };
    for quote in quotes {
        row.text(&quote.hardware)?;
        row.text(&quote.provider)?;
        row.out.write_field(quote.kind.name())?;
        row.text(&quote.region)?;
        row.shown(Some(quote.usd_per_hour))?;
        row.shown(Some(quote.date))?;
        row.out.write_field(quote.basis.name())?;
        row.text(&quote.source)?;
        row.out.write_field(quote.segment.name())?;
        row.text(&quote.form_factor)?;
        row.shown(quote.memory_gb)?;
        row.text(&quote.instance)?;
        row.shown(quote.count)?;
        row.shown(quote.usd_per_instance_hour)?;
        row.shown(Some(quote.currency))?;
        row.shown(quote.observed)?;
        row.text(&quote.commit)?;
        row.shown(Some(quote.flags))?;
        row.shown(Some(quote.line))?;
        row.out.write_record(None::<&[u8]>)?;
    }
    row.out.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The cells of a row, written without a text of their own for each: a large import has twenty million.
struct Cells {
    out: csv::Writer<Vec<u8>>,
    cell: String,
}

impl Cells {
    fn text(&mut self, text: &str) -> io::Result<()> {
        Ok(self.out.write_field(&*safe_for_csv(text))?)
    }

    /// A value, or nothing where it is unknown.
    fn shown(&mut self, value: Option<impl Display>) -> io::Result<()> {
        self.cell.clear();
        if let Some(value) = value {
            // Writing to a text cannot fail.
            let _ = write!(self.cell, "{value}");
        }
        Ok(self.out.write_field(&self.cell)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::rental::{Basis, Kind};

    const HEADER: &str = "hardware,provider,kind,region,usd_per_hour,date,basis,source\n";

    fn quotes(rows: &str) -> Vec<RentalQuote> {
        read_rentals((HEADER.to_owned() + rows).as_bytes()).unwrap()
    }

    fn fault(rows: &str) -> String {
        read_rentals((HEADER.to_owned() + rows).as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn prices_keep_their_decimal_text() {
        let quotes = quotes("H,a,spot,eu,2.350,2026-06-01,list,page\n");
        assert_eq!(quotes[0].usd_per_hour.to_string(), "2.350");
        assert_eq!((quotes[0].kind, quotes[0].basis, quotes[0].line), (Kind::Spot, Basis::List, 2));
    }

    #[test]
    fn a_price_that_no_hour_has_is_refused_where_it_stands() {
        for (cell, shown) in [
            ("", "2:5: usd_per_hour is empty"),
            (
                "NaN",
                "2:5: usd_per_hour \"NaN\": is neither a finite number > 0 nor free, dynamic, not_offered, rejected",
            ),
            (
                "inf",
                "2:5: usd_per_hour \"inf\": is neither a finite number > 0 nor free, dynamic, not_offered, rejected",
            ),
            (
                "0",
                "2:5: usd_per_hour \"0\": is neither a finite number > 0 nor free, dynamic, not_offered, rejected",
            ),
            (
                "-2",
                "2:5: usd_per_hour \"-2\": is neither a finite number > 0 nor free, dynamic, not_offered, rejected",
            ),
            ("0.0049", "2:5: usd_per_hour 0.0049 is outside 0.005 to 100: per minute, or a bid floor?"),
            ("100.01", "2:5: usd_per_hour 100.01 is outside 0.005 to 100: per month, or a whole server?"),
        ] {
            assert_eq!(fault(&format!("H,a,spot,,{cell},2026-06-01,list,p\n")), shown);
        }
        assert_eq!(quotes("H,a,spot,,0.005,2026-06-01,list,p\nG,a,spot,,100,2026-06-01,list,p\n").len(), 2);
    }

    #[test]
    fn unknown_kinds_and_bases_are_named() {
        assert_eq!(
            fault("H,a,weekly,,2,2026-06-01,list,p\n"),
            "2:3: kind \"weekly\": is none of on-demand, spot, reserved, community"
        );
        assert_eq!(
            fault("H,a,spot,,2,2026-06-01,guess,p\n"),
            "2:7: basis \"guess\": is none of list, restated-8xsxm"
        );
    }

    #[test]
    fn a_quote_that_appears_twice_names_both_lines() {
        let row = "H,a,spot,eu,2.0,2026-06-01,list,p\n";
        assert_eq!(
            fault(&format!("{row}H,A,spot,EU,2.00,2026-06-01,list,p\n")),
            "3:5: the same price is on line 2 already"
        );
        assert_eq!(
            fault(&format!("{row}H,a,spot,eu,3,2026-06-01,list,p\n")),
            "3:5: usd_per_hour 3 contradicts 2.0 on line 2"
        );
    }
}
