//! The arguments of `mtok fleet`.

mod cancel;
mod collect;
mod costing;
mod manifest;
#[cfg(feature = "gpu")]
pub mod measuring;
mod simulate;
mod status;
mod submit;
#[cfg(feature = "gpu")]
pub mod task;

use clap::{Args, Subcommand};

pub use cancel::CancelArgs;
pub use collect::CollectArgs;
pub use costing::FleetCostArgs;
pub use manifest::ManifestArgs;
pub use simulate::SimulateArgs;
pub use status::StatusArgs;
pub use submit::SubmitArgs;
#[cfg(feature = "gpu")]
pub use task::TaskArgs;

/// An example of the whole way.
pub const HELP: &str = "\
A fleet is a folder on a file system that all nodes share. Each task measures into a folder of its own below it.

Examples:
  mtok fleet submit fleets/autumn --tasks 64 --partition gpu --gres gpu:1 \\
    -- --budget 5m
  mtok fleet status fleets/autumn --watch
  mtok fleet collect fleets/autumn";

/// Arguments of `fleet`.
#[derive(Args, Debug)]
pub struct FleetArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: FleetVerb,
}

/// The verbs of a fleet.
#[derive(Debug, Subcommand)]
pub enum FleetVerb {
    /// Submit a fleet to Slurm: one job array, a task per GPU or per node.
    #[command(after_help = submit::HELP)]
    Submit(SubmitArgs),
    /// Say where every task stands, from Slurm and from the folders.
    #[command(after_help = status::HELP)]
    Status(StatusArgs),
    /// Cancel the tasks that have not ended.
    #[command(after_help = cancel::HELP)]
    Cancel(CancelArgs),
    /// Measure one task here, whatever started it: the building block of every launcher.
    #[cfg(feature = "gpu")]
    #[command(after_help = task::HELP)]
    Task(TaskArgs),
    /// Merge what the tasks have measured, complete or not, into one answer.
    #[command(after_help = collect::HELP)]
    Collect(Box<CollectArgs>),
    /// Print an indexed Job for Kubernetes.
    #[command(after_help = manifest::HELP, override_usage = manifest::USAGE)]
    Manifest(ManifestArgs),
    /// Make a fleet of invented rows with planted faults, to see what is found.
    #[command(after_help = simulate::HELP)]
    Simulate(SimulateArgs),
}
