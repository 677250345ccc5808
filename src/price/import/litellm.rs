//! The price table of LiteLLM, `model_prices_and_context_window.json`: one object per model, prices in USD per token, and
//! thresholds and services hidden in the names of keys.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use rust_decimal::Decimal;

use super::cards::{self, Cards, Conditions, bucket};
use super::{Format, Head, Import, Kind, Place, Refusal, Source};
use crate::json::{Document, Value};
use crate::price::Rule;
use crate::price::identity::seller::seller;
use crate::price::token::{Service, TokenListing};
use crate::table::{Fault, read_text};

/// The table of LiteLLM, whole or in parts.
pub const FORMAT: Format = Format {
    name: "LiteLLM prices",
    kind: Kind::Token,
    knows: |head: &Head<'_>| {
        head.has_keys('{', &["litellm_provider"]) || head.has_keys('{', &["input_cost_per_token"])
    },
    read,
};

/// Kinds of models that are sold by the token of text.
const TEXT_MODES: [&str; 4] = ["", "chat", "completion", "responses"];

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let text = read_text(input)?;
    let document = Document::new(&text)?;
    let Some(entries) = document.root().members() else {
        return Err(Fault { line: 1, column: 0, what: "is no JSON object of models".into() });
    };
    let mut cards = Cards::new(FORMAT.name, source);
    let (mut lines, mut listings) = (HashMap::new(), HashSet::new());
    for (key, value) in entries {
        let line = document.line(value);
        if let Some(first) = lines.insert(key.clone(), line) {
            let what = format!("is on line {first} already");
            import.refuse(
                &key,
                Refusal {
                    place: Place::path(line, &key),
                    aside: super::Aside::Rejected,
                    rule: Rule::Conflict,
                    what,
                },
            );
            continue;
        }
        let read = Entry { document: &document, key: &key, line }.cards(value, &mut cards, &mut listings);
        cards::keep(import, &key, read);
    }
    Ok(())
}

/// One model.
struct Entry<'e> {
    document: &'e Document<'e>,
    key: &'e str,
    line: u64,
}

/// What the keys of an entry say about prices.
#[derive(Default)]
struct Found {
    conditions: Conditions,
    /// A key with a price in another unit.
    other_unit: Option<String>,
    uplift: Option<Decimal>,
}

