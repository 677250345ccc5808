//! A result folder: finished rows are on disk before the next cell starts, and a killed run can go on.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use mtok::gpu::sampler::Cell;
use mtok::measurement::samples::{Sample, Series};
use mtok::measurement::{Identity, Measurement, Outcome, samples, wire};

use super::files::{MEASUREMENTS, PREFIX, SAMPLES, SUFFIX, write_atomic};
use super::output::note;
use super::{Exit, Failure};

/// An open result folder.
pub struct Folder {
    path: PathBuf,
    lock: File,
    measurements: File,
    samples: File,
    /// Rows that an earlier run finished.
    pub finished: Vec<Measurement>,
}

impl Folder {
    /// Opens a folder for a run on a device, making it where it is missing. With `resume` the finished rows of an
    /// earlier run are kept.
    ///
    /// # Errors
    /// A folder that cannot be written; that another process is writing; that holds a run already, without
    /// `resume`; or whose run is of another device, driver or version.
    pub fn open(path: &Path, resume: bool, identity: &Identity) -> Result<Self, Failure> {
        let file = path.join(MEASUREMENTS);
        if file.exists() && !resume {
            let shown = file.display();
            let what =
                format!("{shown}: is there already; --resume goes on with it, --out names another folder");
            return Err(Failure::bad_input(what));
        }
        fs::create_dir_all(path).map_err(|error| Failure::cannot_write(path, error))?;
        let lock = lock(path)?;
        let finished = if file.exists() { read_finished(&file)? } else { Vec::new() };
        check_same_run(&file, &finished, identity)?;
        remove_leftovers(path);
        let mut rows = wire::header();
        rows.extend(finished.iter().map(wire::row));
        write_atomic(&file, rows.as_bytes())?;
        let samples = path.join(SAMPLES);
        write_atomic(&samples, kept_samples(&samples, &finished)?.as_bytes())?;
        let (measurements, samples) = (append_to(&file)?, append_to(&samples)?);
        Ok(Self { path: path.to_owned(), lock, measurements, samples, finished })
    }

    /// Adds a finished cell: samples first, so that no row lacks what it was computed from.
    pub fn add(&mut self, cell: &Cell) -> Result<(), Failure> {
        let samples = sample_rows(&cell.measurement, &cell.samples);
        append(&mut self.samples, &self.path.join(SAMPLES), &samples)?;
        append(&mut self.measurements, &self.path.join(MEASUREMENTS), &wire::row(&cell.measurement))
    }

    /// Forces everything to disk.
    pub fn close(self) -> Result<(), Failure> {
        for (file, name) in [(&self.samples, SAMPLES), (&self.measurements, MEASUREMENTS)] {
            file.sync_all().map_err(|error| Failure::cannot_write(&self.path.join(name), error))?;
        }
        drop(self.lock);
        Ok(())
    }

    /// Writes another file of the folder, whole or not at all.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write_atomic(&self.path.join(name), text.as_bytes())
    }
}

/// Removes what a kill left of [`write_atomic`]; the caller holds the lock. A file that stays does no harm.
pub fn remove_leftovers(folder: &Path) {
    let is_ours = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_ours) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Keeps other writers away from a folder until it is dropped.
pub type Lock = File;

/// One writer per folder. Where the file system has no locks, the user has to see to that.
///
/// # Errors
/// Another writer, and a folder that cannot be opened.
pub fn lock(folder: &Path) -> Result<Lock, Failure> {
    let file = lockable(folder).map_err(|error| Failure::cannot_write(folder, error))?;
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => {
            Err(Failure::bad_input(format!("{}: another mtok is writing here", folder.display())))
        }
        _ => Ok(file),
    }
}

