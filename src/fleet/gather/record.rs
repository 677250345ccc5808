//! What a task says of itself: `begun.json` and `status.json` together.

use super::Found;
use super::times::seconds;
use crate::fleet::collected::{Aside, State, Task, Why};
use crate::fleet::folders::{BEGUN, STATUS, TASKS, task as folder};
use crate::fleet::plan::Plan;
use crate::fleet::record::{Begun, Ended, Status};
use crate::table::quote;

/// What a task says of itself.
#[derive(Debug, Default)]
pub struct Records {
    /// The last attempt, where anything is known of it.
    pub last: Option<Begun>,
    /// How the last attempt that ended did.
    pub status: Option<Status>,
    /// Why nothing in the folder counts.
    pub other: Option<(Why, String)>,
    /// Whether there is a file that is to be a record.
    pub any: bool,
}

/// Reads both records of a task of the plan; what is wrong with either goes to `aside`.
pub fn read(plan: &Plan, index: u32, begun: Found, status: Found, aside: &mut Vec<Aside>) -> Records {
    let any = [&begun, &status].iter().any(|found| **found != Found::Absent);
    let mut unreadable = |name: &str, what: String| aside.push(at(&format!("{}/{name}", path(index)), what));
    let begun = parse(begun, Begun::read).unwrap_or_else(|what| {
        unreadable(BEGUN, what);
        None
    });
    let status = parse(status, Status::read).unwrap_or_else(|what| {
        unreadable(STATUS, what);
        None
    });
    let both = [begun.as_ref(), status.as_ref().map(|status| &status.begun)];
    let other = both.into_iter().flatten().find_map(|record| other(plan, index, record));
    let newest = |status: &Status| begun.as_ref().is_none_or(|begun| status.begun.attempt >= begun.attempt);
    let last = match &status {
        Some(status) if newest(status) => Some(status.begun.clone()),
        _ => begun,
    };
    Records { last, status, other, any }
}

/// Both records read for what they say of plan and task only.
pub fn glance(begun: Found, status: Found) -> Option<Begun> {
    let begun = parse(begun, Begun::read).ok().flatten();
    begun.or_else(|| Some(parse(status, Status::read).ok()??.begun))
}

fn parse<T>(found: Found, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match found {
        Found::Absent => Ok(None),
        Found::Unreadable(what) => Err(what),
        Found::Bytes(bytes) => {
            let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
            read(&text).map(Some)
        }
    }
}

/// Why a folder with this record is none of the task.
fn other(plan: &Plan, index: u32, record: &Begun) -> Option<(Why, String)> {
    if record.plan != plan.id {
        Some((Why::OtherPlan, of_other_plan(plan, record)))
    } else if record.index != index {
        Some((Why::Duplicate, format!("its record is of task {}", record.index)))
    } else {
        None
    }
}

pub fn of_other_plan(plan: &Plan, record: &Begun) -> String {
    format!("is of plan {}, this fleet is plan {}", quote(&record.plan), quote(&plan.id))
}

/// The folder of a task, below that of the fleet.
pub fn path(index: u32) -> String {
    format!("{TASKS}/{}", folder(index))
}

/// A file that cannot be read: where its parser says a place, that becomes part of the path.
fn at(path: &str, what: String) -> Aside {
    let place = what.rsplit_once(" at line ").and_then(|(before, place)| {
        let (line, column) = place.split_once(" column ")?;
        Some((before.to_owned(), line.parse::<u64>().ok()?, column.parse::<u64>().ok()?))
    });
    let (path, what) = match place {
        Some((before, line, column)) => (format!("{path}:{line}:{column}"), before),
        None => (path.to_owned(), what),
    };
    Aside { path, why: Why::Unreadable, what, rows: 0 }
}

impl Records {
    /// Whether a place is that of a device of the last attempt.
    pub fn is_of_last(&self, place: &str) -> bool {
        self.last.as_ref().is_some_and(|last| last.cards.iter().any(|card| card.place == place))
    }

    /// The status of the last attempt; one of an attempt before it says nothing of this one.
    pub fn ended(&self) -> Option<&Status> {
        let last = self.last.as_ref()?;
        self.status.as_ref().filter(|status| status.begun.attempt >= last.attempt)
    }

    /// Where the task stands, its devices left out. `rows`: whether any were found.
    pub fn task(&self, index: u32, rows: bool) -> Task {
        if self.other.is_some() {
            return Task { task: index, ..Task::default() };
        }
        let mut task = Task { task: index, ..Task::default() };
        let Some(last) = &self.last else {
            task.state = if self.any || rows { State::Begun } else { State::Missing };
            return task;
        };
        task.state = State::Begun;
        task.attempts = Some(last.attempt);
        task.exit = self.status.as_ref().map(|status| status.exit);
        task.node.clone_from(&last.node);
        task.job = match last.job.array_index {
            Some(index) => format!("{}_{index}", last.job.id),
            None => last.job.id.clone(),
        };
        task.begun_utc.clone_from(&last.begun_utc);
        if let Some(status) = self.ended() {
            task.ended_utc.clone_from(&status.ended_utc);
            task.state = if status.ended == Ended::Done { State::Done } else { State::Failed };
            task.reason = match (status.ended, status.reason.as_str()) {
                (Ended::Done, _) => String::new(),
                (Ended::Failed, "") => format!("ended with exit code {}", status.exit),
                (Ended::Failed, reason) => reason.to_owned(),
            };
        }
        task
    }

    /// What is wrong with the order of begin and end.
    pub fn backwards(&self) -> Option<String> {
        let status = self.ended()?;
        let [begun, ended] = [&status.begun.begun_utc, &status.ended_utc].map(|text| seconds(text));
        (ended? < begun?).then(|| {
            format!(
                "ended at {}, before it began at {}",
                quote(&status.ended_utc),
                quote(&status.begun.begun_utc)
            )
        })
    }
}
