//! How many tokens were used: rows of a day, a week or a month.
//!
//! Two forms are read: a CSV with `date,total_tokens[,model,origin]`, and OpenRouter's daily rankings as JSON. Counts come from
//! each vendor's tokenizer, so that shares are those of tokens and not of work.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read, Write};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use crate::json::{self, Object};
use crate::named::named;
use crate::table::{Fault, Row, Table, read_text};
use crate::text::{csv_cell, inert};

/// The names that a column may have, the first one in messages.
const TOKENS: [&str; 2] = ["total_tokens", "tokens"];
const MODEL: [&str; 2] = ["model", "model_permaslug"];
const ORIGIN: [&str; 2] = ["origin", "country"];

/// What a row counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Span {
    /// One day.
    Day,
    /// Seven days from its date on.
    Week,
    /// A whole month.
    Month,
}

named!(Span { Day = "day", Week = "week", Month = "month" });

/// The tokens of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageRow {
    /// The first day that it counts.
    pub first: Date,
    /// From there on.
    pub span: Span,
    /// Tokens.
    pub tokens: f64,
    /// The model; empty where the row is of all.
    pub model: String,
    /// The country of the model's maker, as the file says; empty where it does not.
    pub origin: String,
    /// The line of its file.
    pub line: u64,
}

/// The rows of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// In file order.
    pub rows: Vec<UsageRow>,
    /// The day up to which the source says it is complete.
    pub as_of: Option<String>,
    /// The line that the source's licence asks for.
    pub attribution: Option<String>,
    /// What the counts are of, where the form of the file says it.
    pub scope: Option<&'static str>,
}

/// What OpenRouter's rankings are of.
const OPENROUTER: &str = "traffic through OpenRouter, its top models by name and the rest as other: developers and \
start-ups, without direct traffic to OpenAI and Anthropic and without the hyperscalers' own";

/// Reads either form, known by its content.
///
/// # Errors
/// The first fault with its line and column.
pub fn read_usage(input: impl Read) -> Result<Usage, Fault> {
    let text = read_text(input)?;
    if text.trim_start().starts_with('{') { read_rankings(&text) } else { read_usage_csv(text.as_bytes()) }
}

/// Reads `date,total_tokens[,model,origin]`, by header names; other columns are passed over. `date` is a day or a month; a
/// column `week` instead has the first day of a week.
///
/// # Errors
/// The first fault with its line and column: a date or a count that is none, a row that counts tokens twice.
pub fn read_usage_csv(input: impl Read) -> Result<Usage, Fault> {
    let table = Table::read(input, &[])?;
    let known = table.columns();
    let column = |names: &[&'static str]| names.iter().copied().find(|name| known.contains(name));
    let missing = |name: &str| Fault { line: 1, column: 0, what: format!("column \"{name}\" is missing") };
    let date = column(&["date", "day", "month", "week"]).ok_or_else(|| missing("date"))?;
    let tokens = column(&TOKENS).ok_or_else(|| missing(TOKENS[0]))?;
    let (model, origin) = (column(&MODEL), column(&ORIGIN));
    let mut seen = Seen::default();
    let mut rows = Vec::new();
    for row in table.rows() {
        let (first, span) = day_or_month(row, date)?;
        row.required(tokens)?;
        let read = UsageRow {
            first,
            span,
            tokens: row.positive_or_zero(tokens)?.unwrap_or_default(),
            model: model.map(|column| row.text(column)).unwrap_or_default().to_owned(),
            origin: origin.map(|column| row.text(column)).unwrap_or_default().to_owned(),
            line: row.line(),
        };
        seen.count(&read).map_err(|what| row.fault(date, what))?;
        rows.push(read);
    }
    match rows.is_empty() {
        true => Err(Fault { line: 0, column: 0, what: "has no rows below its header".into() }),
        false => Ok(Usage { rows, ..Usage::default() }),
    }
}

fn day_or_month(row: Row<'_>, column: &str) -> Result<(Date, Span), Fault> {
    let text = row.required(column)?;
    let day = |text: &str| Date::strptime("%Y-%m-%d", text).ok().filter(|_| text.len() == 10);
    let read = match column {
        "week" => day(text).map(|first| (first, Span::Week)),
        _ if text.len() == 7 => day(&format!("{text}-01")).map(|first| (first, Span::Month)),
        _ => day(text).map(|first| (first, Span::Day)),
    };
    read.ok_or_else(|| {
        let shown: String = inert(text).chars().take(40).collect();
        let like = if column == "week" {
            "a day like 2026-03-09"
        } else {
            "a day like 2026-06-12 or a month like 2026-06"
        };
        row.fault(column, format!("{column} \"{shown}\" is not {like}"))
    })
}

/// Which tokens are counted already.
#[derive(Default)]
struct Seen {
    rows: HashMap<(Date, Span, String, String), u64>,
    /// The span by which each month is counted, and the first line that does.
    months: HashMap<(i16, i8), (Span, u64)>,
    weeks: Option<(bool, u64)>,
}

impl Seen {
    fn count(&mut self, row: &UsageRow) -> Result<(), String> {
        let key = (row.first, row.span, row.model.to_lowercase(), row.origin.to_lowercase());
        if let Some(line) = self.rows.insert(key, row.line) {
            return Err(format!("the tokens of this {} and model are on line {line} already", row.span));
        }
        let weekly = row.span == Span::Week;
        let (first_weekly, line) = *self.weeks.get_or_insert((weekly, row.line));
        if weekly != first_weekly {
            return Err(format!("weeks and other periods do not mix: see line {line}"));
        }
        let month = (row.first.year(), row.first.month());
        let (span, line) = *self.months.entry(month).or_insert((row.span, row.line));
        if span != row.span {
            return Err(format!("this month is counted by {span} already, on line {line}"));
        }
        Ok(())
    }
}

/// Writes rows as a table that [`read_usage_csv`] reads; `source` is kept beside them.
///
/// # Errors
/// What `out` objects to.
pub fn write_usage(out: impl Write, rows: &[UsageRow], source: &str) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    let weekly = rows.first().is_some_and(|row| row.span == Span::Week);
    out.write_record([if weekly { "week" } else { "date" }, "total_tokens", "model", "origin", "source"])?;
    for row in rows {
        let date = match row.span {
            Span::Month => row.first.strftime("%Y-%m").to_string(),
            Span::Day | Span::Week => row.first.to_string(),
        };
        let [model, origin, source] = [&row.model, &row.origin, source].map(csv_cell);
        out.write_record([date, row.tokens.to_string(), model, origin, source])?;
    }
    out.flush()
}

