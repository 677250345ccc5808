//! What `mtok fleet task` promises to whatever starts it: a folder per task with one writer per file, a status that is
//! written last, and finished rows that outlive every kill. Skips with a message without an adapter, unless
//! MTOK_REQUIRE_ADAPTER is set.
#![cfg(all(feature = "gpu", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use common::measured::{
    Delays, Mark, adapter_is_here, after, asked, assert_samples_belong, measurements, rows,
};
use common::{folder, mtok, names, run};
use mtok::fleet::folders;
use mtok::fleet::launcher;
use mtok::fleet::plan::{Per, Plan};
use mtok::fleet::record::{Begun, Ended, Status};
use tempfile::TempDir;

/// Two quick kernels: four cells.
const QUICK: &str = "--kernel rmsnorm --kernel dispatch --budget 1s --repeat 1 --no-peaks";
const CELLS: usize = 4;

/// A call of a task in a fleet of so many; the launchers of whoever runs the tests do not reach it.
fn task(fleet: &Path, index: u32, of: u32, options: &str, measuring: &str) -> Command {
    let words = format!("--index {index} --of {of} {options} -- {measuring}");
    bare(fleet, &words)
}

/// The same with its own words only.
fn bare(fleet: &Path, words: &str) -> Command {
    let mut command = mtok(&["fleet", "task", "--dir", &fleet.display().to_string()]);
    command.args(words.split_whitespace());
    let also = ["SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_STEP_GPUS", "SLURM_JOB_GPUS", "JOB_NAME"];
    for name in launcher::INDEX.iter().chain(&launcher::NODE).chain(&also) {
        command.env_remove(name);
    }
    command
}

fn folder_of(fleet: &Path, index: u32) -> PathBuf {
    fleet.join(folders::TASKS).join(folders::task(index))
}

#[track_caller]
fn status(fleet: &Path, index: u32) -> Status {
    Status::read(&fs::read_to_string(folder_of(fleet, index).join(folders::STATUS)).unwrap()).unwrap()
}

fn begun(fleet: &Path, index: u32) -> Option<Begun> {
    Begun::read(&fs::read_to_string(folder_of(fleet, index).join(folders::BEGUN)).ok()?).ok()
}

/// The folder of the only device of a task's last attempt.
#[track_caller]
fn place(fleet: &Path, index: u32) -> PathBuf {
    let begun = begun(fleet, index).unwrap();
    assert_eq!(begun.cards.len(), 1);
    folder_of(fleet, index).join(&begun.cards[0].place)
}

/// Every file below a folder with its bytes and when it was written.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            let written = entry.metadata().unwrap().modified().unwrap();
            all.insert(entry.path(), (fs::read(entry.path()).unwrap(), written));
        }
    }
    all
}

/// A fleet of one task on the node n1 that is done; `None` without an adapter. It is measured once.
fn done() -> Option<(TempDir, PathBuf)> {
    static DONE: OnceLock<TempDir> = OnceLock::new();
    if !adapter_is_here() {
        return None;
    }
    let done = DONE.get_or_init(|| {
        let made = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        run(task(&made.path().join("fleet"), 0, 1, "--node n1", QUICK)).ok();
        made
    });
    let copy = folder();
    let copied = Command::new("cp").arg("-r").arg(done.path().join("fleet")).arg(copy.path()).status();
    assert!(copied.unwrap().success());
    let fleet = copy.path().join("fleet");
    Some((copy, fleet))
}

/// The same, killed after its first row and in the middle of the second. Answers the row that was finished.
fn killed() -> Option<(TempDir, PathBuf, String)> {
    let (keep, fleet) = done()?;
    let file = place(&fleet, 0).join("measurements.csv");
    let text = fs::read_to_string(&file).unwrap();
    let finished: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&file, &text[..finished.len() + 9]).unwrap();
    fs::remove_file(folder_of(&fleet, 0).join(folders::STATUS)).unwrap();
    Some((keep, fleet, finished))
}

