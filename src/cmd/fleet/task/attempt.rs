//! One attempt at a task: who works on it, and how it ended.
//!
//! On one node a lock of the task's folder keeps a second attempt away. Between nodes locks may mean nothing, and whoever was
//! given the task last is right: the attempt whose record `begun.json` holds writes `status.json`, every other one leaves
//! both alone. Rows are safe either way, since each node has folders of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mtok::fleet::folders::{self, BEGUN, STATUS, TASKS};
use mtok::fleet::record::{Begun, Card, Ended, Status};
use mtok::text::inert;

use crate::cmd::files::write_atomic;
use crate::cmd::fleet::small;
use crate::cmd::folder::{Lock, lock, remove_leftovers};
use crate::cmd::output::note;
use crate::cmd::{Exit, Failure, host};

/// How long whoever holds the lock may take from there to its record.
const RECORD: Duration = Duration::from_secs(1);

/// An attempt that has begun.
pub struct Attempt {
    /// The folder of the task.
    pub folder: PathBuf,
    /// What `begun.json` says.
    pub begun: Begun,
    /// `None` where an attempt on another node holds it.
    _lock: Option<Lock>,
}

/// What there is to do.
pub enum Start {
    /// Nothing: the task ended well.
    Done(Status),
    /// The task.
    Begun(Attempt),
}

impl Attempt {
    /// Begins the task, unless it is done.
    ///
    /// # Errors
    /// Another attempt on this node, a folder of another plan, and one that cannot be written.
    pub fn begin(fleet: &Path, begun: Begun) -> Result<Start, Failure> {
        let folder = fleet.join(TASKS).join(folders::task(begun.index));
        fs::create_dir_all(&folder).map_err(|error| Failure::cannot_write(&folder, error))?;
        let lock = match lock(&folder) {
            Ok(lock) => Some(lock),
            Err(failure) if failure.exit == Exit::CannotWrite => return Err(failure),
            Err(failure) => {
                std::thread::sleep(RECORD);
                let holder = read(&folder.join(BEGUN), Begun::read)?;
                let Some(holder) = holder.filter(|holder| holder.node != begun.node) else {
                    return Err(failure);
                };
                note(&format!(
                    "{}: an attempt on {} has not ended; this one takes over",
                    folder.display(),
                    inert(&holder.node)
                ));
                None
            }
        };
        let status = read(&folder.join(STATUS), Status::read)?;
        let before = read(&folder.join(BEGUN), Begun::read)?;
        let records = status.iter().map(|status| &status.begun).chain(&before);
        if records.into_iter().any(|record| record.plan != begun.plan) {
            let what = "belongs to another plan than fleet.json; move it away, or use another folder";
            return Err(Failure::bad_input(format!("{}: {what}", folder.display())));
        }
        if let Some(status) = status.filter(|status| status.ended == Ended::Done) {
            return Ok(Start::Done(status));
        }
        let begun = after(before, begun);
        if lock.is_some() {
            remove_leftovers(&folder);
        }
        match fs::remove_file(folder.join(STATUS)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::cannot_write(&folder.join(STATUS), error));
            }
            _ => {}
        }
        write_atomic(&folder.join(BEGUN), begun.json().as_bytes())?;
        Ok(Start::Begun(Self { folder, begun, _lock: lock }))
    }

    /// Records the devices.
    ///
    /// # Errors
    /// A later attempt on another node: this one is over.
    pub fn found(&mut self, cards: Vec<Card>) -> Result<(), Failure> {
        if let Some(later) = self.later()? {
            let what = format!("was begun again on {}: this attempt ends", inert(&later.node));
            return Err(Failure::bad_input(format!("{}: {what}", self.folder.display())));
        }
        self.begun.cards = cards;
        write_atomic(&self.folder.join(BEGUN), self.begun.json().as_bytes())
    }

    /// Whether the folder of a device holds rows of another one: their rows alone would not tell the nodes, nor two cards
    /// that were in the same slot.
    ///
    /// # Errors
    /// The other device.
    pub fn check_place(&self, card: &Card) -> Result<(), Failure> {
        let differs = |then: &str, now: &str| !then.is_empty() && !now.is_empty() && then != now;
        // The first one began the folder; later ones were refused here.
        let first = self.begun.earlier.iter().find(|then| then.place == card.place);
        let other = |then: &&Card| differs(&then.node, &card.node) || differs(&then.uuid, &card.uuid);
        let Some(then) = first.filter(other) else { return Ok(()) };
        let what = format!("has rows of {} {}", then.node, then.uuid);
        let now = format!("this is {} {}", card.node, card.uuid);
        Err(Failure::bad_input(format!(
            "{}: {}, {}: another device; move it away",
            self.folder.join(&card.place).display(),
            inert(what.trim()),
            inert(now.trim())
        )))
    }

    /// Writes how it ended, unless a later attempt has begun. Answers whether this one counts.
    pub fn end(self, exit: Exit, reason: String) -> Result<bool, Failure> {
        if let Some(later) = self.later()? {
            let (folder, node) = (self.folder.display(), inert(&later.node));
            note(&format!("{folder}: was begun again on {node}: that attempt says how it ends"));
            return Ok(false);
        }
        let ended = if exit == Exit::Ok { Ended::Done } else { Ended::Failed };
        let status =
            Status { begun: self.begun, ended, exit: exit as u8, reason, ended_utc: host::now_utc() };
        write_atomic(&self.folder.join(STATUS), status.json().as_bytes()).map(|()| true)
    }

    /// The attempt that `begun.json` tells of, where it is another one.
    fn later(&self) -> Result<Option<Begun>, Failure> {
        let own = |other: &Begun| {
            let key = |begun: &Begun| (begun.attempt, begun.node.clone(), begun.begun_utc.clone());
            key(other) == key(&self.begun)
        };
        Ok(read(&self.folder.join(BEGUN), Begun::read)?.filter(|other| !own(other)))
    }
}

/// The record of an attempt after another one: counted up, and with what is known of the devices before.
fn after(before: Option<Begun>, begun: Begun) -> Begun {
    let Some(before) = before else { return Begun { attempt: 1, ..begun } };
    let mut earlier = before.earlier;
    for card in before.cards {
        if !earlier.contains(&card) {
            earlier.push(card);
        }
    }
    Begun { attempt: before.attempt.saturating_add(1), earlier, ..begun }
}

/// A record; `None` where there is none, or none that can be read: it is named, and counts for nothing.
fn read<R>(path: &Path, parse: fn(&str) -> Result<R, String>) -> Result<Option<R>, Failure> {
    let Some(text) = text_of(path)? else { return Ok(None) };
    Ok(match parse(&text) {
        Ok(record) => Some(record),
        Err(why) => {
            note(&format!("{}: {}; it is written anew", path.display(), inert(&why)));
            None
        }
    })
}

/// The text of a small file; `None` where there is none.
///
/// # Errors
/// What is no plain file, is too large, or cannot be read.
pub fn text_of(path: &Path) -> Result<Option<String>, Failure> {
    let read = small::read(path).map_err(|what| Failure::bad_input(format!("{}: {what}", path.display())))?;
    Ok(read.map(|(text, _)| text))
}