/// The folder itself: nothing has to be made or left behind.
#[cfg(unix)]
fn lockable(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Elsewhere a folder cannot be opened as a file. The lock file stays: whoever removed it could let two others
/// each lock one of that name.
#[cfg(not(unix))]
fn lockable(folder: &Path) -> io::Result<File> {
    File::create(folder.join(".mtok.lock"))
}

fn append_to(path: &Path) -> Result<File, Failure> {
    OpenOptions::new().append(true).open(path).map_err(|error| Failure::cannot_write(path, error))
}

/// Adds lines with one write: a kill leaves whole lines or one that lacks its end. Lines that do not fit on the disk
/// are taken back, so that the finished ones stay readable.
fn append(file: &mut File, path: &Path, lines: &str) -> Result<(), Failure> {
    let length = file.metadata().map_err(|error| Failure::cannot_write(path, error))?.len();
    file.write_all(lines.as_bytes()).map_err(|error| {
        // Where even that fails, a torn tail is cut by the next --resume.
        let _ = file.set_len(length);
        Failure::cannot_write(path, error)
    })
}

/// The rows that a run finished; a tail torn by a kill is left out, and so are cells that failed, for another try.
fn read_finished(file: &Path) -> Result<Vec<Measurement>, Failure> {
    if !file.is_file() {
        return Err(Failure::bad_input(format!("{}: is not a plain file", file.display())));
    }
    let bytes = fs::read(file).map_err(|error| Failure::bad_input(format!("{}: {error}", file.display())))?;
    let (whole, torn) = bytes.split_at(wire::whole_lines(&bytes));
    if !torn.is_empty() {
        note(&format!(
            "{}: the last row was torn ({} bytes); it is measured again",
            file.display(),
            torn.len()
        ));
    }
    if whole.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows =
        wire::read(whole).map_err(|fault| Failure::bad_input(format!("{}:{fault}", file.display())))?;
    rows.retain(|row| !matches!(row.outcome, Outcome::Failed(_)));
    Ok(rows)
}

fn check_same_run(file: &Path, rows: &[Measurement], now: &Identity) -> Result<(), Failure> {
    for row in rows {
        let then = &row.provenance.identity;
        let pairs = [
            ("adapter", &then.adapter, &now.adapter),
            ("PCI bus", &then.pci_bus_id, &now.pci_bus_id),
            ("backend", &then.backend, &now.backend),
            ("driver", &then.driver_info, &now.driver_info),
            ("version", &then.tool_version, &now.tool_version),
            ("commit", &then.tool_commit, &now.tool_commit),
        ];
        // What is read back is what was written: inert and trimmed.
        let written = |now: &str| mtok::text::csv_cell(now).trim().to_owned();
        if let Some((what, then, now)) = pairs.iter().find(|(_, then, now)| **then != written(now)) {
            let inert = mtok::text::inert;
            return Err(Failure::new(
                Exit::BadInput,
                format!(
                    "{}: was measured with {what} \"{}\", now it is \"{}\": not comparable; choose another --out",
                    file.display(),
                    inert(then),
                    inert(now)
                ),
            ));
        }
    }
    Ok(())
}

fn sample_rows(row: &Measurement, samples: &[Sample]) -> String {
    let method = row.timing().map(|timing| timing.method).unwrap_or_default();
    samples::rows(&row.cell(), row.run, method, samples)
}

/// The sample rows of finished cells; those of a cell whose row was never written are dropped.
fn kept_samples(file: &Path, finished: &[Measurement]) -> Result<String, Failure> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Failure::bad_input(format!("{}: cannot be read: {error}", file.display()))),
    };
    let (whole, _) = bytes.split_at(wire::whole_lines(&bytes));
    let mut series: BTreeMap<(String, u32), Vec<Sample>> = BTreeMap::new();
    if !whole.is_empty() {
        // A series that a killed call began and a later one repeated: the later one counts.
        let read = samples::read(whole, |Series { cell, run, samples, .. }| {
            series.insert((cell, run), samples);
            Ok(())
        });
        read.map_err(|fault| Failure::bad_input(format!("{}:{fault}", file.display())))?;
    }
    let mut kept = samples::header();
    let mut lacking = 0;
    for row in finished.iter().filter(|row| row.timing().is_some()) {
        match series.get(&(row.cell(), row.run)) {
            Some(samples) => kept += &sample_rows(row, samples),
            None => lacking += 1,
        }
    }
    if lacking > 0 {
        note(&format!("{}: lacks the samples of {lacking} finished cells", file.display()));
    }
    Ok(kept)
}
