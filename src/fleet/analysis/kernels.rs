//! Devices that are slow on some kernels only: bad memory shows where memory is the limit, a low power limit where arithmetic
//! is, a broken path of a driver in one kernel.

use std::collections::BTreeMap;

use super::deviation::Siblings;
use super::outward;
use crate::fleet::collected::Cell;
use crate::measurement::Cache;
use crate::op::Op;

/// A single kernel of one device differs for reasons that are nobody's fault, such as where its buffers came to lie: it has
/// to be slower by this share.
const KERNEL_LEAST: f64 = 0.05;
/// The other cells are slower by at most this share of the slowness of the class; else it is no matter of kernels.
const REST_MAX: f64 = 0.5;
/// A broad class goes before a narrow one that stands out no more than this much further.
const BROAD: f64 = 1.5;

/// Cells with something in common.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Class {
    /// What they have in common, as the object of "slower on …".
    pub name: String,
    /// For each cell of the siblings whether it belongs.
    pub holds: Vec<bool>,
    /// The distance, on a logarithmic scale, that matters.
    pub least: f64,
}

/// The classes of cells: bound by memory, by arithmetic, by starting a kernel, and each kernel by itself. A class of no cell or
/// of all is none.
pub(super) fn classes(siblings: &Siblings, cells: &[Cell], least: f64) -> Vec<Class> {
    let times: Vec<(Option<&Cell>, f64)> =
        siblings.cells.iter().map(|it| (cells.get(it.cell as usize), it.centre.exp())).collect();
    let limits = limits(&times);
    let mut classes: Vec<Class> = [Limit::Memory, Limit::Arithmetic, Limit::Start]
        .into_iter()
        .map(|limit| {
            let holds = limits.iter().map(|it| *it == limit).collect();
            Class { name: limit.words().into(), holds, least }
        })
        .collect();
    let mut kernels: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for (place, (cell, _)) in times.iter().enumerate() {
        let Some(cell) = cell else { continue };
        let holds = kernels.entry(cell.op.kernel()).or_insert_with(|| vec![false; times.len()]);
        holds.get_mut(place).into_iter().for_each(|it| *it = true);
    }
    let least = least.max(KERNEL_LEAST.ln_1p());
    let alone =
        kernels.into_iter().map(|(name, holds)| Class { name: format!("{name} alone"), holds, least });
    let some = |class: &Class| class.holds.contains(&true) && class.holds.contains(&false);
    // A kernel that is a whole class by itself is that class.
    let fresh: Vec<Class> = alone.filter(|it| classes.iter().all(|class| class.holds != it.holds)).collect();
    classes.extend(fresh);
    classes.retain(some);
    classes
}

/// What keeps a cell from being faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Memory,
    Arithmetic,
    Start,
}

impl Limit {
    fn words(self) -> &'static str {
        match self {
            Self::Memory => "kernels bound by memory",
            Self::Arithmetic => "kernels bound by arithmetic",
            Self::Start => "kernels that take no longer than their start",
        }
    }
}

/// By the roofline of the median device: the best rates that any of its cells reaches (Williams, Waterman and Patterson,
/// "Roofline", 2009). Bandwidth is that of cells that cannot come from caches.
fn limits(times: &[(Option<&Cell>, f64)]) -> Vec<Limit> {
    let best = |rate: fn(&Cell) -> f64| {
        times.iter().filter_map(|(cell, s)| Some(rate((*cell)?) / s)).fold(0.0, f64::max)
    };
    let streams = |cell: &Cell| match cell.op {
        Op::Copy { .. } | Op::Read { .. } | Op::Triad { .. } => cell.op.bytes().0,
        _ if cell.cache == Cache::Cold => cell.op.bytes().0,
        _ => 0.0,
    };
    let streamed = best(streams);
    let bandwidth = if streamed > 0.0 { streamed } else { best(|cell| cell.op.bytes().0) };
    let arithmetic = best(|cell| cell.op.flops().0);
    let start = times.iter().map(|it| it.1).fold(f64::INFINITY, f64::min);
    let limit = |(cell, s): &(Option<&Cell>, f64)| match cell {
        None => Limit::Start,
        Some(cell) if matches!(cell.op, Op::Dispatch { .. }) => Limit::Start,
        Some(_) if *s < 2.0 * start && times.len() > 2 && bandwidth * s < 1e6 => Limit::Start,
        Some(cell) => {
            let [flops, bytes] = [cell.op.flops().0 / arithmetic, cell.op.bytes().0 / bandwidth];
            if flops > bytes { Limit::Arithmetic } else { Limit::Memory }
        }
    };
    times.iter().map(limit).collect()
}

/// A device that is slow on a class.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slow {
    /// Place of the device among the siblings.
    pub device: usize,
    /// The class.
    pub class: String,
    /// Its distance there, on a logarithmic scale.
    pub distance: f64,
    /// Its distance in all other cells.
    pub rest: f64,
    /// The chance of a false alarm, all devices and classes considered.
    pub p: f64,
}

/// Devices that stand out on a class and are like their siblings elsewhere, each on the class that says most. `free` of what
/// their nodes have in common: the distance of each device's node, which is taken off.
pub(super) fn slow(siblings: &Siblings, classes: &[Class], of_node: &[f64], level: f64) -> Vec<Slow> {
    let mut found: BTreeMap<usize, Slow> = BTreeMap::new();
    for class in classes {
        for slow in slow_on(class, classes.len(), siblings, of_node, level) {
            let better = found.get(&slow.device).is_none_or(|it| slow.distance > BROAD * it.distance);
            if better {
                found.insert(slow.device, slow);
            }
        }
    }
    found.into_values().collect()
}

fn slow_on(class: &Class, of: usize, siblings: &Siblings, of_node: &[f64], level: f64) -> Vec<Slow> {
    let holds = |place: usize| class.holds.get(place) == Some(&true);
    let over = siblings.over(holds);
    let own: Vec<Option<f64>> =
        over.iter().zip(of_node).map(|(distance, node)| distance.map(|distance| distance - node)).collect();
    let level = level / of as f64;
    let error = siblings.error_variance(holds);
    let tested = outward::trusted(&own, level, error, |spread| siblings.trust(&own, spread, holds));
    let p = tested.map(|tested| tested.p).unwrap_or_default();
    let out: Vec<(usize, f64, f64)> = own
        .iter()
        .zip(&p)
        .enumerate()
        .filter_map(|(device, (distance, p))| Some((device, (*distance)?, *p)))
        .filter(|(_, distance, p)| *p <= level && *distance >= class.least)
        .collect();
    if out.is_empty() {
        return Vec::new();
    }
    let others = siblings.over(|place| !holds(place));
    let alone = |(device, distance, p): (usize, f64, f64)| {
        let rest = (*others.get(device)?)? - of_node.get(device)?;
        let slow = Slow { device, class: class.name.clone(), distance, rest, p: (p * of as f64).min(1.0) };
        (rest <= REST_MAX * distance).then_some(slow)
    };
    out.into_iter().filter_map(alone).collect()
}
