//! A level that moves over time: steadily, or once.

use crate::stats::student;

/// A change is at least this share of the median.
const CHANGE_MIN: f64 = 0.02;
/// Chance alone gives a drift with this chance at most, two-sided.
const DRIFT_P_MAX: f64 = 1e-3;
/// The same for a step. It is smaller because the place of the step is the best of many.
const STEP_P_MAX: f64 = 1e-4;
/// A step has at least this share of the samples on either side.
const STEP_SIDE_MIN: f64 = 0.1;
/// A split leaves this many samples on either side.
const SIDE_MIN: usize = 3;
/// By so many natural logarithms of likelihood a drift must explain a series better than a step to be it alone,
const DRIFT_BETTER: f64 = 1.0;
/// and a step better than a drift: more, because it can choose its place.
const STEP_BETTER: f64 = 5.0;

/// What moves the level, and the values around it.
pub(super) struct Trend {
    pub drift: bool,
    pub step: bool,
    /// Values less the trend; the values themselves without one.
    pub around: Vec<f64>,
}

impl Trend {
    /// Of points (place in the order taken, value as a share of the median). `None` below 6 points.
    pub(super) fn of(points: &[(f64, f64)]) -> Option<Self> {
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        let (line, split) = (Line::of(points)?, Split::best(&values, STEP_SIDE_MIN)?);
        let chance = |explained, left| by_chance(explained, left, points.len() as f64 - 2.0);
        let sloped = chance(line.explained, line.left) <= DRIFT_P_MAX;
        let cut = chance(split.explained, split.left) <= STEP_P_MAX;
        let step_better = 0.5 * points.len() as f64 * (line.left / split.left).ln();
        let drift = sloped && !(cut && step_better > STEP_BETTER);
        let step = cut && !(sloped && step_better < -DRIFT_BETTER);
        let around = match () {
            () if step && !(drift && step_better < 0.0) => split.around(&values),
            () if drift => line.around(points),
            () => values,
        };
        Some(Self {
            drift: drift && line.change.abs() >= CHANGE_MIN,
            step: step && (split.after - split.before).abs() >= CHANGE_MIN,
            around,
        })
    }
}

/// The two-sided chance of a fit of one parameter that explains so much of the squares and leaves so much.
fn by_chance(explained: f64, left: f64, degrees: f64) -> f64 {
    let t = (explained * degrees / left).sqrt();
    student::cdf(-t, degrees).map_or(1.0, |tail| 2.0 * tail)
}

/// The straight line of least squares.
struct Line {
    center: f64,
    mean: f64,
    slope: f64,
    /// From the first point to the last.
    change: f64,
    explained: f64,
    left: f64,
}

impl Line {
    fn of(points: &[(f64, f64)]) -> Option<Self> {
        let count = points.len() as f64;
        let (first, last) = (points.first()?, points.last()?);
        let center = points.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean = points.iter().map(|(_, y)| y).sum::<f64>() / count;
        let sum =
            |term: fn(f64, f64) -> f64| points.iter().map(|(x, y)| term(x - center, y - mean)).sum::<f64>();
        let slope = sum(|x, y| x * y) / sum(|x, _| x * x);
        let explained = slope * sum(|x, y| x * y);
        let left = (sum(|_, y| y * y) - explained).max(0.0);
        Some(Self { center, mean, slope, change: slope * (last.0 - first.0), explained, left })
    }

    fn around(&self, points: &[(f64, f64)]) -> Vec<f64> {
        points.iter().map(|(x, y)| y - self.mean - self.slope * (x - self.center)).collect()
    }
}

/// Values cut in two where the means of both parts explain the most.
pub(super) struct Split {
    /// Values before the cut.
    count: usize,
    /// Mean before the cut.
    pub before: f64,
    /// Mean after the cut.
    pub after: f64,
    explained: f64,
    /// Sum of squares around the two means.
    pub left: f64,
}

impl Split {
    /// The best cut with at least this share of the values, and 3, on either side. `None` where there is no such.
    pub(super) fn best(values: &[f64], share_min: f64) -> Option<Self> {
        let (count, total) = (values.len(), values.iter().sum::<f64>());
        let mean = total / count as f64;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let side_min = ((share_min * count as f64).ceil() as usize).max(SIDE_MIN);
        let sums = values.iter().scan(0.0, |sum, value| {
            *sum += value;
            Some(*sum)
        });
        let cut = |(at, sum): (usize, f64)| {
            let (first, second) = (at as f64, (count - at) as f64);
            let (before, after) = (sum / first, (total - sum) / second);
            let explained = first * second / count as f64 * (after - before).powi(2);
            Self { count: at, before, after, explained, left: (squares - explained).max(0.0) }
        };
        let inside = |(at, _): &(usize, f64)| *at >= side_min && count - at >= side_min;
        (1..).zip(sums).filter(inside).map(cut).max_by(|a, b| a.explained.total_cmp(&b.explained))
    }

    fn around(&self, values: &[f64]) -> Vec<f64> {
        let level = |place| if place < self.count { self.before } else { self.after };
        values.iter().enumerate().map(|(place, value)| value - level(place)).collect()
    }
}
