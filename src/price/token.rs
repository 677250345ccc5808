//! What a million tokens of open weights cost at those who sell them: listings, and the market they make.

pub mod charge;
mod condition;
mod listing;
mod market;
mod wire;

pub use condition::{Reach, Service, Tier, Window};
pub use listing::{TokenListing, TokenPrices};
pub use market::{Market, SellerVote, market};
pub use wire::{COLUMNS, read_listing, read_stored, read_tokens, write_tokens};

/// Listings older than this do not vote while a younger one exists.
pub const MAX_AGE_DAYS: i32 = 365;
