//! Measured rates between and beyond the sizes that were measured.

/// What each doubling outside the measured sizes adds to the spread of a reading, on both sides.
const PER_DOUBLING: f64 = 0.1;

/// A measured rate at one size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// Size: bytes, elements or tokens, as the curve's owner says.
    pub size: f64,
    /// Work per second at the median.
    pub rate: f64,
    /// Fastest sample over median, at most 1.
    pub fast: f64,
    /// Third quartile over median, at least 1.
    pub slow: f64,
    /// Mean power of the device meanwhile, in watts; `None` where no sensor told.
    pub power_w: Option<f64>,
    /// The cells that it was measured in.
    pub cells: Cells,
}

/// Places of measured cells, counted from 1; the rest is 0. A reading between four points has four.
pub(super) type Cells = [u32; 4];

/// The cells of both, each once.
fn joined(one: Cells, other: Cells) -> Cells {
    let mut all = one;
    for cell in other.into_iter().filter(|cell| *cell > 0) {
        let free = if all.contains(&cell) { None } else { all.iter_mut().find(|free| **free == 0) };
        free.into_iter().for_each(|free| *free = cell);
    }
    all
}

/// A rate read off a curve, with the spread of the times behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Work per second.
    pub rate: f64,
    /// Factor from the median time to the fastest.
    pub fast: f64,
    /// Factor from the median time to its third quartile.
    pub slow: f64,
    /// Power in watts; `None` unless it is known at the measured sizes on both sides.
    pub power_w: Option<f64>,
    /// How far outside the measured sizes, as a factor; 1 inside. The spread is the wider for it.
    pub outside: f64,
    /// The cells that it was read from.
    pub cells: Cells,
}

/// Rates by size, linear in log-log between the points and flat beyond them. Never empty.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// `size` and `rate` hold logarithms, sizes ascending and distinct.
    points: Vec<Point>,
}

impl Curve {
    /// `None` without points. Points of one size become their geometric mean with the widest spread: two shapes
    /// of equal size differ for reasons that the curve does not know.
    pub fn new(mut points: Vec<Point>) -> Option<Self> {
        points.sort_by(|a, b| a.size.total_cmp(&b.size).then(a.rate.total_cmp(&b.rate)));
        let merged = points
            .chunk_by(|a, b| a.size == b.size)
            .filter_map(|same| {
                let first = same.first()?;
                Some(Point {
                    size: first.size.ln(),
                    rate: same.iter().map(|point| point.rate.ln()).sum::<f64>() / same.len() as f64,
                    fast: same.iter().map(|point| point.fast).fold(1.0, f64::min),
                    slow: same.iter().map(|point| point.slow).fold(1.0, f64::max),
                    power_w: mean(same.iter().map(|point| point.power_w)),
                    cells: same.iter().map(|point| point.cells).fold([0; 4], joined),
                })
            })
            .collect::<Vec<_>>();
        (!merged.is_empty()).then_some(Self { points: merged })
    }

    /// The same with rates this many times as high.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.points.iter_mut().for_each(|point| point.rate += factor.ln());
        self
    }

    /// The rate at a size above zero.
    pub fn at(&self, size: f64) -> Reading {
        let size = size.ln();
        let above = self.points.partition_point(|point| point.size < size);
        let upper = self.points.get(above).or(self.points.last());
        let lower = above.checked_sub(1).and_then(|below| self.points.get(below)).or(upper);
        match (lower, upper) {
            (Some(lower), Some(upper)) => between(lower, upper, size).widened(),
            // Never: `new` refuses an empty curve. NaN would be seen by every caller.
            _ => Reading::UNKNOWN,
        }
    }
}

impl Reading {
    const UNKNOWN: Self =
        Self { rate: f64::NAN, fast: 1.0, slow: 1.0, power_w: None, outside: f64::INFINITY, cells: [0; 4] };

    /// A rate that was not measured.
    pub const fn stated(rate: f64) -> Self {
        Self { rate, fast: 1.0, slow: 1.0, power_w: None, outside: 1.0, cells: [0; 4] }
    }

