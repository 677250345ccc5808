//! Whether two measurements are of one device under the same conditions.

use super::side::{Cell, Side};
use super::{Options, Reason, speaker};
use crate::measurement::Identity;

/// What is looked at, in this order: the first that differs is named.
type Check = (Reason, fn(&Identity) -> String);
const CHECKS: [Check; 5] = [
    (Reason::Adapter, device),
    (Reason::Backend, |identity| identity.backend.clone()),
    (Reason::Driver, |identity| format!("{} {}", identity.driver, identity.driver_info).trim().to_owned()),
    (Reason::BoundsChecks, |identity| identity.bounds_checks.clone()),
    (Reason::BuildProfile, |identity| identity.build_profile.clone()),
];

fn device(identity: &Identity) -> String {
    let Identity { adapter, device_type, vendor_id, device_id, .. } = identity;
    format!("{adapter} ({device_type}, {vendor_id:04x}:{device_id:04x})")
}

/// What stands against comparing two cells that both have a result.
pub(super) fn bar(base: &Side, from: &Cell, new: &Side, to: &Cell, options: &Options) -> Option<Reason> {
    let (a, b) = (speaker(from)?, speaker(to)?);
    let (one, other) = (base.identity(a)?, new.identity(b)?);
    let differs = |check: &&Check| {
        let (one, other) = ((check.1)(one), (check.1)(other));
        // Files of older versions lack some of these; unknown is not different.
        !(one.is_empty() || other.is_empty() || one == other)
    };
    let allowed = |reason: Reason| reason == Reason::Driver && options.allow_driver;
    if let Some((reason, _)) = CHECKS.iter().filter(|check| !allowed(check.0)).find(differs) {
        return Some(*reason);
    }
    if !one.pci_bus_id.is_empty() && !other.pci_bus_id.is_empty() && one.pci_bus_id != other.pci_bus_id {
        return Some(Reason::Adapter);
    }
    if a.times?.method != b.times?.method {
        return Some(Reason::TimingMethod);
    }
    (base.text(a.inputs) != new.text(b.inputs)).then_some(Reason::Inputs)
}

/// Both values of what stands against comparing two cells.
pub(super) fn words(base: &Side, from: &Cell, new: &Side, to: &Cell, reason: Reason) -> String {
    let shown = |side: &Side, cell: &Cell| {
        let visit = speaker(cell)?;
        let identity = side.identity(visit)?;
        Some(match reason {
            Reason::WorseStatus | Reason::BaseStatus | Reason::NewSkipped | Reason::NoResult => {
                cell.status().to_string()
            }
            Reason::TimingMethod => visit.times?.method.to_string(),
            Reason::Inputs => side.text(visit.inputs).to_owned(),
            Reason::Adapter => format!("{} {}", device(identity), identity.pci_bus_id).trim().to_owned(),
            _ => CHECKS.iter().find(|check| check.0 == reason).map(|check| (check.1)(identity))?,
        })
    };
    match (shown(base, from), shown(new, to)) {
        (Some(one), Some(other)) => format!("{one} / {other}"),
        _ => String::new(),
    }
}

/// What differs between the sides and is no reason against comparing them.
pub(super) fn notes(base: &Side, new: &Side) -> Vec<String> {
    let (Some(one), Some(other)) = (base.identities().first(), new.identities().first()) else {
        return vec![];
    };
    let tool =
        |identity: &Identity| format!("{} {}", identity.tool_version, identity.tool_commit).trim().to_owned();
    let pairs = [
        ("tool", tool(one), tool(other)),
        ("wgpu", one.wgpu_version.clone(), other.wgpu_version.clone()),
        ("driver", one.driver_info.clone(), other.driver_info.clone()),
    ];
    let differing = pairs.into_iter().filter(|(_, one, other)| one != other);
    differing.map(|(name, one, other)| format!("{name} {one} / {other}")).collect()
}
