//! Student's t distribution with any real number of degrees of freedom.

use super::normal;

/// From here on the normal distribution with Wallace's correction is exact to 1e-12.
const NEARLY_NORMAL: f64 = 1e6;
/// Several times what the fraction takes at [`NEARLY_NORMAL`] degrees.
const FRACTION_TERMS: u32 = 20_000;

/// The share below `t`. `df` is above 0 and may be infinite, which is the normal distribution. Exact to 1e-12.
///
/// `None` for degrees that are not above 0 and for a `t` that is not a number.
pub fn cdf(t: f64, df: f64) -> Option<f64> {
    let tail = (df > 0.0 && !t.is_nan()).then(|| upper_tail(t.abs(), df))?;
    Some(if t < 0.0 { tail } else { 1.0 - tail })
}

/// The t below which a share `p` lies: the inverse of [`cdf`].
///
/// `None` for degrees that are not above 0, and for a `p` that does not lie between 0 and 1.
pub fn quantile(p: f64, df: f64) -> Option<f64> {
    let usable = df > 0.0 && p > 0.0 && p < 1.0;
    let t = usable.then(|| tail_quantile(p.min(1.0 - p), df))?;
    Some(if p < 0.5 { -t } else { t }).filter(|t| t.is_finite())
}

/// The t >= 0 above which a share `tail` <= 1/2 lies, by bisection to the last digit.
fn tail_quantile(tail: f64, df: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while upper_tail(high, df) > tail {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        *(if upper_tail(middle, df) > tail { &mut low } else { &mut high }) = middle;
    }
}

/// The share above t >= 0: half of I_x(df/2, 1/2) at x = df/(df + t^2) (Abramowitz and Stegun 26.7.1).
fn upper_tail(t: f64, df: f64) -> f64 {
    if df >= NEARLY_NORMAL {
        return normal::upper_tail(nearly_normal(t, df));
    }
    let ratio = t * t / df;
    let growth = if ratio.is_finite() { ratio.ln_1p() } else { 2.0 * t.ln() - df.ln() };
    // Both x and 1 - x, each without cancellation; an infinite ratio is x = 0.
    let (x, rest) = (1.0 / (1.0 + ratio), 1.0 / (1.0 + 1.0 / ratio));
    let a = 0.5 * df;
    let scale = gamma_ratio(a) / std::f64::consts::PI.sqrt() * (-a * growth).exp() * rest.sqrt();
    // The fraction converges fast on its own side of the mean only.
    if x < (a + 1.0) / (a + 2.5) {
        0.5 * scale * fraction(a, 0.5, x) / a
    } else {
        0.5 - scale * fraction(0.5, a, rest)
    }
}

/// Abramowitz and Stegun 26.7.8.
fn nearly_normal(t: f64, df: f64) -> f64 {
    t * (1.0 - 0.25 / df) / (1.0 + 0.5 * t * t / df).sqrt()
}

/// Γ(a + 1/2) / Γ(a): its series in 1/a (Abramowitz and Stegun 6.1.47) from 40 on, the recurrence of Γ below.
fn gamma_ratio(a: f64) -> f64 {
    let (mut shifted, mut factor) = (a, 1.0);
    while shifted < 40.0 {
        factor *= shifted / (shifted + 0.5);
        shifted += 1.0;
    }
    let x = 1.0 / shifted;
    let series = 1.0 + x * (-1.0 / 8.0 + x * (1.0 / 128.0 + x * (5.0 / 1024.0 + x * (-21.0 / 32768.0))));
    factor * shifted.sqrt() * (series - 399.0 / 262_144.0 * x.powi(5))
}

