//! Variances of many rows with few replicates each: what all rows show steadies what one row shows.
//!
//! Smyth, "Linear models and empirical Bayes methods for assessing differential expression in microarray
//! experiments" (2004): true variances are drawn from a scaled inverse chi-square distribution, which is fitted to
//! the sample variances of all rows; each row's variance then moves towards it.

use super::polygamma::{digamma, trigamma, trigamma_inverse};
use super::{quantile_sorted, sorted};

/// Fewer rows cannot tell how much variances differ between rows.
const ROWS_MIN: usize = 10;
/// Logarithms of variances are held within so many interquartile ranges outside the quartiles.
const RANGES: f64 = 3.0;

/// What the rows have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// The typical variance, in the squared unit of the samples.
    pub variance: f64,
    /// How many degrees of freedom it is worth beside a row's own; may be infinite.
    pub degrees: f64,
}

impl Prior {
    /// Fits (sample variance, its degrees of freedom) of each row by the method of moments on log variances
    /// (section 6.2): with e = ln s^2 - ψ(d/2) + ln(d/2), the degrees d0 solve ψ'(d0/2) = var(e) - mean ψ'(d/2),
    /// and the variance is exp(mean(e) + ψ(d0/2) - ln(d0/2)).
    ///
    /// The degrees are at most those of all rows together: however alike the rows look, they do not know more.
    /// Each e is held within 3 interquartile ranges outside the quartiles, which keeps one wild row from
    /// deciding and moves the fit by less than its own error where none is wild.
    ///
    /// Rows that show no variance are left out: those without degrees or a finite variance, and those of variance
    /// 0, where the clock was too coarse to show one. `None` below 10 other rows.
    pub fn fit(rows: &[(f64, f64)]) -> Option<Self> {
        let usable = |row: &&(f64, f64)| row.0 > 0.0 && row.0.is_finite() && row.1 > 0.0 && row.1.is_finite();
        let rows: Vec<(f64, f64)> = rows.iter().filter(usable).copied().collect();
        let logarithms = rows.iter().map(|row| centred_logarithm(row.0, row.1)).collect();
        let logarithms = held((rows.len() >= ROWS_MIN).then_some(logarithms)?)?;
        let count = rows.len() as f64;
        let mean = logarithms.iter().sum::<f64>() / count;
        let spread = logarithms.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let by_chance = rows.iter().map(|row| trigamma(0.5 * row.1)).sum::<f64>() / count;
        let all: f64 = rows.iter().map(|row| row.1).sum();
        Some(Self::from_moments(mean, spread - by_chance, all))
    }

    fn from_moments(mean: f64, between_rows: f64, degrees_max: f64) -> Self {
        if between_rows <= trigamma(0.5 * degrees_max) {
            return Self { variance: mean.exp(), degrees: degrees_max };
        }
        let half = trigamma_inverse(between_rows);
        Self { variance: (mean + digamma(half) - half.ln()).exp(), degrees: 2.0 * half }
    }

    /// A row's variance beside what all rows show, (d0 s0^2 + d s^2) / (d0 + d), and its degrees d0 + d: those of
    /// the moderated t. A row without degrees of its own has the prior's.
    pub fn posterior(&self, variance: f64, degrees: f64) -> (f64, f64) {
        match () {
            () if degrees.is_nan() || degrees <= 0.0 => (self.variance, self.degrees),
            () if self.degrees.is_infinite() => (self.variance, self.degrees),
            () if degrees.is_infinite() => (variance, degrees),
            () => {
                let total = self.degrees + degrees;
                ((self.degrees * self.variance + degrees * variance) / total, total)
            }
        }
    }
}

/// The logarithm of a sample variance less what it is off on average.
fn centred_logarithm(variance: f64, degrees: f64) -> f64 {
    variance.ln() - digamma(0.5 * degrees) + (0.5 * degrees).ln()
}

