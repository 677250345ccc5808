//! CSV by column name, with errors that say where.
//!
//! Files come from strangers: a byte-order mark and CRLF are accepted, UTF-16, empty and oversized files are
//! refused by name, and every value is checked where it is read.

mod lines;
mod stream;

use std::collections::HashMap;
use std::fmt;
use std::io::Read;
use std::str::FromStr;

use jiff::civil::Date;
use rust_decimal::Decimal;

pub use lines::MAX_ROW_BYTES;
pub use stream::{Column, MAX_COLUMNS, Step, Stream};

/// The most bytes of a table that are read; a larger file is refused.
pub const MAX_BYTES: u64 = 16 << 20;

/// The same for files with a row per measurement, which are read a row at a time: some 60,000 rows.
pub const MAX_BYTES_OF_ROWS: u64 = 64 << 20;

/// A fault at a place in a file. `line` counts from 1, `column` counts the fields of a table or the bytes of a
/// JSON line from 1; zero means the whole line or the whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, 0 for the whole file.
    pub line: u64,
    /// Field or byte of the line, 0 for the whole line.
    pub column: usize,
    /// What is wrong and, where it helps, what would be right.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(out, "{}", self.what),
            (line, 0) => write!(out, "{line}: {}", self.what),
            (line, column) => write!(out, "{line}:{column}: {}", self.what),
        }
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// What the CSV reader objects to.
    pub(crate) fn of_csv(error: &csv::Error) -> Self {
        let line = error.position().map_or(0, csv::Position::line);
        let what = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => unequal(
                usize::try_from(*len).unwrap_or(usize::MAX),
                usize::try_from(*expected_len).unwrap_or(0),
            ),
            csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
            csv::ErrorKind::Io(error) => crate::unpack::fault(error).what,
            other => format!("is not CSV: {other:?}"),
        };
        Self { line, column: 0, what }
    }
}

fn unequal(fields: usize, columns: usize) -> String {
    format!("has {fields} fields, the header has {columns} (a quote left open or a comma too many?)")
}

/// A parsed table: a header and rows of equal length.
#[derive(Debug)]
pub struct Table {
    columns: HashMap<String, usize>,
    records: Vec<(u64, csv::StringRecord)>,
}

impl Table {
    /// Reads a whole table.
    ///
    /// # Errors
    /// The first fault: unreadable, too large, empty, not UTF-8, a ragged line, a missing or doubled column.
    pub fn read(input: impl Read, required: &[&str]) -> Result<Self, Fault> {
        let text = unix_lines(read_text(input)?);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = columns(&mut reader, required)?;
        let mut records = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|error| Fault::of_csv(&error))?;
            records.push((line_of(&record), record));
        }
        Ok(Self { columns, records })
    }

    /// The names in the header, sorted.
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.columns.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The rows in file order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|(line, record)| Row { columns: &self.columns, line: *line, record })
    }
}

/// Reads a table a row at a time, so that only its text is held, not its cells; up to [`MAX_BYTES_OF_ROWS`].
///
/// # Errors
/// Those of [`Table::read`], or the first that `each` finds.
pub fn each_row(
    input: impl Read,
    required: &[&str],
    mut each: impl FnMut(Row<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    each_row_at(input, required, |_| (), |(), row| each(row))
}

/// The same for tables with many columns, whose places are looked up once, not in every row.
///
/// # Errors
/// Those of [`each_row`].
pub fn each_row_at<P>(
    input: impl Read,
    required: &[&str],
    places: impl FnOnce(Header<'_>) -> P,
    mut each: impl FnMut(&P, Row<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let text = unix_lines(read_limited(input, MAX_BYTES_OF_ROWS)?);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = columns(&mut reader, required)?;
    let places = places(Header(&columns));
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| Fault::of_csv(&error))? {
        each(&places, Row { columns: &columns, line: line_of(&record), record: &record })?;
    }
    Ok(())
}

/// The header of a table.
#[derive(Clone, Copy, Debug)]
pub struct Header<'t>(&'t HashMap<String, usize>);

impl Header<'_> {
    /// The place of a column.
    pub fn column(self, name: &'static str) -> Column {
        Column { name, index: self.0.get(name).copied().unwrap_or(usize::MAX) }
    }
}

