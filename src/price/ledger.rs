//! What is known of prices, looked at by name: every row over time, the rows behind a figure, what changed between two days.

pub mod changes;
pub mod charges;
pub mod explain;
pub mod history;
pub mod levels;
mod names;

use jiff::civil::Date;
use serde::Serialize;

use super::import::Import;
use super::rental::RentalQuote;
use super::storage::StoragePoint;
use super::token::TokenListing;
use super::usage::UsageRow;
use super::{Quoted, to_f64};

pub use names::{Asked, names};

/// All that is known of prices.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Rents.
    pub rentals: Vec<RentalQuote>,
    /// Price cards of tokens.
    pub tokens: Vec<TokenListing>,
    /// Tokens used.
    pub usage: Vec<UsageRow>,
    /// Spot prices of memory.
    pub storage: Vec<StoragePoint>,
}

impl Ledger {
    /// Takes in what was kept of an import.
    pub fn extend(&mut self, import: Import) {
        take_in(&mut self.rentals, import.rentals);
        take_in(&mut self.tokens, import.tokens);
        take_in(&mut self.usage, import.usage);
        take_in(&mut self.storage, import.storage);
    }
}

/// Adds rows to others by moving the fewer of them: a large import would be there twice for a moment.
fn take_in<T>(all: &mut Vec<T>, mut new: Vec<T>) {
    if new.len() > all.len() {
        std::mem::swap(all, &mut new);
    }
    all.append(&mut new);
}

/// One price row of either kind, as it is printed. Unknown is null in JSON and empty in CSV.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PriceRow {
    /// The day that the price is of.
    pub date: String,
    /// The day on which the source was read.
    pub observed: String,
    /// The hardware or the model.
    pub name: String,
    /// The provider or the seller.
    pub by: String,
    /// Its own name of what it sells.
    pub item: String,
    /// Kind and basis of a rent; service, tier and hours of a price card.
    pub terms: String,
    /// Where.
    pub region: String,
    /// Rent per GPU, or per machine.
    pub usd_per_hour: Option<f64>,
    /// Price of fresh input.
    pub input_usd_per_mtok: Option<f64>,
    /// Price of output.
    pub output_usd_per_mtok: Option<f64>,
    /// Why there is no price: free, dynamic, not_offered, rejected or unknown; empty where there is one.
    pub no_price: String,
    /// First day of explicit validity.
    pub valid_from: String,
    /// First day after explicit validity.
    pub valid_to: String,
    /// Rules of the sanity gate that flagged it.
    pub flags: String,
    /// Where the number was read.
    pub source: String,
    /// The file and line that hold the row.
    pub place: String,
}

impl PriceRow {
    fn of_rental(quote: &RentalQuote) -> Self {
        Self {
            date: quote.date.to_string(),
            observed: quote.observed().to_string(),
            name: quote.hardware.to_string(),
            by: quote.provider.to_string(),
            item: quote.instance.to_string(),
            terms: terms_of_rental(quote),
            region: quote.region.to_string(),
            usd_per_hour: number(quote.usd_per_hour),
            no_price: no_price(quote.usd_per_hour),
            flags: quote.flags.to_string(),
            source: sourced(&quote.source, &quote.commit),
            place: place(&quote.file, quote.line),
            ..Self::default()
        }
    }

    fn of_token(card: &TokenListing) -> Self {
        let prices = &card.prices;
        let missing = if prices.input.value().is_none() { prices.input } else { prices.output };
        let day = |moment: Option<jiff::civil::DateTime>| moment.map(|moment| moment.date().to_string());
        Self {
            date: card.date.to_string(),
            observed: card.observed.unwrap_or(card.date).to_string(),
            name: card.model.to_string(),
            by: card.seller.to_string(),
            item: card.listing.to_string(),
            terms: terms_of_token(card),
            region: card.region.to_string(),
            input_usd_per_mtok: number(prices.input),
            output_usd_per_mtok: number(prices.output),
            no_price: no_price(missing),
            valid_from: day(card.valid_from).unwrap_or_default(),
            valid_to: day(card.valid_to).unwrap_or_default(),
            flags: card.flags.to_string(),
            source: sourced(&card.source, &card.commit),
            place: place(&card.file, card.line),
            ..Self::default()
        }
    }
}

fn terms_of_rental(quote: &RentalQuote) -> String {
    let count = quote.count.map(|count| format!(", of {count}")).unwrap_or_default();
    match quote.basis {
        super::rental::Basis::List => format!("{}{count}", quote.kind),
        basis => format!("{}, {basis}{count}", quote.kind),
    }
}

fn terms_of_token(card: &TokenListing) -> String {
    let tier = card.tier.map(|tier| format!(", {tier} tokens")).unwrap_or_default();
    let window = card.window.as_ref().map(|window| format!(", {window} UTC")).unwrap_or_default();
    format!("{}{tier}{window}", card.service)
}

fn number(price: Quoted) -> Option<f64> {
    price.value().map(to_f64)
}

fn no_price(price: Quoted) -> String {
    match price {
        Quoted::Value(_) => String::new(),
        Quoted::Unknown => "unknown".into(),
        other => other.to_string(),
    }
}

fn sourced(source: &str, commit: &str) -> String {
    if commit.is_empty() { source.to_owned() } else { format!("{source} @{commit}") }
}

pub(crate) fn place(file: &str, line: u64) -> String {
    if file.is_empty() { line.to_string() } else { format!("{file}:{line}") }
}

/// `2026-06-01 (21 days old)` as of a day.
pub(crate) fn aged(date: Date, as_of: Date) -> String {
    format!("{date}, {} days old", super::age_days(date, as_of))
}
