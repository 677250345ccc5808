//! A fleet as `collect` would find it, without files: for statistics over many fleets.

use super::planted::Role;
use super::rows::{card, example, identity, span, utc};
use super::times::{Device, place};
use super::{Fleet, Planted};
use crate::fleet::collected::{Aside, Cell, Collected, Flag, Rows, State, Task, Type, Unit, Visit};
use crate::measurement::cell_name;

/// The version that is said to have measured.
const TOOL: (&str, &str) = ("0.1.0", "");

/// The fleet with what was planted in it. Folders that are set aside are named in [`Collected::aside`] and have no rows.
pub fn collected(fleet: &Fleet, planted: &Planted) -> Collected {
    let cells = fleet.cells();
    let named = |cell: &super::catalogue::Cell| Cell {
        name: cell_name(&cell.op, cell.variant, cell.cache),
        op: cell.op,
        variant: cell.variant.into(),
        cache: cell.cache,
    };
    let mut all = Collected {
        plan: fleet.plan(TOOL),
        tasks: Vec::new(),
        units: Vec::new(),
        types: vec![Type {
            adapter: super::ADAPTER.into(),
            device_type: crate::measurement::DeviceType::DiscreteGpu,
            backend: "vulkan".into(),
        }],
        cells: cells.iter().map(named).collect(),
        visits: Vec::new(),
        examples: (0u32..).zip(&cells).map(|(at, cell)| (0, at, example(fleet, cell, TOOL))).collect(),
        aside: Vec::new(),
        rows: 0,
    };
    for (task, role) in (0u32..).zip(&planted.roles) {
        all.tasks.push(task_of(fleet, task, *role));
        if !matches!(role, Role::Missing | Role::OtherPlan | Role::Backwards) {
            add_unit(fleet, &cells, task, *role, &mut all);
        }
    }
    let aside = |it: &super::PlantedAside| Aside {
        path: it.path.clone(),
        why: it.why,
        what: "planted".into(),
        rows: 0,
    };
    all.aside = planted.aside.iter().map(aside).collect();
    all
}

fn task_of(fleet: &Fleet, task: u32, role: Role) -> Task {
    let state = match role {
        Role::Missing | Role::OtherPlan => State::Missing,
        Role::Failed | Role::Backwards => State::Failed,
        Role::Torn => State::Begun,
        _ => State::Done,
    };
    if state == State::Missing {
        return Task { task, ..Task::default() };
    }
    let [start, end] = span(fleet, task);
    Task {
        task,
        state,
        attempts: Some(1),
        node: card(fleet, task, role).node,
        begun_utc: utc(start),
        ended_utc: if state == State::Begun { String::new() } else { utc(end) },
        units: u32::from(role != Role::Backwards),
        ..Task::default()
    }
}

fn add_unit(fleet: &Fleet, cells: &[super::catalogue::Cell], task: u32, role: Role, all: &mut Collected) {
    let mut device = Device::new(fleet, task, role);
    // The last row of a task that failed says so, and that of one that was killed is torn.
    let spoilt = u32::from(matches!(role, Role::Failed | Role::Torn));
    let rows = device.rows(fleet.rows).saturating_sub(spoilt);
    let unit = all.units.len() as u32;
    for row in 0..rows {
        let (cell, run) = place(row, cells.len());
        if let Some(of) = cells.get(cell) {
            all.visits.push(Visit { unit, cell: cell as u32, run, median_s: device.visit(of, run) });
        }
    }
    let flag = match role {
        Role::Failed | Role::Torn => Some(Flag::Partial),
        Role::OtherVersion => Some(Flag::OtherVersion),
        Role::OtherDriver => Some(Flag::OtherDriver),
        _ => None,
    };
    let [start, end] = span(fleet, task);
    all.rows += u64::from(rows + spoilt);
    all.tasks.last_mut().into_iter().for_each(|task| task.rows_ok = u64::from(rows));
    all.units.push(Unit {
        task,
        card: card(fleet, task, role),
        identity: identity(fleet, task, role, TOOL),
        type_index: 0,
        comparable: flag != Some(Flag::OtherVersion),
        flags: flag.into_iter().collect(),
        rows: Rows { ok: u64::from(rows), ..Rows::default() },
        first_utc: utc(start + 1),
        last_utc: utc(end),
        clock_hz: Some(device.clock_hz),
        temperature_c: Some(device.temperature_c),
        calibration_s: Some(device.calibration_s),
    });
}
