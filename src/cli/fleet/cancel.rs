//! The arguments of `mtok fleet cancel`.

use std::path::PathBuf;

use clap::Args;

/// An example.
pub const HELP: &str = "\
Example: mtok fleet cancel fleets/autumn";

/// Arguments of `fleet cancel`.
#[derive(Args, Debug)]
pub struct CancelArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}