fn held(values: Vec<f64>) -> Option<Vec<f64>> {
    let sorted = sorted(&values);
    let (q1, q3) = (quantile_sorted(&sorted, 0.25)?, quantile_sorted(&sorted, 0.75)?);
    let reach = RANGES * (q3 - q1);
    Some(values.iter().map(|value| value.clamp(q1 - reach, q3 + reach)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;
    use crate::stats::student;
    use crate::stats::synthetic::normal;

    /// A chi-square draw divided by its degrees.
    fn relative_variance(random: &mut Random, degrees: u32) -> f64 {
        (0..degrees).map(|_| normal(random).powi(2)).sum::<f64>() / f64::from(degrees)
    }

    /// Rows whose true variances are 4 times a draw with `prior` degrees (0: all are 4), and those true variances.
    fn rows(random: &mut Random, count: usize, prior: u32, degrees: u32) -> (Vec<(f64, f64)>, Vec<f64>) {
        let truth: Vec<f64> = (0..count)
            .map(|_| if prior == 0 { 4.0 } else { 4.0 / relative_variance(random, prior) })
            .collect();
        let seen = truth.iter().map(|it| (it * relative_variance(random, degrees), f64::from(degrees)));
        (seen.collect(), truth)
    }

    #[test]
    fn the_prior_is_found_again() {
        let mut random = Random::new(21);
        for (prior, degrees) in [(4, 2), (4, 9), (10, 4)] {
            let fitted = Prior::fit(&rows(&mut random, 4_000, prior, degrees).0).unwrap();
            let ratio = fitted.degrees / f64::from(prior);
            assert!((0.8..1.25).contains(&ratio), "{prior} {degrees}: {fitted:?}");
            assert!((3.7..4.3).contains(&fitted.variance), "{prior} {degrees}: {fitted:?}");
        }
    }

    /// By hand: ten equal variances of 2 with 4 degrees vary less than chance, so that all 40 degrees are pooled.
    #[test]
    fn equal_rows_are_pooled() {
        let prior = Prior::fit(&[(2.0, 4.0); 10]).unwrap();
        // ψ(2) = 1 - 0.5772156649, ln 2 = 0.6931471806.
        let variance = 2.0 * (-0.422_784_335_098_467_1 + std::f64::consts::LN_2).exp();
        assert!((prior.variance / variance - 1.0).abs() < 1e-12, "{prior:?}");
        assert_eq!(prior.degrees, 40.0);
    }

    #[test]
    fn one_wild_row_does_not_decide() {
        let mut random = Random::new(22);
        let mut rows = rows(&mut random, 100, 10, 4).0;
        let before = Prior::fit(&rows).unwrap();
        rows[7].0 *= 1e12;
        let after = Prior::fit(&rows).unwrap();
        assert!((0.9..1.15).contains(&(after.variance / before.variance)), "{before:?} {after:?}");
        assert!(after.degrees > 0.4 * before.degrees, "{before:?} {after:?}");
        assert!(after.degrees < before.degrees, "{before:?} {after:?}");
    }

    #[test]
    fn rows_without_spread_do_not_break_it() {
        let mut random = Random::new(23);
        let mut rows = rows(&mut random, 100, 10, 4).0;
        rows.iter_mut().take(50).for_each(|row| row.0 = 0.0);
        let prior = Prior::fit(&rows).unwrap();
        assert_eq!(Some(prior), Prior::fit(&rows[50..]));
        let (variance, degrees) = prior.posterior(0.0, 4.0);
        assert!(0.0 < variance && variance < prior.variance && degrees == prior.degrees + 4.0);
    }

    #[test]
    fn rows_that_show_no_variance_are_left_out() {
        let good: Vec<(f64, f64)> = (1..=10).map(|row| (f64::from(row), 3.0)).collect();
        let bad = [
            (1.0, 0.0),
            (f64::NAN, 3.0),
            (f64::INFINITY, 3.0),
            (-1.0, 3.0),
            (1.0, f64::NAN),
            (1.0, f64::INFINITY),
        ];
        assert_eq!(Prior::fit(&[&good[..], &bad].concat()), Prior::fit(&good));
        assert!(Prior::fit(&good).is_some());
        assert_eq!(Prior::fit(&good[1..]), None);
        assert_eq!(Prior::fit(&[]), None);
    }

    #[test]
    fn the_unit_does_not_matter() {
        let rows = rows(&mut Random::new(24), 50, 4, 3).0;
        let scaled: Vec<(f64, f64)> = rows.iter().map(|row| (row.0 * 1e-18, row.1)).collect();
        let (prior, small) = (Prior::fit(&rows).unwrap(), Prior::fit(&scaled).unwrap());
        assert!((small.variance / prior.variance / 1e-18 - 1.0).abs() < 1e-9, "{prior:?} {small:?}");
        assert!((small.degrees / prior.degrees - 1.0).abs() < 1e-9, "{prior:?} {small:?}");
    }

    #[test]
    fn a_posterior_lies_between_the_row_and_the_prior() {
        let prior = Prior { variance: 4.0, degrees: 6.0 };
        assert_eq!(prior.posterior(1.0, 2.0), (3.25, 8.0));
        assert_eq!(prior.posterior(f64::NAN, 0.0), (4.0, 6.0));
        assert_eq!(prior.posterior(1.0, f64::INFINITY), (1.0, f64::INFINITY));
        let certain = Prior { degrees: f64::INFINITY, ..prior };
        assert_eq!(certain.posterior(1.0, 2.0), (4.0, f64::INFINITY));
    }

    #[test]
    fn moderated_t_keeps_its_level() {
        let mut random = Random::new(25);
        let (mut alarms, mut tests) = (0u32, 0u32);
        for _ in 0..60 {
            let (rows, truth) = rows(&mut random, 50, 4, 3);
            let prior = Prior::fit(&rows).unwrap();
            for (row, truth) in rows.iter().zip(truth) {
                let (variance, degrees) = prior.posterior(row.0, row.1);
                let t = normal(&mut random) * truth.sqrt() / variance.sqrt();
                alarms += u32::from(student::cdf(-t.abs(), degrees).unwrap() < 0.025);
                tests += 1;
            }
        }
        // 5 % of 3000 are 150, with a deviation of 12; the fit adds a little.
        assert!((114..=195).contains(&alarms), "{alarms} of {tests}");
    }
}
