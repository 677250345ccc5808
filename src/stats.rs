//! Robust statistics over samples. All functions return `None` where the data cannot carry the answer.

pub mod bootstrap;
pub mod holm;
pub mod moderated;
pub mod normal;
pub mod outlier;
pub mod polygamma;
pub mod random;
pub mod rank;
pub mod running;
pub mod series;
pub mod student;
pub mod synthetic;

/// Quantile of sorted data by linear interpolation between order statistics: type 7 of Hyndman and Fan,
/// "Sample Quantiles in Statistical Packages" (1996), the default of R and NumPy.
pub fn quantile_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = p.clamp(0.0, 1.0) * last as f64;
    let below = *sorted.get(rank.floor() as usize)?;
    let above = *sorted.get(rank.ceil() as usize)?;
    Some(below + (above - below) * (rank - rank.floor()))
}

/// The middle value; the mean of the two middle ones for an even count.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile_sorted(&sorted(values), 0.5)
}

/// Median absolute deviation from the median, unscaled (multiply by 1.4826 to compare with a standard deviation).
pub fn mad(values: &[f64]) -> Option<f64> {
    let center = median(values)?;
    median(&values.iter().map(|value| (value - center).abs()).collect::<Vec<_>>())
}

/// A sorted copy in total order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut copy = values.to_vec();
    copy.sort_by(f64::total_cmp);
    copy
}

/// The summary stored for a measured cell, in the unit of the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Fastest sample.
    pub min: f64,
    /// First quartile.
    pub q1: f64,
    /// Headline value.
    pub median: f64,
    /// Third quartile.
    pub q3: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median absolute deviation, unscaled.
    pub mad: f64,
}

impl Summary {
    /// Summarises samples; `None` without any.
    pub fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        Some(Self {
            min: quantile_sorted(&sorted, 0.0)?,
            q1: quantile_sorted(&sorted, 0.25)?,
            median: quantile_sorted(&sorted, 0.5)?,
            q3: quantile_sorted(&sorted, 0.75)?,
            mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
            mad: mad(&sorted)?,
        })
    }
}

/// Relative standard deviation (divisor n - 1); `None` below two samples, at mean zero, or where one is not finite.
pub fn relative_stdev(values: &[f64]) -> Option<f64> {
    running::Running::of(values).relative_stdev()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_are_type_7() {
        let data = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile_sorted(&data, 0.25), Some(1.75));
        assert_eq!(quantile_sorted(&data, 0.5), Some(2.5));
        assert_eq!(quantile_sorted(&data, 1.0), Some(4.0));
    }

    #[test]
    fn no_samples_give_no_statistic() {
        assert_eq!(median(&[]), None);
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(relative_stdev(&[1.0]), None);
    }

    #[test]
    fn mad_ignores_one_spike() {
        assert_eq!(mad(&[1.0, 1.0, 1.0, 1.0, 100.0]), Some(0.0));
        assert_eq!(mad(&[1.0, 2.0, 3.0, 4.0, 100.0]), Some(1.0));
    }

    #[test]
    fn relative_stdev_survives_a_large_offset() {
        let spread = relative_stdev(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).unwrap_or_default();
        assert!((spread - 1e-9).abs() < 1e-15, "{spread}");
    }

    proptest! {
        #[test]
        fn summary_is_ordered(values in prop::collection::vec(1e-9f64..1e3, 1..100)) {
            let summary = Summary::of(&values).ok_or(TestCaseError::fail("no summary"))?;
            prop_assert!(summary.min <= summary.q1 && summary.q1 <= summary.median);
            prop_assert!(summary.median <= summary.q3);
            prop_assert!(summary.mad <= values.iter().fold(0.0f64, |a, b| a.max(*b)));
        }

        #[test]
        fn order_of_samples_does_not_matter(mut values in prop::collection::vec(1e-9f64..1e3, 1..50)) {
            let before = (median(&values), mad(&values));
            values.reverse();
            prop_assert_eq!(before, (median(&values), mad(&values)));
        }
    }
}
