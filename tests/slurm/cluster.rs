//! A small real Slurm of the test's own: scripts/slurm-here.sh starts it, and nothing of it is left when it goes.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::common::measured::Mark;
use crate::common::{Run, mtok, run};

/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/slurm-here.sh");

/// Two processors carry one cluster at a time.
static ONE: Mutex<()> = Mutex::new(());

/// A controller and its nodes.
pub struct Cluster {
    folder: PathBuf,
    mark: Mark,
    /// What every process of it has in its environment.
    marked: (String, String),
    _one: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Starts one, or says why there is none: without Slurm the test is skipped, unless `MTOK_REQUIRE_SLURM` is set.
    pub fn start(nodes: u16) -> Option<Self> {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let here = ["munged", "slurmctld", "slurmd", "sbatch"].iter().all(|program| is_here(program));
        if !here {
            let required = std::env::var_os("MTOK_REQUIRE_SLURM").is_some_and(|value| value == "1");
            assert!(!required, "Slurm is not installed; scripts/slurm-here.sh ensure installs it");
            println!("skipped: Slurm is not installed (scripts/slurm-here.sh ensure)");
            return None;
        }
        // The socket of MUNGE lies in it, and paths of sockets are short.
        let folder = tempfile::Builder::new().prefix("mtok-slurm-").tempdir_in("/tmp").unwrap().keep();
        let mut command = Command::new(SCRIPT);
        command.args(["start", text(&folder), &nodes.to_string(), &free_ports(nodes + 1).to_string()]);
        let mark = Mark::of(&mut command);
        let marked = command.get_envs().find_map(|(name, value)| {
            Some((name.to_string_lossy().into_owned(), value?.to_string_lossy().into_owned()))
        });
        let cluster = Self { folder, mark, marked: marked.unwrap(), _one: one };
        let started = run(command);
        assert_eq!(started.code, Some(0), "{} {}", started.out, started.err);
        Some(cluster)
    }

    /// mtok with this cluster as its Slurm.
    pub fn mtok(&self, words: &[&str]) -> Run {
        run(self.inside(mtok(words)))
    }

    /// A command of Slurm; its output without the line end.
    #[track_caller]
    pub fn slurm(&self, program: &str, words: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(words);
        let ended = run(self.inside(command));
        assert_eq!(ended.code, Some(0), "{program} {words:?}: {}", ended.err);
        ended.out.trim_end().to_owned()
    }

    /// Puts a task back into the queue, and lets it start at once: Slurm waits two minutes otherwise.
    pub fn requeue(&self, task: &str) {
        self.slurm("scontrol", &["requeue", task]);
        self.release(task);
    }

    /// Lets a task that was put back start soon. Within the second in which it was ended, its node still takes it for the one
    /// that must not run any more.
    pub fn release(&self, task: &str) {
        self.until("the task is in the queue again", || {
            self.queue().contains(&(task.into(), "PENDING".into()))
        });
        self.slurm("scontrol", &["update", &format!("JobId={task}"), "StartTime=now+3"]);
    }

    /// The jobs and their states.
    pub fn queue(&self) -> Vec<(String, String)> {
        let lines = self.slurm("squeue", &["-h", "-r", "-o", "%i %T"]);
        lines
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(id, state)| (id.into(), state.into()))
            .collect()
    }

    /// Takes a node away without a word, as a power cut would: its daemon, the steps that would tell of their end, and their
    /// tasks. No other node may run anything.
    pub fn crash(&self, node: &str) {
        let daemon = fs::read_to_string(self.folder.join(format!("{node}.pid"))).unwrap();
        kill(daemon.trim());
        let is_step = |id: &&String| {
            fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|it| it.starts_with(b"slurmstepd"))
        };
        self.mark.processes().iter().filter(is_step).for_each(|id| kill(id));
        self.tasks_on(node).iter().for_each(|id| kill(id));
    }

    /// The processes of mtok's tasks on a node: those below its steps.
    pub fn tasks_on(&self, node: &str) -> Vec<String> {
        let of_node = format!("SLURMD_NODENAME={node}");
        self.mark.processes().into_iter().filter(|id| environment(id).contains(&of_node)).collect()
    }

    /// Waits until something holds.
    #[track_caller]
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < PATIENCE, "waited in vain until {what}: {}", self.logs());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until nothing is queued or running.
    #[track_caller]
    pub fn until_idle(&self) {
        self.until("the queue is empty", || self.queue().is_empty());
    }

    fn logs(&self) -> String {
        let tail = |name: &str| {
            let log = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(8).collect();
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        format!("{:?}\n{}\n{}", self.queue(), tail("slurmctld.log"), tail("n1.log"))
    }

    /// A command with this cluster as its Slurm.
    pub fn inside(&self, mut command: Command) -> Command {
        command.env("SLURM_CONF", self.folder.join("slurm.conf"));
        command.env(&self.marked.0, &self.marked.1);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        run_quietly(SCRIPT, &["stop", text(&self.folder)]);
        if std::thread::panicking() {
            eprintln!("logs are kept in {}", self.folder.display());
            return;
        }
        let _ = fs::remove_dir_all(&self.folder);
        self.mark.assert_all_end_within(Duration::from_secs(10));
    }
}

fn environment(id: &str) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).split('\0').map(str::to_owned).collect()
}

fn run_quietly(program: &str, words: &[&str]) {
    let mut command = Command::new(program);
    command.args(words);
    run(command);
}

/// Ends a process that has no say in it. One that is gone already does not mind.
pub fn kill(id: &str) {
    run_quietly("kill", &["-KILL", id]);
}

/// Daemons lie where the path of plain users may not lead.
fn is_here(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':').any(|folder| Path::new(folder).join(program).is_file())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The first of so many ports in a row that nobody listens on.
fn free_ports(count: u16) -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut starts = (21_000..60_000).step_by(usize::from(count)).filter(|port| port % 7 != 0);
    starts.find(|start| (*start..start + count).all(is_free)).unwrap()
}
