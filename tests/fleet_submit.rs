//! Submitting, following and cancelling a fleet, without Slurm and with a real one. The whole way with tasks that measure is that
//! of `tests/slurm`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]
#![cfg(target_os = "linux")]

mod common;

#[allow(dead_code, reason = "nothing runs on it here")]
#[path = "slurm/cluster.rs"]
mod cluster;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use cluster::Cluster;
use common::{Run, folder, mtok, names, run};
use mtok::fleet::folders;
use mtok::fleet::plan::Plan;
use mtok::fleet::record::{Begun, Ended, Job, SCHEMA_VERSION, Status};
use mtok::fleet::submitted::Submitted;

/// mtok with only these programs beside it.
fn with_programs(words: &[&str], programs: &Path) -> Run {
    let mut command = mtok(words);
    command.env("PATH", programs);
    run(command)
}

/// A program in a folder: what the real Slurm cannot be made to say.
fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn word(path: &Path) -> String {
    path.display().to_string()
}

/// A fleet's folder with a plan of so many tasks.
fn fleet(folder: &Path, tasks: u32) -> (PathBuf, Plan) {
    let dir = folder.join("fleet");
    fs::create_dir_all(dir.join("tasks")).unwrap();
    let plan = Plan::new(tasks, mtok::fleet::plan::Per::Gpu, vec![], ("0.1.0", "x"), false, String::new());
    fs::write(dir.join("fleet.json"), plan.json()).unwrap();
    (dir, plan)
}

fn task(dir: &Path, plan: &Plan, index: u32, ended: Option<Ended>) {
    let path = dir.join("tasks").join(folders::task(index));
    fs::create_dir_all(&path).unwrap();
    let begun = Begun {
        schema_version: SCHEMA_VERSION,
        plan: plan.id.clone(),
        index,
        of: plan.tasks,
        attempt: 1,
        node: "n1".into(),
        job: Job::default(),
        begun_utc: "2026-11-22T10:00:00Z".into(),
        ..Begun::default()
    };
    fs::write(path.join("begun.json"), begun.json()).unwrap();
    if let Some(ended) = ended {
        let exit = u8::from(ended == Ended::Failed);
        let status =
            Status { begun, ended, exit, reason: String::new(), ended_utc: "2026-11-22T10:05:00Z".into() };
        fs::write(path.join("status.json"), status.json()).unwrap();
    }
}

/// A record of what was submitted as job 7.
fn submitted(dir: &Path, plan: &Plan) {
    let record = Submitted {
        schema_version: mtok::fleet::submitted::SCHEMA_VERSION,
        plan: plan.id.clone(),
        job: "7".into(),
        name: "mtok-fleet".into(),
        indices: format!("0-{}", plan.tasks - 1),
        ..Submitted::default()
    };
    fs::create_dir_all(dir.join("jobs")).unwrap();
    fs::write(dir.join("jobs/7.json"), record.json()).unwrap();
}

#[test]
fn without_slurm_it_says_how_to_start_tasks_and_exits_with_3() {
    let (folder, none) = (folder(), folder());
    let dir = word(&folder.path().join("fleet"));
    let refused = with_programs(&["fleet", "submit", &dir, "--tasks", "4"], none.path());
    assert_eq!(refused.code, Some(3), "{}", refused.err);
    assert!(refused.complaint().contains("no Slurm here"), "{}", refused.err);
    assert!(refused.complaint().contains("mtok fleet task --dir DIR --index I --of N"), "{}", refused.err);
    // Slurm's programs without a cluster are none either.
    program(
        none.path(),
        "sbatch",
        "echo 'sbatch: fatal: Could not establish a configuration source' >&2; exit 1",
    );
    let refused = with_programs(&["fleet", "submit", &dir, "--tasks", "4"], none.path());
    assert_eq!(refused.code, Some(3), "{}", refused.err);
}

