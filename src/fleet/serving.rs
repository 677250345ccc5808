//! Which devices of a fleet are paid for, and which of them served when they were asked.

use std::collections::{BTreeMap, HashMap};

use super::collected::{Collected, State, Task, Unit};
use super::gather;
use super::plan::Per;

/// Exit codes of a task that say nothing about its device: bad input, and a folder that cannot be written.
const NOT_THE_DEVICE: [u8; 2] = [2, 4];

/// The devices of a type that tasks asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Devices with good rows.
    pub serving: u32,
    /// Devices that are paid for and do not serve: their task failed without a good row, or they alone compute wrong results.
    pub silent: u32,
}

impl Asked {
    /// All of them.
    pub fn paid(self) -> u32 {
        self.serving + self.silent
    }

    /// The share of them that served: of the hours of a device, the best guess at those in which it works. `None` where
    /// none was asked.
    pub fn available(self) -> Option<f64> {
        (self.paid() > 0).then(|| f64::from(self.serving) / f64::from(self.paid()))
    }
}

/// What all tasks say of the devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Serving {
    /// Beside each collected type.
    pub types: Vec<Asked>,
    /// Silent devices of which nothing says what type they are.
    pub unknown: u32,
    /// Tasks that have not ended and have no good row: nothing is known of their devices.
    pub open_tasks: u32,
}

/// Beside each type its devices, in the order in which they first appear, each with its units: two tasks that measured the
/// same device have one each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices(Vec<Vec<Vec<u32>>>);

impl Devices {
    /// Tells them apart.
    pub fn of(collected: &Collected) -> Self {
        let mut all: Vec<Vec<Vec<u32>>> = vec![Vec::new(); collected.types.len()];
        let mut places: HashMap<(u32, usize), usize> = HashMap::new();
        let numbers = gather::devices(&collected.units);
        for ((index, unit), number) in (0..).zip(&collected.units).zip(numbers) {
            let Some(devices) = all.get_mut(unit.type_index as usize) else { continue };
            let place =
                number.map(|number| *places.entry((unit.type_index, number)).or_insert(devices.len()));
            match place.and_then(|place| devices.get_mut(place)) {
                Some(units) => units.push(index),
                None => devices.push(vec![index]),
            }
        }
        Self(all)
    }

