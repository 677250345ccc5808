//! A fleet as JSON: shares as fractions, unknown as null, what is set aside and what is not done by name.

use std::collections::HashMap;

use serde::Serialize;

use super::super::json::pretty;
use super::FleetReport;
use super::devices::counted;
use crate::fleet::analysis::{Kind, Label, TypeSpread, Variance};
use crate::fleet::collected::{Aside, Flag, State, Task, Type, Unit};
use crate::fleet::plan::Plan;
use crate::market::fleet::{FleetDay, FleetTotal};
use crate::market::row::Comparison;
use crate::measurement::DeviceType;

/// Grows by one when a key changes its meaning or goes away; a new key does not change it.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Whole<'r> {
    schema_version: u32,
    title: String,
    simulated: bool,
    software: bool,
    command: &'r str,
    as_of: Option<String>,
    answer: Vec<String>,
    plan: &'r Plan,
    tasks: Tasks<'r>,
    rows: u64,
    types: Vec<TypeJson<'r>>,
    outliers: Vec<OutlierJson<'r>>,
    devices: Vec<DeviceJson<'r>>,
    cells: Vec<CellJson<'r>>,
    aside: &'r [Aside],
    costs: Option<CostsJson<'r>>,
}

#[derive(Serialize)]
struct Tasks<'r> {
    planned: usize,
    done: usize,
    failed: usize,
    begun: usize,
    missing: usize,
    not_done: Vec<&'r Task>,
}

#[derive(Serialize)]
struct TypeJson<'r> {
    type_index: usize,
    adapter: &'r str,
    device_type: DeviceType,
    backend: &'r str,
    software: bool,
    /// All of them; the next two count those that are compared.
    devices_measured: usize,
    devices: u32,
    nodes: u32,
    spread: Option<f64>,
    slowest: Option<f64>,
    fastest: Option<f64>,
    variance: Option<Variance>,
    detectable: Option<f64>,
    drivers: Vec<String>,
}

#[derive(Serialize)]
struct OutlierJson<'r> {
    kind: Kind,
    type_index: u32,
    adapter: &'r str,
    slower: Option<f64>,
    p_adjusted: Option<f64>,
    evidence: &'r str,
    devices: Vec<Named<'r>>,
}

/// What a device is found by.
#[derive(Serialize)]
struct Named<'r> {
    task: u32,
    node: &'r str,
    place: &'r str,
    uuid: &'r str,
    pci_bus_id: &'r str,
}

#[derive(Serialize)]
struct DeviceJson<'r> {
    #[serde(flatten)]
    named: Named<'r>,
    type_index: u32,
    comparable: bool,
    flags: &'r [Flag],
    slower: Option<f64>,
    p_adjusted: Option<f64>,
    label: Option<Label>,
}

#[derive(Serialize)]
struct CellJson<'r> {
    type_index: u32,
    cell: &'r str,
    devices: u32,
    min_s: f64,
    q1_s: f64,
    median_s: f64,
    q3_s: f64,
    max_s: f64,
}

#[derive(Serialize)]
struct CostsJson<'r> {
    types: Vec<TypeCostJson<'r>>,
    days: &'r [FleetDay],
    totals: &'r [FleetTotal],
    notes: &'r [String],
}

#[derive(Serialize)]
struct TypeCostJson<'r> {
    type_index: u32,
    devices: u32,
    speed: f64,
    rows: &'r [Comparison],
}

/// The report as pretty JSON with a line end. A number that is not finite is null.
pub fn json(report: &FleetReport) -> String {
    let collected = &report.collected;
    pretty(&Whole {
        schema_version: SCHEMA_VERSION,
        title: report.heading(str::to_owned),
        simulated: collected.plan.simulated,
        software: report.software(),
        command: &report.command,
        as_of: report.as_of.map(|day| day.to_string()),
        answer: super::answer(report, str::to_owned),
        plan: &collected.plan,
        tasks: tasks(report),
        rows: collected.rows,
        types: types(report),
        outliers: outliers(report),
        devices: collected
            .units
            .iter()
            .enumerate()
            .map(|(place, unit)| device(report, place, unit))
            .collect(),
        cells: cells(report),
        aside: &collected.aside,
        costs: costs(report),
    })
}

