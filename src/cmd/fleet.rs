//! `mtok fleet`: the same measurement on many nodes, and what all of them say together.

mod cancel;
mod collect;
pub mod costs;
pub mod gather;
mod jobs;
mod look;
mod manifest;
pub mod report;
mod scheduler;
mod simulate;
mod small;
mod status;
mod submit;
#[cfg(feature = "gpu")]
mod task;
mod watch;

use super::{Exit, Failure};
use crate::cli::fleet::{FleetArgs, FleetVerb};

/// This program: its version and its commit, empty where unknown. A plan names the one that all its tasks must have.
const TOOL: (&str, &str) = (env!("CARGO_PKG_VERSION"), env!("MTOK_COMMIT"));

/// Runs the verb.
pub fn run(args: &FleetArgs) -> Result<Exit, Failure> {
    match &args.verb {
        FleetVerb::Submit(args) => submit::run(args),
        FleetVerb::Status(args) => status::run(args),
        FleetVerb::Cancel(args) => cancel::run(args),
        #[cfg(feature = "gpu")]
        FleetVerb::Task(args) => task::run(args),
        FleetVerb::Collect(args) => collect::run(args),
        FleetVerb::Manifest(args) => manifest::run(args),
        FleetVerb::Simulate(args) => simulate::run(args),
    }
}
