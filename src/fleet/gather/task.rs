//! A task's folder as a row of the table and the devices that it measured.

use super::Found;
use super::flags::Seen;
use super::place::{PlaceRead, Reading};
use super::record::{self, Records};
use crate::fleet::collected::{Aside, State, Task, Why};
use crate::fleet::folders::is_place;
use crate::fleet::plan::Plan;

/// The folder of a task as it was found. The places are the folders in it, in the order of their names, with their
/// `measurements.csv`; each is read when it is asked for.
#[derive(Debug, Default)]
pub struct Folder<P> {
    /// The number of the task.
    pub index: u32,
    /// `begun.json`.
    pub begun: Found,
    /// `status.json`.
    pub status: Found,
    /// The places.
    pub places: P,
}

/// A task that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskRead {
    /// Its row.
    pub task: Task,
    /// Its devices.
    pub(super) places: Vec<PlaceRead>,
    /// What was set aside.
    pub aside: Vec<Aside>,
    /// Why it did not end well, whatever its record says.
    spoilt: Option<String>,
    /// Rows read, those set aside included.
    pub rows: u64,
    /// A CSV line per row, those set aside left out: see [`super::ROW_COLUMNS`].
    pub table: String,
}

impl TaskRead {
    /// Reads a task of the plan. `table` says whether the lines of its rows are wanted.
    pub fn of(plan: &Plan, folder: Folder<impl IntoIterator<Item = (String, Found)>>, table: bool) -> Self {
        let Folder { index, begun, status, places } = folder;
        let mut read = Self::default();
        let records = record::read(plan, index, begun, status, &mut read.aside);
        if let Some((why, what)) = records.other.clone() {
            read.aside.push(Aside { path: record::path(index), why, what, rows: 0 });
        } else {
            let against = against_all(&records);
            for (name, found) in places {
                read.place(index, &records, (&name, found), (table, against.is_none()));
            }
            if let Some((why, what)) = against.filter(|(why, _)| *why == Why::Backwards || read.rows > 0) {
                let rows = read.rows;
                read.set_aside(Aside { path: record::path(index), why, what, rows }, true);
            }
        }
        read.task = records.task(index, read.rows > 0);
        read.sum_up();
        read
    }

    fn place(&mut self, index: u32, records: &Records, place: (&str, Found), wanted: (bool, bool)) {
        let ((name, found), (table, counts)) = (place, wanted);
        let path = format!("{}/{name}", record::path(index));
        let bytes = match found {
            Found::Absent => {
                if !is_place(name) && !records.is_of_last(name) {
                    self.aside.push(super::stray::inside_task(index, name));
                }
                return;
            }
            Found::Unreadable(what) => {
                let path = format!("{path}/{}", super::place::FILE);
                self.set_aside(Aside { path, why: Why::Unreadable, what, rows: 0 }, records.is_of_last(name));
                return;
            }
            Found::Bytes(bytes) => bytes,
        };
        let reading = Reading::of(index, name, records, table && counts);
        let (read, rows, aside) = reading.file(&path, &bytes);
        self.rows += rows;
        if !counts {
            return;
        }
        for aside in aside {
            self.set_aside(aside, records.is_of_last(name));
        }
        if let Some((place, table)) = read {
            self.places.push(place);
            self.table += &table;
        }
    }

    /// Sets something aside. Where that `spoils` the task, it did not end well, whatever its record says; what an earlier
    /// attempt left on another device does not.
    fn set_aside(&mut self, aside: Aside, spoils: bool) {
        if spoils && self.spoilt.is_none() {
            self.spoilt = Some(format!("{}: {}", aside.path, aside.what));
        }
        self.aside.push(aside);
    }

    /// What all devices together say of the task.
    fn sum_up(&mut self) {
        if self.task.state == State::Done {
            let without = self.places.is_empty().then(|| "has no measurements".to_owned());
            if let Some(reason) = self.spoilt.take().or(without) {
                self.task.state = State::Failed;
                self.task.reason = reason;
            }
        }
        let whole = self.task.state == State::Done;
        for PlaceRead { seen: Seen { whole: of_place, .. }, .. } in &mut self.places {
            *of_place = whole;
        }
        self.task.units = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.task.rows_ok = self.places.iter().map(|place| place.unit.rows.ok).sum();
    }
}

/// Why no row of the task counts.
fn against_all(records: &Records) -> Option<(Why, String)> {
    if records.last.is_none() {
        let what = "has rows and no record that can be read: nothing says which plan they are of";
        return Some((Why::Unreadable, what.into()));
    }
    records.backwards().map(|what| (Why::Backwards, what))
}
