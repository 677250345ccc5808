//! A folder that is being measured into, and the worker processes that measure.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mtok::gpu::adapters::Facts;
use mtok::gpu::clock::Clock;
use mtok::gpu::sampler::{Cell, Plan};
use mtok::hardware::GpuSpec;
use mtok::measurement::{Cache, Chosen, Identity, Measurement, Outcome, Provenance};
use serde_json::json;

use super::plan::Planned;
use crate::cmd::child::{Ended, Program, Worker};
use crate::cmd::folder::Folder;
use crate::cmd::tune::kept::Kept;
use crate::cmd::{Exit, Failure, host};

/// Workers in a row that may end before they have the device open.
pub const DEVICE_LOST_AFTER: u32 = 3;

/// The device that both sides measure.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The adapter.
    pub adapter: &'a Facts,
    /// Whether GL was asked for adapters as well.
    pub gl: bool,
    /// Seed of the inputs.
    pub seed: u64,
    /// What its datasheet says.
    pub spec: Option<&'a GpuSpec>,
}

impl Target<'_> {
    /// A time that the device cannot reach is no time.
    pub fn check(&self, cell: &mut Cell) {
        let row = &cell.measurement;
        let uncached =
            row.cache == Cache::Cold || row.op.bytes().0 >= self.adapter.capabilities().beyond_caches();
        let from_memory = row.bytes_per_s().filter(|_| uncached);
        let fault =
            self.spec.and_then(|spec| spec.impossible(row.op.format(), row.flops_per_s(), from_memory));
        if let Some(fault) = fault {
            cell.measurement.outcome = Outcome::Failed(fault);
            cell.samples.clear();
        }
    }
}

/// One side of a call; most calls have only one.
pub struct Side<'a> {
    target: Target<'a>,
    program: Program,
    worker: Option<Worker>,
    identity: Identity,
    /// What the device's clock was found to be worth.
    pub clock: Clock,
    folder: Folder,
    /// The cells to measure.
    pub plan: Vec<Planned>,
    /// All rows, those of an earlier call included.
    pub rows: Vec<Measurement>,
    /// Cells that ended a worker: they are not tried again.
    fatal: BTreeSet<String>,
    unopened: u32,
    started: bool,
}

impl<'a> Side<'a> {
    /// Opens the device and the folder.
    pub fn open(
        target: Target<'a>,
        program: Program,
        plan: Vec<Planned>,
        out: &Path,
        resume: bool,
        session: &str,
    ) -> Result<Self, Failure> {
        let mut identity = target.adapter.identity(host::memory(), host::argv());
        identity.session = session.to_owned();
        let unopened =
            |reason| Failure::new(Exit::FailedCells, format!("adapter {}: {reason}", target.adapter.line()));
        let (worker, clock) = start(&program, target).map_err(unopened)?;
        let mut folder = Folder::open(out, resume, &identity)?;
        let rows = std::mem::take(&mut folder.finished);
        let fatal = BTreeSet::new();
        let worker = Some(worker);
        Ok(Self {
            target,
            program,
            worker,
            identity,
            clock,
            folder,
            plan,
            rows,
            fatal,
            unopened: 0,
            started: false,
        })
    }

    /// Has the tuner's choices run, except where the user named a variant. A cell that has a row already keeps the variant
    /// of that row.
    pub fn choose(&mut self, kept: &Kept) {
        let offered = self.target.adapter.capabilities();
        for planned in self.plan.iter_mut().filter(|planned| planned.chosen != Chosen::Named) {
            match self.rows.iter().find(|row| row.op == planned.op && row.cache == planned.cache) {
                Some(row) => planned.choose(&row.variant, row.provenance.chosen, &offered),
                None => planned.choose_from(kept, &offered),
            }
        }
    }

    /// The cells that a run still lacks, by their position in the plan.
    pub fn todo(&self, run: u32) -> Result<Vec<usize>, Failure> {
        let offered = self.target.adapter.capabilities();
        let mut todo = Vec::new();
        for (index, planned) in self.plan.iter().enumerate() {
            let skipped = self.fatal.contains(&planned.cell(&offered));
            if !skipped && !planned.is_finished(&self.rows, &offered, run, self.target.seed) {
                planned.check_no_row_is_in_the_way(&self.rows, &offered, run)?;
                todo.push(index);
            }
        }
        Ok(todo)
    }

