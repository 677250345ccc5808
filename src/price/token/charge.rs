//! What a request costs under a seller's price cards.
//!
//! The card is the one of the service and region whose validity, hours and request size hold; a tier reprices the whole request
//! unless it says otherwise. A bucket without a price falls back as vendors bill it; what stays unknown is an error, never 0.

use std::fmt;
use std::sync::Arc;

use jiff::civil::DateTime;
use rust_decimal::Decimal;

use super::{Reach, Service, TokenListing};
use crate::price::Quoted;

/// The tokens of one request in buckets that exclude each other: a token read from a cache is no fresh input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Fresh input.
    pub input: u64,
    /// Input read from a cache.
    pub cache_read: u64,
    /// Input written to a cache for minutes.
    pub cache_write: u64,
    /// Input written to a cache for an hour.
    pub cache_write_1h: u64,
    /// Output that is shown.
    pub output: u64,
    /// Output that is not shown.
    pub reasoning: u64,
    /// How soon the answer is due.
    pub service: Service,
    /// Where; empty for wherever the seller likes.
    pub region: String,
}

impl Request {
    /// The size by which tiers are told: all input.
    pub fn size(&self) -> u64 {
        let rest = self.cache_read.saturating_add(self.cache_write).saturating_add(self.cache_write_1h);
        self.input.saturating_add(rest)
    }
}

/// Tokens of one bucket at one price.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The bucket of the request.
    pub bucket: &'static str,
    /// The bucket whose price is taken.
    pub priced_as: &'static str,
    /// How many tokens.
    pub tokens: u64,
    /// The price, in USD per million tokens, with the uplift of a region.
    pub usd_per_mtok: Decimal,
    /// Their product in USD.
    pub usd: Decimal,
    /// The file of the card; empty where that is not known.
    pub file: Arc<str>,
    /// The line of the card.
    pub line: u64,
}

impl Part {
    /// Whether the price is of this card.
    pub fn is_of(&self, card: &TokenListing) -> bool {
        self.line == card.line && self.file == card.file
    }
}

/// What a request costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Charge {
    /// In USD.
    pub usd: Decimal,
    /// What it is made of, in the order of the buckets.
    pub parts: Vec<Part>,
}

/// Why a request has no cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCharge {
    /// No card is for the service, region and moment.
    NoCard {
        /// The service asked for.
        service: Service,
        /// The region asked for.
        region: String,
    },
    /// The card does not say what the tokens of a bucket cost.
    NoPrice {
        /// The bucket.
        bucket: &'static str,
        /// What stands in place of the price.
        quoted: Quoted,
        /// The line of the card.
        line: u64,
    },
    /// The product has more digits than can be kept.
    TooLarge,
}

impl fmt::Display for NoCharge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCard { service, region } if region.is_empty() => {
                write!(out, "no price card for the service {service} at that moment")
            }
            Self::NoCard { service, region } => {
                let region = crate::text::inert(region);
                write!(out, "no price card for the service {service} in {region} at that moment")
            }
            Self::NoPrice { bucket, quoted, line } => {
                let quoted = quoted.to_string();
                let quoted = if quoted.is_empty() { "unknown" } else { &quoted };
                write!(out, "the price of {bucket} is {quoted} (card on line {line})")
            }
            Self::TooLarge => out.write_str("the cost has more digits than can be kept"),
        }
    }
}

impl std::error::Error for NoCharge {}

/// What a request costs at a moment (UTC) under the cards of one seller's listing.
///
/// # Errors
/// No card, or a bucket of the request without price.
pub fn charge(cards: &[TokenListing], request: &Request, at: DateTime) -> Result<Charge, NoCharge> {
    let no_card = || NoCharge::NoCard { service: request.service, region: request.region.clone() };
    let held = holding(cards, request, at);
    let size = request.size();
    let in_tier = |card: &&&TokenListing| card.tier.is_some_and(|tier| tier.holds(size));
    let largest = held.iter().filter(in_tier).max_by_key(|card| card.tier.map(|tier| tier.tokens));
    let card = match largest {
        Some(card) => card,
        None => held.iter().find(|card| card.tier.is_none()).ok_or_else(no_card)?,
    };
    if card.tier.is_some_and(|tier| tier.reach == Reach::Marginal) {
        return by_brackets(&held, request, card).unwrap_or_else(|| Err(no_card()));
    }
    sum(buckets(request).into_iter().map(|(bucket, tokens)| part(card, bucket, tokens)))
}

