//! What speaks for an outlier, as one plain sentence with figures. Names of nodes and drivers are as their files have them:
//! whoever shows a sentence makes it harmless for that place.

use super::nodes::Sensed;
use crate::fleet::collected::Unit;

/// A share such as `5.1 %`; two digits are all that it is known to.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share.abs();
    format!("{percent:.*} %", if percent < 9.95 { 1 } else { 0 })
}

/// `5.1 % longer than` or `5.1 % shorter than`.
pub(super) fn than(share: f64) -> String {
    format!("{} {} than", percent(share), if share < 0.0 { "shorter" } else { "longer" })
}

/// How a device is called: its node, and its bus address or the number of the device.
pub(super) fn device(unit: &Unit) -> String {
    let identity = &unit.identity;
    let bus = [&unit.card.pci_bus_id, &identity.pci_bus_id].into_iter().find(|it| !it.is_empty());
    let name = bus.cloned().unwrap_or_else(|| format!("adapter {}", identity.adapter_index));
    match unit.card.node.as_str() {
        "" => format!("{name} of task {}", unit.task),
        node => format!("{name} of node {node}"),
    }
}

/// What a device or node is beside, and how alike those are.
pub(super) fn beside(what: &str, count: usize, cells: usize, spread: f64) -> String {
    format!(
        "the median of {count} {what} over {}, which spread by {}",
        counted(cells, "cell"),
        percent(spread)
    )
}

/// A number with its noun.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// What sensors say, as the end of a sentence; empty where they say nothing.
pub(super) fn sensed(sensed: Sensed) -> String {
    let clock = sensed.clock.map(|it| format!("its clock is {} lower than theirs", percent(it)));
    let hotter = sensed.hotter_c.map(|it| format!("it is {} °C hotter", format_args!("{it:.0}")));
    let kernel = sensed.calibration.map(|it| format!("the calibration kernel takes {} longer", percent(it)));
    let all: Vec<String> = [clock, hotter, kernel].into_iter().flatten().collect();
    if all.is_empty() { String::new() } else { format!("; {}", all.join(", ")) }
}
