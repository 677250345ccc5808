//! llm-prices, one file per vendor: USD per million tokens with the days from (included) and until (excluded) which they hold.
//! Prices of large requests stand there as models of their own, such as `gpt-5.4-272k`.

use std::collections::HashSet;
use std::io::Read;

use jiff::civil::Date;

use super::cards::{self, Cards, Conditions, bucket};
use super::dated;
use super::{Format, Head, Import, Kind, Place, Refusal, Source};
use crate::json::{Document, Value};
use crate::price::Rule;
use crate::price::identity::seller::seller;
use crate::price::token::{Service, TokenListing};
use crate::table::{Fault, read_text};

/// One vendor of llm-prices.
pub const FORMAT: Format = Format {
    name: "llm-prices",
    kind: Kind::Token,
    knows: |head: &Head<'_>| head.has_keys('{', &["models", "price_history"]),
    read,
};

const BUCKETS: [(&str, usize); 3] =
    [("input", bucket::INPUT), ("output", bucket::OUTPUT), ("input_cached", bucket::CACHE_READ)];

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let text = read_text(input)?;
    let document = Document::new(&text)?;
    let wrong = |what: &str| Fault { line: 1, column: 0, what: what.to_owned() };
    let members = document.root().members().ok_or_else(|| wrong("is no JSON object"))?;
    let vendor = cards::member(&members, "vendor").and_then(Value::text);
    let models = cards::member(&members, "models").and_then(Value::elements);
    let (Some(vendor), Some(models)) = (vendor, models) else {
        return Err(wrong("has no \"vendor\" with an array of \"models\""));
    };
    let ids: HashSet<String> =
        models.iter().filter_map(|model| cards::member(&model.members()?, "id")?.text()).collect();
    let mut cards = Cards::new(FORMAT.name, source);
    for (index, model) in models.into_iter().enumerate() {
        let path = format!("models[{index}]");
        let place = |name: &str| Place::path(document.line(model), format!("{path}.{name}"));
        let read = cards::members(model, place).and_then(|members| {
            let id = cards::text(&members, "id", place)?
                .ok_or_else(|| Refusal::unreadable(place("id"), "is missing"))?;
            let history = cards::member(&members, "price_history").and_then(Value::elements);
            Ok((id, history.ok_or_else(|| Refusal::unreadable(place("price_history"), "is no array"))?))
        });
        let (id, history) = match read {
            Ok(read) => read,
            Err(refusal) => {
                import.refuse(&path, refusal);
                continue;
            }
        };
        for (index, record) in history.into_iter().enumerate() {
            let path = format!("{id}.price_history[{index}]");
            let entry = Entry { line: document.line(record), path, observed: source.observed };
            let read = entry.cards(record, &vendor, &id, &ids, &mut cards);
            cards::keep(import, &id, read);
        }
    }
    Ok(())
}

/// One record of one model.
struct Entry {
    line: u64,
    path: String,
    observed: Date,
}

impl Entry {
    fn place(&self, name: &str) -> Place {
        Place::path(
            self.line,
            if name.is_empty() { self.path.clone() } else { format!("{}.{name}", self.path) },
        )
    }

    fn cards(
        &self,
        record: Value<'_>,
        vendor: &str,
        id: &str,
        ids: &HashSet<String>,
        cards: &mut Cards<'_>,
    ) -> Result<Vec<TokenListing>, Refusal> {
        let members = cards::members(record, |name| self.place(name))?;
        if id.starts_with("gpt-image") {
            return Err(Refusal::left_out(
                self.place(""),
                Rule::NotAnOffer,
                "answers with images, not with text",
            ));
        }
        let (base, threshold) = tier_of(id, ids).map_or((id, None), |(base, tokens)| (base, Some(tokens)));
        let mut numbers = cards::Numbers::default();
        for (name, bucket) in BUCKETS {
            let place = || self.place(name);
            let price =
                cards::member(&members, name).map(|value| cards::number(value, place)).transpose()?.flatten();
            if let Some(number) = numbers.get_mut(bucket) {
                *number = price;
            }
        }
        let day = |name: &str| -> Result<Option<Date>, Refusal> {
            let Some(text) = cards::text(&members, name, |name| self.place(name))? else { return Ok(None) };
            dated::day(&text).map(Some).ok_or_else(|| dated::no_day(self.place(name), &text))
        };
        let (from, to) = (day("from_date")?, day("to_date")?);
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            return Err(Refusal::unreadable(self.place("to_date"), format!("{to} is not after {from}")));
        }
        let blank = dated::valid(cards.blank(&seller(vendor), base, self.line), from, to, self.observed);
        let conditions = Conditions::from([((Service::Standard, None), numbers)]);
        let mut all = cards::all(&blank, &conditions, None, &self.place(""))?;
        for card in &mut all {
            card.tier = threshold.map(|tokens| cards::tier(&card.model, tokens));
        }
        Ok(all)
    }
}

/// The model and the request size that a name such as `gpt-5.4-272k` means, where the file has the model.
fn tier_of<'i>(id: &'i str, ids: &HashSet<String>) -> Option<(&'i str, u64)> {
    let (base, size) = id.rsplit_once('-')?;
    let thousands: u64 = size.strip_suffix('k')?.parse().ok()?;
    ids.contains(base).then_some((base, thousands.checked_mul(1000)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_named_by_a_size_is_a_tier_only_where_the_model_exists() {
        let ids: HashSet<String> = ["gpt-5.4".to_owned()].into();
        assert_eq!(tier_of("gpt-5.4-272k", &ids), Some(("gpt-5.4", 272_000)));
        assert_eq!(tier_of("gpt-3.5-16k", &ids), None);
    }
}