/// Where each column of the header stands.
fn columns(reader: &mut csv::Reader<&[u8]>, required: &[&str]) -> Result<HashMap<String, usize>, Fault> {
    let header = reader.headers().map_err(|error| Fault::of_csv(&error))?;
    let columns = named_columns(header, 1)?;
    match required.iter().find(|name| !columns.contains_key(**name)) {
        Some(missing) => Err(Fault { line: 1, column: 0, what: format!("column \"{missing}\" is missing") }),
        None => Ok(columns),
    }
}

/// The places of the names in a header.
fn named_columns(header: &csv::StringRecord, line: u64) -> Result<HashMap<String, usize>, Fault> {
    let mut columns = HashMap::new();
    for (index, name) in header.iter().enumerate() {
        if columns.insert(name.trim().to_owned(), index).is_some() {
            let what = format!("column {} appears twice", quote(name));
            return Err(Fault { line, column: index + 1, what });
        }
    }
    Ok(columns)
}

fn line_of(record: &csv::StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

/// How a cell of a row is asked for: by the name of its column, or by a [`Column`] looked up before.
pub trait Key: Copy {
    /// The name.
    fn name(&self) -> &str;

    /// The place, where the table has the column.
    fn index(self, columns: &HashMap<String, usize>) -> Option<usize>;
}

impl Key for &str {
    fn name(&self) -> &str {
        self
    }

    fn index(self, columns: &HashMap<String, usize>) -> Option<usize> {
        columns.get(self).copied()
    }
}

impl<K: Key> Key for &K {
    fn name(&self) -> &str {
        K::name(self)
    }

    fn index(self, columns: &HashMap<String, usize>) -> Option<usize> {
        K::index(*self, columns)
    }
}

impl Key for &String {
    fn name(&self) -> &str {
        self
    }

    fn index(self, columns: &HashMap<String, usize>) -> Option<usize> {
        columns.get(self.as_str()).copied()
    }
}

impl Key for Column {
    fn name(&self) -> &str {
        self.name
    }

    fn index(self, _: &HashMap<String, usize>) -> Option<usize> {
        self.exists().then_some(self.index)
    }
}

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row<'t> {
    columns: &'t HashMap<String, usize>,
    line: u64,
    record: &'t csv::StringRecord,
}

