//! `mtok market tokens`: what a million tokens of a model cost, month by month.

use mtok::arch;
use mtok::market::tokens::{Query, TokenTracker, track};
use mtok::price::token::{TokenListing, read_tokens};
use mtok::report::token_series as report;

use crate::cli::{FormatArgs, TokensArgs};
use crate::cmd::input;
use crate::cmd::output::{self, print, print_json};
use crate::cmd::tables::{Tables, located};
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &TokensArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.tables.data.as_deref())?.with_imported(&args.imported)?;
    let mut cards = cards(args, &tables)?;
    cards.retain(|card| args.as_of.is_none_or(|day| card.date <= day));
    let models = tables.models()?;
    // A model that no table of ours has is named as its cards name it.
    let known = arch::find(&models, &args.model).ok().map(|model| model.name.as_str());
    let lower = args.model.to_lowercase();
    let names = [Some(args.model.as_str()), known, Some(&lower)];
    let sold = |name: &&str| cards.iter().any(|card| &*card.model == *name);
    let model = names.into_iter().flatten().find(sold).unwrap_or(&args.model);
    let query = Query {
        from: args.window.from,
        to: args.window.to,
        tolerance: args.streak.tolerance,
        flat: args.streak.flat.into(),
        gap: args.streak.gap.into(),
        ..Query::of(model, args.mix)
    };
    show(&track(&cards, &query).map_err(Failure::bad_input)?, &args.format)?;
    Ok(Exit::Ok)
}

fn cards(args: &TokensArgs, tables: &Tables) -> Result<Vec<TokenListing>, Failure> {
    match &args.file {
        None => tables.tokens(),
        Some(path) => read_tokens(input::open(path, args.large)?).map_err(|fault| located(path, &fault)),
    }
}

fn show(tracker: &TokenTracker, format: &FormatArgs) -> Result<(), Failure> {
    if format.json {
        print_json(tracker)
    } else if format.csv {
        print(&report::csv(tracker))
    } else if format.markdown {
        print(&report::markdown(tracker))
    } else {
        print(&report::terminal(tracker, output::terminal().0))
    }
}
