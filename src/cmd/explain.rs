//! `mtok explain`: a figure of a comparison down to its rows.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::CommandFactory;
use clap::parser::ValueSource;
use mtok::explain::{self, Ground, Node, Source, explain};
use mtok::hardware::GpuSpec;
use mtok::market::compare::Compared;
use mtok::market::figure;
use mtok::market::row::Comparison;
use mtok::measurement::{Measurement, wire};
use mtok::price::Mix;
use mtok::price::ledger::explain::{Explained, explain as explain_prices};
use mtok::price::ledger::{Asked, Ledger};
use mtok::price::rental::Kind;
use mtok::report::explain::{self as shown, Explanation, Listing};
use mtok::report::listing;
use mtok::text::inert;
use mtok::throughput::{self, Basis, Estimate};

use super::compare::{as_of, comparisons, rents};
use super::inputs::{self, Origin};
use super::output::show;
use super::tables::{Tables, read_file};
use super::{Exit, Failure};
use crate::cli::{Cli, FigureArgs};

/// Options that say a figure, and the figure.
const SAID_BY: [(&str, &str); 7] = [
    ("isl", "isl"),
    ("osl", "osl"),
    ("tp", "gpus"),
    ("cached", "cached"),
    ("utilisation", "utilisation"),
    ("market", "market_policy"),
    ("usd_per_hour", "usd_per_hour"),
];

/// Runs the verb.
pub fn run(args: &FigureArgs) -> Result<Exit, Failure> {
    let Some(name) = &args.figure else {
        return list(args);
    };
    explain::find(name).map_err(Failure::bad_input)?;
    let tables = Tables::open(args.workload.tables.data.as_deref())?.with_imported(&args.price.imported)?;
    let gpus = tables.gpus()?;
    let origin = Origin::read(&args.device, &gpus)?;
    let rents = rents(&args.price, &tables, &gpus, &origin)?;
    if let [Err(unknown)] = rents.as_slice() {
        return Err(Failure::bad_input(unknown));
    }
    let (compared, _) = comparisons(&args.workload, &args.price, &tables, &gpus, &origin, &rents)?;
    let rows: Vec<&Comparison> = compared.iter().map(|compared| &compared.row).collect();
    if rows.len() > 1 && !args.all {
        return Err(Failure::bad_input(several(&rows)));
    }
    let estimates = inputs::estimates(&args.workload, &tables, &gpus, &origin)?;
    let facts = Facts::read(args, &tables, &gpus, &origin)?;
    // A row per estimate and rent, the rents of an estimate together.
    let pairs = compared
        .iter()
        .enumerate()
        .filter_map(|(index, compared)| Some((compared, estimates.get(index.checked_div(rents.len())?)?)));
    let explained: Vec<Explanation> = pairs
        .map(|(compared, estimate)| facts.explained(name, compared, estimate))
        .collect::<Result<_, _>>()?;
    let people = |rows: &[Explanation], width| shown::terminal(rows, width);
    let document = shown::Document::new(explained);
    show(
        &document,
        &args.format,
        |document| shown::csv(&document.explained),
        |document| shown::markdown(&document.explained),
        |document, width| people(&document.explained, width),
    )?;
    Ok(Exit::Ok)
}

/// All figures.
fn list(args: &FigureArgs) -> Result<Exit, Failure> {
    if args.all || args.device.gpu.is_some() || args.device.measurements.is_some() {
        return Err(Failure::bad_input("name the FIGURE to explain; mtok explain alone lists all"));
    }
    let rows: Vec<Listing> = figure::ALL.iter().map(Listing::of).collect();
    show(rows.as_slice(), &args.format, listing::csv, listing::markdown, shown::figures)?;
    Ok(Exit::Ok)
}

/// Which options would leave one row.
fn several(rows: &[&Comparison]) -> String {
    let differ = |of: fn(&Comparison) -> String| {
        let values: BTreeSet<String> = rows.iter().map(|row| of(row)).collect();
        (values.len() > 1).then_some(values)
    };
    let options = [
        ("--model", differ(|row| row.model.clone())),
        ("--weights", differ(|row| row.weights.clone())),
        ("--batch", differ(|row| row.batch.to_string())),
        (
            "--offers median or cheapest instead of",
            differ(|row| row.rental_providers.clone().unwrap_or_default()),
        ),
    ];
    let narrow = options.into_iter().filter_map(|(option, values)| {
        let values: Vec<String> = values?.into_iter().collect();
        Some(format!("{option} ({})", inert(&values.join(", "))))
    });
    let narrow = narrow.collect::<Vec<_>>().join("; ");
    format!("{} rows match: narrow them by {narrow}; or --all explains each", rows.len())
}

/// What all rows rest on.
struct Facts<'f> {
    args: &'f FigureArgs,
    gpus: &'f [GpuSpec],
    origin: &'f Origin,
    given: BTreeSet<&'static str>,
    ledger: Ledger,
    models: Vec<mtok::arch::Architecture>,
    model_lines: Vec<(String, u64)>,
    /// The measured rows with their places.
    measured: (Vec<Measurement>, Vec<String>),
    gpu_place: String,
}

