//! Walking the folder of a fleet: what lies there, read with all cores and joined in the order of the tasks.

mod listing;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use mtok::fleet::collected::{Aside, Collected, Why};
use mtok::fleet::folders::{self, BEGUN, STATUS, TASKS};
use mtok::fleet::gather::{self, Folder, Found, Gatherer, TaskRead};
use mtok::fleet::plan::Plan;
use mtok::fleet::record;
use mtok::table::MAX_BYTES_OF_ROWS;

use super::small;
use crate::cmd::files::MEASUREMENTS;
use crate::cmd::{Failure, input, progress};
use listing::Listing;

/// The most threads that read; more wait for the file system only.
const THREADS_MAX: usize = 8;
/// Tasks that each thread may be ahead of their joining.
const AHEAD: usize = 16;

/// Reads the folder of a fleet.
///
/// # Errors
/// A folder without a plan that can be read, or whose tasks cannot be listed.
pub fn gather(dir: &Path) -> Result<Collected, Failure> {
    let joined = Fleet::open(dir)?.join(false, |_| Ok(()));
    joined.map_err(|error| Failure::bad_input(format!("{}: {error}", dir.display())))
}

/// A fleet of which it is known which tasks have a folder.
pub struct Fleet {
    dir: PathBuf,
    plan: Plan,
    present: Vec<bool>,
    strays: Listing,
}

impl Fleet {
    /// Reads the plan and the names of the tasks' folders.
    ///
    /// # Errors
    /// See [`gather`].
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let plan = small::planned(dir)?;
        let mut present = vec![false; usize::try_from(plan.tasks).unwrap_or_default()];
        let strays = match fs::read_dir(dir.join(TASKS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Listing::default()),
            entries => entries.and_then(|entries| {
                Listing::of(entries, |name| {
                    let task = folders::index(name).and_then(|task| usize::try_from(task).ok());
                    task.and_then(|task| present.get_mut(task)).map(|there| *there = true).is_some()
                })
            }),
        };
        let strays = strays.map_err(|error| {
            Failure::bad_input(format!("{}: cannot be read: {error}", dir.join(TASKS).display()))
        })?;
        Ok(Self { dir: dir.to_owned(), plan, present, strays })
    }

    /// Reads every task and joins them. `rows` gets the CSV lines of each where `table` says that they are wanted.
    ///
    /// # Errors
    /// The first of `rows`.
    pub fn join(self, table: bool, mut rows: impl FnMut(&str) -> io::Result<()>) -> io::Result<Collected> {
        let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, THREADS_MAX);
        let fleet = &self;
        let mut all = Gatherer::new(self.plan.clone());
        fleet.strays(&mut all);
        let mut line = progress::line_of_its_own();
        thread::scope(|scope| {
            // Each thread has every so manieth task: the next one is always at the head of a queue that is known.
            let queues: Vec<Receiver<TaskRead>> = (0..threads)
                .map(|first| {
                    let (done, queue) = sync_channel(AHEAD);
                    scope.spawn(move || fleet.read_every(first, threads, table, &done));
                    queue
                })
                .collect();
            let total = u64::from(fleet.plan.tasks);
            for (read, index) in queues.iter().cycle().map_while(|queue| queue.recv().ok()).zip(0u64..) {
                rows(&read.table)?;
                all.take(read);
                if let Some(line) = &mut line {
                    line.show(|elapsed| {
                        let left = progress::passed_and_left(index + 1, total, elapsed);
                        format!("{} of {total} tasks, {left}", index + 1)
                    });
                }
            }
            Ok(all.finish())
        })
    }

    /// Reads every `step`th task from `first` on, until nobody listens.
    fn read_every(&self, first: usize, step: usize, table: bool, done: &SyncSender<TaskRead>) {
        for (index, present) in self.present.iter().enumerate().skip(first).step_by(step) {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let read = if *present { self.read(index, table) } else { self.missing(index) };
            if done.send(read).is_err() {
                return;
            }
        }
    }

    /// A task without a folder.
    fn missing(&self, index: u32) -> TaskRead {
        TaskRead::of(&self.plan, Folder { index, ..Folder::<Vec<_>>::default() }, false)
    }

    fn read(&self, index: u32, table: bool) -> TaskRead {
        let folder = self.dir.join(TASKS).join(folders::task(index));
        let own = |name: &str| [BEGUN, STATUS].contains(&name);
        let path = format!("{TASKS}/{}", folders::task(index));
        let listing = match fs::read_dir(&folder).and_then(|entries| Listing::of(entries, own)) {
            Ok(listing) => listing,
            Err(error) => {
                let mut read = self.missing(index);
                let what = format!("cannot be read: {error}");
                read.aside.push(Aside { path, why: Why::Unreadable, what, rows: 0 });
                return read;
            }
        };
        let (places, others): (Vec<String>, Vec<String>) =
            listing.names.into_iter().partition(|name| folder.join(name).is_dir());
        let rows = places.into_iter().map(|name| {
            let found = found(&folder.join(&name).join(MEASUREMENTS), MAX_BYTES_OF_ROWS);
            (name, found)
        });
        let [begun, status] = records(&folder);
        let mut read = TaskRead::of(&self.plan, Folder { index, begun, status, places: rows }, table);
        read.aside.extend(others.iter().map(|name| gather::inside_task(index, name)));
        if listing.more > 0 {
            read.aside.push(gather::more(&path, listing.more));
        }
        read
    }

    /// Names what lies among the folders of tasks.
    fn strays(&self, all: &mut Gatherer) {
        for name in &self.strays.names {
            let folder = self.dir.join(TASKS).join(name);
            let [begun, status] = if folder.is_dir() { records(&folder) } else { Default::default() };
            all.set_aside(gather::stray(&self.plan, name, begun, status));
        }
        if self.strays.more > 0 {
            all.set_aside(gather::more(TASKS, self.strays.more));
        }
    }
}

fn records(folder: &Path) -> [Found; 2] {
    [BEGUN, STATUS].map(|name| found(&folder.join(name), record::MAX_BYTES))
}

fn found(path: &Path, max_bytes: u64) -> Found {
    match input::bytes(path, max_bytes) {
        Ok(Some((bytes, _))) => Found::Bytes(bytes),
        Ok(None) => Found::Absent,
        Err(what) => Found::Unreadable(what),
    }
}