#[test]
fn a_dry_run_prints_the_script_and_writes_nothing() {
    let folder = folder();
    let dir = word(&folder.path().join("fleet"));
    let call = [
        "fleet",
        "submit",
        &dir,
        "--nodes",
        "2",
        "--gres",
        "gpu:h100:8",
        "--dry-run",
        "--program",
        "/opt/mtok",
    ];
    let shown = with_programs(&call, folder.path()).ok();
    assert!(shown.out.starts_with("#!/bin/sh\n#SBATCH --job-name=mtok-fleet\n"), "{}", shown.out);
    assert!(shown.out.contains("#SBATCH --gres=gpu:h100:1\n#SBATCH --array=0-15\n"), "{}", shown.out);
    assert!(
        shown.out.contains(&format!("\nexec /opt/mtok fleet task --dir {dir} --index ")),
        "{}",
        shown.out
    );
    assert!(shown.err.contains("would call: sbatch --parsable "), "{}", shown.err);
    assert_eq!(names(folder.path()), Vec::<String>::new());
    let script = common::write(folder.path(), "script.sh", &shown.out);
    assert!(Command::new("sh").args(["-n", &script]).status().unwrap().success());
    let node = ["fleet", "submit", &dir, "--nodes", "2", "--per", "node", "--dry-run"];
    let shown = with_programs(&node, folder.path()).ok().out;
    assert!(shown.contains("#SBATCH --exclusive\n#SBATCH --array=0-1\n"), "{shown}");
}

