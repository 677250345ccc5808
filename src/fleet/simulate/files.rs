//! The files of a fleet's folder.

use super::catalogue::Cell;
use super::planted::{Role, copy_of, foreign_path};
use super::rows::{card, rows, span, utc};
use super::{Fleet, Planted};
use crate::fleet::folders;
use crate::fleet::plan::Plan;
use crate::fleet::record::{Begun, Ended, Job, SCHEMA_VERSION, Status};
use crate::measurement::{Outcome, wire};

/// A file, relative to the folder of the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where, with `/` between folders.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The name of a result folder's rows.
const MEASUREMENTS: &str = "measurements.csv";
/// What an exit code says: some cells failed.
const FAILED_CELLS: u8 = 1;

/// The files of each of some tasks, one task after the other. Made as they are asked for: a fleet of 10,000 is not held in
/// memory.
pub fn task_files<'a>(
    fleet: &'a Fleet,
    planted: &'a Planted,
    plan: &'a Plan,
    tasks: std::ops::Range<u32>,
) -> impl Iterator<Item = Vec<File>> + use<'a> {
    let cells = fleet.cells();
    let role = |task: u32| planted.roles.get(task as usize).copied();
    tasks
        .filter_map(move |task| Some((task, role(task)?)))
        .map(move |(task, role)| of_task(fleet, &cells, plan, task, role))
}

/// Files that are no part of a fleet.
pub fn loose_files(fleet: &Fleet) -> Vec<File> {
    let file = |number| File { path: foreign_path(number), bytes: b"not a file of a fleet\n".to_vec() };
    (0..fleet.faults.foreign).map(file).collect()
}

fn of_task(fleet: &Fleet, cells: &[Cell], plan: &Plan, task: u32, role: Role) -> Vec<File> {
    if role == Role::Missing {
        return Vec::new();
    }
    let folder = format!("{}/{}", folders::TASKS, folders::task(task));
    let tool = (plan.tool_version.as_str(), plan.tool_commit.as_str());
    let rows = rows(fleet, cells, task, role, tool);
    let mut table = wire::header();
    table.extend(rows.iter().map(wire::row));
    if role == Role::Torn {
        // A kill leaves the last row without its end.
        let cut = table.len() - table.lines().last().map_or(0, |row| row.len() / 2 + 1);
        table.truncate(cut);
    }
    let begun = begun(fleet, plan, task, role);
    let ok = |outcome: &Outcome| matches!(outcome, Outcome::Ok(..));
    let failed = rows.iter().any(|row| !ok(&row.outcome));
    let path = |name: &str| format!("{folder}/{name}");
    let place = begun.cards.first().map(|card| card.place.clone()).unwrap_or_default();
    let mut files = vec![
        File { path: path(folders::BEGUN), bytes: begun.json().into_bytes() },
        File { path: path(&format!("{place}/{MEASUREMENTS}")), bytes: table.into_bytes() },
    ];
    if role != Role::Torn {
        let status = status(fleet, begun, task, role, failed);
        files.push(File { path: path(folders::STATUS), bytes: status.json().into_bytes() });
    }
    if role == Role::Duplicate {
        let copy = |file: &File| File {
            path: file.path.replacen(&folder, &copy_of(task), 1),
            bytes: file.bytes.clone(),
        };
        files.extend(files.iter().map(copy).collect::<Vec<_>>());
    }
    files
}

fn begun(fleet: &Fleet, plan: &Plan, task: u32, role: Role) -> Begun {
    let card = card(fleet, task, role);
    let id = if role == Role::OtherPlan { "ffffffffffffffff".into() } else { plan.id.clone() };
    let version =
        super::rows::identity(fleet, task, role, (&plan.tool_version, &plan.tool_commit)).tool_version;
    Begun {
        schema_version: SCHEMA_VERSION,
        plan: id,
        index: task,
        of: fleet.tasks,
        attempt: 1,
        node: card.node.clone(),
        job: Job { scheduler: "simulated".into(), id: "1".into(), array_index: Some(task), restarts: 0 },
        tool_version: version,
        tool_commit: plan.tool_commit.clone(),
        begun_utc: utc(span(fleet, task)[0]),
        cards: vec![card],
        earlier: Vec::new(),
    }
}

fn status(fleet: &Fleet, begun: Begun, task: u32, role: Role, failed: bool) -> Status {
    let [start, end] = span(fleet, task);
    let (ended, exit, reason) = match failed {
        true => (Ended::Failed, FAILED_CELLS, "1 cell failed (simulated)".to_owned()),
        false => (Ended::Done, 0, String::new()),
    };
    let ended_utc = utc(if role == Role::Backwards { start - 3_600 } else { end });
    Status { begun, ended, exit, reason, ended_utc }
}
