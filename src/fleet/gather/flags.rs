//! What is to be known of a device's rows, and whether they may be set beside those of its siblings.

use std::collections::{BTreeMap, HashMap};

use super::card;
use super::overlap::{Busy, overlaps};
use super::times::Span;
use crate::fleet::collected::{Flag, Unit};
use crate::fleet::plan::Plan;
use crate::measurement::Identity;
use crate::text;

/// What is needed of a unit until all are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// When it was busy.
    pub spans: Vec<Span>,
    /// Whether its task has ended well.
    pub whole: bool,
    /// Whether its rows are of two versions of mtok.
    pub versions_mixed: bool,
    /// Whether its rows are of two drivers.
    pub drivers_mixed: bool,
}

/// Gives every unit its flags.
pub fn mark(plan: &Plan, units: &mut [Unit], seen: &[Seen]) {
    let drivers = usual_drivers(units);
    let mut shared = Shared::of(units, seen);
    for (index, (unit, seen)) in units.iter_mut().zip(seen).enumerate() {
        let driver = driver(&unit.identity);
        let usual = drivers.get(&unit.type_index).is_some_and(|usual| *usual == driver);
        let marks = [
            (Flag::Partial, !seen.whole),
            (Flag::OtherVersion, seen.versions_mixed || other_version(plan, &unit.identity)),
            (Flag::OtherDriver, seen.drivers_mixed || !usual),
            (Flag::SharedDevice, shared.take(index, |shared| &mut shared.device)),
            (Flag::SharedNode, shared.take(index, |shared| &mut shared.node)),
            (Flag::MeasuredTwice, shared.take(index, |shared| &mut shared.twice)),
        ];
        unit.flags = marks.into_iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag).collect();
        let apart = [Flag::OtherVersion, Flag::SharedDevice].iter().any(|flag| unit.flags.contains(flag));
        unit.comparable = !apart && !seen.drivers_mixed;
    }
}

/// Whether the rows are of another mtok than the plan's. What was compiled for debugging is another program.
fn other_version(plan: &Plan, identity: &Identity) -> bool {
    // What is read back is what was written: inert and trimmed.
    let written = |text: &str| text::csv_cell(text).trim().to_owned();
    identity.tool_version != written(&plan.tool_version)
        || (!plan.tool_commit.is_empty() && identity.tool_commit != written(&plan.tool_commit))
        || !["", "release"].contains(&identity.build_profile.as_str())
}

fn driver(identity: &Identity) -> (String, String) {
    (identity.driver.clone(), identity.driver_info.clone())
}

/// The driver that most devices of each type have; of two as frequent ones the first by name.
fn usual_drivers(units: &[Unit]) -> HashMap<u32, (String, String)> {
    let mut counts: BTreeMap<(u32, (String, String)), u64> = BTreeMap::new();
    for unit in units {
        *counts.entry((unit.type_index, driver(&unit.identity))).or_default() += 1;
    }
    let mut usual: HashMap<u32, (u64, (String, String))> = HashMap::new();
    for ((kind, driver), count) in counts {
        let most = usual.entry(kind).or_default();
        if count > most.0 {
            *most = (count, driver);
        }
    }
    usual.into_iter().map(|(kind, (_, driver))| (kind, driver)).collect()
}

/// Beside each unit what it shares with other tasks.
struct Shared {
    device: Vec<bool>,
    node: Vec<bool>,
    twice: Vec<bool>,
}

impl Shared {
    fn of(units: &[Unit], seen: &[Seen]) -> Self {
        let none = || vec![false; units.len()];
        let mut shared = Self { device: none(), node: none(), twice: none() };
        let devices = card::devices(units);
        let mut by_device: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut by_node: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, (unit, device)) in units.iter().zip(&devices).enumerate() {
            if let Some(device) = device {
                by_device.entry(*device).or_default().push(index);
            }
            if !unit.card.node.is_empty() {
                by_node.entry(&unit.card.node).or_default().push(index);
            }
        }
        let busy = |places: &[usize]| -> Vec<Busy> {
            let of = |unit: usize| {
                let spans = seen.get(unit).map(|seen| seen.spans.as_slice()).unwrap_or_default();
                let task = units.get(unit).map(|unit| unit.task).unwrap_or_default();
                let device = devices.get(unit).copied().flatten();
                spans.iter().map(move |span| Busy { unit, task, device, span: *span })
            };
            places.iter().copied().flat_map(of).collect()
        };
        for places in by_device.values() {
            let mut tasks = places.iter().filter_map(|place| units.get(*place)).map(|unit| unit.task);
            let first = tasks.next();
            if tasks.all(|task| Some(task) == first) {
                continue;
            }
            overlaps(busy(places), |a, b| a.task != b.task, |a, b| set(&mut shared.device, [a, b]));
            places.iter().for_each(|place| set(&mut shared.twice, [*place, *place]));
        }
        for places in by_node.values().filter(|places| places.len() > 1) {
            let apart = |a: &Busy, b: &Busy| a.task != b.task && a.device != b.device;
            overlaps(busy(places), apart, |a, b| set(&mut shared.node, [a, b]));
        }
        // Of a device that two tasks had at once that is what is to be known.
        shared.twice.iter_mut().zip(&shared.device).for_each(|(twice, device)| *twice &= !device);
        shared
    }

    fn take(&mut self, index: usize, which: impl FnOnce(&mut Self) -> &mut Vec<bool>) -> bool {
        which(self).get(index).copied().unwrap_or_default()
    }
}

fn set(marks: &mut [bool], places: [usize; 2]) {
    for place in places {
        if let Some(mark) = marks.get_mut(place) {
            *mark = true;
        }
    }
}
