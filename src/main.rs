//! The command line of mtok. The library computes; this binary reads, prints and writes.

mod cli;
mod cmd;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // clap exits with 2 on wrong usage and 0 for --help, which are our codes too.
    let cli = cli::Cli::parse();
    match cmd::run(cli) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            cmd::output::complain(&failure.message);
            ExitCode::from(failure.exit as u8)
        }
    }
}
