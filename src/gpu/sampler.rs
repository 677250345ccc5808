//! Repeats a program until its time is known well enough, and checks what the last repetition wrote.

use std::time::{Duration, Instant};

use super::Fault;
use super::clock::Clock;
use super::device::Gpu;
use super::program::{Program, Sample};
use crate::kernel::data::hexadecimal;
use crate::kernel::problem::Problem;
use crate::kernel::{Kernel, Variant, verify};
use crate::measurement::samples::{Circumstances, SPREAD_MIN, Sample as RawSample};
use crate::measurement::{Cache, Measurement, Outcome, Provenance, Timing, TimingMethod};
use crate::op::Op;
use crate::stats;

/// How long a cell may take and when it is known well enough (nvbench's defaults, see METHODOLOGY.md).
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Wall time for the samples of this cell, its warm-up included.
    pub time: Duration,
    /// Samples wanted before noise counts.
    pub samples_min: usize,
    /// Relative standard deviation at which sampling may stop.
    pub noise: f64,
    /// Total sampled time wanted before noise counts.
    pub sampled_s: f64,
}

/// Some drivers kill what runs for two seconds.
const EXECUTION_MAX_S: f64 = 1.0;
const SUBMISSION_MAX_S: f64 = 0.25;
/// Shorter samples are mostly launch and clock, and two hundred of them would not fill the time wanted.
const SAMPLE_MIN_S: f64 = 5e-3;
/// The host's clock also sees submit and wait, about 0.1 ms.
const WALL_SAMPLE_MIN_S: f64 = 20e-3;
/// More dropped readings than this make a clock's other readings doubtful.
const DROPPED_MAX: f64 = 0.1;
/// Samples kept at most: enough for any statistic here, few enough to store.
const SAMPLES_MAX: usize = 200;

/// A measured cell with its raw samples.
pub struct Cell {
    /// The row of `measurements.csv`.
    pub measurement: Measurement,
    /// Raw samples, seconds per execution.
    pub samples: Vec<RawSample>,
}

/// What a finished run of samples says.
struct Run {
    samples: Vec<RawSample>,
    dropped: u32,
    executions: u32,
    stop_reason: String,
    output: Vec<u32>,
}

/// Measures one op with the variant that suits the adapter. A fault of this cell is a row; only a device that is
/// gone ends the run.
///
/// # Errors
/// The row to write and the fault, when the device is gone.
pub fn measure(
    gpu: &Gpu,
    kernel: &Kernel,
    op: &Op,
    seed: u64,
    plan: &Plan,
    identity: &crate::measurement::Identity,
) -> Result<Cell, (Box<Cell>, Fault)> {
    let mut provenance = Provenance { identity: identity.clone(), seed, ..Default::default() };
    let variant = match kernel.choose(op, &gpu.capabilities) {
        Ok(variant) => variant,
        Err(reason) => return Ok(cell(op, "none", Outcome::Skipped(reason), provenance, Vec::new())),
    };
    provenance.shader_hash = kernel.shader_hash(variant, op.format());
    let Some(problem) = (kernel.problem)(op, variant, &gpu.capabilities, seed) else {
        let reason = format!("internal error (please report): {} cannot build {op}", kernel.name);
        return Ok(cell(op, variant.name, Outcome::Failed(reason), provenance, Vec::new()));
    };
    provenance.distribution = problem.distribution.to_owned();
    provenance.input_hash = hexadecimal(problem.input_hash());
    match run(gpu, kernel, op, variant, &problem, plan) {
        Ok(run) => {
            let outcome = judge(&run, &problem, &gpu.clock, seed);
            // A wrong result carries no speed, not even a raw one.
            let wrong = matches!(outcome, Outcome::Wrong(..));
            let samples = if wrong { Vec::new() } else { run.samples };
            Ok(cell(op, variant.name, outcome, provenance, samples))
        }
        Err(Fault::Skipped(reason)) => {
            Ok(cell(op, variant.name, Outcome::Skipped(reason), provenance, vec![]))
        }
        Err(Fault::Failed(reason)) => Ok(cell(op, variant.name, Outcome::Failed(reason), provenance, vec![])),
        Err(Fault::DeviceGone(reason)) => {
            let row = cell(op, variant.name, Outcome::Failed(reason.clone()), provenance, vec![]);
            Err((Box::new(row), Fault::DeviceGone(reason)))
        }
    }
}

