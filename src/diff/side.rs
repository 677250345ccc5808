//! One side of a comparison: the visits of each cell, from one or several files.

use std::collections::HashMap;

use crate::measurement::{
    Cache, Calibration, Identity, Measurement, Outcome, Provenance, TimingMethod, cell_name,
};
use crate::op::Op;
use crate::units::Seconds;

/// One side: cells in the order in which they first appear. Built so that 30,000 rows take little memory: what is
/// the same in many rows is held once.
#[derive(Debug, Default)]
pub struct Side {
    cells: Vec<Cell>,
    places: HashMap<(Op, u32, Cache), usize>,
    identities: Vec<Identity>,
    texts: Texts,
    files: u32,
}

/// A cell and every visit to it.
#[derive(Debug)]
pub struct Cell {
    /// The work.
    pub op: Op,
    /// The implementation, as a key of [`Side::text`].
    pub variant: u32,
    /// Whether inputs came from the caches.
    pub cache: Cache,
    /// In file order.
    pub visits: Vec<Visit>,
}

/// One run's row of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// Which file of the side it is from, from 0.
    pub file: u32,
    /// The run within its file.
    pub run: u32,
    /// Key of [`Side::identity`].
    pub identity: u32,
    /// Hash of the shader sources, as a key of [`Side::text`].
    pub shader: u32,
    /// Seed, distribution and hash of the inputs, as a key of [`Side::text`].
    pub inputs: u32,
    /// How it ended.
    pub status: Status,
    /// Its times, where it ended well.
    pub times: Option<Times>,
}

/// How a visit, or all visits of a cell together, ended. The better ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Ran and was right.
    Ok,
    /// Was not tried: the adapter lacks what it needs.
    Skipped,
    /// Did not run to its end.
    Failed,
    /// Ran, but the result was wrong.
    Wrong,
}

crate::named::named!(Status { Ok = "ok", Skipped = "skipped", Failed = "failed", Wrong = "wrong" });

/// The seconds of a visit that ended well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Fastest sample.
    pub min: Seconds,
    /// First quartile.
    pub q1: Seconds,
    /// The headline.
    pub median: Seconds,
    /// Third quartile.
    pub q3: Seconds,
    /// Which clock made them.
    pub method: TimingMethod,
    /// The step of that clock per execution of the op, where it is known.
    pub quantum: Option<Seconds>,
    /// How fast the device was before and after.
    pub calibration: Option<Calibration>,
}

/// Texts that repeat, each held once.
#[derive(Debug, Default)]
struct Texts {
    all: Vec<String>,
    keys: HashMap<String, u32>,
}

impl Texts {
    fn key(&mut self, text: String) -> u32 {
        if let Some(key) = self.keys.get(&text) {
            return *key;
        }
        let key = self.all.len() as u32;
        self.all.push(text.clone());
        self.keys.insert(text, key);
        key
    }
}

impl Side {
    /// A side that holds the rows of one file.
    pub fn of(rows: impl IntoIterator<Item = Measurement>) -> Self {
        let mut side = Self::default();
        side.next_file();
        rows.into_iter().for_each(|row| side.push(row));
        side
    }

    /// The rows pushed from here on are those of another file: their runs are runs of their own.
    pub fn next_file(&mut self) {
        self.files += 1;
    }

    /// Adds a row.
    pub fn push(&mut self, row: Measurement) {
        let Measurement { op, variant, cache, run, outcome, provenance } = row;
        let Provenance { identity, shader_hash, seed, distribution, input_hash, .. } = provenance;
        let variant = self.texts.key(variant);
        let visit = Visit {
            file: self.files.saturating_sub(1),
            run,
            shader: self.texts.key(shader_hash),
            inputs: self.texts.key(format!("{seed} {distribution} {input_hash}")),
            status: status(&outcome),
            times: times(&outcome, &identity),
            identity: self.identity_key(identity),
        };
        let place = *self.places.entry((op, variant, cache)).or_insert(self.cells.len());
        match self.cells.get_mut(place) {
            Some(cell) => cell.visits.push(visit),
            None => self.cells.push(Cell { op, variant, cache, visits: vec![visit] }),
        }
    }

    /// Every cell, in order.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// A text by its key.
    pub fn text(&self, key: u32) -> &str {
        self.all_texts().get(key as usize).map_or("", String::as_str)
    }

    fn all_texts(&self) -> &[String] {
        &self.texts.all
    }

