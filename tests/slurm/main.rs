//! Fleets on a real Slurm: one controller and some slurmd on this machine, the software adapter as GPU. Tasks are killed, put back
//! into the queue, lose their node and are cancelled; what they had measured is all there when they are collected. Skips with
//! a message where there is no Slurm or no adapter.
#![cfg(all(feature = "gpu", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;

mod cluster;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cluster::{Cluster, kill};
use common::measured::adapter_is_here;
use common::{Run, folder};
use serde_json::Value;

/// Long enough to be hit in the middle, short enough for a test.
const MEASURED: [&str; 9] =
    ["--kernel", "dispatch", "--kernel", "rmsnorm", "--budget", "6s", "--repeat", "4", "--no-peaks"];

/// A cluster, where tasks can run on it.
fn cluster(nodes: u16) -> Option<Cluster> {
    adapter_is_here().then(|| Cluster::start(nodes)).flatten()
}

/// A fleet in a folder that all nodes see.
struct Fleet<'c> {
    cluster: &'c Cluster,
    here: tempfile::TempDir,
}

impl<'c> Fleet<'c> {
    fn new(cluster: &'c Cluster) -> Self {
        Self { cluster, here: folder() }
    }

    fn path(&self) -> String {
        self.here.path().join("a fleet").display().to_string()
    }

    fn submit(&self, words: &[&str]) -> Run {
        let path = self.path();
        let words = [&["fleet", "submit", &path, "--partition", "main"], words, &["--"], &MEASURED].concat();
        self.cluster.mtok(&words)
    }

    fn verb(&self, verb: &str, words: &[&str]) -> Run {
        self.cluster.mtok(&[&["fleet", verb, &self.path()], words].concat())
    }

    #[track_caller]
    fn status(&self) -> Value {
        self.verb("status", &["--json", "--all"]).json()
    }

    fn collect(&self) -> (Option<i32>, Value) {
        let run = self.verb("collect", &["--json"]);
        (run.code, run.json())
    }

    /// The complete rows of every result folder, by task and place.
    fn rows(&self) -> BTreeMap<String, String> {
        let mut rows = BTreeMap::new();
        let tasks = Path::new(&self.path()).join("tasks");
        for task in fs::read_dir(tasks).into_iter().flatten().flatten() {
            for place in fs::read_dir(task.path()).into_iter().flatten().flatten() {
                let text = fs::read_to_string(place.path().join("measurements.csv")).unwrap_or_default();
                let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
                let name = format!("{}/{}", task.file_name().display(), place.file_name().display());
                rows.insert(name, whole.to_owned());
            }
        }
        rows.retain(|_, rows| !rows.is_empty());
        rows
    }

    /// Waits until a task has rows of its own.
    fn until_rows_of(&self, task: &str) {
        let some =
            || self.rows().iter().any(|(name, rows)| name.starts_with(task) && rows.lines().count() > 2);
        self.cluster.until("the task has rows", some);
    }

    /// No row that was there before is gone or another.
    #[track_caller]
    fn assert_keeps(&self, before: &BTreeMap<String, String>) {
        let after = self.rows();
        for (name, rows) in before {
            let now = after.get(name).map(String::as_str).unwrap_or_default();
            assert!(now.starts_with(rows.as_str()), "{name}: a finished row is gone\n{rows}\n{now}");
        }
    }
}

#[track_caller]
fn assert_all_done(fleet: &Fleet<'_>, tasks: u64) {
    let (code, json) = fleet.collect();
    assert_eq!(
        (json["tasks"]["done"].as_u64(), json["tasks"]["planned"].as_u64()),
        (Some(tasks), Some(tasks)),
        "{json:#}"
    );
    assert_eq!(code, Some(0), "{json:#}");
    assert_eq!(json["aside"], serde_json::json!([]), "{json:#}");
}

#[test]
fn four_tasks_on_two_nodes_of_which_one_is_killed_and_requeued_are_four_of_four() {
    let Some(cluster) = cluster(2) else { return };
    let fleet = Fleet::new(&cluster);
    fleet.submit(&["--tasks", "4"]).ok();
    fleet.until_rows_of("00001");
    let before = fleet.rows();
    let job = job(&fleet);
    // Slurm kills what runs before it puts it back.
    cluster.requeue(&format!("{job}_1"));
    assert!(["queued", "running"].contains(&state(&fleet.status(), 1).as_str()));
    cluster.until_idle();
    fleet.assert_keeps(&before);
    assert_all_done(&fleet, 4);
    let table = fleet.verb("collect", &[]).ok().out;
    assert!(table.contains("4 of 4"), "{table}");
}

