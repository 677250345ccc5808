//! `mtok fleet simulate`.

use crate::cli::fleet::SimulateArgs;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &SimulateArgs) -> Result<Exit, Failure> {
    Err(Failure::bad_input(format!("{}: fleet simulate is being built", args.dir.display())))
}
