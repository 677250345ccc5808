//! The arguments of `mtok fleet status`.

use std::path::PathBuf;

use clap::Args;

/// An example.
pub const HELP: &str = "\
Example: mtok fleet status fleets/autumn";

/// Arguments of `fleet status`.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}
