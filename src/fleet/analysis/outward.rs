//! Which of many values that should be alike stand out, however many they are: tested from the inside outwards, so that
//! slow devices can hide neither themselves nor each other.
//!
//! Rosner, "Percentage Points for a Generalized ESD Many-Outlier Procedure" (1983): remove the most distant value time after
//! time, hold each beside those that remain, and take the *last* that stands out; all that were removed before it stand out
//! too. Here the distance is from the median and not from the mean, which keeps the order right up to half of the values, and
//! the variance of those that remain is steadied by what is known of siblings in general (Smyth, 2004), without which three
//! to five devices could never tell.

use super::robust;
use crate::stats::student;

/// Standard deviation between siblings over all cells, where few devices say little: of the order of what is published
/// (METHODOLOGY, "Fleets"), on a logarithmic scale.
pub(super) const PRIOR_SPREAD: f64 = 0.008;
/// Degrees of freedom that it is worth: as much as five devices would say.
const PRIOR_DEGREES: f64 = 4.0;
/// Below so many standard deviations nothing stands out of so many values or more: twice their number times the share beyond
/// is above 1, whatever the degrees of freedom.
const CERTAIN: [(f64, f64); 2] = [(3.0, 400.0), (2.0, 22.0)];

/// Values beside each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tested {
    /// For each the chance that the most distant of so many alike lies so far out; 1 for the inner half.
    pub p: Vec<f64>,
    /// Standard deviation of a new value beside those that do not stand out, the error of their mean included.
    pub spread: f64,
    /// Its degrees of freedom.
    pub degrees: f64,
}

/// Tests values on both sides. Those with a p at most `level` are left out of the spread. What is known of siblings in general
/// holds where nothing shakes the measurement: the variance that it leaves in a value is added. `None` without values.
pub(super) fn tested(values: &[f64], level: f64, error_variance: f64) -> Option<Tested> {
    let median = robust::median_of(values.to_vec())?;
    let prior = PRIOR_SPREAD * PRIOR_SPREAD + error_variance;
    let first = from(values, median, level, prior);
    // Many on one side pull the median, and what is far on the other side looks further out than it is.
    let inside = values.iter().zip(&first.p).filter(|(_, p)| **p > level).map(|(value, _)| *value);
    let median = robust::median_of(inside.collect())?;
    Some(from(values, median, level, prior))
}

/// Tests what is known of each device. Of some less is known: `trust` gives, from the spread of those of which all is known, a
/// factor of at most 1 on the value of each. One of which nothing is known has a p of 1.
pub(super) fn trusted(
    values: &[Option<f64>],
    level: f64,
    error_variance: f64,
    trust: impl FnOnce(f64) -> Vec<f64>,
) -> Option<Tested> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let trust = trust(tested(&known, level, error_variance)?.spread);
    let held = values
        .iter()
        .enumerate()
        .filter_map(|(place, value)| Some((place, (*value)? * trust.get(place).copied().unwrap_or(1.0))));
    let (places, held): (Vec<usize>, Vec<f64>) = held.unzip();
    let tested = tested(&held, level, error_variance)?;
    let mut p = vec![1.0; values.len()];
    for (place, value) in places.iter().zip(&tested.p) {
        p.get_mut(*place).into_iter().for_each(|slot| *slot = *value);
    }
    Some(Tested { p, ..tested })
}

/// Tests values by their distance from a centre.
fn from(values: &[f64], centre: f64, level: f64, prior: f64) -> Tested {
    let mut order: Vec<(usize, f64)> = values.iter().map(|value| value - centre).enumerate().collect();
    order.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(b.1.total_cmp(&a.1)));
    let inner = inner_moments(&order);
    let removed = values.len().saturating_sub(1) / 2;
    let raw = |(&(_, distance), inner): (&(usize, f64), &Moments)| {
        let [above, below] = [1.0, -1.0].map(|side| inner.share_beyond(side, distance, prior));
        (2.0 * above.min(below) * (inner.count + 1.0)).min(1.0)
    };
    let raw: Vec<f64> = order.iter().zip(&inner).take(removed).map(raw).collect();
    let (mut p, mut least) = (vec![1.0; values.len()], 1.0f64);
    let mut clean = 0;
    // What stands out with an inner one stands out with every one further out.
    for (rank, ((index, _), raw)) in order.iter().zip(&raw).enumerate().rev() {
        least = least.min(*raw);
        if clean == 0 && least <= level {
            clean = rank + 1;
        }
        p.get_mut(*index).into_iter().for_each(|slot| *slot = least);
    }
    let all = Moments::of(&order);
    let rest = clean.checked_sub(1).map_or(Some(&all), |last| inner.get(last)).unwrap_or(&all);
    Tested { p, spread: rest.spread(prior), degrees: rest.degrees() }
}

/// Count, mean and scatter of values.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    scatter: f64,
}

impl Moments {
    fn of(values: &[(usize, f64)]) -> Self {
        values.iter().fold(Self::default(), |all, (_, value)| all.with(*value))
    }

    /// With one more value (Welford, 1962).
    fn with(self, value: f64) -> Self {
        let count = self.count + 1.0;
        let mean = self.mean + (value - self.mean) / count;
        Self { count, mean, scatter: self.scatter + (value - self.mean) * (value - mean) }
    }

