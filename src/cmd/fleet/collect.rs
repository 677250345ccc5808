//! `mtok fleet collect`: what the tasks of a fleet say together.

use crate::cli::fleet::CollectArgs;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &CollectArgs) -> Result<Exit, Failure> {
    Err(Failure::bad_input(format!("{}: fleet collect is being built", args.dir.display())))
}
