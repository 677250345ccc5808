//! What the folders of the tasks hold becomes a [`Collected`]: each task is read by itself, and all are joined in order.

mod card;
mod flags;
mod overlap;
mod place;
mod record;
mod rows;
mod stray;
mod task;
mod times;

use std::collections::{HashMap, HashSet};

use super::collected::{Aside, Collected, Type, Unit, Visit};
use super::plan::Plan;

pub(super) use card::devices;
pub use rows::ROW_COLUMNS;
pub use stray::{inside_task, more, stray};
pub use task::{Folder, TaskRead};

use flags::Seen;
use place::PlaceRead;

/// A file as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Found {
    /// There is none.
    #[default]
    Absent,
    /// What is in it.
    Bytes(Vec<u8>),
    /// Why it cannot be read.
    Unreadable(String),
}

/// Joins tasks. What it gives depends on the order in which they come: it is to be that of their numbers.
#[derive(Debug)]
pub struct Gatherer {
    collected: Collected,
    types: HashMap<Type, u32>,
    cells: HashMap<String, u32>,
    examples: HashSet<(u32, u32)>,
    seen: Vec<Seen>,
}

impl Gatherer {
    /// Of a fleet without tasks.
    pub fn new(plan: Plan) -> Self {
        let collected = Collected {
            plan,
            tasks: Vec::new(),
            units: Vec::new(),
            types: Vec::new(),
            cells: Vec::new(),
            visits: Vec::new(),
            examples: Vec::new(),
            aside: Vec::new(),
            rows: 0,
        };
        Self {
            collected,
            types: HashMap::new(),
            cells: HashMap::new(),
            examples: HashSet::new(),
            seen: Vec::new(),
        }
    }

    /// Adds the next task.
    pub fn take(&mut self, read: TaskRead) {
        let TaskRead { task, places, aside, rows, .. } = read;
        self.collected.tasks.push(task);
        self.collected.aside.extend(aside);
        self.collected.rows += rows;
        places.into_iter().for_each(|place| self.take_place(place));
    }

    /// Adds what is no task.
    pub fn set_aside(&mut self, aside: Aside) {
        self.collected.aside.push(aside);
    }

    /// All of them, with what only all of them together tell of each.
    pub fn finish(self) -> Collected {
        let Self { mut collected, seen, .. } = self;
        let Collected { plan, units, aside, visits, .. } = &mut collected;
        flags::mark(plan, units, &seen);
        aside.sort_by(|a, b| (&a.path, a.why, &a.what).cmp(&(&b.path, b.why, &b.what)));
        visits.shrink_to_fit();
        collected
    }

    fn take_place(&mut self, place: PlaceRead) {
        let PlaceRead { mut unit, cells, visits, seen } = place;
        let Unit { identity, .. } = &unit;
        let kind = Type {
            adapter: identity.adapter.clone(),
            device_type: identity.device_type,
            backend: identity.backend.clone(),
        };
        let Collected { units, types, cells: all_cells, examples, visits: all_visits, .. } =
            &mut self.collected;
        let type_index = *self.types.entry(kind).or_insert_with_key(|kind| {
            types.push(kind.clone());
            place_of(types.len())
        });
        let mut places = Vec::with_capacity(cells.len());
        for (cell, example) in cells {
            let index = match self.cells.get(&cell.name) {
                Some(index) => *index,
                None => {
                    self.cells.insert(cell.name.clone(), place_of(all_cells.len() + 1));
                    all_cells.push(cell);
                    place_of(all_cells.len())
                }
            };
            if self.examples.insert((type_index, index)) {
                examples.push((type_index, index, example));
            }
            places.push(index);
        }
        let unit_index = place_of(units.len() + 1);
        all_visits.extend(visits.into_iter().filter_map(|visit| {
            let cell = *places.get(usize::try_from(visit.cell).ok()?)?;
            Some(Visit { unit: unit_index, cell, ..visit })
        }));
        unit.type_index = type_index;
        units.push(unit);
        self.seen.push(seen);
    }
}

/// The place of the last of so many. More than four thousand million are out of reach of [`super::plan::TASKS_MAX`] tasks.
fn place_of(count: usize) -> u32 {
    u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
