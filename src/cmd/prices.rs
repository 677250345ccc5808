//! `mtok prices`: one file per sub-verb.

mod ask;
mod folder;
mod import;
mod shelf;
pub mod store;
mod update;

use jiff::civil::Date;
use mtok::price::Mix;
use mtok::report::listing::{self, Listed};

use super::output::show;
use super::{Exit, Failure};
use crate::cli::{FormatArgs, PricesArgs, PricesVerb};

/// Input tokens per output token where sellers must be put in order: that of the default request.
const RATIO: f64 = 3.0;

/// Runs the sub-verb.
pub fn run(args: &PricesArgs) -> Result<Exit, Failure> {
    match &args.verb {
        PricesVerb::List(args) => ask::list(args),
        PricesVerb::Import(args) => import::run(args),
        PricesVerb::History(args) => ask::history(args),
        PricesVerb::Explain(args) => ask::explain(args),
        PricesVerb::Diff(args) => ask::diff(args),
        PricesVerb::Charge(args) => ask::charge(args),
        PricesVerb::Update(args) => update::run(args),
    }
}

fn day(as_of: Option<Date>) -> Date {
    as_of.unwrap_or_else(super::today)
}

fn mix() -> Result<Mix, Failure> {
    Mix::new(RATIO).map_err(Failure::bad_input)
}

/// Prints rows in the format asked for; people also get the lines before them.
fn print_rows<T: Listed>(rows: &[T], format: &FormatArgs, before: &str) -> Result<(), Failure> {
    let people = |rows: &[T], width| format!("{before}{}", listing::terminal(rows, width));
    show(rows, format, listing::csv, listing::markdown, people)
}
