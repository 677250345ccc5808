//! What every importer of rents does with a row: read its price, tell its GPU, convert its currency, keep it or say why not.

mod provider;
mod sink;

pub(super) use provider::Providers;
pub(super) use sink::{Offer, Sink, day, day_or_month, place};
