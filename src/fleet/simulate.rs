//! Fleets that nobody measured: invented devices with planted faults, to see what is found of them.
//!
//! The time of a visit is that of the median device times the exponential of what its node, its device, its run and the visit
//! itself add: normal draws with the standard deviations of [`Spreads`], the same on every machine for the same seed. What is
//! planted is known ([`Fleet::planted`]), so that it can be held beside what [`super::analysis::analyse`] finds.

mod catalogue;
mod collected;
mod files;
mod planted;
mod rows;
mod times;

use serde::Serialize;

use super::analysis::Kind;
use super::collected::Why;
use super::plan::{Per, Plan, TASKS_MAX};
use crate::named::named;

pub use collected::collected;
pub use files::{File, loose_files, task_files};
pub use planted::{Planted, PlantedAside, PlantedLack, PlantedOutlier};

/// When everything in such a fleet is said to have begun: it happened at no time.
pub const BEGUN_UTC: &str = "2026-01-01T00:00:00Z";
/// The adapter's name: whoever sees a row of it sees that it was not measured.
pub const ADAPTER: &str = "simulated GPU (not measured)";
/// The runs of a cell.
pub const RUNS: u32 = 3;

/// Standard deviations on a logarithmic scale, nearly shares of a time.
///
/// The default is of the order of what is published: times of devices of one type vary by 8 % on average and by 22 % at most,
/// over kernels and five clusters (Sinha et al., "Not All GPUs Are Created Equal", SC22, arXiv:2208.11035). Read as the range
/// between the whiskers of a box plot, 5.4 standard deviations of normal values, 8 % are 1.5 %: taken for kernels bound by
/// arithmetic, where silicon and power limits differ. That kernels differ in it is published too (48 kernels on 856 devices:
/// "Analyzing Performance and Power-Efficiency Variations among NVIDIA GPUs", ICPP 2022); the other figures are assumptions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spreads {
    /// Between devices, where arithmetic is the limit.
    pub cards_arithmetic: f64,
    /// Between devices, where memory is the limit.
    pub cards_memory: f64,
    /// Between nodes.
    pub nodes: f64,
    /// Between runs of a device, all cells together.
    pub runs: f64,
    /// Between visits; cells of a few microseconds have several times as much.
    pub visits: f64,
    /// Whether devices and nodes have tails that are heavier than normal: Student's t with 4 degrees of freedom, brought to
    /// the same standard deviation.
    pub heavy_tails: bool,
}

impl Default for Spreads {
    fn default() -> Self {
        Self {
            cards_arithmetic: 0.015,
            cards_memory: 0.004,
            nodes: 0.003,
            runs: 0.002,
            visits: 0.005,
            heavy_tails: false,
        }
    }
}

/// How many faults of each kind are planted. Each falls on tasks of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Devices that are slower in every cell, and by which share.
    pub slow: (u32, f64),
    /// Devices that are slower where memory is the limit, and by which share.
    pub slow_memory: (u32, f64),
    /// Devices that take less time, and by which share.
    pub fast: (u32, f64),
    /// Nodes all of whose devices are slower at the usual clock, and by which share.
    pub slow_nodes: (u32, f64),
    /// Nodes all of whose devices are slower at a lower clock and hotter, and by which share.
    pub throttling_nodes: (u32, f64),
    /// Nodes that become slower from run to run, and by which share in the last run.
    pub drifted_nodes: (u32, f64),
    /// Tasks on another driver, 1 % slower.
    pub other_driver: u32,
    /// Tasks measured with another version of mtok.
    pub other_version: u32,
    /// Tasks that failed half-way.
    pub failed: u32,
    /// Tasks of which there is nothing.
    pub missing: u32,
    /// Tasks that were killed within a row.
    pub torn: u32,
    /// Tasks whose folder is there twice.
    pub duplicate: u32,
    /// Tasks that ended before they began.
    pub backwards: u32,
    /// Tasks of another plan.
    pub other_plan: u32,
    /// Files that are no part of a fleet.
    pub foreign: u32,
}

/// A fleet to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fleet {
    /// Tasks, each of one device.
    pub tasks: u32,
    /// Devices of a node.
    pub gpus_per_node: u32,
    /// Rows that each task measures: cells times [`RUNS`].
    pub rows: u32,
    /// Of everything that is drawn.
    pub seed: u64,
    /// How devices, nodes and runs differ.
    pub spreads: Spreads,
    /// What is wrong with some of them.
    pub faults: Faults,
}

impl Default for Fleet {
    fn default() -> Self {
        let (spreads, faults) = (Spreads::default(), Faults::default());
        Self { tasks: 100, gpus_per_node: 8, rows: 60, seed: 1, spreads, faults }
    }
}

/// The most rows of a task.
pub const ROWS_MAX: u32 = RUNS * catalogue::CELLS_MAX as u32;

impl Fleet {
    /// What is planted where, if there is room for it.
    ///
    /// # Errors
    /// No tasks, nodes or rows or too many of them, and more faults than tasks or nodes.
    pub fn planted(&self) -> Result<Planted, String> {
        match *self {
            Self { tasks, .. } if tasks == 0 || tasks > TASKS_MAX => {
                Err(format!("{tasks} tasks: a fleet has 1 to {TASKS_MAX}"))
            }
            Self { rows, .. } if rows == 0 || rows > ROWS_MAX => {
                Err(format!("{rows} rows per task: there are 1 to {ROWS_MAX}"))
            }
            Self { gpus_per_node: 0, .. } => Err("0 GPUs per node: a node has at least one".into()),
            _ => planted::plant(self),
        }
    }

    /// The plan of the fleet, measured by a version of mtok.
    pub fn plan(&self, tool: (&str, &str)) -> Plan {
        let options = ["--simulated-rows", &self.rows.to_string(), "--seed", &self.seed.to_string()];
        Plan::new(self.tasks, Per::Gpu, options.map(str::to_owned).to_vec(), tool, true, BEGUN_UTC.into())
    }

    fn node(&self, task: u32) -> u32 {
        task / self.gpus_per_node.max(1)
    }

    fn cells(&self) -> Vec<catalogue::Cell> {
        catalogue::cells(self.rows.div_ceil(RUNS) as usize)
    }
}

/// What a task is short of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// There is nothing of it.
    Missing,
    /// It failed half-way.
    Failed,
    /// It was killed within a row.
    Torn,
    /// Another version of mtok measured it.
    OtherVersion,
}

named!(Lacking { Missing = "missing", Failed = "failed", Torn = "torn", OtherVersion = "other-version" });
