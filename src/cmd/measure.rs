//! `mtok measure`: visits the cells of the plan on one adapter, a row per cell and run.

mod layer;
mod list;
mod pace;
mod peaks;
pub mod plan;
pub mod side;

use std::path::Path;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use mtok::gpu::adapters::Facts;
use mtok::hardware;
use mtok::kernel::Kernel;
use mtok::measurement::calibrations;
use mtok::measurement::merged::merged;
use mtok::measurement::{Chosen, Measurement, Outcome};
use mtok::report::{Report, terminal};
use mtok::roofline::Roofline;

use self::pace::Pace;
use self::plan::Planned;
use self::side::{Side, Target};
use super::adapters::{Joined, Shown, on_each};
use super::child::{self, Program};
use super::output::{self, note};
use super::tables::Tables;
use super::tune::kept::Kept;
use super::tune::tuner::Tuner;
use super::{Exit, Failure, devices, diff, host, today, tune};
use crate::cli::{AdapterArgs, MeasureArgs, Sampling};

/// A call that takes longer than its budget by more than this factor says so.
const BUDGET_MARGIN: f64 = 1.05;
/// The part of the budget, as a divisor, after which no further class is tuned.
const TUNING_SHARE: u32 = 3;

/// Done of how many, how long it took, how long the others will take at the same pace, and what is measured now.
const PROGRESS: &str = "{pos}/{len} {wide_bar} {elapsed}, {eta} left  {msg}";

/// Which cells one side measures.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    /// Their kernels.
    pub kernels: &'a [&'static Kernel],
    /// The one variant that is meant; `None` for that which suits each cell.
    pub variant: Option<&'a str>,
    /// Whether the ceilings come along that the kernels are held against.
    pub peaks: bool,
}

/// What a call left behind.
pub struct Measured {
    /// All rows, those of an earlier call included; with two sides those of the second.
    pub rows: Vec<Measurement>,
    /// How many visits were made now.
    pub fresh: usize,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// The code that the rows call for.
    pub exit: Exit,
    /// What the bundled datasheet of the adapter promises.
    datasheet: Option<Roofline>,
}

/// Runs the verb.
pub fn run(args: &MeasureArgs) -> Result<Exit, Failure> {
    if let Some(model) = &args.layer {
        return layer::run(model, args);
    }
    let kernels = plan::kernels(&args.kernel)?;
    if args.list {
        return list::run(&kernels, args);
    }
    let AdapterArgs { gl, timeout, .. } = args.sampling.adapter;
    let adapters = devices::find(gl, timeout)?;
    let both = args.aa || args.against.is_some() || args.against_variant.is_some();
    if both && args.sampling.adapter.all() {
        return Err(Failure::bad_input("two sides are measured on one adapter: name it with --device"));
    }
    let joined = if args.json { Joined::Json } else { Joined::Text };
    on_each(&adapters, &args.sampling.adapter, joined, |adapter| {
        let out =
            super::run::folder(args.out.as_deref(), adapter, &adapters, &args.sampling.adapter, args.resume);
        if both { two_sides(args, &kernels, adapter, &out) } else { one_side(args, &kernels, adapter, &out) }
    })
}

