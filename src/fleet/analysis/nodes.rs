//! Whole nodes beside each other: what all devices of a node share is no fault of one of them.

use std::collections::BTreeMap;

use super::deviation::Siblings;
use super::outward;
use super::robust;
use crate::fleet::collected::Unit;

/// A clock below that of the siblings by less, as a share, does not explain a slowness that matters.
const CLOCK_LEAST: f64 = 0.02;
/// Degrees Celsius that places in a rack differ by without anything being wrong.
const HOTTER_LEAST_C: f64 = 5.0;
/// Robust standard deviations of the siblings that a reading has to lie out.
const READING_SPREADS: f64 = 3.0;
/// Fewer nodes have no siblings.
const NODES_MIN: usize = 3;

/// The devices of one node among siblings, as places in the list of siblings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its devices.
    pub devices: Vec<usize>,
}

/// The nodes of devices, in the order of their names. Devices whose node is not known are each their own.
pub(super) fn nodes<'a>(units: impl Iterator<Item = Option<&'a Unit>>) -> Vec<Node<'a>> {
    let mut named: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
    for (place, unit) in units.enumerate() {
        let name = unit.map_or("", |unit| unit.card.node.as_str());
        let own = if name.is_empty() { place + 1 } else { 0 };
        named.entry((name, own)).or_default().push(place);
    }
    named.into_iter().map(|((name, _), devices)| Node { name, devices }).collect()
}

/// A node that is slower than its siblings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slow {
    /// Place in the list of nodes.
    pub node: usize,
    /// The distance of its devices, on a logarithmic scale.
    pub distance: f64,
    /// The chance that one of so many nodes stands out so far, or that so many of its devices do.
    pub p: f64,
}

/// Nodes of two devices and more of which more than half are slow: because the node stands out among nodes, or because each of
/// those devices stands out among devices (`p`, per device). `least` is the distance that matters.
pub(super) fn slow(
    nodes: &[Node<'_>],
    siblings: &Siblings,
    p: &[f64],
    (level, least): (f64, f64),
) -> Vec<Slow> {
    let of = |node: &Node<'_>| -> Vec<(f64, f64)> {
        let one = |place: &usize| Some(((*siblings.deviations.get(*place)?)?, *p.get(*place)?));
        let mut known: Vec<(f64, f64)> = node.devices.iter().filter_map(one).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        known
    };
    let known: Vec<Vec<(f64, f64)>> = nodes.iter().map(of).collect();
    // The lower middle: more than half of the devices are as slow or slower.
    let middle = |devices: &Vec<(f64, f64)>| devices.get(devices.len().checked_sub(1)? / 2).map(|it| it.0);
    let several: Vec<(usize, f64)> = known
        .iter()
        .enumerate()
        .filter(|(_, devices)| devices.len() >= 2)
        .filter_map(|(node, devices)| Some((node, middle(devices)?)))
        .collect();
    let middles: Vec<f64> = several.iter().map(|it| it.1).collect();
    let beside = Some(&middles).filter(|it| it.len() >= NODES_MIN);
    let tested =
        beside.and_then(|middles| outward::tested(middles, level, siblings.error_variance(|_| true)));
    let found = several.into_iter().enumerate().filter(|(_, (_, distance))| *distance >= least);
    let slow = found.filter_map(|(place, (node, distance))| {
        let among_nodes = tested.as_ref().and_then(|it| it.p.get(place)).copied().unwrap_or(1.0);
        let devices = known.get(node)?;
        // The median device decides: where it stands out, more than half of the node does.
        let among_devices = devices.get((devices.len().checked_sub(1)?) / 2)?.1;
        let p = among_nodes.min(among_devices);
        (p <= level).then_some(Slow { node, distance, p })
    });
    slow.collect()
}

/// What sensors say of some devices beside others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sensed {
    /// Clock over that of the others, less 1, where it is lower by more than chance.
    pub clock: Option<f64>,
    /// Degrees above the others, where they are more than chance.
    pub hotter_c: Option<f64>,
    /// Time of the calibration kernel over that of the others, less 1, where it is longer by more than chance.
    pub calibration: Option<f64>,
}

impl Sensed {
    /// Whether it says that the devices are held back.
    pub fn throttling(self) -> bool {
        self.clock.is_some() || self.hotter_c.is_some()
    }
}

/// What the sensors of all siblings say: the middle of each reading, and the distance from it that is more than chance.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Readings {
    clock: Option<(f64, f64)>,
    temperature: Option<(f64, f64)>,
    calibration: Option<(f64, f64)>,
}

/// The logarithm of the time of a cycle: a lower clock lies above.
fn cycle(unit: &Unit) -> Option<f64> {
    Some(-unit.clock_hz.filter(|hz| *hz > 0.0)?.ln())
}

fn calibration(unit: &Unit) -> Option<f64> {
    Some(unit.calibration_s.filter(|it| *it > 0.0)?.ln())
}

fn finite(units: &[&Unit], reading: fn(&Unit) -> Option<f64>) -> Vec<f64> {
    units.iter().filter_map(|unit| reading(unit)).filter(|it| it.is_finite()).collect()
}

impl Readings {
    /// Of all siblings: a minority that is held back moves neither the middle nor the bound far.
    pub fn of(units: &[&Unit]) -> Self {
        let bounds = |reading: fn(&Unit) -> Option<f64>, least: f64| {
            let values = finite(units, reading);
            let bound = (READING_SPREADS * robust::spread(&values)?).max(least);
            Some((robust::median_of(values)?, bound))
        };
        Self {
            clock: bounds(cycle, CLOCK_LEAST),
            temperature: bounds(|unit| unit.temperature_c, HOTTER_LEAST_C),
            calibration: bounds(calibration, CLOCK_LEAST),
        }
    }

    /// What those of some devices say beside them.
    pub fn beside(&self, some: &[&Unit]) -> Sensed {
        let beyond = |reading: fn(&Unit) -> Option<f64>, siblings: Option<(f64, f64)>| {
            let (middle, bound) = siblings?;
            let distance = robust::median_of(finite(some, reading))? - middle;
            (distance >= bound).then_some(distance)
        };
        Sensed {
            clock: beyond(cycle, self.clock).map(|it| (-it).exp_m1()),
            hotter_c: beyond(|unit| unit.temperature_c, self.temperature),
            calibration: beyond(calibration, self.calibration).map(f64::exp_m1),
        }
    }
}
