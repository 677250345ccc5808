//! The shape of a day: how long the load is above a level.
//!
//! The hours of a day in order of their load fall in a straight line from the peak, `p` times the mean. Up to `p = 2` the
//! quietest hour has `2 − p` times the mean. Above it the line reaches nothing after `2/p` of the day. All lines have the mean 1.

/// A day by its peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// Load of the busiest moment over the mean load; at least 1.
    pub peak: f64,
}

impl Day {
    /// How much the load falls over a day, were the line that long: in means of the load.
    fn slope(self) -> f64 {
        if self.peak <= 2.0 { 2.0 * (self.peak - 1.0) } else { self.peak * self.peak / 2.0 }
    }

    /// The share of the day in which the load is above a level in means of the load.
    pub fn share_above(self, level: f64) -> f64 {
        match self.slope() {
            _ if level >= self.peak => 0.0,
            slope if self.peak - level >= slope => 1.0,
            slope => (self.peak - level) / slope,
        }
    }

    /// The share of the day's tokens that lies below a level in means of the load: what a capacity of that level serves.
    pub fn below(self, level: f64) -> f64 {
        let over = (self.peak - level).max(0.0);
        let slope = self.slope();
        if over >= slope { level.min(1.0) } else { 1.0 - over * over / (2.0 * slope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_flat_day_is_served_by_its_mean() {
        let day = Day { peak: 1.0 };
        assert_eq!([0.0, 0.4, 1.0, 3.0].map(|level| day.below(level)), [0.0, 0.4, 1.0, 1.0]);
        assert_eq!([0.0, 0.99, 1.0].map(|level| day.share_above(level)), [1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_peak_of_twice_the_mean_is_a_triangle() {
        let day = Day { peak: 2.0 };
        // From 2 to 0: above 1 for half of the day, and a quarter of the tokens.
        assert_eq!((day.share_above(1.0), day.below(1.0)), (0.5, 0.75));
        let mild = Day { peak: 1.5 };
        // From 1.5 to 0.5: above 1 for half of the day; the triangle above has 0.5 · 0.5 / 2.
        assert_eq!((mild.share_above(1.0), mild.below(1.0), mild.below(0.5)), (0.5, 0.875, 0.5));
        let sharp = Day { peak: 4.0 };
        assert_eq!((sharp.share_above(0.0), sharp.below(0.0), sharp.below(2.0)), (0.5, 0.0, 0.75));
    }

    proptest! {
        #[test]
        fn what_lies_below_a_level_is_the_area_under_the_hours_above_it(
            peak in 1.0f64..20.0, level in 0.0f64..25.0,
        ) {
            let day = Day { peak };
            let pieces = 4000;
            let width = level / f64::from(pieces);
            let area: f64 = (0..pieces).map(|piece| day.share_above((f64::from(piece) + 0.5) * width) * width).sum();
            prop_assert!((area - day.below(level)).abs() < 2e-2, "{area} {}", day.below(level));
            prop_assert!((day.below(peak) - 1.0).abs() < 1e-12);
        }
    }
}
