//! `https://models.dev/api.json`: sellers by key, each with models by key.

use std::io::Read;

use super::super::cards::{self, Cards};
use super::super::{Format, Head, Import, Kind, Place, Refusal, Source};
use crate::json::{Document, Value};
use crate::price::Rule;
use crate::price::identity::seller::seller;
use crate::price::token::TokenListing;
use crate::table::{Fault, read_text};

/// All sellers in one JSON object.
pub const FORMAT: Format = Format {
    name: "models.dev api.json",
    kind: Kind::Token,
    knows: |head: &Head<'_>| head.has_keys('{', &["models", "cost"]),
    read,
};

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let text = read_text(input)?;
    let document = Document::new(&text)?;
    let Some(sellers) = document.root().members() else {
        return Err(Fault { line: 1, column: 0, what: "is no JSON object of sellers".into() });
    };
    let mut cards = Cards::new(FORMAT.name, source);
    for (id, value) in sellers {
        let place = |name: &str| Place::path(document.line(value), format!("{id}.{name}"));
        let models = cards::members(value, place).and_then(|members| {
            let models = cards::member(&members, "models");
            let models = models.ok_or_else(|| Refusal::unreadable(place("models"), "is missing"))?;
            cards::members(models, |name| place(&format!("models.{name}")))
        });
        match models {
            Err(refusal) => import.refuse(&id, refusal),
            Ok(models) => {
                for (model, value) in models {
                    let line = document.line(value);
                    let blank = cards.blank(&seller(&id), &model, line);
                    let path = format!("{id}.{model}");
                    cards::keep(import, &path, of_model(value, &blank, &path));
                }
            }
        }
    }
    Ok(())
}

fn of_model(value: Value<'_>, blank: &TokenListing, path: &str) -> Result<Vec<TokenListing>, Refusal> {
    let place = |name: &str| {
        Place::path(blank.line, if name.is_empty() { path.to_owned() } else { format!("{path}.{name}") })
    };
    let members = cards::members(value, place)?;
    let outputs = cards::member(&members, "modalities")
        .and_then(|value| cards::member(&value.members()?, "output")?.elements())
        .unwrap_or_default();
    if !outputs.is_empty() && !outputs.iter().any(|output| output.text().as_deref() == Some("text")) {
        return Err(Refusal::left_out(place(""), Rule::NotAnOffer, "does not answer with text"));
    }
    let Some(cost) = cards::member(&members, "cost").filter(|cost| !cost.is_null()) else {
        return Err(Refusal::left_out(place(""), Rule::Unknown, "has no cost"));
    };
    let conditions = super::cost(cost, &|name| place(&format!("cost.{name}")))?;
    cards::all(blank, &conditions, None, &place("cost"))
}
