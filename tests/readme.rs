//! The table in README.md is the one that the newest recorded run gives today: `make readme` renews it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The newest folder of a run; their names begin with the day.
fn newest_run(root: &Path) -> PathBuf {
    let folders = std::fs::read_dir(root.join("results")).unwrap().map(|entry| entry.unwrap().path());
    // Runs that git does not know are somebody's own.
    let recorded = |path: &PathBuf| {
        let mut tracked = Command::new("git");
        tracked.args(["ls-files", "--error-unmatch", "measurements.csv"]).current_dir(path);
        path.is_dir() && tracked.output().is_ok_and(|output| output.status.success())
    };
    folders.filter(recorded).max().expect("a recorded run")
}

fn between<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    text.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map(|(inside, _)| inside).unwrap()
}

#[test]
fn the_table_of_the_readme_is_that_of_the_newest_recorded_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join(".git").exists() {
        eprintln!("skipped: not a checkout, so nobody knows which runs are recorded");
        return;
    }
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let run = newest_run(root);
    let day = &run.file_name().unwrap().to_string_lossy()[..10];
    let output = Command::new(env!("CARGO_BIN_EXE_mtok"))
        .args(["compare", "--weights", "q8_0", "--markdown", "--as-of", day, "--measurements"])
        .arg(run.join("measurements.csv"))
        .output()
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let shown = between(&readme, "<!-- table:begin -->\n", "<!-- table:end -->");
    assert!(shown == table, "run `make readme`; the table is now\n{table}");
}
