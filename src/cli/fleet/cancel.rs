//! The arguments of `mtok fleet cancel`.

use std::path::PathBuf;

use clap::Args;

/// Examples.
pub const HELP: &str = "\
What was measured stays, and `mtok fleet submit` starts cancelled tasks again.

Examples:
  mtok fleet cancel fleets/autumn
  mtok fleet cancel fleets/autumn --tasks 3,7-9 --queued";

/// Arguments of `fleet cancel`.
#[derive(Args, Debug)]
pub struct CancelArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Only these tasks, such as 3,7-9.
    #[arg(long, value_name = "LIST")]
    pub tasks: Option<String>,
    /// Only tasks that have not started.
    #[arg(long)]
    pub queued: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