    /// Those of a type.
    pub fn of_type(&self, type_index: u32) -> &[Vec<u32>] {
        self.0.get(type_index as usize).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Which devices serve, by type.
///
/// A task that failed without any row is a device of the type that its node has, else of the fleet's only type. Where a
/// task is a node, it is as many devices as such tasks have in the middle.
pub fn serving(collected: &Collected, devices: &Devices) -> Serving {
    let types = collected.types.len() as u32;
    let mut of_types: Vec<Asked> = (0..types).map(|of| with_rows(collected, devices.of_type(of))).collect();
    let nodes = types_of_nodes(collected);
    let mut answer = Serving::default();
    for task in collected.tasks.iter().filter(|task| task.units == 0) {
        match task.state {
            State::Begun | State::Missing => answer.open_tasks += 1,
            State::Failed if task.exit.is_none_or(|exit| !NOT_THE_DEVICE.contains(&exit)) => {
                let of_node = nodes.get(task.node.as_str()).copied().flatten();
                let type_index = of_node.or((types == 1).then_some(0));
                let devices = devices_of_a_task(collected, type_index);
                match type_index.and_then(|of| of_types.get_mut(of as usize)) {
                    Some(asked) => asked.silent += devices,
                    None => answer.unknown += devices,
                }
            }
            State::Failed | State::Done => {}
        }
    }
    Serving { types: of_types, ..answer }
}

/// The devices of a type that have rows. Where most of them compute something wrong, it is not the fault of a device.
fn with_rows(collected: &Collected, devices: &[Vec<u32>]) -> Asked {
    let sum = |units: &[u32], of: fn(&Unit) -> u64| -> u64 {
        units.iter().filter_map(|unit| collected.units.get(*unit as usize)).map(of).sum()
    };
    let wrong = |units: &Vec<u32>| sum(units, |unit| unit.rows.wrong) > 0;
    let common = 2 * devices.iter().filter(|units| wrong(units)).count() > devices.len();
    let serves = |units: &&Vec<u32>| sum(units, |unit| unit.rows.ok) > 0 && (common || !wrong(units));
    let serving = devices.iter().filter(serves).count() as u32;
    Asked { serving, silent: devices.len() as u32 - serving }
}

/// The type of the devices of each node; `None` of a node with several.
fn types_of_nodes(collected: &Collected) -> BTreeMap<&str, Option<u32>> {
    let mut nodes: BTreeMap<&str, Option<u32>> = BTreeMap::new();
    for unit in collected.units.iter().filter(|unit| !unit.card.node.is_empty()) {
        let of = nodes.entry(unit.card.node.as_str()).or_insert(Some(unit.type_index));
        *of = of.filter(|of| *of == unit.type_index);
    }
    nodes
}

/// How many devices a task has.
fn devices_of_a_task(collected: &Collected, type_index: Option<u32>) -> u32 {
    if collected.plan.per == Per::Gpu {
        return 1;
    }
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for unit in collected.units.iter().filter(|unit| type_index.is_none_or(|of| of == unit.type_index)) {
        *counts.entry(unit.task).or_default() += 1;
    }
    let mut counts: Vec<u32> = counts.into_values().collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(1)
}

/// Tasks that failed for a reason that is not their device's, and have no row.
pub fn excused(collected: &Collected) -> usize {
    let no_fault = |task: &&Task| {
        task.units == 0
            && task.state == State::Failed
            && task.exit.is_some_and(|exit| NOT_THE_DEVICE.contains(&exit))
    };
    collected.tasks.iter().filter(no_fault).count()
}

#[cfg(test)]
mod tests {
    use super::super::by_hand::Fleet;
    use super::super::collected::{Rows, Type};
    use super::*;

    fn of(collected: &Collected) -> Serving {
        serving(collected, &Devices::of(collected))
    }

    fn asked(serving: u32, silent: u32) -> Asked {
        Asked { serving, silent }
    }

    #[test]
    fn a_task_that_failed_without_a_row_is_a_device_that_is_paid_and_does_not_serve() {
        let mut fleet = Fleet::of(&[0.0; 9]);
        fleet.task(State::Failed, "n0", Some(3));
        let all = of(&fleet.collected);
        assert_eq!(all.types, [asked(9, 1)]);
        assert_eq!(all.types[0].available(), Some(0.9));
        assert_eq!((all.unknown, all.open_tasks), (0, 0));
        assert_eq!(asked(0, 0).available(), None);
    }

    #[test]
    fn what_has_not_ended_and_what_is_no_fault_of_a_device_counts_neither_way() {
        let mut fleet = Fleet::of(&[0.0; 2]);
        fleet.task(State::Begun, "n0", None);
        fleet.task(State::Missing, "", None);
        fleet.task(State::Failed, "n0", Some(4));
        let all = of(&fleet.collected);
        assert_eq!((all.types.as_slice(), all.open_tasks), ([asked(2, 0)].as_slice(), 2));
        assert_eq!(excused(&fleet.collected), 1);
    }

    #[test]
    fn a_device_that_alone_computes_wrong_results_does_not_serve() {
        let mut fleet = Fleet::of(&[0.0; 4]);
        let wrong = Rows { ok: 9, wrong: 1, ..Rows::default() };
        fleet.collected.units[0].rows = wrong;
        assert_eq!(of(&fleet.collected).types, [asked(3, 1)]);
        // A kernel that is wrong on most of them is no fault of a device.
        fleet.collected.units.iter_mut().for_each(|unit| unit.rows = wrong);
        assert_eq!(of(&fleet.collected).types, [asked(4, 0)]);
    }

    #[test]
    fn the_node_of_a_failed_task_says_its_type_and_without_one_nobody_guesses() {
        let mut fleet = Fleet::of(&[0.0; 2]);
        fleet.collected.types.push(Type { adapter: "Another GPU".into(), ..Type::default() });
        fleet.collected.units[1].type_index = 1;
        fleet.collected.units[1].card.node = "n7".into();
        fleet.task(State::Failed, "n7", Some(3));
        fleet.task(State::Failed, "n8", Some(3));
        let all = of(&fleet.collected);
        assert_eq!((all.types.as_slice(), all.unknown), ([asked(1, 0), asked(1, 1)].as_slice(), 1));
    }

    #[test]
    fn a_node_without_a_row_is_as_many_devices_as_the_others_have() {
        let mut fleet = Fleet::of(&[0.0; 16]);
        fleet.collected.plan.per = Per::Node;
        for (index, unit) in (0..).zip(&mut fleet.collected.units) {
            unit.task = index / 8;
        }
        fleet.task(State::Failed, "n9", Some(3));
        assert_eq!(of(&fleet.collected).types, [asked(16, 8)]);
    }
}
