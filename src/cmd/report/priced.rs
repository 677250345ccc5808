//! The page of a result folder: its costs computed anew, under the terms that its `costs.csv` tells.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Parser;
use mtok::arch::Scheme;
use mtok::measurement::Measurement;
use mtok::measurement::merged::merged;
use mtok::report::Report;
use mtok::roofline::Roofline;
use mtok::table::Table;

use super::super::compare::{as_of, comparisons, rents, reproduce};
use super::super::inputs::Origin;
use super::super::page::{Asked, gather, html, split, write_plots};
use super::super::tables::{Tables, read_file};
use super::super::{Failure, today};
use crate::cli::{Cli, CompareArgs, ReportArgs, ReportFormat, Verb};

/// The page, where that is what is asked for; writes the charts where they are.
pub fn page(
    measurements: &Path,
    costs: &Path,
    rows: &[Measurement],
    args: &ReportArgs,
) -> Result<Option<String>, Failure> {
    let tables = Tables::open(None)?;
    let gpus = tables.gpus()?;
    let (asked, mut warnings) = terms(measurements, costs, &tables, args)?;
    let adapter = rows.first().map(|row| row.provenance.identity.adapter.clone()).unwrap_or_default();
    // Cells that failed may leave too little to estimate from; what was measured is shown all the same.
    let origin = match Origin::of_rows(rows, &gpus) {
        Ok(origin) => Some(origin),
        Err(failure) => {
            warnings.push(failure.message);
            None
        }
    };
    let (mut costs, mut cases) = (vec![], vec![]);
    if let Some(origin) = &origin {
        let rents = rents(&asked.price, &tables, &gpus, origin)?;
        let (compared, doubts) = comparisons(&asked.workload, &asked.price, &tables, &gpus, origin, &rents)?;
        warnings.extend(doubts);
        (costs, cases) = split(compared);
    }
    let report = Report {
        title: format!("A million tokens on {adapter}"),
        device: vec![],
        as_of: as_of(&asked.price),
        costs,
        measured: merged(rows),
        datasheet: Roofline::matching(&gpus, &adapter),
        warnings,
        command: reproduce(&asked),
    };
    let (workload, price) = (&asked.workload, &asked.price);
    let from = Asked { workload, price, tables: &tables, gpus: &gpus, origin: origin.as_ref() };
    let page = gather(from, &report, &cases)?;
    if let Some(folder) = &args.plots {
        write_plots(&page, folder)?;
    }
    match args.format {
        Some(ReportFormat::Html) => html(&page).map(Some),
        _ => Ok(None),
    }
}

/// The comparison that a folder was made with, as far as its costs tell; else the common one.
fn terms(
    measurements: &Path,
    costs: &Path,
    tables: &Tables,
    args: &ReportArgs,
) -> Result<(CompareArgs, Vec<String>), Failure> {
    let mut words = vec!["mtok".to_owned(), "compare".to_owned()];
    let mut warnings = Vec::new();
    let mut day = args.as_of.map(|day| day.to_string());
    if costs.exists() {
        let table =
            read_file(costs, |input| Table::read(input, &["model", "weights", "usd_per_mtok_blended"]))?;
        let told = Told::of(&table);
        words.extend(told.options(tables, &mut warnings)?);
        day = day.or_else(|| told.only("as_of"));
    }
    let day = day.unwrap_or_else(|| today().to_string());
    words.extend([format!("--as-of={day}"), format!("--measurements={}", measurements.display())]);
    let cli = Cli::try_parse_from(words).map_err(|error| {
        let what = error.to_string();
        let what = what.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::bad_input(format!("{}: {what}", costs.display()))
    })?;
    match cli.verb {
        Verb::Compare(asked) => Ok((asked, warnings)),
        _ => Err(Failure::bad_input("the costs name no comparison")),
    }
}

/// What the rows of a `costs.csv` say of how they were made.
struct Told {
    columns: Vec<(&'static str, Vec<String>)>,
}

/// The columns that tell it.
const COLUMNS: [&str; 11] = [
    "model",
    "weights",
    "isl",
    "osl",
    "gpus",
    "cached",
    "utilisation",
    "market_policy",
    "usd_per_hour",
    "rental_providers",
    "as_of",
];

impl Told {
    /// The different values of each column, in order.
    fn of(table: &Table) -> Self {
        let values = |column: &'static str| {
            let mut seen = BTreeSet::new();
            let all = table.rows().map(|row| row.text(column).to_owned());
            (column, all.filter(|value| seen.insert(value.clone())).collect())
        };
        Self { columns: COLUMNS.map(values).to_vec() }
    }

    fn all(&self, column: &str) -> &[String] {
        let found = self.columns.iter().find(|(name, _)| *name == column);
        found.map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    /// The value that all rows share.
    fn only(&self, column: &str) -> Option<String> {
        match self.all(column) {
            [value] if !value.is_empty() => Some(value.clone()),
            _ => None,
        }
    }

    fn options(&self, tables: &Tables, warnings: &mut Vec<String>) -> Result<Vec<String>, Failure> {
        let known = tables.models()?;
        let (models, lost): (Vec<String>, Vec<String>) =
            self.all("model").iter().cloned().partition(|name| known.iter().any(|model| model.name == *name));
        let weights = self.all("weights").iter().filter(|name| name.parse::<Scheme>().is_ok());
        let weights: Vec<String> = weights.cloned().collect();
        let mut options = Vec::new();
        if !models.is_empty() {
            options.push(format!("--model={}", models.join(",")));
        }
        if !lost.is_empty() {
            warnings.push(format!("not in models.csv, so not computed anew: {}", lost.join(", ")));
        }
        if !weights.is_empty() {
            options.push(format!("--weights={}", weights.join(",")));
        }
        // What a default says already is left out: utilisation 1 stays the assumption that it was.
        let shared = [
            ("isl", "isl", ""),
            ("osl", "osl", ""),
            ("tp", "gpus", "1"),
            ("cached", "cached", "0.0"),
            ("utilisation", "utilisation", "1.0"),
            ("market", "market_policy", "median"),
        ];
        for (option, column, default) in shared {
            options.extend(
                self.only(column).filter(|value| value != default).map(|value| format!("--{option}={value}")),
            );
        }
        match (self.all("rental_providers"), self.only("usd_per_hour")) {
            ([none], Some(rent)) if none.is_empty() => options.push(format!("--usd-per-hour={rent}")),
            (several, _) if several.len() > 1 => options.push("--offers=all".to_owned()),
            _ => {}
        }
        Ok(options)
    }
}
