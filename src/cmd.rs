//! One file per verb: read, compute, print. The only place with files, the clock, arguments and stdout.

#[cfg(feature = "gpu")]
mod child;
mod compare;
mod cost;
#[cfg(feature = "gpu")]
mod devices;
mod diff;
mod estimate;
mod files;
#[cfg(feature = "gpu")]
mod folder;
#[cfg(feature = "gpu")]
mod host;
mod inputs;
#[cfg(feature = "gpu")]
mod measure;
pub mod output;
mod report;
#[cfg(feature = "gpu")]
mod run;
mod tables;
#[cfg(feature = "gpu")]
mod worker;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::{Cli, Verb};

/// The exit codes of the design: one meaning each, across all verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[cfg_attr(not(feature = "gpu"), expect(dead_code, reason = "some codes are only for measuring"))]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// Some cells failed.
    FailedCells = 1,
    /// Bad input or usage.
    BadInput = 2,
    /// No adapter to measure on.
    NoAdapter = 3,
    /// A result cannot be written.
    CannotWrite = 4,
    /// A kernel computed something wrong.
    WrongResults = 5,
    /// The evidence carries no answer.
    Inconclusive = 6,
}

/// Why a verb ended early.
#[derive(Debug)]
pub struct Failure {
    /// The code to exit with.
    pub exit: Exit,
    /// What, where, and what to do next.
    pub message: String,
}

impl Failure {
    /// A failure with its code.
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// Bad input or usage.
    pub fn bad_input(message: impl fmt::Display) -> Self {
        Self::new(Exit::BadInput, message)
    }

    /// A result that cannot be written.
    pub fn cannot_write(path: &std::path::Path, error: impl fmt::Display) -> Self {
        Self::new(Exit::CannotWrite, format!("{}: cannot be written: {error}", path.display()))
    }
}

/// Today, in UTC: verbs pass it on, the library has no clock.
fn today() -> Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Runs a verb.
pub fn run(cli: Cli) -> Result<Exit, Failure> {
    match cli.verb {
        #[cfg(feature = "gpu")]
        Verb::Devices(args) => devices::run(&args),
        #[cfg(feature = "gpu")]
        Verb::Measure(args) => measure::run(&args),
        Verb::Estimate(args) => estimate::run(&args),
        Verb::Compare(args) => compare::run(&args),
        Verb::Report(args) => report::run(&args),
        Verb::Diff(args) => diff::run(&args),
        Verb::Cost(args) => cost::run(&args),
        #[cfg(feature = "gpu")]
        Verb::Run(args) => run::run(&args),
        #[cfg(feature = "gpu")]
        Verb::Worker => worker::run(),
    }
}
