//! `mtok market rental`: what an hour of a GPU costs, month by month.

use mtok::market::rental::name::Catalogue;
use mtok::market::rental::{Query, of_quotes, track};
use mtok::price::rental_csv::{self, RentalPoint};
use mtok::report::rental_series as report;

use crate::cli::RentalArgs;
use crate::cmd::input;
use crate::cmd::output::show;
use crate::cmd::tables::{Tables, located};
use crate::cmd::{Exit, Failure};

/// Measurements of the same work on two GPUs, for ratios per token.
const SPEEDS: &str = include_str!("../../../data/validation.csv");

/// Runs the verb.
pub fn run(args: &RentalArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.series.tables.data.as_deref())?.with_imported(&args.series.imported)?;
    let catalogue = Catalogue::of(&tables.gpus()?);
    let (mut points, mut doubts) = points(args, &tables)?;
    points.retain(|point| args.series.as_of.is_none_or(|day| point.date <= day));
    let query = Query {
        memory_gb: args.memory_gb,
        ratio: args.ratio.as_deref(),
        kind: args.kind.into(),
        basis: args.basis.map(Into::into),
        region: args.region.as_deref(),
        from: args.series.window.from,
        to: args.series.window.to,
        tolerance: args.series.streak.tolerance,
        flat: args.series.streak.flat.into(),
        gap: args.series.streak.gap.into(),
        ..Query::of(&args.gpu)
    };
    let mut tracker = track(&points, &catalogue, SPEEDS, &query).map_err(Failure::bad_input)?;
    tracker.warnings.append(&mut doubts);
    show(&tracker, &args.series.format, report::csv, report::markdown, report::terminal)?;
    Ok(Exit::Ok)
}

/// The quotes of the file, else the bundled ones, with what is to be said of them.
fn points(args: &RentalArgs, tables: &Tables) -> Result<(Vec<RentalPoint>, Vec<String>), Failure> {
    let Some(path) = &args.file else {
        return Ok((of_quotes(&tables.rentals()?), Vec::new()));
    };
    let mut points = Vec::new();
    let keep = |point| {
        points.push(point);
        Ok(())
    };
    let tally = rental_csv::read(input::open(path, args.series.large)?, keep)
        .map_err(|fault| located(path, &fault))?;
    if points.is_empty() {
        return Err(Failure::bad_input(format!("{}: there are no rents in it", path.display())));
    }
    let mut doubts = Vec::new();
    if tally.without_price > 0 {
        doubts.push(format!("{} rows have no price", tally.without_price));
    }
    if tally.kind_assumed > 0 {
        doubts.push(format!("{} rows do not say how they rent: taken as on-demand", tally.kind_assumed));
    }
    Ok((points, doubts))
}
