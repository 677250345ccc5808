//! What a task writes about itself: `begun.json` when it starts, `status.json` last of all.

use serde::{Deserialize, Serialize};

use crate::measurement::DeviceType;
use crate::named::named;

/// Grows by one when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// The most bytes of such a file: one of a stranger may be any size.
pub const MAX_BYTES: u64 = 1 << 20;

/// A device of a node: what tells it from its siblings. Unknown is empty or absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The name of its node.
    pub node: String,
    /// The name of the folder with its rows, below that of the task.
    pub place: String,
    /// The adapter's name as the driver gives it.
    pub adapter: String,
    /// What kind of device it is.
    pub device_type: DeviceType,
    /// PCI bus address.
    pub pci_bus_id: String,
    /// The maker's own number of the device, such as `GPU-…` of NVIDIA.
    pub uuid: String,
    /// Driver name.
    pub driver: String,
    /// Driver version text.
    pub driver_info: String,
    /// The highest clock that the device may take, cycles per second.
    pub clock_max_hz: Option<f64>,
    /// The power that the device may take, W.
    pub power_limit_w: Option<f64>,
}

/// The scheduler's names for a task; empty where there is no scheduler.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Such as `slurm` or `kubernetes`.
    pub scheduler: String,
    /// The job, or the array that the task belongs to.
    pub id: String,
    /// The number within the array; may differ from the task's, where a fleet is several arrays.
    pub array_index: Option<u32>,
    /// How often the scheduler started it again.
    pub restarts: u32,
}

/// `begun.json`: somebody works on the task. Written before a device is opened, and again when the devices are known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The id of the plan.
    pub plan: String,
    /// The task.
    pub index: u32,
    /// Of so many.
    pub of: u32,
    /// How often the task was begun, this time included.
    pub attempt: u32,
    /// The node.
    pub node: String,
    /// The scheduler's names for it.
    pub job: Job,
    /// mtok's version.
    pub tool_version: String,
    /// mtok's commit; empty where unknown.
    pub tool_commit: String,
    /// When this attempt began, UTC, RFC 3339.
    pub begun_utc: String,
    /// The devices that it measures; empty before they are known.
    pub cards: Vec<Card>,
    /// The devices of earlier attempts: their folders stay, and so does what is known of them.
    #[serde(default)]
    pub earlier: Vec<Card>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every cell of every device has its row, and none failed or was wrong.
    Done,
    /// It did not come to its end, or cells failed or were wrong; its good rows count all the same.
    Failed,
}

named!(Ended { Done = "done", Failed = "failed" });

/// `status.json`: how the task ended. It is written last, whole or not at all: a task without it is not over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What began, as it was known at the end.
    #[serde(flatten)]
    pub begun: Begun,
    /// How it ended.
    pub ended: Ended,
    /// The exit code.
    pub exit: u8,
    /// Why, where it failed; else empty.
    pub reason: String,
    /// When it ended, UTC, RFC 3339.
    pub ended_utc: String,
}

/// A record as the text of its file.
pub(super) fn json(record: &impl Serialize) -> String {
    // Records are structures of numbers, texts and lists: writing them to memory cannot fail.
    serde_json::to_string_pretty(record).map(|text| text + "\n").unwrap_or_default()
}

impl Begun {
    /// The text of `begun.json`.
    pub fn json(&self) -> String {
        json(self)
    }

    /// Reads `begun.json`.
    ///
    /// # Errors
    /// Text that is none of this version.
    pub fn read(text: &str) -> Result<Self, String> {
        let begun: Self =
            serde_json::from_str(text).map_err(|error| format!("is no record of a task: {error}"))?;
        version(begun.schema_version).map(|()| begun)
    }
}

impl Status {
    /// The text of `status.json`.
    pub fn json(&self) -> String {
        json(self)
    }

    /// Reads `status.json`.
    ///
    /// # Errors
    /// Text that is none of this version.
    pub fn read(text: &str) -> Result<Self, String> {
        let status: Self =
            serde_json::from_str(text).map_err(|error| format!("is no status of a task: {error}"))?;
        version(status.begun.schema_version).map(|()| status)
    }
}

fn version(found: u32) -> Result<(), String> {
    match found {
        SCHEMA_VERSION => Ok(()),
        other => Err(format!("has schema_version {other}, this mtok reads {SCHEMA_VERSION}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_back() {
        let begun = Begun {
            schema_version: SCHEMA_VERSION,
            index: 3,
            cards: vec![Card::default()],
            ..Begun::default()
        };
        assert_eq!(Begun::read(&begun.json()), Ok(begun.clone()));
        let status =
            Status { begun, ended: Ended::Failed, exit: 4, reason: "full".into(), ended_utc: String::new() };
        assert_eq!(Status::read(&status.json()), Ok(status));
        assert!(Status::read("{\"schema_version\": 1").is_err());
        assert!(Begun::read(&Begun::default().json()).unwrap_err().contains("schema_version 0"));
    }
}
