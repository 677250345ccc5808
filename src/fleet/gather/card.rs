//! Which device is which: what the record of a task says of its cards beside what the rows say.

use std::collections::{BTreeSet, HashMap};

use crate::fleet::collected::Unit;
use crate::fleet::folders;
use crate::fleet::record::{Begun, Card};
use crate::measurement::Identity;
use crate::text::{self, slug};

/// The card whose rows lie in a place: that of the record, of this attempt or an earlier one; where no record knows it, what the
/// rows and the name of the folder tell. `None` where the folder is not named for the device.
pub fn card(last: &Begun, place: &str, identity: &Identity) -> Option<Card> {
    if let Some(card) = last.cards.iter().chain(&last.earlier).find(|card| card.place == place) {
        let node = if card.node.is_empty() { &last.node } else { &card.node };
        return Some(Card { node: node.clone(), ..card.clone() });
    }
    let place_on = |node: &str| folders::place(node, &identity.pci_bus_id, identity.adapter_index);
    let node = if place_on(&last.node) == place {
        last.node.clone()
    } else {
        // What stands for no node is followed by the device.
        let device = place_on("");
        place.strip_suffix(device.strip_prefix(&slug(""))?)?.to_owned()
    };
    Some(Card {
        node,
        place: place.to_owned(),
        adapter: identity.adapter.clone(),
        device_type: identity.device_type,
        pci_bus_id: identity.pci_bus_id.clone(),
        driver: identity.driver.clone(),
        driver_info: identity.driver_info.clone(),
        ..Card::default()
    })
}

/// What speaks against rows with this identity being of the card.
pub fn contradiction(card: &Card, identity: &Identity) -> Option<String> {
    // What is read back is what was written: inert and trimmed.
    let adapter = text::csv_cell(&card.adapter).trim().to_owned();
    let [bus, row_bus] = [&card.pci_bus_id, &identity.pci_bus_id].map(|bus| bus_address(bus));
    let other_adapter = !adapter.is_empty() && adapter != identity.adapter;
    let other_bus = !bus.is_empty() && !row_bus.is_empty() && bus != row_bus;
    (other_adapter || other_bus).then(|| {
        format!(
            "its rows are of {}, the record of the task says {}",
            shown(&identity.adapter, &identity.pci_bus_id),
            shown(&card.adapter, &card.pci_bus_id)
        )
    })
}

/// A device in words.
pub fn shown(adapter: &str, pci_bus_id: &str) -> String {
    match pci_bus_id {
        "" => crate::table::quote(adapter),
        bus => format!("{} at {}", crate::table::quote(adapter), text::inert(bus)),
    }
}

/// A PCI bus address however many zeros its domain is written with.
fn bus_address(text: &str) -> String {
    text.trim_start_matches('0').to_ascii_lowercase()
}

/// Numbers the devices: units with the same number are of the same device. By the maker's number; else by node and bus address,
/// where that is the address of one maker's number only (slices of a card share it); else by node and folder. `None` where
/// nothing is known of one.
pub fn devices(units: &[Unit]) -> Vec<Option<usize>> {
    let mut makers: HashMap<(&str, String), BTreeSet<&str>> = HashMap::new();
    for Card { node, pci_bus_id, uuid, .. } in units.iter().map(|unit| &unit.card) {
        if !uuid.is_empty() && !node.is_empty() && !pci_bus_id.is_empty() {
            makers.entry((node, bus_address(pci_bus_id))).or_default().insert(uuid);
        }
    }
    let mut numbers: HashMap<Key, usize> = HashMap::new();
    let number = |unit: &Unit| {
        let Card { node, place, pci_bus_id, uuid, .. } = &unit.card;
        let key = match (uuid.as_str(), node.as_str(), pci_bus_id.as_str()) {
            ("", "", _) => return None,
            ("", node, "") => Key::Place(node.into(), place.clone()),
            ("", node, bus) => {
                let address = (node, bus_address(bus));
                match makers.get(&address).filter(|known| known.len() == 1).and_then(BTreeSet::first) {
                    Some(uuid) => Key::Maker((*uuid).to_owned()),
                    None => Key::Bus(node.into(), address.1),
                }
            }
            (uuid, ..) => Key::Maker(uuid.into()),
        };
        let next = numbers.len();
        Some(*numbers.entry(key).or_insert(next))
    };
    units.iter().map(number).collect()
}

/// What tells a device from all others.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    /// The maker's number.
    Maker(String),
    /// Node and bus address.
    Bus(String, String),
    /// Node and folder.
    Place(String, String),
}
