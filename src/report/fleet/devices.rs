//! A row per device: who it is, how it stands to its siblings, and what is to be known of it.

use std::collections::HashSet;

use serde::Serialize;

use super::super::columns::{Column, number, text};
use super::rows::{percent, shown};
use super::{FleetReport, type_name};
use crate::fleet::analysis::Label;
use crate::fleet::collected::{State, Unit};
use crate::fleet::record::Card;
use crate::measurement::{DeviceType, SOFTWARE_LABEL};

/// A device as one task measured it, flat, as CSV shows it. Unknown is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeviceRow {
    /// Whether nothing was measured.
    pub simulated: bool,
    /// The task.
    pub task: u32,
    /// Where the task stands.
    pub task_state: State,
    /// The node.
    pub node: String,
    /// The folder of its rows, below that of the task.
    pub place: String,
    /// The maker's own number of the device.
    pub uuid: String,
    /// PCI bus address.
    pub pci_bus_id: String,
    /// The adapter's name.
    pub adapter: String,
    /// What kind of device it is.
    pub device_type: DeviceType,
    /// Whether it is a software adapter, which is no GPU.
    pub software: bool,
    /// `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// Driver name.
    pub driver: String,
    /// Driver version text.
    pub driver_info: String,
    /// mtok's version.
    pub tool_version: String,
    /// mtok's commit.
    pub tool_commit: String,
    /// Whether its rows are set beside those of its siblings.
    pub comparable: bool,
    /// What is to be known of it, joined by `;`.
    pub flags: String,
    /// The share by which it takes longer than the median sibling; negative where it is faster.
    pub slower: Option<f64>,
    /// Chance of a false alarm, all siblings considered.
    pub p_adjusted: Option<f64>,
    /// What it is called beside its siblings.
    pub label: Option<Label>,
    /// Verified rows.
    pub rows_ok: u64,
    /// Rows with wrong results.
    pub rows_wrong: u64,
    /// Rows that failed.
    pub rows_failed: u64,
    /// Rows that were skipped.
    pub rows_skipped: u64,
    /// When the first of its rows ended.
    pub first_utc: String,
    /// When the last of them ended.
    pub last_utc: String,
    /// Median clock after the samples, cycles per second.
    pub clock_hz: Option<f64>,
    /// The highest clock that it may take.
    pub clock_max_hz: Option<f64>,
    /// The power that it may take, W.
    pub power_limit_w: Option<f64>,
    /// Median temperature, degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Median time of the calibration kernel, seconds.
    pub calibration_s: Option<f64>,
}

impl DeviceRow {
    /// All of them, in the order of tasks and places.
    pub fn all(report: &FleetReport) -> Vec<Self> {
        report.collected.units.iter().enumerate().map(|(place, unit)| Self::of(report, place, unit)).collect()
    }

    fn of(report: &FleetReport, place: usize, unit: &Unit) -> Self {
        let (card, identity) = (&unit.card, &unit.identity);
        let kind = report.type_of(unit).cloned().unwrap_or_default();
        let standing = report.standing(place);
        let flags: Vec<&str> = unit.flags.iter().map(|flag| flag.name()).collect();
        Self {
            simulated: report.collected.plan.simulated,
            task: unit.task,
            task_state: report
                .collected
                .tasks
                .get(unit.task as usize)
                .map(|task| task.state)
                .unwrap_or_default(),
            node: card.node.clone(),
            place: card.place.clone(),
            uuid: card.uuid.clone(),
            pci_bus_id: card.pci_bus_id.clone(),
            adapter: kind.adapter,
            device_type: kind.device_type,
            software: kind.device_type == DeviceType::Software,
            backend: kind.backend,
            driver: identity.driver.clone(),
            driver_info: identity.driver_info.clone(),
            tool_version: identity.tool_version.clone(),
            tool_commit: identity.tool_commit.clone(),
            comparable: unit.comparable,
            flags: flags.join(";"),
            slower: standing.map(|standing| standing.slower),
            p_adjusted: standing.map(|standing| standing.p_adjusted),
            label: standing.map(|standing| standing.label),
            rows_ok: unit.rows.ok,
            rows_wrong: unit.rows.wrong,
            rows_failed: unit.rows.failed,
            rows_skipped: unit.rows.skipped,
            first_utc: unit.first_utc.clone(),
            last_utc: unit.last_utc.clone(),
            clock_hz: unit.clock_hz,
            clock_max_hz: card.clock_max_hz,
            power_limit_w: card.power_limit_w,
            temperature_c: unit.temperature_c,
            calibration_s: unit.calibration_s,
        }
    }
}

