//! From the numbers of an entry to price cards: what a zero means, and the fields that all cards of a file share.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::{Aside, Import, Place, Record, Refusal, Source};
use crate::json::Value;
use crate::price::identity::model::Models;
use crate::price::identity::seller;
use crate::price::token::{Reach, Service, Tier, TokenListing, TokenPrices};
use crate::price::{Pool, Quoted, Rule, money};

/// Numbers of a card in USD per million tokens, in the order of [`TokenPrices::NAMES`]; zero as the source has it.
pub type Numbers = [Option<Decimal>; 6];

/// Where each bucket stands in [`Numbers`].
pub mod bucket {
    pub const INPUT: usize = 0;
    pub const OUTPUT: usize = 1;
    pub const REASONING: usize = 2;
    pub const CACHE_READ: usize = 3;
    pub const CACHE_WRITE: usize = 4;
    pub const CACHE_WRITE_1H: usize = 5;
}

/// The numbers of an entry by service and by the request size beyond which they hold.
pub type Conditions = BTreeMap<(Service, Option<u64>), Numbers>;

/// Makes the cards of one file.
pub struct Cards<'s> {
    source: &'s Source<'s>,
    models: Models<'s>,
    pool: Pool,
    origin: Arc<str>,
}

impl<'s> Cards<'s> {
    /// For a file of a format.
    pub fn new(format: &str, source: &'s Source<'s>) -> Self {
        let origin =
            if source.name.is_empty() { format.to_owned() } else { format!("{format} {}", source.name) };
        Self { source, models: Models::new(source.models), pool: Pool::default(), origin: origin.into() }
    }

    /// A card without prices: whose and what it is, when it was seen.
    pub fn blank(&mut self, seller: &str, listing: &str, line: u64) -> TokenListing {
        let (model, open_weights) = self.models.name(seller, listing);
        TokenListing {
            model: self.pool.get(&model),
            open_weights,
            seller: self.pool.get(seller),
            listing: self.pool.get(listing),
            date: self.source.observed,
            source: Arc::clone(&self.origin),
            commit: self.pool.get(self.source.commit),
            line,
            ..TokenListing::default()
        }
    }

    /// A text that many cards share.
    pub fn text(&mut self, text: &str) -> Arc<str> {
        self.pool.get(text)
    }
}

/// The cards of an entry: its everyday card, and those of other services and sizes where they have prices.
///
/// # Errors
/// Why the entry has no price of tokens. `other_unit` names a price beside in another unit, such as a query.
pub fn all(
    blank: &TokenListing,
    conditions: &Conditions,
    other_unit: Option<&str>,
    place: &Place,
) -> Result<Vec<TokenListing>, Refusal> {
    let base = conditions.get(&(Service::Standard, None)).copied().unwrap_or_default();
    let prices = everyday(base, &blank.seller, other_unit, place)?;
    let mut cards = vec![TokenListing { prices, ..blank.clone() }];
    if prices.input == Quoted::Free {
        return Ok(cards);
    }
    for ((service, threshold), numbers) in conditions {
        if (*service, *threshold) == (Service::Standard, None) || !is_priced(numbers) {
            continue;
        }
        let tier = threshold.map(|tokens| tier(&blank.model, tokens));
        cards.push(TokenListing { service: *service, tier, prices: settled(*numbers), ..blank.clone() });
    }
    Ok(cards)
}

/// The tier of a model beyond a threshold. Vendors reprice the whole request; xAI from the threshold on, others beyond it.
pub fn tier(model: &str, tokens: u64) -> Tier {
    Tier { tokens, inclusive: model.starts_with("grok") || model.contains(".grok"), reach: Reach::Whole }
}

/// What the numbers of an everyday card mean.
///
/// # Errors
/// Why they are no price of tokens.
fn everyday(
    numbers: Numbers,
    seller_name: &str,
    other_unit: Option<&str>,
    place: &Place,
) -> Result<TokenPrices, Refusal> {
    let left_out = |rule, what: String| Err(Refusal::left_out(place.clone(), rule, what));
    let [input, output, ..] = numbers;
    let zero = Some(Decimal::ZERO);
    let nothing = |price: Option<Decimal>| price.is_none() || price == zero;
    if let (true, Some(unit)) = (nothing(input), other_unit) {
        return left_out(
            Rule::Unit,
            format!("tokens cost nothing or are not priced beside {unit}: another unit"),
        );
    }
    match (input, output) {
        (None, None) => left_out(Rule::Unknown, "has no price of input or output".into()),
        (input, output) if nothing(input) && nothing(output) => {
            match (seller::is_local(seller_name), seller::is_plan(seller_name)) {
                (true, _) => left_out(Rule::NotAnOffer, format!("{seller_name} sells no tokens")),
                (_, true) => left_out(
                    Rule::NotOffered,
                    format!("{seller_name} sells a subscription, not tokens: 0 is no price"),
                ),
                _ => Ok(TokenPrices { input: Quoted::Free, output: Quoted::Free, ..TokenPrices::default() }),
            }
        }
        (Some(input), output) if nothing(output) => {
            let shown = output.map_or("none".into(), |output| output.to_string());
            left_out(
                Rule::NotAnOffer,
                format!("sells no output (input {input}, output {shown}): embeddings, ranking or sound"),
            )
        }
        _ => Ok(settled(numbers)),
    }
}

