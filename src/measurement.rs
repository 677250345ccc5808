//! The record of one measured cell: what ran, on what, how long, and whether the result was right.
//!
//! This is the seam of the project. [`wire`] holds its CSV form; base facts are stored, rates are derived here. A
//! cell is measured several times, each time by a process of its own: one row per cell and run, which [`merged`]
//! joins.

pub mod calibrations;
pub mod merged;
pub mod recompute;
pub mod samples;
pub mod wire;

use crate::named::named;
use crate::op::Op;
use crate::stats::Summary;
use crate::stats::outlier::Counts;
use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond, Joules, Seconds, Watts};

/// One cell as one process measured it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The work, in the shape that ran.
    pub op: Op,
    /// Which implementation ran, such as `tiled`; with its constants, such as `tiled-64x64x16`.
    pub variant: String,
    /// Whether inputs came from the caches.
    pub cache: Cache,
    /// Which of the processes that measured the cell, from 0.
    pub run: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// Where the numbers come from.
    pub provenance: Provenance,
}

/// What came of a cell. Only a verified result carries a speed, and what others measured, which says that it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Ran, verified on the buffer that the timed run wrote.
    Ok(Box<Timing>, Verification),
    /// Measured elsewhere by another tool: nobody here verified its result. [`Provenance::imported_from`] names the
    /// file.
    Imported(Box<Timing>),
    /// Ran, but the result was wrong: no speed.
    Wrong(String, Verification),
    /// Did not run to its end.
    Failed(String),
    /// Was not tried: the adapter lacks what it needs.
    Skipped(String),
}

/// The timing of a verified cell, per execution of the op.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timing {
    /// Summary by the headline clock, in seconds.
    pub seconds: Summary,
    /// Which clock made the headline.
    pub method: TimingMethod,
    /// Median by the device's clock, where it passed its self-test.
    pub device_median: Option<Seconds>,
    /// Median by the host's clock around submit and wait; of an imported row the median, whose clock is not known.
    pub wall_median: Seconds,
    /// Samples behind the summary.
    pub samples: u32,
    /// Samples dropped because the device's clock ran backwards or gave no reading.
    pub dropped: u32,
    /// Executions of the op per sample.
    pub executions_per_sample: u32,
    /// Why sampling ended.
    pub stop_reason: String,
    /// Relative standard deviation (divisor n - 1) by the headline clock; `None` below five samples.
    pub relative_stdev: Option<f64>,
    /// Samples outside Tukey's fences; they are kept.
    pub outliers: Counts,
    /// What the samples show besides noise, such as `drift`; several joined by `;`.
    pub signs: String,
    /// The fixed calibration kernel right before and after.
    pub calibration: Option<Calibration>,
    /// What the device's sensors said meanwhile.
    pub sensed: Sensed,
}

/// Readings of the device's sensors, each only where the system has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sensed {
    /// What the device took while it was sampled.
    pub energy: Option<Energy>,
    /// Cycles per second of the device's clock right after the last sample.
    pub clock_hz: Option<f64>,
    /// Degrees Celsius right after the last sample.
    pub temperature_c: Option<f64>,
}

/// Energy of the whole device, the gaps between samples included.
#[derive(Clone, Debug, PartialEq)]
pub struct Energy {
    /// Taken in the window.
    pub joules: Joules,
    /// How long that was.
    pub window: Seconds,
    /// Whose counter it was, such as `nvml`; with `-power` where momentary powers were averaged.
    pub source: String,
}

/// Seconds of one execution of the calibration kernel: how fast the device itself was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Before the samples.
    pub before: Seconds,
    /// After them.
    pub after: Seconds,
}

/// The comparison of the timed run's output with the f64 reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verification {
    /// Σ(a−b)²/Σb², b the reference.
    pub nmse: f64,
    /// The most that is accepted.
    pub nmse_max: f64,
    /// Output elements compared.
    pub compared: u64,
}

