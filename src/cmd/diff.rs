//! `mtok diff`: what became slower between two sides, and whether a price or a kernel moved a cost.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use mtok::diff::cost::{self, Cost};
use mtok::diff::side::Side;
use mtok::diff::thresholds::{self, Thresholds};
use mtok::diff::{Diff, Ending, Options, compare};
use mtok::measurement::wire;
use mtok::op;
use mtok::report::diff::{DiffReport, annotations, markdown, terminal, to_csv, to_json};
use mtok::table::Fault;

use super::files::{COSTS, MEASUREMENTS};
use super::output::{self, print};
use super::tables::read_file;
use super::{Exit, Failure};
use crate::cli::{Allowed, DiffArgs, GateChoice};

/// Enough of a file to hold the names of its columns.
const HEADER_BYTES: u64 = 8192;

/// Runs the verb.
pub fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    let options = options(args)?;
    let base: Vec<&Path> = std::iter::once(&args.base).chain(&args.more_base).map(PathBuf::as_path).collect();
    let new: Vec<&Path> = args.new.iter().map(PathBuf::as_path).collect();
    let (base, new) = (sources(&base)?, sources(&new)?);
    let report = DiffReport {
        base: args.base.display().to_string(),
        new: args.new.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
        kernels: kernels(args, &base, &new, &options)?,
        costs: costs(&base, &new, &options)?,
    };
    if report.kernels.is_none() && report.costs.is_empty() {
        return Err(Failure::bad_input(
            "the sides have nothing in common: measurements on one, costs on the other",
        ));
    }
    show_as(&report, args)?;
    Ok(if args.gate == GateChoice::None { Exit::Ok } else { exit(&report) })
}

/// The two sides that one call of `measure` took in turns.
#[cfg(feature = "gpu")]
pub fn session(folder: &Path, any_variant: bool) -> Result<DiffReport, Failure> {
    let [base, new] = ["a", "b"].map(|side| folder.join(side).join(MEASUREMENTS));
    let shown = |path: &Path| path.parent().map(|side| side.display().to_string()).unwrap_or_default();
    let names = (shown(&base), shown(&new));
    let options = Options { any_variant, ..Options::default() };
    let kernels = compare(&side(&[base])?, &side(&[new])?, &options, None);
    Ok(DiffReport { base: names.0, new: names.1, kernels: Some(kernels), costs: vec![] })
}

/// The code that a comparison calls for.
pub fn exit(report: &DiffReport) -> Exit {
    match report.kernels.as_ref().map(|diff| diff.summary.ending) {
        None | Some(Ending::Ok) => Exit::Ok,
        Some(Ending::Regression) => Exit::FailedCells,
        Some(Ending::Inconclusive) => Exit::Inconclusive,
    }
}

/// A comparison for people or as JSON.
#[cfg(feature = "gpu")]
pub fn shown(report: &DiffReport, json: bool) -> Result<String, Failure> {
    if json { json_text(report) } else { Ok(text(report, false)) }
}

fn show_as(report: &DiffReport, args: &DiffArgs) -> Result<(), Failure> {
    if args.annotations {
        print(&annotations::annotations(report))
    } else if args.format.json {
        print(&json_text(report)?)
    } else if args.format.csv {
        print(&to_csv(report))
    } else if args.format.markdown {
        print(&markdown(report))
    } else {
        print(&text(report, args.all))
    }
}

fn json_text(report: &DiffReport) -> Result<String, Failure> {
    to_json(report).map_err(|error| Failure::new(Exit::CannotWrite, error))
}

fn text(report: &DiffReport, all: bool) -> String {
    let (width, colour) = output::terminal();
    terminal(report, width, colour, all)
}

fn options(args: &DiffArgs) -> Result<Options, Failure> {
    let thresholds = match &args.thresholds {
        Some(path) => read_file(path, read_thresholds)?,
        None => Thresholds::default(),
    };
    Ok(Options {
        thresholds,
        any_variant: args.any_variant,
        allow_driver: args.allow.contains(&Allowed::Driver),
        allow_missing: args.allow.contains(&Allowed::Missing),
    })
}

fn read_thresholds(input: &mut dyn Read) -> Result<Thresholds, Fault> {
    let whole_file = |what: String| Fault { line: 0, column: 0, what };
    let mut text = String::new();
    let read = input.take(thresholds::MAX_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| whole_file(format!("cannot be read: {error}")))?;
    if text.len() as u64 > thresholds::MAX_BYTES {
        return Err(whole_file(format!("is larger than {} MiB", thresholds::MAX_BYTES >> 20)));
    }
    Thresholds::read(&text, &op::KERNELS)
}

