//! How much longer each device takes than its siblings, over all cells or some of them.

use super::robust::{self, Noisy};
use super::values::{MEDIAN_VARIANCE, Value, Values};
use crate::stats::moderated::Prior;

/// No cell is believed to be known better than this, as a share: clocks have steps, and some spreads are small by luck.
const NOISE_MIN: f64 = 0.001;
/// The noise of a cell where nothing tells it.
const NOISE_UNKNOWN: f64 = 0.02;
/// Degrees of freedom of the MAD of a normal sample, per value: its efficiency.
const MAD_EFFICIENCY: f64 = 0.37;
/// Fewer devices have no median that stands for siblings.
pub(super) const SIBLINGS_MIN: usize = 3;

/// A cell among siblings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CellNoise {
    /// Place of the cell among the collected ones.
    pub cell: u32,
    /// Median over the siblings of the logarithm of the seconds.
    pub centre: f64,
    /// Standard deviation of one sibling about it.
    pub noise: f64,
}

/// The distance of a device from its siblings in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Place of the cell in [`Siblings::cells`].
    pub cell: u32,
    /// Logarithm of its time over that of the median sibling.
    pub distance: f64,
    /// Sum of the squared distances of its runs from their mean.
    scatter: f64,
    /// Its runs.
    runs: u32,
}

/// Devices of one type and driver beside each other.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    /// Their places among the collected units.
    pub units: Vec<u32>,
    /// The cells that at least [`SIBLINGS_MIN`] of them have, in order.
    pub cells: Vec<CellNoise>,
    /// Of each device, its cells.
    pub points: Vec<Vec<Point>>,
    /// The variance that what shakes whole runs leaves in a distance, by the median device.
    shaken: f64,
    /// Of each device, its distance over all cells; `None` of one without any.
    pub deviations: Vec<Option<f64>>,
}

impl Siblings {
    /// Sets devices beside each other.
    pub fn new(units: Vec<u32>, values: &Values) -> Self {
        let cells = cells(&units, values);
        let points: Vec<Vec<Point>> = units.iter().map(|unit| points(values.unit(*unit), &cells)).collect();
        let shaken = units.iter().filter_map(|unit| values.shaken(*unit)).collect();
        let shaken = robust::median_of(shaken).unwrap_or_default();
        let mut it = Self { units, cells, points, shaken, deviations: Vec::new() };
        it.deviations = it.over(|_| true);
        it
    }

    /// The distance of each device over the cells that count: a robust mean with the weight of a cell by how little healthy
    /// siblings differ in it, less the median of all devices.
    pub fn over(&self, counts: impl Fn(usize) -> bool) -> Vec<Option<f64>> {
        let mut noisy = Vec::new();
        let means: Vec<Option<f64>> = (0..self.units.len())
            .map(|unit| {
                self.noisy(unit, &counts, &mut noisy);
                robust::mean(&mut noisy)
            })
            .collect();
        let centre = robust::median_of(means.iter().flatten().copied().collect()).unwrap_or_default();
        means.into_iter().map(|mean| mean.map(|mean| mean - centre)).collect()
    }

    /// The points of a device in the cells that count.
    fn noisy(&self, unit: usize, counts: &impl Fn(usize) -> bool, noisy: &mut Vec<Noisy>) {
        noisy.clear();
        for point in self.points.get(unit).into_iter().flatten() {
            let Some(cell) = self.cells.get(point.cell as usize) else { continue };
            if counts(point.cell as usize) {
                noisy.push(Noisy { value: point.distance, noise: cell.noise });
            }
        }
    }

