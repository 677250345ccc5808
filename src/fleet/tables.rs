//! What was collected as tables: a row per task, per device, and per thing set aside. The rows of the devices are written while
//! they are read: see [`super::gather::ROW_COLUMNS`].

use super::collected::{Aside, Collected, Task, Unit};
use super::gather::ROW_COLUMNS;
use crate::measurement::wire::number;
use crate::text::safe_for_csv;

/// The columns of `tasks.csv`, in order.
pub const TASK_COLUMNS: [&str; 11] = [
    "task",
    "state",
    "reason",
    "attempts",
    "exit",
    "node",
    "job",
    "begun_utc",
    "ended_utc",
    "devices",
    "rows_ok",
];

/// The columns of `devices.csv`, in order.
pub const DEVICE_COLUMNS: [&str; 31] = [
    "task",
    "place",
    "node",
    "uuid",
    "pci_bus_id",
    "adapter",
    "adapter_index",
    "device_type",
    "backend",
    "driver",
    "driver_info",
    "os",
    "wgpu_version",
    "tool_version",
    "tool_commit",
    "build_profile",
    "clock_max_hz",
    "power_limit_w",
    "clock_hz",
    "temperature_c",
    "calibration_s",
    "first_utc",
    "last_utc",
    "rows_ok",
    "rows_wrong",
    "rows_failed",
    "rows_skipped",
    "flags",
    "comparable",
    "session",
    "argv",
];

/// The columns of `aside.csv`, in order.
pub const ASIDE_COLUMNS: [&str; 4] = ["path", "why", "rows", "what"];

/// The header of `rows.csv`, with its line end.
pub fn rows_header() -> String {
    line(ROW_COLUMNS)
}

/// `tasks.csv`.
pub fn tasks(collected: &Collected) -> String {
    line(TASK_COLUMNS) + &collected.tasks.iter().map(task).collect::<String>()
}

/// `devices.csv`.
pub fn devices(collected: &Collected) -> String {
    line(DEVICE_COLUMNS) + &collected.units.iter().map(device).collect::<String>()
}

/// `aside.csv`.
pub fn aside(collected: &Collected) -> String {
    let row = |Aside { path, why, what, rows }: &Aside| line([path, why.name(), &rows.to_string(), what]);
    line(ASIDE_COLUMNS) + &collected.aside.iter().map(row).collect::<String>()
}

fn task(task: &Task) -> String {
    line([
        &task.task.to_string(),
        task.state.name(),
        &task.reason,
        &task.attempts.map(|count| count.to_string()).unwrap_or_default(),
        &task.exit.map(|code| code.to_string()).unwrap_or_default(),
        &task.node,
        &task.job,
        &task.begun_utc,
        &task.ended_utc,
        &task.units.to_string(),
        &task.rows_ok.to_string(),
    ])
}

fn device(unit: &Unit) -> String {
    let Unit { card, identity, rows, .. } = unit;
    let maybe = |value: Option<f64>| value.map(number).unwrap_or_default();
    let flags: Vec<&str> = unit.flags.iter().map(|flag| flag.name()).collect();
    line([
        &unit.task.to_string(),
        &card.place,
        &card.node,
        &card.uuid,
        if identity.pci_bus_id.is_empty() { &card.pci_bus_id } else { &identity.pci_bus_id },
        &identity.adapter,
        &identity.adapter_index.to_string(),
        identity.device_type.name(),
        &identity.backend,
        &identity.driver,
        &identity.driver_info,
        &identity.os,
        &identity.wgpu_version,
        &identity.tool_version,
        &identity.tool_commit,
        &identity.build_profile,
        &maybe(card.clock_max_hz),
        &maybe(card.power_limit_w),
        &maybe(unit.clock_hz),
        &maybe(unit.temperature_c),
        &maybe(unit.calibration_s),
        &unit.first_utc,
        &unit.last_utc,
        &rows.ok.to_string(),
        &rows.wrong.to_string(),
        &rows.failed.to_string(),
        &rows.skipped.to_string(),
        &flags.join(";"),
        &unit.comparable.to_string(),
        &identity.session,
        &identity.argv,
    ])
}

/// A CSV line with its end, whatever the cells hold.
pub(super) fn line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut line = String::new();
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        let cell = safe_for_csv(cell.as_ref());
        if cell.contains([',', '"']) {
            line.push('"');
            line += &cell.replace('"', "\"\"");
            line.push('"');
        } else {
            line += &cell;
        }
    }
    line.push('\n');
    line
}
