//! What everything costs on a day: a row per hardware and kind, and per model.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

use super::Ledger;
use crate::price::rental::{self, offers};
use crate::price::token::{self, market};
use crate::price::{Mix, age_days, to_f64};

/// With fewer voters a median is a list price.
pub const FEW: usize = 3;

/// The level of one name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Level {
    /// The hardware or the model.
    pub name: String,
    /// The kind of rent, or `tokens`.
    pub kind: String,
    /// Median rent.
    pub usd_per_hour: Option<f64>,
    /// The cheapest provider's.
    pub usd_per_hour_low: Option<f64>,
    /// The dearest provider's.
    pub usd_per_hour_high: Option<f64>,
    /// Median price of fresh input.
    pub input_usd_per_mtok: Option<f64>,
    /// Median price of output.
    pub output_usd_per_mtok: Option<f64>,
    /// Providers or sellers that vote.
    pub voters: usize,
    /// Date of the newest vote.
    pub newest: String,
    /// Its age on the day asked for.
    pub age_days: Option<i32>,
    /// What to doubt.
    pub note: String,
}

/// Every level as of a day; names without a price that early are absent. The blend that orders sellers is at `mix`.
pub fn levels(ledger: &Ledger, as_of: Date, mix: Mix) -> Vec<Level> {
    let hardware: BTreeSet<&str> = ledger.rentals.iter().map(|quote| &*quote.hardware).collect();
    let models: BTreeSet<&str> = ledger.tokens.iter().map(|card| &*card.model).collect();
    let rents = hardware
        .into_iter()
        .filter_map(|name| offers(&ledger.rentals, name, as_of, rental::MAX_AGE_DAYS).ok());
    let of_rent = rents.flat_map(|offers| {
        offers.kinds.into_values().map(move |offer| Level {
            name: offers.hardware.clone(),
            kind: offer.kind.to_string(),
            usd_per_hour: Some(to_f64(offer.median)),
            usd_per_hour_low: Some(to_f64(offer.low)),
            usd_per_hour_high: Some(to_f64(offer.high)),
            voters: offer.votes.len(),
            newest: offer.newest.to_string(),
            age_days: Some(age_days(offer.newest, as_of)),
            note: note(offer.votes.len(), offer.stale_days, "providers"),
            ..Level::default()
        })
    });
    let of_tokens = models.into_iter().filter_map(|model| {
        let market = market(&ledger.tokens, model, as_of, mix, token::MAX_AGE_DAYS).ok()?;
        Some(Level {
            name: market.model.clone(),
            kind: "tokens".into(),
            input_usd_per_mtok: Some(to_f64(market.median_input)),
            output_usd_per_mtok: Some(to_f64(market.median_output)),
            voters: market.sellers(),
            newest: market.newest.to_string(),
            age_days: Some(age_days(market.newest, as_of)),
            note: note(market.sellers(), market.stale_days, "sellers"),
            ..Level::default()
        })
    });
    of_rent.chain(of_tokens).collect()
}

fn note(voters: usize, stale_days: Option<i32>, who: &str) -> String {
    let few = (voters < FEW).then(|| format!("fewer than {FEW} {who}"));
    let old = stale_days.map(|_| "old".to_owned());
    few.into_iter().chain(old).collect::<Vec<_>>().join("; ")
}