#[test]
fn a_loop_of_the_shell_measures_each_task_into_a_folder_of_its_own() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let fleet = here.path().join("fleets/lab");
    let mut words = task(&fleet, 0, 3, "", QUICK);
    words.env("SLURM_ARRAY_TASK_ID", "9");
    // Every word as it is, but the number of the task and the name of the node.
    let all: Vec<String> = words.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let call = format!("\"$0\" {}", all.join(" ").replace("--index 0", "--index $i --node n$i"));
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("for i in 0 1 2; do {call} || exit; done")]).arg(words.get_program());
    let run = run(shell).ok();
    assert_eq!(run.out, "task 0 of 3: done\ntask 1 of 3: done\ntask 2 of 3: done\n");
    let plan = Plan::read(&fs::read_to_string(fleet.join(folders::PLAN)).unwrap()).unwrap();
    assert_eq!((plan.tasks, plan.per, plan.options.join(" ").as_str()), (3, Per::Gpu, QUICK));
    assert_eq!(names(&fleet), ["fleet.json", "tasks"]);
    for index in 0..3 {
        let Status { begun, ended, exit, reason, ended_utc } = status(&fleet, index);
        assert_eq!((ended, exit, reason.as_str()), (Ended::Done, 0, ""));
        assert_eq!((begun.index, begun.of, begun.attempt, begun.plan), (index, 3, 1, plan.id.clone()));
        assert!(begun.begun_utc <= ended_utc && begun.earlier.is_empty());
        let card = &begun.cards[0];
        assert_eq!((card.node.as_str(), card.uuid.as_str()), (&*format!("n{index}"), ""));
        let out = folder_of(&fleet, index).join(&card.place);
        assert_eq!(rows(&measurements(&out)).len(), CELLS);
        assert!(rows(&measurements(&out)).iter().all(|row| row.provenance.identity.adapter == card.adapter));
        assert_samples_belong(&out);
        assert_eq!(names(&out), ["device.json", "measurements.csv", "samples.csv"]);
        assert_eq!(names(out.parent().unwrap()), ["begun.json", &card.place, "status.json"]);
    }
}

#[test]
fn a_task_that_was_killed_goes_on_where_it_stopped() {
    let Some((_keep, fleet, finished)) = killed() else { return };
    let again = run(bare(&fleet, "--index 0 --node n1")).ok();
    assert_eq!(again.out, "task 0 of 1: done\n");
    let out = place(&fleet, 0);
    assert!(measurements(&out).starts_with(&finished), "a finished row changed");
    assert_eq!(rows(&measurements(&out)).len(), CELLS);
    assert_samples_belong(&out);
    let status = status(&fleet, 0);
    assert_eq!(
        (status.begun.attempt, status.ended, status.begun.earlier),
        (2, Ended::Done, status.begun.cards)
    );
}

#[test]
fn on_another_node_a_task_begins_anew_beside_what_was_measured_before() {
    let Some((_keep, fleet, _)) = killed() else { return };
    let before = place(&fleet, 0);
    let kept = files(&before);
    run(bare(&fleet, "--index 0 --node n2")).ok();
    let now = place(&fleet, 0);
    assert_ne!(now, before);
    assert_eq!(files(&before), kept, "what was measured on the other node changed");
    assert_eq!(rows(&measurements(&now)).len(), CELLS);
    let begun = status(&fleet, 0).begun;
    assert_eq!((begun.attempt, begun.node.as_str()), (2, "n2"));
    assert_eq!(begun.earlier.iter().map(|card| card.node.as_str()).collect::<Vec<_>>(), ["n1"]);
}

#[test]
fn a_task_that_is_done_is_left_alone() {
    let Some((_keep, fleet)) = done() else { return };
    let before = files(&fleet);
    let ended = status(&fleet, 0).ended_utc;
    for words in ["--index 0", "--index 0 --of 1 --per gpu --node n2 --gpu 99"] {
        let again = run(bare(&fleet, words)).ok();
        assert_eq!(again.out, format!("task 0 of 1: done already, on n1 at {ended}\n"));
    }
    assert_eq!(files(&fleet), before);
}

