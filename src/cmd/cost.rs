//! `mtok cost`: what a million tokens cost at a rate that was typed, or at the rates of others' result files.

mod workload;

use std::path::Path;

use mtok::cost;
use mtok::cost::presets::Used;
use mtok::cost::utilisation::Parts;
use mtok::market::compare::Rent;
use mtok::report::costing::{Costing, Part, WorkloadCost};
use mtok::report::hour::{Hour, Way};
use mtok::report::served::{self as report, Calculation, Rows, ServedRow, Terms, Versioned};
use mtok::served::{self, Devices, Format, Record, Source};
use mtok::table::read_text;
use mtok::units::{TokensPerSecond, UsdPerHour};

use super::output::{self, print, print_json};
use super::tables::{Tables, located, read_file};
use super::{Exit, Failure, hour};
use crate::cli::{CostArgs, FormatArgs};

/// Runs the verb.
pub fn run(args: &CostArgs) -> Result<Exit, Failure> {
    let utilisation = utilisation(args)?;
    let tables = Tables::open(args.tables.data.as_deref())?;
    let (hour, doubts) = hour::asked(&args.hour, tables, utilisation)?;
    if let Some(path) = &args.rate.from {
        return run_file(args, path, &hour, utilisation, doubts);
    }
    let paid = workload::Paid {
        usd_per_hour: UsdPerHour(hour.usd_per_hour),
        gpus: args.gpus.unwrap_or(1),
        utilisation,
    };
    let workload = workload::priced(args, paid)?;
    let warnings = warnings(utilisation, doubts);
    match args.rate.tokens_per_s {
        Some(rate) if hour.way == Way::Rented && args.utilisation_parts.is_none() => {
            let calculation = Calculation::of(TokensPerSecond(rate), &terms(args, &hour, utilisation));
            show_calculation(&calculation.map_err(Failure::bad_input)?, &warnings, &args.format)?;
        }
        rate => {
            let costing = costing(args, hour, paid, rate, workload)?;
            let costing = Costing { warnings, ..costing };
            output::sheet(&costing.sheet(), &Versioned::new(&costing, &costing.warnings), &args.format)?;
        }
    }
    Ok(Exit::Ok)
}

fn run_file(
    args: &CostArgs,
    path: &Path,
    hour: &Hour,
    utilisation: f64,
    mut doubts: Vec<String>,
) -> Result<Exit, Failure> {
    if let [first, ..] = args.work.given().as_slice() {
        return Err(Failure::bad_input(format!(
            "{first} is of a workload, and the rows of --from are priced alone: give --step-ms or --input-tokens-per-s"
        )));
    }
    let (format, records) = read(args, path)?;
    if records.is_empty() {
        return Err(Failure::bad_input(format!("{}: there are no results in it", path.display())));
    }
    let terms = terms(args, hour, utilisation);
    let rows: Vec<ServedRow> = records.iter().map(|record| ServedRow::of(&format, record, &terms)).collect();
    if args.gpus.is_some() && records.iter().any(|record| record.rate_of == Devices::Each) {
        doubts
            .push("rates of this file are per GPU: each pays for one device, --gpus changes nothing".into());
    }
    if let Some(parts) = &args.utilisation_parts {
        let parts: Vec<String> = parts.given().map(|(name, part)| format!("{name} {part}")).collect();
        doubts.push(format!("the utilisation is {}", parts.join(" x ")));
    }
    if hour.way != Way::Rented {
        doubts.push(hour.words());
        doubts.extend(hour.preset.iter().map(Used::sentence));
    }
    show_rows(&rows, &warnings(utilisation, doubts), &args.format)?;
    // What was skipped was never meant to run.
    let failed = rows.iter().any(|row| row.status == "failed");
    Ok(if failed { Exit::FailedCells } else { Exit::Ok })
}

/// The utilisation as given, or as the product of its parts; 1 where neither is.
fn utilisation(args: &CostArgs) -> Result<f64, Failure> {
    match (args.utilisation, &args.utilisation_parts) {
        (Some(_), Some(_)) => Err(Failure::bad_input(
            "--utilisation and --utilisation-parts exclude each other: the product of the parts is the utilisation",
        )),
        (None, Some(parts)) => parts.product().map_err(Failure::bad_input),
        (whole, None) => Ok(whole.unwrap_or(1.0)),
    }
}

fn costing(
    args: &CostArgs,
    hour: Hour,
    paid: workload::Paid,
    rate: Option<f64>,
    workload: Option<WorkloadCost>,
) -> Result<Costing, Failure> {
    let all = UsdPerHour(hour.usd_per_hour * f64::from(paid.gpus));
    let cost = rate.map(|rate| cost::usd_per_mtok(TokensPerSecond(rate), all, paid.utilisation));
    let usd_per_mtok = cost.transpose().map_err(Failure::bad_input)?.map(|cost| cost.0);
    let power_share = hour.owned.map(|owned| owned.power_usd_per_hour / owned.usd_per_hour);
    let parts = args.utilisation_parts.iter().flat_map(Parts::given);
    Ok(Costing {
        gpus: paid.gpus,
        utilisation: paid.utilisation,
        utilisation_parts: parts.map(|(name, share)| Part { name, share }).collect(),
        tokens_per_s: rate,
        usd_per_mtok,
        power_usd_per_mtok: usd_per_mtok.zip(power_share).map(|(cost, share)| cost * share),
        hour,
        workload,
        warnings: Vec::new(),
    })
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

/// What every rate is priced with.
fn terms(args: &CostArgs, hour: &Hour, utilisation: f64) -> Terms {
    Terms {
        rent: Rent {
            providers: hour.rental_providers.clone().unwrap_or_default(),
            kind: hour.rental_kind,
            date: hour.usd_per_hour_date,
            ..Rent::typed(hour.usd_per_hour)
        },
        as_of: hour.as_of,
        gpus: args.gpus,
        utilisation,
    }
}

fn warnings(utilisation: f64, doubts: Vec<String>) -> Vec<String> {
    let full = (utilisation == 1.0).then(|| "costs are at full load in every paid hour".to_owned());
    doubts.into_iter().chain(full).collect()
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
