//! `mtok measure`: visits the cells of the plan on one adapter, a row per cell and run.

mod pace;
mod peaks;
mod plan;
mod side;

use std::path::Path;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use mtok::gpu::adapters::{self, Facts};
use mtok::hardware;
use mtok::kernel::{Capabilities, Kernel};
use mtok::measurement::calibrations;
use mtok::measurement::merged::merged;
use mtok::measurement::{Measurement, Outcome};
use mtok::report::{Report, terminal};
use mtok::roofline::Roofline;
use serde_json::json;

use self::pace::Pace;
use self::plan::Planned;
use self::side::{Side, Target};
use super::child::{self, Program};
use super::output::{self, note, print, print_json};
use super::tables::Tables;
use super::{Exit, Failure, devices, diff, host, today};
use crate::cli::{MeasureArgs, Sampling};

/// A call that takes longer than its budget by more than this factor says so.
const BUDGET_MARGIN: f64 = 1.05;

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
}

/// Runs the verb.
pub fn run(args: &MeasureArgs) -> Result<Exit, Failure> {
    let kernels = plan::kernels(&args.kernel)?;
    let variant = args.variant.as_deref();
    if args.list {
        return list(&kernels, args);
    }
    let adapters = devices::find(args.sampling.gl, args.sampling.timeout)?;
    let adapter = choose(&adapters, &args.sampling)?;
    let out = args.out.clone().unwrap_or_else(|| super::run::default_folder(adapter, today(), args.resume));
    let offered = adapter.capabilities();
    let own = own_program(&args.sampling)?;
    let new = plan::plan(&kernels, variant, &offered, args.sampling.suite())?;
    let against =
        args.against.as_deref().map(|path| child::program(path, args.sampling.timeout)).transpose()?;
    let both = args.aa || against.is_some() || args.against_variant.is_some();
    // Shares of peak need the peaks; a comparison of two sides does not.
    let new = if both { new } else { peaks::with_peaks(new, &offered)? };
    let mut sides = vec![(own.clone(), new)];
    if both {
        let other = args.against_variant.as_deref().or(variant);
        sides.insert(
            0,
            (against.unwrap_or(own), plan::plan(&kernels, other, &offered, args.sampling.suite())?),
        );
    }
    let measured = measure(adapter, sides, &args.sampling, &out, args.resume)?;
    if both {
        return compared(args, &out, measured);
    }
    let report = Report {
        title: format!("measured {}", adapter.name),
        device: vec![format!("results in {}", out.display())],
        as_of: today(),
        costs: vec![],
        measured: merged(&measured.rows),
        datasheet: Roofline::matching(&Tables::open(None)?.gpus()?, &adapter.name),
        warnings: measured.warnings,
        command: host::argv(),
    };
    if args.json {
        let json =
            mtok::report::json::json(&report).map_err(|error| Failure::new(Exit::CannotWrite, error))?;
        print(&json)?;
    } else {
        let (width, colour) = output::terminal();
        print(&terminal::terminal(&report, width, colour))?;
    }
    Ok(measured.exit)
}

/// Sets the two sides beside each other. What two equal sides differ by is no regression but a warning.
fn compared(args: &MeasureArgs, out: &Path, measured: Measured) -> Result<Exit, Failure> {
    measured.warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
    let report = diff::session(out, args.against_variant.is_some())?;
    let ended = diff::exit(&report);
    diff::show(&report, args.json)?;
    Ok(match (measured.exit, ended) {
        (Exit::Ok, Exit::FailedCells) if args.aa => Exit::Inconclusive,
        (Exit::Ok, ended) => ended,
        (failed, _) => failed,
    })
}

/// The adapter that the arguments name.
pub fn choose<'a>(adapters: &'a [Facts], sampling: &Sampling) -> Result<&'a Facts, Failure> {
    adapters::choose(adapters, sampling.device.as_deref()).map_err(Failure::bad_input)
}

/// Measures the cells of kernels with this program into a folder.
pub fn measure_all(
    adapter: &Facts,
    kernels: &[&'static Kernel],
    sampling: &Sampling,
    out: &Path,
    resume: bool,
) -> Result<Measured, Failure> {
    let plan = plan::plan(kernels, None, &adapter.capabilities(), sampling.suite())?;
    measure(adapter, vec![(own_program(sampling)?, plan)], sampling, out, resume)
}

fn own_program(sampling: &Sampling) -> Result<Program, Failure> {
    Program::own(sampling.timeout).map_err(|reason| Failure::new(Exit::FailedCells, reason))
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
    let target = Target { adapter, gl: sampling.gl, seed: sampling.seed, spec };
    let session = format!("{} {}", host::now_utc(), std::process::id());
    let folders = side::folders(out, programs.len());
    let mut sides = Vec::new();
    for ((program, plan), folder) in programs.into_iter().zip(&folders) {
        sides.push(Side::open(target, program, plan, folder, resume, &session)?);
    }
    let repeat = sampling.repeat;
    let mut visits = 0;
    for run in 0..repeat {
        for side in &sides {
            visits += side.todo(run)?.len();
        }
    }
    let bar = progress(visits as u64);
    let mut pace = Pace::new(start, sampling.budget, visits, repeat);
    let mut warnings = clock_warnings(&sides);
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
    Ok(Measured { rows, fresh, warnings, exit })
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

fn list(kernels: &[&'static Kernel], args: &MeasureArgs) -> Result<Exit, Failure> {
    let offered = match devices::list(args.sampling.gl, args.sampling.timeout)?.adapters.as_slice() {
        [] => {
            note("no adapter here; the list is that of a GPU with WebGPU's default limits");
            Capabilities::WEBGPU_DEFAULT
        }
        adapters => choose(adapters, &args.sampling)?.capabilities(),
    };
    let variant = |cell: &Planned| match cell.variant(&offered) {
        Ok(variant) => variant.name.to_owned(),
        Err(reason) => format!("skipped: {reason}"),
    };
    let cells = plan::plan(kernels, args.variant.as_deref(), &offered, args.sampling.suite())?;
    if args.json {
        let row = |cell: &Planned| {
            json!({"kernel": cell.kernel.name, "format": cell.op.format().name(), "shape": cell.op.shape(),
                "cache": cell.cache, "variant": variant(cell), "flops": cell.op.flops(), "bytes": cell.op.bytes()})
        };
        print_json(&cells.iter().map(row).collect::<Vec<_>>())?;
    } else {
        let line = |cell: &Planned| {
            format!(
                "{:<18}{:<6}{:<11}{:<5}{}\n",
                cell.kernel.name,
                cell.op.format(),
                variant(cell),
                cell.cache,
                cell.op.shape()
            )
        };
        print(&cells.iter().map(line).collect::<String>())?;
    }
    Ok(Exit::Ok)
}

fn progress(visits: u64) -> ProgressBar {
    let bar = ProgressBar::new(visits);
    // The template is a constant; a bar without it would still count.
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {wide_bar} {elapsed}  {msg}") {
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
