//! A printed number and what its digits allow.

use rust_decimal::Decimal;

use crate::price::to_f64;

/// How far "about" reaches: 5 % of the number to either side.
const ABOUT: f64 = 0.05;

/// A number with the interval of everything that is printed like it: half of its last digit to either side, so that 20
/// is 19.5 to 20.5. Trailing zeros count as printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The number as printed; `None` of a range, which has no one value.
    pub value: Option<Decimal>,
    /// The least that it can be.
    pub low: f64,
    /// The most that it can be; infinite of "more than".
    pub high: f64,
}

impl Figure {
    /// A printed number whose last digit is worth `last_digit`.
    pub fn printed(value: Decimal, last_digit: Decimal) -> Self {
        let half = last_digit / Decimal::TWO;
        let end = |end: Option<Decimal>| end.map_or(f64::NAN, to_f64);
        Self { value: Some(value), low: end(value.checked_sub(half)), high: end(value.checked_add(half)) }
    }

    /// Everything between two figures: a range is an interval already, its ends are taken as printed.
    pub fn between(one: Self, other: Self) -> Self {
        Self { value: None, low: one.mid().min(other.mid()), high: one.mid().max(other.mid()) }
    }

    /// About this number.
    pub fn about(self) -> Self {
        let reach = self.mid().abs() * ABOUT;
        Self { low: self.low.min(self.mid() - reach), high: self.high.max(self.mid() + reach), ..self }
    }

    /// More than this number.
    pub fn above(self) -> Self {
        Self { low: self.mid(), high: f64::INFINITY, ..self }
    }

    /// Less than this positive number.
    pub fn below(self) -> Self {
        Self { low: 0.0, high: self.mid(), ..self }
    }

    /// The number, or the geometric middle of a range.
    pub fn mid(self) -> f64 {
        match self.value {
            Some(value) => to_f64(value),
            None if self.low > 0.0 && self.high.is_finite() => (self.low * self.high).sqrt(),
            None => (self.low + self.high) / 2.0,
        }
    }

    /// The product of two positive figures.
    pub fn times(self, other: Self) -> Self {
        Self {
            value: self.value.zip(other.value).and_then(|(one, two)| one.checked_mul(two)),
            low: self.low * other.low,
            high: self.high * other.high,
        }
    }

    /// The quotient of two positive figures.
    pub fn over(self, other: Self) -> Self {
        Self {
            value: self.value.zip(other.value).and_then(|(one, two)| one.checked_div(two)),
            low: self.low / other.high,
            high: self.high / other.low,
        }
    }

    /// A positive figure to a power: the growth of other periods. Roots have no decimal text.
    pub fn power(self, exponent: f64) -> Self {
        let (one, two) = (self.low.powf(exponent), self.high.powf(exponent));
        let value = self.value.filter(|_| exponent == 1.0);
        Self { value, low: one.min(two), high: one.max(two) }
    }

    /// One more, such as the factor of a change.
    pub fn plus_one(self) -> Self {
        let value = self.value.and_then(|value| value.checked_add(Decimal::ONE));
        Self { value, low: self.low + 1.0, high: self.high + 1.0 }
    }

    /// The change of a factor, as a fraction: 0.05 is +5 %.
    pub fn change(self) -> f64 {
        match self.value {
            Some(value) => value.checked_sub(Decimal::ONE).map_or(f64::NAN, to_f64),
            None => self.mid() - 1.0,
        }
    }

    /// The same in a unit that is `by` times smaller.
    pub fn scaled(self, by: Decimal) -> Self {
        let factor = to_f64(by);
        let value = self.value.and_then(|value| value.checked_mul(by));
        Self { value, low: self.low * factor, high: self.high * factor }
    }

    /// Whether both can be the same number when each is off by a share of `tolerance` beyond its digits.
    pub fn meets(self, other: Self, tolerance: f64) -> bool {
        // Interval ends come out of binary floats: a hair is no contradiction.
        let reach = tolerance.max(0.0) + 1e-12;
        let low = self.low.max(other.low);
        let high = self.high.min(other.high);
        low - low.abs() * reach <= high + high.abs() * reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn printed(value: &str, last_digit: &str) -> Figure {
        Figure::printed(value.parse().unwrap(), last_digit.parse().unwrap())
    }

    #[test]
    fn a_figure_is_all_that_is_printed_like_it() {
        let figure = printed("1.96", "0.01");
        assert_eq!((figure.low, figure.mid(), figure.high), (1.955, 1.96, 1.965));
        assert!(figure.meets(printed("1.97", "0.01"), 0.0), "1.965 is printed as either");
        assert!(!figure.meets(printed("1.98", "0.01"), 0.0) && figure.meets(printed("1.98", "0.01"), 0.01));
    }

    #[test]
    fn decimals_stay_exact() {
        let implied = printed("16", "1").over(printed("20", "1"));
        assert_eq!(implied.change(), -0.2);
    }

    proptest! {
        #[test]
        fn a_product_holds_every_product_of_its_parts(a in 1u32..9999, b in 1u32..9999, at in 0.0f64..1.0, by in 0.0f64..1.0) {
            let (one, two) = (printed(&a.to_string(), "1"), printed(&b.to_string(), "1"));
            let inside = |figure: Figure, share: f64| figure.low + (figure.high - figure.low) * share;
            let (x, y) = (inside(one, at), inside(two, by));
            let (product, quotient) = (one.times(two), one.over(two));
            prop_assert!(product.low * 0.999_999 <= x * y && x * y <= product.high * 1.000_001);
            prop_assert!(quotient.low * 0.999_999 <= x / y && x / y <= quotient.high * 1.000_001);
        }
    }
}
