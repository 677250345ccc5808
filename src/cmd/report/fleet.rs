//! `mtok report --fleet`: the folder of a fleet for people, as a page, and for programs.

use std::path::Path;

use mtok::fleet::collected::State;
use mtok::report::fleet::{self, FleetReport};

use super::deliver;
use crate::cli::fleet::FleetCostArgs;
use crate::cli::{ReportArgs, ReportFormat};
use crate::cmd::compare::quoted;
use crate::cmd::fleet::{costs, gather::gather, report};
use crate::cmd::{Exit, Failure, output};

/// Reports the fleet.
pub fn run(dir: &Path, args: &ReportArgs) -> Result<Exit, Failure> {
    let form = form(args)?;
    let command = reproduce(dir, args);
    let day = args.as_of.map(|day| format!("--as-of={day}"));
    let asked = FleetCostArgs::of_words(day.into_iter().chain(args.costs.iter().cloned()));
    let asked = asked.map_err(|why| Failure::bad_input(format!("terms of the costs (behind --): {why}")))?;
    costs::check(&asked)?;
    let report = report::of(dir, gather(dir)?, &asked, command)?;
    let text = match form {
        Some(form) => form(&report),
        None => people(&report, args),
    };
    deliver(&text, args.out.as_deref())?;
    Ok(if args.strict { exit(&report) } else { Exit::Ok })
}

/// What makes a text of a report.
type Form = fn(&FleetReport) -> String;

/// What makes a text of the format asked for; `None` where people are to read it.
fn form(args: &ReportArgs) -> Result<Option<Form>, Failure> {
    let form: Form = match &args.format {
        None => return Ok(None),
        Some(ReportFormat::Html) => fleet::html,
        Some(ReportFormat::Of(output)) => match output.name {
            "csv" => fleet::csv,
            "json" => fleet::json,
            "markdown" => fleet::markdown,
            other => {
                let what = format!(
                    "--format {other}: of a fleet there are csv, json, markdown and html; --fleet has no other"
                );
                return Err(Failure::bad_input(what));
            }
        },
    };
    Ok(Some(form))
}

fn people(report: &FleetReport, args: &ReportArgs) -> String {
    let (width, colour) = match &args.out {
        Some(_) => (if args.wide { output::WIDE } else { output::WIDTH }, false),
        None => output::page(args.wide),
    };
    fleet::terminal(report, width, colour)
}

/// The call that makes the report again: the same wherever the folder lies.
fn reproduce(dir: &Path, args: &ReportArgs) -> String {
    let day = args.as_of.map(|day| format!(" --as-of {day}")).unwrap_or_default();
    let name = quoted(&report::name(dir));
    let costs: String = args.costs.iter().map(|word| format!(" {}", quoted(word))).collect();
    let costs = if costs.is_empty() { costs } else { format!(" --{costs}") };
    format!("mtok report --fleet {name}{day} --format html --out fleet.html{costs}")
}

/// As of a single run: wrong results count more than what failed or is missing.
fn exit(report: &FleetReport) -> Exit {
    let units = &report.collected.units;
    let whole = report.collected.tasks.iter().all(|task| task.state == State::Done);
    match whole && units.iter().all(|unit| unit.rows.failed == 0) {
        _ if units.iter().any(|unit| unit.rows.wrong > 0) => Exit::WrongResults,
        true => Exit::Ok,
        false => Exit::FailedCells,
    }
}
