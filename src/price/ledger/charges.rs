//! One request at everybody who sells a model.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde::Serialize;

use super::{Ledger, place};
use crate::price::identity::seller::is_router;
use crate::price::token::TokenListing;
use crate::price::token::charge::{Charge, NoCharge, Request, charge};
use crate::price::{Quoted, to_f64};

/// What a request costs at one offer; null where that is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Charged {
    /// Who sells.
    pub seller: String,
    /// The seller's own name of the model.
    pub listing: String,
    /// The cost of the request.
    pub usd: Option<f64>,
    /// Of it, for fresh input.
    pub input_usd: Option<f64>,
    /// Of it, for what is read from a cache and written to one.
    pub cache_usd: Option<f64>,
    /// Of it, for output, shown or not.
    pub output_usd: Option<f64>,
    /// The price of fresh input that holds for this request, in USD per million tokens.
    pub input_usd_per_mtok: Option<f64>,
    /// The price of output that holds for this request, in USD per million tokens.
    pub output_usd_per_mtok: Option<f64>,
    /// The tier and hours that decide, and that it is given away; empty for the everyday card.
    pub terms: String,
    /// Whether the seller passes requests on to others.
    pub router: bool,
    /// The day on which the price was seen.
    pub date: String,
    /// The file and line of the card.
    pub place: String,
    /// Why there is no cost; empty where there is one.
    pub why_not: String,
}

/// The cost of a request for a model at a moment (UTC), at each seller's listing, the cheapest first; offers without a cost
/// come last. An offer that has no card for the service and region at all is none for this request.
pub fn charges(ledger: &Ledger, model: &str, request: &Request, at: DateTime) -> Vec<Charged> {
    let mut offers: BTreeMap<(String, String), Vec<TokenListing>> = BTreeMap::new();
    for card in ledger.tokens.iter().filter(|card| *card.model == *model) {
        offers
            .entry((card.seller.to_lowercase(), card.listing.to_lowercase()))
            .or_default()
            .push(card.clone());
    }
    let mut rows: Vec<Charged> = offers.values().filter_map(|cards| at_offer(cards, request, at)).collect();
    let cost = |row: &Charged| row.usd.unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    rows
}

fn at_offer(cards: &[TokenListing], request: &Request, at: DateTime) -> Option<Charged> {
    let first = cards.first()?;
    let blank = Charged {
        seller: first.seller.to_string(),
        listing: first.listing.to_string(),
        router: is_router(&first.seller),
        ..Charged::default()
    };
    match charge(cards, request, at) {
        Ok(charge) => Some(with_cost(blank, &charge, cards)),
        Err(NoCharge::NoCard { .. }) => None,
        Err(NoCharge::NoPrice { bucket, quoted, line }) => {
            let quoted = if quoted == Quoted::Unknown { "unknown".to_owned() } else { quoted.to_string() };
            let card = cards.iter().find(|card| card.line == line);
            let place = card.map(|card| place(&card.file, card.line)).unwrap_or_default();
            let date = card.map(|card| card.date.to_string()).unwrap_or_default();
            Some(Charged { why_not: format!("{bucket} {quoted}"), place, date, ..blank })
        }
        Err(why) => Some(Charged { why_not: why.to_string(), ..blank }),
    }
}

fn with_cost(blank: Charged, charge: &Charge, cards: &[TokenListing]) -> Charged {
    let of = |buckets: &[&str]| {
        let parts = charge.parts.iter().filter(|part| buckets.contains(&part.bucket));
        Some(to_f64(parts.map(|part| part.usd).sum()))
    };
    let price = |bucket: &str| {
        let part = charge.parts.iter().rev().find(|part| part.bucket == bucket)?;
        Some(to_f64(part.usd_per_mtok))
    };
    let last = charge.parts.last();
    let card = last.and_then(|part| cards.iter().find(|card| part.is_of(card)));
    Charged {
        usd: Some(to_f64(charge.usd)),
        input_usd: of(&["input"]),
        cache_usd: of(&["cache_read", "cache_write", "cache_write_1h"]),
        output_usd: of(&["output", "reasoning"]),
        input_usd_per_mtok: price("input"),
        output_usd_per_mtok: price("output"),
        terms: card.map(terms).unwrap_or_default(),
        date: card.map(|card| card.date.to_string()).unwrap_or_default(),
        place: card.map(|card| place(&card.file, card.line)).unwrap_or_default(),
        ..blank
    }
}

fn terms(card: &TokenListing) -> String {
    let tier = card.tier.map(|tier| format!("{tier} tokens"));
    let window = card.window.as_ref().map(|window| format!("{window} UTC"));
    let free = (card.prices.input == Quoted::Free).then(|| "free".to_owned());
    free.into_iter().chain(tier).chain(window).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::token::TokenPrices;
    use jiff::civil::date;

    fn card(seller: &str, input: &str, output: &str) -> TokenListing {
        let price = |text: &str| text.parse().unwrap();
        TokenListing {
            model: "m".into(),
            seller: seller.into(),
            prices: TokenPrices { input: price(input), output: price(output), ..TokenPrices::default() },
            date: date(2026, 8, 1),
            ..TokenListing::default()
        }
    }

    #[test]
    fn offers_are_listed_from_the_cheapest_and_those_without_a_price_last() {
        let tier = TokenListing { tier: ">=1000".parse().ok(), line: 7, ..card("b", "2", "20") };
        let ledger = Ledger {
            tokens: vec![card("u", "", "1"), card("a", "3", "30"), card("b", "1", "10"), tier],
            ..Ledger::default()
        };
        let request = Request { input: 1000, output: 100, ..Request::default() };
        let rows = charges(&ledger, "m", &request, date(2026, 8, 2).at(0, 0, 0, 0));
        let shown: Vec<_> =
            rows.iter().map(|row| (&*row.seller, row.usd, &*row.terms, &*row.why_not)).collect();
        assert_eq!(
            shown,
            [
                ("b", Some(0.004), ">=1000 tokens", ""),
                ("a", Some(0.006), "", ""),
                ("u", None, "", "input unknown"),
            ]
        );
        assert!(charges(&ledger, "m", &request, date(2026, 7, 1).at(0, 0, 0, 0)).is_empty(), "not seen yet");
    }
}
