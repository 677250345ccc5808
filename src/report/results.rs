//! The result of a run on one device, as the formats of `mtok report` need it: every row, and the cells that the
//! rows of several runs make together.

use std::collections::HashMap;

use serde::Serialize;

use super::is_software;
use crate::measurement::merged::merged;
use crate::measurement::{
    Cache, Chosen, DeviceType, Identity, Measurement, Outcome, SOFTWARE_LABEL, TimingMethod,
};
use crate::op::Op;
use crate::roofline::{Bound, Ceilings, Roofline};
use crate::text::inert;

/// The measurements of one device.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    rows: Vec<Measurement>,
    /// What the device's datasheet promises, where it is known.
    pub datasheet: Option<Roofline>,
    /// The costs beside them, where there are any.
    pub costs: super::costs::Costs,
}

/// A cell and the runs that visited it.
#[derive(Clone, Debug)]
pub struct Cell<'r> {
    /// What the runs say together.
    pub joined: Measurement,
    /// Each of them.
    pub runs: Vec<&'r Measurement>,
}

impl Results {
    /// The results of rows, in their order.
    ///
    /// # Errors
    /// A sentence where there are no rows, or where they are of two devices: joined, neither would be told.
    pub fn new(rows: Vec<Measurement>) -> Result<Self, String> {
        let Some(first) = rows.first() else { return Err("there are no measurements".into()) };
        let other = rows.iter().find(|row| device(row) != device(first));
        match other {
            Some(other) => Err(format!(
                "cell {} of run {} is of {}, the first row of {}: report each device by itself",
                inert(&other.cell()),
                other.run,
                shown(other),
                shown(first)
            )),
            None => Ok(Self { rows, datasheet: None, costs: super::costs::Costs::default() }),
        }
    }

    /// Every row as it was stored: a cell in a run.
    pub fn rows(&self) -> &[Measurement] {
        &self.rows
    }

    /// The cells in the order in which they first appear.
    pub fn cells(&self) -> Vec<Cell<'_>> {
        let mut places: HashMap<(Op, &str, Cache), usize> = HashMap::new();
        let joined = merged(&self.rows).into_iter();
        let mut cells: Vec<Cell<'_>> = joined.map(|joined| Cell { joined, runs: vec![] }).collect();
        for row in &self.rows {
            let next = places.len();
            let place = *places.entry((row.op, row.variant.as_str(), row.cache)).or_insert(next);
            if let Some(cell) = cells.get_mut(place) {
                cell.runs.push(row);
            }
        }
        cells
    }

    /// What the device can do, by these rows and by its datasheet.
    pub fn ceilings(&self) -> Ceilings {
        Ceilings::of(&merged(&self.rows), self.datasheet)
    }

    /// Whether the device is a software adapter, which is no GPU.
    pub fn software(&self) -> bool {
        self.rows.iter().all(is_software)
    }

    /// What was measured, labelled where it is no GPU; as the driver names it, not yet safe to show.
    pub fn title(&self) -> String {
        let adapter = self.identity().map(|identity| identity.adapter.as_str()).unwrap_or_default();
        let label = if self.software() { format!(" — {SOFTWARE_LABEL}") } else { String::new() };
        format!("Measured on {adapter}{label}")
    }

    /// The device and the tool of the first row.
    pub fn identity(&self) -> Option<&Identity> {
        self.rows.first().map(|row| &row.provenance.identity)
    }
}

/// What makes two rows of one device.
fn device(row: &Measurement) -> [&str; 4] {
    let identity = &row.provenance.identity;
    [&identity.adapter, &identity.pci_bus_id, &identity.backend, identity.device_type.name()]
}

fn shown(row: &Measurement) -> String {
    let parts = device(row);
    inert(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))
}