    /// How much less is known of each device than of most, as a factor of at most 1 on its distance: one that was measured in a
    /// few noisy cells stands out less with the same distance. `spread` is that of complete devices, over the cells that count.
    pub fn trust(&self, deviations: &[Option<f64>], spread: f64, counts: impl Fn(usize) -> bool) -> Vec<f64> {
        let residual = self.residual_noise(deviations, &counts);
        let error = |points: &Vec<Point>| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for point in points {
                let place = point.cell as usize;
                if !counts(place) {
                    continue;
                }
                let (Some(cell), Some(residual)) = (self.cells.get(place), residual.get(place)) else {
                    continue;
                };
                let weight = 1.0 / (cell.noise * cell.noise);
                sum += weight * residual;
                weights += weight;
            }
            // What cells of a device have in common does not average out: the cautious bound.
            sum / weights
        };
        let errors: Vec<f64> = self.points.iter().map(error).collect();
        let usual = robust::median_of(errors.iter().copied().filter(|it| it.is_finite()).collect());
        let usual = usual.unwrap_or_default();
        let trust = |error: &f64| {
            let more = (error * error - usual * usual).max(0.0);
            spread / (spread * spread + more).sqrt()
        };
        errors.iter().map(trust).map(|it| if it.is_finite() { it } else { 1.0 }).collect()
    }

    /// The variance that the runs of a device leave in its distance over the cells that count, by the median device: what
    /// shakes whole runs, and what shakes single visits, which averages out over the cells. 0 where each has one run.
    pub fn error_variance(&self, counts: impl Fn(usize) -> bool) -> f64 {
        let of_visits = |points: &Vec<Point>| {
            let (mut scatter, mut degrees, mut runs, mut weights, mut cells) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for point in points.iter().filter(|point| counts(point.cell as usize)) {
                let noise = self.cells.get(point.cell as usize)?.noise;
                let weight = 1.0 / (noise * noise);
                scatter += weight * point.scatter;
                degrees += weight * (f64::from(point.runs) - 1.0);
                runs += weight * f64::from(point.runs);
                weights += weight;
                cells += 1.0;
            }
            (degrees > 0.0).then(|| MEDIAN_VARIANCE * scatter / degrees / (runs / weights) / cells)
        };
        let of_visits = robust::median_of(self.points.iter().filter_map(of_visits).collect());
        self.shaken + of_visits.unwrap_or_default()
    }

    /// Standard deviation of each cell that counts about the distances of its devices.
    fn residual_noise(&self, deviations: &[Option<f64>], counts: &impl Fn(usize) -> bool) -> Vec<f64> {
        let mut residuals = vec![Vec::new(); self.cells.len()];
        for (points, deviation) in self.points.iter().zip(deviations) {
            let Some(deviation) = deviation else { continue };
            for point in points.iter().filter(|point| counts(point.cell as usize)) {
                let list = residuals.get_mut(point.cell as usize).into_iter();
                list.for_each(|list: &mut Vec<f64>| list.push(point.distance - deviation));
            }
        }
        residuals.iter().map(|list| robust::spread(list).unwrap_or(NOISE_UNKNOWN)).collect()
    }
}

fn points(values: &[Value], cells: &[CellNoise]) -> Vec<Point> {
    let point = |value: &Value| {
        let place = cells.binary_search_by_key(&value.cell, |cell| cell.cell).ok()?;
        let distance = value.median - cells.get(place)?.centre;
        Some(Point { cell: place as u32, distance, scatter: value.scatter, runs: value.runs })
    };
    values.iter().filter_map(point).collect()
}

/// The cells of the siblings with their noise: that of a few devices is steadied by that of all cells.
fn cells(units: &[u32], values: &Values) -> Vec<CellNoise> {
    let mut columns: std::collections::BTreeMap<u32, Vec<f64>> = Default::default();
    for value in units.iter().flat_map(|unit| values.unit(*unit)) {
        columns.entry(value.cell).or_default().push(value.median);
    }
    columns.retain(|_, column| column.len() >= SIBLINGS_MIN.min(units.len()));
    let rough: Vec<(u32, f64, f64, f64)> = columns
        .into_iter()
        .filter_map(|(cell, column)| {
            let degrees = (MAD_EFFICIENCY * (column.len() as f64 - 1.0)).max(1.0);
            let spread = robust::spread(&column).unwrap_or_default();
            Some((cell, robust::median_of(column)?, spread * spread, degrees))
        })
        .collect();
    let prior =
        Prior::fit(&rough.iter().map(|&(_, _, variance, degrees)| (variance, degrees)).collect::<Vec<_>>());
    let noise = |variance: f64, degrees: f64| match prior {
        Some(prior) => prior.posterior(variance, degrees).0.sqrt(),
        None if variance > 0.0 => variance.sqrt(),
        None => NOISE_UNKNOWN,
    };
    let cell = |(cell, centre, variance, degrees)| CellNoise {
        cell,
        centre,
        noise: noise(variance, degrees).max(NOISE_MIN),
    };
    rough.into_iter().map(cell).collect()
}
