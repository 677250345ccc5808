//! The visits of each device to each cell, as one value: on a logarithmic scale, where a factor is a distance.

use std::collections::BTreeMap;

use super::robust::median_of;
use crate::fleet::collected::{Collected, Visit};
use crate::stats::median;

/// The variance of the median of several normal values over that of their mean, at most.
pub(super) const MEDIAN_VARIANCE: f64 = std::f64::consts::FRAC_PI_2;

/// All visits of a device to a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    /// Place of the device among the collected units.
    pub unit: u32,
    /// Place of the cell among the collected ones.
    pub cell: u32,
    /// Median over the runs of the logarithm of the seconds.
    pub median: f64,
    /// Mean of the same.
    pub mean: f64,
    /// Sum of the squared distances of the runs from their mean.
    pub scatter: f64,
    /// Runs.
    pub runs: u32,
}

/// The values of a fleet, in the order of units and then of cells.
#[derive(Debug, Default)]
pub(super) struct Values {
    all: Vec<Value>,
    /// Where each unit begins, and the end.
    starts: Vec<usize>,
    /// Of each unit with several runs, the variance that they leave in a value over all its cells.
    shaken: BTreeMap<u32, f64>,
}

impl Values {
    /// Of all visits. Visits of devices or cells that are not listed, and times that are not above 0, are none.
    pub fn of(collected: &Collected) -> Self {
        let known = |visit: &&Visit| {
            (visit.unit as usize) < collected.units.len()
                && (visit.cell as usize) < collected.cells.len()
                && visit.median_s.is_finite()
                && visit.median_s > 0.0
        };
        let mut visits: Vec<Visit> = collected.visits.iter().filter(known).copied().collect();
        // Times are part of the order, so that the same visits give the same bits in whatever order they came.
        visits.sort_unstable_by(|a, b| {
            let place = |visit: &Visit| (visit.unit, visit.cell, visit.run);
            place(a).cmp(&place(b)).then(a.median_s.total_cmp(&b.median_s))
        });
        let same = |a: &Visit, b: &Visit| (a.unit, a.cell) == (b.unit, b.cell);
        let mut logarithms = Vec::new();
        let all: Vec<Value> = visits.chunk_by(same).filter_map(|runs| value(runs, &mut logarithms)).collect();
        let mut starts = vec![0; collected.units.len() + 1];
        for value in &all {
            starts.get_mut(value.unit as usize + 1).into_iter().for_each(|count| *count += 1);
        }
        let mut before = 0;
        starts.iter_mut().for_each(|start| {
            before += *start;
            *start = before;
        });
        let shaken = shaken(&visits, &all);
        Self { all, starts, shaken }
    }

    /// The variance that the runs of a device leave in a value over all its cells; `None` of one run.
    pub fn shaken(&self, unit: u32) -> Option<f64> {
        self.shaken.get(&unit).copied()
    }

    /// Those of one device, in the order of cells.
    pub fn unit(&self, unit: u32) -> &[Value] {
        let at = |place: usize| self.starts.get(place).copied().unwrap_or_default();
        self.all.get(at(unit as usize)..at(unit as usize + 1)).unwrap_or_default()
    }
}

/// More runs of a device say no more about how much runs differ.
const RUNS_MAX: usize = 16;

/// What shakes a whole run of a device stays in the median of its runs: per run the median over its cells of the distance from
/// the cell's mean, and of those the variance of a median of so many.
fn shaken(visits: &[Visit], values: &[Value]) -> BTreeMap<u32, f64> {
    let mut means = values.iter();
    let mut shaken = BTreeMap::new();
    for unit in visits.chunk_by(|a, b| a.unit == b.unit) {
        let mut runs: Vec<(u32, Vec<f64>)> = Vec::new();
        for (cell, value) in unit.chunk_by(|a, b| a.cell == b.cell).zip(&mut means) {
            for visit in cell {
                let distance = visit.median_s.ln() - value.mean;
                if runs.iter().all(|(run, _)| *run != visit.run) && runs.len() < RUNS_MAX {
                    runs.push((visit.run, Vec::new()));
                }
                let of_run = runs.iter_mut().filter(|(run, _)| *run == visit.run);
                of_run.for_each(|(_, distances)| distances.push(distance));
            }
        }
        let runs: Vec<f64> = runs.into_iter().filter_map(|(_, distances)| median_of(distances)).collect();
        let (Some(first), count @ 2..) = (unit.first(), runs.len()) else { continue };
        let (count, mean) = (count as f64, runs.iter().sum::<f64>() / count as f64);
        let variance = runs.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (count - 1.0);
        shaken.insert(first.unit, MEDIAN_VARIANCE * variance / count);
    }
    shaken
}

fn value(runs: &[Visit], logarithms: &mut Vec<f64>) -> Option<Value> {
    let first = runs.first()?;
    logarithms.clear();
    logarithms.extend(runs.iter().map(|visit| visit.median_s.ln()));
    let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
    Some(Value {
        unit: first.unit,
        cell: first.cell,
        median: middle(logarithms)?,
        mean,
        scatter: logarithms.iter().map(|it| (it - mean).powi(2)).sum(),
        runs: runs.len() as u32,
    })
}

/// The median; three runs and fewer, the usual case, take no list of their own.
fn middle(values: &[f64]) -> Option<f64> {
    match *values {
        [one] => Some(one),
        [one, two] => Some(0.5 * (one + two)),
        [one, two, three] => Some(one.max(two).min(one.min(two).max(three))),
        _ => median(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_few_runs_have_the_same_median_as_many(values in prop::collection::vec(-9.0f64..9.0, 1..6)) {
            prop_assert!((middle(&values).unwrap() - median(&values).unwrap()).abs() < 1e-12);
        }
    }
}
