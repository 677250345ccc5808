//! What a series of samples, in the order taken, shows besides noise.

mod trend;

use self::trend::{Split, Trend};
use super::{quantile_sorted, sorted};
use crate::named::named;

/// Fewer samples tell no sign from chance.
const SAMPLES_MIN: usize = 10;
/// A slow sample is at least so much above the median, as a share of it,
const SLOW_MIN: f64 = 0.07;
/// and more than so many interquartile ranges above the third quartile.
const SLOW_RANGES: f64 = 3.0;
/// Slow samples are spikes where one is so much above the median at least.
const SPIKE_MIN: f64 = 0.14;
/// Slow samples are spikes below this share of all and a second mode from it on.
const MINORITY_MIN: f64 = 1.0 / 6.0;
/// Two modes lie at least so far apart, as a share of the median,
const APART_MIN: f64 = 0.035;
/// at least so many standard deviations around them,
const SEPARATE_MIN: f64 = 3.6;
/// and have at most this share of the samples, or two, in the middle fifth between them.
const BETWEEN_MAX: f64 = 0.06;

/// Something that a series shows besides noise, and the smallest effect that is found in 99 of 100 series of 20 to
/// 200 samples whose noise has a deviation of at most 1 %. Signs can come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The first sample lies far above the others: 10 % above their median. So does a single spike that happens
    /// to be the first sample.
    SlowFirst,
    /// The level moves steadily, up or down: by 5 % from the first sample to the last.
    Drift,
    /// The level changes once, up or down: by 5 %, between a fifth and four fifths of the way. Also given beside
    /// [`Self::Drift`] where the two cannot be told apart.
    Step,
    /// Samples change between two levels: 5 % apart, with a fifth of the samples or more at each.
    Bimodal,
    /// A few samples, less than a sixth, lie far above the others: one at least 20 % above the median. Smaller
    /// ones are outliers ([`super::outlier`]) only.
    Spikes,
}

named!(Sign {
    SlowFirst = "slow-first",
    Drift = "drift",
    Step = "step",
    Bimodal = "bimodal",
    Spikes = "spikes",
});

/// The signs of a series of times, in the order of [`Sign::ALL`]. None for a clean series, for fewer than 10
/// samples, and where a sample is not finite or the median is not above 0.
///
/// Samples one after the other are looked at in this order, each without what was found before: a slow first
/// sample, spikes, drift or step, and two modes around that trend.
pub fn signs(samples: &[f64]) -> Vec<Sign> {
    let usable = samples.len() >= SAMPLES_MIN && samples.iter().all(|sample| sample.is_finite());
    usable.then(|| found(samples)).flatten().unwrap_or_default()
}

fn found(samples: &[f64]) -> Option<Vec<Sign>> {
    let (first, others) = samples.split_first()?;
    let of_others = Level::of(others)?;
    let slow_first = of_others.is_slow(*first) && of_others.few_slow(others);
    let rest = if slow_first { others } else { samples };
    let level = Level::of(rest)?;
    let spikes = level.few_slow(rest) && rest.iter().any(|sample| level.is_spike(*sample));
    let points: Vec<(f64, f64)> = (0u32..)
        .zip(rest)
        .filter(|(_, sample)| !(spikes && level.is_slow(**sample)))
        .map(|(place, sample)| (f64::from(place), sample / level.median - 1.0))
        .collect();
    let trend = Trend::of(&points)?;
    let shown = [
        (Sign::SlowFirst, slow_first),
        (Sign::Drift, trend.drift),
        (Sign::Step, trend.step),
        (Sign::Bimodal, is_bimodal(&trend.around)?),
        (Sign::Spikes, spikes),
    ];
    Some(shown.into_iter().filter(|(_, shown)| *shown).map(|(sign, _)| sign).collect())
}

/// Where most samples lie, in their unit.
struct Level {
    median: f64,
    /// Slow samples lie above it.
    fence: f64,
}

impl Level {
    fn of(samples: &[f64]) -> Option<Self> {
        let sorted = sorted(samples);
        let (q1, q3) = (quantile_sorted(&sorted, 0.25)?, quantile_sorted(&sorted, 0.75)?);
        let median = quantile_sorted(&sorted, 0.5).filter(|median| *median > 0.0)?;
        Some(Self { median, fence: q3 + SLOW_RANGES * (q3 - q1) })
    }

    fn is_slow(&self, sample: f64) -> bool {
        sample >= (1.0 + SLOW_MIN) * self.median && sample > self.fence
    }

    fn is_spike(&self, sample: f64) -> bool {
        self.is_slow(sample) && sample >= (1.0 + SPIKE_MIN) * self.median
    }

    fn few_slow(&self, samples: &[f64]) -> bool {
        let slow = samples.iter().filter(|sample| self.is_slow(**sample)).count();
        (slow as f64) < MINORITY_MIN * samples.len() as f64
    }
}

/// Do `values`, as shares of the median, gather at two levels? They are split where that leaves the least variance.
fn is_bimodal(values: &[f64]) -> Option<bool> {
    let sorted = sorted(values);
    let count = values.len() as f64;
    let split = Split::best(&sorted, MINORITY_MIN)?;
    let apart = split.after - split.before;
    let deviation = (split.left / (count - 2.0)).sqrt();
    let middle = 0.5 * (split.before + split.after);
    let between = sorted.iter().filter(|value| (**value - middle).abs() < 0.1 * apart).count();
    let separate = apart >= SEPARATE_MIN * deviation && between as f64 <= (BETWEEN_MAX * count).max(2.0);
    Some(apart >= APART_MIN && separate)
}

#[cfg(test)]
mod tests;
