//! Whether the device's clock can be believed: some drivers answer zeros, coarse steps or the wrong period.

use serde::{Deserialize, Serialize};

use super::Fault;
use super::device::Gpu;
use super::program::{Program, Sample};
use crate::kernel::Kernel;
use crate::op::Op;

/// Rounds of the self-test.
const ROUNDS: u32 = 8;

/// The record of the self-test, kept in `device.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// Whether durations come from the device.
    pub usable: bool,
    /// Why not; empty when usable.
    pub reason: String,
    /// Nanoseconds per tick as the driver says.
    pub period_ns: Option<f64>,
    /// The step of the clock: the largest that divides every duration seen.
    pub quantum_s: Option<f64>,
    /// Device time over wall time in the self-test: at most one, unless the period is wrong.
    pub device_over_wall: Option<f64>,
    /// Time of eight copies over that of four: two, unless work is left out or the clock is coarse.
    pub doubled_work: Option<f64>,
    /// Whether readings only ever grew from one submission to the next.
    pub monotonic: bool,
}

impl Clock {
    /// Times copies of growing length by both clocks.
    ///
    /// # Errors
    /// Only faults of the device itself; a bad clock is a result.
    pub(super) fn test(gpu: &Gpu) -> Result<Self, Fault> {
        if !gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Ok(Self { reason: "the adapter has no timestamp queries".into(), ..Self::default() });
        }
        let op = Op::Copy { bytes: 1 << 20 };
        let kernel = Kernel::find("copy");
        let chosen = kernel.and_then(|kernel| Some((kernel, kernel.choose(&op, &gpu.capabilities).ok()?)));
        let problem =
            chosen.and_then(|(kernel, variant)| (kernel.problem)(&op, variant, &gpu.capabilities, 0));
        let (Some((kernel, variant)), Some(problem)) = (chosen, problem) else {
            return Ok(Self { reason: "the adapter cannot run the self-test".into(), ..Self::default() });
        };
        let program = Program::new(gpu, &kernel.texts(variant, op.format()), &problem, 1)?;
        program.sample(1)?;
        let samples = (1..=ROUNDS).map(|round| program.sample(round)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::judge(f64::from(gpu.queue.get_timestamp_period()), &samples))
    }

    /// The verdict over samples whose work grows.
    fn judge(period_ns: f64, samples: &[Sample]) -> Self {
        let mut clock = Self { period_ns: Some(period_ns), ..Self::default() };
        let durations: Vec<Option<f64>> =
            samples.iter().map(|sample| seconds(sample.ticks, period_ns)).collect();
        let read: Vec<f64> = durations.iter().flatten().copied().collect();
        let wall: f64 = samples.iter().map(|sample| sample.wall_s).sum();
        if read.len() < samples.len() || read.is_empty() {
            clock.reason = "timestamps are zero or run backwards".into();
            return clock;
        }
        let ratio = read.iter().sum::<f64>() / wall;
        clock.device_over_wall = Some(ratio);
        clock.doubled_work = read.get(3).zip(read.get(7)).map(|(four, eight)| eight / four);
        let stamps: Vec<u64> =
            samples.iter().filter_map(|sample| sample.ticks).flat_map(<[u64; 2]>::from).collect();
        clock.monotonic = stamps.is_sorted();
        let ticks = samples.iter().filter_map(|sample| sample.ticks).map(|(start, end)| end.abs_diff(start));
        clock.quantum_s = Some(ticks.fold(0, greatest_common_divisor) as f64 * period_ns * 1e-9);
        if ratio > 1.05 {
            clock.reason = format!("device time is {ratio:.2} of wall time: the timestamp period is wrong");
            return clock;
        }
        clock.usable = true;
        clock
    }

    /// Seconds of a sample by the device's clock; `None` without a believable reading.
    pub fn seconds(&self, sample: &Sample) -> Option<f64> {
        let period_ns = self.period_ns.filter(|_| self.usable)?;
        seconds(sample.ticks, period_ns)
    }
}

/// Zeros are "no reading" (unwritten queries resolve to zero), and a clock may step backwards.
fn seconds(ticks: Option<(u64, u64)>, period_ns: f64) -> Option<f64> {
    let (start, end) = ticks.filter(|(start, end)| *start != 0 && *end != 0)?;
    let ticks = end.checked_sub(start).filter(|ticks| *ticks > 0)?;
    Some(ticks as f64 * period_ns * 1e-9)
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(start: u64, end: u64, wall_s: f64) -> Sample {
        Sample { ticks: Some((start, end)), wall_s }
    }

    #[test]
    fn a_good_clock_is_believed() {
        let clock = Clock::judge(1.0, &[sample(10, 1_210, 2e-6), sample(2_000, 4_000, 3e-6)]);
        assert!(clock.usable, "{}", clock.reason);
        assert_eq!(clock.quantum_s.map(|q| (q * 1e9).round()), Some(400.0));
        assert_eq!(clock.seconds(&sample(10, 510, 1.0)), Some(500.0 * 1.0 * 1e-9));
    }

    #[test]
    fn zero_backward_and_fast_clocks_are_not() {
        assert!(!Clock::judge(1.0, &[sample(0, 0, 1e-6)]).usable);
        assert!(!Clock::judge(1.0, &[sample(500, 400, 1e-6)]).usable);
        let fast = Clock::judge(41.667, &[sample(100, 1_100, 2e-6)]);
        assert!(!fast.usable && fast.reason.contains("period is wrong"), "{}", fast.reason);
    }

    #[test]
    fn an_unusable_clock_gives_no_seconds() {
        assert_eq!(Clock::default().seconds(&sample(10, 510, 1.0)), None);
    }
}