    /// The reading with the spread of one that is outside the measured sizes.
    fn widened(self) -> Self {
        let factor = 1.0 + PER_DOUBLING * self.outside.log2();
        Self { fast: self.fast / factor, slow: self.slow * factor, ..self }
    }
}

/// The mean of values that are all known.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values = values.collect::<Option<Vec<f64>>>()?;
    Some(values.iter().sum::<f64>() / values.len() as f64)
}

fn between(lower: &Point, upper: &Point, size: f64) -> Reading {
    let span = upper.size - lower.size;
    let share = if span > 0.0 { ((size - lower.size) / span).clamp(0.0, 1.0) } else { 0.0 };
    let mix = |a: f64, b: f64| a + (b - a) * share;
    Reading {
        rate: mix(lower.rate, upper.rate).exp(),
        fast: mix(lower.fast, upper.fast),
        slow: mix(lower.slow, upper.slow),
        power_w: lower.power_w.zip(upper.power_w).map(|(lower, upper)| mix(lower, upper)),
        outside: (lower.size - size).max(size - upper.size).max(0.0).exp(),
        cells: match share {
            0.0 => lower.cells,
            1.0 => upper.cells,
            _ => joined(lower.cells, upper.cells),
        },
    }
}

/// Rates by tokens and by size: a curve in size per measured number of tokens. Never empty.
#[derive(Clone, Debug)]
pub(super) struct Surface {
    /// Token counts ascending and distinct.
    curves: Vec<(f64, Curve)>,
}

impl Surface {
    /// `None` without points.
    pub fn new(mut points: Vec<(f64, Point)>) -> Option<Self> {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let curves = points
            .chunk_by(|a, b| a.0 == b.0)
            .filter_map(|same| {
                Some((same.first()?.0, Curve::new(same.iter().map(|point| point.1).collect())?))
            })
            .collect::<Vec<_>>();
        (!curves.is_empty()).then_some(Self { curves })
    }

    /// The smallest measured number of tokens.
    pub fn least_tokens(&self) -> f64 {
        self.curves.first().map_or(1.0, |first| first.0)
    }

    /// The same with other rates.
    pub fn scaled(mut self, factor: impl Fn(f64) -> f64) -> Self {
        for (tokens, curve) in &mut self.curves {
            let points = std::mem::take(&mut curve.points);
            *curve = Curve { points }.scaled(factor(*tokens));
        }
        self
    }