impl<'f> Facts<'f> {
    fn read(
        args: &'f FigureArgs,
        tables: &Tables,
        gpus: &'f [GpuSpec],
        origin: &'f Origin,
    ) -> Result<Self, Failure> {
        let measured = match &args.device.measurements {
            None => (vec![], vec![]),
            Some(path) => {
                let rows = read_file(path, |input| wire::read(input))?;
                let lines = read_file(path, |input| wire::lines(input))?;
                let file = inert(&path.display().to_string());
                (rows, lines.into_iter().map(|line| format!("{file}:{line}")).collect())
            }
        };
        let gpu_place = match origin {
            Origin::Datasheet(gpu) => place_of(&tables.lines("gpus.csv")?, "gpus.csv", &gpu.name),
            Origin::Measured(_) => String::new(),
        };
        Ok(Self {
            args,
            gpus,
            origin,
            given: given(std::env::args_os()),
            ledger: tables.ledger()?,
            models: inputs::models(&args.workload, tables)?,
            model_lines: tables.lines("models.csv")?,
            measured,
            gpu_place,
        })
    }

    fn explained(
        &self,
        name: &str,
        compared: &Compared,
        estimate: &Estimate,
    ) -> Result<Explanation, Failure> {
        let row = &compared.row;
        let model = self.models.iter().find(|model| model.name == row.model);
        let basis = self.basis(estimate);
        let market = self.market(row);
        let rent = self.rent(row);
        let model_place = match self.model_lines.iter().any(|(known, _)| *known == row.model) {
            true => place_of(&self.model_lines, "models.csv", &row.model),
            false => row.model.clone(),
        };
        let device = match self.origin {
            Origin::Datasheet(gpu) => Source::Datasheet(gpu, &self.gpu_place),
            Origin::Measured(_) => Source::Measured { rows: &self.measured.0, places: &self.measured.1 },
        };
        let ground = Ground {
            row,
            case: compared.case.as_ref(),
            given: &self.given,
            rent: rent.as_ref(),
            market: market.as_ref(),
            basis: basis.as_ref().map_err(String::as_str),
            device,
            model_place: &model_place,
            model_source: model.map_or("", |model| model.source.as_str()),
        };
        let node: Node = explain(name, &ground).map_err(Failure::bad_input)?;
        Ok(Explanation::of(row, node))
    }

    fn basis(&self, estimate: &Estimate) -> Result<Basis, String> {
        let model = self.models.iter().find(|model| model.name == estimate.model);
        let model = model.ok_or_else(|| format!("no architecture of {}", estimate.model))?;
        throughput::basis(model, estimate.workload, self.origin.device())
    }

    /// The cards of the row's model.
    fn market(&self, row: &Comparison) -> Option<Explained> {
        row.market_sellers?;
        let mix = Mix::of_request(row.isl, row.osl).ok()?;
        let asked = Asked::Model(row.model.clone());
        explain_prices(&self.ledger, &asked, as_of(&self.args.price), mix).into_iter().next()
    }

    /// The quotes of the row's kind of rent.
    fn rent(&self, row: &Comparison) -> Option<Explained> {
        let kind: Kind = row.rental_kind?;
        let hardware = super::compare::rented(&self.args.price, self.gpus, self.origin)?;
        let mix = Mix::of_request(row.isl, row.osl).ok()?;
        let asked = Asked::Hardware(vec![hardware]);
        let kinds = explain_prices(&self.ledger, &asked, as_of(&self.args.price), mix);
        kinds.into_iter().find(|explained| explained.kind == kind.name())
    }
}

fn place_of(lines: &[(String, u64)], file: &str, name: &str) -> String {
    let line = lines.iter().find(|(known, _)| known == name).map(|(_, line)| line);
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// The figures that the command line says: a default says nothing.
fn given(words: impl Iterator<Item = OsString>) -> BTreeSet<&'static str> {
    let matches = Cli::command().try_get_matches_from(words).ok();
    let Some(verb) = matches.as_ref().and_then(|matches| matches.subcommand_matches("explain")) else {
        return BTreeSet::new();
    };
    let said = |option: &str| verb.value_source(option) == Some(ValueSource::CommandLine);
    SAID_BY.iter().filter(|(option, _)| said(option)).map(|(_, figure)| *figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_line_says_is_given_and_a_default_is_not() {
        let words = ["mtok", "explain", "verdict", "--gpu", "x", "--isl", "1536", "--tp", "2"];
        let said = given(words.iter().map(OsString::from));
        assert_eq!(said.into_iter().collect::<Vec<_>>(), ["gpus", "isl"]);
        let all = SAID_BY.iter().flat_map(|(option, _)| {
            let option = format!("--{}", option.replace('_', "-"));
            [option, "1".to_owned()]
        });
        let words = ["mtok", "explain", "verdict"].map(String::from).into_iter().chain(all);
        assert_eq!(given(words.map(OsString::from)).len(), SAID_BY.len());
    }
}