fn cell(op: &Op, variant: &str, outcome: Outcome, provenance: Provenance, samples: Vec<RawSample>) -> Cell {
    let variant = variant.to_owned();
    let measurement = Measurement { op: *op, variant, cache: Cache::Hot, run: 0, outcome, provenance };
    Cell { measurement, samples }
}

fn run(
    gpu: &Gpu,
    kernel: &Kernel,
    op: &Op,
    variant: &Variant,
    problem: &Problem,
    plan: &Plan,
) -> Result<Run, Fault> {
    let program = Program::new(gpu, kernel, op, variant, problem)?;
    let start = Instant::now();
    let once = warm_up(&program, &gpu.clock, plan)?;
    // A counter that later executions go on from must start at zero: one execution per sample.
    let executions = if kernel.name == "dispatch" { 1 } else { executions_per_sample(once, &gpu.clock) };
    let mut run = Run { samples: vec![], dropped: 0, executions, stop_reason: String::new(), output: vec![] };
    while run.stop_reason.is_empty() {
        let sample = program.sample(executions)?;
        let per_execution = |seconds: f64| seconds / f64::from(executions);
        let device_s = gpu.clock.seconds(&sample).map(per_execution);
        if gpu.clock.usable && device_s.is_none() {
            run.dropped += 1;
        } else {
            run.samples.push(RawSample { executions, device_s, wall_s: per_execution(sample.wall_s) });
        }
        run.stop_reason = stop_reason(&run, plan, start.elapsed());
    }
    run.output = program.output()?;
    Ok(run)
}

/// Runs until caches, clocks and compilers have settled; gives the seconds of one execution.
fn warm_up(program: &Program<'_>, clock: &Clock, plan: &Plan) -> Result<f64, Fault> {
    let time = (plan.time / 5).min(Duration::from_millis(200));
    let of = |sample: Sample| clock.seconds(&sample).unwrap_or(sample.wall_s);
    // The first execution compiles and is no measure of the second.
    program.sample(1)?;
    let start = Instant::now();
    let mut once = of(program.sample(1)?);
    while start.elapsed() < time {
        once = of(program.sample(1)?);
    }
    if once > EXECUTION_MAX_S {
        return Err(Fault::Skipped(format!(
            "one execution takes {once:.1} s, submissions stay below {EXECUTION_MAX_S} s"
        )));
    }
    Ok(once)
}

fn executions_per_sample(once: f64, clock: &Clock) -> u32 {
    let quantum = clock.quantum_s.unwrap_or_default();
    let wanted = if clock.usable { SAMPLE_MIN_S.max(100.0 * quantum) } else { WALL_SAMPLE_MIN_S };
    (wanted.min(SUBMISSION_MAX_S) / once).ceil().clamp(1.0, 10_000.0) as u32
}

/// Empty while sampling should go on; else why it ended, with the criteria that were not met.
fn stop_reason(run: &Run, plan: &Plan, elapsed: Duration) -> String {
    let tries = run.samples.len() + run.dropped as usize;
    let times: Vec<f64> = run.samples.iter().map(|sample| sample.device_s.unwrap_or(sample.wall_s)).collect();
    let sampled = times.iter().sum::<f64>() * f64::from(run.executions);
    let noise = stats::relative_stdev(&times).unwrap_or(f64::INFINITY);
    let unmet = unmet(plan, times.len(), sampled, noise);
    if unmet.is_empty() {
        format!("noise {:.2} % <= {} %", noise * 100.0, plan.noise * 100.0)
    } else if tries >= SAMPLES_MAX {
        format!("{tries} samples; {}", unmet.join(", "))
    } else if elapsed >= plan.time && tries >= SPREAD_MIN {
        format!("time limit; {}", unmet.join(", "))
    } else {
        String::new()
    }
}

