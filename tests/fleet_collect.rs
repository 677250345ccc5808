//! `mtok fleet collect` on small fleets on disk: whole, spoilt in every way that is known, and killed while it writes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Grid, Run, folder, mtok, names, run};
use mtok::fleet::folders;
use mtok::fleet::plan::{Per, Plan};
use mtok::fleet::record::{Begun, Card, Ended, SCHEMA_VERSION, Status};
use mtok::measurement::samples::{Circumstances, Sample};
use mtok::measurement::{
    Cache, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, Verification, wire,
};
use mtok::op::Op;

const BUS: &str = "0000:01:00.0";

/// A minute and second of the hour in which all was measured.
fn at(second: u32) -> String {
    format!("2026-11-22T10:{:02}:{:02}Z", second / 60, second % 60)
}

fn plan(tasks: u32) -> Plan {
    Plan::new(tasks, Per::Gpu, vec![], ("0.1.0", "abc"), false, at(0))
}

fn card(index: u32) -> Card {
    let node = format!("n{index}");
    Card {
        place: folders::place(&node, BUS, 0),
        node,
        adapter: "GPU".into(),
        device_type: DeviceType::DiscreteGpu,
        pci_bus_id: BUS.into(),
        ..Card::default()
    }
}

fn row(chain: u64) -> Measurement {
    let sample = |place: u32| {
        let seconds = 1e-3 + 1e-6 * f64::from(place);
        Sample { executions: 1, device_s: Some(seconds), wall_s: seconds }
    };
    let timing = Timing::of(&(0..5).map(sample).collect::<Vec<_>>(), Circumstances::default()).unwrap();
    Measurement {
        op: Op::Dispatch { chain },
        variant: "counter".into(),
        cache: Cache::Hot,
        run: 0,
        outcome: Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1e-9, compared: 1 }),
        provenance: Provenance {
            identity: Identity {
                adapter: "GPU".into(),
                device_type: DeviceType::DiscreteGpu,
                pci_bus_id: BUS.into(),
                backend: "vulkan".into(),
                driver: "NVIDIA".into(),
                driver_info: "580".into(),
                tool_version: "0.1.0".into(),
                tool_commit: "abc".into(),
                build_profile: "release".into(),
                ..Identity::default()
            },
            time_utc: at(u32::try_from(chain).unwrap()),
            ..Provenance::default()
        },
    }
}

fn rows(count: u64) -> String {
    wire::header() + &(1..=count).map(|chain| wire::row(&row(chain))).collect::<String>()
}

fn begun(plan: &Plan, index: u32) -> Begun {
    Begun {
        schema_version: SCHEMA_VERSION,
        plan: plan.id.clone(),
        index,
        of: plan.tasks,
        attempt: 1,
        node: card(index).node,
        begun_utc: at(0),
        cards: vec![card(index)],
        ..Begun::default()
    }
}

fn task_folder(dir: &Path, index: u32) -> PathBuf {
    dir.join(folders::TASKS).join(folders::task(index))
}

fn measurements(dir: &Path, index: u32) -> PathBuf {
    task_folder(dir, index).join(card(index).place).join("measurements.csv")
}

/// A fleet whose tasks are done, each with so many rows.
fn fleet(dir: &Path, tasks: u32, count: u64) {
    let plan = plan(tasks);
    fs::write(dir.join(folders::PLAN), plan.json()).unwrap();
    let text = rows(count);
    for index in 0..tasks {
        let path = measurements(dir, index);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &text).unwrap();
        let begun = begun(&plan, index);
        let folder = task_folder(dir, index);
        fs::write(folder.join(folders::BEGUN), begun.json()).unwrap();
        let ended_utc = at(3000);
        let status = Status { begun, ended: Ended::Done, exit: 0, reason: String::new(), ended_utc };
        fs::write(folder.join(folders::STATUS), status.json()).unwrap();
    }
}

fn collect(dir: &Path, options: &[&str]) -> Run {
    let mut words = vec!["fleet", "collect", dir.to_str().unwrap()];
    words.extend(options);
    run(mtok(&words))
}

fn table(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join("collected").join(name)).unwrap()
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