/// The newest cards of the service and region that are valid and whose hours hold, one for each tier. Cards of particular hours
/// come before the card of all others.
fn holding<'c>(cards: &'c [TokenListing], request: &Request, at: DateTime) -> Vec<&'c TokenListing> {
    let is_valid = |card: &TokenListing| {
        let seen = card.valid_from.is_some() || card.valid_to.is_some() || card.date <= at.date();
        seen && card.valid_from.is_none_or(|from| from <= at) && card.valid_to.is_none_or(|to| at < to)
    };
    let fits = |card: &&TokenListing| {
        card.service == request.service && *card.region == *request.region && is_valid(card)
    };
    let mut held: Vec<&TokenListing> = cards.iter().filter(fits).collect();
    let in_window = |card: &&TokenListing| card.window.as_ref().is_some_and(|window| window.holds(at));
    let windowed = held.iter().any(in_window);
    held.retain(|card| if windowed { in_window(card) } else { card.window.is_none() });
    // Newest first, so that the first of each tier is its newest.
    held.sort_by(|a, b| (a.tier, b.valid_from, b.date).cmp(&(b.tier, a.valid_from, a.date)));
    held.dedup_by_key(|card| card.tier);
    held
}

/// Tokens by bucket, in the order in which they stand in a request: what is read from a cache first, output last.
fn buckets(request: &Request) -> [(&'static str, u64); 6] {
    [
        ("cache_read", request.cache_read),
        ("cache_write_1h", request.cache_write_1h),
        ("cache_write", request.cache_write),
        ("input", request.input),
        ("output", request.output),
        ("reasoning", request.reasoning),
    ]
}

/// Marginal tiers: each token at the price of the bracket in which it stands; output stands behind all input.
fn by_brackets(
    held: &[&TokenListing],
    request: &Request,
    last: &TokenListing,
) -> Option<Result<Charge, NoCharge>> {
    let mut brackets: Vec<(u64, &TokenListing)> = vec![(0, held.iter().find(|card| card.tier.is_none())?)];
    let marginal =
        held.iter().filter_map(|card| Some((card.tier.filter(|it| it.reach == Reach::Marginal)?, *card)));
    brackets.extend(marginal.map(|(tier, card)| (tier.tokens, card)));
    brackets.sort_by_key(|(start, _)| *start);
    let mut parts = Vec::new();
    let mut from = 0_u64;
    for (bucket, tokens) in buckets(request) {
        if ["output", "reasoning"].contains(&bucket) {
            parts.push(part(last, bucket, tokens));
            continue;
        }
        let to = from.saturating_add(tokens);
        for (index, (start, card)) in brackets.iter().enumerate() {
            let end = brackets.get(index + 1).map_or(u64::MAX, |(start, _)| *start);
            let inside = to.min(end).saturating_sub(from.max(*start));
            parts.push(part(card, bucket, inside));
        }
        from = to;
    }
    Some(sum(parts.into_iter()))
}

/// The tokens of a bucket at the price of a card; `None` where there are none.
fn part(card: &TokenListing, bucket: &'static str, tokens: u64) -> Result<Option<Part>, NoCharge> {
    if tokens == 0 {
        return Ok(None);
    }
    let (priced_as, quoted) = price(card, bucket);
    let usd_per_mtok = match quoted {
        Quoted::Value(price) => price,
        Quoted::Free => Decimal::ZERO,
        quoted => return Err(NoCharge::NoPrice { bucket, quoted, line: card.line }),
    };
    let uplift = card.uplift.unwrap_or(Decimal::ONE);
    let cost = || {
        let usd_per_mtok = usd_per_mtok.checked_mul(uplift)?.normalize();
        let usd = usd_per_mtok.checked_mul(Decimal::from(tokens))?.checked_div(Decimal::from(1_000_000))?;
        Some(Part {
            bucket,
            priced_as,
            tokens,
            usd_per_mtok,
            usd: usd.normalize(),
            file: Arc::clone(&card.file),
            line: card.line,
        })
    };
    cost().map(Some).ok_or(NoCharge::TooLarge)
}

/// The price of a bucket, and whose it is. Vendors bill what is not shown as output, and writing to a cache as input where they
/// have no price for it.
fn price(card: &TokenListing, bucket: &'static str) -> (&'static str, Quoted) {
    let prices = &card.prices;
    let or = |own: Quoted, fallback: (&'static str, Quoted)| match own {
        Quoted::Unknown => fallback,
        own => (bucket, own),
    };
    let input = ("input", prices.input);
    match bucket {
        "input" => input,
        "output" => (bucket, prices.output),
        "reasoning" => or(prices.reasoning, ("output", prices.output)),
        "cache_write" => or(prices.cache_write, input),
        // Where minutes have a price of their own, an hour has another one.
        "cache_write_1h" if prices.cache_write == Quoted::Unknown => or(prices.cache_write_1h, input),
        "cache_write_1h" => (bucket, prices.cache_write_1h),
        _ => (bucket, prices.cache_read),
    }
}

fn sum(parts: impl Iterator<Item = Result<Option<Part>, NoCharge>>) -> Result<Charge, NoCharge> {
    let parts: Vec<Part> = parts.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    let usd = parts.iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part.usd));
    Ok(Charge { usd: usd.ok_or(NoCharge::TooLarge)?, parts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::token::TokenPrices;
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    const DAY: Date = date(2026, 8, 20);

    fn usd(text: &str) -> Quoted {
        text.parse().unwrap()
    }

    fn card(input: &str, output: &str, cache_read: &str) -> TokenListing {
        let prices = TokenPrices {
            input: usd(input),
            output: usd(output),
            cache_read: usd(cache_read),
            ..TokenPrices::default()
        };
        TokenListing { prices, date: date(2026, 8, 1), ..TokenListing::default() }
    }

    fn cost(cards: &[TokenListing], request: &Request) -> String {
        charge(cards, request, DAY.at(12, 0, 0, 0))
            .map_or_else(|why| why.to_string(), |it| it.usd.to_string())
    }

    fn tiered(tier: &str) -> [TokenListing; 2] {
        [card("1", "10", "0.1"), TokenListing { tier: Some(tier.parse().unwrap()), ..card("2", "20", "0.2") }]
    }

    fn of_size(input: u64) -> Request {
        Request { input, ..Request::default() }
    }

    #[test]
    fn a_threshold_reprices_the_whole_request_on_its_side_of_the_operator() {
        let exclusive = tiered(">272000");
        assert_eq!(
            [271_999, 272_000, 272_001].map(|size| cost(&exclusive, &of_size(size))),
            ["0.271999", "0.272", "0.544002"]
        );
        let inclusive = tiered(">=200000");
        assert_eq!(
            [199_999, 200_000, 200_001].map(|size| cost(&inclusive, &of_size(size))),
            ["0.199999", "0.4", "0.400002"]
        );
    }

    #[test]
    fn all_input_counts_for_the_threshold_and_each_token_is_billed_once() {
        let cards = tiered(">200000");
        let request = Request {
            input: 1_000,
            cache_read: 150_000,
            cache_write: 49_001,
            output: 100,
            ..Request::default()
        };
        // 0.002 fresh, 0.03 read, 0.098002 written as input, 0.002 output.
        assert_eq!(cost(&cards, &request), "0.132002");
        assert_eq!(cost(&cards, &Request { cache_write: 49_000, ..request }), "0.066");
    }

    #[test]
    fn a_marginal_tier_prices_only_the_tokens_beyond_its_threshold() {
        let cards = tiered(">1000 marginal");
        assert_eq!(
            [999, 1000, 1001].map(|size| cost(&cards, &of_size(size))),
            ["0.000999", "0.001", "0.001002"]
        );
        let request = Request { cache_read: 800, input: 400, output: 10, ..Request::default() };
        // 800 read and 200 fresh below, 200 fresh beyond, output behind them.
        assert_eq!(cost(&cards, &request), "0.00088");
    }

    #[test]
    fn peak_hours_hold_on_weekdays_from_the_moment_of_the_change() {
        let change = date(2026, 8, 16).at(16, 0, 0, 0);
        let before = TokenListing { valid_to: Some(change), ..card("0.28", "0.42", "0.028") };
        let after = TokenListing { valid_from: Some(change), ..card("0.2", "0.4", "0.02") };
        let hours = "mon,tue,wed,thu,fri 01:00-04:00,06:00-10:00".parse().unwrap();
        let peak = TokenListing {
            window: Some(Box::new(hours)),
            valid_from: Some(change),
            ..card("0.4", "0.8", "0.04")
        };
        let cards = [before, after, peak];
        let at = |day: i8, hour: i8, minute: i8| {
            let moment = date(2026, 8, day).at(hour, minute, 0, 0);
            charge(&cards, &of_size(1_000_000), moment).unwrap().usd.to_string()
        };
        for (day, hour, minute, shown) in [
            (14, 2, 0, "0.28"),
            (16, 15, 59, "0.28"),
            (16, 16, 0, "0.2"),
            (17, 0, 59, "0.2"),
            (17, 1, 0, "0.4"),
            (17, 3, 59, "0.4"),
            (17, 4, 0, "0.2"),
            (17, 6, 0, "0.4"),
            (17, 9, 59, "0.4"),
            (17, 10, 0, "0.2"),
            (21, 1, 0, "0.4"),
            (22, 1, 0, "0.2"),
            (23, 7, 0, "0.2"),
        ] {
            assert_eq!(at(day, hour, minute), shown, "August {day}, {hour}:{minute:02}");
        }
    }

    #[test]
    fn a_missing_price_falls_back_as_vendors_bill_and_otherwise_stays_unknown() {
        let plain = card("1", "10", "");
        let one = |request: Request| cost(std::slice::from_ref(&plain), &request);
        assert_eq!(one(Request { cache_write: 1_000_000, ..Request::default() }), "1");
        assert_eq!(one(Request { cache_write_1h: 1_000_000, ..Request::default() }), "1");
        assert_eq!(one(Request { reasoning: 1_000_000, ..Request::default() }), "10");
        assert_eq!(
            one(Request { cache_read: 1, ..Request::default() }),
            "the price of cache_read is unknown (card on line 0)"
        );
        assert_eq!(one(Request::default()), "0", "nothing was used");
        let mut writes = plain.clone();
        writes.prices.cache_write = usd("1.25");
        let hour = Request { cache_write_1h: 1, ..Request::default() };
        assert_eq!(cost(&[writes], &hour), "the price of cache_write_1h is unknown (card on line 0)");
        assert_eq!(
            cost(&[card("dynamic", "dynamic", "")], &of_size(1)),
            "the price of input is dynamic (card on line 0)"
        );
        assert_eq!(cost(&[card("free", "free", "")], &of_size(1)), "0");
    }

    #[test]
    fn another_service_or_region_needs_a_card_of_its_own() {
        let batch = TokenListing { service: Service::Batch, ..card("0.5", "5", "") };
        let regional =
            TokenListing { region: "eu".into(), uplift: Some("1.1".parse().unwrap()), ..card("1", "10", "") };
        let cards = [card("1", "10", ""), batch, regional];
        let million = of_size(1_000_000);
        assert_eq!(cost(&cards, &Request { service: Service::Batch, ..million.clone() }), "0.5");
        assert_eq!(cost(&cards, &Request { region: "eu".into(), ..million.clone() }), "1.1");
        let flex = Request { service: Service::Flex, ..million };
        assert_eq!(cost(&cards, &flex), "no price card for the service flex at that moment");
    }

    #[test]
    fn the_newest_card_that_was_seen_by_then_counts() {
        let old = TokenListing { date: date(2026, 1, 1), ..card("3", "3", "") };
        let future = TokenListing { date: date(2026, 9, 1), ..card("9", "9", "") };
        assert_eq!(cost(&[future, old, card("1", "1", "")], &of_size(1_000_000)), "1");
    }

    proptest! {
        #[test]
        fn costs_add_up_and_grow_with_every_bucket(
            input in 0u64..400_000, cache_read in 0u64..400_000, cache_write in 0u64..400_000, output in 0u64..400_000,
            marginal: bool,
        ) {
            let cards = tiered(if marginal { ">200000 marginal" } else { ">200000" });
            let request = Request { input, cache_read, cache_write, output, ..Request::default() };
            let at = DAY.at(0, 0, 0, 0);
            let charged = charge(&cards, &request, at).unwrap();
            prop_assert_eq!(charged.parts.iter().map(|part| part.tokens).sum::<u64>(), request.size() + output);
            prop_assert_eq!(charged.parts.iter().map(|part| part.usd).sum::<Decimal>(), charged.usd);
            let more = charge(&cards, &Request { input: input + 1, ..request }, at).unwrap();
            prop_assert!(more.usd > charged.usd);
        }
    }
}
