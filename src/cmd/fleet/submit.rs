//! `mtok fleet submit`.

use crate::cli::fleet::SubmitArgs;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &SubmitArgs) -> Result<Exit, Failure> {
    Err(Failure::bad_input(format!("{}: fleet submit is being built", args.dir.display())))
}
