//! genai-prices (`data.json`, version 2): providers with models; USD per million tokens, thresholds, dates and hours.

use std::io::Read;

use jiff::civil::{Date, Time};

use super::cards::{self, Cards, Conditions, bucket};
use super::dated;
use super::{Format, Head, Import, Kind, Place, Refusal, Source};
use crate::json::{Document, Value};
use crate::price::identity::seller::seller;
use crate::price::token::{Service, TokenListing, TokenPrices, Window};
use crate::price::{Quoted, Rule};
use crate::table::{Fault, read_text};

/// The data of genai-prices.
pub const FORMAT: Format = Format {
    name: "genai-prices",
    kind: Kind::Token,
    knows: |head: &Head<'_>| head.has_keys('[', &["models", "prices"]),
    read,
};

const BUCKETS: [(&str, usize); 6] = [
    ("input_mtok", bucket::INPUT),
    ("output_mtok", bucket::OUTPUT),
    ("output_reasoning_mtok", bucket::REASONING),
    ("cache_read_mtok", bucket::CACHE_READ),
    ("cache_write_mtok", bucket::CACHE_WRITE),
    ("cache_write_1h_mtok", bucket::CACHE_WRITE_1H),
];

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let text = read_text(input)?;
    let document = Document::new(&text)?;
    let Some(providers) = document.root().elements() else {
        return Err(Fault { line: 1, column: 0, what: "is no JSON array of providers".into() });
    };
    let mut cards = Cards::new(FORMAT.name, source);
    for (index, provider) in providers.into_iter().enumerate() {
        let place = |name: &str| Place::path(document.line(provider), format!("[{index}].{name}"));
        let read = cards::members(provider, place).and_then(|members| {
            let id = cards::text(&members, "id", place)?
                .ok_or_else(|| Refusal::unreadable(place("id"), "is missing"))?;
            let models = cards::member(&members, "models").and_then(Value::elements);
            Ok((id, models.ok_or_else(|| Refusal::unreadable(place("models"), "is no array of models"))?))
        });
        match read {
            Err(refusal) => import.refuse(&format!("[{index}]"), refusal),
            Ok((id, models)) => {
                for (index, model) in models.into_iter().enumerate() {
                    let path = format!("{id}.models[{index}]");
                    let entry = Entry { document: &document, provider: &id, path, source };
                    let (subject, read) = entry.cards(model, &mut cards);
                    cards::keep(import, &subject, read);
                }
            }
        }
    }
    Ok(())
}

/// One model of one provider.
struct Entry<'e> {
    document: &'e Document<'e>,
    provider: &'e str,
    path: String,
    source: &'e Source<'e>,
}

/// When a set of prices holds.
#[derive(Default)]
struct Constraint {
    start: Option<Date>,
    window: Option<Window>,
}

