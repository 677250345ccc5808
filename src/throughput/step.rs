//! The time of one step, kept apart by what it waits for.

use std::fmt;

use serde::Serialize;

use crate::units::{Interval, Joules, Seconds};

/// What most of a decode step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// Reading weights.
    Weights,
    /// Reading the KV cache.
    KvCache,
    /// Arithmetic.
    Compute,
    /// What the devices tell each other.
    Link,
    /// Launches, elementwise work and the engine's fixed time per layer and sequence.
    Overhead,
}

impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Weights => "weights bandwidth",
            Self::KvCache => "KV bandwidth",
            Self::Compute => "compute",
            Self::Link => "link",
            Self::Overhead => "overhead",
        })
    }
}

/// Seconds of a step: their sum with its interval, and the shares of the bounds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Step {
    low: f64,
    mid: f64,
    high: f64,
    weights: f64,
    kv_cache: f64,
    compute: f64,
    link: f64,
    overhead: f64,
    /// Energy of the step; `None` unless the power of every part is known.
    pub joules: Option<Joules>,
}

impl Step {
    /// Adds a part known without spread.
    pub fn add(&mut self, bound: Bound, seconds: f64) {
        self.add_spread(bound, Interval { low: seconds, mid: seconds, high: seconds });
    }

    /// Adds a part with its spread. Ends add up, as in [`Interval`]: the parts share their causes of error.
    pub fn add_spread(&mut self, bound: Bound, seconds: Interval<f64>) {
        self.low += seconds.low;
        self.mid += seconds.mid;
        self.high += seconds.high;
        *match bound {
            Bound::Weights => &mut self.weights,
            Bound::KvCache => &mut self.kv_cache,
            Bound::Compute => &mut self.compute,
            Bound::Link => &mut self.link,
            Bound::Overhead => &mut self.overhead,
        } += seconds.mid;
    }

    /// Adds another step, done `times` times.
    pub fn plus(&mut self, other: &Self, times: f64) {
        self.joules = match (self.joules, other.joules) {
            (Some(own), Some(more)) => Some(Joules(own.0 + times * more.0)),
            (own, _) if other.mid == 0.0 => own,
            (_, more) if self.mid == 0.0 => more.map(|more| more * times),
            _ => None,
        };
        self.low += times * other.low;
        self.mid += times * other.mid;
        self.high += times * other.high;
        self.weights += times * other.weights;
        self.kv_cache += times * other.kv_cache;
        self.compute += times * other.compute;
        self.link += times * other.link;
        self.overhead += times * other.overhead;
    }

    /// The sum so far.
    pub fn seconds(&self) -> f64 {
        self.mid
    }

    /// The sum with its interval, widened by what the model may be wrong by: factors of the two ends.
    pub fn widened(&self, error: Interval<f64>) -> Interval<Seconds> {
        Interval {
            low: Seconds(self.low * error.low),
            mid: Seconds(self.mid),
            high: Seconds(self.high * error.high),
        }
    }

    /// The largest share; the earlier of [`Bound`]'s order where two are equal.
    pub fn bound(&self) -> Bound {
        let mut largest = (Bound::Weights, self.weights);
        for part in [
            (Bound::KvCache, self.kv_cache),
            (Bound::Compute, self.compute),
            (Bound::Link, self.link),
            (Bound::Overhead, self.overhead),
        ] {
            if part.1 > largest.1 {
                largest = part;
            }
        }
        largest.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_share_binds() {
        let mut step = Step::default();
        step.add(Bound::Weights, 1.0);
        step.add(Bound::KvCache, 0.6);
        step.add(Bound::KvCache, 0.6);
        assert_eq!(step.bound(), Bound::KvCache);
        assert_eq!(step.seconds(), 2.2);
        assert_eq!(step.bound().to_string(), "KV bandwidth");
    }

    #[test]
    fn steps_add_up_with_their_shares_and_their_energy() {
        let mut one = Step::default();
        one.add(Bound::Weights, 1.0);
        one.joules = Some(Joules(10.0));
        let mut sum = Step::default();
        sum.plus(&one, 2.0);
        sum.plus(&one, 0.5);
        assert_eq!((sum.seconds(), sum.joules, sum.bound()), (2.5, Some(Joules(25.0)), Bound::Weights));
        sum.plus(&Step { joules: None, ..one }, 1.0);
        assert_eq!(sum.joules, None);
    }

    #[test]
    fn error_widens_the_spread_on_both_sides() {
        let mut step = Step::default();
        step.add_spread(Bound::Compute, Interval { low: 1.0, mid: 2.0, high: 4.0 });
        assert_eq!(
            step.widened(Interval { low: 0.5, mid: 1.0, high: 1.5 }),
            Interval { low: Seconds(0.5), mid: Seconds(2.0), high: Seconds(6.0) }
        );
    }
}