    /// The rate at a number of tokens and a size. More tokens than were measured are several products of the most
    /// that were, one after the other: nothing is extrapolated there.
    pub fn at(&self, tokens: f64, size: f64) -> Reading {
        let above = self.curves.partition_point(|curve| curve.0 < tokens);
        let upper = self.curves.get(above).or(self.curves.last());
        let lower = above.checked_sub(1).and_then(|below| self.curves.get(below)).or(upper);
        let (Some(lower), Some(upper)) = (lower, upper) else {
            return Reading::UNKNOWN;
        };
        let [low, high] = [lower, upper].map(|(tokens, curve)| (tokens.ln(), curve.at(size)));
        let point = |(size, reading): (f64, Reading)| {
            let Reading { rate, fast, slow, power_w, cells, .. } = reading;
            Point { size, rate: rate.ln(), fast, slow, power_w, cells }
        };
        let most = self.curves.last().map_or(tokens, |most| most.0);
        // In size, both curves have widened themselves.
        let reading = between(&point(low), &point(high), tokens.min(most).ln()).widened();
        Reading { outside: reading.outside.max(low.1.outside).max(high.1.outside), ..reading }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(size: f64, rate: f64) -> Point {
        Point { size, rate, fast: 0.9, slow: 1.2, power_w: None, cells: [0; 4] }
    }

    fn close(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-12
    }

    #[test]
    fn rates_are_exact_at_points_and_geometric_between() {
        let curve = Curve::new(vec![point(100.0, 4.0), point(1.0, 1.0)]).unwrap();
        assert!(close(curve.at(1.0).rate, 1.0));
        assert!(close(curve.at(10.0).rate, 2.0));
        assert!(close(curve.at(100.0).rate, 4.0));
    }

    #[test]
    fn rates_are_flat_beyond_the_ends_and_say_so() {
        let curve = Curve::new(vec![point(1.0, 1.0), point(100.0, 4.0)]).unwrap();
        assert!(close(curve.at(100.0).rate, 4.0) && close(curve.at(100.0).outside, 1.0));
        assert!(close(curve.at(400.0).rate, 4.0) && close(curve.at(400.0).outside, 4.0));
        assert!(close(curve.at(0.5).rate, 1.0) && close(curve.at(0.5).outside, 2.0));
    }

    #[test]
    fn each_doubling_outside_the_measured_sizes_widens_the_spread_by_a_tenth() {
        let curve = Curve::new(vec![point(1.0, 1.0), point(100.0, 4.0)]).unwrap();
        for (size, factor) in [(50.0, 1.0), (100.0, 1.0), (200.0, 1.1), (800.0, 1.3), (0.25, 1.2)] {
            let reading = curve.at(size);
            assert!(
                close(reading.fast, 0.9 / factor) && close(reading.slow, 1.2 * factor),
                "{size} {reading:?}"
            );
        }
    }

    #[test]
    fn more_tokens_than_were_measured_are_products_one_after_the_other() {
        let surface = Surface::new(vec![(8.0, point(1.0, 2.0)), (64.0, point(1.0, 4.0))]).unwrap();
        let reading = surface.at(4096.0, 1.0);
        assert!(close(reading.rate, 4.0) && close(reading.outside, 1.0) && close(reading.slow, 1.2));
        assert!(close(surface.at(64.0, 4.0).outside, 4.0) && close(surface.at(64.0, 4.0).slow, 1.44));
    }

    #[test]
    fn equal_sizes_become_one_point() {
        let curve = Curve::new(vec![point(1.0, 1.0), point(1.0, 4.0)]).unwrap();
        assert!(close(curve.at(1.0).rate, 2.0));
    }

    #[test]
    fn power_is_read_off_between_sizes_that_have_it_and_nowhere_else() {
        let with = |size, power_w| Point { power_w, ..point(size, 1.0) };
        let curve =
            Curve::new(vec![with(1.0, Some(100.0)), with(100.0, Some(300.0)), with(1e4, None)]).unwrap();
        assert!(close(curve.at(10.0).power_w.unwrap(), 200.0));
        assert_eq!((curve.at(0.1).power_w, curve.at(1e3).power_w), (Some(100.0), None));
        let halves = Curve::new(vec![with(1.0, Some(100.0)), with(1.0, None)]).unwrap();
        assert_eq!(halves.at(1.0).power_w, None);
        let surface =
            Surface::new(vec![(2.0, with(1.0, Some(100.0))), (8.0, with(1.0, Some(200.0)))]).unwrap();
        assert!(close(surface.at(4.0, 1.0).power_w.unwrap(), 150.0));
    }

    #[test]
    fn no_points_are_no_curve() {
        assert!(Curve::new(vec![]).is_none() && Surface::new(vec![]).is_none());
    }

    #[test]
    fn surfaces_interpolate_both_ways() {
        let corners = [(1.0, 1.0, 1.0), (1.0, 100.0, 4.0), (100.0, 1.0, 16.0), (100.0, 100.0, 64.0)];
        let points = corners.map(|(tokens, size, rate)| (tokens, point(size, rate)));
        let surface = Surface::new(points.to_vec()).unwrap();
        assert!(close(surface.at(10.0, 10.0).rate, 8.0));
        assert!(close(surface.at(1e9, 1.0).rate, 16.0));
        assert_eq!(surface.least_tokens(), 1.0);
    }

    proptest! {
        #[test]
        fn rates_stay_between_the_measured_ones(
            rates in prop::collection::vec(1e3f64..1e15, 1..9), size in 1e-3f64..1e12,
        ) {
            let points = rates.iter().enumerate().map(|(i, rate)| point(10f64.powi(i as i32), *rate));
            let reading = Curve::new(points.collect()).unwrap().at(size);
            let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rates.iter().copied().fold(0.0, f64::max);
            prop_assert!(reading.rate >= least * (1.0 - 1e-9) && reading.rate <= most * (1.0 + 1e-9));
            prop_assert!(reading.fast <= 1.0 && reading.slow >= 1.0);
        }
    }
}