    /// The device and tool of a visit.
    pub fn identity(&self, visit: &Visit) -> Option<&Identity> {
        self.identities.get(visit.identity as usize)
    }

    /// The name of a cell.
    pub fn name(&self, cell: &Cell) -> String {
        cell_name(&cell.op, self.text(cell.variant), cell.cache)
    }

    /// Every device and tool that appears, in order.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Whether the runs of a side may stand together: those of one device and one build.
    ///
    /// # Errors
    /// What differs, and that such runs are compared one at a time; or a run that was given twice.
    pub fn check(&self) -> Result<(), String> {
        let Some(first) = self.identities.first() else { return Ok(()) };
        let differing = |other: &Identity| {
            let shown = |identity: &Identity| fixed(identity);
            let pairs = shown(first).into_iter().zip(shown(other));
            pairs.map(|(a, b)| (a.0, a.1, b.1)).find(|(_, a, b)| a != b)
        };
        if let Some((field, one, other)) = self.identities.iter().find_map(differing) {
            return Err(format!(
                "runs of one side differ in {field}: \"{one}\" and \"{other}\"; compare them one at a time"
            ));
        }
        match self.doubled() {
            Some(name) => Err(format!("a run of cell {name} is there twice; a run counts once")),
            None => Ok(()),
        }
    }

    /// A cell with two visits of the same session and run, from two files.
    fn doubled(&self) -> Option<String> {
        if self.files < 2 {
            return None;
        }
        let twice = |cell: &&Cell| {
            let mut seen = std::collections::HashSet::new();
            let named =
                cell.visits.iter().filter_map(|visit| self.session(visit).map(|name| (name, visit.run)));
            named.into_iter().any(|visit| !seen.insert(visit))
        };
        self.cells.iter().find(twice).map(|cell| self.name(cell))
    }

    /// The call that made a visit, where it has a name.
    pub fn session(&self, visit: &Visit) -> Option<&str> {
        self.identity(visit).map(|identity| identity.session.as_str()).filter(|session| !session.is_empty())
    }

    fn identity_key(&mut self, identity: Identity) -> u32 {
        // The newest is the likeliest: a file is of one run or two.
        let known = self.identities.iter().rposition(|known| *known == identity);
        known.unwrap_or_else(|| {
            self.identities.push(identity);
            self.identities.len() - 1
        }) as u32
    }
}

/// What must be the same in all runs of one side.
fn fixed(identity: &Identity) -> [(&'static str, String); 10] {
    [
        ("tool_version", identity.tool_version.clone()),
        ("tool_commit", identity.tool_commit.clone()),
        ("build_profile", identity.build_profile.clone()),
        ("wgpu_version", identity.wgpu_version.clone()),
        ("adapter", identity.adapter.clone()),
        ("pci_bus_id", identity.pci_bus_id.clone()),
        ("backend", identity.backend.clone()),
        ("driver", identity.driver.clone()),
        ("driver_info", identity.driver_info.clone()),
        ("bounds_checks", identity.bounds_checks.clone()),
    ]
}

fn status(outcome: &Outcome) -> Status {
    match outcome {
        Outcome::Ok(..) => Status::Ok,
        Outcome::Wrong(..) => Status::Wrong,
        Outcome::Failed(_) => Status::Failed,
        // What another tool measured has no runs of ours to compare.
        Outcome::Imported(_) | Outcome::Skipped(_) => Status::Skipped,
    }
}

fn times(outcome: &Outcome, identity: &Identity) -> Option<Times> {
    let Outcome::Ok(timing, _) = outcome else { return None };
    let seconds = &timing.seconds;
    let step = identity.clock_quantum.filter(|_| timing.method == TimingMethod::Timestamp);
    Some(Times {
        min: Seconds(seconds.min),
        q1: Seconds(seconds.q1),
        median: Seconds(seconds.median),
        q3: Seconds(seconds.q3),
        method: timing.method,
        quantum: step.map(|step| step * (1.0 / f64::from(timing.executions_per_sample.max(1)))),
        calibration: timing.calibration,
    })
}

impl Cell {
    /// How the visits ended together: a wrong one makes the cell wrong, else the best one counts.
    pub fn status(&self) -> Status {
        let mut all = self.visits.iter().map(|visit| visit.status);
        match all.clone().find(|status| *status == Status::Wrong) {
            Some(wrong) => wrong,
            None => all.by_ref().min().unwrap_or(Status::Failed),
        }
    }
}
