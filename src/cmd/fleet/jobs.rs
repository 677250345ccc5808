//! The records of what was submitted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use mtok::fleet::folders::JOBS;
use mtok::fleet::follow::Scheduler;
use mtok::fleet::plan::Plan;
use mtok::fleet::submitted::{Cancelled, Submitted};
use mtok::text::inert;

use super::small;
use crate::cmd::Failure;
use crate::cmd::files::write_atomic;

/// What was submitted of a plan, the oldest first, and what is wrong with other records.
pub fn read(folder: &Path, plan: &Plan) -> (Vec<Submitted>, Vec<String>) {
    let jobs = folder.join(JOBS);
    let (mut read, mut warnings) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(&jobs).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".json") || name.ends_with(".cancelled.json") || name.starts_with('.') {
            continue;
        }
        let text = small::read(&entry.path());
        match text.and_then(|text| Submitted::read(&text.map(|it| it.0).unwrap_or_default())) {
            Ok(job) if job.plan == plan.id => read.push(job),
            Ok(_) => warnings.push(format!("{JOBS}/{}: belongs to another plan: left aside", inert(&name))),
            Err(what) => warnings.push(format!("{JOBS}/{}: {what}: left aside", inert(&name))),
        }
    }
    read.sort_by(|a, b| (&a.submitted_utc, a.offset, &a.job).cmp(&(&b.submitted_utc, b.offset, &b.job)));
    warnings.sort();
    (read, warnings)
}

/// Where each task was put, and what of it was cancelled; nobody has been asked yet.
pub fn places(folder: &Path, jobs: &[Submitted]) -> Scheduler {
    let mut places: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    let mut cancelled = BTreeSet::new();
    for job in jobs {
        for index in job.list().unwrap_or_default() {
            places.entry(index + job.offset).or_default().push((job.job.clone(), index));
        }
        cancelled.extend(cancelled_of(folder, job).into_iter().map(|index| (job.job.clone(), index)));
    }
    Scheduler { places, cancelled, ..Scheduler::default() }
}

/// The indices of a job that were cancelled.
pub fn cancelled_of(folder: &Path, job: &Submitted) -> Vec<u32> {
    let text = small::read(&folder.join(JOBS).join(job.cancelled_file())).ok().flatten();
    text.map(|(text, _)| Cancelled::list(&text, job)).unwrap_or_default()
}

/// Writes a record.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let jobs = folder.join(JOBS);
    fs::create_dir_all(&jobs).map_err(|error| Failure::cannot_write(&jobs, error))?;
    write_atomic(&jobs.join(name), text.as_bytes())
}
