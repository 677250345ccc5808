//! `mtok market tokens`: what a million tokens of a model cost, month by month.

use mtok::arch;
use mtok::market::tokens::{Query, track};
use mtok::price::token::{TokenListing, read_tokens};
use mtok::report::token_series as report;

use crate::cli::TokensArgs;
use crate::cmd::input;
use crate::cmd::output::show;
use crate::cmd::tables::{Tables, located};
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &TokensArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.series.tables.data.as_deref())?.with_imported(&args.series.imported)?;
    let mut cards = cards(args, &tables)?;
    cards.retain(|card| args.series.as_of.is_none_or(|day| card.date <= day));
    let models = tables.models()?;
    // A model that no table of ours has is named as its cards name it.
    let known = arch::find(&models, &args.model).ok().map(|model| model.name.as_str());
    let lower = args.model.to_lowercase();
    let names = [Some(args.model.as_str()), known, Some(&lower)];
    let sold = |name: &&str| cards.iter().any(|card| &*card.model == *name);
    let model = names.into_iter().flatten().find(sold).unwrap_or(&args.model);
    let query = Query {
        from: args.series.window.from,
        to: args.series.window.to,
        tolerance: args.series.streak.tolerance,
        flat: args.series.streak.flat.into(),
        gap: args.series.streak.gap.into(),
        ..Query::of(model, args.mix)
    };
    let tracker = track(&cards, &query).map_err(Failure::bad_input)?;
    show(&tracker, &args.series.format, report::csv, report::markdown, report::terminal)?;
    Ok(Exit::Ok)
}

fn cards(args: &TokensArgs, tables: &Tables) -> Result<Vec<TokenListing>, Failure> {
    match &args.file {
        None => tables.tokens(),
        Some(path) => {
            read_tokens(input::open(path, args.series.large)?).map_err(|fault| located(path, &fault))
        }
    }
}