/// Reads OpenRouter's `datasets/rankings-daily`.
///
/// # Errors
/// The first fault with its line and column: no such JSON, a count that is none, a row that counts tokens twice.
pub fn read_rankings(text: &str) -> Result<Usage, Fault> {
    let file: Rankings = json::object(text)?;
    let mut seen = Seen::default();
    let mut rows = Vec::new();
    for (at, Object(row)) in (1..).zip(file.data) {
        let read = UsageRow {
            first: row.date.0,
            span: Span::Day,
            tokens: row.total_tokens.0,
            model: row.model_permaslug,
            origin: String::new(),
            line: at,
        };
        let twice = |what| Fault { line: 0, column: 0, what: format!("data[{}]: {what}", at - 1) };
        seen.count(&read).map_err(|what| twice(what.replace("on line", "in row")))?;
        rows.push(read);
    }
    if rows.is_empty() {
        return Err(Fault { line: 0, column: 0, what: "has no rows in \"data\"".into() });
    }
    let as_of = file.meta.and_then(|Object(meta)| meta.as_of);
    let until = as_of.clone().map(|day| inert(&day)).unwrap_or_else(|| "a date that is not stated".into());
    Ok(Usage {
        rows,
        as_of,
        attribution: Some(format!("Source: OpenRouter (openrouter.ai/rankings), as of {until}.")),
        scope: Some(OPENROUTER),
    })
}

#[derive(Deserialize)]
struct Rankings {
    data: Vec<Object<Ranking>>,
    meta: Option<Object<Meta>>,
}

#[derive(Deserialize)]
struct Meta {
    as_of: Option<String>,
}

#[derive(Deserialize)]
struct Ranking {
    date: Day,
    model_permaslug: String,
    total_tokens: Count,
}

struct Day(Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(input)?;
        let date = Date::strptime("%Y-%m-%d", text.as_ref());
        date.map(Self)
            .map_err(|_| serde::de::Error::custom(format!("date \"{text}\" is not a day like 2026-05-11")))
    }
}

/// A count, as text or as a number.
struct Count(f64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(CountVisitor).map(Self)
    }
}

struct CountVisitor;

impl serde::de::Visitor<'_> for CountVisitor {
    type Value = f64;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a count of tokens such as \"12345678\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
        let digits = !text.is_empty() && text.len() <= 24 && text.bytes().all(|byte| byte.is_ascii_digit());
        let count = text.parse().ok().filter(|_| digits);
        count.ok_or_else(|| E::custom(format!("total_tokens \"{text}\" is no count of tokens")))
    }

    fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<f64, E> {
        Ok(count as f64)
    }
}

impl UsageRow {
    /// How many days it counts.
    pub fn days(&self) -> i32 {
        match self.span {
            Span::Day => 1,
            Span::Week => 7,
            Span::Month => i32::from(self.first.days_in_month()),
        }
    }

