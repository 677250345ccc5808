//! The names in a fleet's folder: the shape is stated in [`crate::fleet`].

use crate::hash::{hash, hexadecimal};
use crate::text::slug;

/// The characters of a name that [`slug`] keeps.
const SLUG_MAX: usize = 40;

/// The plan.
pub const PLAN: &str = "fleet.json";
/// The folder of the tasks.
pub const TASKS: &str = "tasks";
/// The folder of what was submitted.
pub const JOBS: &str = "jobs";
/// The script that was submitted.
pub const SCRIPT: &str = "fleet.sbatch";
/// The folder of what tasks wrote to stdout and stderr under a scheduler.
pub const LOGS: &str = "logs";
/// The folder of what all tasks say together.
pub const COLLECTED: &str = "collected";
/// In the folder of a task: who works on it.
pub const BEGUN: &str = "begun.json";
/// In the folder of a task: how it ended.
pub const STATUS: &str = "status.json";

/// The folder of a task, below [`TASKS`].
pub fn task(index: u32) -> String {
    format!("{index:05}")
}

/// The task whose folder has this name.
pub fn index(name: &str) -> Option<u32> {
    let index = name.parse().ok()?;
    (task(index) == name).then_some(index)
}

/// The folder of a device's rows, below that of its task: the node, and the PCI bus address or else the index of the adapter.
/// Long names of nodes often differ only at their end, which the folder's name cannot hold: a hash tells them apart.
pub fn place(node: &str, pci_bus_id: &str, adapter_index: u32) -> String {
    let device = match pci_bus_id {
        "" => format!("adapter-{adapter_index}"),
        bus => slug(bus),
    };
    let mut place = slug(node);
    if node.chars().count() > SLUG_MAX {
        place = format!("{place}-{}", hexadecimal(hash([node.as_bytes()])));
    }
    format!("{place}-{device}")
}

/// Whether a name is such as [`place`] gives: one ends with the parts of a bus address or with the index of an adapter.
pub fn is_place(name: &str) -> bool {
    let hexadecimal = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bus = name.rsplit('-').take(4);
    let adapter = name.rsplit_once("-adapter-").is_some_and(|(_, index)| index.parse::<u32>().is_ok());
    adapter
        || (bus.clone().count() == 4
            && name.split('-').count() > 4
            && bus.clone().all(|part| hexadecimal(&part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_tasks_are_told_from_others() {
        assert_eq!((task(7), index("00007")), ("00007".into(), Some(7)));
        for other in ["7", "+0007", "00007 (copy)", "", "000007"] {
            assert_eq!(index(other), None, "{other}");
        }
    }

    #[test]
    fn a_place_names_node_and_device_whatever_they_are_called() {
        assert_eq!(place("n1", "0000:41:00.0", 3), "n1-0000-41-00-0");
        assert_eq!(place("../N 2", "", 3), "n-2-adapter-3");
        assert!(is_place("n1-0000-41-00-0") && is_place("n-2-adapter-3"));
        for other in ["logs", "0000-41-00-0", "n-adapter-", "n1-0000-41-00-x", ""] {
            assert!(!is_place(other), "{other}");
        }
    }

    #[test]
    fn nodes_whose_long_names_differ_only_at_the_end_have_places_of_their_own() {
        let name = |end: &str| format!("gke-research-cluster-pool-h100-8g-europe-west4-{end}");
        assert_ne!(place(&name("1a2b"), "", 0), place(&name("1a2c"), "", 0));
        assert_eq!(slug(&name("1a2b")).len(), SLUG_MAX);
    }
}