#[test]
fn a_whole_fleet_becomes_four_tables_and_again_the_same() {
    let dir = folder();
    fleet(dir.path(), 3, 4);
    let before = contents(&dir.path().join("tasks"));
    collect(dir.path(), &[]).ok();
    let tables = contents(&dir.path().join("collected"));
    assert_eq!(names(&dir.path().join("collected")), ["aside.csv", "devices.csv", "rows.csv", "tasks.csv"]);
    let (tasks, devices) =
        (Grid::of(&table(dir.path(), "tasks.csv")), Grid::of(&table(dir.path(), "devices.csv")));
    assert_eq!((tasks.rows.len(), devices.rows.len()), (4, 4));
    assert_eq!(
        (tasks.cell(2, "state"), tasks.cell(2, "node"), tasks.cell(2, "rows_ok")),
        ("done", "n2", "4")
    );
    assert_eq!((devices.cell(1, "pci_bus_id"), devices.cell(1, "comparable")), (BUS, "true"));
    let rows = Grid::of(&table(dir.path(), "rows.csv"));
    assert_eq!(rows.rows.len(), 13);
    assert_eq!(
        rows.rows[5][..9].join(" "),
        "1 n1-0000-01-00-0 dispatch/f32/chain=1/counter dispatch f32 chain=1 counter hot 0"
    );
    assert_eq!(
        (rows.cell(4, "status"), rows.cell(4, "median_s"), rows.cell(4, "time_utc")),
        ("ok", "0.001002", &*at(1))
    );
    assert_eq!(table(dir.path(), "aside.csv"), "path,why,rows,what\n");
    collect(dir.path(), &[]).ok();
    assert_eq!(contents(&dir.path().join("collected")), tables);
    assert_eq!(contents(&dir.path().join("tasks")), before);
}

#[test]
fn tables_go_where_they_are_told_to_and_without_rows() {
    let dir = folder();
    fleet(dir.path(), 2, 2);
    let out = dir.path().join("a/b");
    collect(dir.path(), &["--no-rows", "--out", out.to_str().unwrap()]).ok();
    assert_eq!(names(&out), ["aside.csv", "devices.csv", "tasks.csv"]);
    assert!(!dir.path().join("collected").exists());
    let inside = dir.path().join("tasks/out");
    let refused = collect(dir.path(), &["--out", inside.to_str().unwrap()]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.complaint().contains("the folders of the tasks are theirs; name another"),
        "{}",
        refused.err
    );
    assert!(!inside.exists());
}

/// Spoils a fleet of three tasks with two rows each, collects it, and compares what was set aside, the states of its tasks and
/// the good rows of each.
#[track_caller]
fn spoilt(spoil: impl FnOnce(&Path), aside: &[&str], states: [&str; 3], good: [&str; 3]) -> Run {
    let dir = folder();
    fleet(dir.path(), 3, 2);
    spoil(dir.path());
    let run = collect(dir.path(), &[]);
    let expected = i32::from(states != ["done"; 3] || aside.iter().any(|it| it.contains(",unreadable,")));
    assert_eq!(run.code, Some(expected), "{}", run.err);
    let found = table(dir.path(), "aside.csv");
    assert_eq!(found.lines().skip(1).collect::<Vec<_>>(), aside);
    let tasks = Grid::of(&table(dir.path(), "tasks.csv"));
    for index in 0..3 {
        assert_eq!(
            (tasks.cell(index, "state"), tasks.cell(index, "rows_ok")),
            (states[index], good[index]),
            "{index}"
        );
    }
    let rows = Grid::of(&table(dir.path(), "rows.csv")).rows.len() - 1;
    assert_eq!(rows, good.iter().map(|count| count.parse::<usize>().unwrap()).sum::<usize>());
    run
}

const DONE: [&str; 3] = ["done"; 3];
const ALL: [&str; 3] = ["2"; 3];
const FILE: &str = "tasks/00001/n1-0000-01-00-0/measurements.csv";

#[test]
fn what_is_missing_or_not_over_is_told() {
    spoilt(
        |dir| fs::remove_dir_all(task_folder(dir, 1)).unwrap(),
        &[],
        ["done", "missing", "done"],
        ["2", "0", "2"],
    );
    spoilt(
        |dir| fs::remove_file(task_folder(dir, 1).join("status.json")).unwrap(),
        &[],
        ["done", "begun", "done"],
        ALL,
    );
    let empty = |dir: &Path| fs::remove_dir_all(dir.join("tasks")).unwrap();
    spoilt(empty, &[], ["missing"; 3], ["0"; 3]);
}

