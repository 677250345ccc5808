//! The cost at rates that others measured, or that somebody typed: as a table, CSV and JSON.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

use super::columns::{Column, common, number, range, text, wide};
use super::{Safe, UNKNOWN, csv as rows_csv, json, markdown, significant, terminal as page};
use crate::cost::Refused;
use crate::market::compare::Rent;
use crate::served::{Charge, Devices, Format, Outcome, Rate, Record};
use crate::text::{inert, markdown_cell};
use crate::units::{Interval, TokensPerSecond, UsdPerMtok};

/// What the hour costs, and where that is known from.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The rent.
    pub rent: Rent,
    /// The day whose rents count, where the rent comes from a table.
    pub as_of: Option<Date>,
    /// Devices that worked together, where the user says so.
    pub gpus: Option<u32>,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
}

impl Terms {
    fn charge(&self) -> Charge {
        Charge { usd_per_hour: self.rent.usd_per_hour, gpus: self.gpus, utilisation: self.utilisation }
    }
}

/// One imported rate and its cost, flat, as CSV and JSON show it. Unknown is `None`, never 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ServedRow {
    /// Where the rate comes from: it was not measured here.
    pub origin: String,
    /// The line of the file on which it starts; unknown where the format has no rows.
    pub line: Option<u64>,
    /// `ok`, `failed` or `skipped`.
    pub status: &'static str,
    /// Why there is no rate.
    pub reason: Option<String>,
    /// The model or benchmark.
    pub model: Option<String>,
    /// What was run.
    pub test: Option<String>,
    /// Which tokens the rate and the cost count: input, output or total.
    pub tokens: Option<&'static str>,
    /// The device.
    pub hardware: Option<String>,
    /// The engine or backend.
    pub engine: Option<String>,
    /// The weights format.
    pub weights: Option<String>,
    /// Sequences or requests at a time.
    pub concurrency: Option<u64>,
    /// Devices that worked together, as the file says.
    pub gpus: Option<u32>,
    /// Whether the rate is of each device instead of all together.
    pub per_gpu: bool,
    /// Devices whose hour pays for the rate: one where the rate is per device.
    pub charged_gpus: u32,
    /// The day of the test.
    pub date: Option<String>,
    /// The rate of the charged devices.
    pub tokens_per_s: Option<f64>,
    /// Its slow end.
    pub tokens_per_s_low: Option<f64>,
    /// Its fast end.
    pub tokens_per_s_high: Option<f64>,
    /// What the ends are.
    pub spread: Option<&'static str>,
    /// Samples behind the rate.
    pub samples: Option<u64>,
    /// Who rents the device out; several joined by `; `.
    pub rental_providers: Option<String>,
    /// How it is rented.
    pub rental_kind: Option<&'static str>,
    /// Rent per device and hour.
    pub usd_per_hour: f64,
    /// The day of the newest quote behind the rent.
    pub usd_per_hour_date: Option<String>,
    /// The day whose rents count.
    pub as_of: Option<String>,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// Cost of a million of these tokens while nothing else runs.
    pub usd_per_mtok: Option<f64>,
    /// Its low end, at the fast end of the rate.
    pub usd_per_mtok_low: Option<f64>,
    /// Its high end.
    pub usd_per_mtok_high: Option<f64>,
    /// What a reader must know besides; several joined by `; `.
    pub note: String,
}

impl ServedRow {
    /// The row of a record. A cost beyond what a float can hold is a row that failed.
    pub fn of(format: &Format, record: &Record, terms: &Terms) -> Self {
        let charge = terms.charge();
        let mut row = Self {
            origin: format!("imported from {}", format.name),
            line: Some(record.line).filter(|line| *line > 0),
            model: known(&record.model),
            test: known(&record.test),
            tokens: record.tokens.map(|tokens| tokens.name()),
            hardware: known(&record.hardware),
            engine: known(&record.engine),
            weights: known(&record.weights),
            concurrency: record.concurrency,
            gpus: record.gpus,
            per_gpu: record.rate_of == Devices::Each,
            charged_gpus: charge.charged_gpus(record),
            date: record.date.map(|date| date.to_string()),
            rental_providers: known(&terms.rent.providers),
            rental_kind: terms.rent.kind.map(|kind| kind.name()),
            usd_per_hour: terms.rent.usd_per_hour.0,
            usd_per_hour_date: terms.rent.date.map(|date| date.to_string()),
            as_of: terms.as_of.map(|date| date.to_string()),
            utilisation: terms.utilisation,
            note: record.notes.join("; "),
            ..Self::default()
        };
        let (status, reason) = match &record.outcome {
            Outcome::Failed(why) => ("failed", Some(why.clone())),
            Outcome::Skipped(why) => ("skipped", Some(why.clone())),
            Outcome::Rate(rate) => match charge.price(record, rate) {
                Ok(cost) => {
                    row.set_rate(rate, cost);
                    ("ok", None)
                }
                Err(refused) => ("failed", Some(refused.to_string())),
            },
        };
        Self { status, reason, ..row }
    }