/// The files of one side.
#[derive(Default)]
struct Sources {
    measurements: Vec<PathBuf>,
    costs: Vec<PathBuf>,
}

fn sources(paths: &[&Path]) -> Result<Sources, Failure> {
    let mut sources = Sources::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        // The same runs twice would look like twice the evidence.
        if path.canonicalize().is_ok_and(|real| !seen.insert(real)) {
            return Err(Failure::bad_input(format!("{}: is given twice on one side", path.display())));
        }
        if path.is_dir() {
            sources.add_folder(path)?;
        } else if is_costs(path)? {
            sources.costs.push(path.to_path_buf());
        } else {
            sources.measurements.push(path.to_path_buf());
        }
    }
    Ok(sources)
}

impl Sources {
    fn add_folder(&mut self, folder: &Path) -> Result<(), Failure> {
        let there = |name: &str| Some(folder.join(name)).filter(|path| path.symlink_metadata().is_ok());
        let (measurements, costs) = (there(MEASUREMENTS), there(COSTS));
        if measurements.is_none() && costs.is_none() {
            let shown = folder.display();
            let what = match there("a").zip(there("b")) {
                Some((a, b)) => format!(
                    "{shown}: holds the two sides of a session; compare {} with {}, or give it with --null",
                    a.display(),
                    b.display()
                ),
                None => format!("{shown}: has neither {MEASUREMENTS} nor {COSTS}"),
            };
            return Err(Failure::bad_input(what));
        }
        self.measurements.extend(measurements);
        self.costs.extend(costs);
        Ok(())
    }
}

/// Whether the columns of a file are those of costs.
fn is_costs(path: &Path) -> Result<bool, Failure> {
    let unreadable = |error| Failure::bad_input(format!("{}: cannot be read: {error}", path.display()));
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Ok(false);
    }
    let mut start = Vec::new();
    File::open(path).and_then(|file| file.take(HEADER_BYTES).read_to_end(&mut start)).map_err(unreadable)?;
    let header = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(String::from_utf8_lossy(header).contains("usd_per_mtok"))
}

fn kernels(
    args: &DiffArgs,
    base: &Sources,
    new: &Sources,
    options: &Options,
) -> Result<Option<Diff>, Failure> {
    if base.measurements.is_empty() || new.measurements.is_empty() {
        return Ok(None);
    }
    let null = args.null.as_ref().map(|session| null(session, options)).transpose()?;
    let (base, new) = (side(&base.measurements)?, side(&new.measurements)?);
    Ok(Some(compare(&base, &new, options, null.as_ref())))
}

/// The two sides of a session that measured one binary against itself.
fn null(session: &Path, options: &Options) -> Result<Diff, Failure> {
    let file = |side: &str| session.join(side).join(MEASUREMENTS);
    let (a, b) = (side(&[file("a")])?, side(&[file("b")])?);
    let build = |side: &Side| {
        side.identities().first().map(|one| (one.tool_version.clone(), one.tool_commit.clone()))
    };
    if build(&a) != build(&b) {
        let what =
            "a and b are different builds; a null session measures one binary against itself (measure --aa)";
        return Err(Failure::bad_input(format!("{}: {what}", session.display())));
    }
    Ok(compare(&a, &b, options, None))
}

fn side(paths: &[PathBuf]) -> Result<Side, Failure> {
    let side = std::cell::RefCell::new(Side::default());
    for path in paths {
        side.borrow_mut().next_file();
        read_file(path, |input| wire::each(input, |row| side.borrow_mut().push(row)))?;
    }
    let side = side.into_inner();
    let shown = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    side.check().map_err(|what| Failure::bad_input(format!("{shown}: {what}")))?;
    Ok(side)
}

/// Costs are compared where each side has one file of them: they are derived, so that several are no runs.
fn costs(base: &Sources, new: &Sources, options: &Options) -> Result<Vec<cost::CostRow>, Failure> {
    let ([base], [new]) = (base.costs.as_slice(), new.costs.as_slice()) else { return Ok(vec![]) };
    let read = |path: &PathBuf| -> Result<Vec<Cost>, Failure> { read_file(path, |input| cost::read(input)) };
    Ok(cost::compare(&read(base)?, &read(new)?, options.thresholds.default_one()))
}