#[test]
fn copies_and_strangers_are_named_and_never_mixed_in() {
    let run = spoilt(
        |dir| {
            for (from, to) in [("00001", "00001 (copy)"), ("00002", "spare"), ("00000", "00009")] {
                fs::create_dir(dir.join("tasks").join(to)).unwrap();
                let begun = dir.join("tasks").join(from).join("begun.json");
                fs::copy(begun, dir.join("tasks").join(to).join("begun.json")).unwrap();
            }
            fs::write(dir.join("tasks/00001/notes \u{1b}[31m.txt"), "").unwrap();
            fs::write(dir.join("tasks/.mtok-x1.tmp"), "").unwrap();
            fs::write(dir.join("tasks/00001/.mtok-x2.tmp"), "").unwrap();
            fs::create_dir(dir.join("tasks/00001/scratch")).unwrap();
        },
        &[
            "tasks/00001 (copy),duplicate,0,is another folder of task 1",
            "tasks/00001/notes \\u{1b}[31m.txt,foreign,0,is no part of a task's folder",
            "tasks/00001/scratch,foreign,0,is no part of a task's folder",
            "tasks/00009,foreign,0,the plan has tasks 0 to 2",
            "tasks/spare,duplicate,0,is another folder of task 2",
        ],
        DONE,
        ALL,
    );
    assert!(
        run.err.contains("set aside (duplicate): tasks/spare: is another folder of task 2"),
        "{}",
        run.err
    );
    assert!(!run.err.contains('\u{1b}'), "{:?}", run.err);
}

#[test]
fn a_folder_of_another_plan_is_set_aside() {
    let id = plan(3).id;
    spoilt(
        |dir| {
            let other = Begun { plan: "x".into(), ..begun(&plan(3), 1) };
            fs::write(task_folder(dir, 1).join("begun.json"), other.json()).unwrap();
        },
        &[&format!("tasks/00001,other-plan,0,\"is of plan \"\"x\"\", this fleet is plan \"\"{id}\"\"\"")],
        ["done", "missing", "done"],
        ["2", "0", "2"],
    );
}

#[test]
fn torn_files_keep_the_rows_before_and_others_are_named_by_line_and_column() {
    let cut = |dir: &Path| {
        let text = fs::read(measurements(dir, 1)).unwrap();
        fs::write(measurements(dir, 1), &text[..text.len() - 10]).unwrap();
    };
    let torn = wire::row(&row(2)).len() - 10;
    let aside = format!("{FILE}:3,torn,0,its last row was torn after {torn} bytes; the 1 before it count");
    spoilt(cut, &[&aside], ["done", "failed", "done"], ["2", "1", "2"]);
    let empty = |dir: &Path| fs::write(measurements(dir, 1), "").unwrap();
    let aside = format!("{FILE}:1,torn,0,was torn after 0 bytes: no row is whole");
    spoilt(empty, &[&aside], ["done", "failed", "done"], ["2", "0", "2"]);
    let changed = |dir: &Path| {
        let text = rows(2).replacen(",chain=2,", ",chain=x,", 1);
        fs::write(measurements(dir, 1), text).unwrap();
    };
    let what = "shape \"\"chain=x\"\" is not key=positive integer;…: none of its rows counts";
    let aside = format!("{FILE}:3:5,unreadable,1,\"{what}\"").replace('…', "\u{2026}");
    spoilt(changed, &[&aside], ["done", "failed", "done"], ["2", "0", "2"]);
    let record = |dir: &Path| fs::write(task_folder(dir, 1).join("status.json"), "{\n\"a\": x").unwrap();
    let aside = "tasks/00001/status.json:2:6,unreadable,0,is no status of a task: expected value";
    spoilt(record, &[aside], ["done", "begun", "done"], ALL);
}

#[test]
fn a_clock_that_runs_backwards_is_set_aside() {
    let early = |dir: &Path| {
        let status = fs::read_to_string(task_folder(dir, 1).join("status.json")).unwrap();
        let status = status.replace(&at(3000), "2026-11-22T09:00:00Z");
        fs::write(task_folder(dir, 1).join("status.json"), status).unwrap();
    };
    let what = "ended at \"\"2026-11-22T09:00:00Z\"\", before it began at \"\"2026-11-22T10:00:00Z\"\"";
    spoilt(
        early,
        &[&format!("tasks/00001,backwards-clock,2,\"{what}\"")],
        ["done", "failed", "done"],
        ["2", "0", "2"],
    );
}

