//! When a cell has been sampled enough.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::measurement::samples::SPREAD_MIN;
use crate::stats;

/// How long a visit to a cell may take and when its time is known well enough (nvbench's criteria, see
/// METHODOLOGY.md).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Wall time for the samples, warm-up included.
    pub time: Duration,
    /// Samples wanted before noise counts.
    pub samples_min: usize,
    /// Relative standard deviation at which sampling may stop.
    pub noise: f64,
    /// Total sampled time wanted before noise counts.
    pub sampled_s: f64,
}

/// Samples kept at most: enough for any statistic here, few enough to store.
const SAMPLES_MAX: usize = 200;
/// Estimates of the noise before it may be called stable, how often it is asked, and what stable means: their own
/// relative standard deviation.
const STABLE_MIN: usize = 64;
const STABLE_EVERY: usize = 16;
const STABLE_BELOW: f64 = 0.05;

/// What sampling has come to.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    plan: Plan,
    times: Vec<f64>,
    /// The noise after each sample.
    noise: Vec<f64>,
    sampled_s: f64,
    tries: usize,
}

impl Progress {
    pub fn new(plan: Plan) -> Self {
        Self { plan, times: Vec::new(), noise: Vec::new(), sampled_s: 0.0, tries: 0 }
    }

    /// Notes a sample: seconds per execution, and in all.
    pub fn sample(&mut self, seconds: f64, sampled_s: f64) {
        self.times.push(seconds);
        self.sampled_s += sampled_s;
        self.tries += 1;
        self.noise.extend(stats::relative_stdev(&self.times));
    }

    /// Notes a sample without a reading.
    pub fn dropped(&mut self) {
        self.tries += 1;
    }

    /// Why sampling should end, with the criteria that were not met; `None` while it should go on.
    pub fn stop_reason(&self, elapsed: Duration) -> Option<String> {
        let Plan { noise: wanted, time, .. } = self.plan;
        let noise = self.noise.last().copied().unwrap_or(f64::INFINITY);
        let enough = self.not_enough();
        let noisy = (noise > wanted).then(|| format!("noise {:.1} % > {} %", noise * 100.0, wanted * 100.0));
        let unmet: Vec<String> = noisy.into_iter().chain(enough.clone()).collect();
        if unmet.is_empty() {
            Some(format!("noise {:.2} % <= {} %", noise * 100.0, wanted * 100.0))
        } else if enough.is_empty() && self.noise_is_stable() {
            Some(format!("noise stable; {}", unmet.join(", ")))
        } else if self.tries >= SAMPLES_MAX {
            Some(format!("{} samples; {}", self.tries, unmet.join(", ")))
        } else if elapsed >= time && self.tries >= SPREAD_MIN {
            Some(format!("time limit; {}", unmet.join(", ")))
        } else {
            None
        }
    }

    fn not_enough(&self) -> Vec<String> {
        let Plan { samples_min, sampled_s, .. } = self.plan;
        let few =
            (self.times.len() < samples_min).then(|| format!("{} samples < {samples_min}", self.times.len()));
        let short = (self.sampled_s < sampled_s)
            .then(|| format!("{:.2} s sampled < {sampled_s:.2} s", self.sampled_s));
        few.into_iter().chain(short).collect()
    }

    /// More samples would not change how noisy this cell is.
    fn noise_is_stable(&self) -> bool {
        let recent = self.noise.get(self.noise.len().saturating_sub(STABLE_MIN)..).unwrap_or_default();
        let due = self.times.len().is_multiple_of(STABLE_EVERY) && recent.len() == STABLE_MIN;
        due && stats::relative_stdev(recent).is_some_and(|spread| spread < STABLE_BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { time: Duration::from_secs(1), samples_min: 10, noise: 0.005, sampled_s: 0.5 };

    fn reason(samples: &[f64], elapsed_s: u64) -> String {
        let mut progress = Progress::new(PLAN);
        samples.iter().for_each(|seconds| progress.sample(*seconds, 2.0 * seconds));
        progress.stop_reason(Duration::from_secs(elapsed_s)).unwrap_or_default()
    }

    #[test]
    fn quiet_samples_end_the_cell() {
        assert_eq!(reason(&[0.05; 10], 0), "noise 0.00 % <= 0.5 %");
        assert_eq!(reason(&[0.05; 9], 0), "");
    }

    #[test]
    fn noise_that_stays_the_same_ends_the_cell_and_is_named() {
        let noisy = [0.05, 0.06].repeat(100);
        assert_eq!(reason(&noisy[..79], 0), "");
        assert_eq!(reason(&noisy[..80], 0), "noise stable; noise 9.1 % > 0.5 %");
        let growing: Vec<f64> = (0..112).map(|index| 0.05 * 1.03f64.powi(index)).collect();
        assert_eq!(reason(&growing, 0), "");
    }

    #[test]
    fn what_ends_a_cell_early_names_the_criteria_that_were_not_met() {
        assert_eq!(reason(&[0.05, 0.06, 0.05, 0.05], 9), "");
        assert_eq!(reason(&[0.05; 5], 9), "time limit; 5 samples < 10");
        assert_eq!(reason(&[1e-3; 200], 0), "200 samples; 0.40 s sampled < 0.50 s");
        let noisy = [0.05, 0.06].repeat(5);
        assert_eq!(reason(&noisy, 9), "time limit; noise 9.6 % > 0.5 %");
    }

    #[test]
    fn samples_without_a_reading_do_not_go_on_for_ever() {
        let mut progress = Progress::new(PLAN);
        (0..200).for_each(|_| progress.dropped());
        assert!(
            progress.stop_reason(Duration::ZERO).is_some_and(|reason| reason.starts_with("200 samples;"))
        );
    }
}
