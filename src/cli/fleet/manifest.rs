//! The arguments of `mtok fleet manifest`.

use std::path::PathBuf;

use clap::Args;

/// An example.
pub const HELP: &str = "\
Example: mtok fleet manifest fleets/autumn";

/// Arguments of `fleet manifest`.
#[derive(Args, Debug)]
pub struct ManifestArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}
