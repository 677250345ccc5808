//! `mtok fleet task`: measures one task of a fleet here, whatever started it.

mod attempt;
mod cards;
mod plan;

use std::path::Path;

use mtok::fleet::folders;
use mtok::fleet::launcher;
use mtok::fleet::plan::{Per, Plan};
use mtok::fleet::record::{Begun, SCHEMA_VERSION, Status};
use mtok::kernel::Kernel;
use mtok::measurement::{Measurement, Outcome};
use mtok::text::inert;

use self::attempt::{Attempt, Start};
use self::cards::Chosen;
use super::TOOL;
use crate::cli::fleet::measuring::{self, Measuring};
use crate::cli::fleet::{TaskArgs, task::AUTO};
use crate::cmd::measure::{self, Cells};
use crate::cmd::output::{complain, note, print};
use crate::cmd::{Exit, Failure, host};

/// Runs the verb.
pub fn run(args: &TaskArgs) -> Result<Exit, Failure> {
    let variables = |name: &str| std::env::var(name).ok();
    // Bad words are told before anything is written.
    measuring::parse(&args.measuring).map_err(Failure::bad_input)?;
    check_gpu(args, args.per)?;
    let index = match args.index {
        Some(index) => index,
        None => launcher::index(&variables).map_err(|why| Failure::bad_input(inert(&why)))?,
    };
    let node = node(args, launcher::node(&variables))?;
    let plan = plan::of(args, index)?;
    let measuring = measuring::parse(&plan.options).map_err(|why| {
        Failure::bad_input(format!("{}: {why}", args.fleet().join(folders::PLAN).display()))
    })?;
    let begun = Begun {
        schema_version: SCHEMA_VERSION,
        plan: plan.id.clone(),
        index,
        of: plan.tasks,
        node,
        job: launcher::job(&variables),
        tool_version: TOOL.0.to_owned(),
        tool_commit: TOOL.1.to_owned(),
        begun_utc: host::now_utc(),
        ..Begun::default()
    };
    let name = format!("task {index} of {}", plan.tasks);
    let mut attempt = match Attempt::begin(args.fleet(), begun)? {
        Start::Done(status) => {
            print(&already(&name, &status))?;
            return Ok(Exit::Ok);
        }
        Start::Begun(attempt) => attempt,
    };
    let ended = measured(args, &plan, &measuring, &mut attempt, &name);
    let (exit, reason) = match &ended {
        Ok(Ended { exit, reason }) => (*exit, reason.clone()),
        Err(failure) => (failure.exit, failure.message.clone()),
    };
    let written = attempt.end(exit, reason);
    // What ended the measuring says more than that its record cannot be written either.
    let Ended { exit, reason } = ended?;
    let counts = written?;
    if counts {
        print(&match exit {
            Exit::Ok => format!("{name}: done\n"),
            _ => format!("{name}: failed: {}\n", inert(&reason)),
        })?;
    }
    Ok(exit)
}

fn already(name: &str, status: &Status) -> String {
    format!("{name}: done already, on {} at {}\n", inert(&status.begun.node), inert(&status.ended_utc))
}

/// The name of the node. It keeps rows of different nodes apart, so there is no default for it.
fn node(args: &TaskArgs, said: Option<String>) -> Result<String, Failure> {
    let node = args.node.clone().or(said).or_else(host::name).unwrap_or_default();
    match node.trim() {
        "" => Err(Failure::bad_input("this machine's name is unknown; give --node")),
        node => Ok(node.to_owned()),
    }
}

fn check_gpu(args: &TaskArgs, per: Option<Per>) -> Result<(), Failure> {
    if per == Some(Per::Node) && args.gpu != AUTO {
        return Err(Failure::bad_input("--per node measures every GPU of the node: it goes without --gpu"));
    }
    Ok(())
}

/// What the measuring came to.
struct Ended {
    exit: Exit,
    /// Why it failed; else empty.
    reason: String,
}

/// Measures what the plan asks of the task.
fn measured(
    args: &TaskArgs,
    plan: &Plan,
    measuring: &Measuring,
    attempt: &mut Attempt,
    name: &str,
) -> Result<Ended, Failure> {
    plan::check_version(plan)?;
    check_gpu(args, Some(plan.per))?;
    let chosen = cards::of(&args.gpu, plan.per, measuring, &attempt.begun.node)?;
    attempt.found(chosen.iter().map(|chosen| chosen.card.clone()).collect())?;
    let mut worst = Ended { exit: Exit::Ok, reason: String::new() };
    for Chosen { adapter, card } in &chosen {
        let out = attempt.folder.join(&card.place);
        note(&format!("{name}: measuring {} into {}", adapter.line(), out.display()));
        let ended = attempt.check_place(card).and_then(|()| one(adapter, measuring, &out));
        let ended = match ended {
            // What ends one device does not stop the others.
            Err(failure) if chosen.len() > 1 => {
                complain(&failure.message);
                Ended { exit: failure.exit, reason: failure.message }
            }
            ended => ended?,
        };
        worst.exit = worst.exit.worse(ended.exit);
        if !ended.reason.is_empty() {
            let place = if chosen.len() > 1 { format!("{}: ", card.place) } else { String::new() };
            let before = if worst.reason.is_empty() { "" } else { "; " };
            worst.reason += &format!("{before}{place}{}", ended.reason);
        }
    }
    Ok(worst)
}

/// Measures one device into its folder, or goes on with it.
fn one(adapter: &mtok::gpu::adapters::Facts, measuring: &Measuring, out: &Path) -> Result<Ended, Failure> {
    let kernels: Vec<&'static Kernel> = measure::plan::kernels(&measuring.kernel)?;
    let cells = Cells { kernels: &kernels, variant: None, peaks: !measuring.no_peaks };
    let measured = measure::measure_cells(adapter, cells, &measuring.sampling(), out, true)?;
    measured.warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
    note(&format!("{} rows, {} of them measured now", measured.rows.len(), measured.fresh));
    Ok(Ended { exit: measured.exit, reason: faults(&measured.rows) })
}

/// What is wrong with rows, in a sentence; empty where nothing is.
fn faults(rows: &[Measurement]) -> String {
    let told = |what: &str, is: fn(&Outcome) -> bool| {
        let of: Vec<&Measurement> = rows.iter().filter(|row| is(&row.outcome)).collect();
        let first = of.first()?;
        let (count, all) = (of.len(), rows.len());
        let (cell, run, reason) = (first.cell(), first.run, first.outcome.reason());
        Some(format!("{count} of {all} rows {what}, such as {cell}, run {run}: {reason}"))
    };
    let wrong = told("are wrong", |outcome| matches!(outcome, Outcome::Wrong(..)));
    let failed = told("failed", |outcome| matches!(outcome, Outcome::Failed(_)));
    [wrong, failed].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
