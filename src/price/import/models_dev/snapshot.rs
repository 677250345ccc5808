//! models.dev as a table: one row per seller and model, tiers as a list in the notation of Python.

use std::io::Read;

use super::super::cards::{self, Cards, Conditions};
use super::super::{Format, Head, Import, Kind, Place, Source};
use crate::json::{Document, python_as_json};
use crate::price::identity::seller::seller;
use crate::price::money;
use crate::table::{Fault, Row, each_row};

const COLUMNS: [&str; 7] = ["provider", "model", "input", "output", "cache_read", "cache_write", "tiers"];

/// A row per seller and model.
pub const FORMAT: Format = Format {
    name: "models.dev table",
    kind: Kind::Token,
    knows: |head: &Head<'_>| head.has_columns(&COLUMNS),
    read,
};

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let mut cards = Cards::new(FORMAT.name, source);
    each_row(input, &COLUMNS, |row| {
        let subject = format!("{}/{}", row.text("provider"), row.text("model"));
        let blank = match (row.required("provider"), row.required("model")) {
            (Ok(provider), Ok(model)) => cards.blank(&seller(provider), model, row.line()),
            (Err(fault), _) | (_, Err(fault)) => {
                import.reject(&subject, fault);
                return Ok(());
            }
        };
        match conditions(row) {
            Ok(conditions) => {
                let place = Place::line(row.line());
                cards::keep(import, &subject, cards::all(&blank, &conditions, None, &place));
            }
            Err(fault) => import.reject(&subject, fault),
        }
        Ok(())
    })
}

fn conditions(row: Row<'_>) -> Result<Conditions, Fault> {
    let mut conditions = Conditions::new();
    for name in ["input", "output", "reasoning", "cache_read", "cache_write"] {
        let text = row.text(name);
        let price = match (text, money(text)) {
            ("", _) => continue,
            (_, Some(price)) if !price.is_sign_negative() || price.is_zero() => price,
            _ => {
                return Err(row.fault(
                    name,
                    format!("{name} \"{}\" is no price", crate::text::inert(&cards::shown(text))),
                ));
            }
        };
        if let Some(bucket) = super::bucket_of(name) {
            super::put(&mut conditions, None, bucket, Some(price));
        }
    }
    let tiers = row.text("tiers");
    if !tiers.is_empty() {
        let json = python_as_json(tiers);
        let read = Document::new(&json).map_err(|fault| fault.what).and_then(|document| {
            let place = || Place::line(row.line());
            super::tiers(document.root(), &place, &mut conditions).map_err(|refusal| refusal.what)
        });
        read.map_err(|what| row.fault("tiers", format!("tiers: {what}")))?;
    }
    Ok(conditions)
}
