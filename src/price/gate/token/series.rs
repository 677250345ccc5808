//! A card beside those of the same offer: again, contradicted, or moved since it was seen before.

use std::collections::HashMap;

use super::super::verdicts::Verdicts;
use super::approximately;
use crate::price::token::{TokenListing, TokenPrices};
use crate::price::{Rule, age_days};

/// A change by more than this share within [`JUMP_DAYS`] is a jump.
const JUMP: f64 = 0.4;

/// Snapshots at most this far apart are compared for jumps.
const JUMP_DAYS: i32 = 7;

/// Two texts of one price may differ by what binary floats lost.
const SAME: f64 = 1e-9;

/// One offer: who sells what, under which condition. `gpt-4` and `openai/gpt-4` of OpenAI are one.
fn offer(card: &TokenListing) -> String {
    let listing = card.listing.to_lowercase();
    let prefix = format!("{}/", card.seller);
    let bare = listing.strip_prefix(&prefix).unwrap_or(&listing);
    let (tier, window) = (card.tier, card.window.as_deref());
    let validity = (card.valid_from, card.valid_to);
    format!("{}\n{bare}\n{}\n{tier:?}\n{window:?}\n{}\n{validity:?}", card.seller, card.service, card.region)
}

/// Compares cards of one offer with each other and with what is known.
pub fn check(cards: &[TokenListing], known: &[TokenListing], verdicts: &mut Verdicts) {
    let mut before: HashMap<String, Vec<&TokenListing>> = HashMap::new();
    for card in known {
        before.entry(offer(card)).or_default().push(card);
    }
    let mut first: HashMap<(String, jiff::civil::Date), &TokenListing> = HashMap::new();
    for (index, card) in cards.iter().enumerate() {
        if verdicts.is_against(index) {
            continue;
        }
        let offer = offer(card);
        for old in before.get(&offer).into_iter().flatten() {
            against_known(index, card, old, verdicts);
        }
        match first.get(&(offer.clone(), card.date)) {
            Some(standing) if same(&standing.prices, &card.prices) => {
                let why =
                    format!("the same prices are on line {} already ({})", standing.line, standing.listing);
                verdicts.leave_out(index, Rule::Duplicate, why);
            }
            Some(standing) => {
                let why = difference(&standing.prices, &card.prices);
                let why = format!("{why} on line {} ({})", standing.line, standing.listing);
                verdicts.flag(index, Rule::Conflict, why);
            }
            None => {
                first.insert((offer, card.date), card);
            }
        }
    }
}

fn against_known(index: usize, card: &TokenListing, old: &TokenListing, verdicts: &mut Verdicts) {
    if old.date == card.date {
        if same(&old.prices, &card.prices) {
            verdicts.leave_out(index, Rule::Duplicate, "is known already".into());
        } else if old.source == card.source {
            let why = difference(&old.prices, &card.prices);
            verdicts.flag(index, Rule::Conflict, format!("{why}, known from the same day"));
        }
        return;
    }
    let days = age_days(old.date, card.date);
    if !(0..=JUMP_DAYS).contains(&days) {
        return;
    }
    for ((name, new), old_price) in
        TokenPrices::NAMES.into_iter().zip(card.prices.all()).zip(old.prices.all())
    {
        let (Some(new), Some(old_price)) = (new.value(), old_price.value()) else { continue };
        let ratio = approximately(new) / approximately(old_price);
        if !(1.0 - JUMP..=1.0 + JUMP).contains(&ratio) {
            let why = format!(
                "{name} moved from {old_price} to {new} ({:+.0} %) in {days} days",
                (ratio - 1.0) * 100.0
            );
            verdicts.flag(index, Rule::DayJump, why);
            return;
        }
    }
}

/// Whether no price of one contradicts the other.
fn same(one: &TokenPrices, other: &TokenPrices) -> bool {
    one.all().into_iter().zip(other.all()).all(|(one, other)| match (one.value(), other.value()) {
        (Some(one), Some(other)) => (approximately(one) / approximately(other) - 1.0).abs() < SAME,
        (None, None) => one == other,
        _ => false,
    })
}

fn difference(standing: &TokenPrices, now: &TokenPrices) -> String {
    let pairs = standing.all().into_iter().zip(now.all());
    let differing = TokenPrices::NAMES.into_iter().zip(pairs).find(|(_, (old, new))| old != new);
    let shown = |price: crate::price::Quoted| match price.to_string() {
        text if text.is_empty() => "none".to_owned(),
        text => text,
    };
    differing.map_or_else(String::new, |(name, (old, new))| {
        format!("{name} {} contradicts {}", shown(new), shown(old))
    })
}
