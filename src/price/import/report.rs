//! What came of a file: its records, and the rows that were not simply taken, with their reasons.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::{Format, Kind, Record};
use crate::named::named;
use crate::price::Rule;
use crate::price::rental::RentalQuote;
use crate::price::storage::StoragePoint;
use crate::price::token::TokenListing;
use crate::price::usage::UsageRow;
use crate::table::Fault;
use crate::text;

/// The most findings that are kept in words; beyond they are only counted.
pub const MAX_FINDINGS: usize = 10_000;

/// The most characters of a name in a finding: a name may be as long as its file.
const MAX_NAME: usize = 120;

/// The most characters of a reason.
const MAX_REASON: usize = 400;

/// The start of a text that may be long.
fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Where in a file something stands: a line and field of a table, or a path in JSON with its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line of the file from 1; 0 for the whole file.
    pub line: u64,
    /// Field of the line from 1; 0 for the whole line.
    pub column: usize,
    /// The path of JSON keys, such as `gpt-4o.input_cost_per_token`; empty in a table.
    pub path: String,
}

impl Place {
    /// A line of a table.
    pub fn line(line: u64) -> Self {
        Self { line, ..Self::default() }
    }

    /// A path in JSON, on a line.
    pub fn path(line: u64, path: impl Into<String>) -> Self {
        Self { line, column: 0, path: path.into() }
    }
}

/// `line:column`, `line` or `line (path)`.
impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column, self.path.as_str()) {
            (0, _, path) => out.write_str(path),
            (line, 0, "") => write!(out, "{line}"),
            (line, 0, path) => write!(out, "{line} ({path})"),
            (line, column, _) => write!(out, "{line}:{column}"),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

/// What became of a row that was not simply taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aside {
    /// Kept with a flag.
    Flagged,
    /// Not kept: it cannot be true, or cannot be read.
    Rejected,
    /// Not kept: it is none of the prices looked for, or has none.
    LeftOut,
}

named!(Aside { Flagged = "flagged", Rejected = "rejected", LeftOut = "left-out" });

/// One row that was not simply taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Where it stands.
    pub place: Place,
    /// What it is of, as the file names it.
    pub subject: String,
    /// What became of it.
    pub aside: Aside,
    /// By which rule.
    pub rule: Rule,
    /// Why, with the numbers.
    pub what: String,
}

/// Why a row gives no record.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Where the reason stands.
    pub place: Place,
    /// What becomes of the row.
    pub aside: Aside,
    /// By which rule.
    pub rule: Rule,
    /// Why, with the numbers.
    pub what: String,
}

impl Refusal {
    /// Of a row that cannot be read.
    pub fn unreadable(place: Place, what: impl Into<String>) -> Self {
        Self { place, aside: Aside::Rejected, rule: Rule::Unreadable, what: what.into() }
    }

    /// Of a row that has no price of what is looked for.
    pub fn left_out(place: Place, rule: Rule, what: impl Into<String>) -> Self {
        Self { place, aside: Aside::LeftOut, rule, what: what.into() }
    }
}

/// What came of a file.
#[derive(Debug)]
pub struct Import {
    /// The format's name.
    pub format: &'static str,
    /// What the rows are.
    pub kind: Kind,
    /// Rents that were kept.
    pub rentals: Vec<RentalQuote>,
    /// Price cards that were kept.
    pub tokens: Vec<TokenListing>,
    /// Counts of tokens that were kept.
    pub usage: Vec<UsageRow>,
    /// Prices of memory that were kept.
    pub storage: Vec<StoragePoint>,
    /// Rows that were not simply taken, in file order, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// Of all rows that were not simply taken: how many by which rule.
    pub counts: BTreeMap<(Aside, Rule), u64>,
    /// The line that the source's licence asks for.
    pub attribution: Option<String>,
    /// The first fault of a row.
    first_fault: Option<Fault>,
}

impl Import {
    /// Nothing yet.
    pub fn new(format: &Format) -> Self {
        Self {
            format: format.name,
            kind: format.kind,
            rentals: vec![],
            tokens: vec![],
            usage: vec![],
            storage: vec![],
            findings: vec![],
            counts: BTreeMap::new(),
            attribution: None,
            first_fault: None,
        }
    }

