//! `mtok fleet submit`: the plan, the script, and one call of sbatch.

use std::fs;
use std::path::{Path, PathBuf};

use mtok::fleet::folders::{JOBS, LOGS, PLAN, SCRIPT, TASKS};
use mtok::fleet::follow::State;
use mtok::fleet::indices::written;
use mtok::fleet::plan::{Per, Plan, TASKS_MAX};
use mtok::fleet::sbatch::{self, ARRAY, Array, Program, Wanted, quoted};
use mtok::fleet::slurm;
use mtok::fleet::submitted::{SCHEMA_VERSION, Submitted};
use mtok::report::served::Versioned;
use mtok::text::{inert, slug};
use serde::Serialize;

use super::look::Looker;
use super::scheduler::{self, LIMIT};
use super::{jobs, small, watch};
use crate::cli::fleet::SubmitArgs;
use crate::cmd::files::write_atomic;
use crate::cmd::host::now_utc;
use crate::cmd::output::{note, print, print_json};
use crate::cmd::{Exit, Failure};

/// What JSON has of a submission.
#[derive(Serialize)]
struct Shown<'s> {
    plan: &'s str,
    tasks: u32,
    submitted: usize,
    jobs: &'s [Submitted],
}

/// What is to be submitted.
struct Order {
    folder: PathBuf,
    plan: Plan,
    wanted: Wanted,
    program: String,
    /// The tasks, ascending.
    tasks: Vec<u32>,
    at_once: Option<u32>,
    warnings: Vec<String>,
}

/// Runs the verb.
pub fn run(args: &SubmitArgs) -> Result<Exit, Failure> {
    let order = order(args)?;
    if order.tasks.is_empty() {
        note(&format!("{}: every task is done, queued or running: nothing to submit", args.dir.display()));
        shown(&order, &[], args)?;
        return followed(&order, args);
    }
    let arrays = arrays(&order)?;
    if args.dry_run {
        return dry(&order, &arrays);
    }
    prepare(&order, &arrays)?;
    let jobs = submit_all(&order, arrays)?;
    shown(&order, &jobs, args)?;
    followed(&order, args)
}

/// The options of `mtok measure` that all tasks share, before anything is submitted.
pub fn check(options: &[String]) -> Result<(), Failure> {
    if let Some(word) = options.iter().find(|word| word.chars().any(char::is_control)) {
        return Err(Failure::bad_input(format!("\"{}\" has a control character in it", inert(word))));
    }
    #[cfg(feature = "gpu")]
    crate::cli::fleet::measuring::parse(options).map_err(Failure::bad_input)?;
    Ok(())
}

fn order(args: &SubmitArgs) -> Result<Order, Failure> {
    check(&args.options)?;
    let folder = absolute(&args.dir)?;
    let there = small::plan(&folder)?;
    let per = args.per.or(there.as_ref().map(|plan| plan.per)).unwrap_or_default();
    let (count, gres) = count(args, per, there.as_ref())?;
    let options = match &there {
        Some(plan) if args.options.is_empty() => plan.options.clone(),
        _ => args.options.clone(),
    };
    let plan = Plan::new(count, per, options, super::TOOL, false, now_utc());
    let text = |path: &Path| utf8(path).map(str::to_owned);
    let wanted = Wanted {
        name: format!("mtok-{}", slug(&folder.file_name().unwrap_or_default().to_string_lossy())),
        logs: text(&folder.join(LOGS))?,
        partition: args.partition.clone(),
        constraint: args.constraint.clone(),
        gres,
        exclusive: args.exclusive || per == Per::Node,
        account: args.account.clone(),
        time: args.time.clone(),
        others: args.sbatch.clone(),
    };
    wanted.options().map_err(|what| Failure::bad_input(complaint(&folder, &what)))?;
    let program = match &args.program {
        Some(path) => absolute(path)?,
        None => std::env::current_exe().map_err(|error| {
            Failure::bad_input(format!("this program cannot be found: {error}; name it with --program"))
        })?,
    };
    let program = text(&program)?;
    let (plan, tasks, mut warnings) = remaining(&folder, plan, there)?;
    if cfg!(not(feature = "gpu")) && args.program.is_none() {
        warnings.push(
            "this mtok was built without the feature gpu and cannot measure; --program names one that can"
                .into(),
        );
    }
    Ok(Order { folder, plan, wanted, program, tasks, at_once: args.at_once, warnings })
}

/// Where the folder is what is wrong, it is named.
fn complaint(folder: &Path, what: &str) -> String {
    if what.starts_with("has ") { format!("{}: {what}", folder.display()) } else { what.to_owned() }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::bad_input(format!("{}: {error}", path.display())))
}

fn utf8(path: &Path) -> Result<&str, Failure> {
    path.to_str()
        .ok_or_else(|| Failure::bad_input(format!("{}: is not UTF-8, which scripts are", path.display())))
}

