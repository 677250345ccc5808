//! Repeats a program until its time is known well enough, and checks what the last repetition wrote.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::Fault;
use super::calibrator::Calibrator;
use super::clock::Clock;
use super::device::Gpu;
use super::program::Program;
pub use super::stopping::Plan;
use super::stopping::Progress;
use crate::hash::hexadecimal;
use crate::kernel::layer::{self, Check, Parts};
use crate::kernel::problem::{BufferInit, Problem};
use crate::kernel::{Kernel, Variant, verify};
use crate::measurement::samples::{Circumstances, Sample};
use crate::measurement::{
    Cache, Calibration, Chosen, Identity, Measurement, Outcome, Provenance, Sensed, Timing, TimingMethod,
    Verification,
};
use crate::op::Op;
use crate::sensors::Sensor;
use crate::sensors::meter::Meter;

/// Some drivers kill what runs for two seconds.
const EXECUTION_MAX_S: f64 = 1.0;
const SUBMISSION_MAX_S: f64 = 0.25;
/// Shorter samples are mostly launch and clock, and two hundred of them would not fill the time wanted.
const SAMPLE_MIN_S: f64 = 5e-3;
/// A layer is followed by the next one: a sample of one alone would mostly show how threads and caches wake up.
const LAYER_SAMPLE_MIN_S: f64 = 50e-3;
/// The host's clock also sees submit and wait, about 0.1 ms.
const WALL_SAMPLE_MIN_S: f64 = 20e-3;
/// More dropped readings than this make a clock's other readings doubtful.
const DROPPED_MAX: f64 = 0.1;
/// Sets of inputs in rotation: fewer might be told apart by a clever cache, more only cost memory.
const SETS: (f64, f64) = (4.0, 64.0);

/// One visit to a cell: what to run, how, and for how long.
#[derive(Clone, Copy)]
pub struct Visit<'k> {
    /// The kernel.
    pub kernel: &'k Kernel,
    /// The variant; `None` for the one that suits the adapter.
    pub variant: Option<&'k Variant>,
    /// Of a layer, the variants of its ops as [`Parts::name`] tells them; `None` for those that suit the adapter.
    pub parts: Option<&'k str>,
    /// Why that one.
    pub chosen: Chosen,
    /// The work.
    pub op: Op,
    /// Whether inputs may come from the caches.
    pub cache: Cache,
    /// Which of the processes that visit the cell this is.
    pub run: u32,
    /// Seed of the inputs.
    pub seed: u64,
    /// When it is enough.
    pub plan: Plan,
    /// An execution that takes longer is not measured.
    pub execution_max_s: Option<f64>,
}

/// A measured cell with its raw samples.
#[derive(Debug)]
pub struct Cell {
    /// The row of `measurements.csv`.
    pub measurement: Measurement,
    /// Raw samples, seconds per execution.
    pub samples: Vec<Sample>,
}

/// An opened device and what is needed beside it to measure.
pub struct Sampler<'g> {
    gpu: &'g Gpu,
    calibrator: Calibrator<'g>,
    sensor: RefCell<Option<Box<dyn Sensor>>>,
}

/// What a finished series of samples says.
struct Series {
    samples: Vec<Sample>,
    dropped: u32,
    stop_reason: String,
    calibration: Calibration,
    sensed: Sensed,
    /// What the run wrote; else why it is not right.
    verified: Result<Verification, (String, Verification)>,
}

/// What a visit runs.
struct Made {
    /// The `variant` column.
    variant: String,
    shader_hash: String,
    texts: Vec<String>,
    problem: Problem,
    /// The checks of a problem that is composed of several; empty where it has a reference of its own.
    checks: Vec<Check>,
}

impl<'g> Sampler<'g> {
    /// Makes ready.
    ///
    /// # Errors
    /// What the device or driver reported about the calibration kernel.
    pub fn new(gpu: &'g Gpu) -> Result<Self, Fault> {
        Ok(Self { gpu, calibrator: Calibrator::new(gpu)?, sensor: RefCell::default() })
    }

