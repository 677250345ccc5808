//! Rates that others measured: their result files as records, and what a million tokens cost at those rates.
//!
//! Adding a format = one file in `served/` + one line in [`ALL`]. Columns and keys are matched by name, unknown
//! ones are ignored, absent ones are unknown. A rate that is no rate (zero, negative, not finite) or a run that
//! failed stays a record with its reason; text where a number must be is a located fault.

mod criterion;
mod inferencex;
mod llama_bench;
mod nvbench;
mod tokens_csv;

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::cost::{Refused, usd_per_mtok};
use crate::json;
use crate::named::named;
use crate::stats;
use crate::table::{Fault, Table};
use crate::units::{Interval, TokensPerSecond, UsdPerHour, UsdPerMtok};

/// Every format that can be read.
pub const ALL: [Format; 5] =
    [criterion::FORMAT, inferencex::FORMAT, llama_bench::FORMAT, nvbench::FORMAT, tokens_csv::FORMAT];

/// With fewer samples a spread says nothing: unknown, never 0.
const MIN_SAMPLES: usize = 5;

/// The spread that measurements of our own have.
const QUARTILE_TO_FASTEST: &str = "third quartile to fastest sample";

/// The most fields of a line of a CSV.
const MAX_FIELDS: usize = 1000;

/// One result format of others.
#[derive(Clone, Copy)]
pub struct Format {
    /// The name used on the command line.
    pub name: &'static str,
    /// A file is of this format where its columns, or the keys of its first object, contain one of these sets.
    pub marks: &'static [&'static [&'static str]],
    /// A file in the same folder that says more, if it is there.
    pub beside: Option<&'static str>,
    read: fn(&Source<'_>) -> Result<Vec<Record>, Fault>,
}

impl Format {
    /// Reads the records, in file order.
    ///
    /// # Errors
    /// The first fault of the file.
    pub fn records(&self, source: &Source<'_>) -> Result<Vec<Record>, Fault> {
        let mut records = (self.read)(source)?;
        records.iter_mut().for_each(Record::cut_labels);
        Ok(records)
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = ALL.into_iter().find(|format| format.name == name);
        found.ok_or_else(|| format!("is none of {}", names()))
    }
}

/// The most characters of a name, a reason or a note.
const MAX_LABEL: usize = 200;

/// What is read: the text of a file, and what it does not say itself.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// The text, without a byte-order mark.
    pub text: &'t str,
    /// The text of the file that [`Format::beside`] names.
    pub beside: Option<&'t str>,
    /// Tokens that one iteration works on, for formats that have times only.
    pub tokens_per_iteration: Option<f64>,
}

named!(Tokens { Input = "input", Output = "output", Total = "total" });

/// Which tokens a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// Prompt tokens: prefill.
    Input,
    /// Generated tokens: decode.
    Output,
    /// Both together.
    Total,
}

/// Which devices a rate is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Devices {
    /// All devices of the run together.
    #[default]
    All,
    /// Each device: the rate was divided by their number already.
    Each,
}

/// One rate of one run. Unknown is empty or `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The line of the file on which it starts; 0 where the format has no rows.
    pub line: u64,
    /// The model or benchmark.
    pub model: String,
    /// What was run, such as `pp512 @ d512`.
    pub test: String,
    /// Which tokens the rate counts.
    pub tokens: Option<Tokens>,
    /// The device.
    pub hardware: String,
    /// The engine or backend.
    pub engine: String,
    /// The weights format.
    pub weights: String,
    /// Sequences or requests at a time.
    pub concurrency: Option<u64>,
    /// Devices that worked together.
    pub gpus: Option<u32>,
    /// Which devices the rate is of.
    pub rate_of: Devices,
    /// The day of the test.
    pub date: Option<Date>,
    /// The rate, or why there is none.
    pub outcome: Outcome,
    /// What a reader must know besides.
    pub notes: Vec<String>,
}

impl Record {
    /// Names are for a line of a table: a hostile one could be as long as the file.
    fn cut_labels(&mut self) {
        let labels =
            [&mut self.model, &mut self.test, &mut self.hardware, &mut self.engine, &mut self.weights];
        let reason = match &mut self.outcome {
            Outcome::Failed(why) | Outcome::Skipped(why) => Some(why),
            Outcome::Rate(_) => None,
        };
        for label in labels.into_iter().chain(reason).chain(&mut self.notes) {
            if let Some((end, _)) = label.char_indices().nth(MAX_LABEL) {
                label.truncate(end);
                label.push('…');
            }
        }
    }
}

/// The rate of a record, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It ran.
    Rate(Rate),
    /// It failed, or what it reports is no rate.
    Failed(String),
    /// It was not run.
    Skipped(String),
}

impl Default for Outcome {
    fn default() -> Self {
        Self::Failed("there is no rate".into())
    }
}

/// Tokens per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Total tokens over total time wherever the file has the times.
    pub tokens_per_s: TokensPerSecond,
    /// Slow and fast end.
    pub spread: Option<Spread>,
    /// Samples behind it.
    pub samples: Option<u64>,
}

/// An interval around a rate and what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The slow end.
    pub low: TokensPerSecond,
    /// The fast end.
    pub high: TokensPerSecond,
    /// What the ends are.
    pub basis: &'static str,
}

impl Outcome {
    /// The rate, if there is one.
    fn tokens_per_s(&self) -> Option<f64> {
        match self {
            Self::Rate(rate) => Some(rate.tokens_per_s.0),
            Self::Failed(_) | Self::Skipped(_) => None,
        }
    }