fn tasks(report: &FleetReport) -> Tasks<'_> {
    let tasks = &report.collected.tasks;
    let count = |state| tasks.iter().filter(|task| task.state == state).count();
    Tasks {
        planned: tasks.len(),
        done: count(State::Done),
        failed: count(State::Failed),
        begun: count(State::Begun),
        missing: count(State::Missing),
        not_done: tasks.iter().filter(|task| task.state != State::Done).collect(),
    }
}

fn types(report: &FleetReport) -> Vec<TypeJson<'_>> {
    let mut units: Vec<Vec<&Unit>> = vec![Vec::new(); report.collected.types.len()];
    for unit in &report.collected.units {
        units.get_mut(unit.type_index as usize).into_iter().for_each(|units| units.push(unit));
    }
    let spreads = &report.analysis.types;
    let spreads: HashMap<usize, &TypeSpread> =
        spreads.iter().map(|spread| (spread.type_index as usize, spread)).collect();
    let types = report.collected.types.iter().zip(&units).enumerate();
    types.map(|(place, (kind, units))| of_type(place, kind, units, spreads.get(&place).copied())).collect()
}

fn of_type<'r>(place: usize, kind: &'r Type, units: &[&Unit], spread: Option<&TypeSpread>) -> TypeJson<'r> {
    let mut drivers: Vec<String> = units
        .iter()
        .map(|unit| format!("{} {}", unit.identity.driver, unit.identity.driver_info).trim().to_owned())
        .collect();
    drivers.sort_unstable();
    drivers.dedup();
    TypeJson {
        type_index: place,
        adapter: &kind.adapter,
        device_type: kind.device_type,
        backend: &kind.backend,
        software: kind.device_type == DeviceType::Software,
        devices_measured: counted(units.iter().copied()).0,
        devices: spread.map(|spread| spread.devices).unwrap_or_default(),
        nodes: spread.map(|spread| spread.nodes).unwrap_or_default(),
        spread: spread.and_then(|spread| spread.spread),
        slowest: spread.and_then(|spread| spread.slowest),
        fastest: spread.and_then(|spread| spread.fastest),
        variance: spread.and_then(|spread| spread.variance),
        detectable: spread.and_then(|spread| spread.detectable),
        drivers,
    }
}

fn named(unit: &Unit) -> Named<'_> {
    let card = &unit.card;
    Named {
        task: unit.task,
        node: &card.node,
        place: &card.place,
        uuid: &card.uuid,
        pci_bus_id: &card.pci_bus_id,
    }
}

fn outliers(report: &FleetReport) -> Vec<OutlierJson<'_>> {
    let types = &report.collected.types;
    let outliers = report.analysis.outliers.iter().map(|outlier| OutlierJson {
        kind: outlier.kind,
        type_index: outlier.type_index,
        adapter: types.get(outlier.type_index as usize).map_or("", |kind| &kind.adapter),
        slower: outlier.slower,
        p_adjusted: outlier.p_adjusted,
        evidence: &outlier.evidence,
        devices: report.units_of(&outlier.units).into_iter().map(named).collect(),
    });
    outliers.collect()
}

fn device<'r>(report: &FleetReport, place: usize, unit: &'r Unit) -> DeviceJson<'r> {
    let standing = report.standing(place);
    DeviceJson {
        named: named(unit),
        type_index: unit.type_index,
        comparable: unit.comparable,
        flags: &unit.flags,
        slower: standing.map(|standing| standing.slower),
        p_adjusted: standing.map(|standing| standing.p_adjusted),
        label: standing.map(|standing| standing.label),
    }
}

fn cells(report: &FleetReport) -> Vec<CellJson<'_>> {
    let cell = |place: u32| report.collected.cells.get(place as usize).map_or("", |cell| &cell.name);
    let cells = report.analysis.cells.iter().map(|spread| CellJson {
        type_index: spread.type_index,
        cell: cell(spread.cell),
        devices: spread.devices,
        min_s: spread.min_s,
        q1_s: spread.q1_s,
        median_s: spread.median_s,
        q3_s: spread.q3_s,
        max_s: spread.max_s,
    });
    cells.collect()
}

fn costs(report: &FleetReport) -> Option<CostsJson<'_>> {
    let costs = report.costs.as_ref()?;
    let types = costs.types.iter().map(|cost| TypeCostJson {
        type_index: cost.type_index,
        devices: cost.devices,
        speed: cost.speed,
        rows: &cost.rows,
    });
    Some(CostsJson { types: types.collect(), days: &costs.days, totals: &costs.totals, notes: &costs.notes })
}
