//! The arguments of `mtok fleet submit`.

use std::path::PathBuf;

use clap::Args;

/// An example.
pub const HELP: &str = "\
Example: mtok fleet submit fleets/autumn";

/// Arguments of `fleet submit`.
#[derive(Args, Debug)]
pub struct SubmitArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}
