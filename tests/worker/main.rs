//! What becomes of a call of `measure` when a worker process, its driver, its memory, its disk or its parent fails:
//! the exact message and exit code, no speed for what went wrong, and a next cell that is right. Built with the
//! feature `faults`, which breaks kernels on purpose; skips without an adapter, as tests/cli_gpu.rs does.
#![cfg(all(feature = "faults", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;

mod driver;
mod ends;
mod features;
mod loss;
mod resources;
mod variants;
mod wrong;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::measured::{Mark, assert_samples_belong, measurements, rows};
use common::{Run, folder, mtok, run};
use mtok::measurement::Measurement;
use tempfile::TempDir;

/// What is killed or ended may take a while to go on a busy machine.
const ENDED: Duration = Duration::from_secs(10);

/// A call of `measure` into a folder.
struct Call {
    command: Command,
    out: PathBuf,
    mark: Mark,
}

/// What it left behind.
struct Ended {
    run: Run,
    rows: Vec<Measurement>,
}

impl Call {
    /// Measures into the folder `run` of a folder, with options that have no spaces in them.
    fn new(here: &Path, fault: &str, options: &str) -> Self {
        let out = here.join("run");
        let mut command = mtok(&["measure", "--out", &out.display().to_string()]);
        command.args(options.split(' ').filter(|word| !word.is_empty())).env("MTOK_FAULT", fault);
        let mark = Mark::of(&mut command);
        Self { command, out, mark }
    }

    /// The same, after commands of a shell.
    fn after(self, shell: &str) -> Self {
        Self { command: common::measured::after(shell, &self.command), ..self }
    }

    /// Runs to the end. Whatever happens there is no panic, no process is left, and only what is right has a speed.
    #[track_caller]
    fn end(self) -> Ended {
        let run = run(self.command);
        let ended = Ended::of(run, &self.out);
        self.mark.assert_all_end_within(ENDED);
        ended
    }
}

impl Ended {
    #[track_caller]
    fn of(run: Run, out: &Path) -> Self {
        assert!(matches!(run.code, Some(0..=6)), "{:?} {}", run.code, run.err);
        assert!(!run.err.contains("panicked"), "{}", run.err);
        let text = measurements(out);
        let rows = if text.is_empty() { Vec::new() } else { rows(&text) };
        // Samples come first: on a full disk there may be some whose row did not fit.
        if !rows.is_empty() && run.code != Some(4) {
            assert_samples_belong(out);
        }
        Self { run, rows }
    }

    /// A line per row: kernel, run, status and reason.
    fn lines(&self) -> Vec<String> {
        let line = |row: &Measurement| {
            let (status, reason) = (row.outcome.status(), row.outcome.reason());
            format!("{} {} {status} {reason}", row.op.kernel(), row.run).trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

/// Measures one kernel that misbehaves and one that does not, each in two shapes.
#[track_caller]
fn assert_next_cell_is_right(kernel: &str, fault: &str, options: &str, reason: &str) {
    let here = folder();
    let fault = format!("{kernel}={fault}");
    let options = format!("--kernel {kernel} --kernel silu_mul --budget 1s --repeat 1 {options}");
    let ended = Call::new(here.path(), &fault, &options).end();
    let failed = format!("{kernel} 0 failed {reason}");
    assert_eq!(ended.lines(), [&failed, &failed, "silu_mul 0 ok", "silu_mul 0 ok"], "{}", ended.run.err);
    assert_eq!(ended.run.code, Some(1));
    let report = ended.run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(report.matches(&format!(", run 0: {reason}")).count(), 2, "{report}");
}

/// A folder for files that must be on the disk of the binary.
fn folder_beside_the_binary() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