    /// A rate, or the reason why it is none: the `value` of `key` in the file.
    fn of(key: &str, value: f64, tokens_per_s: f64) -> Self {
        if tokens_per_s.is_finite() && tokens_per_s > 0.0 {
            let tokens_per_s = TokensPerSecond(tokens_per_s);
            Self::Rate(Rate { tokens_per_s, spread: None, samples: None })
        } else {
            Self::Failed(format!("{key} {value:?} gives no finite rate > 0"))
        }
    }

    /// A rate over all samples, each of which took so many seconds for `tokens`. Its ends are those of our own
    /// measurements: the fastest sample and the third quartile.
    fn of_samples(key: &str, tokens_per_s: f64, tokens: f64, seconds: &[f64]) -> Self {
        if !seconds.iter().all(|time| time.is_finite() && *time > 0.0) {
            return Self::Failed(format!("{key} has a time that is not finite and > 0"));
        }
        let outcome = Self::of(key, seconds.iter().sum(), tokens_per_s).with_samples(seconds.len() as u64);
        let sorted = stats::sorted(seconds);
        match (stats::quantile_sorted(&sorted, 0.75), sorted.first()) {
            (Some(slow), Some(fast)) if seconds.len() >= MIN_SAMPLES => {
                outcome.with_spread(tokens / slow, tokens / fast, QUARTILE_TO_FASTEST)
            }
            _ => outcome,
        }
    }

    /// The same with ends, widened to hold the rate; without ends where one of them is no rate.
    fn with_spread(self, low: f64, high: f64, basis: &'static str) -> Self {
        let Self::Rate(rate) = self else { return self };
        let mid = rate.tokens_per_s.0;
        let (low, high) = (low.min(mid), high.max(mid));
        let usable = high.is_finite() && low > 0.0 && low < high;
        let spread = Spread { low: TokensPerSecond(low), high: TokensPerSecond(high), basis };
        Self::Rate(Rate { spread: usable.then_some(spread), ..rate })
    }

    /// The same with the number of samples.
    fn with_samples(self, samples: u64) -> Self {
        match self {
            Self::Rate(rate) => Self::Rate(Rate { samples: Some(samples), ..rate }),
            other => other,
        }
    }
}

/// The format of a text by its columns, or by the keys of its first object.
///
/// # Errors
/// A text that is none of [`ALL`], with their names.
pub fn detect(text: &str) -> Result<Format, Fault> {
    let json = text.trim_ascii_start().starts_with(['{', '[']);
    let found = if json { json::keys(text)? } else { columns(text) };
    let has = |marks: &&[&str]| marks.iter().all(|mark| found.contains(*mark));
    let format = ALL.into_iter().find(|format| format.marks.iter().any(has));
    format.ok_or_else(|| {
        let what = if json { "the keys of its first object" } else { "its first line" };
        Fault { line: 1, column: 0, what: format!("{what} fit none of {}; name one with --format", names()) }
    })
}

/// The names of all formats.
pub fn names() -> String {
    ALL.map(|format| format.name).join(", ")
}

/// The names in the first line of a CSV; none where it is no line of names.
fn columns(text: &str) -> BTreeSet<String> {
    let first = text.lines().next().unwrap_or_default();
    // A line of names is short; what follows it is not looked at.
    let start = first.get(..first.len().min(1 << 16)).unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().from_reader(start.as_bytes());
    let names = reader.headers().map(|names| names.iter().map(|name| name.trim().to_owned()).collect());
    names.unwrap_or_default()
}

/// A table of a sane size: in memory a field is many times larger than its comma.
fn table(text: &str, required: &[&str]) -> Result<Table, Fault> {
    let mut line = 0;
    for row in text.split('\n') {
        line += 1;
        if row.bytes().filter(|byte| *byte == b',').count() >= MAX_FIELDS {
            return Err(Fault { line, column: 0, what: format!("has more than {MAX_FIELDS} fields") });
        }
    }
    // A carriage return alone ends a row as well.
    let returns = text.bytes().filter(|byte| *byte == b'\r').count() as u64;
    // The header, and the line end of the last row.
    if line.max(returns) > json::MAX_ROWS as u64 + 2 {
        return Err(Fault { line: 0, column: 0, what: format!("has more than {} rows", json::MAX_ROWS) });
    }
    Table::read(text.as_bytes(), required)
}

/// What the hour costs that a rate is paid from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Charge {
    /// Rent per device and hour.
    pub usd_per_hour: UsdPerHour,
    /// Devices that worked together, where the user says so; else what the record says, else one.
    pub gpus: Option<u32>,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
}

impl Charge {
    /// Devices whose hour pays for the rate of a record.
    pub fn charged_gpus(&self, record: &Record) -> u32 {
        match record.rate_of {
            Devices::Each => 1,
            Devices::All => self.gpus.or(record.gpus).unwrap_or(1),
        }
    }

    /// `g·n / (3600·u·R) · 1e6` for a rate `R` of `n` devices. The fast end of the rate is the low end of the cost;
    /// without a spread both ends are the cost.
    ///
    /// # Errors
    /// [`Refused`] where a number is not finite and positive, or the utilisation is above 1.
    pub fn price(&self, record: &Record, rate: &Rate) -> Result<Interval<UsdPerMtok>, Refused> {
        let rent = self.usd_per_hour * f64::from(self.charged_gpus(record));
        let at = |rate: TokensPerSecond| usd_per_mtok(rate, rent, self.utilisation);
        let mid = rate.tokens_per_s;
        let (slow, fast) = rate.spread.map_or((mid, mid), |spread| (spread.low, spread.high));
        Ok(Interval { low: at(fast)?, mid: at(mid)?, high: at(slow)? })
    }
}

#[cfg(test)]
mod tests;