fn is_priced(numbers: &Numbers) -> bool {
    let [input, output, ..] = numbers;
    [input, output].into_iter().flatten().any(|price| *price > Decimal::ZERO)
}

/// Nobody gives away one bucket of a card that has a price: a zero beside prices says that nothing is said.
pub fn settled(numbers: Numbers) -> TokenPrices {
    TokenPrices::from_all(numbers.map(|price| price.filter(|price| *price > Decimal::ZERO).into()))
}

/// A number of JSON as money; `None` for null.
///
/// # Errors
/// Not a number, negative, or with more digits than can be kept.
pub fn number(value: Value<'_>, place: impl Fn() -> Place) -> Result<Option<Decimal>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    let Some(text) = value.number() else {
        return Err(Refusal::unreadable(place(), format!("is {} where a price was expected", value.kind())));
    };
    match money(text) {
        Some(price) if price < Decimal::ZERO => {
            Err(Refusal::unreadable(place(), format!("{} is negative", shown(text))))
        }
        Some(price) => Ok(Some(price)),
        None => {
            Err(Refusal::unreadable(place(), format!("{} is no price that can be kept exactly", shown(text))))
        }
    }
}

/// The start of a number that may be long.
pub fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The price of a million where `price` is that of one, by moving the point; `None` where that has too many digits.
pub fn per_mtok(price: Decimal) -> Option<Decimal> {
    const PLACES: u32 = 6;
    let mut moved = price;
    let missing = PLACES.saturating_sub(price.scale());
    moved.set_scale(price.scale().saturating_sub(PLACES)).ok()?;
    Some(moved.checked_mul(Decimal::from(10_u64.pow(missing)))?.normalize())
}

/// The members of an object, none of them twice.
///
/// # Errors
/// Not an object, or a key that appears twice.
pub fn members<'t>(
    value: Value<'t>,
    place: impl Fn(&str) -> Place,
) -> Result<Vec<(String, Value<'t>)>, Refusal> {
    let members = value.members().ok_or_else(|| {
        Refusal::unreadable(place(""), format!("is {} where an object was expected", value.kind()))
    })?;
    let mut keys: Vec<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first()) {
        Some(twice) => {
            let what = "appears twice in one object: which one counts?";
            Err(Refusal {
                place: place(twice),
                aside: Aside::Rejected,
                rule: Rule::Conflict,
                what: what.into(),
            })
        }
        None => Ok(members),
    }
}

/// The member of a name.
pub fn member<'t>(members: &[(String, Value<'t>)], name: &str) -> Option<Value<'t>> {
    members.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
}

/// A text of JSON; `None` where it is absent or null.
///
/// # Errors
/// Something else than a text.
pub fn text(
    members: &[(String, Value<'_>)],
    name: &str,
    place: impl Fn(&str) -> Place,
) -> Result<Option<String>, Refusal> {
    match member(members, name).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => value.text().map(Some).ok_or_else(|| {
            Refusal::unreadable(place(name), format!("is {} where a text was expected", value.kind()))
        }),
    }
}

/// Keeps the cards of an entry, or says why there are none.
pub fn keep(import: &mut Import, subject: &str, cards: Result<Vec<TokenListing>, Refusal>) {
    match cards {
        Ok(cards) if cards.iter().any(|card| card.model.is_empty()) => {
            let line = cards.first().map_or(0, |card| card.line);
            let (aside, rule) = (Aside::Rejected, Rule::Identity);
            import.refuse(
                subject,
                Refusal { place: Place::line(line), aside, rule, what: "has no name".into() },
            );
        }
        Ok(cards) => cards.into_iter().for_each(|card| import.keep(Record::Token(card))),
        Err(refusal) => import.refuse(subject, refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_of_one_token_become_those_of_a_million_without_rounding() {
        for (one, million) in [
            ("1.5e-07", "0.15"),
            ("0.0000025", "2.5"),
            ("3", "3000000"),
            ("0", "0"),
            ("2.9999900000000002e-06", "2.9999900000000002"),
        ] {
            assert_eq!(per_mtok(money(one).unwrap()).unwrap().to_string(), million);
        }
        assert_eq!(per_mtok(Decimal::MAX), None);
    }

    proptest! {
        #[test]
        fn moving_the_point_is_the_product(mantissa in 0i64..1_000_000_000, scale in 0u32..20) {
            let price = Decimal::new(mantissa, scale);
            prop_assert_eq!(per_mtok(price), Some(price * Decimal::from(1_000_000)));
        }
    }
}
