//! Devices of one type and driver: who is compared with whom.

use std::collections::BTreeMap;

use super::deviation::Siblings;
use super::evidence;
use super::robust::{self, Noisy};
use super::values::Values;
use super::{Kind, Outlier};
use crate::fleet::collected::{Collected, Flag, Unit};

/// Devices that are compared with each other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Place of the type among the collected ones.
    pub type_index: u32,
    /// The driver, where it is not that of most devices of the type.
    pub other_driver: Option<String>,
    /// Groups of the type.
    pub of: usize,
    /// Places of its devices among the collected units, ascending.
    pub units: Vec<u32>,
}

/// The groups, in the order of types, those with the usual driver first. Devices that are not comparable are in none.
pub(super) fn groups(collected: &Collected, values: &Values) -> Vec<Group> {
    let mut groups: BTreeMap<(u32, Option<String>), Vec<u32>> = BTreeMap::new();
    for (place, unit) in (0u32..).zip(&collected.units) {
        let known = (unit.type_index as usize) < collected.types.len() && !values.unit(place).is_empty();
        if unit.comparable && known {
            let other = unit.flags.contains(&Flag::OtherDriver).then(|| driver(unit));
            groups.entry((unit.type_index, other)).or_default().push(place);
        }
    }
    let mut of: BTreeMap<u32, usize> = BTreeMap::new();
    groups.keys().for_each(|(type_index, _)| *of.entry(*type_index).or_default() += 1);
    let group = |((type_index, other_driver), units)| Group {
        type_index,
        other_driver,
        of: of.get(&type_index).copied().unwrap_or(1),
        units,
    };
    groups.into_iter().map(group).collect()
}

fn driver(unit: &Unit) -> String {
    let words = [&unit.identity.driver, &unit.identity.driver_info];
    let known: Vec<&str> =
        words.into_iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    if known.is_empty() { "not known".into() } else { known.join(" ") }
}

/// The outlier that a group with another driver is, beside the devices with the usual one.
pub(super) fn mixed(
    group: &Group,
    usual: Option<&Siblings>,
    collected: &Collected,
    values: &Values,
) -> Option<Outlier> {
    let name = group.other_driver.as_deref()?;
    let one = |usual: &Siblings, unit: u32| {
        let noisy = values.unit(unit).iter().filter_map(|value| {
            let place = usual.cells.binary_search_by_key(&value.cell, |cell| cell.cell).ok()?;
            let cell = usual.cells.get(place)?;
            Some(Noisy { value: value.median - cell.centre, noise: cell.noise })
        });
        robust::mean(&mut noisy.collect::<Vec<_>>())
    };
    let distances = |usual: &Siblings| group.units.iter().filter_map(|unit| one(usual, *unit)).collect();
    let slower = usual.and_then(|usual| robust::median_of(distances(usual))).map(f64::exp_m1);
    let of_most = usual.and_then(|usual| collected.units.get(*usual.units.first()? as usize)).map(driver);
    let usual_devices = usual.map_or(0, |usual| usual.units.len());
    let than = slower.map_or(String::new(), |slower| {
        format!("; their median takes {} that of the others", evidence::than(slower))
    });
    let beside = of_most.map_or(String::new(), |most| format!(", beside {usual_devices} with {most}"));
    let devices = evidence::counted(group.units.len(), "device");
    let have = if group.units.len() == 1 { "has" } else { "have" };
    Some(Outlier {
        kind: Kind::MixedDriver,
        type_index: group.type_index,
        units: group.units.clone(),
        slower,
        p_adjusted: None,
        evidence: format!("{devices} {have} the driver {name}{beside}{than}; compared among their own only"),
    })
}