/// A cell, flat, as CSV and JSON show it. Unknown is `None`, never 0; times are in seconds per execution.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CellRow {
    /// The cell's name.
    pub cell: String,
    /// The kernel.
    pub kernel: &'static str,
    /// Its element or weights format.
    pub format: &'static str,
    /// Its sizes.
    pub shape: String,
    /// Which implementation ran.
    pub variant: String,
    /// Whether the tuner chose it, by trying every variant on this adapter.
    pub tuned: bool,
    /// Whether inputs came from the caches.
    pub cache: Cache,
    /// Runs that visited the cell.
    pub runs: usize,
    /// Those of them that ended well.
    pub runs_ok: usize,
    /// `ok`, `wrong`, `failed` or `skipped`.
    pub status: &'static str,
    /// Why it is not `ok`.
    pub reason: Option<String>,
    /// The median of the runs' medians.
    pub median_s: Option<f64>,
    /// The fastest sample of all.
    pub min_s: Option<f64>,
    /// First quartile: the lower of the runs' and of the medians'.
    pub q1_s: Option<f64>,
    /// Third quartile: the higher of the two.
    pub q3_s: Option<f64>,
    /// Arithmetic mean over the samples of all runs.
    pub mean_s: Option<f64>,
    /// Relative standard deviation within a run: the median of the runs. Unknown below five samples.
    pub relative_stdev: Option<f64>,
    /// Which clock made these times.
    pub timing_method: Option<TimingMethod>,
    /// By the device's clock, whichever makes the headline.
    pub device_median_s: Option<f64>,
    /// By the host's clock around submit and wait.
    pub wall_median_s: Option<f64>,
    /// Samples of all runs.
    pub samples: Option<u32>,
    /// Samples dropped for want of a reading.
    pub dropped: Option<u32>,
    /// Samples outside Tukey's inner fences, within the outer ones.
    pub outliers_mild: Option<u32>,
    /// Samples outside the outer fences.
    pub outliers_severe: Option<u32>,
    /// What the samples show besides noise, joined by `;`.
    pub signs: Option<String>,
    /// What the device took while it was sampled: the runs' median power over their median window.
    pub energy_j: Option<f64>,
    /// How long that was.
    pub energy_window_s: Option<f64>,
    /// Whose counter it was; with `-power` where momentary powers were averaged.
    pub energy_source: Option<String>,
    /// Mean power of the device in that window.
    pub power_w: Option<f64>,
    /// Mean power times the median time.
    pub joules_per_execution: Option<f64>,
    /// The same per floating-point operation.
    pub joules_per_flop: Option<f64>,
    /// Clock of the device after the samples.
    pub clock_hz: Option<f64>,
    /// Its temperature then.
    pub temperature_c: Option<f64>,
    /// Floating-point operations of one execution.
    pub flops: f64,
    /// Compulsory traffic of one execution.
    pub bytes: f64,
    /// Arithmetic per second at the median.
    pub flops_per_s: Option<f64>,
    /// Compulsory traffic per second at the median.
    pub bytes_per_s: Option<f64>,
    /// The least time that the device's measured peaks allow, over the median.
    pub share_of_peak: Option<f64>,
    /// Which of those peaks is nearer: `compute` or `bandwidth`.
    pub peak_bound: Option<Bound>,
    /// The same share by the peaks of the device's datasheet.
    pub share_of_datasheet: Option<f64>,
    /// The adapter's name.
    pub adapter: String,
    /// What kind of device it is.
    pub device_type: DeviceType,
    /// Whether it is a software adapter, which is no GPU.
    pub software: bool,
    /// `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// Driver name.
    pub driver: String,
    /// Driver version text.
    pub driver_info: String,
    /// Version of mtok.
    pub tool_version: String,
    /// Commit of mtok; unknown where it was built outside a repository.
    pub tool_commit: Option<String>,
    /// Hash of the shader sources that ran.
    pub shader_hash: String,
    /// When the first run that counts ended, UTC.
    pub time_utc: String,
}

impl CellRow {
    /// The row of a cell on a device of these ceilings.
    pub fn of(cell: &Cell<'_>, ceilings: &Ceilings) -> Self {
        let joined = &cell.joined;
        let (share, of_datasheet) = ceilings.shares(joined);
        let identity = &joined.provenance.identity;
        let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut row = Self {
            cell: joined.cell(),
            kernel: joined.op.kernel(),
            format: joined.op.format().name(),
            shape: joined.op.shape(),
            variant: joined.variant.clone(),
            tuned: joined.provenance.chosen == Chosen::Tuned,
            cache: joined.cache,
            runs: cell.runs.len(),
            runs_ok: cell.runs.iter().filter(|run| run.timing().is_some()).count(),
            status: joined.outcome.status(),
            reason: known(joined.outcome.reason()),
            flops: joined.op.flops().0,
            bytes: joined.op.bytes().0,
            flops_per_s: joined.flops_per_s().map(|rate| rate.0),
            bytes_per_s: joined.bytes_per_s().map(|rate| rate.0),
            share_of_peak: share.map(|share| share.share),
            peak_bound: share.map(|share| share.bound),
            share_of_datasheet: of_datasheet.map(|share| share.share),
            adapter: identity.adapter.clone(),
            device_type: identity.device_type,
            software: is_software(joined),
            backend: identity.backend.clone(),
            driver: identity.driver.clone(),
            driver_info: identity.driver_info.clone(),
            tool_version: identity.tool_version.clone(),
            tool_commit: known(&identity.tool_commit),
            shader_hash: joined.provenance.shader_hash.clone(),
            time_utc: joined.provenance.time_utc.clone(),
            ..Self::default()
        };
        row.set_timing(joined);
        row.set_sensed(joined);
        row
    }

    fn set_timing(&mut self, joined: &Measurement) {
        let Some(timing) = joined.timing() else { return };
        self.median_s = Some(timing.seconds.median);
        self.min_s = Some(timing.seconds.min);
        self.q1_s = Some(timing.seconds.q1);
        self.q3_s = Some(timing.seconds.q3);
        self.mean_s = Some(timing.seconds.mean);
        self.relative_stdev = timing.relative_stdev;
        self.timing_method = Some(timing.method);
        self.device_median_s = timing.device_median.map(|median| median.0);
        let here = !matches!(joined.outcome, Outcome::Imported(_));
        self.wall_median_s = here.then_some(timing.wall_median.0);
        self.samples = here.then_some(timing.samples);
        self.dropped = Some(timing.dropped);
        self.outliers_mild = Some(timing.outliers.mild);
        self.outliers_severe = Some(timing.outliers.severe);
        self.signs = Some(timing.signs.clone()).filter(|signs| !signs.is_empty());
    }

    fn set_sensed(&mut self, joined: &Measurement) {
        let Some(timing) = joined.timing() else { return };
        let energy = timing.sensed.energy.as_ref();
        self.energy_j = energy.map(|energy| energy.joules.0);
        self.energy_window_s = energy.map(|energy| energy.window.0);
        self.energy_source = energy.map(|energy| energy.source.clone());
        self.power_w = timing.mean_power().map(|power| power.0);
        self.joules_per_execution = timing.energy_per_execution().map(|joules| joules.0);
        self.joules_per_flop = joined.joules_per_flop();
        self.clock_hz = timing.sensed.clock_hz;
        self.temperature_c = timing.sensed.temperature_c;
    }
}
