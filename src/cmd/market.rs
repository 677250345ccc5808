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

use std::path::Path;

use mtok::price::ledger::Ledger;

use super::prices::store::Store;
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

/// What imports stored of a kind; that there must be something.
fn imported<T>(store: Option<&Path>, of: impl FnOnce(Ledger) -> Vec<T>) -> Result<Vec<T>, Failure> {
    let mut ledger = Ledger::default();
    Store::open(store)?.read_into(&mut ledger)?;
    let rows = of(ledger);
    match rows.is_empty() {
        true => Err(Failure::bad_input("nothing is imported: give --file, or mtok prices import FILE first")),
        false => Ok(rows),
    }
}

/// A fault of a file, or of what is imported.
fn named(file: Option<&Path>, what: &str) -> Failure {
    let name = file.map_or_else(|| "imported".into(), |path| path.display().to_string());
    Failure::bad_input(format!("{name}: {what}"))
}