#[test]
fn without_an_adapter_the_status_says_so_and_a_later_try_succeeds() {
    let here = folder();
    let fleet = here.path().join("fleet");
    let mut command = task(&fleet, 0, 1, "--node n1", QUICK);
    command.env("VK_DRIVER_FILES", "/nonexistent").env_remove("VK_ICD_FILENAMES");
    let lost = run(command);
    assert_eq!((lost.code, lost.out.as_str()), (Some(3), ""), "{}", lost.err);
    assert!(lost.complaint().starts_with("mtok: no adapter found; backends tried: vulkan"), "{}", lost.err);
    let failed = status(&fleet, 0);
    assert_eq!((failed.ended, failed.exit, failed.begun.attempt), (Ended::Failed, 3, 1));
    assert!(failed.reason.starts_with("no adapter found") && failed.begun.cards.is_empty());
    if adapter_is_here() {
        run(bare(&fleet, "--index 0 --node n1")).ok();
        let done = status(&fleet, 0);
        assert_eq!(
            (done.ended, done.exit, done.begun.attempt, done.reason.as_str()),
            (Ended::Done, 0, 2, "")
        );
    }
}

/// Starts a task and waits until it has found its device.
#[track_caller]
fn started(mut command: Command, fleet: &Path, node: &str) -> Child {
    let err = fs::File::create(fleet.parent().unwrap().join(node)).unwrap();
    let mut child = command.stdout(Stdio::null()).stderr(err).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while begun(fleet, 0).is_none_or(|begun| begun.node != node || begun.cards.is_empty()) {
        assert!(Instant::now() < end && child.try_wait().unwrap().is_none(), "{node} did not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn of_two_attempts_one_node_keeps_the_first_and_two_nodes_keep_the_last() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let fleet = here.path().join("fleet");
    // Each run has a process of its own: eight of them outlast the start of two other tasks.
    let words = "--kernel dispatch --budget 8s --repeat 8 --no-peaks";
    let mut first = started(task(&fleet, 0, 1, "--node n1", words), &fleet, "n1");
    let record = fs::read(folder_of(&fleet, 0).join(folders::BEGUN)).unwrap();
    let second = run(task(&fleet, 0, 1, "--node n1", words));
    let told = format!("mtok: {}: another mtok is writing here\n", folder_of(&fleet, 0).display());
    assert_eq!((second.code, second.complaint()), (Some(2), told.as_str()));
    assert_eq!(fs::read(folder_of(&fleet, 0).join(folders::BEGUN)).unwrap(), record);
    assert!(!folder_of(&fleet, 0).join(folders::STATUS).exists());
    // The scheduler has lost the first node and starts the task on another one.
    let mut third = started(task(&fleet, 0, 1, "--node n2", words), &fleet, "n2");
    assert!(first.wait().unwrap().success());
    let told = fs::read_to_string(here.path().join("n1")).unwrap();
    assert!(told.contains("was begun again on n2: that attempt says how it ends"), "{told}");
    assert!(third.wait().unwrap().success());
    let status = status(&fleet, 0);
    assert_eq!((status.begun.node.as_str(), status.begun.attempt, status.ended), ("n2", 2, Ended::Done));
    // Nothing that either has measured is lost: whole runs of two cells, as many as its time had room for.
    let kept = status.begun.earlier.iter().chain(&status.begun.cards);
    let counts = kept.map(|card| rows(&measurements(&folder_of(&fleet, 0).join(&card.place))).len());
    let counts: Vec<usize> = counts.collect();
    assert!(counts.len() == 2 && counts.iter().all(|rows| *rows >= 2 && rows % 2 == 0), "{counts:?}");
}

#[test]
fn another_plan_is_refused_with_what_differs_and_nothing_is_written() {
    let here = folder();
    let fleet = here.path().join("fleet");
    let absent = run(bare(&fleet, "--index 0"));
    let plan = fleet.join(folders::PLAN).display().to_string();
    let told = "is not there: --of says how many tasks the fleet has, or mtok fleet submit makes it";
    assert_eq!((absent.code, absent.complaint()), (Some(2), &*format!("mtok: {plan}: {told}\n")));
    assert!(!fleet.exists());
    fs::create_dir(&fleet).unwrap();
    let words = ["--quick".to_owned()].to_vec();
    let own = (env!("CARGO_PKG_VERSION"), "");
    let made = |simulated| Plan::new(4, Per::Gpu, words.clone(), own, simulated, String::new()).json();
    fs::write(&plan, made(false)).unwrap();
    let other =
        |what: &str| format!("{plan}: is of another plan: {what}; give what it says, or another folder");
    for (given, expected) in [
        ("--index 0 --of 5", other("--of is \"4\" there and \"5\" here")),
        ("--index 0 --per node", other("--per is \"gpu\" there and \"node\" here")),
        ("--index 0 -- --full", other("what is measured is \"--quick\" there and \"--full\" here")),
        ("--index 4", "there is no task 4: a fleet of 4 has the tasks 0 to 3".into()),
        (
            "--index 0 -- --device 1",
            "measuring options (behind --): unexpected argument '--device' found".into(),
        ),
    ] {
        let refused = run(bare(&fleet, given));
        let complaint = refused.complaint().lines().next().unwrap_or_default();
        assert_eq!(refused.code, Some(2), "{given}");
        assert!(complaint.starts_with(&format!("mtok: {expected}")), "{complaint}");
    }
    let twice = run(bare(&fleet, &format!("{} --index 0", fleet.display())));
    assert!(twice.code == Some(2) && twice.err.contains("cannot be used with"), "{}", twice.err);
    let nobody = run(bare(&fleet, ""));
    assert!(nobody.complaint().starts_with("mtok: nothing says which task this is: give --index"));
    fs::write(&plan, made(true)).unwrap();
    assert!(run(bare(&fleet, "--index 0")).complaint().contains("invented rows"));
    for (bytes, expected) in
        [("", "is no plan of a fleet"), ("{\"schema_version\": 1", "is no plan of a fleet")]
    {
        fs::write(&plan, bytes).unwrap();
        let refused = run(bare(&fleet, "--index 0 --of 4"));
        assert_eq!(refused.code, Some(2));
        assert!(refused.complaint().starts_with(&format!("mtok: {plan}: {expected}")), "{}", refused.err);
    }
    assert_eq!(names(&fleet), ["fleet.json"]);
}

#[test]
fn a_task_of_another_version_is_refused_and_its_status_names_both() {
    let here = folder();
    let fleet = here.path();
    let plan = Plan::new(1, Per::Gpu, vec![], ("0.0.7", "abc"), false, String::new());
    fs::write(fleet.join(folders::PLAN), plan.json()).unwrap();
    let refused = run(bare(fleet, "--index 0"));
    assert_eq!(refused.code, Some(2));
    let status = status(fleet, 0);
    assert_eq!((status.ended, status.exit), (Ended::Failed, 2));
    assert_eq!(refused.complaint(), format!("mtok: {}\n", status.reason));
    let own = concat!("this is mtok ", env!("CARGO_PKG_VERSION"));
    assert!(status.reason.starts_with("the fleet is measured with mtok 0.0.7 (abc), "), "{}", status.reason);
    assert!(status.reason.contains(own), "{}", status.reason);
}

#[test]
fn of_tasks_that_start_at_the_same_time_exactly_one_makes_the_plan() {
    let here = folder();
    let fleet = here.path().join("fleet");
    let start = |index: u32| {
        let words = if index.is_multiple_of(2) { "--quick" } else { "--full" };
        let mut command = task(&fleet, index, 12, "--node n1", words);
        // They are about the plan only.
        command.env("VK_DRIVER_FILES", "/nonexistent").env_remove("VK_ICD_FILENAMES");
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let started: Vec<Child> = (0..12).map(start).collect();
    let codes: Vec<i32> =
        started.into_iter().map(|mut child| child.wait().unwrap().code().unwrap()).collect();
    let plan = Plan::read(&fs::read_to_string(fleet.join(folders::PLAN)).unwrap()).unwrap();
    let winners = if plan.options == ["--quick"] { 0 } else { 1 };
    let expected: Vec<i32> = (0..12).map(|index| if index % 2 == winners { 3 } else { 2 }).collect();
    assert_eq!(codes, expected);
    let begun: Vec<String> = (winners..12).step_by(2).map(|index| folders::task(index as u32)).collect();
    assert_eq!(names(&fleet.join(folders::TASKS)), begun);
    assert_eq!(names(&fleet), ["fleet.json", "tasks"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_in_one_line() {
    let here = folder();
    let file = here.path().join("file");
    fs::write(&file, "mine").unwrap();
    let refused = |fleet: &Path| {
        let run = run(task(fleet, 0, 1, "", QUICK));
        assert_eq!(run.code, Some(4), "{}", run.err);
        assert_eq!(run.complaint().lines().count(), 1, "{}", run.err);
        assert!(run.complaint().contains("cannot be written: "), "{}", run.err);
    };
    refused(&file.join("fleet"));
    // In the place of the folder of the tasks, and of that of the task.
    for below in ["tasks", "tasks/00000"] {
        let fleet = here.path().join(below.replace('/', "-"));
        fs::create_dir_all(fleet.join(below).parent().unwrap()).unwrap();
        fs::write(fleet.join(below), "mine").unwrap();
        refused(&fleet);
        assert_eq!(fs::read(fleet.join(below)).unwrap(), b"mine");
    }
}

#[test]
fn a_full_disk_ends_the_task_with_its_status_and_a_later_try_goes_on() {
    if !adapter_is_here() {
        return;
    }
    let words = "--kernel dispatch --kernel rmsnorm --kernel rope --budget 1s --repeat 1 --no-peaks";
    // Where the samples of the first cell alone fill it, there is no row to keep, and a larger disk is tried.
    let full = [8, 10, 12, 14].into_iter().find_map(|blocks_of_512| {
        let here = folder();
        let fleet = here.path().join("fleet");
        let call = task(&fleet, 0, 1, "--node n1", words);
        let full = run(after(&format!("trap '' XFSZ; ulimit -f {blocks_of_512};"), &call));
        (!rows(&measurements(&place(&fleet, 0))).is_empty()).then_some((here, fleet, full))
    });
    let (_keep, fleet, full) = full.unwrap();
    assert_eq!((full.code, full.out.as_str()), (Some(4), ""), "{}", full.err);
    let status_then = status(&fleet, 0);
    assert_eq!((status_then.ended, status_then.exit), (Ended::Failed, 4));
    assert_eq!(full.complaint(), format!("mtok: {}\n", status_then.reason));
    let before = measurements(&place(&fleet, 0));
    run(bare(&fleet, "--index 0 --node n1")).ok();
    assert!(measurements(&place(&fleet, 0)).starts_with(&before), "a finished row changed");
    assert_eq!((status(&fleet, 0).ended, status(&fleet, 0).begun.attempt), (Ended::Done, 2));
}

#[test]
fn rows_of_another_device_are_never_added_to() {
    let Some((_keep, fleet, _)) = killed() else { return };
    let out = place(&fleet, 0);
    // The slug of both names is the same.
    let node = run(bare(&fleet, "--index 0 --node N1"));
    let told = format!("{}: has rows of n1, this is N1: another device; move it away", out.display());
    assert_eq!((node.code, node.complaint()), (Some(2), &*format!("mtok: {told}\n")));
    assert_eq!((status(&fleet, 0).exit, status(&fleet, 0).reason), (2, told));
    let file = out.join("measurements.csv");
    let text = fs::read_to_string(&file).unwrap();
    let driver = begun(&fleet, 0).unwrap().cards[0].driver_info.clone();
    fs::write(&file, text.replace(&driver, "Mesa 99")).unwrap();
    let other = run(bare(&fleet, "--index 0 --node n1"));
    assert_eq!(other.code, Some(2));
    let status = status(&fleet, 0);
    assert_eq!((status.ended, status.begun.attempt), (Ended::Failed, 3));
    assert!(status.reason.contains("was measured with driver \"Mesa 99\""), "{}", status.reason);
    assert_eq!(other.complaint(), format!("mtok: {}\n", status.reason));
}

#[test]
fn a_task_per_node_measures_every_device_into_a_place_of_its_own() {
    let manifests = fs::read_dir("/usr/share/vulkan/icd.d").into_iter().flatten().flatten();
    let is_software = |path: &PathBuf| path.to_string_lossy().contains("lvp");
    let driver = manifests.map(|entry| entry.path()).find(is_software).filter(|_| adapter_is_here());
    let Some(driver) = driver else { return eprintln!("skipped: no software driver") };
    let here = folder();
    let copies =
        ["a.json", "b.json"].map(|name| common::write(here.path(), name, fs::read(&driver).unwrap()));
    let fleet = here.path().join("fleet");
    let with_both = |mut command: Command| {
        command.env("VK_DRIVER_FILES", copies.join(":")).env_remove("VK_ICD_FILENAMES");
        run(command)
    };
    let words = "--kernel dispatch --budget 1s --repeat 1 --no-peaks";
    let both = task(&fleet, 0, 2, "--per node --node n1", words);
    assert_eq!(with_both(both).ok().out, "task 0 of 2: done\n");
    let cards = status(&fleet, 0).begun.cards;
    assert_eq!(
        cards.iter().map(|card| card.place.as_str()).collect::<Vec<_>>(),
        ["n1-adapter-0", "n1-adapter-1"]
    );
    for (index, card) in (0..).zip(&cards) {
        let rows = rows(&measurements(&folder_of(&fleet, 0).join(&card.place)));
        assert!(rows.len() == 2 && rows.iter().all(|row| row.provenance.identity.adapter_index == index));
    }
    // What ends one device does not stop the other: its folder cannot be made.
    fs::create_dir_all(folder_of(&fleet, 1)).unwrap();
    fs::write(folder_of(&fleet, 1).join("n1-adapter-0"), "in the way").unwrap();
    let half = with_both(bare(&fleet, "--index 1 --node n1"));
    assert_eq!(half.code, Some(4), "{}", half.err);
    let status = status(&fleet, 1);
    assert!(status.reason.starts_with("n1-adapter-0: "), "{}", status.reason);
    assert_eq!(rows(&measurements(&folder_of(&fleet, 1).join("n1-adapter-1"))).len(), 2);
}

#[test]
fn the_gpu_is_the_one_that_was_named_or_none() {
    let Some((_keep, fleet, _)) = killed() else { return };
    let nobody = run(bare(&fleet, "--index 0 --node n1 --gpu 0000:41:00.0"));
    assert_eq!(nobody.code, Some(2));
    assert!(
        nobody.complaint().starts_with("mtok: no adapter is \"0000:41:00.0\"; there are:\n  0: "),
        "{}",
        nobody.err
    );
    assert_eq!(status(&fleet, 0).exit, 2);
    let mut named = bare(&fleet, "--index 0 --node n1 --gpu 0");
    // No variable hides a processor.
    named.env("CUDA_VISIBLE_DEVICES", "-1");
    run(named).ok();
}

#[test]
fn a_task_knows_its_number_its_node_and_its_job_from_slurm() {
    let here = folder();
    let mut command = bare(here.path(), "--of 3");
    for (name, value) in [
        ("SLURM_ARRAY_JOB_ID", "77"),
        ("SLURM_ARRAY_TASK_ID", "2"),
        ("SLURM_RESTART_COUNT", "1"),
        ("SLURMD_NODENAME", "rack1-n04"),
        ("VK_DRIVER_FILES", "/nonexistent"),
    ] {
        command.env(name, value);
    }
    command.env_remove("VK_ICD_FILENAMES");
    assert_eq!(run(command).code, Some(3));
    let begun = status(here.path(), 2).begun;
    assert_eq!((begun.index, begun.node.as_str()), (2, "rack1-n04"));
    let job = begun.job;
    assert_eq!(
        (job.scheduler.as_str(), job.id.as_str(), job.array_index, job.restarts),
        ("slurm", "77", Some(2), 1)
    );
}

/// A worker may outlive its parent for a moment.
const ORPHANED: Duration = Duration::from_secs(10);
/// The same cells, each twice.
const LONGER: &str = "--kernel rmsnorm --kernel dispatch --budget 4s --repeat 2 --no-peaks";

/// A task that is killed over and over: half of the times as soon as it has added a row, else in its first moments. Every
/// third attempt begins on another node. Answers how often it was killed.
fn outlives_kills(kills: usize, delays: &mut Delays) -> usize {
    let here = folder();
    let fleet = here.path().join("fleet");
    let mut kept: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut killed = 0;
    while killed < kills && !folder_of(&fleet, 0).join(folders::STATUS).exists() {
        let node = if killed % 3 == 2 { "n2" } else { "n1" };
        let mut command = task(&fleet, 0, 1, &format!("--node {node}"), LONGER);
        let mark = Mark::of(&mut command);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let lines = |fleet: &Path| whole_rows(fleet).values().map(|text| text.lines().count()).sum::<usize>();
        if killed % 2 == 0 {
            let before = lines(&fleet);
            while child.try_wait().unwrap().is_none() && lines(&fleet) <= before {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(delays.next(60));
        } else {
            std::thread::sleep(delays.next(600));
        }
        let acknowledged = whole_rows(&fleet);
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        mark.assert_all_end_within(ORPHANED);
        killed += 1;
        let now = whole_rows(&fleet);
        for (place, text) in kept.iter().chain(&acknowledged) {
            assert!(
                now[place].starts_with(text),
                "kill {killed} lost or changed a row of {}",
                place.display()
            );
        }
        assert!(begun(&fleet, 0).is_none_or(|begun| begun.attempt as usize <= killed));
        kept = now;
    }
    run(task(&fleet, 0, 1, "--node n1", LONGER)).ok();
    let now = whole_rows(&fleet);
    assert!(kept.iter().all(|(place, text)| now[place].starts_with(text)), "the last attempt lost a row");
    assert_eq!(status(&fleet, 0).ended, Ended::Done);
    let last = place(&fleet, 0);
    let all = rows(&measurements(&last));
    let visits: BTreeSet<(String, u32)> = all.iter().map(|row| (row.cell(), row.run)).collect();
    let runs = all.iter().map(|row| row.run + 1).max().unwrap_or_default() as usize;
    assert_eq!((visits.len(), all.len()), (CELLS * runs, CELLS * runs), "a visit is missing or twice");
    assert_samples_belong(&last);
    let left: Vec<PathBuf> = files(&fleet).into_keys().collect();
    assert!(!left.iter().any(|file| file.to_string_lossy().contains(".mtok-")), "{left:?}");
    killed
}

/// The finished lines of every place of the task.
fn whole_rows(fleet: &Path) -> BTreeMap<PathBuf, String> {
    let places = fs::read_dir(folder_of(fleet, 0)).into_iter().flatten().flatten().map(|entry| entry.path());
    let whole = |place: PathBuf| {
        let text = measurements(&place);
        let whole = text[..text.rfind('\n').map_or(0, |last| last + 1)].to_owned();
        (place, whole)
    };
    places.filter(|place| place.is_dir()).map(whole).collect()
}

#[test]
fn a_killed_task_loses_no_finished_row() {
    if adapter_is_here() {
        let killed = outlives_kills(8, &mut Delays(1));
        assert!(killed >= 4, "only {killed} kills came before the end");
    }
}

#[test]
#[ignore = "minutes"]
fn two_hundred_kills_lose_no_finished_row() {
    if !adapter_is_here() {
        return;
    }
    let mut delays = Delays(asked("MTOK_KILL_SEED", 2));
    let (mut killed, wanted) = (0, asked("MTOK_KILLS", 200));
    while killed < wanted {
        killed += outlives_kills(10, &mut delays) as u64;
        println!("{killed} kills");
    }
}