    /// Keeps a record.
    pub fn keep(&mut self, record: Record) {
        match record {
            Record::Rental(quote) => self.rentals.push(quote),
            Record::Token(listing) => self.tokens.push(listing),
            Record::Usage(row) => self.usage.push(row),
            Record::Storage(point) => self.storage.push(point),
        }
    }

    /// Sets a row aside.
    pub fn set_aside(
        &mut self,
        place: Place,
        subject: &str,
        aside: Aside,
        rule: Rule,
        what: impl Into<String>,
    ) {
        *self.counts.entry((aside, rule)).or_default() += 1;
        if self.findings.len() < MAX_FINDINGS {
            let place = Place { path: cut(&place.path, MAX_NAME), ..place };
            // Reasons quote what strangers wrote.
            let (subject, what) = (cut(subject, MAX_NAME), cut(&text::inert(&what.into()), MAX_REASON));
            self.findings.push(Finding { place, subject, aside, rule, what });
        }
    }

    /// Rejects a row that cannot be read.
    pub fn reject(&mut self, subject: &str, fault: Fault) {
        let place = Place { line: fault.line, column: fault.column, path: String::new() };
        self.set_aside(place, subject, Aside::Rejected, Rule::Unreadable, fault.what.clone());
        self.first_fault.get_or_insert(fault);
    }

    /// Sets a row aside for the reason that its reader gave.
    pub fn refuse(&mut self, subject: &str, refusal: Refusal) {
        let Refusal { place, aside, rule, what } = refusal;
        if rule == Rule::Unreadable {
            let path = if place.path.is_empty() { String::new() } else { format!("{}: ", place.path) };
            let what = cut(&text::inert(&format!("{path}{what}")), MAX_REASON);
            let fault = Fault { line: place.line, column: place.column, what };
            self.first_fault.get_or_insert(fault);
        }
        self.set_aside(place, subject, aside, rule, what);
    }

    /// Takes in what came of another file of the same format, whose findings are told with the name of that file.
    pub fn absorb(&mut self, other: Self, name: &str) {
        self.rentals.extend(other.rentals);
        self.tokens.extend(other.tokens);
        self.usage.extend(other.usage);
        self.storage.extend(other.storage);
        for (of, count) in other.counts {
            *self.counts.entry(of).or_default() += count;
        }
        let room = MAX_FINDINGS.saturating_sub(self.findings.len());
        for mut finding in other.findings.into_iter().take(room) {
            finding.place.path = format!("{name}:{}", finding.place);
            (finding.place.line, finding.place.column) = (0, 0);
            self.findings.push(finding);
        }
    }

    /// Records that were kept.
    pub fn accepted(&self) -> usize {
        self.rentals.len() + self.tokens.len() + self.usage.len() + self.storage.len()
    }

    /// Records that were kept with a flag. Counts and points have none of their own: their findings tell.
    pub fn flagged(&self) -> usize {
        let rentals = self.rentals.iter().filter(|quote| !quote.flags.is_empty()).count();
        let tokens = self.tokens.iter().filter(|card| !card.flags.is_empty()).count();
        match self.kind {
            Kind::Rental | Kind::Token => rentals + tokens,
            Kind::Usage | Kind::Storage => self.count(Aside::Flagged) as usize,
        }
    }

    /// Rows by what became of them; a row that two rules flag is counted twice.
    pub fn count(&self, aside: Aside) -> u64 {
        self.counts.iter().filter(|((of, _), _)| *of == aside).map(|(_, count)| count).sum()
    }

    /// A file without one row that could be read is no file of the format.
    pub(super) fn usable(&mut self) -> Result<(), Fault> {
        match self.first_fault.take() {
            Some(fault) if self.accepted() == 0 && self.count(Aside::LeftOut) == 0 => Err(fault),
            _ if self.accepted() == 0 && self.counts.is_empty() => {
                let what = format!("has no rows ({})", self.format);
                Err(Fault { line: 0, column: 0, what })
            }
            _ => Ok(()),
        }
    }
}