    fn degrees(&self) -> f64 {
        PRIOR_DEGREES + (self.count - 1.0).max(0.0)
    }

    fn spread(&self, prior: f64) -> f64 {
        let variance = (PRIOR_DEGREES * prior + self.scatter) / self.degrees();
        (variance * (1.0 + 1.0 / self.count.max(1.0))).sqrt()
    }

    /// The share of such values that lie as far on a side, 1 or -1, as one at `distance`; 1 where that cannot matter.
    fn share_beyond(&self, side: f64, distance: f64, prior: f64) -> f64 {
        let t = side * (distance - self.mean) / self.spread(prior);
        if t <= 0.0 || CERTAIN.iter().any(|(bound, count)| t < *bound && self.count >= *count) {
            return 1.0;
        }
        student::cdf(-t, self.degrees()).unwrap_or(1.0)
    }
}

/// Beside each value, in order of distance with the most distant first, what those closer in are like.
fn inner_moments(order: &[(usize, f64)]) -> Vec<Moments> {
    let mut inner: Vec<Moments> = order
        .iter()
        .rev()
        .scan(Moments::default(), |all, (_, value)| {
            let before = *all;
            *all = all.with(*value);
            Some(before)
        })
        .collect();
    inner.reverse();
    inner
}

/// The distance that stands out at `level` of `count` values, from their middle.
pub(super) fn critical(tested: &Tested, count: usize, level: f64) -> Option<f64> {
    let share = level / (2.0 * count.max(1) as f64);
    student::quantile(1.0 - share, tested.degrees).map(|t| t * tested.spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;
    use crate::stats::synthetic::normal;
    use proptest::prelude::*;

    fn alike(count: usize, spread: f64, random: &mut Random) -> Vec<f64> {
        (0..count).map(|_| spread * normal(random)).collect()
    }

    fn found(values: &[f64]) -> Vec<usize> {
        let tested = tested(values, 0.05, 0.0).unwrap();
        tested.p.iter().enumerate().filter(|(_, p)| **p <= 0.05).map(|(index, _)| index).collect()
    }

    #[test]
    fn alike_values_stand_out_as_rarely_as_stated_whatever_their_number() {
        let mut random = Random::new(7);
        // The steadying costs something where siblings differ by far more than usual, and are few.
        let cases =
            [(5, 0.008, 0.06), (10, 0.008, 0.06), (10, 0.002, 0.01), (40, 0.02, 0.1), (300, 0.05, 0.06)];
        for (count, spread, most) in cases {
            let tries = 2_000;
            let alarms = (0..tries).filter(|_| !found(&alike(count, spread, &mut random)).is_empty()).count();
            assert!(alarms as f64 / f64::from(tries) < most, "{count} values of {spread}: {alarms}");
        }
    }

    #[test]
    fn values_that_stand_out_do_not_hide_each_other() {
        let mut random = Random::new(3);
        for (count, out) in [(10, 1), (10, 3), (24, 8), (100, 40), (1_000, 450)] {
            let mut values = alike(count, 0.005, &mut random);
            values.iter_mut().take(out).for_each(|value| *value += 0.06);
            assert_eq!(found(&values), (0..out).collect::<Vec<_>>(), "{out} of {count}");
        }
    }

    #[test]
    fn three_values_can_tell_what_no_sibling_does() {
        assert_eq!(found(&[0.0, 0.004, 0.2]), [2]);
        assert_eq!(found(&[0.0, 0.004, 0.01]), [] as [usize; 0]);
        assert_eq!(tested(&[], 0.05, 0.0), None);
    }

    #[test]
    fn what_stands_out_does_not_widen_the_spread() {
        let mut random = Random::new(5);
        let mut values = alike(400, 0.004, &mut random);
        values.iter_mut().take(40).for_each(|value| *value += 0.3);
        let spread = tested(&values, 0.01, 0.0).unwrap().spread;
        assert!((spread / 0.004 - 1.0).abs() < 0.1, "{spread}");
    }

    proptest! {
        #[test]
        fn order_and_place_of_the_values_do_not_matter(
            values in prop::collection::vec(-0.05f64..0.05, 1..40), by in -1.0f64..1.0
        ) {
            let p = |values: &[f64]| tested(values, 0.05, 0.0).unwrap().p;
            let mut turned = values.clone();
            turned.reverse();
            let mut back = p(&turned);
            back.reverse();
            let moved: Vec<f64> = values.iter().map(|value| value + by).collect();
            for ((one, other), moved) in p(&values).iter().zip(&back).zip(&p(&moved)) {
                prop_assert!((one - other).abs() < 1e-9 && (one - moved).abs() < 1e-6, "{} {} {}", one, other, moved);
            }
        }

        #[test]
        fn further_out_is_never_likelier(values in prop::collection::vec(-0.05f64..0.05, 3..40)) {
            let median = crate::stats::median(&values).unwrap();
            let p = from(&values, median, 0.05, 6.4e-5).p;
            for (a, pa) in values.iter().zip(&p) {
                for (b, pb) in values.iter().zip(&p) {
                    prop_assert!((a - median).abs() <= (b - median).abs() || pa <= pb);
                }
            }
        }
    }
}