/// Where the system's own words are known.
#[cfg(target_os = "linux")]
#[test]
fn what_is_no_plain_file_or_folder_is_named_and_does_not_make_it_wait() {
    use std::os::unix::fs::symlink;
    let spoil = |dir: &Path| {
        fs::remove_file(measurements(dir, 0)).unwrap();
        symlink("/dev/zero", measurements(dir, 0)).unwrap();
        let folder = task_folder(dir, 1);
        fs::remove_file(folder.join("status.json")).unwrap();
        common::fifo(&folder, "status.json");
        symlink("..", folder.join("loop")).unwrap();
        fs::remove_dir_all(task_folder(dir, 2)).unwrap();
        symlink("00002", task_folder(dir, 2)).unwrap();
        common::fifo(&dir.join("tasks"), "pipe");
    };
    let start = Instant::now();
    let aside = [
        "tasks/00000/n0-0000-01-00-0/measurements.csv,unreadable,0,\"is a device, not a plain file\"",
        "tasks/00001/loop,foreign,0,is no part of a task's folder",
        "tasks/00001/status.json,unreadable,0,\"is a FIFO, not a plain file\"",
        "tasks/00002,unreadable,0,cannot be read: Too many levels of symbolic links (os error 40)",
        "tasks/pipe,foreign,0,is no folder of a task",
    ];
    spoilt(spoil, &aside, ["failed", "begun", "missing"], ["0", "2", "0"]);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_folder_that_is_no_fleet_is_refused_with_the_next_step() {
    let dir = folder();
    let refused = collect(dir.path(), &[]);
    assert_eq!(refused.code, Some(2));
    let what = "is no folder of a fleet: it has no fleet.json; mtok fleet submit makes one";
    assert_eq!(refused.complaint(), format!("mtok: {}: {what}\n", dir.path().display()));
    assert_eq!(names(dir.path()), [""; 0]);
    let none = collect(&dir.path().join("none"), &[]);
    assert_eq!((none.code, none.complaint().contains(what)), (Some(2), true));
    fs::write(dir.path().join("fleet.json"), plan(2).json().replace("\"tasks\": 2", "\"tasks\": 3")).unwrap();
    let changed = collect(dir.path(), &[]);
    assert_eq!(changed.code, Some(2));
    assert!(
        changed
            .complaint()
            .ends_with("fleet.json: was changed after it was made: its id is another; make a new fleet\n")
    );
}

#[test]
fn tables_that_cannot_be_written_are_told() {
    let dir = folder();
    fleet(dir.path(), 1, 1);
    fs::write(dir.path().join("collected"), "a file").unwrap();
    let run = collect(dir.path(), &[]);
    assert_eq!(run.code, Some(4));
    assert!(run.complaint().contains("collected: cannot be written: "), "{}", run.err);
}

/// Kills `collect` over and over at moments that differ, and looks after each kill whether the tables are the old or the new
/// ones; answers how often it was killed while it ran.
fn killed(kills: usize) -> usize {
    let dir = folder();
    fleet(dir.path(), 40, 60);
    let tasks = contents(&dir.path().join("tasks"));
    collect(dir.path(), &[]).ok();
    let out = dir.path().join("collected");
    let old = contents(&out);
    // One more row in one task: the new tables differ from the old ones.
    fs::write(measurements(dir.path(), 7), rows(61)).unwrap();
    let start = Instant::now();
    collect(dir.path(), &["--out", dir.path().join("new").to_str().unwrap()]).ok();
    let takes = start.elapsed();
    let new = contents(&dir.path().join("new"));
    let (mut stopped, mut at, mut tries) = (0, 0.37, 0);
    while stopped < kills && tries < 3 * kills {
        tries += 1;
        for (path, bytes) in &old {
            fs::write(path, bytes).unwrap();
        }
        let mut command = mtok(&["fleet", "collect", dir.path().to_str().unwrap()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Steps of the golden ratio come near every moment of the run.
        at = (at + 0.618_033_988_75) % 1.0;
        std::thread::sleep(takes.mul_f64(at));
        child.kill().unwrap();
        stopped += usize::from(child.wait().unwrap().code().is_none());
        for (path, bytes) in &old {
            let now = fs::read(path).unwrap();
            let name = path.file_name().unwrap();
            assert!(
                now == *bytes || now == new[&dir.path().join("new").join(name)],
                "{} is torn",
                path.display()
            );
        }
    }
    collect(dir.path(), &[]).ok();
    for (path, bytes) in &new {
        assert_eq!(fs::read(out.join(path.file_name().unwrap())).unwrap(), *bytes);
    }
    fs::write(measurements(dir.path(), 7), rows(60)).unwrap();
    assert_eq!(contents(&dir.path().join("tasks")), tasks);
    stopped
}

#[test]
fn a_killed_collect_leaves_the_old_tables_or_the_new_ones() {
    assert_eq!(killed(20), 20);
}

#[test]
#[ignore = "takes a minute; the same with 20 kills always runs"]
fn a_collect_killed_200_times_leaves_the_old_tables_or_the_new_ones() {
    assert_eq!(killed(200), 200);
}
