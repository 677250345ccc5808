//! Shares the time of a call between its visits.

use std::time::{Duration, Instant};

use mtok::gpu::sampler::Plan;

/// What a cell should have after all its visits together, and each visit at least.
const SAMPLES: u32 = 10;
const SAMPLES_PER_VISIT: u32 = 5;
const SAMPLED_S: f64 = 0.5;
const NOISE: f64 = 0.005;
/// Time for the samples of a visit when there is none left.
pub const LEAST: Duration = Duration::from_millis(20);

/// Shares the time that is left evenly over the visits that are left; what a quick one saves, later ones get.
pub struct Pace {
    end: Instant,
    repeat: u32,
    left: u32,
    done: u32,
    start: Instant,
    sampling: Duration,
    overhead: Duration,
    run_overhead: Duration,
    least: Duration,
}

impl Pace {
    /// A budget from a start on, for so many visits in `repeat` runs that have at least so much time each.
    pub fn new(start: Instant, budget: Duration, visits: usize, repeat: u32, least: Duration) -> Self {
        Self {
            end: start + budget,
            repeat,
            left: visits as u32,
            done: 0,
            start,
            sampling: Duration::ZERO,
            overhead: Duration::ZERO,
            run_overhead: Duration::ZERO,
            least,
        }
    }

    /// Whether a run like the last one would end in time with next to no samples. Notes that it starts.
    pub fn has_time_for_a_run(&mut self) -> bool {
        let needed = std::mem::take(&mut self.run_overhead);
        self.end.saturating_duration_since(Instant::now()) >= needed
    }

    /// The plan of the next visit.
    pub fn next(&mut self) -> Plan {
        self.start = Instant::now();
        let share = self.end.saturating_duration_since(self.start) / self.left.max(1);
        // Inputs, pipelines and references take time as well: as long as they did so far, on average.
        let overhead = self.overhead / self.done.max(1);
        self.sampling = share.saturating_sub(overhead).max(self.least);
        Plan {
            time: self.sampling,
            samples_min: SAMPLES.div_ceil(self.repeat).max(SAMPLES_PER_VISIT) as usize,
            noise: NOISE,
            sampled_s: SAMPLED_S / f64::from(self.repeat),
        }
    }

    /// The visit has ended.
    pub fn done(&mut self) {
        let overhead = self.start.elapsed().saturating_sub(self.sampling);
        self.overhead += overhead;
        self.run_overhead += overhead;
        self.done += 1;
        self.left = self.left.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_shared_by_the_visits_that_are_left() {
        let mut pace = Pace::new(Instant::now(), Duration::from_secs(60), 3, 1, LEAST);
        assert!((19..=20).contains(&pace.next().time.as_secs()));
        pace.done();
        // The first visit took no time: the other two have it all.
        assert!((29..=30).contains(&pace.next().time.as_secs()));
    }

    #[test]
    fn a_budget_that_is_used_up_still_gives_each_visit_a_moment() {
        let past = Instant::now() - Duration::from_secs(5);
        assert_eq!(Pace::new(past, Duration::from_secs(1), 3, 1, LEAST).next().time, LEAST);
    }

    #[test]
    fn several_visits_share_what_a_cell_should_have() {
        let plan = |repeat| Pace::new(Instant::now(), Duration::from_secs(1), 3, repeat, LEAST).next();
        assert_eq!((plan(1).samples_min, plan(1).sampled_s), (10, 0.5));
        assert_eq!((plan(2).samples_min, plan(2).sampled_s), (5, 0.25));
        assert_eq!((plan(10).samples_min, plan(10).sampled_s), (5, 0.05));
    }

    #[test]
    fn a_run_that_would_end_too_late_is_not_started() {
        let mut pace = Pace::new(Instant::now(), Duration::from_secs(60), 6, 3, LEAST);
        pace.run_overhead = Duration::from_secs(50);
        assert!(pace.has_time_for_a_run());
        pace.run_overhead = Duration::from_secs(61);
        assert!(!pace.has_time_for_a_run());
    }
}
