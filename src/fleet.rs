//! Many devices, one answer: the same measurement over the nodes of a cluster, and what all of them say together.
//!
//! A fleet is a folder on a file system that all nodes share. Each file in it has one writer, since such file systems promise
//! nothing about appends of several:
//!
//! ```text
//! fleet.json                     the plan: how many tasks, one per what, measured how
//! fleet.sbatch                   the script that was submitted to Slurm
//! jobs/<job>.json                what was submitted; <job>.cancelled.json: what of it was cancelled
//! logs/<job>_<index>.log         what a task wrote to stdout and stderr there
//! tasks/00042/begun.json         who works on the task, since when
//! tasks/00042/<node>-<gpu>/      a result folder per device: measurements.csv, samples.csv, device.json
//! tasks/00042/status.json        written last: how the task ended
//! collected/                     what all tasks say together
//! ```
//!
//! A task that is started again on the same device goes on in its result folder; on another node, or another device, it
//! begins one of its own: no file ever holds the rows of two devices.

pub mod analysis;
#[cfg(test)]
pub(crate) mod by_hand;
pub mod collected;
pub mod folders;
pub mod follow;
pub mod gather;
pub mod indices;
pub mod launcher;
pub mod manifest;
pub mod plan;
pub mod rates;
pub mod record;
pub mod sbatch;
pub mod serving;
pub mod simulate;
pub mod slurm;
pub mod submitted;
pub mod tables;
