//! What a fleet's visits say together: per type of device the median and the spread, each device beside its siblings, and how
//! much of the spread is that of devices, of nodes and of runs.

mod deviation;
mod evidence;
mod group;
mod judge;
mod kernels;
mod nodes;
mod outward;
mod robust;
mod values;
mod variance;

#[cfg(test)]
mod tests;

use serde::Serialize;

use self::deviation::{SIBLINGS_MIN, Siblings};
use self::group::{Group, groups, mixed};
use self::nodes::{Node, nodes};
use self::values::Values;
use super::collected::Collected;
use crate::named::named;
use crate::stats::{quantile_sorted, sorted};

/// The chance of a false alarm among all devices of a type that are alike: one healthy fleet in a hundred is accused of
/// anything.
pub const LEVEL: f64 = 0.01;

/// The share below which a device is called alike however sure it is that it differs. Devices that nobody complains of differ
/// by as much from one visit to the next, and no card is exchanged for less.
pub const LEAST: f64 = 0.02;

/// What is said of all devices of a fleet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// A row per type with comparable devices, in the order of the collected types.
    pub types: Vec<TypeSpread>,
    /// Each type and cell: how its siblings are distributed.
    pub cells: Vec<CellSpread>,
    /// Beside each collected unit how it stands to its siblings; `None` where it is not comparable or has no siblings.
    pub standings: Vec<Option<Standing>>,
    /// What is out of line, the worst first.
    pub outliers: Vec<Outlier>,
}

/// A type of device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TypeSpread {
    /// Its place among the collected types.
    pub type_index: u32,
    /// Comparable devices.
    pub devices: u32,
    /// Nodes that they are in.
    pub nodes: u32,
    /// Robust standard deviation of the devices' times, as a share of the median; `None` below three devices.
    pub spread: Option<f64>,
    /// The share by which the slowest device takes longer than the median one.
    pub slowest: Option<f64>,
    /// The share by which the fastest takes longer: negative.
    pub fastest: Option<f64>,
    /// Where the spread comes from.
    pub variance: Option<Variance>,
    /// The smallest slowness, as a share, that would be found in 95 of 100 such fleets.
    pub detectable: Option<f64>,
}

/// Standard deviations of a time by where they come from, each as a share of the time; squared they add up to the variance of
/// one visit. `None` where the fleet cannot tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Variance {
    /// Between the nodes.
    pub nodes: Option<f64>,
    /// Between the devices of a node.
    pub devices: Option<f64>,
    /// Between the runs of a device.
    pub runs: Option<f64>,
}

/// A cell on all devices of a type: one value per device, the median of its runs, seconds per execution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellSpread {
    /// Place of the type among the collected ones.
    pub type_index: u32,
    /// Place of the cell among the collected ones.
    pub cell: u32,
    /// Devices with a good row.
    pub devices: u32,
    /// Fastest.
    pub min_s: f64,
    /// First quartile.
    pub q1_s: f64,
    /// Median.
    pub median_s: f64,
    /// Third quartile.
    pub q3_s: f64,
    /// Slowest.
    pub max_s: f64,
}

/// A device beside its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The share by which it takes longer than the median sibling, over all cells; negative where it is faster.
    pub slower: f64,
    /// The chance that one of so many devices that are alike stands out so far, all devices of the type considered.
    pub p_adjusted: f64,
    /// What it is called over all cells: one that is slow on some kernels only may be alike over all of them.
    pub label: Label,
}

/// What a device is called beside its siblings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// As its siblings.
    #[default]
    Alike,
    /// Slower, by itself.
    SlowCard,
    /// Slower, as all devices of its node are.
    SlowNode,
    /// Slower, as all devices of its node are, at a lower clock or hotter than the siblings: power, cooling or limits.
    ThrottlingNode,
    /// Faster than siblings can be.
    FastCard,
}

named!(Label {
    Alike = "alike",
    SlowCard = "slow-card",
    SlowNode = "slow-node",
    ThrottlingNode = "throttling-node",
    FastCard = "fast-card",
});

/// What an outlier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// One device is slower than its siblings.
    SlowCard,
    /// One device is slower on some kernels only, such as those that read memory.
    SlowKernels,
    /// All devices of a node are slower.
    SlowNode,
    /// All devices of a node are slower, at a lower clock or hotter.
    ThrottlingNode,
    /// One device is faster than its siblings.
    FastCard,
    /// Devices have another driver than most of their type.
    MixedDriver,
}

named!(Kind {
    SlowCard = "slow-card",
    SlowKernels = "slow-kernels",
    SlowNode = "slow-node",
    ThrottlingNode = "throttling-node",
    FastCard = "fast-card",
    MixedDriver = "mixed-driver",
});

