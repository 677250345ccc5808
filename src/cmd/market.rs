//! `mtok market`: the tracker, one file per sub-verb.

use super::{Exit, Failure};
use crate::cli::MarketArgs;

/// Runs the sub-verb.
pub fn run(args: &MarketArgs) -> Result<Exit, Failure> {
    match args.verb {}
}
