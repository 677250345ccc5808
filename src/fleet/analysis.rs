//! What a fleet's visits say together: per type of device the median and the spread, each device beside its siblings, and how
//! much of the spread is that of devices, of nodes and of runs.

use serde::Serialize;

use crate::named::named;

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
    /// What it is called.
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
