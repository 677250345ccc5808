//! `mtok fleet task`.

use crate::cli::fleet::TaskArgs;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &TaskArgs) -> Result<Exit, Failure> {
    Err(Failure::bad_input(format!("{}: fleet task is being built", args.dir.display())))
}
