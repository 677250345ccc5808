//! A figure down to its rows: which vote, which do not and why, and the formula.

use jiff::civil::Date;
use serde::Serialize;

use super::{Asked, Ledger, PriceRow, aged};
use crate::price::rental::{self, Kind, Offer, RentalQuote, offers};
use crate::price::token::{self, Market, TokenListing, market};
use crate::price::{Mix, age_days, to_f64};

/// One figure with all that it rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explained {
    /// What it is of.
    pub name: String,
    /// The kind of rent; `tokens` for token prices.
    pub kind: String,
    /// The day that it is as of.
    pub as_of: String,
    /// The formula in words, with the numbers in it.
    pub formula: String,
    /// Median rent per GPU, or per machine.
    pub usd_per_hour: Option<f64>,
    /// Median price of fresh input.
    pub input_usd_per_mtok: Option<f64>,
    /// Median price of output.
    pub output_usd_per_mtok: Option<f64>,
    /// Age of its newest vote in days.
    pub age_days: Option<i32>,
    /// What to doubt.
    pub notes: Vec<String>,
    /// One vote per provider or seller.
    pub votes: Vec<Vote>,
    /// Every row of the name, each with its fate.
    pub rows: Vec<Fate>,
}

/// One vote.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Vote {
    /// The provider or seller.
    pub by: String,
    /// Its date.
    pub date: String,
    /// Its rent.
    pub usd_per_hour: Option<f64>,
    /// Its price of fresh input.
    pub input_usd_per_mtok: Option<f64>,
    /// Its price of output.
    pub output_usd_per_mtok: Option<f64>,
    /// How many rows are behind it.
    pub rows: usize,
}

/// A row and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Fate {
    /// Whether it is part of a vote.
    pub votes: bool,
    /// Why it does not vote; `votes` where it does.
    pub fate: String,
    /// The row.
    #[serde(flatten)]
    pub row: PriceRow,
}

/// Explains each figure of what was asked for: a kind of rent each, or the token price of a model at a mix.
pub fn explain(ledger: &Ledger, asked: &Asked, as_of: Date, mix: Mix) -> Vec<Explained> {
    match asked {
        Asked::Hardware(names) => {
            let of_kinds = |name: &String| {
                Kind::ALL
                    .iter()
                    .filter_map(|kind| rent(&ledger.rentals, name, *kind, as_of))
                    .collect::<Vec<_>>()
            };
            names.iter().flat_map(of_kinds).collect()
        }
        Asked::Model(model) => vec![tokens(&ledger.tokens, model, as_of, mix)],
    }
}

fn rent(quotes: &[RentalQuote], hardware: &str, kind: Kind, as_of: Date) -> Option<Explained> {
    let of_kind: Vec<&RentalQuote> =
        quotes.iter().filter(|quote| &*quote.hardware == hardware && quote.kind == kind).collect();
    of_kind.first()?;
    let known = offers(quotes, hardware, as_of, rental::MAX_AGE_DAYS).ok();
    let offer = known.as_ref().and_then(|offers| offers.kinds.get(&kind));
    let fate = |quote: &&RentalQuote| {
        let against = rent_against(quote, offer, as_of);
        Fate {
            votes: against.is_none(),
            fate: against.unwrap_or_else(|| "votes".into()),
            row: PriceRow::of_rental(quote),
        }
    };
    let mut explained = Explained {
        name: hardware.to_owned(),
        kind: kind.to_string(),
        as_of: as_of.to_string(),
        formula: format!("no row votes as of {as_of}"),
        rows: ordered(of_kind.iter().map(fate).collect()),
        ..Explained::default()
    };
    if let Some(offer) = offer {
        set_offer(&mut explained, offer, as_of);
    }
    Some(explained)
}

fn set_offer(explained: &mut Explained, offer: &Offer, as_of: Date) {
    explained.usd_per_hour = Some(to_f64(offer.median));
    explained.age_days = Some(age_days(offer.newest, as_of));
    let votes: Vec<String> = offer.votes.iter().map(|vote| vote.usd_per_hour.to_string()).collect();
    explained.formula = format!(
        "{} USD/h = median of {} providers ({}), each the median of its rows of its newest date; newest {}, oldest {}",
        offer.median,
        votes.len(),
        votes.join(", "),
        aged(offer.newest, as_of),
        aged(offer.oldest, as_of),
    );
    explained
        .notes
        .extend(offer.stale_days.map(|days| format!("every row is old; the newest, {days} days, stands in")));
    if offer.votes.len() < super::levels::FEW {
        explained.notes.push(format!("{} of 3 providers: a list price, not a market", offer.votes.len()));
    }
    explained.votes = offer
        .votes
        .iter()
        .map(|vote| Vote {
            by: vote.provider.to_string(),
            date: vote.date.to_string(),
            usd_per_hour: Some(to_f64(vote.usd_per_hour)),
            rows: vote.lines.len(),
            ..Vote::default()
        })
        .collect();
}

