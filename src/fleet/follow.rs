//! Where every task of a fleet stands, from its folder and from what the scheduler says.
//!
//! The scheduler has to be asked before the folders are read: a task writes its status before it leaves the queue, so that one
//! that has left it without a status is lost, and not merely faster than the reader.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::record::{Begun, Ended, Status};
use super::slurm::{Entry, Place, Queue, Stage};
use crate::named::named;

/// Where a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// There is nothing of it, and nothing is known of a scheduler that has it.
    #[default]
    Missing,
    /// Other tasks of the fleet were submitted, this one was not.
    NotSubmitted,
    /// The scheduler has it and has not started it, or is about to start it again.
    Queued,
    /// It runs, as the scheduler says.
    Running,
    /// It began and has not ended; no scheduler says whether it still runs.
    Begun,
    /// It ended, and all was well.
    Done,
    /// It ended, and not all was well.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// The scheduler has it no longer, and it has not said how it ended.
    Lost,
}

named!(State {
    Missing = "missing",
    NotSubmitted = "not-submitted",
    Queued = "queued",
    Running = "running",
    Begun = "begun",
    Done = "done",
    Failed = "failed",
    Cancelled = "cancelled",
    Lost = "lost",
});

impl State {
    /// Whether something is still to come of it by itself.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Begun)
    }
}

/// What the folder of a task says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folder {
    /// Who works on it.
    pub begun: Option<Begun>,
    /// How it ended.
    pub status: Option<Status>,
    /// When a file of it was last written, UTC, RFC 3339; empty where that is not known.
    pub alive_utc: String,
}

/// What a scheduler says of the jobs of a fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduler {
    /// The places of each task, the newest last.
    pub places: BTreeMap<u32, Vec<Place>>,
    /// Its queue, the jobs of others left out.
    pub queue: Queue,
    /// How tasks ended that the queue has forgotten.
    pub history: BTreeMap<Place, String>,
    /// Places that were cancelled by `mtok fleet cancel`.
    pub cancelled: BTreeSet<Place>,
    /// Whether it could be asked; without it the folders alone say what is known.
    pub asked: bool,
}

/// A task as people see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number.
    pub task: u32,
    /// Where it stands.
    pub state: State,
    /// Its node; empty before it has one.
    pub node: String,
    /// The scheduler's name for it, such as `12_3`.
    pub job: String,
    /// How often it was begun; `None` where it never was.
    pub attempts: Option<u32>,
    /// When the last attempt began, UTC, RFC 3339.
    pub begun_utc: String,
    /// When a file of it was last written; of a task that has not ended only.
    pub alive_utc: String,
    /// When it ended.
    pub ended_utc: String,
    /// Its exit code.
    pub exit: Option<u8>,
    /// Why it waits, failed or is lost.
    pub reason: String,
}

/// Tasks by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// See [`State::Missing`].
    pub missing: u32,
    /// See [`State::NotSubmitted`].
    pub not_submitted: u32,
    /// See [`State::Queued`].
    pub queued: u32,
    /// See [`State::Running`].
    pub running: u32,
    /// See [`State::Begun`].
    pub begun: u32,
    /// See [`State::Done`].
    pub done: u32,
    /// See [`State::Failed`].
    pub failed: u32,
    /// See [`State::Cancelled`].
    pub cancelled: u32,
    /// See [`State::Lost`].
    pub lost: u32,
}

impl Counts {
    /// Of rows.
    pub fn of(rows: &[Row]) -> Self {
        let mut counts = Self::default();
        for row in rows {
            *match row.state {
                State::Missing => &mut counts.missing,
                State::NotSubmitted => &mut counts.not_submitted,
                State::Queued => &mut counts.queued,
                State::Running => &mut counts.running,
                State::Begun => &mut counts.begun,
                State::Done => &mut counts.done,
                State::Failed => &mut counts.failed,
                State::Cancelled => &mut counts.cancelled,
                State::Lost => &mut counts.lost,
            } += 1;
        }
        counts
    }

    /// Those that are over.
    pub fn over(&self) -> u32 {
        self.done + self.failed + self.cancelled + self.lost
    }

    /// The counts in words, those of 0 left out.
    pub fn words(&self) -> String {
        let named = [
            (self.done, "done"),
            (self.failed, "failed"),
            (self.lost, "lost"),
            (self.cancelled, "cancelled"),
            (self.running, "running"),
            (self.begun, "begun"),
            (self.queued, "queued"),
            (self.not_submitted, "not submitted"),
            (self.missing, "missing"),
        ];
        let some =
            named.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
        some.collect::<Vec<_>>().join(", ")
    }
}

/// A row per task of the plan.
pub fn follow(tasks: u32, folders: &BTreeMap<u32, Folder>, scheduler: &Scheduler) -> Vec<Row> {
    let nothing = Folder::default();
    (0..tasks).map(|task| row(task, folders.get(&task).unwrap_or(&nothing), scheduler)).collect()
}

