//! `mtok cost`: what a million tokens cost at a rate that was typed, or at the rates of others' result files.

use std::path::Path;

use mtok::market::compare::Rent;
use mtok::report::served::{self as report, Calculation, Rows, ServedRow, Terms, Versioned};
use mtok::served::{self, Devices, Format, Record, Source};
use mtok::table::read_text;
use mtok::units::TokensPerSecond;

use super::compare::{best_kind, named_offers, unusual_rent};
use super::output::{self, print, print_json};
use super::tables::{Tables, located, read_file};
use super::{Exit, Failure, today};
use crate::cli::{CostArgs, FormatArgs};

/// Runs the verb.
pub fn run(args: &CostArgs) -> Result<Exit, Failure> {
    let terms = terms(args)?;
    if let Some(rate) = args.rate.tokens_per_s {
        let calculation = Calculation::of(TokensPerSecond(rate), &terms).map_err(Failure::bad_input)?;
        show_calculation(&calculation, &warnings(args, &terms, &[]), &args.format)?;
        return Ok(Exit::Ok);
    }
    let Some(path) = &args.rate.from else {
        return Err(Failure::bad_input("give --from FILE or --tokens-per-s RATE"));
    };
    let (format, records) = read(args, path)?;
    if records.is_empty() {
        return Err(Failure::bad_input(format!("{}: there are no results in it", path.display())));
    }
    let rows: Vec<ServedRow> = records.iter().map(|record| ServedRow::of(&format, record, &terms)).collect();
    show_rows(&rows, &warnings(args, &terms, &records), &args.format)?;
    // What was skipped was never meant to run.
    let failed = rows.iter().any(|row| row.status == "failed");
    Ok(if failed { Exit::FailedCells } else { Exit::Ok })
}

/// The records of a file, in the format that was named or that its content shows.
fn read(args: &CostArgs, path: &Path) -> Result<(Format, Vec<Record>), Failure> {
    let text = read_file(path, |input| read_text(input))?;
    let at = |fault| located(path, &fault);
    let format = args.from_format.map_or_else(|| served::detect(&text), Ok).map_err(at)?;
    let beside = format.beside.map(|name| path.with_file_name(name)).filter(|beside| beside.exists());
    let beside = beside.map(|beside| read_file(&beside, |input| read_text(input))).transpose()?;
    let source =
        Source { text: &text, beside: beside.as_deref(), tokens_per_iteration: args.tokens_per_iteration };
    Ok((format, format.records(&source).map_err(at)?))
}

/// The rent as typed, or the median of the hardware's offers.
fn terms(args: &CostArgs) -> Result<Terms, Failure> {
    let typed = args.rent.usd_per_hour.map(Rent::typed);
    let (rent, as_of) = match (typed, &args.rent.hardware) {
        (Some(rent), _) => (rent, None),
        (None, Some(named)) => {
            let tables = Tables::open(args.tables.data.as_deref())?.with_imported(&args.rent.imported)?;
            let as_of = args.rent.as_of.unwrap_or_else(today);
            let offers = named_offers(named, as_of, &tables.rentals()?, &tables.gpus()?)?;
            (Rent::median_of(&best_kind(&offers).map_err(Failure::bad_input)?), Some(as_of))
        }
        (None, None) => return Err(Failure::bad_input("give --usd-per-hour USD or --hardware NAME")),
    };
    Ok(Terms { rent, as_of, gpus: args.gpus, utilisation: args.utilisation })
}

fn warnings(args: &CostArgs, terms: &Terms, records: &[Record]) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(args.rent.usd_per_hour.and_then(unusual_rent));
    warnings.extend(terms.rent.stale_days.map(|days| format!("the rent is {days} days old")));
    if args.gpus.is_some() && records.iter().any(|record| record.rate_of == Devices::Each) {
        warnings
            .push("rates of this file are per GPU: each pays for one device, --gpus changes nothing".into());
    }
    if terms.utilisation == 1.0 {
        warnings.push("costs are at full load in every paid hour".into());
    }
    warnings
}

fn show_rows(rows: &[ServedRow], warnings: &[String], format: &FormatArgs) -> Result<(), Failure> {
    if format.json {
        print_json(&Versioned::new(Rows { rows }, warnings))
    } else if format.csv {
        print(&report::csv(rows))
    } else if format.markdown {
        print(&report::markdown(rows, warnings))
    } else {
        print(&report::terminal(rows, warnings, output::terminal().0))
    }
}

fn show_calculation(
    calculation: &Calculation,
    warnings: &[String],
    format: &FormatArgs,
) -> Result<(), Failure> {
    if format.json {
        print_json(&Versioned::new(calculation, warnings))
    } else if format.csv {
        print(&report::calculation_csv(calculation))
    } else if format.markdown {
        print(&report::calculation_markdown(calculation, warnings))
    } else {
        print(&report::calculation_terminal(calculation, warnings, output::terminal().0))
    }
}