    /// Reads a sensor of the device between the samples.
    pub fn with_sensor(self, sensor: Box<dyn Sensor>) -> Self {
        self.sensor.replace(Some(sensor));
        self
    }

    /// The variant that a visit runs; else what the adapter lacks.
    pub(super) fn variant<'k>(&self, visit: &Visit<'k>) -> Result<&'k Variant, String> {
        visit.kernel.variant(visit.variant, &visit.op, &self.gpu.capabilities)
    }

    /// Measures one cell. A fault of this cell is a row; only a device that is gone ends the run.
    ///
    /// # Errors
    /// The row to write and the fault, when the device is gone.
    pub fn measure(&self, visit: &Visit<'_>, identity: &Identity) -> Result<Cell, (Box<Cell>, Fault)> {
        let Visit { seed, chosen, .. } = visit;
        let mut provenance =
            Provenance { identity: identity.clone(), chosen: *chosen, seed: *seed, ..Default::default() };
        let variant = match self.variant(visit) {
            Ok(variant) => variant,
            Err(reason) => return Ok(visit.cell("none", Outcome::Skipped(reason), provenance, Vec::new())),
        };
        let made = match self.made(visit, variant) {
            Ok(made) => made,
            Err(outcome) => return Ok(visit.cell(variant.name, outcome, provenance, Vec::new())),
        };
        provenance.shader_hash.clone_from(&made.shader_hash);
        provenance.distribution = made.problem.distribution.to_owned();
        provenance.input_hash = hexadecimal(made.problem.input_hash());
        let cell = |outcome, samples| visit.cell(&made.variant, outcome, provenance, samples);
        match self.series(&Visit { variant: Some(variant), ..*visit }, &made) {
            Ok(series) => {
                let outcome = judge(&series, &self.gpu.clock);
                // A result that is not right carries no speed, not even a raw one.
                let right = matches!(outcome, Outcome::Ok(..));
                Ok(cell(outcome, if right { series.samples } else { Vec::new() }))
            }
            Err(Fault::Skipped(reason)) => Ok(cell(Outcome::Skipped(reason), vec![])),
            Err(Fault::Failed(reason)) => Ok(cell(Outcome::Failed(reason), vec![])),
            Err(Fault::DeviceGone(reason)) => {
                let row = cell(Outcome::Failed(reason.clone()), vec![]);
                Err((Box::new(row), Fault::DeviceGone(reason)))
            }
        }
    }

    /// Buffers, dispatches and texts of a visit.
    fn made(&self, visit: &Visit<'_>, variant: &Variant) -> Result<Made, Outcome> {
        let Visit { kernel, op, seed, parts, .. } = visit;
        let offered = &self.gpu.capabilities;
        if let Op::Layer(layer) = op {
            let parts = Parts::named(layer, *parts, offered).map_err(Outcome::Skipped)?;
            let chain = layer::chain(layer, &parts, offered, *seed).map_err(Outcome::Skipped)?;
            let layer::Chain { problem, texts, checks } = chain;
            let (variant, shader_hash) = (parts.name(), parts.shader_hash());
            return Ok(Made { variant, shader_hash, texts, problem, checks });
        }
        let problem = (kernel.problem)(op, variant, offered, *seed).ok_or_else(|| {
            let what = format!("internal error (please report): {} cannot build {op}", kernel.name);
            Outcome::Failed(what)
        })?;
        Ok(Made {
            variant: variant.name.to_owned(),
            shader_hash: kernel.shader_hash(variant, op.format()),
            texts: kernel.texts(variant, op.format()),
            problem,
            checks: Vec::new(),
        })
    }

    fn series(&self, visit: &Visit<'_>, made: &Made) -> Result<Series, Fault> {
        let clock = &self.gpu.clock;
        let (problem, texts) = (&made.problem, made.texts.clone());
        #[cfg(feature = "faults")]
        let texts = super::faults::texts(visit, texts);
        let program = Program::new(self.gpu, &texts, problem, sets(visit, problem, self.gpu))?;
        #[cfg(feature = "faults")]
        super::faults::strike(visit, self.gpu);
        let start = Instant::now();
        let once = warm_up(&program, clock, visit)?;
        // A counter that later executions go on from must start at zero: one execution per sample.
        let counts = visit.kernel.name == "dispatch";
        let is_layer = matches!(visit.op, Op::Layer(_));
        let least_s = if is_layer { LAYER_SAMPLE_MIN_S } else { 0.0 };
        let executions = if counts { 1 } else { executions_per_sample(once, clock, least_s) };
        #[cfg(feature = "faults")]
        let executions = super::faults::planned(visit, executions);
        let before = self.calibrator.read()?;
        let mut progress = Progress::new(visit.plan);
        let (mut samples, mut dropped) = (Vec::new(), 0);
        let mut sensor = self.sensor.borrow_mut();
        let mut meter = sensor.as_deref_mut().map(Meter::start);
        let stop_reason = loop {
            let raw = program.sample(visit.slowed(executions))?;
            let per_execution = |seconds: f64| seconds / f64::from(executions);
            let device_s = clock.seconds(&raw).map(per_execution);
            if clock.usable && device_s.is_none() {
                dropped += 1;
                progress.dropped();
            } else {
                let sample = Sample { executions, device_s, wall_s: per_execution(raw.wall_s) };
                let seconds = device_s.unwrap_or(sample.wall_s);
                progress.sample(seconds, seconds * f64::from(executions));
                samples.push(sample);
            }
            meter.iter_mut().for_each(Meter::tick);
            if let Some(reason) = progress.stop_reason(start.elapsed()) {
                break reason;
            }
        };
        let sensed = meter.map(Meter::end).unwrap_or_default();
        let calibration = Calibration { before, after: self.calibrator.read()? };
        let verified = verified(&program, made, visit.seed)?;
        Ok(Series { samples, dropped, stop_reason, calibration, sensed, verified })
    }
}