    /// Every run has a process of its own.
    pub fn renew(&mut self) {
        if self.started {
            self.worker = None;
        }
    }

    /// Visits a cell and writes what came of it; `false` when the device does not come back.
    pub fn visit(&mut self, index: usize, run: u32, plan: Plan) -> Result<bool, Failure> {
        let Some(planned) = self.plan.get(index) else { return Ok(true) };
        if !self.started {
            let device = device_json(self.target.adapter, &self.clock, &self.identity)?;
            self.folder.write("device.json", &device)?;
            self.started = true;
        }
        let order = planned.order(run, self.target.seed, plan);
        let ended = match self.worker() {
            Ok(worker) => worker.measure(&order),
            Err(reason) => Err(reason),
        };
        let mut cell = match ended {
            Ok(Ended { measurement, samples, gone }) => {
                if gone {
                    self.worker = None;
                    self.fatal.insert(measurement.cell());
                }
                Cell { measurement, samples }
            }
            Err(reason) => self.failed(index, run, reason)?,
        };
        self.target.check(&mut cell);
        let own = &mut cell.measurement.provenance;
        own.identity.argv.clone_from(&self.identity.argv);
        own.identity.session.clone_from(&self.identity.session);
        own.time_utc = host::now_utc();
        self.folder.add(&cell)?;
        self.rows.push(cell.measurement);
        Ok(self.unopened < DEVICE_LOST_AFTER)
    }

    /// Forces everything to disk.
    pub fn close(self) -> Result<Vec<Measurement>, Failure> {
        self.folder.close()?;
        Ok(self.rows)
    }

    fn worker(&mut self) -> Result<&mut Worker, String> {
        if self.worker.is_none() {
            self.unopened += 1;
            self.worker = Some(start(&self.program, self.target)?.0);
        }
        self.unopened = 0;
        self.worker.as_mut().ok_or_else(|| "there is no worker".into())
    }

    /// The row of a cell whose worker has ended.
    fn failed(&mut self, index: usize, run: u32, reason: String) -> Result<Cell, Failure> {
        self.worker = None;
        let offered = self.target.adapter.capabilities();
        let planned = self.plan.get(index).ok_or_else(|| Failure::new(Exit::FailedCells, &reason))?;
        self.fatal.insert(planned.cell(&offered));
        let (op, cache) = (planned.op, planned.cache);
        let variant = planned.variant_name(&offered);
        let provenance = Provenance {
            identity: self.identity.clone(),
            chosen: planned.chosen,
            seed: self.target.seed,
            ..Provenance::default()
        };
        let measurement =
            Measurement { op, variant, cache, run, outcome: Outcome::Failed(reason), provenance };
        Ok(Cell { measurement, samples: Vec::new() })
    }
}

/// A worker that has the device open.
pub fn start(program: &Program, target: Target<'_>) -> Result<(Worker, Clock), String> {
    let mut worker = program.start()?;
    let clock = worker.open(target.gl, target.adapter)?;
    Ok((worker, clock))
}

/// The names of the two sides of a call.
pub fn folders(out: &Path, sides: usize) -> Vec<PathBuf> {
    if sides == 1 { vec![out.to_owned()] } else { vec![out.join("a"), out.join("b")] }
}

fn device_json(adapter: &Facts, clock: &Clock, identity: &Identity) -> Result<String, Failure> {
    let record = json!({
        "schema_version": 1,
        "adapter": adapter,
        "clock": clock,
        "os": identity.os,
        "host_memory_bytes": identity.host_memory,
        "wgpu_version": identity.wgpu_version,
        "tool_version": identity.tool_version,
        "tool_commit": identity.tool_commit,
        "build_profile": identity.build_profile,
        "argv": identity.argv,
        "time_utc": host::now_utc(),
    });
    let text =
        serde_json::to_string_pretty(&record).map_err(|error| Failure::new(Exit::CannotWrite, error))?;
    Ok(text + "\n")
}
