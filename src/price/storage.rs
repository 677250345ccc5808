//! What memory costs on the spot market: single points, each of a named product with its source.
//!
//! Spot, contract and retail prices are different prices; a file says which by what is put into it. A product is one part
//! number's worth of goods: a DDR4 2666 chip and a DDR4 3200 chip are two.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::named::named;
use crate::table::{Fault, Table};
use crate::text::csv_cell;

/// The kinds of memory whose prices go their own ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Working memory.
    Dram,
    /// Flash.
    Nand,
    /// Neither by its name.
    Other,
}

named!(Class { Dram = "DRAM", Nand = "NAND", Other = "other" });

impl Class {
    /// The class that a product's name shows.
    pub fn of(product: &str) -> Self {
        let name = product.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        // Flash first: a name such as "SSD with DRAM" is of flash.
        if has(&["nand", "tlc", "qlc", "slc", "mlc", "flash", "ssd", "wafer"]) {
            Self::Nand
        } else if has(&["dram", "ddr", "hbm"]) {
            Self::Dram
        } else {
            Self::Other
        }
    }
}

/// One price of one product.
#[derive(Clone, Debug, PartialEq)]
pub struct StoragePoint {
    /// The day of the price.
    pub date: Date,
    /// The product, as named.
    pub product: String,
    /// Average spot price in USD per chip or wafer, as written.
    pub usd: Decimal,
    /// Where it was read.
    pub source: String,
    /// The line of its file.
    pub line: u64,
}

/// Reads `date|week,product,usd|avg_spot_usd,source|url`, by header names; other columns are passed over.
///
/// # Errors
/// The first fault with its line and column: a product that is not named, a price that is none, a point that appears twice.
pub fn read_storage(input: impl Read) -> Result<Vec<StoragePoint>, Fault> {
    let table = Table::read(input, &[])?;
    let known = table.columns();
    let column = |names: &[&'static str]| {
        let found = names.iter().copied().find(|name| known.contains(name));
        let first = names.first().copied().unwrap_or_default();
        found.ok_or_else(|| Fault { line: 1, column: 0, what: format!("column \"{first}\" is missing") })
    };
    let date = column(&["date", "week"])?;
    let product = column(&["product"]).map_err(|fault| Fault {
        what: "column \"product\" is missing: a price of \"DRAM\" is of no product, name the part".into(),
        ..fault
    })?;
    let usd = column(&["usd", "avg_spot_usd"])?;
    let source = column(&["source", "url"])?;
    let mut seen: HashMap<(Date, String), (u64, Decimal)> = HashMap::new();
    let mut points = Vec::new();
    for row in table.rows() {
        if row.text(product).is_empty() {
            return Err(row.fault(product, "product is empty: name the part, such as DDR4 1Gx8 3200MT/s"));
        }
        row.required(usd)?;
        let point = StoragePoint {
            date: row.date(date)?,
            product: row.text(product).to_owned(),
            usd: row.money(usd)?.unwrap_or_default(),
            source: row.required(source)?.to_owned(),
            line: row.line(),
        };
        let key = (point.date, point.product.to_lowercase());
        if let Some((first, price)) = seen.insert(key, (point.line, point.usd)) {
            let what = match price == point.usd {
                true => format!("the same price is on line {first} already"),
                false => format!("{usd} {} contradicts {price} on line {first}", point.usd),
            };
            return Err(row.fault(usd, what));
        }
        points.push(point);
    }
    match points.is_empty() {
        true => Err(Fault { line: 0, column: 0, what: "has no rows below its header".into() }),
        false => Ok(points),
    }
}

/// Writes points as a table that [`read_storage`] reads.
///
/// # Errors
/// What `out` objects to.
pub fn write_storage(out: impl Write, points: &[StoragePoint]) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(["date", "product", "usd", "source"])?;
    for point in points {
        let [product, source] = [&point.product, &point.source].map(|text| csv_cell(text));
        out.write_record([point.date.to_string(), product, point.usd.to_string(), source])?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        read_storage(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn both_spellings_of_the_columns_are_read() {
        let points =
            read_storage(&b"week,product,avg_spot_usd,url\n2025-02-12,DDR4 1Gx8,1.451,x\n"[..]).unwrap();
        assert_eq!((points[0].usd.to_string(), Class::of(&points[0].product)), ("1.451".into(), Class::Dram));
        assert!(read_storage(&b"source,usd,product,date\nx,2.4,512Gb TLC,2025-02-12\n"[..]).is_ok());
        assert_eq!([Class::of("512Gb TLC wafer"), Class::of("tape")], [Class::Nand, Class::Other]);
    }

    #[test]
    fn bad_points_say_where() {
        let head = "date,product,usd,source\n2025-02-12,DDR4,1.45,x\n";
        for (row, shown) in [
            ("2025-02-13,,1,x", "3:2: product is empty: name the part, such as DDR4 1Gx8 3200MT/s"),
            ("2025-02-13,DDR4,,x", "3:3: usd is empty"),
            ("2025-02-13,DDR4,0,x", "3:3: usd \"0\" is not a finite number > 0"),
            ("2025-02,DDR4,1,x", "3:1: date \"2025-02\" is not a date like 2026-01-31"),
            ("2025-02-13,DDR4,1,", "3:4: source is empty"),
            ("2025-02-12,ddr4,1.450,x", "3:3: the same price is on line 2 already"),
            ("2025-02-12,DDR4,1.5,x", "3:3: usd 1.5 contradicts 1.45 on line 2"),
        ] {
            assert_eq!(fault(&format!("{head}{row}\n")), shown);
        }
        assert!(
            fault("date,usd,source\n2025-02-12,1,x\n")
                .starts_with("1: column \"product\" is missing: a price of")
        );
    }
}
