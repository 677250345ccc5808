//! `mtok fleet cancel`: one call of scancel for all that has not ended.

use std::collections::{BTreeMap, BTreeSet};

use mtok::fleet::folders::TASKS;
use mtok::fleet::follow::{Row, State};
use mtok::fleet::indices;
use mtok::fleet::submitted::{Cancelled, SCHEMA_VERSION, Submitted};
use mtok::report::served::Versioned;
use serde::Serialize;

use super::look::{Looker, Seen};
use super::scheduler::{self, LIMIT};
use super::{jobs, small};
use crate::cli::fleet::CancelArgs;
use crate::cmd::host::now_utc;
use crate::cmd::output::{note, print, print_json};
use crate::cmd::{Exit, Failure};

/// What JSON has of what was cancelled.
#[derive(Serialize)]
struct Shown<'s> {
    plan: &'s str,
    queued: &'s [u32],
    running: &'s [u32],
}

/// Runs the verb.
pub fn run(args: &CancelArgs) -> Result<Exit, Failure> {
    let plan = small::planned(&args.dir)?;
    let only = args.tasks.as_deref().map(|text| indices::read(text, plan.tasks)).transpose();
    let only = only.map_err(|what| Failure::bad_input(format!("--tasks: {what}")))?;
    let mut looker = Looker::new(&args.dir, plan);
    let seen = looker.look()?;
    if let Some(Failure { exit, message }) = seen.silence {
        return Err(Failure::new(exit, format!("{}: nothing is cancelled: {message}", args.dir.display())));
    }
    if seen.slurm.is_none() {
        note(&format!("{}: nothing of it was submitted to Slurm by mtok", args.dir.display()));
    }
    let wanted = |row: &&Row| {
        let state = row.state == State::Queued || row.state == State::Running && !args.queued;
        state && only.as_ref().is_none_or(|only| only.binary_search(&row.task).is_ok())
    };
    let rows: Vec<&Row> = seen.rows.iter().filter(wanted).collect();
    let places = by_job(&rows);
    if !places.is_empty() {
        cancel(&seen, &places)?;
        record(args, &seen, &places, &looker.plan.id)?;
    }
    let of = |state| rows.iter().filter(|row| row.state == state).map(|row| row.task).collect::<Vec<u32>>();
    say(args, &looker.plan.id, &of(State::Queued), &of(State::Running), &seen.warnings)
}

fn say(
    args: &CancelArgs,
    plan: &str,
    queued: &[u32],
    running: &[u32],
    warnings: &[String],
) -> Result<Exit, Failure> {
    if args.json {
        print_json(&Versioned::new(Shown { plan, queued, running }, warnings))?;
        return Ok(Exit::Ok);
    }
    let what = [(queued, "queued"), (running, "running")].map(|(tasks, word)| match tasks {
        [] => None,
        tasks => Some(format!("{} {word} ({TASKS} {})", tasks.len(), indices::written(tasks))),
    });
    let what: Vec<String> = what.into_iter().flatten().collect();
    match what.is_empty() {
        true => print("nothing to cancel: no such task is queued or running\n")?,
        false => print(&format!("cancelled {}\n", what.join(" and ")))?,
    }
    Ok(Exit::Ok)
}

/// The indices of each job.
fn by_job(rows: &[&Row]) -> BTreeMap<String, BTreeSet<u32>> {
    let mut places: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for (job, index) in rows.iter().filter_map(|row| row.job.split_once('_')) {
        places.entry(job.to_owned()).or_default().extend(index.parse::<u32>());
    }
    places
}

/// One call per cluster, and as a rule there is one cluster. A job of which everything goes is named by its number alone. Slurm
/// 22.05 has an option that takes waiting jobs only, `--state`, which takes all that wait of an array where some are named.
fn cancel(seen: &Seen, places: &BTreeMap<String, BTreeSet<u32>>) -> Result<(), Failure> {
    let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (job, indices) in places {
        let of = seen.jobs.iter().rev().find(|it| it.job == *job);
        let all = of
            .and_then(|of| of.list().ok())
            .is_some_and(|all| all.iter().all(|index| indices.contains(index)));
        let indices: Vec<u32> = indices.iter().copied().collect();
        let word = if all { job.clone() } else { format!("{job}_[{}]", indices::written(&indices)) };
        clusters.entry(of.map_or("", |of| of.cluster.as_str())).or_default().push(word);
    }
    for (cluster, jobs) in clusters {
        let mut words: Vec<String> = Vec::new();
        words.extend((!cluster.is_empty()).then(|| format!("--clusters={cluster}")));
        words.extend(jobs);
        scheduler::ask("scancel", &words, LIMIT)?;
    }
    Ok(())
}

/// Records what was cancelled: the queue forgets it within minutes, and then it would look lost.
fn record(
    args: &CancelArgs,
    seen: &Seen,
    places: &BTreeMap<String, BTreeSet<u32>>,
    plan: &str,
) -> Result<(), Failure> {
    let ours = |job: &&Submitted| places.contains_key(&job.job);
    for job in seen.jobs.iter().filter(ours) {
        let mut all: BTreeSet<u32> = jobs::cancelled_of(&args.dir, job).into_iter().collect();
        all.extend(places.get(&job.job).into_iter().flatten());
        let all: Vec<u32> = all.into_iter().collect();
        let cancelled = Cancelled {
            schema_version: SCHEMA_VERSION,
            plan: plan.to_owned(),
            job: job.job.clone(),
            indices: indices::written(&all),
            cancelled_utc: now_utc(),
        };
        jobs::write(&args.dir, &job.cancelled_file(), &cancelled.json())?;
    }
    Ok(())
}