fn one_side(
    args: &MeasureArgs,
    kernels: &[&'static Kernel],
    adapter: &Facts,
    out: &Path,
) -> Result<Shown, Failure> {
    let cells = Cells { kernels, variant: args.variant.as_deref(), peaks: !args.no_peaks };
    let measured = measure_cells(adapter, cells, &args.sampling, out, args.resume)?;
    let report = Report {
        title: format!("measured {}", adapter.name),
        device: vec![format!("results in {}", out.display())],
        as_of: today(),
        costs: vec![],
        measured: merged(&measured.rows),
        datasheet: measured.datasheet,
        warnings: measured.warnings,
        command: host::argv(),
    };
    let text = if args.json {
        mtok::report::json::json(&report).map_err(|error| Failure::new(Exit::CannotWrite, error))?
    } else {
        let (width, colour) = output::terminal();
        terminal::terminal(&report, width, colour)
    };
    Ok(Shown { exit: measured.exit, text })
}

/// Measures two sides in turns and sets them beside each other.
fn two_sides(
    args: &MeasureArgs,
    kernels: &[&'static Kernel],
    adapter: &Facts,
    out: &Path,
) -> Result<Shown, Failure> {
    let plan = |variant: Option<&str>| {
        plan::plan(kernels, variant, &adapter.capabilities(), args.sampling.suite.suite())
    };
    let (named, other) = (args.variant.as_deref(), args.against_variant.as_deref());
    let own = own_program(&args.sampling)?;
    let timeout = args.sampling.adapter.timeout;
    let against = args.against.as_deref().map(|path| child::program(path, timeout)).transpose()?;
    let sides = vec![(against.unwrap_or_else(|| own.clone()), plan(other.or(named))?), (own, plan(named)?)];
    compared(args, out, measure(adapter, sides, &args.sampling, out, args.resume)?)
}

/// Sets the two sides beside each other. What two equal sides differ by is no regression but a warning.
fn compared(args: &MeasureArgs, out: &Path, measured: Measured) -> Result<Shown, Failure> {
    measured.warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
    let report = diff::session(out, args.against_variant.is_some())?;
    let ended = diff::exit(&report);
    let exit = match (measured.exit, ended) {
        (Exit::Ok, Exit::FailedCells) if args.aa => Exit::Inconclusive,
        (Exit::Ok, ended) => ended,
        (failed, _) => failed,
    };
    Ok(Shown { exit, text: diff::shown(&report, args.json)? })
}

/// Measures the cells of kernels with this program into a folder.
pub fn measure_all(
    adapter: &Facts,
    kernels: &[&'static Kernel],
    sampling: &Sampling,
    out: &Path,
    resume: bool,
) -> Result<Measured, Failure> {
    measure_cells(adapter, Cells { kernels, variant: None, peaks: false }, sampling, out, resume)
}

/// Measures what was chosen with this program into a folder.
pub fn measure_cells(
    adapter: &Facts,
    cells: Cells<'_>,
    sampling: &Sampling,
    out: &Path,
    resume: bool,
) -> Result<Measured, Failure> {
    let offered = adapter.capabilities();
    let plan = plan::plan(cells.kernels, cells.variant, &offered, sampling.suite.suite())?;
    let plan = if cells.peaks { peaks::with_peaks(plan, &offered)? } else { plan };
    measure(adapter, vec![(own_program(sampling)?, plan)], sampling, out, resume)
}

fn own_program(sampling: &Sampling) -> Result<Program, Failure> {
    Program::own(sampling.adapter.timeout).map_err(|reason| Failure::new(Exit::FailedCells, reason))
}

/// Measures each side's plan with its program; two sides take turns.
fn measure(
    adapter: &Facts,
    programs: Vec<(Program, Vec<Planned>)>,
    sampling: &Sampling,
    out: &Path,
    resume: bool,
) -> Result<Measured, Failure> {
    let start = Instant::now();
    let gpus = Tables::open(None)?.gpus()?;
    let spec = hardware::match_adapter(&gpus, &adapter.name);
    let target = Target { adapter, gl: sampling.adapter.gl, seed: sampling.adapter.seed, spec };
    let session = format!("{} {}", host::now_utc(), std::process::id());
    let folders = side::folders(out, programs.len());
    let mut sides = Vec::new();
    for ((program, plan), folder) in programs.into_iter().zip(&folders) {
        sides.push(Side::open(target, program, plan, folder, resume, &session)?);
    }
    let mut warnings = clock_warnings(&sides);
    if !sampling.no_tune {
        warnings.extend(tuned(&mut sides, target, sampling, resume, start)?);
    }
    let repeat = sampling.repeat;
    let mut visits = 0;
    for run in 0..repeat {
        for side in &sides {
            visits += side.todo(run)?.len();
        }
    }
    let bar = progress(visits as u64);
    let of_layers = sides.iter().any(|side| side.plan.iter().any(Planned::is_layer));
    let least = if of_layers { layer::LEAST } else { pace::LEAST };
    let mut pace = Pace::new(start, sampling.budget, visits, repeat, least);
    for run in 0..repeat {
        if run > 0 && !pace.has_time_for_a_run() {
            let why = format!("{run} of {repeat} runs fit the time; a longer --budget fits more");
            warnings.push(why);
            break;
        }
        if !one_run(&mut sides, run, &mut pace, &bar)? {
            let left = visits as u64 - bar.position();
            warnings.push(format!(
                "the device does not open again; {left} visits were not made, --resume goes on"
            ));
            break;
        }
    }
    // Finishing moves the bar to its end.
    let fresh = bar.position() as usize;
    bar.finish_and_clear();
    let (took, budget) = (start.elapsed().as_secs_f64(), sampling.budget.as_secs_f64());
    if took > BUDGET_MARGIN * budget {
        let why = "as few samples as a cell must have need more time";
        warnings.push(format!("measuring took {took:.0} s, the budget was {budget:.0} s: {why}"));
    }
    let rows = sides.into_iter().map(Side::close).collect::<Result<Vec<_>, _>>()?;
    let exit = Exit::of_rows(rows.iter().flatten());
    warnings.extend(rows.iter().flat_map(|rows| failures(rows)));
    warnings.extend(rows.iter().filter_map(|rows| disturbance(rows)));
    let rows = rows.into_iter().next_back().unwrap_or_default();
    Ok(Measured { rows, fresh, warnings, exit, datasheet: spec.map(Roofline::datasheet) })
}

/// Has the fastest known variant of each class run on all sides. What is not known is tried first, for a share of the
/// budget; a run that goes on keeps to what it began with. Gives what the user should know.
fn tuned(
    sides: &mut [Side<'_>],
    target: Target<'_>,
    sampling: &Sampling,
    resume: bool,
    start: Instant,
) -> Result<Option<String>, Failure> {
    let free = |planned: &&Planned| planned.chosen != Chosen::Named;
    let mut kernels: Vec<&'static Kernel> = Vec::new();
    for planned in sides.iter().flat_map(|side| &side.plan).filter(free) {
        if !kernels.iter().any(|kernel| kernel.name == planned.kernel.name) {
            kernels.push(planned.kernel);
        }
    }
    if kernels.is_empty() {
        return Ok(None);
    }
    let mut kept = Kept::open(target.adapter);
    let mut left = 0;
    if !resume {
        let mut jobs = tune::jobs::jobs(&kernels, &target.adapter.capabilities(), sampling.suite.suite());
        jobs.retain(|job| kept.of(&job.class, &job.sources).is_none());
        let mut tuner = Tuner::new(target, own_program(sampling)?);
        left = tune::decide_all(&mut tuner, &jobs, &mut kept, start + sampling.budget / TUNING_SHARE).left;
    }
    sides.iter_mut().for_each(|side| side.choose(&kept));
    Ok((left > 0).then(|| {
        format!("{left} classes of shapes are not tuned, for want of time; mtok tune tries their variants")
    }))
}

/// One run of every side. Two sides take turns at every cell, and who goes first alternates from cell to cell and from
/// run to run, A B, B A, A B, …: what slows the machine for some seconds slows both. `false` when a device is gone.
fn one_run(sides: &mut [Side<'_>], run: u32, pace: &mut Pace, bar: &ProgressBar) -> Result<bool, Failure> {
    let todo = sides.iter().map(|side| side.todo(run)).collect::<Result<Vec<_>, _>>()?;
    sides.iter_mut().zip(&todo).filter(|(_, todo)| !todo.is_empty()).for_each(|(side, _)| side.renew());
    for turn in 0..todo.iter().map(Vec::len).max().unwrap_or_default() {
        let mut order: Vec<_> = sides.iter_mut().zip(&todo).collect();
        if (turn + run as usize) % 2 == 1 {
            order.reverse();
        }
        for (side, index) in order.into_iter().filter_map(|(side, todo)| Some((side, *todo.get(turn)?))) {
            bar.set_message(side.plan.get(index).map(|planned| planned.op.to_string()).unwrap_or_default());
            let lives = side.visit(index, run, pace.next())?;
            bar.inc(1);
            pace.done();
            if !lives {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A bar on stderr, where that is a terminal.
pub fn progress(visits: u64) -> ProgressBar {
    let bar = ProgressBar::new(visits);
    // The template is a constant; a bar without it would still count.
    if let Ok(style) = ProgressStyle::with_template(PROGRESS) {
        bar.set_style(style);
    }
    bar
}

fn clock_warnings(sides: &[Side<'_>]) -> Vec<String> {
    let clock = sides.last().map(|side| &side.clock).filter(|clock| !clock.usable);
    clock.map(|clock| format!("timed by the host's clock: {}", clock.reason)).into_iter().collect()
}

/// What the rows per cell would hide: a run that failed where others did not.
fn failures(rows: &[Measurement]) -> Vec<String> {
    let failed = |row: &&Measurement| matches!(row.outcome, Outcome::Failed(_));
    let told = |row: &Measurement| format!("{}, run {}: {}", row.cell(), row.run, row.outcome.reason());
    rows.iter().filter(failed).map(told).collect()
}

/// Visits at which the device was not what it was at others: their numbers are kept, and doubted.
fn disturbance(rows: &[Measurement]) -> Option<String> {
    let (disturbed, visits) = (calibrations::disturbed(rows).len(), rows.len());
    let why = "the calibration kernel was slow or changing: other load, heat or power limits";
    (disturbed > 0).then(|| format!("{disturbed} of {visits} visits were disturbed, {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_done_total_elapsed_and_remaining() {
        assert!(ProgressStyle::with_template(PROGRESS).is_ok());
        assert!(["{pos}", "{len}", "{elapsed}", "{eta}"].iter().all(|part| PROGRESS.contains(part)));
    }
}
