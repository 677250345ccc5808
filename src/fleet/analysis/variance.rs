//! Where the spread of a fleet comes from: a nested analysis of variance with random effects, on logarithms of times.
//!
//! `y = cell + node + device in node + run`, each with a variance of its own, by the method of moments on unweighted means
//! (Searle, Casella and McCulloch, "Variance Components", 1992, chapter 4), which takes nodes and devices of any number: the
//! mean of a device over its n runs has the variance d + r/n, and so on. Cells are pooled with the weights that they have in a
//! device's distance. An estimate below 0 says that what lies below it explains all that is seen: it is given as 0.

use super::Variance;
use super::deviation::Siblings;
use super::nodes::Node;
use super::values::Values;

/// Sums over cells of what the moments need.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Squared distances of runs from the mean of their device, and their degrees.
    runs: (f64, f64),
    /// The same of devices from the mean of their node; and how much of the variance of runs is in them.
    devices: (f64, f64),
    runs_in_devices: f64,
    /// The same of nodes from the mean of all.
    nodes: (f64, f64),
    devices_in_nodes: f64,
    runs_in_nodes: f64,
}

/// The split over devices that `counts`: those that stand out are no part of the spread.
pub(super) fn split(
    siblings: &Siblings,
    nodes: &[Node<'_>],
    values: &Values,
    counts: &[bool],
) -> Option<Variance> {
    let places = siblings.cells.len();
    let mut sums = vec![Sums::default(); places];
    let mut node_means: Vec<Vec<f64>> = vec![Vec::new(); places];
    for node in nodes {
        let devices = node.devices.iter().filter(|place| counts.get(**place) == Some(&true));
        let units: Vec<u32> = devices.filter_map(|place| siblings.units.get(*place).copied()).collect();
        add_node(&units, siblings, values, &mut sums, &mut node_means);
    }
    for (sums, means) in sums.iter_mut().zip(&node_means) {
        add_nodes(sums, means);
    }
    let weight = |place: usize| siblings.cells.get(place).map_or(0.0, |cell| 1.0 / (cell.noise * cell.noise));
    let (mut all, mut weights) = (Sums::default(), 0.0);
    for (place, sums) in sums.iter().enumerate() {
        all.add(sums, weight(place));
        weights += weight(place);
    }
    (weights > 0.0).then(|| all.components())
}

/// Adds what the devices of one node say.
fn add_node(units: &[u32], siblings: &Siblings, values: &Values, sums: &mut [Sums], means: &mut [Vec<f64>]) {
    // Per cell the mean of each device and the share of the variance of runs that is in it.
    let mut here: Vec<Vec<(f64, f64)>> = vec![Vec::new(); sums.len()];
    for value in units.iter().flat_map(|unit| values.unit(*unit)) {
        let Ok(place) = siblings.cells.binary_search_by_key(&value.cell, |cell| cell.cell) else { continue };
        let (Some(sums), Some(here)) = (sums.get_mut(place), here.get_mut(place)) else { continue };
        let runs = f64::from(value.runs);
        sums.runs.0 += value.scatter;
        sums.runs.1 += runs - 1.0;
        here.push((value.mean, 1.0 / runs));
    }
    for ((here, sums), means) in here.iter().zip(sums).zip(means) {
        let count = here.len() as f64;
        if here.is_empty() {
            continue;
        }
        let mean = here.iter().map(|it| it.0).sum::<f64>() / count;
        let of_runs: f64 = here.iter().map(|it| it.1).sum();
        sums.devices.0 += here.iter().map(|it| (it.0 - mean).powi(2)).sum::<f64>();
        sums.devices.1 += count - 1.0;
        sums.runs_in_devices += (1.0 - 1.0 / count) * of_runs;
        sums.devices_in_nodes += 1.0 / count;
        sums.runs_in_nodes += of_runs / (count * count);
        means.push(mean);
    }
}

/// Adds what the means of nodes say.
fn add_nodes(sums: &mut Sums, means: &[f64]) {
    let count = means.len() as f64;
    let mean = means.iter().sum::<f64>() / count;
    sums.nodes = (means.iter().map(|it| (it - mean).powi(2)).sum(), (count - 1.0).max(0.0));
    let share = if means.is_empty() { 0.0 } else { 1.0 - 1.0 / count };
    sums.devices_in_nodes *= share;
    sums.runs_in_nodes *= share;
}

impl Sums {
    fn add(&mut self, other: &Self, weight: f64) {
        let add = |to: &mut (f64, f64), from: (f64, f64)| {
            to.0 += weight * from.0;
            to.1 += weight * from.1;
        };
        add(&mut self.runs, other.runs);
        add(&mut self.devices, other.devices);
        add(&mut self.nodes, other.nodes);
        self.runs_in_devices += weight * other.runs_in_devices;
        self.devices_in_nodes += weight * other.devices_in_nodes;
        self.runs_in_nodes += weight * other.runs_in_nodes;
    }

    /// Solves the moments from the inside out. What cannot be told apart is in the innermost that can: with a run per device
    /// the devices hold the runs, with a device per node the devices hold the nodes.
    fn components(&self) -> Variance {
        let ratio = |(sum, degrees): (f64, f64)| (degrees > 0.0).then(|| (sum / degrees).max(0.0));
        let runs = ratio(self.runs);
        let of_runs = runs.unwrap_or_default();
        let within = ratio((self.devices.0 - of_runs * self.runs_in_devices, self.devices.1));
        let between = |of_devices: f64| {
            let explained = of_devices * self.devices_in_nodes + of_runs * self.runs_in_nodes;
            ratio((self.nodes.0 - explained, self.nodes.1))
        };
        let (devices, nodes) = match within {
            Some(within) => (Some(within), between(within)),
            None => (between(0.0), None),
        };
        let [nodes, devices, runs] = [nodes, devices, runs].map(|it| it.map(f64::sqrt));
        Variance { nodes, devices, runs }
    }
}