/// Which clock made the headline number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimingMethod {
    /// Timestamp queries of the device.
    #[default]
    Timestamp,
    /// The host's monotonic clock.
    Wall,
    /// The file of another tool does not say.
    Unknown,
}

/// Why a variant ran and not another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chosen {
    /// The first in the kernel's order that the adapter can run.
    #[default]
    Preferred,
    /// The user named it.
    Named,
    /// It was the fastest on this adapter when the tuner tried them all.
    Tuned,
}

/// Whether inputs came from the caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cache {
    /// The same buffers every time.
    #[default]
    Hot,
    /// Buffers in rotation, together larger than the caches.
    Cold,
}

/// How a software adapter is labelled wherever a number of it is shown.
pub const SOFTWARE_LABEL: &str = "software adapter (not a GPU)";

/// What kind of device an adapter is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceType {
    /// A GPU with its own memory.
    DiscreteGpu,
    /// A GPU that shares the host's memory.
    IntegratedGpu,
    /// A GPU handed through by a hypervisor.
    VirtualGpu,
    /// A CPU that imitates a GPU: for checking the harness, never ranked against GPUs.
    Software,
    /// The driver does not say.
    #[default]
    Other,
}

/// Everything that must be known before a number may be believed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// The run's device and tool.
    pub identity: Identity,
    /// Why this variant ran.
    pub chosen: Chosen,
    /// Hash of the shader sources that ran, hexadecimal.
    pub shader_hash: String,
    /// Seed of the input data.
    pub seed: u64,
    /// Distribution of the input data.
    pub distribution: String,
    /// Hash of the input bytes, hexadecimal.
    pub input_hash: String,
    /// When the cell ended, UTC, RFC 3339.
    pub time_utc: String,
    /// The file of another tool that the row was made from; empty where mtok measured.
    pub imported_from: String,
}

/// The device and the tool of a run: the same in all its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// The adapter's name as the driver gives it.
    pub adapter: String,
    /// Its position in the list of `mtok devices`.
    pub adapter_index: u32,
    /// What kind of device it is.
    pub device_type: DeviceType,
    /// PCI vendor.
    pub vendor_id: u32,
    /// PCI device.
    pub device_id: u32,
    /// PCI bus address; empty where unknown.
    pub pci_bus_id: String,
    /// `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// Driver name.
    pub driver: String,
    /// Driver version text.
    pub driver_info: String,
    /// Operating system and processor architecture.
    pub os: String,
    /// Memory of the host, where the device computes in it (software and integrated adapters).
    pub host_memory: Option<Bytes>,
    /// Smallest step of the device's clock seen in the self-test.
    pub clock_quantum: Option<Seconds>,
    /// Whether shaders ran with bounds checks.
    pub bounds_checks: String,
    /// wgpu's version.
    pub wgpu_version: String,
    /// mtok's version.
    pub tool_version: String,
    /// mtok's commit, with `-dirty` where the tree had changes; empty where unknown.
    pub tool_commit: String,
    /// How the tool was compiled: `release` or `debug`.
    pub build_profile: String,
    /// Names the call that measured. Runs of one number on the two sides of one session are pairs, taken one
    /// right after the other.
    pub session: String,
    /// The command line without paths.
    pub argv: String,
}

impl Calibration {
    /// Before and after.
    pub fn seconds(self) -> [f64; 2] {
        [self.before.0, self.after.0]
    }
}

/// Quartiles and the median absolute deviation of a normal distribution, in standard deviations.
const NORMAL_QUARTILE: f64 = 0.674_489_750_196_081_7;

impl Timing {
    /// The timing of a row that another tool measured, seconds; quartiles are those of a normal distribution with the
    /// file's standard deviation, never below its minimum.
    pub fn imported(min: f64, median: f64, mean: f64, relative_stdev: Option<f64>) -> Self {
        let deviation = NORMAL_QUARTILE * relative_stdev.unwrap_or_default() * mean;
        let [q1, q3] = [(median - deviation).max(min), median + deviation];
        Self {
            seconds: Summary { min, q1, median, q3, mean, mad: deviation },
            method: TimingMethod::Unknown,
            wall_median: Seconds(median),
            executions_per_sample: 1,
            relative_stdev,
            ..Self::default()
        }
    }

