//! `mtok market`: the tracker, one file per sub-verb.

mod rental;
mod tokens;

use super::{Exit, Failure};
use crate::cli::{MarketArgs, MarketVerb};

/// Runs the sub-verb.
pub fn run(args: &MarketArgs) -> Result<Exit, Failure> {
    match &args.verb {
        MarketVerb::Rental(args) => rental::run(args),
        MarketVerb::Tokens(args) => tokens::run(args),
    }
}
