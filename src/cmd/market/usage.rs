//! `mtok market usage`: tokens per day, month by month.

use mtok::market::usage::{Query, track};
use mtok::price::origin::{Origins, read_origins};
use mtok::price::usage::{Usage, read_usage};
use mtok::report::usage as report;

use super::{imported, named};
use crate::cli::UsageArgs;
use crate::cmd::output::show;
use crate::cmd::tables::read_file;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &UsageArgs) -> Result<Exit, Failure> {
    let usage = match &args.file {
        Some(path) => read_file(path, |input| read_usage(input))?,
        None => Usage { rows: imported(args.store.as_deref(), |ledger| ledger.usage)?, ..Usage::default() },
    };
    let query = Query {
        by: args.by.map(Into::into),
        from: args.window.from,
        to: args.window.to,
        tolerance: args.streak.tolerance,
        flat: args.streak.flat.into(),
        gap: args.streak.gap.into(),
    };
    let tracker = track(&usage, &origins()?, &query).map_err(|what| named(args.file.as_deref(), &what))?;
    show(&tracker, &args.format, report::csv, report::markdown, report::terminal)?;
    Ok(Exit::Ok)
}

/// Where the makers of models are at home.
pub fn origins() -> Result<Origins, Failure> {
    let table = include_str!("../../../data/origins.csv");
    read_origins(table.as_bytes()).map_err(|fault| Failure::bad_input(format!("bundled origins.csv:{fault}")))
}