impl Entry<'_> {
    fn place(&self, name: &str) -> Place {
        Place::path(
            self.line,
            if name.is_empty() { self.key.to_owned() } else { format!("{}.{name}", self.key) },
        )
    }

    fn left_out<T>(&self, rule: Rule, what: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::left_out(self.place(""), rule, what))
    }

    fn cards(
        &self,
        value: Value<'_>,
        cards: &mut Cards<'_>,
        listings: &mut HashSet<String>,
    ) -> Result<Vec<TokenListing>, Refusal> {
        if self.key == "sample_spec" {
            return self.left_out(Rule::NotAnOffer, "is the file's own example");
        }
        let members = cards::members(value, |name| self.place(name))?;
        let mode = cards::text(&members, "mode", |name| self.place(name))?.unwrap_or_default();
        let provider = cards::text(&members, "litellm_provider", |name| self.place(name))?;
        let provider = provider.or_else(|| self.key.split_once('/').map(|(first, _)| first.to_owned()));
        let Some(provider) = provider else {
            return Err(Refusal {
                rule: Rule::Identity,
                ..Refusal::unreadable(self.place(""), "names no provider")
            });
        };
        if !TEXT_MODES.contains(&mode.as_str()) || provider.contains("embedding") {
            return self.left_out(
                Rule::NotAnOffer,
                format!("is no model of text (mode {mode}, provider {provider})"),
            );
        }
        if ["fireworks-ai-", "together-ai-"].iter().any(|class| self.key.starts_with(class)) {
            return self.left_out(Rule::NotAnOffer, "is a class of sizes, not a model");
        }
        let found = self.found(&members)?;
        let (listing, region) = listing(self.key, &provider);
        let seller = seller(&provider);
        // `gpt-4` and `openai/gpt-4` of one seller stay apart.
        let taken = !listings.insert(format!("{seller}\n{listing}\n{region}"));
        let mut blank = cards.blank(&seller, if taken { self.key } else { listing }, self.line);
        blank.region = cards.text(region);
        let all = cards::all(&blank, &found.conditions, found.other_unit.as_deref(), &self.place(""))?;
        Ok(with_uplift(all, found.uplift, cards))
    }

    fn found(&self, members: &[(String, Value<'_>)]) -> Result<Found, Refusal> {
        let mut found = Found::default();
        for (key, value) in members {
            let place = || Place { line: self.document.line(*value), ..self.place(key) };
            match key.as_str() {
                "tiered_pricing" => self.ranges(*value, &mut found.conditions)?,
                "regional_endpoint_uplift_multiplier" => found.uplift = cards::number(*value, place)?,
                "off_peak_pricing" if !value.is_null() => {
                    return self
                        .left_out(Rule::Unknown, "has prices by the hour in a form that is not known");
                }
                key if key.contains("cost") => match condition(key) {
                    Some((service, threshold, bucket)) => {
                        let price = price(*value, place)?;
                        let numbers = found.conditions.entry((service, threshold)).or_default();
                        if let (Some(number), Some(_)) = (numbers.get_mut(bucket), price) {
                            *number = price;
                        }
                    }
                    None if value.number().is_some() => {
                        let other = cards::number(*value, place)?;
                        if other.is_some_and(|price| price > Decimal::ZERO) && found.other_unit.is_none() {
                            found.other_unit =
                                Some(format!("{key} {}", cards::shown(value.number().unwrap_or_default())));
                        }
                    }
                    None => {}
                },
                _ => {}
            }
        }
        Ok(found)
    }

    /// Prices by ranges of request sizes: `[{"range": [0, 32000], "input_cost_per_token": …}, …]`.
    fn ranges(&self, value: Value<'_>, conditions: &mut Conditions) -> Result<(), Refusal> {
        let place = || self.place("tiered_pricing");
        let wrong = || Refusal::unreadable(place(), "is no array of ranges with a start");
        for range in value.elements().ok_or_else(wrong)? {
            let members = cards::members(range, |_| place())?;
            let start = cards::member(&members, "range").and_then(Value::elements).ok_or_else(wrong)?;
            let start = cards::number(*start.first().ok_or_else(wrong)?, place)?.ok_or_else(wrong)?;
            let start = u64::try_from(start).ok().filter(|start| *start > 0);
            for (key, value) in &members {
                if let Some((service, None, bucket)) = condition(key) {
                    let price = price(*value, place)?;
                    let numbers = conditions.entry((service, start)).or_default();
                    if let Some(number) = numbers.get_mut(bucket) {
                        *number = price.or(*number);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The cards with those of regional endpoints beside them, where these cost more.
fn with_uplift(all: Vec<TokenListing>, uplift: Option<Decimal>, cards: &mut Cards<'_>) -> Vec<TokenListing> {
    let Some(uplift) = uplift.filter(|uplift| *uplift > Decimal::ZERO) else { return all };
    let regional: Vec<_> = all
        .iter()
        .map(|card| TokenListing { region: cards.text("regional"), uplift: Some(uplift), ..card.clone() })
        .collect();
    all.into_iter().chain(regional).collect()
}

fn price(value: Value<'_>, place: impl Fn() -> Place) -> Result<Option<Decimal>, Refusal> {
    let Some(price) = cards::number(value, &place)? else { return Ok(None) };
    cards::per_mtok(price)
        .map(Some)
        .ok_or_else(|| Refusal::unreadable(place(), format!("{price} is too large")))
}

/// The service, the request size in tokens and the bucket that a key names; `None` for other units.
fn condition(key: &str) -> Option<(Service, Option<u64>, usize)> {
    let (mut rest, mut service, mut threshold) = (key, Service::Standard, None);
    loop {
        let services = [
            ("_batches", Service::Batch),
            ("_batch_requests", Service::Batch),
            ("_flex", Service::Flex),
            ("_priority", Service::Priority),
        ];
        if let Some((start, named)) =
            services.into_iter().find_map(|(end, named)| Some((rest.strip_suffix(end)?, named)))
        {
            (rest, service) = (start, named);
            continue;
        }
        let Some(start) = rest.strip_suffix("k_tokens") else { break };
        let (start, thousands) = start.rsplit_once("_above_")?;
        (rest, threshold) = (start, Some(thousands.parse::<u64>().ok()?.checked_mul(1000)?));
    }
    let bucket = match rest {
        "input_cost_per_token" => bucket::INPUT,
        "output_cost_per_token" => bucket::OUTPUT,
        "output_cost_per_reasoning_token" => bucket::REASONING,
        "cache_read_input_token_cost" | "input_cost_per_token_cache_hit" => bucket::CACHE_READ,
        "cache_creation_input_token_cost" => bucket::CACHE_WRITE,
        "cache_creation_input_token_cost_above_1hr" => bucket::CACHE_WRITE_1H,
        _ => return None,
    };
    Some((service, threshold, bucket))
}

/// The seller's own name in a key, and the region: `bedrock/us-east-1/meta.llama3-8b-instruct-v1:0`, `azure/eu/gpt-4o`.
fn listing<'k>(key: &'k str, provider: &str) -> (&'k str, &'k str) {
    let first = |key: &'k str| key.split_once('/');
    let rest =
        first(key).filter(|(first, _)| seller(first) == seller(provider)).map_or(key, |(_, rest)| rest);
    match first(rest) {
        Some((region, rest)) if is_region(region) => (rest, region),
        _ => {
            let region = rest.split_once('.').map(|(region, _)| region);
            let region = region.filter(|region| ["us", "eu", "apac", "global", "jp", "au"].contains(region));
            (rest, region.unwrap_or_default())
        }
    }
}

fn is_region(text: &str) -> bool {
    let ends_in_number = text.ends_with(|last: char| last.is_ascii_digit());
    let numbered = text.matches('-').count() >= 2
        && ends_in_number
        && text.starts_with(|first: char| first.is_ascii_lowercase());
    numbered || ["us", "eu", "global", "global-standard"].contains(&text)
}
