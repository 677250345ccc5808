//! The arguments of `mtok fleet task`.

use std::path::PathBuf;

use clap::Args;

/// An example.
pub const HELP: &str = "\
Example: mtok fleet task fleets/autumn";

/// Arguments of `fleet task`.
#[derive(Args, Debug)]
pub struct TaskArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}
