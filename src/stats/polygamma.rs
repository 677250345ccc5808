//! Derivatives of the logarithm of the gamma function: mean and variance of logarithms of variances.

/// From here on the asymptotic series are exact to 1e-15.
const SERIES_FROM: f64 = 12.0;

/// ψ(x), the derivative of ln Γ(x), for x > 0 (Abramowitz and Stegun 6.3.5 and 6.3.18).
pub fn digamma(x: f64) -> f64 {
    let (shifted, sum) = shift(x, |x| 1.0 / x);
    let y = 1.0 / (shifted * shifted);
    let series =
        y * (1.0 / 12.0 - y * (1.0 / 120.0 - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y * (1.0 / 132.0)))));
    shifted.ln() - 0.5 / shifted - series - sum
}

/// ψ'(x), the second derivative of ln Γ(x), for x > 0 (Abramowitz and Stegun 6.4.6 and 6.4.12).
pub fn trigamma(x: f64) -> f64 {
    let (shifted, sum) = shift(x, |x| 1.0 / (x * x));
    let y = 1.0 / (shifted * shifted);
    let series = y * (1.0 / 6.0 - y * (1.0 / 30.0 - y * (1.0 / 42.0 - y * (1.0 / 30.0 - y * (5.0 / 66.0)))));
    (1.0 + 0.5 / shifted + series) / shifted + sum
}

/// The x with ψ'(x) = `value`, for a value above 0. ψ' falls and lies between 1/x and 1/x + 1/x^2.
pub fn trigamma_inverse(value: f64) -> f64 {
    let (mut low, mut high) = (1.0 / value, (1.0 + (1.0 + 4.0 * value).sqrt()) / (2.0 * value));
    loop {
        let middle = 0.5 * (low + high);
        if !(low < middle && middle < high) {
            return middle;
        }
        *(if trigamma(middle) > value { &mut low } else { &mut high }) = middle;
    }
}

/// `x` raised by whole steps to where the series hold, and the terms of the recurrence on the way.
fn shift(x: f64, term: impl Fn(f64) -> f64) -> (f64, f64) {
    let (mut shifted, mut sum) = (x, 0.0);
    while shifted < SERIES_FROM {
        sum += term(shifted);
        shifted += 1.0;
    }
    (shifted, sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_exact_to_1e_13() {
        // Computed with 40 digits; ψ(1) is minus Euler's constant, ψ'(1) is π²/6.
        let table = [
            (0.25, -4.227_453_533_376_265, 17.197_329_154_507_11),
            (0.5, -1.963_510_026_021_423_5, 4.934_802_200_544_679),
            (1.0, -0.577_215_664_901_532_9, 1.644_934_066_848_226_4),
            (1.5, 0.036_489_973_978_576_52, 0.934_802_200_544_679_3),
            (10.0, 2.251_752_589_066_721, 0.105_166_335_681_685_75),
            (100.0, 4.600_161_852_738_087, 0.010_050_166_663_333_571),
        ];
        for (x, first, second) in table {
            assert!((digamma(x) - first).abs() < 1e-13, "{x}: {} {first}", digamma(x));
            assert!((trigamma(x) / second - 1.0).abs() < 1e-13, "{x}: {} {second}", trigamma(x));
        }
    }

    proptest! {
        #[test]
        fn recurrences_hold(x in 1e-3f64..100.0) {
            prop_assert!((digamma(x + 1.0) - digamma(x) - 1.0 / x).abs() < 1e-12 / x.min(1.0));
            prop_assert!((trigamma(x) - trigamma(x + 1.0) - 1.0 / (x * x)).abs() < 1e-12 / (x * x).min(1.0));
        }

        #[test]
        fn the_inverse_undoes_trigamma(logarithm in -12.0f64..12.0) {
            let x = logarithm.exp();
            prop_assert!((trigamma_inverse(trigamma(x)) / x - 1.0).abs() < 1e-9);
        }
    }
}