fn row(task: u32, folder: &Folder, scheduler: &Scheduler) -> Row {
    let status = folder.status.as_ref();
    let begun = folder.begun.as_ref().or(status.map(|status| &status.begun));
    // An attempt that began after the last one ended has no status yet.
    let again =
        status.zip(folder.begun.as_ref()).is_some_and(|(status, begun)| begun.attempt > status.begun.attempt);
    let ended = status.filter(|status| !again || status.ended == Ended::Done);
    let mut row = Row {
        task,
        node: begun.map(|begun| begun.node.clone()).unwrap_or_default(),
        job: begun.map(job_of).unwrap_or_default(),
        attempts: begun.map(|begun| begun.attempt),
        begun_utc: begun.map(|begun| begun.begun_utc.clone()).unwrap_or_default(),
        ..Row::default()
    };
    if let Some(status) = ended.filter(|status| status.ended == Ended::Done) {
        return over(row, State::Done, status);
    }
    let places = scheduler.places.get(&task).map(Vec::as_slice).unwrap_or_default();
    if let Some((place, entry)) = active(places, scheduler) {
        let state = if entry.stage == Stage::Queued { State::Queued } else { State::Running };
        let node = if entry.node.is_empty() { row.node } else { entry.node.clone() };
        // What an attempt before left behind is no sign of life of one that waits.
        let alive_utc = if state == State::Running { folder.alive_utc.clone() } else { String::new() };
        return Row { state, node, job: name(place), alive_utc, reason: entry.reason.clone(), ..row };
    }
    if let Some(status) = ended {
        return over(row, State::Failed, status);
    }
    row.alive_utc.clone_from(&folder.alive_utc);
    if let Some(place) = places.last() {
        row.job = name(place);
    }
    let (state, reason) = without_end(begun.is_some(), places, scheduler);
    Row { state, reason, ..row }
}

fn over(row: Row, state: State, status: &Status) -> Row {
    let (ended_utc, reason) = (status.ended_utc.clone(), status.reason.clone());
    let Begun { node, attempt, begun_utc, .. } = status.begun.clone();
    let job = job_of(&status.begun);
    Row {
        state,
        node,
        attempts: Some(attempt),
        begun_utc,
        job,
        ended_utc,
        exit: Some(status.exit),
        reason,
        ..row
    }
}

/// The newest place that is queued or runs.
fn active<'p>(places: &'p [Place], scheduler: &'p Scheduler) -> Option<(&'p Place, &'p Entry)> {
    let entries = places.iter().rev().filter_map(|place| Some((place, scheduler.queue.tasks.get(place)?)));
    entries.into_iter().find(|(_, entry)| entry.stage != Stage::Over)
}

/// What to call a task that is not in the queue and has not said how it ended.
fn without_end(has_begun: bool, places: &[Place], scheduler: &Scheduler) -> (State, String) {
    let lost = |how: String| {
        (State::Lost, format!("{how}; it {}", if has_begun { "wrote no status" } else { "never began" }))
    };
    match places.last() {
        None if has_begun => (State::Begun, String::new()),
        None if scheduler.places.is_empty() => (State::Missing, String::new()),
        None => (State::NotSubmitted, String::new()),
        Some(place) if scheduler.cancelled.contains(place) => (State::Cancelled, String::new()),
        Some(_) if !scheduler.asked && has_begun => (State::Begun, String::new()),
        Some(_) if !scheduler.asked => {
            (State::Missing, "was submitted; Slurm cannot be asked about it here".into())
        }
        Some(place) => {
            let Queue { tasks, rest } = &scheduler.queue;
            let entry = tasks.get(place).or(rest.get(&place.0));
            let word = entry.map(|entry| entry.word.as_str());
            match word.or(scheduler.history.get(place).map(String::as_str)) {
                Some(how) if how.starts_with("cancelled") => (State::Cancelled, String::new()),
                Some(how) => {
                    let why = entry.map(|it| it.reason.as_str()).filter(|it| !it.is_empty());
                    lost(format!(
                        "Slurm says {how}{}",
                        why.map(|why| format!(" ({why})")).unwrap_or_default()
                    ))
                }
                None => lost("is not in the queue any more".into()),
            }
        }
    }
}

/// The name that a person gives to Slurm.
fn name((job, index): &Place) -> String {
    format!("{job}_{index}")
}

fn job_of(begun: &Begun) -> String {
    match begun.job.array_index {
        Some(index) if !begun.job.id.is_empty() => format!("{}_{index}", begun.job.id),
        _ => begun.job.id.clone(),
    }
}

/// The seconds that the open tasks take at the pace of those that ended while somebody watched; `None` before one has.
pub fn remaining_s(ended: u32, open: u32, elapsed_s: f64) -> Option<f64> {
    (ended > 0 && elapsed_s > 0.0).then(|| f64::from(open) * elapsed_s / f64::from(ended))
}

/// What changed between two looks at the same fleet, a line per task.
pub fn changes(before: &[Row], now: &[Row]) -> Vec<String> {
    let line = |(before, now): (&Row, &Row)| {
        let node = if now.node.is_empty() { String::new() } else { format!(" on {}", now.node) };
        let why = if now.reason.is_empty() { String::new() } else { format!(": {}", now.reason) };
        let changed = before.state != now.state || before.attempts != now.attempts;
        changed.then(|| format!("task {}: {} -> {}{node}{why}", now.task, before.state, now.state))
    };
    before.iter().zip(now).filter_map(line).collect()
}

#[cfg(test)]
mod tests;