impl<'t> Row<'t> {
    /// The line this row starts on.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The cell without surrounding spaces; empty where the column is absent.
    pub fn text(&self, column: impl Key) -> &'t str {
        column.index(self.columns).and_then(|index| self.record.get(index)).unwrap_or_default().trim()
    }

    /// A cell that must not be empty.
    ///
    /// # Errors
    /// The located fault.
    pub fn required(&self, column: impl Key) -> Result<&'t str, Fault> {
        match self.text(column) {
            "" => Err(self.fault(column, format!("{} is empty", column.name()))),
            text => Ok(text),
        }
    }

    /// A cell parsed by its type; `None` where it is empty.
    ///
    /// # Errors
    /// The located fault with the type's own words.
    pub fn optional<T: FromStr<Err: fmt::Display>>(&self, column: impl Key) -> Result<Option<T>, Fault> {
        match self.text(column) {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|error| self.fault(column, format!("{} {}: {error}", column.name(), quote(text)))),
        }
    }

    /// A cell that must be there, parsed by its type.
    ///
    /// # Errors
    /// The located fault.
    pub fn parse<T: FromStr<Err: fmt::Display>>(&self, column: impl Key) -> Result<T, Fault> {
        self.required(column)?;
        self.optional(column)?.ok_or_else(|| self.fault(column, format!("{} is empty", column.name())))
    }

    /// A positive, finite number; `None` where the cell is empty.
    ///
    /// # Errors
    /// NaN, infinite, zero, negative or unreadable values, located.
    pub fn positive(&self, column: impl Key) -> Result<Option<f64>, Fault> {
        match self.optional::<f64>(column) {
            Ok(Some(value)) if value.is_finite() && value > 0.0 => Ok(Some(value)),
            Ok(None) => Ok(None),
            _ => Err(self.not_positive(column)),
        }
    }

    /// A finite number of at least zero; `None` where the cell is empty.
    ///
    /// # Errors
    /// NaN, infinite, negative or unreadable values, located.
    pub fn positive_or_zero(&self, column: impl Key) -> Result<Option<f64>, Fault> {
        match self.optional::<f64>(column) {
            Ok(Some(value)) if value.is_finite() && value >= 0.0 => Ok(Some(value)),
            Ok(None) => Ok(None),
            _ => {
                let what =
                    format!("{} {} is not a finite number >= 0", column.name(), quote(self.text(column)));
                Err(self.fault(column, what))
            }
        }
    }

    /// A positive decimal number as written (exponents allowed); `None` where the cell is empty.
    ///
    /// # Errors
    /// Zero, negative, non-finite or unreadable values, located.
    pub fn money(&self, column: impl Key) -> Result<Option<Decimal>, Fault> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        match decimal(text) {
            Some(value) if value > Decimal::ZERO => Ok(Some(value)),
            _ => Err(self.not_positive(column)),
        }
    }

    /// A date written `YYYY-MM-DD`.
    ///
    /// # Errors
    /// An empty or impossible date, located.
    pub fn date(&self, column: impl Key) -> Result<Date, Fault> {
        self.required(column)?;
        self.optional_date(column)?.ok_or_else(|| self.fault(column, format!("{} is empty", column.name())))
    }

    /// A date written `YYYY-MM-DD`; `None` where the cell is empty.
    ///
    /// # Errors
    /// An impossible date, located.
    pub fn optional_date(&self, column: impl Key) -> Result<Option<Date>, Fault> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        day(text).map(Some).ok_or_else(|| {
            self.fault(column, format!("{} {} is not a date like 2026-01-31", column.name(), quote(text)))
        })
    }

    /// A fault at a column of this row.
    pub fn fault(&self, column: impl Key, what: impl Into<String>) -> Fault {
        Fault {
            line: self.line,
            column: column.index(self.columns).map_or(0, |index| index + 1),
            what: what.into(),
        }
    }

    fn not_positive(&self, column: impl Key) -> Fault {
        self.fault(
            column,
            format!("{} {} is not a finite number > 0", column.name(), quote(self.text(column))),
        )
    }
}

/// A date from its text; by hand where it is ten digits and dashes, since a pattern takes ten times as long.
pub(crate) fn day(text: &str) -> Option<Date> {
    match text.as_bytes() {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] => {
            let number = |digits: &[&u8]| {
                digits.iter().try_fold(0i16, |number, digit| {
                    digit.is_ascii_digit().then(|| number * 10 + i16::from(**digit - b'0'))
                })
            };
            let small = |digits: &[&u8]| number(digits).and_then(|number| i8::try_from(number).ok());
            Date::new(number(&[y1, y2, y3, y4])?, small(&[m1, m2])?, small(&[d1, d2])?).ok()
        }
        _ => Date::strptime("%Y-%m-%d", text).ok(),
    }
}

/// A decimal number from its text, `0.15` or `1.5e-7`, without a binary float on the way. The parser alone would read
/// `1_000` as well, which no price list means.
pub fn decimal(text: &str) -> Option<Decimal> {
    let plain = (!text.contains('_')).then_some(text)?;
    Decimal::from_str_exact(plain).or_else(|_| Decimal::from_scientific(plain)).ok()
}

/// Text from a file, quoted so that it can neither break a line nor drive a terminal; long text is cut.
pub(crate) fn quote(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    let tail = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{tail}\"", crate::text::inert(&cut))
}

/// The whole of a text file.
///
/// # Errors
/// Unreadable, larger than [`MAX_BYTES`], UTF-16, empty, not UTF-8.
pub fn read_text(input: impl Read) -> Result<String, Fault> {
    read_limited(input, MAX_BYTES)
}

/// The csv crate counts the line of a row from the `\n` of a CRLF before it: one line too early.
fn unix_lines(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n") } else { text }
}