    /// The names in `signs`.
    pub fn sign_names(&self) -> impl Iterator<Item = &str> {
        self.signs.split(';').filter(|sign| !sign.is_empty())
    }

    /// The device's mean power while it was sampled.
    pub fn mean_power(&self) -> Option<Watts> {
        self.sensed.energy.as_ref().map(|energy| energy.joules / energy.window)
    }

    /// Energy of one execution: the mean power times the median time. The power is that of the window, where the
    /// device also rested between samples; an execution without such gaps may take more.
    pub fn energy_per_execution(&self) -> Option<Joules> {
        self.mean_power().map(|power| power * Seconds(self.seconds.median))
    }
}

impl Measurement {
    /// The timing, where the cell ran and was right, or where another tool says so.
    pub fn timing(&self) -> Option<&Timing> {
        match &self.outcome {
            Outcome::Ok(timing, _) | Outcome::Imported(timing) => Some(timing),
            _ => None,
        }
    }

    /// The name of the cell: with the run, unique within a file.
    pub fn cell(&self) -> String {
        cell_name(&self.op, &self.variant, self.cache)
    }

    /// Arithmetic per second at the median. Work without arithmetic has no such rate, not one of zero.
    pub fn flops_per_s(&self) -> Option<FlopsPerSecond> {
        let rate = self.timing().map(|timing| self.op.flops() / Seconds(timing.seconds.median));
        rate.filter(|rate| rate.0 > 0.0)
    }

    /// Energy per floating-point operation; work without arithmetic has none.
    pub fn joules_per_flop(&self) -> Option<f64> {
        let joules = self.timing()?.energy_per_execution()?.0;
        Some(joules / self.op.flops().0).filter(|each| each.is_finite())
    }

    /// Compulsory traffic per second at the median. Work on registers has no such rate, nor has a dispatch of next to no
    /// work.
    pub fn bytes_per_s(&self) -> Option<BytesPerSecond> {
        let timing = self.timing().filter(|_| !matches!(self.op, Op::Dispatch { .. }));
        let rate = timing.map(|timing| self.op.bytes() / Seconds(timing.seconds.median));
        rate.filter(|rate| rate.0 > 0.0)
    }
}

/// The name of a cell: kernel, format, shape and variant, and `cold` where it is.
pub fn cell_name(op: &Op, variant: &str, cache: Cache) -> String {
    let mut name = String::new();
    // Writing to memory cannot fail.
    let _ = write_cell_name(&mut name, op, variant, cache);
    name
}

/// Writes the same to where there is room already.
fn write_cell_name(out: &mut String, op: &Op, variant: &str, cache: Cache) -> std::fmt::Result {
    use std::fmt::Write;
    write!(out, "{}/{}/", op.kernel(), op.format())?;
    op.write_shape(out)?;
    let cold = if cache == Cache::Cold { "/cold" } else { "" };
    write!(out, "/{variant}{cold}")
}

impl Outcome {
    /// The `status` column.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Ok(..) => "ok",
            Self::Imported(_) => "imported",
            Self::Wrong(..) => "wrong",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
        }
    }

    /// The `reason` column; empty for `ok` and `imported`.
    pub fn reason(&self) -> &str {
        match self {
            Self::Ok(..) | Self::Imported(_) => "",
            Self::Wrong(reason, _) | Self::Failed(reason) | Self::Skipped(reason) => reason,
        }
    }
}

named!(Chosen { Preferred = "preferred", Named = "named", Tuned = "tuned" });
named!(Cache { Hot = "hot", Cold = "cold" });
named!(TimingMethod { Timestamp = "timestamp", Wall = "wall", Unknown = "unknown" });
named!(DeviceType {
    DiscreteGpu = "discrete-gpu",
    IntegratedGpu = "integrated-gpu",
    VirtualGpu = "virtual-gpu",
    Software = "software",
    Other = "other",
});
