//! `mtok fleet cancel`.

use crate::cli::fleet::CancelArgs;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &CancelArgs) -> Result<Exit, Failure> {
    Err(Failure::bad_input(format!("{}: fleet cancel is being built", args.dir.display())))
}
