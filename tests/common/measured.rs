//! What calls of `measure` leave in their folder, and the processes behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mtok::measurement::{Measurement, wire};

use super::{Grid, call};

/// The environment variable by which a test finds all processes of a call, also those that have lost their parent.
const MARK: &str = "MTOK_TEST_MARK";

/// Whether there is an adapter; a message says so where there is none, which MTOK_REQUIRE_ADAPTER makes a failure.
pub fn adapter_is_here() -> bool {
    static HERE: OnceLock<bool> = OnceLock::new();
    *HERE.get_or_init(|| {
        let run = call("devices");
        let here = run.code == Some(0);
        assert!(here || std::env::var_os("MTOK_REQUIRE_ADAPTER").is_none(), "{}", run.err);
        if !here {
            eprintln!("skipped: no adapter; install mesa-vulkan-drivers");
        }
        here
    })
}

/// The text of the rows; empty where there is no file.
pub fn measurements(out: &Path) -> String {
    fs::read_to_string(out.join("measurements.csv")).unwrap_or_default()
}

/// The rows of a run in order.
#[track_caller]
pub fn rows(text: &str) -> Vec<Measurement> {
    wire::read(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{text}"))
}

/// Every cell that is right has its samples, each once; nothing else has any, nor a speed.
#[track_caller]
pub fn assert_samples_belong(out: &Path) {
    let rows = Grid::of(&measurements(out));
    let samples = Grid::of(&fs::read_to_string(out.join("samples.csv")).unwrap());
    let mut of_cell: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for row in 0..samples.rows.len() - 1 {
        let visit = (samples.cell(row, "cell"), samples.cell(row, "run"));
        of_cell.entry(visit).or_default().push(samples.cell(row, "sample").parse().unwrap());
    }
    for (visit, indices) in &of_cell {
        assert!(indices.iter().copied().eq(0..indices.len()), "{visit:?}: {indices:?}");
    }
    let mut right = BTreeSet::new();
    for row in 0..rows.rows.len() - 1 {
        if rows.cell(row, "status") == "ok" {
            right.insert((rows.cell(row, "cell"), rows.cell(row, "run")));
        } else {
            for speed in ["median_s", "min_s", "device_median_s", "wall_median_s", "samples"] {
                assert_eq!(rows.cell(row, speed), "", "{speed} of {:?}", rows.rows[row + 1]);
            }
        }
    }
    assert_eq!(of_cell.keys().copied().collect::<BTreeSet<_>>(), right);
}

/// A mark by which the processes of a call are found again.
pub struct Mark(String);

impl Mark {
    /// Marks a call.
    pub fn of(command: &mut Command) -> Self {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{call}", std::process::id());
        command.env(MARK, &mark);
        Self(mark)
    }

    /// The ids of its living worker processes.
    pub fn workers(&self) -> Vec<String> {
        let is_worker = |id: &String| {
            let words = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            words.split(|byte| *byte == 0).nth(1) == Some(b"worker")
        };
        self.processes().into_iter().filter(is_worker).collect()
    }

    /// Waits until no process of the call is left, and answers how long that took.
    #[track_caller]
    pub fn assert_all_end_within(&self, time: Duration) -> Duration {
        let start = Instant::now();
        while !self.processes().is_empty() {
            assert!(start.elapsed() < time, "still there: {:?}", self.processes());
            std::thread::sleep(Duration::from_millis(5));
        }
        start.elapsed()
    }

    /// The ids of its living processes.
    pub fn processes(&self) -> Vec<String> {
        let wanted = format!("{MARK}={}", self.0).into_bytes();
        let is_of_call = |id: &String| {
            let variables = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            variables.split(|byte| *byte == 0).any(|variable| variable == wanted)
        };
        let names = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.filter_map(|name| name.into_string().ok()).filter(is_of_call).collect()
    }
}

/// Delays that differ from kill to kill and are the same in every run.
pub struct Delays(pub u64);

impl Delays {
    /// The next one.
    pub fn next(&mut self, below_ms: u64) -> Duration {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Duration::from_millis((self.0 >> 33) % below_ms)
    }
}

/// A number from the environment: another `MTOK_KILL_SEED` gives other moments, fewer `MTOK_KILLS` a shorter test.
pub fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The same call inside a shell, after commands of the shell such as `ulimit`.
pub fn after(shell: &str, call: &Command) -> Command {
    let mut command = Command::new("sh");
    command.args([OsStr::new("-c"), OsStr::new(&format!("{shell} exec \"$0\" \"$@\""))]);
    command.arg(call.get_program()).args(call.get_args()).stdin(std::process::Stdio::null());
    for (name, value) in call.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}
