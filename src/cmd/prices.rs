//! `mtok prices`: one file per sub-verb.

use super::{Exit, Failure, update};
use crate::cli::{PricesArgs, PricesVerb};

/// Runs the sub-verb.
pub fn run(args: &PricesArgs) -> Result<Exit, Failure> {
    match &args.verb {
        PricesVerb::Update(args) => update::run(args),
    }
}
