//! How fast the device itself was, by the calibration kernel of all its visits: which visits met one that was slowed
//! down or changing.

use super::{Calibration, Measurement};
use crate::stats;

/// A visit is disturbed where the calibration kernel took this much longer than at the best visits.
const SLOWER: f64 = 1.10;
/// Or where it changed by this much, up or down, while the cell was visited.
const DRIFT: f64 = 1.05;
/// The best calibrations: this quantile of all of them.
const BEST: f64 = 0.1;

/// The calibrations of one side or one call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calibrations {
    /// Seconds at the best visits.
    best_s: Option<f64>,
    /// Seconds at the middle visit.
    median_s: Option<f64>,
}

impl Calibrations {
    /// Of these visits.
    pub fn of(visits: impl Iterator<Item = Calibration>) -> Self {
        let both = visits.flat_map(Calibration::seconds);
        let seconds = stats::sorted(&both.collect::<Vec<_>>());
        Self {
            best_s: stats::quantile_sorted(&seconds, BEST),
            median_s: stats::quantile_sorted(&seconds, 0.5),
        }
    }

    /// ln of how much slower the device of `new` was; `None` where a side has no calibration.
    pub fn shift_ln(self, new: Self) -> Option<f64> {
        Some((new.median_s? / self.median_s?).ln())
    }

    /// Whether the device was slower or changing during a visit.
    pub fn disturbed(self, visit: Calibration) -> bool {
        let Some(best) = self.best_s else { return false };
        let [before, after] = visit.seconds();
        let drift = (after / before).max(before / after);
        before.max(after) > best * SLOWER || drift > DRIFT
    }
}

/// The rows of a call whose visits were disturbed.
pub fn disturbed(rows: &[Measurement]) -> Vec<&Measurement> {
    let visit = |row: &Measurement| row.timing().and_then(|timing| timing.calibration);
    let all = Calibrations::of(rows.iter().filter_map(visit));
    rows.iter().filter(|row| visit(row).is_some_and(|visit| all.disturbed(visit))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;

    fn visit(before: f64, after: f64) -> Calibration {
        Calibration { before: Seconds(before), after: Seconds(after) }
    }

    #[test]
    fn visits_to_a_slower_or_changing_device_are_disturbed() {
        let calm = Calibrations::of([visit(1.0, 1.01); 20].into_iter());
        for (before, after, disturbed) in
            [(1.0, 1.0, false), (1.09, 1.09, false), (1.2, 1.2, true), (1.0, 1.06, true), (1.06, 1.0, true)]
        {
            assert_eq!(calm.disturbed(visit(before, after)), disturbed, "{before} {after}");
        }
    }

    #[test]
    fn without_calibrations_nothing_is_known() {
        let none = Calibrations::of(std::iter::empty());
        assert!(!none.disturbed(visit(1.0, 9.0)));
        assert_eq!(none.shift_ln(none), None);
    }
}
