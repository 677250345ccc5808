//! What the folders of a fleet hold, task by task: nothing is dropped without being named, and nothing is mixed in silently.

use serde::Serialize;

use super::plan::Plan;
use super::record::Card;
use crate::measurement::{Cache, DeviceType, Identity, Measurement};
use crate::named::named;
use crate::op::Op;

/// A fleet as its folders show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Collected {
    /// The plan.
    pub plan: Plan,
    /// A row per task of the plan, in order.
    pub tasks: Vec<Task>,
    /// A row per device of a task, in the order of tasks and then of places.
    pub units: Vec<Unit>,
    /// The types of device, in the order in which they first appear.
    pub types: Vec<Type>,
    /// The cells that were measured, in the order in which they first appear.
    pub cells: Vec<Cell>,
    /// The good visits: verified, comparable or not (see [`Unit::comparable`]).
    pub visits: Vec<Visit>,
    /// A good row of each type and cell, with its place in [`Self::types`] and [`Self::cells`]: what was measured, whole.
    pub examples: Vec<(u32, u32, Measurement)>,
    /// What was set aside.
    pub aside: Vec<Aside>,
    /// Rows read, those set aside included.
    pub rows: u64,
}

/// Where a task stands, as its folder says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It ended, and all was well.
    Done,
    /// It ended, and not all was well.
    Failed,
    /// It began and has not ended.
    Begun,
    /// There is nothing of it.
    #[default]
    Missing,
}

named!(State { Done = "done", Failed = "failed", Begun = "begun", Missing = "missing" });

/// A task of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Task {
    /// Its number.
    pub task: u32,
    /// Where it stands.
    pub state: State,
    /// Why it failed; else empty.
    pub reason: String,
    /// How often it was begun; `None` where that is not known.
    pub attempts: Option<u32>,
    /// The exit code of the last attempt that ended.
    pub exit: Option<u8>,
    /// The node of the last attempt.
    pub node: String,
    /// The scheduler's name of the job of the last attempt.
    pub job: String,
    /// When the last attempt began, UTC, RFC 3339.
    pub begun_utc: String,
    /// When it ended.
    pub ended_utc: String,
    /// Devices with rows.
    pub units: u32,
    /// Good rows of all its devices.
    pub rows_ok: u64,
}

/// A device as one task measured it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unit {
    /// The task.
    pub task: u32,
    /// What tells the device from its siblings.
    pub card: Card,
    /// The device and the tool, as the rows say.
    pub identity: Identity,
    /// Its place in [`Collected::types`].
    pub type_index: u32,
    /// Whether its rows may be set beside those of its siblings.
    pub comparable: bool,
    /// What is to be known of it.
    pub flags: Vec<Flag>,
    /// Rows by their status.
    pub rows: Rows,
    /// When the first and the last of its rows ended, UTC, RFC 3339.
    pub first_utc: String,
    /// See [`Self::first_utc`].
    pub last_utc: String,
    /// Median over its good rows of the clock after the samples, cycles per second.
    pub clock_hz: Option<f64>,
    /// The same of the temperature, degrees Celsius.
    pub temperature_c: Option<f64>,
    /// The same of the time of the calibration kernel, seconds.
    pub calibration_s: Option<f64>,
}

/// Rows by their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Verified.
    pub ok: u64,
    /// Wrong results.
    pub wrong: u64,
    /// Failed.
    pub failed: u64,
    /// Skipped.
    pub skipped: u64,
}

/// What is to be known of a device's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    /// Its task has not ended, or failed: rows may be missing.
    Partial,
    /// Another version of mtok than the plan's: not comparable.
    OtherVersion,
    /// Another driver than most of its type: compared among its own only.
    OtherDriver,
    /// Another task measured the same device at the same time: not comparable.
    SharedDevice,
    /// Another task measured another device of the same node at the same time.
    SharedNode,
    /// Another task measured the same device at another time.
    MeasuredTwice,
}

named!(Flag {
    Partial = "partial",
    OtherVersion = "other-version",
    OtherDriver = "other-driver",
    SharedDevice = "shared-device",
    SharedNode = "shared-node",
    MeasuredTwice = "measured-twice",
});

/// A type of device: what siblings share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Type {
    /// The adapter's name as the driver gives it.
    pub adapter: String,
    /// What kind of device it is.
    pub device_type: DeviceType,
    /// `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
}

/// A cell of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its name.
    pub name: String,
    /// The work.
    pub op: Op,
    /// Which implementation ran.
    pub variant: String,
    /// Whether inputs came from the caches.
    pub cache: Cache,
}

/// A good row, as little of it as statistics need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visit {
    /// Its place in [`Collected::units`].
    pub unit: u32,
    /// Its place in [`Collected::cells`].
    pub cell: u32,
    /// The run.
    pub run: u32,
    /// Median seconds per execution.
    pub median_s: f64,
}

/// Why something was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// It belongs to another plan.
    OtherPlan,
    /// Another folder is of the same task.
    Duplicate,
    /// A row was torn by a kill; those before it count.
    Torn,
    /// A file cannot be read, or not as what it should be.
    Unreadable,
    /// Times run backwards: neither duration nor order can be trusted.
    Backwards,
    /// Its rows are of another device than the record of the task says.
    OtherDevice,
    /// It is no part of a fleet's folder.
    Foreign,
}

named!(Why {
    OtherPlan = "other-plan",
    Duplicate = "duplicate",
    Torn = "torn",
    Unreadable = "unreadable",
    Backwards = "backwards-clock",
    OtherDevice = "other-device",
    Foreign = "foreign",
});

/// Something that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aside {
    /// The file or folder, relative to that of the fleet, with `:line:column` where there is one.
    pub path: String,
    /// Why.
    pub why: Why,
    /// What is wrong with it, in words.
    pub what: String,
    /// Rows that were read and set aside with it.
    pub rows: u64,
}
