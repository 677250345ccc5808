//! A plain CSV of tokens per second: for every engine that has no format of its own.
//!
//! A rate stands in `tokens_per_s` (of `tokens`: input, output or total), `input_tokens_per_s` or
//! `output_tokens_per_s`, of all `gpus` together; a row may have several and gives a record for each.

use super::{Format, Outcome, Record, Source, Tokens, table};
use crate::table::{Fault, Row};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "tokens-csv",
    marks: &[&["tokens_per_s"], &["input_tokens_per_s"], &["output_tokens_per_s"]],
    beside: None,
    read,
};

const RATES: [(&str, Option<Tokens>); 3] = [
    ("tokens_per_s", None),
    ("input_tokens_per_s", Some(Tokens::Input)),
    ("output_tokens_per_s", Some(Tokens::Output)),
];

fn read(source: &Source<'_>) -> Result<Vec<Record>, Fault> {
    let mut records = Vec::new();
    for row in table(source.text, &[])?.rows() {
        let before = records.len();
        for (column, tokens) in RATES {
            if let Some(rate) = row.optional::<f64>(column)? {
                let tokens = if tokens.is_none() { row.optional("tokens")? } else { tokens };
                records.push(Record { tokens, outcome: outcome(row, column, rate)?, ..common(row)? });
            }
        }
        if records.len() == before {
            records.push(common(row)?);
        }
    }
    Ok(records)
}

fn outcome(row: Row<'_>, column: &str, rate: f64) -> Result<Outcome, Fault> {
    let outcome = Outcome::of(column, rate, rate);
    let end = |end: &str| row.positive(&format!("{column}_{end}"));
    let outcome = match (end("low")?, end("high")?) {
        (Some(low), Some(high)) => outcome.with_spread(low, high, "as given"),
        _ => outcome,
    };
    Ok(match row.optional("samples")? {
        Some(samples) => outcome.with_samples(samples),
        None => outcome,
    })
}

fn common(row: Row<'_>) -> Result<Record, Fault> {
    let gpus = row.optional("gpus")?;
    if gpus == Some(0) {
        return Err(row.fault("gpus", "gpus is 0"));
    }
    let text = |column: &str| row.text(column).to_owned();
    let date = if row.text("date").is_empty() { None } else { Some(row.date("date")?) };
    let note = text("note");
    Ok(Record {
        line: row.line(),
        model: text("model"),
        test: text("test"),
        hardware: text("hardware"),
        engine: text("engine"),
        weights: text("weights"),
        concurrency: row.optional("concurrency")?,
        gpus,
        date,
        notes: if note.is_empty() { vec![] } else { vec![note] },
        ..Record::default()
    })
}
