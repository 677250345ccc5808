//! `mtok report`: a result folder for people, for CI services, and recomputed from its raw samples.

mod fleet;
mod priced;

use std::io::Read;
use std::path::{Path, PathBuf};

use mtok::measurement::recompute::{self, File, Recomputed};
use mtok::measurement::wire;
use mtok::report::costs::Costs;
use mtok::report::overview;
use mtok::report::results::Results;
use mtok::roofline::Roofline;
use mtok::table::{Fault, MAX_BYTES_OF_ROWS};

use super::files::{COSTS, MEASUREMENTS, SAMPLES, write_out};
use super::output::{self, note, print};
use super::tables::{Tables, located, read_file};
use super::{Exit, Failure};
use crate::cli::{ReportArgs, ReportFormat};

/// Faults that are printed; the others are counted.
const SHOWN: usize = 20;

/// Runs the verb.
pub fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    let results = match (&args.fleet, &args.results) {
        (Some(dir), _) => return fleet::run(dir, args),
        (None, Some(results)) => results,
        (None, None) => return Err(Failure::bad_input("name a result folder, or a fleet with --fleet DIR")),
    };
    let folder = Folder::of(results)?;
    let html = matches!(args.format, Some(ReportFormat::Html));
    if args.as_of.is_some() && !html && args.plots.is_none() {
        let what =
            "--as-of: prices count only on the page and in its charts: add --format html or --plots DIR";
        return Err(Failure::bad_input(what));
    }
    if args.recompute { recomputed(&folder, args.out.as_deref()) } else { reported(&folder, args) }
}

/// The files of a result folder.
struct Folder {
    measurements: PathBuf,
    samples: PathBuf,
    costs: PathBuf,
}

impl Folder {
    /// The folder, or the one in which the named `measurements.csv` lies.
    fn of(path: &Path) -> Result<Self, Failure> {
        let (folder, measurements) = match path.is_dir() {
            true => (path, path.join(MEASUREMENTS)),
            false => (path.parent().unwrap_or(Path::new("")), path.to_owned()),
        };
        if path.is_dir() && !measurements.exists() {
            let what =
                format!("{}: has no measurements.csv; name a result folder or such a file", path.display());
            return Err(Failure::bad_input(what));
        }
        Ok(Self { measurements, samples: folder.join(SAMPLES), costs: folder.join(COSTS) })
    }
}

fn reported(folder: &Folder, args: &ReportArgs) -> Result<Exit, Failure> {
    let rows = read_file(&folder.measurements, |input| wire::read(input))?;
    if args.plots.is_some() || matches!(args.format, Some(ReportFormat::Html)) {
        let page = priced::page(&folder.measurements, &folder.costs, &rows, args)?;
        if let Some(page) = page {
            deliver(&page, args.out.as_deref())?;
            return Ok(if args.strict { Exit::of_rows(rows.iter()) } else { Exit::Ok });
        }
    }
    let of_file = |what| Failure::bad_input(format!("{}: {what}", folder.measurements.display()));
    let mut results = Results::new(rows).map_err(of_file)?;
    let adapter = results.identity().map(|identity| identity.adapter.clone()).unwrap_or_default();
    results.datasheet = Roofline::matching(&Tables::open(None)?.gpus()?, &adapter);
    if folder.costs.exists() {
        results.costs = read_file(&folder.costs, |input| Costs::read(input))?;
    }
    let text = match (&args.format, &args.out) {
        (Some(ReportFormat::Of(format)), _) => (format.text)(&results),
        (Some(ReportFormat::Html) | None, Some(_)) => {
            let width = if args.wide { output::WIDE } else { output::WIDTH };
            overview::terminal(&results, width, false)
        }
        (Some(ReportFormat::Html) | None, None) => {
            let (width, colour) = output::page(args.wide);
            overview::terminal(&results, width, colour)
        }
    };
    deliver(&text, args.out.as_deref())?;
    Ok(if args.strict { Exit::of_rows(results.rows().iter()) } else { Exit::Ok })
}

fn recomputed(folder: &Folder, out: Option<&Path>) -> Result<Exit, Failure> {
    let path = |file| if file == File::Samples { &folder.samples } else { &folder.measurements };
    let stored = read_file(&folder.measurements, bytes)?;
    // A fault of the samples is located by their reader, one of the rows below.
    let again = read_file(&folder.samples, |input| match recompute::recompute(&stored, input) {
        Err((File::Samples, fault)) => Err(fault),
        other => Ok(other.map_err(|(_, fault)| fault)),
    })?;
    let Recomputed { text, faults, absent } = again.map_err(|fault| located(&folder.measurements, &fault))?;
    deliver(&text, out)?;
    if !absent.is_empty() {
        let shown = folder.measurements.display();
        note(&format!("{shown}: has no columns {}: these are not checked", absent.join(", ")));
    }
    let shown: Vec<String> =
        faults.iter().take(SHOWN).map(|(file, fault)| located(path(*file), fault).message).collect();
    if shown.is_empty() {
        return Ok(Exit::Ok);
    }
    let more = faults.len() - shown.len();
    let more = if more > 0 { format!("\n{more} more") } else { String::new() };
    Err(Failure::new(Exit::FailedCells, shown.join("\n") + &more))
}

/// The bytes of a file, up to one more than is read as a table: a larger file is then refused as such.
fn bytes(input: &mut dyn Read) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let unreadable = |error| Fault { line: 0, column: 0, what: format!("cannot be read: {error}") };
    input.take(MAX_BYTES_OF_ROWS + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn deliver(text: &str, out: Option<&Path>) -> Result<(), Failure> {
    match out {
        Some(path) => write_out(path, text.as_bytes()),
        None => print(text),
    }
}