    fn set_rate(&mut self, rate: &Rate, cost: Interval<UsdPerMtok>) {
        self.tokens_per_s = Some(rate.tokens_per_s.0);
        self.samples = rate.samples;
        self.usd_per_mtok = Some(cost.mid.0);
        if let Some(spread) = rate.spread {
            self.spread = Some(spread.basis);
            (self.tokens_per_s_low, self.tokens_per_s_high) = (Some(spread.low.0), Some(spread.high.0));
            (self.usd_per_mtok_low, self.usd_per_mtok_high) = (Some(cost.low.0), Some(cost.high.0));
        }
    }

    /// What a reader of the table must know, with what it is said of: why a test has no cost, and the notes.
    fn remarks(&self) -> impl Iterator<Item = (String, String)> {
        let model = self.model.as_deref().unwrap_or(&self.origin);
        let test = self.test.iter().map(|test| format!(" {test}")).collect::<String>();
        let reason = self.reason.iter();
        let reason =
            reason.map(move |reason| (format!("{model}{test}"), format!("{}: {reason}", self.status)));
        reason.chain(std::iter::once((model.to_owned(), self.note.clone())))
    }
}

/// What a million tokens cost at a rate that was typed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calculation {
    /// The rate of all devices together.
    pub tokens_per_s: f64,
    /// Devices.
    pub gpus: u32,
    /// Who rents the device out; several joined by `; `.
    pub rental_providers: Option<String>,
    /// How it is rented.
    pub rental_kind: Option<&'static str>,
    /// Rent per device and hour.
    pub usd_per_hour: f64,
    /// The day of the newest quote behind the rent.
    pub usd_per_hour_date: Option<String>,
    /// The day whose rents count.
    pub as_of: Option<String>,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// The cost.
    pub usd_per_mtok: f64,
}

impl Calculation {
    /// The cost at a rate of all devices together.
    ///
    /// # Errors
    /// [`Refused`] where the rate is not finite and positive, or the cost beyond what a float can hold.
    pub fn of(tokens_per_s: TokensPerSecond, terms: &Terms) -> Result<Self, Refused> {
        let (record, charge) = (Record::default(), terms.charge());
        let rate = Rate { tokens_per_s, spread: None, samples: None };
        let UsdPerMtok(usd_per_mtok) = charge.price(&record, &rate)?.mid;
        Ok(Self {
            tokens_per_s: tokens_per_s.0,
            gpus: charge.charged_gpus(&record),
            rental_providers: known(&terms.rent.providers),
            rental_kind: terms.rent.kind.map(|kind| kind.name()),
            usd_per_hour: terms.rent.usd_per_hour.0,
            usd_per_hour_date: terms.rent.date.map(|date| date.to_string()),
            as_of: terms.as_of.map(|date| date.to_string()),
            utilisation: terms.utilisation,
            usd_per_mtok,
        })
    }
}

/// Rows as the JSON object of the verb holds them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rows<'r> {
    /// In file order.
    pub rows: &'r [ServedRow],
}

/// A JSON object: the version of its keys, what was priced, and what the reader should doubt.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Versioned<'r, T> {
    schema_version: u32,
    #[serde(flatten)]
    priced: T,
    warnings: &'r [String],
}

impl<'r, T> Versioned<'r, T> {
    /// Puts the version and the warnings around [`Rows`] or a [`Calculation`].
    pub fn new(priced: T, warnings: &'r [String]) -> Self {
        Self { schema_version: json::SCHEMA_VERSION, priced, warnings }
    }
}

/// Nobody reads more below a table.
const MOST_REMARKS: usize = 200;

const COLUMNS: [Column<ServedRow>; 11] = [
    text("model", |row| shown(&row.model)),
    text("test", |row| shown(&row.test)),
    text("tokens", |row| row.tokens.unwrap_or(UNKNOWN).to_owned()),
    wide(text("weights", |row| shown(&row.weights))),
    number("at a time", |row| row.concurrency.map_or(UNKNOWN.into(), |count| count.to_string())),
    number("tok/s", |row| super::number(row.tokens_per_s)),
    wide(text("tok/s low to high", |row| range(row.tokens_per_s_low, row.tokens_per_s_high))),
    wide(number("samples", |row| row.samples.map_or(UNKNOWN.into(), |count| count.to_string()))),
    // What has no cost says so where the cost would be.
    number("$/Mtok", |row| row.usd_per_mtok.map_or(row.status.to_owned(), significant)),
    common(text("low to high", |row| range(row.usd_per_mtok_low, row.usd_per_mtok_high))),
    wide(text("date", |row| shown(&row.date))),
];

