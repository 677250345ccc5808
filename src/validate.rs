//! Published measurements against the datasheet model: how far off it is, for whom, and which rows it cannot say.
//!
//! Errors are those of times (a rate that is half as high as measured is an error of +100 %). Rows that cannot be
//! predicted are counted by their reason, and none is dropped in silence.

mod names;
mod predict;
mod read;
mod refit;
mod report;

use crate::arch::Architecture;
use crate::hardware::GpuSpec;
use crate::throughput::Workload;
use crate::throughput::datasheet::{Engine, FITTED, Load, Population, Spread};

pub use predict::seconds;
pub use read::{Tables, read_served, read_validation};
pub use refit::{LeaveOut, Refit, leave_out, refit, spreads};
pub use report::{Group, NotPredicted, Refused, Report, Worst, csv, markdown, report, terminal};

/// What a row measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Decode steps alone: seconds per step.
    Decode,
    /// A prompt alone: seconds per prompt token.
    Prefill,
    /// As many requests as fit: seconds per output token of all sequences.
    Offline,
    /// A number of clients that each wait for their answer: seconds per output token of one.
    Served,
}

crate::named::named!(Phase {
    Decode = "decode",
    Prefill = "prefill",
    Offline = "offline",
    Served = "served",
});

/// Who published a measurement, of what, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The name of the file, for people.
    pub file: String,
    /// Line of the file.
    pub line: u64,
    /// The row's own name.
    pub id: String,
    /// Who measured.
    pub source: String,
}

/// A published measurement of something that the tables know.
#[derive(Clone, Debug)]
pub struct Case<'t> {
    /// Where it is from.
    pub origin: Origin,
    /// The model.
    pub model: &'t Architecture,
    /// The GPU.
    pub gpu: &'t GpuSpec,
    /// What ran. The batch is cut to what fits; for [`Phase::Offline`] it is what fits.
    pub workload: Workload,
    /// What was measured.
    pub phase: Phase,
    /// The software.
    pub engine: Engine,
    /// Whether the memory cut the batch.
    pub cut: bool,
    /// The measured time.
    pub measured_s: f64,
    /// What a pass asks of the GPU.
    pub load: Load,
}

impl Case<'_> {
    /// Whether the model is a mixture of experts.
    pub fn experts(&self) -> bool {
        self.model.moe_layers() > 0
    }

    /// The population whose errors are like this row's.
    pub fn population(&self) -> Population {
        let experts = self.experts();
        match (self.phase, experts) {
            (Phase::Offline, false) => Population::DenseFilled,
            (Phase::Offline, true) => Population::ExpertsFilled,
            _ => Population::of(self.engine, experts, self.phase == Phase::Prefill),
        }
    }
}

/// A row without a prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Unpredicted {
    /// Where it is from.
    pub origin: Origin,
    /// Why; rows with one reason are counted together.
    pub reason: String,
}

/// A row that claims more than the memory bus allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Impossible {
    /// Where it is from.
    pub origin: Origin,
    /// The claim and the bound.
    pub what: String,
}

/// What was read of one or more files.
#[derive(Debug, Default)]
pub struct Rows<'t> {
    /// Rows with a prediction.
    pub cases: Vec<Case<'t>>,
    /// Rows without.
    pub unpredicted: Vec<Unpredicted>,
    /// Rows that cannot be true; they count nowhere else.
    pub impossible: Vec<Impossible>,
}

impl Rows<'_> {
    /// The rows of another file behind these.
    pub fn append(&mut self, mut more: Self) {
        self.cases.append(&mut more.cases);
        self.unpredicted.append(&mut more.unpredicted);
        self.impossible.append(&mut more.impossible);
    }
}

/// The prediction of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The time.
    pub seconds: f64,
    /// Its interval.
    pub spread: Spread,
}

impl Prediction {
    /// Relative error of the time.
    pub fn error(&self, measured_s: f64) -> f64 {
        self.seconds / measured_s - 1.0
    }

    /// Whether the measurement lies in the interval.
    pub fn covers(&self, measured_s: f64) -> bool {
        (self.seconds * self.spread.low..=self.seconds * self.spread.high).contains(&measured_s)
    }
}

/// The predictions of the constants in the program, one per case.
pub fn predictions(cases: &[Case<'_>]) -> Vec<Prediction> {
    let of =
        |case: &Case<'_>| Prediction { seconds: seconds(case, &FITTED), spread: case.population().spread() };
    cases.iter().map(of).collect()
}

#[cfg(test)]
mod tests;
