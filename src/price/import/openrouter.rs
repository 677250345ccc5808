//! OpenRouter's `/models`, and `/endpoints` of one model: prices are texts in USD per token, `-1` is a price of the moment.

use std::io::Read;

use rust_decimal::Decimal;

use super::cards::{self, Cards, Conditions, Numbers, bucket};
use super::{Format, Head, Import, Kind, Place, Refusal, Source};
use crate::json::{Document, Value};
use crate::price::identity::seller::seller;
use crate::price::token::{Service, TokenListing, TokenPrices};
use crate::price::{Quoted, Rule, money};
use crate::table::{Fault, read_text};

/// The list of models, or the endpoints of one.
pub const FORMAT: Format = Format {
    name: "OpenRouter models",
    kind: Kind::Token,
    knows: |head: &Head<'_>| head.has_keys('{', &["data", "pricing", "prompt"]),
    read,
};

const BUCKETS: [(&str, usize); 6] = [
    ("prompt", bucket::INPUT),
    ("completion", bucket::OUTPUT),
    ("internal_reasoning", bucket::REASONING),
    ("input_cache_read", bucket::CACHE_READ),
    ("input_cache_write", bucket::CACHE_WRITE),
    ("input_cache_write_1h", bucket::CACHE_WRITE_1H),
];

/// Keys whose prices are of other things than tokens.
const OTHER_UNITS: [&str; 2] = ["request", "image"];

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let text = read_text(input)?;
    let document = Document::new(&text)?;
    let members = document.root().members().unwrap_or_default();
    let data = cards::member(&members, "data");
    let mut cards = Cards::new(FORMAT.name, source);
    let of = |value: &Value<'_>, path: String| Entry { line: document.line(*value), path };
    if let Some(models) = data.and_then(Value::elements) {
        for (index, value) in models.iter().enumerate() {
            let entry = of(value, format!("data[{index}]"));
            let (subject, read) = entry.cards(*value, None, &mut cards);
            cards::keep(import, &subject, read);
        }
        return Ok(());
    }
    let model = data.and_then(Value::members).unwrap_or_default();
    let listing = cards::member(&model, "id").and_then(Value::text);
    let endpoints = cards::member(&model, "endpoints").and_then(Value::elements);
    let (Some(listing), Some(endpoints)) = (listing, endpoints) else {
        let what = "has neither an array of models nor endpoints of one in \"data\"".into();
        return Err(Fault { line: 1, column: 0, what });
    };
    for (index, value) in endpoints.iter().enumerate() {
        let entry = of(value, format!("data.endpoints[{index}]"));
        let (subject, read) = entry.cards(*value, Some(&listing), &mut cards);
        cards::keep(import, &subject, read);
    }
    Ok(())
}

/// One model, or one endpoint of the model `listing`.
struct Entry {
    line: u64,
    path: String,
}

impl Entry {
    fn place(&self, name: &str) -> Place {
        Place::path(
            self.line,
            if name.is_empty() { self.path.clone() } else { format!("{}.{name}", self.path) },
        )
    }

    /// The subject and the cards.
    fn cards(
        &self,
        value: Value<'_>,
        listing: Option<&str>,
        cards: &mut Cards<'_>,
    ) -> (String, Result<Vec<TokenListing>, Refusal>) {
        let members = match cards::members(value, |name| self.place(name)) {
            Ok(members) => members,
            Err(refusal) => return (self.path.clone(), Err(refusal)),
        };
        let own = if listing.is_some() { "provider_name" } else { "id" };
        let name = match cards::text(&members, own, |name| self.place(name)) {
            Ok(Some(name)) if !name.trim().is_empty() => name,
            Ok(_) => return (self.path.clone(), Err(Refusal::unreadable(self.place(own), "is missing"))),
            Err(refusal) => return (self.path.clone(), Err(refusal)),
        };
        let (sold_by, listing) = match listing {
            Some(listing) => (seller(&name.replace(' ', "-")), listing),
            None => ("openrouter".to_owned(), name.as_str()),
        };
        let blank = cards.blank(&sold_by, listing, self.line);
        (name.clone(), self.priced(&members, &blank))
    }

    fn priced(
        &self,
        members: &[(String, Value<'_>)],
        blank: &TokenListing,
    ) -> Result<Vec<TokenListing>, Refusal> {
        if let Some(modality) = without_text(members) {
            let what = format!("answers with {modality}, not with text");
            return Err(Refusal::left_out(self.place(""), Rule::NotAnOffer, what));
        }
        let pricing = cards::member(members, "pricing").filter(|value| !value.is_null());
        let Some(pricing) = pricing else {
            return Err(Refusal::left_out(self.place(""), Rule::Unknown, "has no \"pricing\""));
        };
        let pricing = cards::members(pricing, |name| self.place(&format!("pricing.{name}")))?;
        let mut numbers = Numbers::default();
        let mut other_unit = None;
        for (key, value) in &pricing {
            let place = || self.place(&format!("pricing.{key}"));
            let known = BUCKETS.iter().find(|(name, _)| name == key).map(|(_, bucket)| *bucket);
            if known.is_none() && !OTHER_UNITS.contains(&key.as_str()) {
                continue;
            }
            let Some(price) = price(*value, place)? else { continue };
            if price == Decimal::NEGATIVE_ONE && known.is_some() {
                let dynamic =
                    TokenPrices { input: Quoted::Dynamic, output: Quoted::Dynamic, ..TokenPrices::default() };
                return Ok(vec![TokenListing { prices: dynamic, ..blank.clone() }]);
            }
            if price < Decimal::ZERO {
                return Err(Refusal::unreadable(
                    place(),
                    format!("{price} is negative; only -1 means a price of the moment"),
                ));
            }
            match known.and_then(|bucket| numbers.get_mut(bucket)) {
                Some(number) => {
                    let million = cards::per_mtok(price);
                    *number = Some(
                        million
                            .ok_or_else(|| Refusal::unreadable(place(), format!("{price} is too large")))?,
                    );
                }
                None if price > Decimal::ZERO => other_unit = Some(format!("{key} {price}")),
                None => {}
            }
        }
        let conditions = Conditions::from([((Service::Standard, None), numbers)]);
        cards::all(blank, &conditions, other_unit.as_deref(), &self.place("pricing"))
    }
}

/// What a model answers with, where text is not among it.
fn without_text(members: &[(String, Value<'_>)]) -> Option<String> {
    let architecture = cards::member(members, "architecture")?.members()?;
    let outputs = cards::member(&architecture, "output_modalities")?.elements()?;
    let outputs: Vec<String> = outputs.into_iter().filter_map(Value::text).collect();
    (!outputs.is_empty() && !outputs.iter().any(|output| output == "text")).then(|| outputs.join(", "))
}

/// A price as text or, in older answers, as number.
fn price(value: Value<'_>, place: impl Fn() -> Place) -> Result<Option<Decimal>, Refusal> {
    let Some(text) = value.text() else { return cards::number(value, place) };
    match text.trim() {
        "" => Ok(None),
        text => money(text)
            .map(Some)
            .ok_or_else(|| Refusal::unreadable(place(), format!("\"{}\" is no price", cards::shown(text)))),
    }
}
