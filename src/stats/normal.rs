//! The standard normal distribution.

/// The series needs more terms and the continued fraction fewer the further out.
const FRACTION_FROM: f64 = 3.0;
const FRACTION_TERMS: u32 = 100;

/// The share below `z`; relative error below 1e-11 down to 1e-300. NaN gives NaN.
pub fn cdf(z: f64) -> f64 {
    if z < 0.0 { upper_tail(-z) } else { 1.0 - upper_tail(z) }
}

/// The share above `z` >= 0: by Marsaglia's series ("Evaluating the normal distribution", 2004), far out by
/// Laplace's continued fraction of Mills' ratio.
pub(super) fn upper_tail(z: f64) -> f64 {
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    match () {
        () if z == f64::INFINITY => 0.0,
        () if z < FRACTION_FROM => 0.5 - density * series(z),
        () => density / (1..=FRACTION_TERMS).rev().fold(z, |below, term| z + f64::from(term) / below),
    }
}

/// z + z^3/3 + z^5/(3*5) + z^7/(3*5*7) + ...
fn series(z: f64) -> f64 {
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with 40 digits; the first five are those of Abramowitz and Stegun, "Handbook of Mathematical
    /// Functions" (1964), table 26.1.
    #[test]
    fn shares_are_those_of_the_tables() {
        let table = [
            (0.0, 0.5),
            (0.5, 0.691_462_461_274_013),
            (1.0, 0.841_344_746_068_543),
            (2.0, 0.977_249_868_051_821),
            (2.99, 0.998_605_112_764_508),
            (3.0, 0.998_650_101_968_37),
            (4.0, 0.999_968_328_758_167),
        ];
        for (z, share) in table {
            assert!((cdf(z) - share).abs() < 1e-14, "{z}: {} {share}", cdf(z));
            assert!((cdf(-z) - (1.0 - share)).abs() < 1e-14, "{z}");
        }
        assert!((cdf(-10.0) / 7.619_853_024_160_527e-24 - 1.0).abs() < 1e-12, "{}", cdf(-10.0));
    }

    #[test]
    fn ends_are_zero_and_one() {
        assert_eq!((cdf(f64::NEG_INFINITY), cdf(f64::INFINITY)), (0.0, 1.0));
        assert_eq!((cdf(-1e300), cdf(1e300)), (0.0, 1.0));
        assert!(cdf(f64::NAN).is_nan());
    }

    #[test]
    fn series_and_fraction_meet() {
        let (below, above) = (upper_tail(FRACTION_FROM.next_down()), upper_tail(FRACTION_FROM));
        assert!((below / above - 1.0).abs() < 1e-11, "{below} {above}");
    }
}
