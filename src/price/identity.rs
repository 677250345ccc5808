//! What a price is of: which GPU a listing means, and who sells.

pub mod gpu;
pub mod provider;
