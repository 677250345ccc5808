//! The rows of a task, as a measurement would have written them.

use super::catalogue::Cell;
use super::planted::Role;
use super::times::{Device, place};
use super::{ADAPTER, BEGUN_UTC, Fleet};
use crate::fleet::folders;
use crate::fleet::record::Card;
use crate::measurement::{
    Calibration, Chosen, DeviceType, Identity, Measurement, Outcome, Provenance, Sensed, Timing,
    TimingMethod, Verification,
};
use crate::stats::Summary;
use crate::units::Seconds;

/// Seconds of a task; those of a node come one after the other, with a pause as long.
const TASK_S: i64 = 300;
const VERSION_OTHER: &str = "0.0.1";
const DRIVER: [&str; 2] = ["simulated", "1.0"];
const DRIVER_OTHER: [&str; 2] = ["simulated", "0.9"];

/// When a task began and ended, as seconds after [`BEGUN_UTC`].
pub(super) fn span(fleet: &Fleet, task: u32) -> [i64; 2] {
    let start = 2 * TASK_S * i64::from(task % fleet.gpus_per_node.max(1));
    [start, start + TASK_S]
}

/// A moment as UTC, RFC 3339.
pub(super) fn utc(seconds: i64) -> String {
    let begun: jiff::Timestamp = BEGUN_UTC.parse().unwrap_or_default();
    let moment = begun.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(begun);
    moment.to_string()
}

/// The device of a task.
pub(super) fn card(fleet: &Fleet, task: u32, role: Role) -> Card {
    let node = format!("sim-{:05}", fleet.node(task));
    // As in machines with a bridge per device; 8 a node is usual, 32 fit.
    let pci_bus_id = format!("0000:{:02x}:00.0", 1 + 8 * u64::from(task % fleet.gpus_per_node.max(1)));
    let [driver, driver_info] = driver(role);
    Card {
        place: folders::place(&node, &pci_bus_id, 0),
        node,
        adapter: ADAPTER.into(),
        device_type: DeviceType::DiscreteGpu,
        pci_bus_id,
        uuid: format!("GPU-00000000-0000-0000-0000-{task:012}"),
        driver,
        driver_info,
        clock_max_hz: Some(1.98e9),
        power_limit_w: Some(700.0),
    }
}

fn driver(role: Role) -> [String; 2] {
    if role == Role::OtherDriver { DRIVER_OTHER } else { DRIVER }.map(str::to_owned)
}

/// The device and the tool as the rows of a task say.
pub(super) fn identity(fleet: &Fleet, task: u32, role: Role, tool: (&str, &str)) -> Identity {
    let card = card(fleet, task, role);
    let version = if role == Role::OtherVersion { VERSION_OTHER } else { tool.0 };
    Identity {
        adapter: card.adapter,
        device_type: card.device_type,
        vendor_id: 0x10de,
        device_id: 0xffff,
        pci_bus_id: card.pci_bus_id,
        backend: "vulkan".into(),
        driver: card.driver,
        driver_info: card.driver_info,
        os: "linux x86_64".into(),
        clock_quantum: Some(Seconds(1e-9)),
        bounds_checks: "on".into(),
        wgpu_version: "simulated".into(),
        tool_version: version.into(),
        tool_commit: tool.1.into(),
        build_profile: "release".into(),
        session: format!("simulated {task}"),
        argv: "mtok fleet simulate".into(),
        ..Identity::default()
    }
}

/// The rows that a task came to.
pub(super) fn rows(
    fleet: &Fleet,
    cells: &[Cell],
    task: u32,
    role: Role,
    tool: (&str, &str),
) -> Vec<Measurement> {
    let mut device = Device::new(fleet, task, role);
    let identity = identity(fleet, task, role, tool);
    let count = device.rows(fleet.rows);
    let [start, end] = span(fleet, task);
    let row = |row: u32| {
        let (at, run) = place(row, cells.len());
        let cell = cells.get(at)?;
        let seconds = device.visit(cell, run);
        let time_utc = utc(start + (end - start) * i64::from(row + 1) / i64::from(fleet.rows));
        let outcome = match role {
            Role::Failed if row + 1 == count => Outcome::Failed("simulated: timed out after 30 s".into()),
            _ => outcome(seconds, &device),
        };
        Some(measurement(cell, run, outcome, identity.clone(), time_utc))
    };
    (0..count).filter_map(row).collect()
}

/// A verified result of the median device.
pub(super) fn example(fleet: &Fleet, cell: &Cell, tool: (&str, &str)) -> Measurement {
    let device = Device::new(fleet, 0, Role::Healthy);
    let identity = identity(fleet, 0, Role::Healthy, tool);
    measurement(cell, 0, outcome(cell.seconds, &device), identity, BEGUN_UTC.into())
}

fn outcome(median: f64, device: &Device) -> Outcome {
    let seconds = Summary {
        min: 0.99 * median,
        q1: 0.997 * median,
        median,
        q3: 1.003 * median,
        mean: 1.0005 * median,
        mad: 0.003 * median,
    };
    let calibration = Seconds(device.calibration_s);
    let timing = Timing {
        seconds,
        method: TimingMethod::Timestamp,
        device_median: Some(Seconds(median)),
        wall_median: Seconds(median + 2e-5),
        samples: 100,
        executions_per_sample: 1,
        stop_reason: "simulated".into(),
        relative_stdev: Some(0.005),
        calibration: Some(Calibration { before: calibration, after: calibration }),
        sensed: Sensed {
            energy: None,
            clock_hz: Some(device.clock_hz),
            temperature_c: Some(device.temperature_c),
        },
        ..Timing::default()
    };
    Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1e-6, compared: 1 })
}

fn measurement(cell: &Cell, run: u32, outcome: Outcome, identity: Identity, time_utc: String) -> Measurement {
    let provenance = Provenance {
        identity,
        chosen: Chosen::Preferred,
        shader_hash: "0000000000000000".into(),
        distribution: "simulated".into(),
        input_hash: "0000000000000000".into(),
        time_utc,
        ..Provenance::default()
    };
    Measurement { op: cell.op, variant: cell.variant.into(), cache: cell.cache, run, outcome, provenance }
}
