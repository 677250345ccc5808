//! How long each visit of a device takes.

use super::catalogue::{Cell, Limit};
use super::planted::{OTHER_DRIVER, Role};
use super::{Fleet, RUNS};
use crate::stats::random::Random;
use crate::stats::synthetic::normal;

/// The clock of the median device, cycles per second.
const CLOCK_HZ: f64 = 1.755e9;
/// Its temperature, degrees Celsius, and the standard deviations between nodes and devices.
const TEMPERATURE_C: f64 = 58.0;
const TEMPERATURE_SPREADS_C: [f64; 2] = [1.5, 1.0];
/// How much hotter a throttling node is.
const THROTTLING_C: f64 = 18.0;
/// Seconds of the calibration kernel on the median device.
const CALIBRATION_S: f64 = 2.0e-3;

/// A device as it was drawn.
#[derive(Clone, Debug)]
pub(super) struct Device {
    role: Role,
    /// Logarithms of its time over that of the median device, by limit: memory, arithmetic, start.
    offsets: [f64; 3],
    /// The same of each run.
    runs: [f64; RUNS as usize],
    visits: f64,
    random: Random,
    /// Cycles per second.
    pub clock_hz: f64,
    /// Degrees Celsius.
    pub temperature_c: f64,
    /// Seconds.
    pub calibration_s: f64,
}

/// Numbers of their own for each node and each task: no fleet depends on the order in which it is drawn.
fn stream(seed: u64, kind: u64, index: u32) -> Random {
    let mut mixed = Random::new(seed ^ (kind << 56) ^ (u64::from(index) << 20));
    Random::new(mixed.next_u64())
}

/// A draw of standard deviation 1.
fn draw(random: &mut Random, heavy_tails: bool) -> f64 {
    let value = normal(random);
    if !heavy_tails {
        return value;
    }
    // Student's t with 4 degrees has a variance of 2.
    let squares: f64 = (0..4).map(|_| normal(random).powi(2)).sum();
    value / (squares / 4.0).sqrt() / std::f64::consts::SQRT_2
}

impl Device {
    pub fn new(fleet: &Fleet, task: u32, role: Role) -> Self {
        let spreads = &fleet.spreads;
        let mut node = stream(fleet.seed, 1, fleet.node(task));
        let mut random = stream(fleet.seed, 2, task);
        let of_node = spreads.nodes * draw(&mut node, spreads.heavy_tails);
        let node_c = TEMPERATURE_SPREADS_C[0] * normal(&mut node);
        let mut own = |spread: f64| of_node + spread * draw(&mut random, spreads.heavy_tails);
        let mut offsets =
            [spreads.cards_memory, spreads.cards_arithmetic, spreads.cards_arithmetic].map(&mut own);
        let fault = match role {
            Role::Slow(by) | Role::SlowNode(by) | Role::Throttling(by) => by.ln_1p(),
            Role::Fast(by) => -by.ln_1p(),
            Role::OtherDriver => OTHER_DRIVER.ln_1p(),
            _ => 0.0,
        };
        offsets.iter_mut().for_each(|offset| *offset += fault);
        if let (Role::SlowMemory(by), [memory, ..]) = (role, &mut offsets) {
            *memory += by.ln_1p();
        }
        let drift = if let Role::Drifting(by) = role { by.ln_1p() } else { 0.0 };
        let mut run = 0.0;
        let runs = [(); RUNS as usize].map(|()| {
            let drifted = drift * run / f64::from(RUNS - 1);
            run += 1.0;
            drifted + spreads.runs * normal(&mut random)
        });
        let own_c = TEMPERATURE_SPREADS_C[1] * normal(&mut random);
        let [slower, hotter] = if let Role::Throttling(by) = role { [by, THROTTLING_C] } else { [0.0, 0.0] };
        let [_, arithmetic, _] = offsets;
        Self {
            role,
            offsets,
            runs,
            visits: spreads.visits,
            random,
            clock_hz: CLOCK_HZ / (1.0 + slower),
            temperature_c: (TEMPERATURE_C + node_c + own_c + hotter).round(),
            calibration_s: CALIBRATION_S * arithmetic.exp(),
        }
    }

    /// Seconds of the next visit; visits are drawn one after the other.
    pub fn visit(&mut self, cell: &Cell, run: u32) -> f64 {
        let [memory, arithmetic, start] = self.offsets;
        let offset = match cell.limit {
            Limit::Memory => memory,
            Limit::Arithmetic => arithmetic,
            Limit::Start => start,
        };
        let of_run = self.runs.get(run as usize).copied().unwrap_or_default();
        cell.seconds * (offset + of_run + cell.noise * self.visits * normal(&mut self.random)).exp()
    }

    /// Rows that it comes to, of so many: a task that fails or is killed comes half-way.
    pub fn rows(&self, of: u32) -> u32 {
        match self.role {
            Role::Missing => 0,
            Role::Failed | Role::Torn => of / 2,
            _ => of,
        }
    }
}

/// The cell and the run of a row: all cells of a run come before the next run.
pub(super) fn place(row: u32, cells: usize) -> (usize, u32) {
    let cells = cells.max(1);
    (row as usize % cells, (row as usize / cells) as u32)
}
