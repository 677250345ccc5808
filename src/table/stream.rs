//! Tables of any length, a row at a time: a bad row is a fault of its own and does not end the table.

use std::collections::HashMap;
use std::io::Read;

use super::lines::UnixLines;
use super::{Fault, Header, Row, named_columns};

/// The most columns of a table.
pub const MAX_COLUMNS: usize = 1000;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 128 << 10;

/// A column whose place in the table was looked up beforehand, for tables of a million rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub(super) name: &'static str,
    /// `usize::MAX` where the table has no such column.
    pub(super) index: usize,
}

impl Column {
    /// Whether the table has it.
    pub fn exists(self) -> bool {
        self.index != usize::MAX
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.name
    }
}

/// What stands next in a table.
#[derive(Debug)]
pub enum Step<'s> {
    /// A row.
    Row(Row<'s>),
    /// Another header: columns have other places from here on.
    Header,
    /// A row that is none.
    Bad(Fault),
}

/// A table that is read a row at a time. Lines that start with `#` are comments.
#[derive(Debug)]
pub struct Stream<R> {
    reader: csv::Reader<UnixLines<R>>,
    columns: HashMap<String, usize>,
    width: usize,
    record: csv::StringRecord,
    header_mark: Option<&'static str>,
}

impl<R: Read> Stream<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// Unreadable, no header, a missing or doubled column, more than [`MAX_COLUMNS`].
    pub fn new(input: R, required: &[&str]) -> Result<Self, Fault> {
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).comment(Some(b'#')).buffer_capacity(BUFFER_BYTES);
        let mut stream = Self {
            reader: builder.from_reader(UnixLines::new(input)),
            columns: HashMap::new(),
            width: 0,
            record: csv::StringRecord::new(),
            header_mark: None,
        };
        match stream.advance()? {
            None => return Err(Fault { line: 0, column: 0, what: "is empty".into() }),
            Some(Err(fault)) => return Err(fault),
            Some(Ok(line)) => stream.take_header(line)?,
        }
        match required.iter().find(|name| !stream.columns.contains_key(**name)) {
            Some(missing) => {
                Err(Fault { line: 1, column: 0, what: format!("column \"{missing}\" is missing") })
            }
            None => Ok(stream),
        }
    }

    /// A row with this very text in a cell is another header.
    pub fn header_again_at(mut self, name: &'static str) -> Self {
        self.header_mark = Some(name);
        self
    }

    /// The place of a column.
    pub fn column(&self, name: &'static str) -> Column {
        Header(&self.columns).column(name)
    }

    /// The place of a column whose name is known while reading only; `None` where the table has none.
    pub fn place(&self, name: &str) -> Option<Column> {
        self.columns.get(name).map(|index| Column { name: "", index: *index })
    }

    /// Where each column stands.
    pub fn columns(&self) -> &HashMap<String, usize> {
        &self.columns
    }

    /// What stands next; `None` at the end.
    ///
    /// # Errors
    /// What ends the reading: an input that cannot be read, a row without an end, a second header that is none.
    pub fn step(&mut self) -> Result<Option<Step<'_>>, Fault> {
        let line = match self.advance()? {
            None => return Ok(None),
            Some(Err(fault)) => return Ok(Some(Step::Bad(fault))),
            Some(Ok(line)) => line,
        };
        if self.header_mark.is_some_and(|mark| self.record.iter().any(|cell| cell == mark)) {
            self.take_header(line)?;
            return Ok(Some(Step::Header));
        }
        if self.record.len() != self.width {
            let what = super::unequal(self.record.len(), self.width);
            return Ok(Some(Step::Bad(Fault { line, column: 0, what })));
        }
        Ok(Some(Step::Row(Row { columns: &self.columns, line, record: &self.record })))
    }

    /// Reads a record; the line it starts on, or why it is none.
    fn advance(&mut self) -> Result<Option<Result<u64, Fault>>, Fault> {
        let read = self.reader.read_record(&mut self.record);
        self.reader.get_mut().row_ended();
        match read {
            Ok(false) => Ok(None),
            Ok(true) => {
                // The reader's own position of a record is that of the blank and comment lines before it.
                let inside = self.record.as_slice().bytes().filter(|byte| *byte == b'\n').count() as u64;
                let line = self.reader.position().line().saturating_sub(1 + inside);
                Ok(Some(Ok(line.max(1))))
            }
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                Ok(Some(Err(Fault::of_csv(&error))))
            }
            Err(error) => {
                let line = self.reader.position().line();
                Err(Fault { line, ..Fault::of_csv(&error) })
            }
        }
    }

    fn take_header(&mut self, line: u64) -> Result<(), Fault> {
        if self.record.len() > MAX_COLUMNS {
            let what = format!("has {} columns, more than {MAX_COLUMNS}", self.record.len());
            return Err(Fault { line, column: 0, what });
        }
        self.columns = named_columns(&self.record, line)?;
        self.width = self.record.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every step in words.
    fn steps(text: &str) -> Vec<String> {
        let mut stream = Stream::new(text.as_bytes(), &["a"]).unwrap().header_again_at("a");
        let mut seen = vec![];
        while let Some(step) = stream.step().unwrap() {
            seen.push(match step {
                Step::Row(row) => format!("{}: {}", row.line(), row.text("a")),
                Step::Header => "header".into(),
                Step::Bad(fault) => fault.to_string(),
            });
        }
        seen
    }

    #[test]
    fn rows_know_their_lines_after_comments_blanks_quotes_and_any_line_end() {
        let text = "# notes\na,b\n\n1,x\n# more\n\"2\n\n\",x\n3,x";
        let wanted = ["4: 1", "6: 2", "9: 3"];
        assert_eq!(steps(text), wanted);
        assert_eq!(steps(&text.replace('\n', "\r\n")), wanted);
        assert_eq!(steps(&text.replace('\n', "\r")), wanted);
    }

    #[test]
    fn a_bad_row_does_not_end_the_table() {
        assert_eq!(
            steps("a,b\n1,x,y\n2,x\n"),
            ["2: has 3 fields, the header has 2 (a quote left open or a comma too many?)", "3: 2"]
        );
        let mut stream = Stream::new(&b"a\n\xff\n2\n"[..], &[]).unwrap();
        assert!(matches!(stream.step().unwrap(), Some(Step::Bad(fault)) if fault.what == "is not UTF-8"));
        assert!(matches!(stream.step().unwrap(), Some(Step::Row(row)) if row.line() == 3));
    }

    #[test]
    fn a_second_header_moves_the_columns() {
        assert_eq!(steps("a,b\n1,x\nb,c,a\nx,y,2\n"), ["2: 1", "header", "4: 2"]);
    }

    #[test]
    fn headers_that_are_none_are_refused() {
        let refused = |text: &str| Stream::new(text.as_bytes(), &["a"]).unwrap_err().to_string();
        assert_eq!(refused("b\n"), "1: column \"a\" is missing");
        assert_eq!(refused("a,a\n"), "1:2: column \"a\" appears twice");
        assert_eq!(refused(&",".repeat(1000)), "1: has 1001 columns, more than 1000");
        let endless = Stream::new(std::io::repeat(b'a'), &[]).unwrap_err();
        assert!(endless.what.contains("a row is longer than 1 MiB"), "{endless}");
    }

    proptest! {
        #[test]
        fn rows_are_those_of_the_whole_table(cells in prop::collection::vec("[ -~\n]{1,9}", 1..9)) {
            let mut text = csv::Writer::from_writer(vec![]);
            text.write_record(["a", "b"]).unwrap();
            for cell in &cells {
                text.write_record([cell.trim(), "-"]).unwrap();
            }
            let text = String::from_utf8(text.into_inner().unwrap()).unwrap();
            prop_assume!(cells.iter().all(|cell| !cell.trim().starts_with('#')));
            let mut stream = Stream::new(text.as_bytes(), &["a"]).unwrap();
            for row in crate::table::Table::read(text.as_bytes(), &["a"]).unwrap().rows() {
                let Some(Step::Row(streamed)) = stream.step().unwrap() else { panic!("a row is missing") };
                prop_assert_eq!((streamed.line(), streamed.text("a")), (row.line(), row.text("a")));
            }
            prop_assert!(stream.step().unwrap().is_none());
        }
    }
}
