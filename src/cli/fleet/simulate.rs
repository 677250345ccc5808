//! The arguments of `mtok fleet simulate`.

use std::path::PathBuf;

use clap::Args;

/// An example.
pub const HELP: &str = "\
Example: mtok fleet simulate fleets/autumn";

/// Arguments of `fleet simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}
