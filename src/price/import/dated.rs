//! Cards that hold from a day, or until one.

use jiff::ToSpan;
use jiff::civil::{Date, Time};

use super::{Place, Refusal, cards};
use crate::price::token::TokenListing;

/// A card that holds from a day (included) until another (excluded), as read on `observed`. One that holds on that day was seen
/// on it; one that is over was seen on its last day, one that is still to come on its first.
pub fn valid(card: TokenListing, from: Option<Date>, to: Option<Date>, observed: Date) -> TokenListing {
    let date = match (from, to) {
        (Some(from), _) if from > observed => from,
        (_, Some(to)) if to <= observed => to.checked_sub(1.day()).unwrap_or(to),
        _ => observed,
    };
    let midnight = |date: Date| date.to_datetime(Time::midnight());
    TokenListing {
        valid_from: from.map(midnight),
        valid_to: to.map(midnight),
        date,
        observed: (date != observed).then_some(observed),
        ..card
    }
}

/// A day as `2026-01-31`.
pub fn day(text: &str) -> Option<Date> {
    Date::strptime("%Y-%m-%d", text.trim()).ok()
}

/// The refusal of what is no day.
pub fn no_day(place: Place, text: &str) -> Refusal {
    Refusal::unreadable(place, format!("\"{}\" is not a date like 2026-01-31", cards::shown(text)))
}