fn read_limited(input: impl Read, max_bytes: u64) -> Result<String, Fault> {
    let whole_file = |what: String| Fault { line: 0, column: 0, what };
    let mut bytes = Vec::new();
    input.take(max_bytes + 1).read_to_end(&mut bytes).map_err(|error| crate::unpack::fault(&error))?;
    if bytes.len() as u64 > max_bytes {
        return Err(whole_file(format!("is larger than {} MiB", max_bytes >> 20)));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(whole_file("is UTF-16; save it as UTF-8".into()));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(whole_file("is empty".into()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = good.filter(|byte| **byte == b'\n').count() as u64 + 1;
        Fault { line, column: 0, what: "is not UTF-8".into() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(text: &[u8]) -> String {
        let price = |text: &[u8]| -> Result<(), Fault> {
            for row in Table::read(text, &["gpu", "usd", "date"])?.rows() {
                row.required("gpu")?;
                row.money("usd")?;
                row.date("date")?;
            }
            Ok(())
        };
        price(text).map_or_else(|fault| fault.to_string(), |()| "accepted".into())
    }

    #[test]
    fn good_variants_are_accepted() {
        for text in [
            &b"gpu,usd,date\nH100,2.5,2026-01-31\n"[..],
            b"\xef\xbb\xbfgpu,usd,date\r\nH100,2.5,2026-01-31\r\n",
            b"date,extra,usd,gpu\n2026-01-31,x,2.5e0,H100",
            b"gpu,usd,date\n\"H100\n80GB\", 2.5 ,2026-01-31\n",
            b"gpu,usd,date\nH100,,2026-01-31\n",
        ] {
            assert_eq!(fault_of(text), "accepted", "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn bad_cells_are_named_with_line_and_column() {
        for (cell, shown) in
            [("NaN", "NaN"), ("inf", "inf"), ("-1", "-1"), ("0", "0"), ("2;5", "2;5"), ("$2", "$2")]
        {
            let text = format!("gpu,usd,date\nA,1,2026-01-31\nH100,{cell},2026-01-31\n");
            assert_eq!(fault_of(text.as_bytes()), format!("3:2: usd \"{shown}\" is not a finite number > 0"));
        }
        assert_eq!(
            fault_of(b"gpu,usd,date\nH100,1,2026-02-31\n"),
            "2:3: date \"2026-02-31\" is not a date like 2026-01-31"
        );
        assert_eq!(fault_of(b"gpu,usd,date\n,1,2026-01-31\n"), "2:1: gpu is empty");
        assert_eq!(fault_of(b"gpu,usd,date\r\nA,1,2026-01-31\r\n,1,2026-01-31\r\n"), "3:1: gpu is empty");
    }

    #[test]
    fn broken_files_are_refused_by_name() {
        assert_eq!(fault_of(b""), "is empty");
        assert_eq!(fault_of(b" \n"), "is empty");
        assert_eq!(fault_of(b"\xff\xfeg\0"), "is UTF-16; save it as UTF-8");
        assert_eq!(fault_of(b"gpu,usd,date\n\xff,1,2026-01-31\n"), "2: is not UTF-8");
        assert_eq!(fault_of(b"gpu,usd\nH100,1\n"), "1: column \"date\" is missing");
        assert_eq!(fault_of(b"gpu,usd,usd,date\n"), "1:3: column \"usd\" appears twice");
        assert!(fault_of(b"gpu,usd,date\nH100,1\n").starts_with("2: has 2 fields, the header has 3"));
        assert!(
            fault_of(b"gpu,usd,date\n\"H100,1,2026-01-31\nA,1,2026-01-31\n").starts_with("2: has 1 fields")
        );
        assert_eq!(
            Table::read(std::io::repeat(b'a'), &[]).map(|_| ()).map_err(|fault| fault.to_string()),
            Err("is larger than 16 MiB".into())
        );
        assert_eq!(
            each_row(std::io::repeat(b'a'), &[], |_| Ok(())).map_err(|fault| fault.to_string()),
            Err("is larger than 64 MiB".into())
        );
    }

    #[test]
    fn hostile_cells_cannot_drive_the_terminal() {
        let fault = fault_of("gpu,usd,date\nH100,\u{1b}[2J\u{202e},2026-01-31\n".as_bytes());
        assert_eq!(fault, "2:2: usd \"\\u{1b}[2J\\u{202e}\" is not a finite number > 0");
    }
}