/// How many tasks, and the resources of each.
fn count(args: &SubmitArgs, per: Per, there: Option<&Plan>) -> Result<(u32, Option<String>), Failure> {
    let (count, gres) = match (args.tasks.or(args.nodes.filter(|_| per == Per::Node)), args.nodes) {
        (Some(count), _) => (Some(count), args.gres.clone()),
        (None, Some(nodes)) => {
            let gres = args.gres.as_deref().unwrap_or_default();
            let (gpus, one) = sbatch::one_of(gres).map_err(Failure::bad_input)?;
            (nodes.checked_mul(gpus), Some(one))
        }
        (None, None) => match there {
            Some(plan) => (Some(plan.tasks), args.gres.clone()),
            None => return Err(Failure::bad_input("how many tasks? --tasks N says it, or --nodes N")),
        },
    };
    match count {
        Some(count) if (1..=TASKS_MAX).contains(&count) => Ok((count, gres)),
        _ => Err(Failure::bad_input(format!("a fleet has 1 to {TASKS_MAX} tasks"))),
    }
}

/// The plan that counts, and its tasks that are neither done nor in the queue.
fn remaining(
    folder: &Path,
    plan: Plan,
    there: Option<Plan>,
) -> Result<(Plan, Vec<u32>, Vec<String>), Failure> {
    let all = (0..plan.tasks).collect();
    let Some(there) = there else { return Ok((plan, all, Vec::new())) };
    let is_begun =
        folder.join(TASKS).exists() || fs::read_dir(folder.join(JOBS)).is_ok_and(|jobs| jobs.count() > 0);
    match is_begun {
        // Nothing rests on it yet: a call that Slurm refused may be put right.
        false => Ok((plan, all, Vec::new())),
        true if there.id != plan.id => Err(Failure::bad_input(format!(
            "{}: is another plan: {}; choose another folder, or give what it was given",
            folder.join(PLAN).display(),
            difference(&there, &plan),
        ))),
        true => {
            let seen = Looker::new(folder, there.clone()).look()?;
            if let Some(Failure { exit, message }) = seen.silence {
                let what =
                    format!("{}: which of its tasks are queued is not known: {message}", folder.display());
                return Err(Failure::new(exit, what));
            }
            let waits = |state: State| matches!(state, State::Done | State::Queued | State::Running);
            let open = seen.rows.iter().filter(|row| !waits(row.state)).map(|row| row.task).collect();
            Ok((there, open, seen.warnings))
        }
    }
}

