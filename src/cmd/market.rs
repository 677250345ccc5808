//! `mtok market`: the tracker, one file per sub-verb.

mod check;
mod forecast;

use super::{Exit, Failure};
use crate::cli::{MarketArgs, MarketVerb};

/// Runs the sub-verb.
pub fn run(args: &MarketArgs) -> Result<Exit, Failure> {
    match &args.verb {
        MarketVerb::Check(args) => check::run(args),
        MarketVerb::Forecast(args) => forecast::run(args),
    }
}
