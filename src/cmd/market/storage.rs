//! `mtok market storage`: spot prices of memory, month by month.

use mtok::market::storage::{Query, track};
use mtok::price::storage::read_storage;
use mtok::report::storage as report;

use super::{imported, named};
use crate::cli::StorageArgs;
use crate::cmd::output::show;
use crate::cmd::tables::read_file;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &StorageArgs) -> Result<Exit, Failure> {
    let points = match &args.file {
        Some(path) => read_file(path, |input| read_storage(input))?,
        None => imported(args.store.as_deref(), |ledger| ledger.storage)?,
    };
    let query = Query {
        estimator: args.estimator.into(),
        splices: args.splice.clone(),
        from: args.window.from,
        to: args.window.to,
        tolerance: args.streak.tolerance,
        flat: args.streak.flat.into(),
        gap: args.streak.gap.into(),
    };
    let tracker = track(&points, &query).map_err(|what| named(args.file.as_deref(), &what))?;
    show(&tracker, &args.format, report::csv, report::markdown, report::terminal)?;
    Ok(Exit::Ok)
}