fn unmet(plan: &Plan, samples: usize, sampled: f64, noise: f64) -> Vec<String> {
    let mut unmet = Vec::new();
    if noise > plan.noise {
        unmet.push(format!("noise {:.1} % > {} %", noise * 100.0, plan.noise * 100.0));
    }
    if samples < plan.samples_min {
        unmet.push(format!("{samples} samples < {}", plan.samples_min));
    }
    if sampled < plan.sampled_s {
        unmet.push(format!("{sampled:.2} s sampled < {} s", plan.sampled_s));
    }
    unmet
}

fn judge(run: &Run, problem: &Problem, clock: &Clock, seed: u64) -> Outcome {
    let verification = match verify::check(problem, &run.output, seed) {
        Ok(verification) => verification,
        Err((reason, verification)) => return Outcome::Wrong(reason, verification),
    };
    let tries = run.samples.len() as f64 + f64::from(run.dropped);
    if f64::from(run.dropped) > DROPPED_MAX * tries {
        return Outcome::Failed(format!(
            "the device's clock gave no reading in {} of {tries} samples",
            run.dropped
        ));
    }
    let circumstances = Circumstances {
        method: if clock.usable { TimingMethod::Timestamp } else { TimingMethod::Wall },
        dropped: run.dropped,
        stop_reason: run.stop_reason.clone(),
        calibration: None,
    };
    let Some(timing) = Timing::of(&run.samples, circumstances) else {
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

    const PLAN: Plan = Plan { time: Duration::from_secs(1), samples_min: 10, noise: 0.005, sampled_s: 0.5 };

    fn reason(samples: &[f64], elapsed_s: u64) -> String {
        let raw = |seconds: &f64| RawSample { executions: 2, device_s: Some(*seconds), wall_s: 1.0 };
        let samples = samples.iter().map(raw).collect();
        let run = Run { samples, dropped: 0, executions: 2, stop_reason: String::new(), output: vec![] };
        stop_reason(&run, &PLAN, Duration::from_secs(elapsed_s))
    }

    #[test]
    fn quiet_samples_end_the_cell() {
        assert_eq!(reason(&[0.05; 10], 0), "noise 0.00 % <= 0.5 %");
        assert_eq!(reason(&[0.05; 9], 0), "");
    }

    #[test]
    fn what_ends_a_cell_early_names_the_criteria_that_were_not_met() {
        assert_eq!(reason(&[0.05, 0.06, 0.05, 0.05], 9), "");
        assert_eq!(reason(&[0.05; 5], 9), "time limit; 5 samples < 10");
        assert_eq!(reason(&[1e-3; 200], 0), "200 samples; 0.40 s sampled < 0.5 s");
        let noisy = [0.05, 0.06].repeat(5);
        assert_eq!(reason(&noisy, 9), "time limit; noise 9.6 % > 0.5 %");
    }

    #[test]
    fn samples_are_long_enough_for_the_clock_and_short_enough_for_the_driver() {
        let clock = |quantum_s| Clock { usable: true, quantum_s: Some(quantum_s), ..Clock::default() };
        assert_eq!(executions_per_sample(1e-5, &clock(1e-9)), 500);
        assert_eq!(executions_per_sample(1e-5, &clock(65_536e-9)), 656);
        assert_eq!(executions_per_sample(0.3, &clock(1e-9)), 1);
        assert_eq!(executions_per_sample(1e-3, &clock(1.0)), 250);
        assert_eq!(executions_per_sample(1e-3, &Clock::default()), 20);
    }
}
