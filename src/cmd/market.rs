//! `mtok market`: the tracker, one file per sub-verb.

mod all;
mod check;
mod forecast;
mod paradox;
mod rental;
mod spend;
mod storage;
mod tokens;
mod usage;

use super::{Exit, Failure};
use crate::cli::{MarketArgs, MarketVerb};

/// Runs the sub-verb.
pub fn run(args: &MarketArgs) -> Result<Exit, Failure> {
    match &args.verb {
        MarketVerb::Rental(args) => rental::run(args),
        MarketVerb::Tokens(args) => tokens::run(args),
        MarketVerb::Usage(args) => usage::run(args),
        MarketVerb::Storage(args) => storage::run(args),
        MarketVerb::Spend(args) => spend::run(args),
        MarketVerb::Paradox(args) => paradox::run(args),
        MarketVerb::All(args) => all::run(args),
        MarketVerb::Check(args) => check::run(args),
        MarketVerb::Forecast(args) => forecast::run(args),
    }
}
