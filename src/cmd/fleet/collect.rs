//! `mtok fleet collect`: what the tasks of a fleet say together.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mtok::fleet::collected::{Aside, Collected, State, Why};
use mtok::fleet::folders::{COLLECTED, TASKS};
use mtok::fleet::tables;
use mtok::report::fleet::{self, FleetReport};

use super::gather::Fleet;
use super::{costs, report};
use crate::cli::FormatArgs;
use crate::cli::fleet::CollectArgs;
use crate::cmd::compare::quoted;
use crate::cmd::files::{PREFIX, SUFFIX, write_atomic, write_atomic_with};
use crate::cmd::output::{self, note, print};
use crate::cmd::{Exit, Failure};

const ROWS: &str = "rows.csv";
const TASKS_TABLE: &str = "tasks.csv";
const DEVICES: &str = "devices.csv";
const ASIDE: &str = "aside.csv";

/// What was set aside is named on stderr up to so many lines; all of it is in its table.
const NOTES_MAX: usize = 20;
/// A file that is not whole and has not changed for this long was left by a kill.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);
/// Bytes that are written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// Runs the verb.
pub fn run(args: &CollectArgs) -> Result<Exit, Failure> {
    costs::check(&args.costs)?;
    let fleet = Fleet::open(&args.dir)?;
    let out = out_folder(args)?;
    let collected = if args.no_rows { without_rows(fleet, &out)? } else { with_rows(fleet, &out)? };
    for (name, text) in [
        (TASKS_TABLE, tables::tasks(&collected)),
        (DEVICES, tables::devices(&collected)),
        (ASIDE, tables::aside(&collected)),
    ] {
        write_atomic(&out.join(name), text.as_bytes())?;
    }
    note_aside(&collected, &out);
    let exit = exit(&collected);
    show(args, collected)?;
    Ok(exit)
}

/// Says what all tasks show together.
fn show(args: &CollectArgs, collected: Collected) -> Result<(), Failure> {
    let command = format!("mtok fleet collect {}", quoted(&report::name(&args.dir)));
    let report = report::of(&args.dir, collected, &args.costs, command)?;
    let FormatArgs { json, csv, markdown } = args.format;
    let form: fn(&FleetReport) -> String = match () {
        () if json => fleet::json,
        () if csv => fleet::csv,
        () if markdown => fleet::markdown,
        () => {
            let (width, colour) = output::page(args.wide.wide);
            return print(&fleet::terminal(&report, width, colour));
        }
    };
    print(&form(&report))
}

/// The folder of the tables, made where it is missing and rid of what a kill left in it.
fn out_folder(args: &CollectArgs) -> Result<PathBuf, Failure> {
    let out = args.out.clone().unwrap_or_else(|| args.dir.join(COLLECTED));
    // Of a folder that is not there yet, the nearest that is.
    let there = std::path::absolute(&out).ok();
    let there = there.and_then(|path| path.ancestors().find_map(|part| fs::canonicalize(part).ok()));
    if let (Some(there), Ok(tasks)) = (there, fs::canonicalize(args.dir.join(TASKS)))
        && there.starts_with(tasks)
    {
        let what = format!("--out {}: the folders of the tasks are theirs; name another", out.display());
        return Err(Failure::bad_input(what));
    }
    fs::create_dir_all(&out).map_err(|error| Failure::cannot_write(&out, error))?;
    for entry in fs::read_dir(&out).into_iter().flatten().flatten() {
        let ours =
            entry.file_name().to_str().is_some_and(|it| it.starts_with(PREFIX) && it.ends_with(SUFFIX));
        let age = entry.metadata().and_then(|it| it.modified()).ok().and_then(|time| time.elapsed().ok());
        if ours && age.is_some_and(|age| age > LEFT_BEHIND) {
            // One that stays does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(out)
}

/// Joins the tasks and writes their rows while they are read: they need not fit into memory.
fn with_rows(fleet: Fleet, out: &Path) -> Result<Collected, Failure> {
    let mut collected = None;
    write_atomic_with(&out.join(ROWS), |file: &mut File| {
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
        file.write_all(tables::rows_header().as_bytes())?;
        collected = Some(fleet.join(true, |rows| file.write_all(rows.as_bytes()))?);
        file.flush()
    })?;
    collected.ok_or_else(|| Failure::cannot_write(&out.join(ROWS), io::Error::other("nothing was read")))
}

fn without_rows(fleet: Fleet, out: &Path) -> Result<Collected, Failure> {
    let rows = out.join(ROWS);
    if rows.exists() {
        note(&format!("{}: stays as an earlier call wrote it", rows.display()));
    }
    fleet.join(false, |_| Ok(())).map_err(|error| Failure::cannot_write(out, error))
}

/// Names what was set aside.
fn note_aside(collected: &Collected, out: &Path) {
    for Aside { path, why, what, .. } in collected.aside.iter().take(NOTES_MAX) {
        note(&format!("set aside ({why}): {path}: {what}"));
    }
    let more = collected.aside.len().saturating_sub(NOTES_MAX);
    if more > 0 {
        note(&format!("… and {more} more: {}", out.join(ASIDE).display()));
    }
}

/// Whether the fleet is whole.
fn exit(collected: &Collected) -> Exit {
    let whole = collected.tasks.iter().all(|task| task.state == State::Done);
    let read = collected.aside.iter().all(|aside| aside.why != Why::Unreadable);
    if whole && read { Exit::Ok } else { Exit::FailedCells }
}
