//! One price card of one seller's model, under one condition.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;

use super::{Service, Tier, Window};
use crate::price::{Currency, Flags, Quoted};

/// Prices in USD per million tokens. The buckets exclude each other: a token is fresh input, read from a cache, written
/// to one, or output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenPrices {
    /// Fresh input.
    pub input: Quoted,
    /// Output.
    pub output: Quoted,
    /// Output that is not shown, where it has a price of its own.
    pub reasoning: Quoted,
    /// Input read from a cache.
    pub cache_read: Quoted,
    /// Input written to a cache for minutes.
    pub cache_write: Quoted,
    /// Input written to a cache for an hour.
    pub cache_write_1h: Quoted,
}

impl TokenPrices {
    /// Names of the buckets as in files, without their unit.
    pub const NAMES: [&'static str; 6] =
        ["input", "output", "reasoning", "cache_read", "cache_write", "cache_write_1h"];

    /// The buckets in the order of [`Self::NAMES`].
    pub fn all(&self) -> [Quoted; 6] {
        [self.input, self.output, self.reasoning, self.cache_read, self.cache_write, self.cache_write_1h]
    }

    /// Prices from buckets in the order of [`Self::NAMES`].
    pub fn from_all(all: [Quoted; 6]) -> Self {
        let [input, output, reasoning, cache_read, cache_write, cache_write_1h] = all;
        Self { input, output, reasoning, cache_read, cache_write, cache_write_1h }
    }
}

/// One row of `tokens.csv`: what a seller asks for tokens of a model under a condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenListing {
    /// The open weights, as named in `models.csv`; for other models the seller's name in lower case.
    pub model: Arc<str>,
    /// Whether `model` is a name of open weights that `models.csv` has.
    pub open_weights: bool,
    /// Who sells the tokens.
    pub seller: Arc<str>,
    /// The seller's own name of the model; empty where it has only one.
    pub listing: Arc<str>,
    /// How soon an answer is due.
    pub service: Service,
    /// The request size that the card is for; `None` is the card of small requests.
    pub tier: Option<Tier>,
    /// The hours that the card is for; `None` is all others.
    pub window: Option<Box<Window>>,
    /// What is asked.
    pub prices: TokenPrices,
    /// First moment (UTC) at which the card holds, where the source says.
    pub valid_from: Option<DateTime>,
    /// First moment (UTC) at which it no longer holds, where the source says.
    pub valid_to: Option<DateTime>,
    /// Where; empty where the source does not say.
    pub region: Arc<str>,
    /// Factor on all prices in that region.
    pub uplift: Option<Decimal>,
    /// The currency of the source; prices here are converted.
    pub currency: Currency,
    /// The day on which the price was seen, or from which on it holds.
    pub date: Date,
    /// The day on which the source was read; `None` where that is `date`.
    pub observed: Option<Date>,
    /// Where the numbers were read.
    pub source: Arc<str>,
    /// The revision of the source, where it has one.
    pub commit: Arc<str>,
    /// What is odd about it.
    pub flags: Flags,
    /// The file that it was read from here; empty where that is told otherwise.
    pub file: Arc<str>,
    /// The line of that file.
    pub line: u64,
}

impl TokenListing {
    /// Whether this is the card of an everyday request: standard service, small, at any hour, anywhere.
    pub fn is_everyday(&self) -> bool {
        self.service == Service::Standard && self.tier.is_none() && self.window.is_none()
    }

    /// Whether the card counts for somebody who asks on `as_of`: one with explicit validity while it is valid, whenever it was
    /// read; another one from the day on which it was seen.
    pub fn counts_on(&self, as_of: Date) -> bool {
        let (from, to) = (self.valid_from.map(DateTime::date), self.valid_to.map(DateTime::date));
        match (from, to) {
            (None, None) => self.date <= as_of,
            _ => from.is_none_or(|from| from <= as_of) && to.is_none_or(|to| as_of < to),
        }
    }

    /// The day from which its age counts on `as_of`: a card that was read later is of the day itself.
    pub fn seen(&self, as_of: Date) -> Date {
        self.date.min(as_of)
    }

    /// The prices of input and output, where both are values.
    pub fn input_output(&self) -> Option<(Decimal, Decimal)> {
        self.prices.input.value().zip(self.prices.output.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn card(valid_from: Option<Date>, valid_to: Option<Date>) -> TokenListing {
        let midnight = |date: Date| date.to_datetime(jiff::civil::Time::midnight());
        TokenListing {
            valid_from: valid_from.map(midnight),
            valid_to: valid_to.map(midnight),
            date: date(2026, 8, 5),
            ..TokenListing::default()
        }
    }

    #[test]
    fn a_card_counts_while_it_is_valid_whenever_it_was_read() {
        let change = date(2026, 7, 30);
        let (before, after, plain) = (card(None, Some(change)), card(Some(change), None), card(None, None));
        let counts = |day| [&before, &after, &plain].map(|card| card.counts_on(day));
        assert_eq!(counts(date(2026, 7, 29)), [true, false, false]);
        assert_eq!(counts(change), [false, true, false]);
        assert_eq!(counts(date(2026, 8, 5)), [false, true, true]);
        assert_eq!(after.seen(date(2026, 9, 1)), after.date);
        assert_eq!(after.seen(change), change, "read later, valid already");
    }
}
