//! The arguments of `mtok fleet collect`.

use std::path::PathBuf;

use clap::Args;

/// An example.
pub const HELP: &str = "\
Example: mtok fleet collect fleets/autumn";

/// Arguments of `fleet collect`.
#[derive(Args, Debug)]
pub struct CollectArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}