    /// Its last day.
    pub fn last(&self) -> Date {
        self.first.saturating_add((self.days() - 1).days())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn fault(text: &str) -> String {
        read_usage(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn days_and_months_are_read_by_the_names_of_columns() {
        let usage = read_usage(
            &b"note,total_tokens,date,model\nx,1e12,2026-06,openai/gpt-4o\ny,5,2026-07-01,a\n"[..],
        )
        .unwrap();
        let [month, day] = usage.rows.as_slice() else { panic!("{usage:?}") };
        assert_eq!(
            (month.first, month.span, month.days(), month.tokens),
            (date(2026, 6, 1), Span::Month, 30, 1e12)
        );
        assert_eq!(
            (day.span, day.last(), day.model.as_str(), day.line),
            (Span::Day, date(2026, 7, 1), "a", 3)
        );
        let weekly = read_usage(&b"week,tokens\n2026-03-09,7\n"[..]).unwrap();
        assert_eq!((weekly.rows[0].span, weekly.rows[0].last()), (Span::Week, date(2026, 3, 15)));
    }

    #[test]
    fn the_rankings_keep_their_date_and_their_attribution() {
        let text = r#"{"data": [
            {"date":"2026-05-11","model_permaslug":"openai/gpt-4o-2024-05-13","total_tokens":"12345678"},
            {"date":"2026-05-11","model_permaslug":"other","total_tokens":"99"}], "meta": {"as_of": "2026-05-12"}}"#;
        let usage = read_usage(text.as_bytes()).unwrap();
        assert_eq!((usage.rows[0].tokens, usage.rows[1].model.as_str()), (12_345_678.0, "other"));
        assert_eq!(usage.as_of.as_deref(), Some("2026-05-12"));
        assert_eq!(
            usage.attribution.as_deref(),
            Some("Source: OpenRouter (openrouter.ai/rankings), as of 2026-05-12.")
        );
        assert!(usage.scope.unwrap().contains("without direct traffic"));
    }

    #[test]
    fn bad_tables_say_where() {
        let head = "date,total_tokens,model\n2026-06-01,5,a\n";
        for (row, shown) in [
            (
                "2026-06-31,5,a",
                "3:1: date \"2026-06-31\" is not a day like 2026-06-12 or a month like 2026-06",
            ),
            ("2026-13,5,a", "3:1: date \"2026-13\" is not a day like 2026-06-12 or a month like 2026-06"),
            ("June,5,a", "3:1: date \"June\" is not a day like 2026-06-12 or a month like 2026-06"),
            (",5,a", "3:1: date is empty"),
            ("2026-06-02,,a", "3:2: total_tokens is empty"),
            ("2026-06-02,-1,a", "3:2: total_tokens \"-1\" is not a finite number >= 0"),
            ("2026-06-02,NaN,a", "3:2: total_tokens \"NaN\" is not a finite number >= 0"),
            ("2026-06-01,5,A", "3:1: the tokens of this day and model are on line 2 already"),
            ("2026-06,5,b", "3:1: this month is counted by day already, on line 2"),
        ] {
            assert_eq!(fault(&format!("{head}{row}\n")), shown);
        }
        assert_eq!(fault("total_tokens\n5\n"), "1: column \"date\" is missing");
        assert_eq!(fault("date\n2026-06\n"), "1: column \"total_tokens\" is missing");
        assert_eq!(fault("date,tokens\n"), "has no rows below its header");
        assert_eq!(fault(""), "is empty");
    }

    #[test]
    fn bad_rankings_say_where() {
        for (text, start) in [
            ("{", "1:"),
            ("{}", "1:2: missing field `data`"),
            ("{\"data\": []}", "has no rows"),
            (
                "{\"data\": [{\"date\":\"x\",\"model_permaslug\":\"a\",\"total_tokens\":\"1\"}]}",
                "1:21: date \"x\" is not a day",
            ),
            (
                "{\"data\": [\n{\"date\":\"2026-05-11\",\"model_permaslug\":\"a\",\"total_tokens\":\"-1\"}]}",
                "2:",
            ),
            ("{\"data\": [1]}", "1:"),
        ] {
            let fault = fault(text);
            assert!(fault.starts_with(start), "{text}: {fault}");
        }
        let row = "{\"date\":\"2026-05-11\",\"model_permaslug\":\"a\",\"total_tokens\":\"1\"}";
        assert_eq!(
            fault(&format!("{{\"data\": [{row},{row}]}}")),
            "data[1]: the tokens of this day and model are in row 1 already"
        );
    }

    proptest! {
        #[test]
        fn hostile_text_is_refused_without_a_panic(text in any::<String>()) {
            let _ = read_usage(text.as_bytes());
            let _ = read_usage(format!("date,total_tokens\n{text}").as_bytes());
            let _ = read_usage(format!("{{\"data\":[{text}]}}").as_bytes());
        }
    }
}
