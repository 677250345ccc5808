//! `mtok tune`: tries the variants of every class of shapes on an adapter and keeps the fastest.

pub mod jobs;
pub mod kept;
pub mod tuner;

use std::borrow::Borrow;
use std::time::Instant;

use mtok::gpu::adapters::Facts;
use mtok::hardware;
use mtok::kernel::Kernel;
use mtok::report::tuning::{Row, text};
use mtok::tuning::{Class, Removed};

use self::jobs::{Job, jobs};
use self::kept::Kept;
use self::tuner::Tuner;
use super::adapters::{Joined, Shown, on_each};
use super::child::Program;
use super::measure::side::Target;
use super::measure::{plan, progress};
use super::output::{self, json_text, note};
use super::tables::Tables;
use super::{Exit, Failure, devices};
use crate::cli::TuneArgs;

/// What a pass over classes came to.
#[derive(Default)]
pub struct Pass {
    /// The classes that were decided.
    pub decided: Vec<Class>,
    /// Those in which no variant was right, and why.
    pub undecided: Vec<(Class, Vec<Removed>)>,
    /// How many were not tried, or not to the end.
    pub left: usize,
    /// Why the device does not open any more.
    pub gone: Option<String>,
}

/// Runs the verb.
pub fn run(args: &TuneArgs) -> Result<Exit, Failure> {
    let kernels = plan::kernels(&args.kernel)?;
    let adapters = devices::find(args.adapter.gl, args.adapter.timeout)?;
    let joined = if args.json { Joined::Json } else { Joined::Text };
    on_each(&adapters, &args.adapter, joined, |adapter| one(args, &kernels, adapter))
}

fn one(args: &TuneArgs, kernels: &[&'static Kernel], adapter: &Facts) -> Result<Shown, Failure> {
    let start = Instant::now();
    let gpus = Tables::open(None)?.gpus()?;
    let spec = hardware::match_adapter(&gpus, &adapter.name);
    let target = Target { adapter, gl: args.adapter.gl, seed: args.adapter.seed, spec };
    let mut kept = Kept::open(adapter);
    if args.forget {
        kept.forget(kernels);
    }
    let all = jobs(kernels, &adapter.capabilities(), args.suite.suite());
    let missing: Vec<&Job> = all.iter().filter(|job| kept.of(&job.class, &job.sources).is_none()).collect();
    let program =
        Program::own(args.adapter.timeout).map_err(|reason| Failure::new(Exit::FailedCells, reason))?;
    let pass = decide_all(&mut Tuner::new(target, program), &missing, &mut kept, start + args.budget);
    if let Some(reason) = &pass.gone {
        note(&format!("adapter {} does not open again: {reason}", adapter.line()));
    }
    if pass.left > 0 {
        note(&format!("{} of {} classes are left; the same command goes on with them", pass.left, all.len()));
    }
    let rows: Vec<Row> = all.iter().map(|job| row(job, &kept, &pass)).collect();
    let text = if args.json {
        json_text(&rows)?
    } else {
        let (width, colour) = output::terminal();
        text(&rows, width, colour)
    };
    let failed = pass.gone.is_some() || !pass.undecided.is_empty();
    Ok(Shown { exit: if failed { Exit::FailedCells } else { Exit::Ok }, text })
}

fn row(job: &Job, kept: &Kept, pass: &Pass) -> Row {
    match kept.of(&job.class, &job.sources) {
        Some(winner) => Row::of(winner.clone(), pass.decided.contains(&job.class)),
        None => {
            let undecided = pass.undecided.iter().find(|(class, _)| *class == job.class);
            let removed = undecided.map(|(_, removed)| removed.clone()).unwrap_or_default();
            Row::without_winner(job.class.clone(), removed)
        }
    }
}

/// Decides classes until the time is over; each is kept as soon as it is decided. The first one is always brought to its
/// end, and so is one that was begun: else calls with little time would never come to anything, however many.
pub fn decide_all(tuner: &mut Tuner<'_>, jobs: &[impl Borrow<Job>], kept: &mut Kept, end: Instant) -> Pass {
    let bar = progress(jobs.len() as u64);
    let mut pass = Pass { left: jobs.len(), ..Pass::default() };
    for job in jobs.iter().map(Borrow::borrow) {
        bar.set_message(format!("trying the variants of {}", job.op));
        if pass.left < jobs.len() && Instant::now() >= end {
            break;
        }
        match tuner.decide(job) {
            Ok(Ok(winner)) => {
                kept.put(winner);
                pass.decided.push(job.class.clone());
            }
            Ok(Err(removed)) => pass.undecided.push((job.class.clone(), removed)),
            Err(reason) => {
                pass.gone = Some(reason);
                break;
            }
        }
        pass.left -= 1;
        bar.inc(1);
    }
    bar.finish_and_clear();
    pass
}