/// The continued fraction of I_x(a, b) (Abramowitz and Stegun 26.5.8) without its factor x^a (1-x)^b / (a B(a, b)),
/// by the modified method of Lentz (Thompson and Barnett, 1986).
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let held = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / held(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for term in 1..=FRACTION_TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / held(1.0 + coefficient * d);
            c = held(1.0 + coefficient / c);
            change *= c * d;
        }
        value *= change;
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_are_exact_to_1e_12() {
        // Computed with 40 digits.
        let table = [
            (0.5, 1.0, 0.647_583_617_650_433_3),
            (2.0, 3.0, 0.930_337_015_720_578_4),
            (-2.0, 3.0, 0.069_662_984_279_421_6),
            (-1.5, 0.5, 0.253_950_895_324_054_22),
            (3.7, 2.5, 0.976_815_216_539_064_8),
            (-4.0, 10.0, 0.001_259_166_312_368_346_1),
            (-8.0, 12.3, 1.603_339_153_728_852_8e-6),
            (-1.0, 30.0, 0.162_654_307_713_014_95),
            (2.5, 79.0, 0.992_754_716_673_548_8),
            (-2.5, 80.5, 0.007_225_447_827_529_785),
            (-3.0, 1_000.0, 0.001_383_354_522_119_096_2),
            (-3.0, 999_999.0, 0.001_349_931_270_744_138),
            (-3.0, 1_000_000.0, 0.001_349_931_270_710_898_5),
            (-6.0, 2e6, 9.867_562_631_966_131e-10),
            (-40.0, 5.0, 9.205_981_085_886_477e-8),
            (-1e-5, 7.0, 0.499_996_150_085_491_75),
            (1e-9, 200.0, 0.500_000_000_398_444),
        ];
        for (t, df, share) in table {
            let found = cdf(t, df).unwrap();
            assert!((found - share).abs() < 1e-12, "t {t} df {df}: {found} {share}");
            let mirrored = cdf(-t, df).unwrap();
            assert!((mirrored - (1.0 - share)).abs() < 1e-12, "t {} df {df}: {mirrored}", -t);
        }
    }

    #[test]
    fn far_tails_keep_their_digits() {
        let tail = cdf(-40.0, 5.0).unwrap();
        assert!((tail / 9.205_981_085_886_477e-8 - 1.0).abs() < 1e-11, "{tail}");
        assert_eq!((cdf(f64::NEG_INFINITY, 3.0), cdf(f64::INFINITY, 3.0)), (Some(0.0), Some(1.0)));
        assert_eq!(cdf(-1e300, 3.0), Some(0.0));
        // Cauchy-like: proportional to t^-0.01, whatever overflows on the way.
        let [near, far] = [-1e100, -1e200].map(|t| cdf(t, 0.01).unwrap());
        assert!((far / near / 10f64.powf(-1.0) - 1.0).abs() < 1e-11, "{near} {far}");
    }

    /// Printed tables of t (Fisher and Yates, "Statistical Tables", table III) show 12.706, 4.303, 5.841, 2.262,
    /// 3.646 and 1.980; these are the same with 40 digits.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        let table = [
            (0.975, 1.0, 12.706_204_736_174_705),
            (0.975, 2.0, 4.302_652_729_749_464),
            (0.995, 3.0, 5.840_909_309_733_357),
            (0.95, 4.5, 2.065_575_888_878_525),
            (0.975, 9.0, 2.262_157_162_798_205_5),
            (0.9995, 30.0, 3.645_958_635_042_022),
            (0.975, 120.0, 1.979_930_405_082_441),
            (0.975, f64::INFINITY, 1.959_963_984_540_054_2),
        ];
        for (p, df, t) in table {
            let found = quantile(p, df).unwrap();
            assert!((found / t - 1.0).abs() < 1e-11, "p {p} df {df}: {found} {t}");
            assert!((quantile(1.0 - p, df).unwrap() / t + 1.0).abs() < 1e-11, "p {} df {df}", 1.0 - p);
        }
        assert_eq!(quantile(0.5, 3.0), Some(0.0));
    }

    #[test]
    fn infinite_degrees_are_the_normal_distribution() {
        for t in [-3.0, -0.5, 0.0, 1.0, 2.5] {
            assert_eq!(cdf(t, f64::INFINITY), Some(normal::cdf(t)));
        }
    }

    #[test]
    fn the_correction_meets_the_fraction() {
        for t in [0.1, 1.0, 2.0, 5.0] {
            let (below, above) = (upper_tail(t, NEARLY_NORMAL - 1e-6), upper_tail(t, NEARLY_NORMAL));
            assert!((below - above).abs() < 1e-12, "t {t}: {below} {above}");
        }
    }

    #[test]
    fn what_cannot_be_answered_is_not() {
        for df in [0.0, -1.0, f64::NAN] {
            assert_eq!((cdf(1.0, df), quantile(0.9, df)), (None, None));
        }
        assert_eq!(cdf(f64::NAN, 3.0), None);
        for p in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(quantile(p, 3.0), None);
        }
        assert_eq!(quantile(1e-300, 0.01), None);
    }

    proptest! {
        #[test]
        fn quantile_undoes_cdf(p in 1e-6f64..0.999_999, df in 0.3f64..200.0) {
            let back = cdf(quantile(p, df).unwrap(), df).unwrap();
            prop_assert!((back - p).abs() < 1e-12, "{} {}", p, back);
        }

        #[test]
        fn cdf_rises(t in -20.0f64..20.0, step in 1e-3f64..5.0, df in 0.3f64..1e5) {
            prop_assert!(cdf(t, df).unwrap() < cdf(t + step, df).unwrap() || t + step > 7.0);
        }
    }
}