#[test]
fn a_task_that_was_killed_is_measured_by_the_next_submit_and_only_that_one() {
    let Some(cluster) = cluster(2) else { return };
    let fleet = Fleet::new(&cluster);
    fleet.submit(&["--tasks", "2"]).ok();
    fleet.until_rows_of("00000");
    let (before, node) = (fleet.rows(), node_of(&cluster, &format!("{}_0", job(&fleet))));
    let mine = |id: &String| {
        fs::read(format!("/proc/{id}/environ")).is_ok_and(|bytes| {
            String::from_utf8_lossy(&bytes).split('\0').any(|word| word == "SLURM_ARRAY_TASK_ID=0")
        })
    };
    cluster.tasks_on(&node).iter().filter(|id| mine(id)).for_each(|id| kill(id));
    cluster.until_idle();
    let status = fleet.status();
    assert!(["lost", "failed"].contains(&state(&status, 0).as_str()), "{status:#}");
    assert_eq!(state(&status, 1), "done", "{status:#}");
    assert_eq!(fleet.collect().0, Some(1));
    fleet.submit(&["--tasks", "2"]).ok();
    assert_eq!(cluster.queue().len(), 1, "{:?}", cluster.queue());
    cluster.until_idle();
    fleet.assert_keeps(&before);
    assert_all_done(&fleet, 2);
}

#[test]
fn a_node_that_dies_loses_no_row_and_its_task_ends_elsewhere() {
    let Some(cluster) = cluster(2) else { return };
    let fleet = Fleet::new(&cluster);
    fleet.submit(&["--tasks", "1"]).ok();
    fleet.until_rows_of("00000");
    let task = format!("{}_0", job(&fleet));
    let (before, node) = (fleet.rows(), node_of(&cluster, &task));
    cluster.crash(&node);
    cluster.release(&task);
    cluster.until("the task runs on the other node", || {
        cluster.queue().contains(&(task.clone(), "RUNNING".into())) && node_of(&cluster, &task) != node
    });
    cluster.until_idle();
    fleet.assert_keeps(&before);
    assert_all_done(&fleet, 1);
    assert_eq!(fleet.rows().len(), 2, "a folder per node: {:?}", fleet.rows().keys());
}

#[test]
fn half_of_a_fleet_is_cancelled_and_the_other_half_is_collected() {
    let Some(cluster) = cluster(2) else { return };
    let fleet = Fleet::new(&cluster);
    fleet.submit(&["--tasks", "4", "--exclusive"]).ok();
    // One at a time on each of the two nodes: the others wait.
    cluster.until("two tasks run", || {
        cluster.queue().iter().filter(|(_, state)| state == "RUNNING").count() == 2
    });
    let cancelled = fleet.verb("cancel", &["--queued"]).ok();
    assert!(cancelled.out.contains('2'), "{}", cancelled.out);
    cluster.until_idle();
    let status = fleet.status();
    let done = (0..4).filter(|task| state(&status, *task) == "done").count();
    assert_eq!(done, 2, "{status:#}");
    let (code, json) = fleet.collect();
    assert_eq!(
        (code, json["tasks"]["done"].as_u64(), json["tasks"]["missing"].as_u64()),
        (Some(1), Some(2), Some(2))
    );
}

#[test]
fn a_job_that_slurm_rejects_is_told_in_its_own_words() {
    let Some(cluster) = cluster(1) else { return };
    let fleet = Fleet::new(&cluster);
    let path = fleet.path();
    let refused = cluster.mtok(&["fleet", "submit", &path, "--tasks", "2", "--partition", "nowhere"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let words = refused.complaint();
    assert!(words.contains("invalid partition specified: nowhere") && words.lines().count() == 1, "{words}");
    assert!(cluster.queue().is_empty());
}

/// The job of the only array.
fn job(fleet: &Fleet<'_>) -> String {
    let queue = fleet.cluster.queue();
    let (id, _) = queue.first().unwrap();
    id.split('_').next().unwrap().to_owned()
}

fn node_of(cluster: &Cluster, task: &str) -> String {
    cluster.slurm("squeue", &["-h", "-r", "-j", task, "-o", "%N"])
}

/// Where a task stands.
#[track_caller]
fn state(status: &Value, task: u64) -> String {
    let tasks = status["rows"].as_array().unwrap();
    let found = tasks.iter().find(|row| row["task"].as_u64() == Some(task));
    found.unwrap_or_else(|| panic!("no task {task} in {status:#}"))["state"].as_str().unwrap().to_owned()
}