impl<'k> Visit<'k> {
    /// A hot visit in the variant that suits the adapter.
    pub fn new(kernel: &'k Kernel, op: Op, seed: u64, plan: Plan) -> Self {
        Self {
            kernel,
            variant: None,
            parts: None,
            chosen: Chosen::Preferred,
            op,
            cache: Cache::Hot,
            run: 0,
            seed,
            plan,
            execution_max_s: None,
        }
    }

    fn cell(&self, variant: &str, outcome: Outcome, provenance: Provenance, samples: Vec<Sample>) -> Cell {
        let Self { op, cache, run, .. } = *self;
        let measurement = Measurement { op, variant: variant.to_owned(), cache, run, outcome, provenance };
        Cell { measurement, samples }
    }

    /// How often the op really runs where so many executions are asked for.
    fn slowed(&self, executions: u32) -> u32 {
        #[cfg(feature = "faults")]
        let executions = super::faults::executions(self, executions);
        executions
    }
}

/// Sets of inputs: one where they may stay in the caches, else enough to be larger than any.
fn sets(visit: &Visit<'_>, problem: &Problem, gpu: &Gpu) -> usize {
    let input = |init: &BufferInit| matches!(init, BufferInit::Input(_)).then(|| init.size());
    let bytes = problem.buffers.iter().filter_map(input).sum::<u64>().max(1) as f64;
    match visit.cache {
        Cache::Hot => 1,
        Cache::Cold => (gpu.capabilities.beyond_caches() / bytes).ceil().clamp(SETS.0, SETS.1) as usize,
    }
}

