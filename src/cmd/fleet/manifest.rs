//! `mtok fleet manifest`.

use crate::cli::fleet::ManifestArgs;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &ManifestArgs) -> Result<Exit, Failure> {
    Err(Failure::bad_input(format!("{}: fleet manifest is being built", args.dir.display())))
}
