//! Running the binary and making its input files, shared by the end-to-end tests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]
#![allow(dead_code, reason = "every test crate uses a part of these")]

pub mod fleets;
pub mod measured;
pub mod words;

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A verb that takes longer has hung: on a pipe that nobody writes to, or on a device that is gone.
const DEADLINE: Duration = Duration::from_secs(600);

/// What a call of mtok left behind.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// All of stdout.
    pub out: String,
    /// All of stderr.
    pub err: String,
}

impl Run {
    /// The same, where the call succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {}", self.out))
    }

    /// What mtok itself wrote to stderr; drivers and loaders write there as well.
    pub fn complaint(&self) -> &str {
        self.err.find("mtok: ").map_or("", |start| &self.err[start..])
    }
}

/// Compares with the expected file, or writes it when asked: `MTOK_BLESS=1`.
#[track_caller]
pub fn assert_is(name: &str, shown: &str) {
    let path = data("golden").join(name);
    if std::env::var_os("MTOK_BLESS").is_some() {
        fs::write(&path, shown).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(shown == expected, "{name} differs; if that is meant: MTOK_BLESS=1. Now it is\n{shown}");
}

/// The binary with these arguments; the caller's settings do not reach it. What is measured is measured in the first
/// variant that the adapter can run, and only what was asked for.
pub fn mtok<T: AsRef<OsStr>>(args: &[T]) -> Command {
    let mut command = tuned(args, &Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache"));
    if args.first().is_some_and(|verb| ["measure", "run"].map(OsStr::new).contains(&verb.as_ref())) {
        command.arg("--no-tune");
    }
    if args.first().is_some_and(|verb| verb.as_ref() == "measure") {
        command.arg("--no-peaks");
    }
    command
}

/// The same with what the tuner has found, or is to find, in a folder.
pub fn tuned<T: AsRef<OsStr>>(args: &[T], cache: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtok"));
    // Whoever runs the tests may have imported prices.
    let no_store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-store");
    command.args(args).env("MTOK_CACHE", cache).env("MTOK_STORE", no_store).stdin(Stdio::null());
    for name in ["NO_COLOR", "COLUMNS", "MTOK_FAULT"] {
        command.env_remove(name);
    }
    command
}

/// Runs to the end, or panics where there is none in sight. Output goes through files: a pipe could fill up.
#[track_caller]
pub fn run(mut command: Command) -> Run {
    let [mut out, mut err] = [(); 2].map(|()| tempfile::tempfile().unwrap());
    command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let status = wait(&mut command.spawn().unwrap(), DEADLINE);
    let status = status.unwrap_or_else(|| panic!("{command:?} did not end"));
    let text = |file: &mut fs::File| {
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    Run { code: status.code(), out: text(&mut out), err: text(&mut err) }
}

/// Waits for a child; kills it and answers `None` when the time is over.
pub fn wait(child: &mut Child, time: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Runs with words that have no spaces in them.
#[track_caller]
pub fn call(words: &str) -> Run {
    run(mtok(&words.split_whitespace().collect::<Vec<_>>()))
}

/// A file below `tests/data`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The recorded run.
pub fn recorded() -> String {
    fs::read_to_string(data("measurements.csv")).unwrap()
}

/// `--data` of the small tables that never change, as words.
pub fn tables() -> [String; 2] {
    ["--data".into(), data("tables").display().to_string()]
}

/// A new empty folder.
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("mtok-test-").tempdir().unwrap()
}

/// Writes a file and answers its path as a word.
pub fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Names in a folder, sorted; empty where there is no folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A CSV text, cell by cell.
pub struct Grid {
    /// Header first.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// Reads a CSV text.
    pub fn of(text: &str) -> Self {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        Self { rows: rows.collect() }
    }

    /// Where a column stands.
    #[track_caller]
    pub fn column(&self, name: &str) -> usize {
        let found = self.rows[0].iter().position(|column| column == name);
        found.unwrap_or_else(|| panic!("no column {name}"))
    }

    /// A cell; row 0 is the first below the header.
    #[track_caller]
    pub fn cell(&self, row: usize, column: &str) -> &str {
        &self.rows[row + 1][self.column(column)]
    }

    /// The same with another cell.
    #[track_caller]
    pub fn with(mut self, row: usize, column: &str, value: &str) -> Self {
        let index = self.column(column);
        self.rows[row + 1][index] = value.to_owned();
        self
    }

    /// The same with one value in the whole column.
    #[track_caller]
    pub fn with_all(mut self, column: &str, value: &str) -> Self {
        let index = self.column(column);
        self.rows.iter_mut().skip(1).for_each(|row| row[index] = value.to_owned());
        self
    }

    /// The same without a column.
    #[track_caller]
    pub fn without(mut self, column: &str) -> Self {
        let index = self.column(column);
        self.rows.iter_mut().for_each(|row| drop(row.remove(index)));
        self
    }

    /// As CSV.
    pub fn text(&self) -> String {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        self.rows.iter().for_each(|row| writer.write_record(row).unwrap());
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }
}

/// Text as UTF-16 with its mark.
pub fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Makes a pipe that nobody writes to.
pub fn fifo(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path.display().to_string()
}
