//! Means and spreads that a minority cannot move far.

/// MAD of a normal distribution to its standard deviation.
const NORMAL: f64 = 1.482_602_218_505_602;
/// Huber's constant: 95 % of the efficiency of the mean where the noise is normal ("Robust Estimation of a Location
/// Parameter", 1964).
const HUBER: f64 = 1.345;
/// The mean moves by less than a thousandth of the noise after so many steps from the median.
const STEPS: u32 = 6;

/// The standard deviation by the median absolute deviation, with the factor that makes it right for few values (Croux and
/// Rousseeuw, "Time-efficient algorithms for two highly robust estimators of scale", 1992). `None` below two values.
pub(super) fn spread(values: &[f64]) -> Option<f64> {
    let count = values.len();
    let factor = match count {
        0 | 1 => return None,
        2 => 1.196,
        3 => 1.495,
        4 => 1.363,
        5 => 1.206,
        6 => 1.200,
        7 => 1.140,
        8 => 1.129,
        9 => 1.107,
        _ => count as f64 / (count as f64 - 0.8),
    };
    let centre = median_of(values.to_vec())?;
    Some(factor * NORMAL * median_of(values.iter().map(|value| (value - centre).abs()).collect())?)
}

/// The median without an order of its own.
pub(super) fn median_of(mut values: Vec<f64>) -> Option<f64> {
    let half = values.len().checked_sub(1)? / 2;
    let odd = values.len() % 2 == 1;
    let (_, middle, above) = values.select_nth_unstable_by(half, f64::total_cmp);
    let next = above.iter().copied().fold(f64::INFINITY, f64::min);
    Some(if odd { *middle } else { 0.5 * (*middle + next) })
}

/// A value with the standard deviation of its noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noisy {
    /// The value.
    pub value: f64,
    /// Above 0.
    pub noise: f64,
}

/// The mean of values with weights of 1 / noise², Huber's estimate from the weighted median on: a value far out pulls no more
/// than one at [`HUBER`] standard deviations. Orders `points` anew. `None` without any.
pub(super) fn mean(points: &mut [Noisy]) -> Option<f64> {
    points.sort_unstable_by(|a, b| a.value.total_cmp(&b.value).then(a.noise.total_cmp(&b.noise)));
    let mut centre = weighted_median(points)?;
    for _ in 0..STEPS {
        let (mut sum, mut weights) = (0.0, 0.0);
        for point in points.iter() {
            let distance = (point.value - centre).abs() / point.noise;
            let held = if distance > HUBER { HUBER / distance } else { 1.0 };
            let weight = held / (point.noise * point.noise);
            sum += weight * (point.value - centre);
            weights += weight;
        }
        centre += sum / weights;
    }
    Some(centre)
}

/// Where half of the weight lies below, of values in order.
fn weighted_median(points: &[Noisy]) -> Option<f64> {
    let weight = |point: &Noisy| 1.0 / (point.noise * point.noise);
    let half = 0.5 * points.iter().map(weight).sum::<f64>();
    let mut below = 0.0;
    let reached = points.iter().find(|point| {
        below += weight(point);
        below >= half
    });
    reached.or(points.last()).map(|point| point.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::median;
    use crate::stats::random::Random;
    use crate::stats::synthetic::normal;
    use proptest::prelude::*;

    #[test]
    fn a_third_of_wild_values_moves_the_mean_by_less_than_the_noise() {
        let mut points: Vec<Noisy> = (0..30)
            .map(|i| Noisy { value: if i < 10 { 50.0 } else { f64::from(i % 3) }, noise: 1.0 })
            .collect();
        let found = mean(&mut points).unwrap();
        assert!((0.0..=2.0).contains(&found), "{found}");
    }

    #[test]
    fn a_noisy_cell_does_not_drown_the_rest() {
        let mut points = vec![Noisy { value: 0.5, noise: 0.2 }];
        points.extend((0..4).map(|i| Noisy { value: 0.01 * f64::from(i % 2), noise: 0.005 }));
        assert!(mean(&mut points).unwrap() < 0.01);
    }

    #[test]
    fn the_spread_of_few_values_is_right_on_average() {
        let mut random = Random::new(1);
        for count in [3, 4, 5, 8, 9, 10, 30] {
            let tries = 4_000;
            let one = |_| spread(&(0..count).map(|_| normal(&mut random)).collect::<Vec<_>>()).unwrap();
            let mean = (0..tries).map(one).sum::<f64>() / f64::from(tries);
            assert!((mean - 1.0).abs() < 0.04, "{count}: {mean}");
        }
    }

    proptest! {
        #[test]
        fn medians_agree(values in prop::collection::vec(-5.0f64..5.0, 1..40)) {
            prop_assert!((median_of(values.clone()).unwrap() - median(&values).unwrap()).abs() < 1e-12);
        }

        #[test]
        fn the_mean_moves_with_its_values(values in prop::collection::vec(-1.0f64..1.0, 1..40), by in -3.0f64..3.0) {
            let points = |by: f64| -> Vec<Noisy> {
                let noisy = |(i, value): (usize, &f64)| Noisy { value: value + by, noise: 0.01 * (1 + i % 5) as f64 };
                values.iter().enumerate().map(noisy).collect()
            };
            let [here, there] = [0.0, by].map(|by| mean(&mut points(by)).unwrap());
            prop_assert!((there - here - by).abs() < 1e-9, "{} {}", here, there);
        }
    }
}
