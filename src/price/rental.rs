//! What an hour of hardware costs: quotes per GPU and hour, and the offers that they add up to.

mod offers;
mod quote;
mod wire;

pub use offers::{Offer, Offers, ProviderVote, offers};
pub use quote::{Basis, Kind, RentalQuote, Segment};
pub use wire::{COLUMNS, QuoteColumns, read_quote, read_rentals, read_stored, write_rentals};

/// Quotes older than this do not vote while a younger one exists.
pub const MAX_AGE_DAYS: i32 = 120;
