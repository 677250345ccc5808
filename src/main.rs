//! The command line of mtok. The library computes; this binary reads, prints and writes.

mod cli;
mod cmd;

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // A panic is a bug of ours or of the driver stack. It is told in one line below, or is a failed cell.
    panic::set_hook(Box::new(|_| {}));
    // clap exits with 2 on wrong usage and 0 for --help, which are our codes too.
    let cli = cli::Cli::parse();
    let ended = catch_unwind(AssertUnwindSafe(|| cmd::run(cli))).unwrap_or_else(|panic| {
        let words = mtok::text::panic_words(&*panic);
        Err(cmd::Failure::new(cmd::Exit::FailedCells, format!("internal error (please report): {words}")))
    });
    match ended {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            cmd::output::complain(&failure.message);
            ExitCode::from(failure.exit as u8)
        }
    }
}