/// Something out of line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlier {
    /// What it is.
    pub kind: Kind,
    /// Place of the type among the collected ones.
    pub type_index: u32,
    /// Places of its devices among the collected units.
    pub units: Vec<u32>,
    /// The share by which they take longer than the median sibling; `None` of a mixed driver where that is not known.
    pub slower: Option<f64>,
    /// Chance of a false alarm, all comparisons considered; `None` where nothing was tested.
    pub p_adjusted: Option<f64>,
    /// What speaks for it, one sentence.
    pub evidence: String,
}

/// Sets every device beside its siblings: those of the same type and driver that may be compared.
///
/// The value of a device in a cell is the median of its runs; its distance from its siblings is the mean over its cells of the
/// logarithm of its time over theirs, robust, and with the weight of a cell by how little siblings differ in it. What stands
/// out is tested from the inside outwards ([`LEVEL`], all devices, nodes and kernels of a type considered), and has to matter
/// ([`LEAST`]). Groups of fewer than three devices are not judged. The order of devices, visits and cells does not matter, nor
/// does the unit of the times. Takes time in proportion to n log n of the visits.
pub fn analyse(collected: &Collected) -> Analysis {
    let values = Values::of(collected);
    let mut analysis = Analysis { standings: vec![None; collected.units.len()], ..Analysis::default() };
    let mut usual: Option<(u32, Siblings)> = None;
    for group in groups(collected, &values) {
        let siblings = Siblings::new(group.units.clone(), &values);
        let units = group.units.iter().map(|unit| collected.units.get(*unit as usize));
        let nodes = nodes(units);
        let judged = judge::judge(&group, &siblings, &nodes, collected).unwrap_or_default();
        for (unit, standing) in group.units.iter().zip(&judged.standings) {
            analysis.standings.get_mut(*unit as usize).into_iter().for_each(|slot| *slot = *standing);
        }
        analysis.outliers.extend(judged.outliers);
        if group.other_driver.is_some() {
            let beside = usual.as_ref().filter(|it| it.0 == group.type_index).map(|it| &it.1);
            analysis.outliers.extend(mixed(&group, beside, collected, &values));
            continue;
        }
        analysis.cells.extend(cell_spreads(&group, &values));
        let alike: Vec<bool> = judged
            .standings
            .iter()
            .map(|standing| standing.is_none_or(|standing| standing.label == Label::Alike))
            .collect();
        let variance = variance::split(&siblings, &nodes, &values, &alike);
        analysis.types.push(TypeSpread {
            variance: variance.filter(|_| group.units.len() >= SIBLINGS_MIN),
            detectable: judged.detectable,
            ..spread(&group, &siblings, &nodes)
        });
        usual = Some((group.type_index, siblings));
    }
    analysis.outliers.sort_by(worst_first);
    analysis
}

/// The slow ones by how slow they are, then mixed drivers, then the fast ones.
fn worst_first(a: &Outlier, b: &Outlier) -> std::cmp::Ordering {
    let rank = |it: &Outlier| match it.kind {
        Kind::MixedDriver => 1,
        Kind::FastCard => 2,
        _ => 0,
    };
    let slower = |it: &Outlier| it.slower.unwrap_or_default().abs();
    rank(a).cmp(&rank(b)).then(slower(b).total_cmp(&slower(a))).then_with(|| a.units.cmp(&b.units))
}

fn spread(group: &Group, siblings: &Siblings, nodes: &[Node<'_>]) -> TypeSpread {
    let known: Vec<f64> = siblings.deviations.iter().flatten().copied().collect();
    let several = known.len() >= SIBLINGS_MIN;
    let furthest = |sign: f64| {
        let furthest = known.iter().map(|it| sign * it).fold(f64::NEG_INFINITY, f64::max);
        several.then(|| (sign * furthest).exp_m1())
    };
    TypeSpread {
        type_index: group.type_index,
        devices: group.units.len() as u32,
        nodes: nodes.len() as u32,
        spread: robust::spread(&known).filter(|_| several),
        slowest: furthest(1.0),
        fastest: furthest(-1.0),
        variance: None,
        detectable: None,
    }
}

fn cell_spreads(group: &Group, values: &Values) -> Vec<CellSpread> {
    let mut columns: std::collections::BTreeMap<u32, Vec<f64>> = Default::default();
    for value in group.units.iter().flat_map(|unit| values.unit(*unit)) {
        columns.entry(value.cell).or_default().push(value.median.exp());
    }
    let of = |(cell, column): (u32, Vec<f64>)| {
        let column = sorted(&column);
        let at = |p| quantile_sorted(&column, p);
        Some(CellSpread {
            type_index: group.type_index,
            cell,
            devices: column.len() as u32,
            min_s: at(0.0)?,
            q1_s: at(0.25)?,
            median_s: at(0.5)?,
            q3_s: at(0.75)?,
            max_s: at(1.0)?,
        })
    };
    columns.into_iter().filter_map(of).collect()
}
