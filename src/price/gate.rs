//! The sanity gate: what a price must look like before it counts.
//!
//! A row that cannot be true is rejected, one that is odd is kept with a flag and still votes, and one that is known already
//! is left out. Every one of them is listed with its reason and the numbers behind it.

mod flows;
mod rental;
mod token;
mod verdicts;

use rust_decimal::Decimal;

use super::Rule;
use super::import::Import;
use super::ledger::Ledger;
use super::rental::RentalQuote;
use super::storage::StoragePoint;
use super::token::TokenListing;
use super::usage::UsageRow;

/// The lowest and the highest believable rent in USD per hour; the low end is that of a small CPU machine.
pub const USD_PER_HOUR: (Decimal, Decimal) =
    (Decimal::from_parts(5, 0, 0, false, 3), Decimal::from_parts(100, 0, 0, false, 0));

/// The lowest believable rent of a GPU in USD per hour.
pub const USD_PER_GPU_HOUR_LOW: Decimal = Decimal::from_parts(5, 0, 0, false, 2);

/// The lowest and the highest believable token price in USD per million tokens.
pub const USD_PER_MTOK: (Decimal, Decimal) =
    (Decimal::from_parts(1, 0, 0, false, 3), Decimal::from_parts(1000, 0, 0, false, 0));

/// What is known beside a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'k> {
    /// Rents, bundled and imported before.
    pub rentals: &'k [RentalQuote],
    /// Token prices, bundled and imported before.
    pub tokens: &'k [TokenListing],
    /// Counts of tokens imported before.
    pub usage: &'k [UsageRow],
    /// Prices of memory imported before.
    pub storage: &'k [StoragePoint],
    /// Rules by which nothing is rejected, as the user wants it; rows are flagged instead.
    pub allowed: &'k [Rule],
}

impl<'k> Known<'k> {
    /// All of a ledger.
    pub fn of(ledger: &'k Ledger, allowed: &'k [Rule]) -> Self {
        let Ledger { rentals, tokens, usage, storage } = ledger;
        Self { rentals, tokens, usage, storage, allowed }
    }
}

/// Passes the records of an import through the gate.
pub fn check(import: &mut Import, known: &Known<'_>) {
    rental::check(import, known);
    flows::check(import, known);
    token::check(import, known);
}

/// Why nobody asks this for an hour; `None` where somebody might.
pub fn rent_out_of_band(usd_per_hour: Decimal) -> Option<String> {
    outside(usd_per_hour, USD_PER_HOUR, "per minute, or a bid floor?", "per month, or a whole server?")
}

/// Why nobody asks this for an hour of a GPU; `None` where somebody might.
pub fn gpu_rent_out_of_band(usd_per_hour: Decimal) -> Option<String> {
    let band = (USD_PER_GPU_HOUR_LOW, USD_PER_HOUR.1);
    outside(usd_per_hour, band, "per minute, or a bid floor?", "per month, or a whole server?")
}

/// Why nobody asks this for a million tokens; `None` where somebody might.
pub fn token_price_out_of_band(usd_per_mtok: Decimal) -> Option<String> {
    let above = "looks like a per-1K price that was scaled up as if per token";
    outside(usd_per_mtok, USD_PER_MTOK, "looks like per-1K or per-token", above)
}

fn outside(price: Decimal, (low, high): (Decimal, Decimal), below: &str, above: &str) -> Option<String> {
    let hint = if price < low { below } else { above };
    (price < low || price > high).then(|| format!("is outside {low} to {high}: {hint}"))
}