/// The rows for a terminal: what they are, a table per device, then each remark once.
pub fn terminal(rows: &[ServedRow], warnings: &[String], width: u16) -> String {
    let mut out = String::new();
    for (caption, group) in groups(rows, inert) {
        out += &page::wrapped(&caption, width);
        out += &format!("{}\n\n", page::table(&COLUMNS, &group, width, false));
    }
    for line in remarks(rows, inert).into_iter().chain(warned(warnings)) {
        out += &page::wrapped(&line, width);
    }
    out
}

/// The rows as a Markdown table under each caption, and what must be known of them.
pub fn markdown(rows: &[ServedRow], warnings: &[String]) -> String {
    let table =
        |(caption, group): (String, Vec<_>)| format!("{caption}\n\n{}\n", markdown::table(&COLUMNS, &group));
    let tables: String = groups(rows, markdown_cell).into_iter().map(table).collect();
    let lines = remarks(rows, markdown_cell).into_iter().chain(warned(warnings));
    tables + &lines.map(|line| format!("- {line}\n")).collect::<String>()
}

/// The rows as CSV with a header.
pub fn csv(rows: &[ServedRow]) -> String {
    rows_csv::rows_csv(rows)
}

/// A calculation in a sentence.
pub fn calculation_terminal(calculation: &Calculation, warnings: &[String], width: u16) -> String {
    let lines = std::iter::once(sentence(calculation, inert)).chain(warned(warnings));
    lines.map(|line| page::wrapped(&line, width)).collect()
}

/// A calculation in a sentence of Markdown.
pub fn calculation_markdown(calculation: &Calculation, warnings: &[String]) -> String {
    let lines = std::iter::once(sentence(calculation, markdown_cell)).chain(warned(warnings));
    lines.map(|line| format!("- {line}\n")).collect()
}

/// A calculation as CSV with a header.
pub fn calculation_csv(calculation: &Calculation) -> String {
    rows_csv::rows_csv(std::slice::from_ref(calculation))
}

fn sentence(calculation: &Calculation, safe: Safe) -> String {
    let devices = if calculation.gpus == 1 { "device" } else { "devices" };
    format!(
        "{} USD/Mtok: {} tokens/s on {} {devices}, {}, utilisation {}",
        significant(calculation.usd_per_mtok),
        significant(calculation.tokens_per_s),
        calculation.gpus,
        super::rent_words(
            Some(calculation.usd_per_hour),
            calculation.rental_kind,
            calculation.rental_providers.as_deref(),
            calculation.usd_per_hour_date.clone(),
            safe,
        ),
        significant(calculation.utilisation),
    )
}

fn warned(warnings: &[String]) -> impl Iterator<Item = String> {
    warnings.iter().map(|warning| format!("warning: {}", inert(warning)))
}

/// Rows that share what their caption says, in order.
fn groups(rows: &[ServedRow], safe: Safe) -> Vec<(String, Vec<&ServedRow>)> {
    super::grouped(rows, |row| caption(row, safe))
}

fn caption(row: &ServedRow, safe: Safe) -> String {
    let device = row.hardware.as_deref().map_or("unknown device".into(), safe);
    let engine = row.engine.as_deref().map_or(String::new(), |engine| format!(", {}", safe(engine)));
    let devices = match (row.per_gpu, row.gpus, row.charged_gpus) {
        (true, Some(gpus), _) => format!("; rates per device of {gpus}"),
        (true, None, _) => "; rates per device".into(),
        (false, _, 1) => String::new(),
        (false, _, charged) => format!(", {charged} devices"),
    };
    let rent = super::rent_words(
        Some(row.usd_per_hour),
        row.rental_kind,
        row.rental_providers.as_deref(),
        row.usd_per_hour_date.clone(),
        safe,
    );
    format!(
        "{device}{engine}: {}, not measured here; {rent}{devices}; utilisation {}; each row alone pays for the \
         whole hour",
        row.origin,
        significant(row.utilisation),
    )
}

/// Reasons and notes, each said once with what it is said of.
fn remarks(rows: &[ServedRow], safe: Safe) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut said: Vec<(String, String)> = rows.iter().flat_map(ServedRow::remarks).collect();
    said.retain(|remark| !remark.1.is_empty() && seen.insert(remark.clone()));
    let more = said.len().saturating_sub(MOST_REMARKS);
    said.truncate(MOST_REMARKS);
    let mut lines =
        super::each_once(said.iter().map(|(of, remark)| (of.as_str(), "", remark.as_str())), safe);
    lines.extend((more > 0).then(|| format!("{more} more remarks: --json or --csv has them all")));
    lines
}

fn known(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn shown(text: &Option<String>) -> String {
    text.clone().unwrap_or_else(|| UNKNOWN.into())
}
