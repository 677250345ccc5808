//! Fleets written by hand, for tests.

use super::analysis::{Analysis, CellSpread, Label, Standing};
use super::collected::{Cell, Collected, Rows, State, Task, Type, Unit};
use super::plan::{Per, Plan};
use super::record::Card;
use crate::measurement::{
    Cache, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, Verification,
};
use crate::op::Op;
use crate::stats::Summary;

/// The adapter of its devices.
pub(crate) const ADAPTER: &str = "NVIDIA H100 80GB HBM3";

/// A fleet of one type, a device per task and node.
pub(crate) struct Fleet {
    pub(crate) collected: Collected,
    pub(crate) analysis: Analysis,
}

impl Fleet {
    /// Devices that take so much longer than the median one.
    pub(crate) fn of(slower: &[f64]) -> Self {
        let tasks = slower.len() as u32;
        let unit = |task: u32| Unit {
            task,
            card: Card { node: format!("n{task}"), adapter: ADAPTER.into(), ..Card::default() },
            comparable: true,
            rows: Rows { ok: 1, ..Rows::default() },
            ..Unit::default()
        };
        let task = |task: u32| Task {
            task,
            state: State::Done,
            units: 1,
            node: format!("n{task}"),
            ..Task::default()
        };
        let standing =
            |slower: &f64| Some(Standing { slower: *slower, p_adjusted: 1.0, label: Label::Alike });
        Self {
            collected: Collected {
                plan: Plan::new(tasks, Per::Gpu, vec![], ("0.1.0", ""), false, String::new()),
                tasks: (0..tasks).map(task).collect(),
                units: (0..tasks).map(unit).collect(),
                types: vec![Type {
                    adapter: ADAPTER.into(),
                    device_type: DeviceType::DiscreteGpu,
                    backend: "vulkan".into(),
                }],
                cells: vec![],
                visits: vec![],
                examples: vec![],
                aside: vec![],
                rows: 0,
            },
            analysis: Analysis { standings: slower.iter().map(standing).collect(), ..Analysis::default() },
        }
    }

    /// Names a device.
    pub(crate) fn label(&mut self, unit: usize, label: Label) {
        if let Some(Some(standing)) = self.analysis.standings.get_mut(unit) {
            standing.label = label;
        }
    }

    /// Another task of the plan, without rows.
    pub(crate) fn task(&mut self, state: State, node: &str, exit: Option<u8>) {
        let task = self.collected.tasks.len() as u32;
        self.collected.tasks.push(Task { task, state, exit, node: node.into(), ..Task::default() });
        self.collected.plan.tasks += 1;
    }

    /// A cell with its example, and its place.
    pub(crate) fn row(&mut self, median_s: f64) -> (Measurement, u32) {
        self.add(Op::Add { rows: 1, width: 4096 }, "flat", median_s)
    }

    /// The same op by another variant.
    pub(crate) fn variant(&mut self, variant: &str, median_s: f64) -> (Measurement, u32) {
        self.add(Op::Add { rows: 1, width: 4096 }, variant, median_s)
    }

    /// Another op.
    pub(crate) fn other_op(&mut self, median_s: f64) -> (Measurement, u32) {
        self.add(Op::Add { rows: 2, width: 4096 }, "flat", median_s)
    }

    fn add(&mut self, op: Op, variant: &str, median_s: f64) -> (Measurement, u32) {
        let cell = self.collected.cells.len() as u32;
        let row = row(op, variant, median_s);
        let of = Cell { name: row.cell(), op, variant: variant.into(), cache: Cache::Cold };
        self.collected.cells.push(of);
        self.collected.examples.push((0, cell, row.clone()));
        (row, cell)
    }
}

/// The quartiles of a cell of the first type.
pub(crate) fn spread(cell: u32, devices: u32, [q1_s, median_s, q3_s]: [f64; 3]) -> CellSpread {
    CellSpread { type_index: 0, cell, devices, min_s: q1_s, q1_s, median_s, q3_s, max_s: q3_s }
}

/// A verified row whose samples are 10 % below to 20 % above the median.
fn row(op: Op, variant: &str, median_s: f64) -> Measurement {
    let seconds = Summary {
        min: median_s * 0.9,
        q1: median_s,
        median: median_s,
        q3: median_s * 1.2,
        mean: median_s,
        mad: 0.0,
    };
    let timing = Timing { seconds, samples: 9, executions_per_sample: 1, ..Timing::default() };
    let identity =
        Identity { adapter: ADAPTER.into(), device_type: DeviceType::DiscreteGpu, ..Identity::default() };
    Measurement {
        op,
        variant: variant.into(),
        cache: Cache::Cold,
        run: 0,
        outcome: Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1.0, compared: 1 }),
        provenance: Provenance { identity, ..Provenance::default() },
    }
}