/// Why a rent does not vote.
fn rent_against(quote: &RentalQuote, offer: Option<&Offer>, as_of: Date) -> Option<String> {
    if quote.date > as_of {
        return Some(format!("dated after {as_of}"));
    }
    if quote.usd_per_hour.value().is_none() {
        return Some("has no price".into());
    }
    let same = |provider: &str| provider.to_lowercase() == quote.provider.to_lowercase();
    let Some(vote) = offer.and_then(|offer| offer.votes.iter().find(|vote| same(&vote.provider))) else {
        let days = age_days(quote.date, as_of);
        return Some(if days > rental::MAX_AGE_DAYS {
            format!("{days} days old: younger rows exist")
        } else {
            "its provider no longer offers it".into()
        });
    };
    if quote.basis != vote.basis {
        Some(format!("its provider has a price of basis {}", vote.basis))
    } else if quote.date != vote.date {
        Some(format!("replaced on {}", vote.date))
    } else {
        None
    }
}

fn tokens(cards: &[TokenListing], model: &str, as_of: Date, mix: Mix) -> Explained {
    let of_model: Vec<&TokenListing> = cards.iter().filter(|card| &*card.model == model).collect();
    let market = market(cards, model, as_of, mix, token::MAX_AGE_DAYS).ok();
    let fate = |card: &&TokenListing| {
        let against = card_against(card, market.as_ref(), as_of);
        Fate {
            votes: against.is_none(),
            fate: against.unwrap_or_else(|| "votes".into()),
            row: PriceRow::of_token(card),
        }
    };
    let mut explained = Explained {
        name: model.to_owned(),
        kind: "tokens".into(),
        as_of: as_of.to_string(),
        formula: format!("no row votes as of {as_of}"),
        rows: ordered(of_model.iter().map(fate).collect()),
        ..Explained::default()
    };
    if let Some(market) = &market {
        set_market(&mut explained, market, as_of);
    }
    if of_model.iter().any(|card| !card.open_weights) {
        explained.notes.push("not known as open weights: no rent can be compared with it".into());
    }
    explained
}

fn set_market(explained: &mut Explained, market: &Market, as_of: Date) {
    explained.input_usd_per_mtok = Some(to_f64(market.median_input));
    explained.output_usd_per_mtok = Some(to_f64(market.median_output));
    explained.age_days = Some(age_days(market.newest, as_of));
    explained.formula = format!(
        "{} in, {} out USD/Mtok = medians of {} sellers, each its newest everyday card; newest {}, oldest {}",
        market.median_input,
        market.median_output,
        market.sellers(),
        aged(market.newest, as_of),
        aged(market.oldest, as_of),
    );
    explained.notes.extend(
        market.stale_days.map(|days| format!("every row is old; the newest, {days} days, stands in")),
    );
    if market.single_seller() {
        explained.notes.push("one seller: a list price, not a market".into());
    }
    explained.votes = market
        .votes
        .iter()
        .map(|vote| Vote {
            by: vote.seller.to_string(),
            date: vote.date.to_string(),
            input_usd_per_mtok: Some(to_f64(vote.input)),
            output_usd_per_mtok: Some(to_f64(vote.output)),
            rows: 1,
            ..Vote::default()
        })
        .collect();
}

/// Why a price card does not vote.
fn card_against(card: &TokenListing, market: Option<&Market>, as_of: Date) -> Option<String> {
    if !card.is_everyday() {
        return Some("is for other service, sizes or hours".into());
    }
    if !card.counts_on(as_of) {
        let dated = card.valid_from.is_none() && card.valid_to.is_none();
        return Some(if dated { format!("dated after {as_of}") } else { format!("not valid on {as_of}") });
    }
    if card.input_output().is_none() {
        return Some("has no price of input and output".into());
    }
    let same = |seller: &str| seller.to_lowercase() == card.seller.to_lowercase();
    let Some(vote) = market.and_then(|market| market.votes.iter().find(|vote| same(&vote.seller))) else {
        return Some(format!("{} days old: younger rows exist", age_days(card.seen(as_of), as_of)));
    };
    if (&vote.file, vote.line) == (&card.file, card.line) {
        None
    } else if vote.date != card.seen(as_of) {
        Some(format!("replaced on {}", vote.date))
    } else {
        Some(format!("its seller has a cheaper one that day: {}", vote.listing))
    }
}

/// Rows that vote first, then the newest.
fn ordered(mut rows: Vec<Fate>) -> Vec<Fate> {
    rows.sort_by(|a, b| {
        let by_vote = b.votes.cmp(&a.votes);
        by_vote.then_with(|| b.row.date.cmp(&a.row.date)).then_with(|| a.row.by.cmp(&b.row.by))
    });
    rows
}
