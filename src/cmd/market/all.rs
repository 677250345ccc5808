//! `mtok market all`: the whole tracker on a day.

use std::collections::BTreeSet;

use jiff::civil::Date;
use mtok::market::all::{All, RentSignal, TokenSignal, known, verdict};
use mtok::market::claim::{self, Answers};
use mtok::market::indicators::{Indicator, read_indicators};
use mtok::market::rental::name::Catalogue;
use mtok::market::rental::{Query, of_quotes, track};
use mtok::market::trend::OnRun;
use mtok::price::Mix;
use mtok::price::token::{self, market};
use mtok::report::all as report;

use super::check::of_lines;
use crate::cli::AllArgs;
use crate::cmd::output::show;
use crate::cmd::tables::Tables;
use crate::cmd::{Exit, Failure, today};

/// The GPUs that are followed, each with the one that its premium is over.
const GPUS: [(&str, Option<&str>); 4] =
    [("a100", None), ("h100", Some("a100")), ("h200", Some("h100")), ("b200", Some("h100"))];
/// Input tokens per output token of the blended prices.
const MIX: f64 = 3.0;

/// Runs the verb.
pub fn run(args: &AllArgs) -> Result<Exit, Failure> {
    let as_of = args.as_of.unwrap_or_else(today);
    let tables = Tables::open(args.tables.data.as_deref())?;
    let rents = rents(&tables, as_of)?;
    let indicators = indicators(as_of)?;
    let claims = claims()?;
    let all = All {
        schema_version: 1,
        as_of: as_of.to_string(),
        verdict: verdict(&rents, &indicators, &claims),
        tokens: tokens(&tables, as_of)?,
        rents,
        indicators,
        claims,
    };
    show(&all, &args.format, report::csv, report::markdown, report::terminal)?;
    Ok(Exit::Ok)
}

fn rents(tables: &Tables, as_of: Date) -> Result<Vec<RentSignal>, Failure> {
    let catalogue = Catalogue::of(&tables.gpus()?);
    let points = known(&of_quotes(&tables.rentals()?), |point| point.date, as_of);
    let signals = GPUS.iter().filter_map(|(gpu, over)| {
        // The bundled table has months without quotes: a change is that since the last one, which is named.
        // A table of the user's own, or an early day, need not have every GPU.
        let with =
            |ratio| track(&points, &catalogue, "", &Query { ratio, gap: OnRun::Hold, ..Query::of(gpu) }).ok();
        let (tracker, over) = match with(*over) {
            Some(tracker) => (tracker, *over),
            None => (with(None)?, None),
        };
        Some(RentSignal::of(&tracker, over))
    });
    Ok(signals.collect())
}

fn tokens(tables: &Tables, as_of: Date) -> Result<Vec<TokenSignal>, Failure> {
    let listings = tables.tokens()?;
    let mix = Mix::new(MIX).map_err(Failure::bad_input)?;
    let models: BTreeSet<&str> = listings.iter().map(|listing| &*listing.model).collect();
    let signal = |model: &str| {
        let found = market(&listings, model, as_of, mix, token::MAX_AGE_DAYS).ok()?;
        Some(TokenSignal {
            model: found.model.clone(),
            sellers: found.sellers(),
            usd_per_mtok: found.median_blended.0,
            mix: MIX,
            dates: (found.oldest.to_string(), found.newest.to_string()),
        })
    };
    let mut signals: Vec<TokenSignal> = models.into_iter().filter_map(signal).collect();
    signals.sort_by(|one, other| other.sellers.cmp(&one.sellers).then(one.model.cmp(&other.model)));
    Ok(signals)
}

fn indicators(as_of: Date) -> Result<Vec<Indicator>, Failure> {
    let table = include_str!("../../../data/indicators.csv");
    let read = read_indicators(table.as_bytes());
    let read = read.map_err(|fault| Failure::bad_input(format!("bundled indicators.csv:{fault}")))?;
    Ok(read.into_iter().filter(|indicator| indicator.known_on(as_of)).collect())
}

fn claims() -> Result<Answers, Failure> {
    let claims = of_lines(include_str!("../../../data/claims.txt"));
    let claims = claims.map_err(|fault| Failure::bad_input(format!("bundled claims.txt:{fault}")))?;
    Ok(Answers::of(claims.iter().map(|one| claim::check(one, 0.0)).collect(), 0.0))
}