/// What tells a device from those of its node, in the words that an operator finds it by.
pub(in super::super) fn bus(card: &Card) -> &str {
    [&card.pci_bus_id, &card.uuid, &card.place]
        .into_iter()
        .find(|name| !name.is_empty())
        .map_or("", String::as_str)
}

/// A device in words: its node and its address there.
pub(super) fn device(card: &Card) -> String {
    format!("{} {}", card.node, bus(card)).trim().to_owned()
}

/// What two measurements of one device share.
pub(in super::super) fn card_key(card: &Card) -> (&str, &str) {
    match (card.uuid.as_str(), card.pci_bus_id.as_str()) {
        ("", "") => (&card.node, &card.place),
        ("", bus) => (&card.node, bus),
        (uuid, _) => ("", uuid),
    }
}

/// How many devices there are and in how many nodes, whatever tasks measured them twice.
pub(super) fn counted<'u>(units: impl IntoIterator<Item = &'u Unit>) -> (usize, usize) {
    let (mut devices, mut nodes) = (HashSet::new(), HashSet::new());
    for unit in units {
        devices.insert(card_key(&unit.card));
        nodes.insert(unit.card.node.as_str());
    }
    (devices.len(), nodes.len())
}

/// A device as the page lists it.
pub(in super::super) struct Listing {
    pub device: String,
    pub task: u32,
    pub kind: String,
    pub slower: Option<f64>,
    pub label: &'static str,
    pub remarks: String,
    pub rows_ok: u64,
    pub clock_hz: Option<f64>,
    pub temperature_c: Option<f64>,
}

pub(in super::super) const LISTING: [Column<Listing>; 9] = [
    text("device", |row| row.device.clone()),
    number("slower %", |row| percent(row.slower)),
    text("beside its siblings", |row| row.label.to_owned()),
    text("remarks", |row| shown(&row.remarks)),
    number("task", |row| row.task.to_string()),
    number("rows", |row| row.rows_ok.to_string()),
    number("MHz", |row| super::super::number(row.clock_hz.map(|hertz| hertz / 1e6))),
    number("°C", |row| super::super::number(row.temperature_c)),
    text("type", |row| row.kind.clone()),
];

/// The devices that stand furthest from their siblings, at most so many; those that stand nowhere come last.
pub(in super::super) fn furthest(report: &FleetReport, at_most: usize) -> Vec<Listing> {
    let slower = |place: usize| report.standing(place).map(|standing| standing.slower);
    let mut places: Vec<usize> = (0..report.collected.units.len()).collect();
    let far = |place: usize| slower(place).map_or(-1.0, f64::abs);
    places.sort_by(|a, b| far(*b).total_cmp(&far(*a)).then(a.cmp(b)));
    places.truncate(at_most);
    let listing = |place: usize| {
        let unit = report.collected.units.get(place)?;
        let flags: Vec<&str> = unit.flags.iter().map(|flag| flag.name()).collect();
        Some(Listing {
            device: device(&unit.card),
            task: unit.task,
            kind: report.type_of(unit).map(type_name).unwrap_or_default(),
            slower: slower(place),
            label: match report.standing(place) {
                Some(standing) => standing.label.name(),
                None if unit.comparable => "no siblings",
                None => "not compared",
            },
            remarks: flags.join(", "),
            rows_ok: unit.rows.ok,
            clock_hz: unit.clock_hz,
            temperature_c: unit.temperature_c,
        })
    };
    places.into_iter().filter_map(listing).collect()
}

/// What a type is called where it is no GPU.
pub(super) fn labelled(name: String, device_type: DeviceType) -> String {
    if device_type == DeviceType::Software { format!("{name}, {SOFTWARE_LABEL}") } else { name }
}
