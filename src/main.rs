//! The command line of mtok. The library computes; this binary reads, prints and writes.

mod cli;
mod cmd;

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // A panic is a bug of ours or of the driver stack. It is told in one line below, or is a failed cell.
    panic::set_hook(Box::new(|_| {}));
    let cli = cli::Cli::try_parse().unwrap_or_else(|error| refuse(&error));
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

/// Says what is wrong with the usage, or shows the help, and ends. clap exits with 2 and with 0, which are our codes too.
fn refuse(error: &clap::Error) -> ! {
    let drives_terminals = |word: std::ffi::OsString| {
        let word = word.to_string_lossy();
        mtok::text::inert(&word) != word
    };
    // clap repeats what was typed as it is.
    if error.use_stderr() && std::env::args_os().any(drives_terminals) {
        cmd::output::note(error.render().to_string().trim_end());
        std::process::exit(error.exit_code());
    }
    error.exit()
}
