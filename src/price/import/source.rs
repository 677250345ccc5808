//! What is known about a file beside its bytes, and the start of the bytes by which its format is recognised.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use jiff::civil::Date;

use super::mapping::Mapping;
use super::{ALL, Kind};
use crate::arch::Architecture;
use crate::hardware::GpuSpec;
use crate::price::Rate;
use crate::table::Fault;

/// Bytes by which a format is recognised.
const START_BYTES: u64 = 256 << 10;

/// The longest header of a table.
const HEADER_BYTES: usize = 64 << 10;

/// What is known about a file beside its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// The file's own name, such as `vms.csv`.
    pub name: &'a str,
    /// The name of the folder around it, such as `nebius`.
    pub folder: &'a str,
    /// Who sells, where the user said so; else the names above may tell.
    pub provider: Option<&'a str>,
    /// The day that prices without a date are of.
    pub observed: Date,
    /// The revision of the source, where the user said so.
    pub commit: &'a str,
    /// What other currencies are worth.
    pub rates: &'a [Rate],
    /// Which column is what, where the user said so; then the format is not asked for.
    pub mapping: Option<&'a Mapping>,
    /// The GPUs whose names are known.
    pub gpus: &'a [GpuSpec],
    /// The open weights whose names are known.
    pub models: &'a [Architecture],
}

/// The start of a file.
#[derive(Debug)]
pub struct Head<'t> {
    /// The text, whole characters only.
    pub text: &'t str,
    /// The names in the header of a table; empty for JSON. Comment lines before it are skipped.
    pub columns: BTreeSet<String>,
}

impl<'t> Head<'t> {
    /// Looks at the start of a text.
    pub fn new(start: &'t str) -> Self {
        let json = start.trim_start().starts_with(['{', '[']);
        let header = start.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
        // No table has as many columns as a line of commas.
        let header = header.filter(|header| header.len() <= HEADER_BYTES);
        let columns = match header {
            Some(header) if !json => {
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(header.as_bytes());
                let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
                record.iter().map(|name| name.trim().to_owned()).collect()
            }
            _ => BTreeSet::new(),
        };
        Self { text: start, columns }
    }

    /// Whether it is a table with all these columns.
    pub fn has_columns(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.columns.contains(*name))
    }

    /// Whether it is JSON that starts with an object or an array and has all these keys near its start.
    pub fn has_keys(&self, open: char, names: &[&str]) -> bool {
        let has = |name: &&str| self.text.contains(&format!("\"{name}\""));
        self.text.trim_start().starts_with(open) && names.iter().all(has)
    }

    pub(super) fn unknown(&self, kind: Option<Kind>) -> Fault {
        let of_kind = ALL.iter().filter(|format| kind.is_none_or(|kind| kind == format.kind));
        let names: Vec<&str> = of_kind.map(|format| format.name).collect();
        let what = format!("is of no known format; known: {}; or give --map", names.join(", "));
        Fault { line: 1, column: 0, what }
    }
}

/// The start of a file as text, and the whole of it to be read from the beginning. A byte-order mark is dropped.
///
/// # Errors
/// Unreadable, empty, UTF-16 or not UTF-8 at its start.
pub fn start<'r>(mut input: &'r mut dyn Read) -> Result<(String, impl Read + 'r), Fault> {
    let whole_file = |what: String| Fault { line: 0, column: 0, what };
    let mut bytes = Vec::new();
    let read = (&mut input).take(START_BYTES).read_to_end(&mut bytes);
    read.map_err(|error| crate::unpack::fault(&error))?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(whole_file("is UTF-16; save it as UTF-8".into()));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(whole_file("is empty".into()));
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        // The last character may be cut.
        Err(error) if error.error_len().is_none() && bytes.len() as u64 + 3 >= START_BYTES => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            String::from_utf8_lossy(good).into_owned()
        }
        Err(error) => {
            let good = bytes.iter().take(error.valid_up_to());
            let line = good.filter(|byte| **byte == b'\n').count() as u64 + 1;
            return Err(Fault { line, column: 0, what: "is not UTF-8".into() });
        }
    };
    Ok((text, Cursor::new(bytes).chain(input)))
}