impl Entry<'_> {
    fn place(&self, value: Value<'_>, path: &str) -> Place {
        Place::path(self.document.line(value), path)
    }

    fn cards(&self, value: Value<'_>, cards: &mut Cards<'_>) -> (String, Result<Vec<TokenListing>, Refusal>) {
        let members = match cards::members(value, |name| self.place(value, &format!("{}.{name}", self.path)))
        {
            Ok(members) => members,
            Err(refusal) => return (self.path.clone(), Err(refusal)),
        };
        match cards::text(&members, "id", |name| self.place(value, &format!("{}.{name}", self.path))) {
            Ok(Some(id)) => {
                let path = format!("{}.{id}.prices", self.provider);
                let read = self.of_model(&id, cards::member(&members, "prices"), &path, value, cards);
                (format!("{}/{id}", self.provider), read)
            }
            Ok(None) => {
                (self.path.clone(), Err(Refusal::unreadable(self.place(value, &self.path), "has no id")))
            }
            Err(refusal) => (self.path.clone(), Err(refusal)),
        }
    }

    fn of_model(
        &self,
        id: &str,
        prices: Option<Value<'_>>,
        path: &str,
        model: Value<'_>,
        cards: &mut Cards<'_>,
    ) -> Result<Vec<TokenListing>, Refusal> {
        let Some(prices) = prices.filter(|prices| !prices.is_null()) else {
            return Err(Refusal::left_out(self.place(model, path), Rule::Unknown, "has no prices"));
        };
        let blank = cards.blank(&seller(self.provider), id, self.document.line(model));
        let Some(sets) = prices.elements() else { return self.of_set(&blank, prices, path) };
        let mut read = Vec::new();
        for (index, set) in sets.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let members = cards::members(set, |name| self.place(set, &format!("{path}.{name}")))?;
            let constraint = self.constraint(&members, &path)?;
            let inner = cards::member(&members, "prices")
                .ok_or_else(|| Refusal::unreadable(self.place(set, &path), "has no prices"))?;
            read.push((constraint, self.of_set(&blank, inner, &format!("{path}.prices"))?));
        }
        Ok(self.without_overlap(read))
    }

    /// The last set that is active counts: a set ends where a later one starts.
    fn without_overlap(&self, sets: Vec<(Constraint, Vec<TokenListing>)>) -> Vec<TokenListing> {
        let starts: Vec<Option<Date>> =
            sets.iter().map(|(it, _)| it.start.filter(|_| it.window.is_none())).collect();
        let mut all = Vec::new();
        for (index, (constraint, cards)) in sets.into_iter().enumerate() {
            let later = starts.iter().skip(index + 1).copied().flatten();
            let end = later.min();
            if end.is_some_and(|end| constraint.start.is_some_and(|start| end <= start)) {
                continue;
            }
            all.extend(cards.into_iter().map(|card| {
                let window = constraint.window.clone().map(Box::new);
                dated::valid(TokenListing { window, ..card }, constraint.start, end, self.source.observed)
            }));
        }
        all
    }

    fn constraint(&self, members: &[(String, Value<'_>)], path: &str) -> Result<Constraint, Refusal> {
        let Some(value) = cards::member(members, "constraint").filter(|value| !value.is_null()) else {
            return Ok(Constraint::default());
        };
        let place = |name: &str| self.place(value, &format!("{path}.constraint.{name}"));
        let members = cards::members(value, place)?;
        if let Some((key, _)) =
            members.iter().find(|(key, _)| !["start_date", "start_time", "end_time"].contains(&key.as_str()))
        {
            return Err(Refusal::unreadable(place(key), "is a constraint that is not known"));
        }
        let start = cards::text(&members, "start_date", place)?;
        let start =
            start.map(|text| dated::day(&text).ok_or_else(|| dated::no_day(place("start_date"), &text)));
        let time = |name: &str| -> Result<Option<Time>, Refusal> {
            let Some(text) = cards::text(&members, name, place)? else { return Ok(None) };
            let time = text.trim_end_matches('Z').parse();
            time.map(Some).map_err(|_| {
                Refusal::unreadable(
                    place(name),
                    format!("\"{}\" is no time such as 16:30:00Z", cards::shown(&text)),
                )
            })
        };
        let window = match (time("start_time")?, time("end_time")?) {
            (Some(start), Some(end)) => Some(Window::daily(start, end)),
            (None, None) => None,
            _ => return Err(Refusal::unreadable(place("start_time"), "needs both start_time and end_time")),
        };
        Ok(Constraint { start: start.transpose()?, window })
    }

    /// The cards of one set of prices. An empty set is free where the name says so, else nothing is known.
    fn of_set(
        &self,
        blank: &TokenListing,
        prices: Value<'_>,
        path: &str,
    ) -> Result<Vec<TokenListing>, Refusal> {
        let place = |name: &str| {
            self.place(prices, &if name.is_empty() { path.to_owned() } else { format!("{path}.{name}") })
        };
        let members = cards::members(prices, place)?;
        if members.is_empty() && blank.listing.ends_with(":free") {
            let free = TokenPrices { input: Quoted::Free, output: Quoted::Free, ..TokenPrices::default() };
            return Ok(vec![TokenListing { prices: free, ..blank.clone() }]);
        }
        let mut conditions = Conditions::new();
        let mut other_unit = None;
        for (key, value) in &members {
            match BUCKETS.iter().find(|(name, _)| name == key) {
                Some((_, bucket)) => tiered(*value, *bucket, &|| place(key), &mut conditions)?,
                None => {
                    other_unit.get_or_insert_with(|| key.clone());
                }
            }
        }
        cards::all(blank, &conditions, other_unit.as_deref(), &place(""))
    }
}

/// A number, or `{"base": 1.25, "tiers": [{"start": 200000, "price": 2.5}]}`.
fn tiered(
    value: Value<'_>,
    bucket: usize,
    place: &dyn Fn() -> Place,
    conditions: &mut Conditions,
) -> Result<(), Refusal> {
    let mut put = |threshold, price| {
        if let Some(number) = conditions.entry((Service::Standard, threshold)).or_default().get_mut(bucket) {
            *number = price;
        }
    };
    if value.kind() != "an object" {
        put(None, cards::number(value, place)?);
        return Ok(());
    }
    let members = cards::members(value, |_| place())?;
    let base = cards::member(&members, "base").ok_or_else(|| Refusal::unreadable(place(), "has no base"))?;
    put(None, cards::number(base, place)?);
    for tier in cards::member(&members, "tiers").and_then(Value::elements).unwrap_or_default() {
        let tier = cards::members(tier, |_| place())?;
        let start =
            cards::member(&tier, "start").and_then(Value::number).and_then(|start| start.parse::<u64>().ok());
        let start = start
            .ok_or_else(|| Refusal::unreadable(place(), "has a tier without a whole number as start"))?;
        let price = cards::member(&tier, "price")
            .ok_or_else(|| Refusal::unreadable(place(), "has a tier without price"))?;
        put(Some(start), cards::number(price, place)?);
    }
    Ok(())
}
