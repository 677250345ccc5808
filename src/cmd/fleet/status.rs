//! `mtok fleet status`.

use crate::cli::fleet::StatusArgs;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &StatusArgs) -> Result<Exit, Failure> {
    Err(Failure::bad_input(format!("{}: fleet status is being built", args.dir.display())))
}