/// Runs until caches, clocks and compilers have settled; gives the seconds of one execution.
fn warm_up(program: &Program<'_>, clock: &Clock, visit: &Visit<'_>) -> Result<f64, Fault> {
    let time = (visit.plan.time / 5).min(Duration::from_millis(200));
    let execution_max_s = visit.execution_max_s.unwrap_or(EXECUTION_MAX_S).min(EXECUTION_MAX_S);
    let of = |sample: super::program::Sample| clock.seconds(&sample).unwrap_or(sample.wall_s);
    // The first execution compiles and is no measure of the second.
    program.sample(1)?;
    let start = Instant::now();
    let mut once = of(program.sample(1)?);
    while start.elapsed() < time && once <= execution_max_s {
        once = of(program.sample(1)?);
    }
    if visit.execution_max_s.is_some_and(|most| once > most) {
        return Err(Fault::Skipped(format!(
            "one execution takes {once:.2e} s, more than {execution_max_s:.2e} s is not of interest"
        )));
    }
    if once > EXECUTION_MAX_S {
        return Err(Fault::Skipped(format!(
            "one execution takes {once:.1} s, submissions stay below {EXECUTION_MAX_S} s"
        )));
    }
    Ok(once)
}

/// Executions that make a sample of at least so many seconds, long enough for the clock and short enough for the driver.
pub(super) fn executions_per_sample(once: f64, clock: &Clock, least_s: f64) -> u32 {
    let quantum = clock.quantum_s.unwrap_or_default();
    let clocked = if clock.usable { SAMPLE_MIN_S.max(100.0 * quantum) } else { WALL_SAMPLE_MIN_S };
    let wanted = clocked.max(least_s);
    (wanted.min(SUBMISSION_MAX_S) / once).ceil().clamp(1.0, 10_000.0) as u32
}

/// Compares what the last sample wrote with the reference, or each result of a chain with its own.
fn verified(
    program: &Program<'_>,
    made: &Made,
    seed: u64,
) -> Result<Result<Verification, (String, Verification)>, Fault> {
    if made.checks.is_empty() {
        return Ok(verify::check(&made.problem, &program.output()?, seed));
    }
    let mut written = layer::Written::default();
    for buffer in made.checks.iter().flat_map(Check::buffers) {
        if let std::collections::btree_map::Entry::Vacant(place) = written.0.entry(buffer) {
            place.insert(program.read(buffer)?);
        }
    }
    Ok(layer::check_all(&made.checks, &written, seed))
}

fn judge(series: &Series, clock: &Clock) -> Outcome {
    let verification = match &series.verified {
        Ok(verification) => *verification,
        Err((reason, verification)) => return Outcome::Wrong(reason.clone(), *verification),
    };
    let tries = series.samples.len() as f64 + f64::from(series.dropped);
    if f64::from(series.dropped) > DROPPED_MAX * tries {
        return Outcome::Failed(format!(
            "the device's clock gave no reading in {} of {tries} samples",
            series.dropped
        ));
    }
    let circumstances = Circumstances {
        method: if clock.usable { TimingMethod::Timestamp } else { TimingMethod::Wall },
        dropped: series.dropped,
        stop_reason: series.stop_reason.clone(),
        calibration: Some(series.calibration),
        sensed: series.sensed.clone(),
    };
    let Some(timing) = Timing::of(&series.samples, circumstances) else {
        return Outcome::Failed("no sample was taken".into());
    };
    let (headline, wall) = (timing.seconds.median, timing.wall_median.0);
    if headline > 1.05 * wall {
        let what = format!("the device's clock says {headline:.3e} s, the host's only {wall:.3e} s");
        return Outcome::Failed(what);
    }
    Outcome::Ok(Box::new(timing), verification)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_long_enough_for_the_clock_and_short_enough_for_the_driver() {
        let clock = |quantum_s| Clock { usable: true, quantum_s: Some(quantum_s), ..Clock::default() };
        assert_eq!(executions_per_sample(1e-5, &clock(1e-9), 0.0), 500);
        assert_eq!(executions_per_sample(1e-5, &clock(65_536e-9), 0.0), 656);
        assert_eq!(executions_per_sample(0.3, &clock(1e-9), 0.0), 1);
        assert_eq!(executions_per_sample(1e-3, &clock(1.0), 0.0), 250);
        assert_eq!(executions_per_sample(1e-3, &Clock::default(), 0.0), 20);
        assert_eq!(executions_per_sample(1e-3, &clock(1e-9), LAYER_SAMPLE_MIN_S), 50);
    }
}
