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
    /// Sums between GPUs.
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
            Self::Link => "GPU link",
            Self::Overhead => "overhead",
        })
    }
}

/// Seconds of a step: their sum with its interval, and the shares of the four bounds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
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

    /// `(1 − share)·one + share·other`, without energy.
    pub fn blend(one: &Self, other: &Self, share: f64) -> Self {
        let of = |part: fn(&Self) -> f64| (1.0 - share) * part(one) + share * part(other);
        Self {
            low: of(|step| step.low),
            mid: of(|step| step.mid),
            high: of(|step| step.high),
            weights: of(|step| step.weights),
            kv_cache: of(|step| step.kv_cache),
            compute: of(|step| step.compute),
            link: of(|step| step.link),
            overhead: of(|step| step.overhead),
            joules: None,
        }
    }

    /// The sum so far.
    pub fn seconds(&self) -> f64 {
        self.mid
    }

    /// The sum with the interval that a spread makes of it, whatever the spread of the parts.
    pub fn spread(&self, spread: super::datasheet::Spread) -> Interval<Seconds> {
        Interval { low: self.mid * spread.low, mid: self.mid, high: self.mid * spread.high }.map(Seconds)
    }

    /// The sum with its interval, widened on both sides by the relative error of the model.
    pub fn widened(&self, error: f64) -> Interval<Seconds> {
        Interval {
            low: Seconds(self.low * (1.0 - error)),
            mid: Seconds(self.mid),
            high: Seconds(self.high * (1.0 + error)),
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
    fn error_widens_the_spread_on_both_sides() {
        let mut step = Step::default();
        step.add_spread(Bound::Compute, Interval { low: 1.0, mid: 2.0, high: 4.0 });
        assert_eq!(step.widened(0.5), Interval { low: Seconds(0.5), mid: Seconds(2.0), high: Seconds(6.0) });
    }
}