/// What distinguishes two plans.
fn difference(there: &Plan, new: &Plan) -> String {
    let words =
        |plan: &Plan| inert(&plan.options.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
    let tool = |plan: &Plan| format!("{} {}", plan.tool_version, plan.tool_commit);
    let facts = [
        ("tasks", there.tasks.to_string(), new.tasks.to_string()),
        ("per", there.per.to_string(), new.per.to_string()),
        ("options", words(there), words(new)),
        ("mtok", tool(there), tool(new)),
        ("simulated", there.simulated.to_string(), new.simulated.to_string()),
    ];
    let differ = facts.iter().filter(|(_, there, new)| there != new);
    differ.map(|(name, there, new)| format!("{name} {there}, not {new}")).collect::<Vec<_>>().join("; ")
}

/// The arrays that the tasks need. What Slurm takes at most is asked above a thousand tasks only.
fn arrays(order: &Order) -> Result<Vec<Array>, Failure> {
    let is_large = order.tasks.last().is_some_and(|last| *last >= ARRAY);
    let size = if is_large { max_array_size()? } else { ARRAY };
    sbatch::arrays(&order.tasks, size, order.at_once).map_err(Failure::bad_input)
}

fn max_array_size() -> Result<u32, Failure> {
    let text = scheduler::ask("scontrol", &["show", "config"].map(str::to_owned), LIMIT)?;
    // Slurm's own default is 1,001.
    Ok(slurm::max_array_size(&text).unwrap_or(ARRAY))
}

fn script(order: &Order, array: &Array) -> Result<String, Failure> {
    let program = Program { path: &order.program, folder: utf8(&order.folder)?, plan: &order.plan.id };
    sbatch::script(&order.wanted, array, program).map_err(Failure::bad_input)
}

/// The words that submit an array, `sbatch` first.
fn command(order: &Order, array: &Array) -> Result<Vec<String>, Failure> {
    let script = order.folder.join(SCRIPT);
    let words = sbatch::call(&order.wanted, array, utf8(&script)?).map_err(Failure::bad_input)?;
    Ok(std::iter::once("sbatch".to_owned()).chain(words).collect())
}

/// Prints the script, and on stderr what would be called.
fn dry(order: &Order, arrays: &[Array]) -> Result<Exit, Failure> {
    if let Some(first) = arrays.first() {
        print(&script(order, first)?)?;
    }
    for array in arrays {
        let words: Vec<String> = command(order, array)?.iter().map(|word| quoted(word)).collect();
        note(&format!("would call: {}", words.join(" ")));
    }
    Ok(Exit::Ok)
}

/// Writes all that tasks need before the first of them can start.
fn prepare(order: &Order, arrays: &[Array]) -> Result<(), Failure> {
    let Order { folder, plan, .. } = order;
    for name in [LOGS, JOBS] {
        let path = folder.join(name);
        fs::create_dir_all(&path).map_err(|error| Failure::cannot_write(&path, error))?;
    }
    // A plan that is there already is the same one.
    if small::plan(folder)?.is_none_or(|there| there.id != plan.id) {
        write_atomic(&folder.join(PLAN), plan.json().as_bytes())?;
    }
    match arrays.first() {
        Some(first) => write_atomic(&folder.join(SCRIPT), script(order, first)?.as_bytes()),
        None => Ok(()),
    }
}

/// Submits the arrays. An array that is larger than this Slurm takes is made smaller, once.
fn submit_all(order: &Order, arrays: Vec<Array>) -> Result<Vec<Submitted>, Failure> {
    match submit_each(order, &arrays) {
        Err(failure) if arrays.len() == 1 && slurm::is_too_large(&failure.message) => {
            let size = max_array_size()?;
            let smaller = sbatch::arrays(&order.tasks, size, order.at_once).map_err(Failure::bad_input)?;
            if smaller == arrays {
                return Err(failure);
            }
            prepare(order, &smaller)?;
            submit_each(order, &smaller)
        }
        submitted => submitted,
    }
}

fn submit_each(order: &Order, arrays: &[Array]) -> Result<Vec<Submitted>, Failure> {
    let mut jobs: Vec<Submitted> = Vec::new();
    for array in arrays {
        match submit(order, array) {
            Ok(job) => jobs.push(job),
            Err(failure) if jobs.is_empty() => return Err(failure),
            Err(Failure { exit, message }) => {
                let (there, of) = (jobs.len(), arrays.len());
                let what = format!(
                    "{message}; {there} of {of} arrays were submitted before: the same call again submits the rest"
                );
                return Err(Failure::new(exit, what));
            }
        }
    }
    Ok(jobs)
}

fn submit(order: &Order, array: &Array) -> Result<Submitted, Failure> {
    let command = command(order, array)?;
    let words = command.get(1..).unwrap_or_default();
    let answer =
        scheduler::ask("sbatch", words, LIMIT).map_err(|failure| doubtful(failure, &order.wanted.name))?;
    let (job, cluster) = slurm::accepted(&answer).map_err(Failure::bad_input)?;
    let submitted = Submitted {
        schema_version: SCHEMA_VERSION,
        plan: order.plan.id.clone(),
        job,
        name: order.wanted.name.clone(),
        cluster,
        offset: array.offset,
        indices: written(&array.indices),
        submitted_utc: now_utc(),
        command,
    };
    jobs::write(&order.folder, &submitted.file(), &submitted.json()).map_err(
        |Failure { exit, message }| {
            let job = &submitted.job;
            Failure::new(
                exit,
                format!("{message}; Slurm has taken job {job} all the same: `scancel {job}` ends it"),
            )
        },
    )?;
    Ok(submitted)
}

/// A call that gave no answer may have been heard all the same.
fn doubtful(failure: Failure, name: &str) -> Failure {
    match failure.message.contains(scheduler::NO_ANSWER) {
        true => Failure {
            message: format!("{}; whether it has the job: `squeue --name {name}`", failure.message),
            ..failure
        },
        false => failure,
    }
}

fn shown(order: &Order, jobs: &[Submitted], args: &SubmitArgs) -> Result<(), Failure> {
    let submitted = if jobs.is_empty() { 0 } else { order.tasks.len() };
    if args.json {
        let shown = Shown { plan: &order.plan.id, tasks: order.plan.tasks, submitted, jobs };
        return print_json(&Versioned::new(shown, &order.warnings));
    }
    order.warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
    if jobs.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = jobs.iter().map(|job| job.job.as_str()).collect();
    let noun = if jobs.len() == 1 { "job" } else { "jobs" };
    print(&format!("submitted {submitted} of {} tasks as {noun} {}\n", order.plan.tasks, names.join(", ")))?;
    if args.watch.is_none() {
        note(&format!("`mtok fleet status {}` follows them", quoted(&args.dir.to_string_lossy())));
    }
    Ok(())
}

fn followed(order: &Order, args: &SubmitArgs) -> Result<Exit, Failure> {
    match args.watch {
        Some(pause_s) => watch::watch(&mut Looker::new(&order.folder, order.plan.clone()), pause_s, false),
        None => Ok(Exit::Ok),
    }
}
