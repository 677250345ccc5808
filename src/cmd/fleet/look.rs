//! A look at a fleet: its jobs, then the queue, then the folders, in this order (see [`mtok::fleet::follow`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::thread;

use jiff::Timestamp;
use mtok::fleet::folders::{self, BEGUN, STATUS, TASKS};
use mtok::fleet::follow::{Counts, Folder, Row, Scheduler, State, follow};
use mtok::fleet::plan::Plan;
use mtok::fleet::record::{Begun, Ended, Status};
use mtok::fleet::slurm::{self, Entry, Place, Queue};
use mtok::fleet::submitted::Submitted;

use super::{jobs, scheduler, small};
use crate::cmd::files::SAMPLES;
use crate::cmd::{Exit, Failure};
use scheduler::{Answer, LIMIT};

/// Files are read by so many at a time: a shared file system takes its time for each.
const READERS: usize = 16;

/// Looks at a fleet again and again.
pub struct Looker {
    folder: PathBuf,
    /// Its plan.
    pub plan: Plan,
    /// How tasks ended that the queue has forgotten, and those that were asked about in vain.
    history: BTreeMap<Place, String>,
    asked: BTreeSet<Place>,
}

/// What was seen.
pub struct Seen {
    /// A row per task.
    pub rows: Vec<Row>,
    /// The tasks by state.
    pub counts: Counts,
    /// What was submitted.
    pub jobs: Vec<Submitted>,
    /// Whether Slurm could be asked; `None` where nothing was submitted to it.
    pub slurm: Option<bool>,
    /// Why Slurm could not be asked.
    pub silence: Option<Failure>,
    /// What cannot be known, and why.
    pub warnings: Vec<String>,
}

impl Looker {
    /// For a fleet's folder and its plan.
    pub fn new(folder: &Path, plan: Plan) -> Self {
        Self { folder: folder.to_owned(), plan, history: BTreeMap::new(), asked: BTreeSet::new() }
    }

    /// Looks once. Where Slurm cannot be asked, the folders say what is known, and a warning says why.
    pub fn look(&mut self) -> Result<Seen, Failure> {
        let (jobs, mut warnings) = jobs::read(&self.folder, &self.plan);
        let mut scheduler = jobs::places(&self.folder, &jobs);
        let mut silence = None;
        match queue(&jobs) {
            Ok(queue) => {
                scheduler.queue = queue;
                scheduler.asked = true;
            }
            Err(failure) => {
                warnings.push(format!("{}; this is what the folders say", failure.message));
                silence = Some(failure);
            }
        }
        let (folders, torn) = scan(&self.folder.join(TASKS), &self.plan);
        warnings.extend(torn);
        let mut rows = follow(self.plan.tasks, &folders, &scheduler);
        if scheduler.asked && self.remember(&rows, &scheduler)? {
            scheduler.history.clone_from(&self.history);
            rows = follow(self.plan.tasks, &folders, &scheduler);
        }
        let slurm = (!jobs.is_empty()).then_some(scheduler.asked);
        Ok(Seen { counts: Counts::of(&rows), rows, jobs, slurm, silence, warnings })
    }

    /// Asks the accounting, where there is one, how lost tasks ended that the queue has forgotten: once for each of them.
    /// Answers whether anything is known.
    fn remember(&mut self, rows: &[Row], scheduler: &Scheduler) -> Result<bool, Failure> {
        let lost = rows.iter().filter(|row| row.state == State::Lost);
        let places = lost.filter_map(|row| scheduler.places.get(&row.task)?.last());
        let forgotten = places.filter(|place| !scheduler.queue.tasks.contains_key(*place));
        let new: Vec<Place> = forgotten.filter(|place| !self.asked.contains(*place)).cloned().collect();
        if !new.is_empty() {
            let numbers: BTreeSet<&str> = new.iter().map(|(job, _)| job.as_str()).collect();
            let numbers = numbers.into_iter().collect::<Vec<_>>().join(",");
            let words = ["-n", "-P", "-X", "-o", slurm::HISTORY_FORMAT, "-j", &numbers].map(str::to_owned);
            // Many sites have no accounting: then nobody knows.
            if let Some(Answer::Said(text)) = scheduler::call("sacct", &words, LIMIT)? {
                self.history.extend(slurm::history(&text));
            }
            self.asked.extend(new);
        }
        Ok(!self.history.is_empty())
    }
}