#[test]
fn what_makes_no_fleet_is_refused_before_anything_is_written() {
    let folder = folder();
    let dir = word(&folder.path().join("fleet"));
    let odd = word(&folder.path().join("a\\b"));
    for (words, why) in [
        (vec!["fleet", "submit", &dir], "how many tasks?"),
        (vec!["fleet", "submit", &dir, "--tasks", "0"], "1 to 99999"),
        (vec!["fleet", "submit", &dir, "--tasks", "100000"], "1 to 99999"),
        (vec!["fleet", "submit", &dir, "--nodes", "2"], "says not how many GPUs"),
        (vec!["fleet", "submit", &dir, "--nodes", "4294967295", "--gres", "gpu:8"], "1 to 99999"),
        (vec!["fleet", "submit", &dir, "--tasks", "2", "--sbatch=--array=0-9"], "mtok sets this one"),
        (vec!["fleet", "submit", &dir, "--tasks", "2", "--partition", "a\nb"], "control character"),
        (vec!["fleet", "submit", &dir, "--tasks", "2", "--", "a\u{1b}b"], "control character"),
        (vec!["fleet", "submit", &odd, "--tasks", "2"], "backslash"),
        (vec!["fleet", "status", &dir], "is no folder of a fleet"),
        (vec!["fleet", "cancel", &dir], "is no folder of a fleet"),
    ] {
        let refused = with_programs(&words, folder.path());
        assert!(refused.code == Some(2) && refused.complaint().contains(why), "{words:?}: {}", refused.err);
        assert_eq!(refused.complaint().lines().count(), 1, "{}", refused.err);
    }
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn another_plan_is_refused_once_something_rests_on_the_first() {
    let folder = folder();
    let (dir, plan) = fleet(folder.path(), 4);
    let call = ["fleet", "submit", &word(&dir), "--tasks", "5", "--dry-run"];
    task(&dir, &plan, 0, None);
    let refused = with_programs(&call, folder.path());
    assert!(
        refused.code == Some(2) && refused.err.contains("is another plan: tasks 4, not 5"),
        "{}",
        refused.err
    );
    fs::remove_dir_all(dir.join("tasks")).unwrap();
    with_programs(&call, folder.path()).ok();
    // Somebody changed it by hand.
    fs::write(dir.join("fleet.json"), plan.json().replace("\"tasks\": 4", "\"tasks\": 6")).unwrap();
    let refused = with_programs(&call, folder.path());
    assert!(refused.code == Some(2) && refused.err.contains("fleet.json: was changed"), "{}", refused.err);
}

#[test]
fn the_folders_alone_say_what_is_known_and_nothing_is_called_lost() {
    let folder = folder();
    let (dir, plan) = fleet(folder.path(), 4);
    task(&dir, &plan, 0, Some(Ended::Done));
    task(&dir, &plan, 1, Some(Ended::Failed));
    task(&dir, &plan, 2, None);
    let seen = with_programs(&["fleet", "status", &word(&dir), "--json"], folder.path());
    assert_eq!(seen.code, Some(1), "{}", seen.err);
    let json = seen.json();
    let states: Vec<&str> =
        json["rows"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!((states, &json["slurm"]), (vec!["failed", "begun", "missing"], &serde_json::Value::Null));
    assert!(json["rows"][1]["alive_utc"].as_str().unwrap().ends_with('Z'), "{json:#}");
    let people = with_programs(&["fleet", "status", &word(&dir)], folder.path()).out;
    assert!(people.ends_with("4 tasks: 1 done, 1 failed, 1 begun, 1 missing\n"), "{people}");
    assert!(people.contains("nothing of it was submitted to Slurm"), "{people}");
    let all = with_programs(&["fleet", "status", &word(&dir), "--all", "--csv"], folder.path()).out;
    assert_eq!(all.lines().count(), 5, "{all}");
    // A fleet that was submitted, looked at from a machine without Slurm.
    submitted(&dir, &plan);
    let json = with_programs(&["fleet", "status", &word(&dir), "--json"], folder.path()).json();
    assert_eq!((&json["slurm"], &json["counts"]["lost"]), (&false.into(), &0.into()), "{json:#}");
    assert!(json["warnings"][0].as_str().unwrap().contains("no Slurm here"), "{json:#}");
    let refused = with_programs(&["fleet", "cancel", &word(&dir)], folder.path());
    assert!(refused.code == Some(3) && refused.err.contains("nothing is cancelled"), "{}", refused.err);
}

#[test]
fn torn_foreign_and_special_records_are_named_and_left_aside() {
    let folder = folder();
    let (dir, plan) = fleet(folder.path(), 4);
    for index in 0..4 {
        task(&dir, &plan, index, Some(Ended::Done));
    }
    let status = |index| dir.join("tasks").join(folders::task(index)).join("status.json");
    fs::write(status(0), "{\"schema_version\": 1").unwrap();
    fs::copy(status(2), status(1)).unwrap();
    fs::remove_file(status(3)).unwrap();
    assert!(Command::new("mkfifo").arg(status(3)).status().unwrap().success());
    fs::create_dir_all(dir.join("jobs")).unwrap();
    fs::write(dir.join("jobs/-u root.json"), "x").unwrap();
    let json = with_programs(&["fleet", "status", &word(&dir), "--json"], folder.path()).ok().json();
    let warnings = json["warnings"].to_string();
    assert_eq!((&json["counts"]["done"], &json["counts"]["begun"]), (&1.into(), &3.into()), "{json:#}");
    for named in
        ["jobs/-u root.json", "tasks/00000/status.json", "tasks/00001/status.json", "tasks/00003/status.json"]
    {
        assert!(warnings.contains(named), "{named}: {warnings}");
    }
}

#[test]
fn a_stranger_s_words_are_one_inert_line_and_nothing_is_waited_for_without_end() {
    let (folder, programs) = (folder(), folder());
    let dir = word(&folder.path().join("fleet"));
    let words = ["fleet", "submit", &dir, "--tasks", "4"];
    program(
        programs.path(),
        "sbatch",
        "printf 'sbatch: error: a\\033[2Jb\\nsbatch: error: c\\n' >&2; exit 1",
    );
    let refused = with_programs(&words, programs.path());
    assert_eq!((refused.code, refused.complaint()), (Some(2), "mtok: sbatch: a\\u{1b}[2Jb; c\n"));
    program(programs.path(), "sbatch", "echo 'Submitted to 12, perhaps'");
    let refused = with_programs(&words, programs.path());
    assert!(refused.code == Some(2) && refused.err.contains("is no number of a job"), "{}", refused.err);
    assert_eq!(names(&Path::new(&dir).join("jobs")), Vec::<String>::new());
}

/// A Slurm whose programs note their calls in a file.
struct Noting {
    cluster: Cluster,
    programs: tempfile::TempDir,
}

impl Noting {
    fn start() -> Option<Self> {
        let (cluster, programs) = (Cluster::start(1)?, folder());
        let path = std::env::var("PATH").unwrap();
        for name in ["sbatch", "squeue", "scancel", "scontrol", "sacct"] {
            let calls = word(&programs.path().join("calls"));
            let script = format!("PATH='{path}'\necho {name} >> '{calls}'\nexec {name} \"$@\"");
            program(programs.path(), name, &script);
        }
        Some(Self { cluster, programs })
    }

    fn call(&self, words: &[&str]) -> Run {
        let mut command = self.cluster.inside(mtok(words));
        command.env("PATH", self.programs.path());
        run(command)
    }

    fn calls(&self) -> Vec<String> {
        calls(self.programs.path())
    }
}

fn calls(programs: &Path) -> Vec<String> {
    let text = fs::read_to_string(programs.join("calls")).unwrap_or_default();
    let _ = fs::remove_file(programs.join("calls"));
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_thousand_tasks_are_submitted_by_one_call_followed_by_one_and_cancelled_by_one() {
    let Some(slurm) = Noting::start() else { return };
    let folder = folder();
    // Slurm has to take the name of the folder as it is.
    let dir = word(&folder.path().join("a b'c\"d$e%f#h ü%A"));
    let submit = ["fleet", "submit", &dir, "--tasks", "1000", "--sbatch=--hold", "--json"];
    let shown = slurm.call(&submit).ok().json();
    assert_eq!((&shown["submitted"], slurm.calls()), (&1000.into(), vec!["sbatch".to_owned()]));
    let status = ["fleet", "status", &dir, "--json"];
    let seen = slurm.call(&status).ok().json();
    assert_eq!((&seen["counts"]["queued"], slurm.calls()), (&1000.into(), vec!["squeue".to_owned()]));
    // Every other one: what `squeue -r` loses the last of.
    let odd: Vec<String> = (0..500).map(|half| (2 * half + 1).to_string()).collect();
    let some = slurm.call(&["fleet", "cancel", &dir, "--tasks", &odd.join(","), "--queued"]).ok();
    assert!(some.out.starts_with("cancelled 500 queued (tasks 1,3,5,"), "{}", some.out);
    assert_eq!(slurm.calls(), ["squeue", "scancel"]);
    let seen = slurm.call(&status).ok().json();
    let counts = &seen["counts"];
    assert_eq!((&counts["queued"], &counts["cancelled"]), (&500.into(), &500.into()), "{counts:#}");
    // What was cancelled is submitted again, and only that.
    let again = slurm.call(&submit).ok().json();
    assert_eq!(again["submitted"], 500);
    let indices = again["jobs"][0]["indices"].as_str().unwrap();
    assert!(indices.starts_with("1,3,5,") && indices.ends_with(",999"), "{indices}");
    assert_eq!(slurm.call(&status).ok().json()["counts"]["queued"], 1000);
    let rest = slurm.call(&["fleet", "cancel", &dir, "--json"]).ok().json();
    assert_eq!(rest["queued"].as_array().unwrap().len(), 1000);
    let none = slurm.call(&["fleet", "cancel", &dir]).ok();
    assert!(none.out.starts_with("nothing to cancel"), "{}", none.out);
}

#[test]
fn what_slurm_refuses_is_said_in_its_own_words_in_one_line() {
    let Some(slurm) = Noting::start() else { return };
    let folder = folder();
    let dir = word(&folder.path().join("fleet"));
    for (option, why) in [
        (["--partition", "mtok-no-such"], "Invalid partition name specified"),
        (["--constraint", "mtok-no-such"], "Invalid feature specification"),
        (["--time", "x"], "Invalid --time specification"),
        (["--sbatch", "--mtok-no-such"], "unrecognized option '--mtok-no-such'"),
    ] {
        let words = ["fleet", "submit", &dir, "--tasks", "2", option[0], option[1]];
        let refused = slurm.call(&words);
        assert_eq!(refused.code, Some(2), "{}", refused.err);
        let said = refused.complaint();
        assert!(
            said.starts_with("mtok: sbatch: ") && said.contains(why) && !said.contains("error:"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
