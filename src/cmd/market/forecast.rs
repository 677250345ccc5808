//! `mtok market forecast`: what follows where rent, price and usage change.

use mtok::market::forecast::{Question, forecast};
use mtok::report::forecast as report;

use crate::cli::ForecastArgs;
use crate::cmd::output::show;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &ForecastArgs) -> Result<Exit, Failure> {
    let answer = forecast(&Question {
        rent: args.rent,
        price: args.price,
        usage: args.usage,
        months: args.months,
        tokens_per_month: args.tokens_per_month,
        tokens_per_s: args.tokens_per_s,
        usd_per_hour: args.usd_per_hour,
        usd_per_mtok: args.usd_per_mtok,
        price_floor: args.price_floor,
        utilisation: args.utilisation,
    });
    show(&answer, &args.format, report::csv, report::markdown, report::terminal)?;
    Ok(Exit::Ok)
}
