//! Which samples lie far outside the others. Labelled samples are kept: an outlier is news, not dirt.

use super::{quantile_sorted, sorted};
use crate::named::named;

/// The spread is never taken as less than this share of the median: nobody asks about smaller differences.
const RESOLUTION_MIN: f64 = 1e-4;
/// Nor is a clock believed to be coarser than this share of a sample: samples are made longer than that.
const RESOLUTION_MAX: f64 = 1e-2;

/// Where a sample lies beside Tukey's fences: mild beyond 1.5 and severe beyond 3 interquartile ranges outside
/// the quartiles (Tukey, "Exploratory Data Analysis", 1977), as criterion labels them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Between the fences.
    Inside,
    /// More than 1.5 ranges below the first quartile.
    LowMild,
    /// More than 3 ranges below the first quartile.
    LowSevere,
    /// More than 1.5 ranges above the third quartile.
    HighMild,
    /// More than 3 ranges above the third quartile.
    HighSevere,
}

named!(Label {
    Inside = "",
    LowMild = "low-mild",
    LowSevere = "low-severe",
    HighMild = "high-mild",
    HighSevere = "high-severe",
});

/// One label per sample, in the order given. All are [`Label::Inside`] where one value is not finite.
///
/// The interquartile range is taken as at least one step of the clock: the smallest difference between two
/// samples, held between 0.01 % and 1 % of the median. A series of equal samples therefore has no outliers,
/// where most are equal the ones a step beside them are none, and a spike over equal samples is one.
pub fn labels(values: &[f64]) -> Vec<Label> {
    let fences = Fences::of(values);
    values.iter().map(|value| fences.as_ref().map_or(Label::Inside, |fences| fences.label(*value))).collect()
}

/// How many samples have a label other than [`Label::Inside`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Between 1.5 and 3 ranges outside the quartiles, on either side.
    pub mild: u32,
    /// Further out.
    pub severe: u32,
}

impl Counts {
    /// Counts the [`labels`] of `values`.
    pub fn of(values: &[f64]) -> Self {
        let mut counts = Self::default();
        for label in labels(values) {
            match label {
                Label::Inside => {}
                Label::LowMild | Label::HighMild => counts.mild += 1,
                Label::LowSevere | Label::HighSevere => counts.severe += 1,
            }
        }
        counts
    }
}

struct Fences {
    q1: f64,
    q3: f64,
    range: f64,
}

impl Fences {
    fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        let (q1, q3) = (quantile_sorted(&sorted, 0.25)?, quantile_sorted(&sorted, 0.75)?);
        let range = (q3 - q1).max(resolution(&sorted)?);
        values.iter().all(|value| value.is_finite()).then_some(Self { q1, q3, range })
    }

    fn label(&self, value: f64) -> Label {
        let (below, above) = (self.q1 - value, value - self.q3);
        match () {
            () if below > 3.0 * self.range => Label::LowSevere,
            () if below > 1.5 * self.range => Label::LowMild,
            () if above > 3.0 * self.range => Label::HighSevere,
            () if above > 1.5 * self.range => Label::HighMild,
            () => Label::Inside,
        }
    }
}

/// One step of the clock as far as the samples show it.
fn resolution(sorted: &[f64]) -> Option<f64> {
    let size = quantile_sorted(sorted, 0.5)?.abs();
    let gaps = sorted.iter().zip(sorted.iter().skip(1)).map(|(low, high)| high - low);
    let smallest = gaps.filter(|gap| *gap > 0.0).fold(f64::INFINITY, f64::min);
    Some(smallest.min(RESOLUTION_MAX * size).max(RESOLUTION_MIN * size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fences_stand_at_1_5_and_3_ranges() {
        let middle = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0];
        let values = [&[-10.5, 2.0], &middle[..], &[24.0, 36.5]].concat();
        // Quartiles 10.5 and 15.5: fences at 3 and 23, -4.5 and 30.5.
        let labels = labels(&values);
        assert_eq!(labels[..2], [Label::LowSevere, Label::LowMild]);
        assert_eq!(labels[2..9], [Label::Inside; 7]);
        assert_eq!(labels[9..], [Label::HighMild, Label::HighSevere]);
        assert_eq!(Counts::of(&values), Counts { mild: 2, severe: 2 });
    }

    #[test]
    fn values_on_a_fence_are_inside_it() {
        // Quartiles 10 and 12, range 2, by the nine values around each end.
        let on = |end: f64| Counts::of(&[10.0, 10.0, 10.0, 11.0, 11.0, 12.0, 12.0, 12.0, end]);
        assert_eq!(on(15.0), Counts::default());
        assert_eq!(on(15.1), Counts { mild: 1, severe: 0 });
        assert_eq!(on(18.0), Counts { mild: 1, severe: 0 });
        assert_eq!(on(18.1), Counts { mild: 0, severe: 1 });
    }

    #[test]
    fn equal_samples_have_no_outliers() {
        assert_eq!(Counts::of(&[0.1; 20]), Counts::default());
        assert_eq!(Counts::of(&[0.0; 20]), Counts::default());
        assert_eq!(labels(&[]), []);
    }

    #[test]
    fn one_step_of_a_coarse_clock_is_no_outlier_but_a_spike_is() {
        let mut values = vec![200.0; 20];
        values[3] = 201.0;
        values[9] = 199.0;
        assert_eq!(Counts::of(&values), Counts::default());
        values[12] = 202.0;
        assert_eq!(Counts::of(&values), Counts { mild: 1, severe: 0 });
        values[15] = 300.0;
        assert_eq!(labels(&values)[15], Label::HighSevere);
        let lone_spike = [&[1.0; 9][..], &[2.0]].concat();
        assert_eq!(labels(&lone_spike)[9], Label::HighSevere);
    }

    #[test]
    fn differences_of_rounding_are_no_outliers() {
        let mut values = vec![0.1; 20];
        values[3] = 0.1 + 1e-16;
        values[4] = 0.1 * (1.0 + 1e-4);
        assert_eq!(Counts::of(&values), Counts::default());
        values[4] = 0.1 * (1.0 + 2e-4);
        assert_eq!(Counts::of(&values), Counts { mild: 1, severe: 0 });
    }

    #[test]
    fn values_that_are_no_numbers_label_nothing() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(labels(&[1.0, 1.1, 1.2, 1.3, 9.0, bad]), [Label::Inside; 6]);
        }
    }

    #[test]
    fn names_are_those_in_files() {
        assert_eq!(
            Label::ALL.iter().map(|label| label.name()).collect::<Vec<_>>().join("|"),
            "|low-mild|low-severe|high-mild|high-severe"
        );
    }

    proptest! {
        #[test]
        fn at_most_half_of_the_samples_are_labelled(values in prop::collection::vec(0.9f64..1.1, 1..100)) {
            let counts = Counts::of(&values);
            prop_assert!((counts.mild + counts.severe) as usize * 2 <= values.len());
        }

        #[test]
        fn labels_do_not_depend_on_the_unit(values in prop::collection::vec(0.9f64..1.5, 1..60)) {
            let scaled: Vec<f64> = values.iter().map(|value| value / 1024.0).collect();
            prop_assert_eq!(labels(&values), labels(&scaled));
        }
    }
}
