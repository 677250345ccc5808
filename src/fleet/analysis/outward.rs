//! Which of many values that should be alike stand out, however many they are: tested from the inside outwards, so that
//! slow devices can hide neither themselves nor each other.
//!
//! Rosner, "Percentage Points for a Generalized ESD Many-Outlier Procedure" (1983): remove the most distant value time after
//! time, hold each beside those that remain, and take the *last* that stands out; all that were removed before it stand out
//! too. Here the distance is from the median and not from the mean, which keeps the order right up to half of the values, and
//! the variance of those that remain is steadied by what is known of siblings in general (Smyth, 2004), without which three
//! to five devices could never tell.

use crate::stats::student;

/// Standard deviation between siblings over all cells, where few devices say little: of the order of what is published
/// (METHODOLOGY, "Fleets"), on a logarithmic scale.
pub(super) const PRIOR_SPREAD: f64 = 0.008;
/// Degrees of freedom that it is worth: as much as five devices would say.
const PRIOR_DEGREES: f64 = 4.0;
/// Below this distance, in standard deviations, nothing stands out of [`CERTAIN_FROM`] values or more.
const CERTAIN: f64 = 2.0;
/// From so many on, twice their number times the share beyond [`CERTAIN`] is above 1.
const CERTAIN_FROM: usize = 22;

/// Which side may stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sides {
    /// Above only.
    Above,
    /// Above and below.
    Both,
}

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

/// Tests values. Those with a p at most `level` are left out of the spread.
pub(super) fn tested(values: &[f64], sides: Sides, level: f64) -> Option<Tested> {
    let median = super::robust::median_of(values.to_vec())?;
    let mut order: Vec<(usize, f64)> = values.iter().map(|value| value - median).enumerate().collect();
    order.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(b.1.total_cmp(&a.1)));
    let inner = inner_moments(&order);
    let removed = values.len().saturating_sub(1) / 2;
    let raw = order.iter().zip(&inner).take(removed).map(|(&(_, distance), inner)| {
        let [above, below] = [distance, -distance].map(|distance| inner.share_beyond(distance));
        let one = match sides {
            Sides::Above => above,
            Sides::Both => 2.0 * above.min(below),
        };
        (one * (inner.count + 1.0)).min(1.0)
    });
    // What stands out with the inner one stands out with every one further out on a side that counts.
    let (mut p, mut least) = (vec![1.0; values.len()], 1.0f64);
    let raw: Vec<f64> = raw.collect();
    let mut clean = 0;
    for (rank, (&(index, distance), raw)) in order.iter().zip(&raw).enumerate().rev() {
        least = least.min(*raw);
        if clean == 0 && least <= level {
            clean = rank + 1;
        }
        let counts = sides == Sides::Both || distance > 0.0;
        p.get_mut(index).filter(|_| counts).into_iter().for_each(|slot| *slot = least);
    }
    let all = Moments::of(&order);
    let rest = clean.checked_sub(1).map_or(Some(&all), |last| inner.get(last)).unwrap_or(&all);
    Some(Tested { p, spread: rest.spread(), degrees: rest.degrees() })
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

    fn spread(&self) -> f64 {
        let variance = (PRIOR_DEGREES * PRIOR_SPREAD * PRIOR_SPREAD + self.scatter) / self.degrees();
        (variance * (1.0 + 1.0 / self.count.max(1.0))).sqrt()
    }

    /// The share of such values that lie `distance` or more above the median; 1 where that cannot matter.
    fn share_beyond(&self, distance: f64) -> f64 {
        let t = (distance - self.mean) / self.spread();
        if t <= 0.0 || (t < CERTAIN && self.count >= CERTAIN_FROM as f64) {
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
        let tested = tested(values, Sides::Both, 0.05).unwrap();
        tested.p.iter().enumerate().filter(|(_, p)| **p <= 0.05).map(|(index, _)| index).collect()
    }

    #[test]
    fn alike_values_stand_out_as_rarely_as_stated_whatever_their_number() {
        let mut random = Random::new(7);
        for (count, spread) in [(5, 0.008), (10, 0.008), (10, 0.002), (40, 0.02), (300, 0.05)] {
            let tries = 2_000;
            let alarms = (0..tries).filter(|_| !found(&alike(count, spread, &mut random)).is_empty()).count();
            assert!(alarms as f64 / f64::from(tries) < 0.075, "{count} values of {spread}: {alarms}");
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
        assert_eq!(tested(&[], Sides::Both, 0.05), None);
    }

    #[test]
    fn one_side_says_nothing_of_the_other() {
        let values = [0.0, 0.001, -0.001, 0.002, -0.002, -0.2, 0.0, 0.001, 0.3];
        let tested = tested(&values, Sides::Above, 0.05).unwrap();
        assert_eq!((tested.p[5], tested.p[8] < 1e-6), (1.0, true));
    }

    #[test]
    fn what_stands_out_does_not_widen_the_spread() {
        let mut random = Random::new(5);
        let mut values = alike(400, 0.004, &mut random);
        values.iter_mut().take(40).for_each(|value| *value += 0.3);
        let spread = tested(&values, Sides::Both, 0.01).unwrap().spread;
        assert!((spread / 0.004 - 1.0).abs() < 0.1, "{spread}");
    }

    proptest! {
        #[test]
        fn order_and_place_of_the_values_do_not_matter(
            values in prop::collection::vec(-0.05f64..0.05, 1..40), by in -1.0f64..1.0
        ) {
            let p = |values: &[f64]| tested(values, Sides::Both, 0.05).unwrap().p;
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
            let p = tested(&values, Sides::Both, 0.05).unwrap().p;
            let median = crate::stats::median(&values).unwrap();
            for (a, pa) in values.iter().zip(&p) {
                for (b, pb) in values.iter().zip(&p) {
                    prop_assert!((a - median).abs() <= (b - median).abs() || pa <= pb);
                }
            }
        }
    }
}
