//! Mean and spread of samples as they come.

/// Mean and variance by Welford's method, in the unit of the samples. Sums of squares would lose every digit of
/// the spread where it is small beside the mean.
#[derive(Clone, Copy, Debug, Default)]
pub struct Running {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Running {
    /// All of `values`.
    pub fn of(values: &[f64]) -> Self {
        let mut running = Self::default();
        values.iter().for_each(|value| running.push(*value));
        running
    }

    /// Takes one more sample.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
    }

    /// Samples taken.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Arithmetic mean; `None` without samples, or where one was not finite.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0 && self.mean.is_finite()).then_some(self.mean)
    }

    /// Standard deviation with divisor n - 1; `None` below two samples, or where one was not finite.
    pub fn stdev(&self) -> Option<f64> {
        let variance = self.squares / (self.count.checked_sub(1)? as f64);
        variance.is_finite().then(|| variance.sqrt())
    }

    /// Standard deviation as a share of the mean's size; `None` as for [`Self::stdev`], or at mean zero.
    pub fn relative_stdev(&self) -> Option<f64> {
        let mean = self.mean()?;
        Some(self.stdev()? / mean.abs()).filter(|share| share.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn divisor_is_n_minus_1() {
        let running = Running::of(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!((running.count(), running.mean()), (4, Some(2.5)));
        assert_eq!(running.stdev(), Some((5.0f64 / 3.0).sqrt()));
        assert_eq!(running.relative_stdev(), Some((5.0f64 / 3.0).sqrt() / 2.5));
    }

    #[test]
    fn too_few_or_unusable_samples_give_nothing() {
        assert_eq!((Running::of(&[]).mean(), Running::of(&[]).stdev()), (None, None));
        assert_eq!((Running::of(&[2.0]).mean(), Running::of(&[2.0]).stdev()), (Some(2.0), None));
        for bad in [f64::NAN, f64::INFINITY] {
            let running = Running::of(&[1.0, bad, 2.0]);
            assert_eq!((running.mean(), running.stdev(), running.relative_stdev()), (None, None, None));
        }
        assert_eq!(Running::of(&[-1.0, 1.0]).relative_stdev(), None);
        assert_eq!(Running::of(&[-1.0, -1.0]).relative_stdev(), Some(0.0));
    }

    proptest! {
        #[test]
        fn agrees_with_two_passes(values in prop::collection::vec(-1e3f64..1e3, 2..100)) {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            let stdev = (squares / (values.len() - 1) as f64).sqrt();
            let running = Running::of(&values);
            prop_assert!((running.mean().unwrap() - mean).abs() < 1e-9);
            prop_assert!((running.stdev().unwrap() - stdev).abs() < 1e-9);
        }
    }
}