/// The queue of all jobs, one call per cluster. A job of another name is somebody else's, whose number was given anew.
fn queue(jobs: &[Submitted]) -> Result<Queue, Failure> {
    let no_slurm = |why: &str| Failure::new(Exit::NoAdapter, format!("no Slurm here{why}"));
    let mut queue = Queue::default();
    let mut clusters: BTreeMap<&str, Vec<&Submitted>> = BTreeMap::new();
    for job in jobs {
        clusters.entry(&job.cluster).or_default().push(job);
    }
    for (cluster, jobs) in clusters {
        let numbers: Vec<&str> = jobs.iter().map(|job| job.job.as_str()).collect();
        let mut words =
            ["-h", "--all", "--states=all", "-o", slurm::QUEUE_FORMAT].map(str::to_owned).to_vec();
        words.push(format!("--jobs={}", numbers.join(",")));
        words.extend((!cluster.is_empty()).then(|| format!("--clusters={cluster}")));
        let text = match scheduler::call("squeue", &words, LIMIT)? {
            Some(Answer::Said(text)) => text,
            Some(Answer::Refused(complaint)) if slurm::is_forgotten(&complaint) => String::new(),
            Some(Answer::Refused(complaint)) if slurm::is_unconfigured(&complaint) => {
                return Err(no_slurm(&format!(": {}", slurm::words(&complaint))));
            }
            Some(Answer::Refused(complaint) | Answer::Silent(complaint)) => {
                let what = format!("Slurm cannot be asked: {}", slurm::words(&complaint));
                return Err(Failure::bad_input(what));
            }
            None => return Err(no_slurm("")),
        };
        let is_ours = |job: &str, entry: &Entry| {
            jobs.iter().any(|it| it.job == *job && mtok::text::inert(&it.name) == entry.name)
        };
        let Queue { tasks, rest } = slurm::queue(&text);
        queue.tasks.extend(tasks.into_iter().filter(|(place, entry)| is_ours(&place.0, entry)));
        queue.rest.extend(rest.into_iter().filter(|(job, entry)| is_ours(job, entry)));
    }
    Ok(queue)
}

/// What the folders of all tasks say, and what is wrong with their records.
fn scan(tasks: &Path, plan: &Plan) -> (BTreeMap<u32, Folder>, Vec<String>) {
    let names = fs::read_dir(tasks).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut there: Vec<u32> = names.filter_map(|name| folders::index(name.to_str()?)).collect();
    there.retain(|index| *index < plan.tasks);
    let share = there.len().div_ceil(READERS).max(1);
    let read = |indices: &[u32]| -> Vec<(u32, Folder, Vec<String>)> {
        let one = |index: &u32| {
            let mut warnings = Vec::new();
            let folder = folder(&tasks.join(folders::task(*index)), *index, plan, &mut warnings);
            (*index, folder, warnings)
        };
        indices.iter().map(one).collect()
    };
    let all: Vec<_> = thread::scope(|scope| {
        let readers: Vec<_> = there.chunks(share).map(|part| scope.spawn(move || read(part))).collect();
        // A reader that panicked would have said so; what the others read counts.
        readers.into_iter().filter_map(|reader| reader.join().ok()).flatten().collect()
    });
    let mut folders = BTreeMap::new();
    let mut warnings = Vec::new();
    for (index, folder, torn) in all {
        folders.insert(index, folder);
        warnings.extend(torn);
    }
    warnings.sort();
    (folders, warnings)
}

/// What the folder of a task says. Records that are torn, or of another task or plan, are as good as none.
fn folder(path: &Path, index: u32, plan: &Plan, warnings: &mut Vec<String>) -> Folder {
    let mut record = |name: &str| match small::read(&path.join(name)) {
        Ok(found) => found,
        Err(error) => {
            warnings.push(format!("{TASKS}/{}/{name}: {error}: left aside", folders::task(index)));
            None
        }
    };
    let status = record(STATUS);
    let ours = |begun: &Begun| begun.index == index && begun.plan == plan.id;
    let mut wrong = Vec::new();
    let status = status.and_then(|(text, _)| match Status::read(&text) {
        Ok(status) if ours(&status.begun) => Some(status),
        Ok(_) => wrong_one(&mut wrong, STATUS, "belongs to another plan or task"),
        Err(what) => wrong_one(&mut wrong, STATUS, &what),
    });
    let is_done = status.as_ref().is_some_and(|status| status.ended == Ended::Done);
    let begun = if is_done { None } else { record(BEGUN) };
    let alive = begun.as_ref().map(|(_, there)| newest(path, there));
    let begun = begun.and_then(|(text, _)| match Begun::read(&text) {
        Ok(begun) if ours(&begun) => Some(begun),
        Ok(_) => wrong_one(&mut wrong, BEGUN, "belongs to another plan or task"),
        Err(what) => wrong_one(&mut wrong, BEGUN, &what),
    });
    let name = folders::task(index);
    warnings
        .extend(wrong.into_iter().map(|(file, what)| format!("{TASKS}/{name}/{file}: {what}: left aside")));
    Folder { begun, status, alive_utc: alive.flatten().unwrap_or_default() }
}

fn wrong_one<T>(wrong: &mut Vec<(&'static str, String)>, file: &'static str, what: &str) -> Option<T> {
    wrong.push((file, what.to_owned()));
    None
}

/// When a task last wrote something: its record, or the samples of a device, which grow with every cell.
fn newest(path: &Path, begun: &Metadata) -> Option<String> {
    let places = fs::read_dir(path).into_iter().flatten().flatten();
    let samples = places.filter_map(|place| fs::metadata(place.path().join(SAMPLES)).ok());
    let times = samples.chain([begun.clone()]).filter_map(|it| it.modified().ok());
    let newest = Timestamp::try_from(times.max()?).ok()?;
    Timestamp::from_second(newest.as_second()).ok().map(|time| time.to_string())
}
