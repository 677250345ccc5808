//! Many devices, one answer: the same measurement over the nodes of a cluster, and what all of them say together.
//!
//! A fleet is a folder on a file system that all nodes share. Each file in it has one writer, since such file systems promise
//! nothing about appends of several:
//!
//! ```text
//! fleet.json                     the plan: how many tasks, one per what, measured how
//! jobs/<job>.json                what was submitted to a scheduler
//! tasks/00042/begun.json         who works on the task, since when
//! tasks/00042/<node>-<gpu>/      a result folder per device: measurements.csv, samples.csv, device.json
//! tasks/00042/status.json        written last: how the task ended
//! collected/                     what all tasks say together
//! ```
//!
//! A task that is started again on the same device goes on in its result folder; on another node, or another device, it
//! begins one of its own: no file ever holds the rows of two devices.

pub mod analysis;
pub mod collected;
pub mod folders;
pub mod launcher;
pub mod plan;
pub mod record;
