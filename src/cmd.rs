//! One file per verb: read, compute, print. The only place with files, the clock, arguments and stdout.

#[cfg(feature = "gpu")]
mod adapters;
mod budget;
#[cfg(feature = "gpu")]
mod child;
mod compare;
mod cost;
#[cfg(feature = "gpu")]
mod devices;
mod diff;
mod estimate;
mod explain;
mod files;
mod fleet;
#[cfg(feature = "gpu")]
mod folder;
mod generated;
mod host;
mod hour;
mod import_kernels;
mod input;
mod inputs;
mod lease;
mod market;
#[cfg(feature = "gpu")]
mod measure;
pub mod output;
mod own;
mod page;
mod prices;
mod progress;
mod rent;
mod report;
#[cfg(feature = "gpu")]
mod run;
mod tables;
#[cfg(feature = "gpu")]
mod tune;
mod validate;
#[cfg(feature = "gpu")]
mod worker;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use mtok::measurement::{Measurement, Outcome};

use crate::cli::{Cli, Verb};

/// The exit codes of the design: one meaning each, across all verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// Some cells failed.
    FailedCells = 1,
    /// Bad input or usage.
    BadInput = 2,
    /// No adapter to measure on, or no scheduler to submit to.
    NoAdapter = 3,
    /// A result cannot be written.
    CannotWrite = 4,
    /// A kernel computed something wrong.
    WrongResults = 5,
    /// The evidence carries no answer.
    Inconclusive = 6,
}

impl Exit {
    /// From the best to the worst.
    #[cfg(feature = "gpu")]
    const BY_SEVERITY: [Self; 7] = [
        Self::Ok,
        Self::Inconclusive,
        Self::FailedCells,
        Self::NoAdapter,
        Self::BadInput,
        Self::CannotWrite,
        Self::WrongResults,
    ];

    /// The worse of two.
    #[cfg(feature = "gpu")]
    pub fn worse(self, other: Self) -> Self {
        let severity = |exit| Self::BY_SEVERITY.iter().position(|known| *known == exit);
        if severity(other) > severity(self) { other } else { self }
    }

    /// The code that rows call for. Wrong results outrank failed cells; cells that were skipped are no failure.
    pub fn of_rows<'r>(rows: impl Iterator<Item = &'r Measurement> + Clone) -> Self {
        let any = |wanted: fn(&Outcome) -> bool| rows.clone().any(|row| wanted(&row.outcome));
        if any(|outcome| matches!(outcome, Outcome::Wrong(..))) {
            Self::WrongResults
        } else if any(|outcome| matches!(outcome, Outcome::Failed(_))) {
            Self::FailedCells
        } else {
            Self::Ok
        }
    }
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
        #[cfg(feature = "gpu")]
        Verb::Tune(args) => tune::run(&args),
        Verb::Estimate(args) => estimate::run(&args),
        Verb::Compare(args) => compare::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Budget(args) => budget::run(&args),
        Verb::Report(args) => report::run(&args),
        Verb::Diff(args) => diff::run(&args),
        Verb::Cost(args) => cost::run(&args),
        Verb::Own(args) => own::run(&args),
        Verb::Lease(args) => lease::run(&args),
        Verb::Prices(args) => prices::run(&args),
        Verb::Market(args) => market::run(&args),
        Verb::Validate(args) => validate::run(&args),
        Verb::Fleet(args) => fleet::run(&args),
        Verb::Completions(args) => generated::completions(&args),
        Verb::Man(args) => generated::man(&args),
        Verb::ImportKernels(args) => import_kernels::run(&args),
        #[cfg(feature = "gpu")]
        Verb::Run(args) => run::run(&args),
        #[cfg(feature = "gpu")]
        Verb::Worker => worker::run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtok::measurement::{Cache, Provenance, Verification};
    use mtok::op::Op;

    fn code(outcomes: &[Outcome]) -> Exit {
        let row = |outcome: &Outcome| Measurement {
            op: Op::Dispatch { chain: 1 },
            variant: "counter".into(),
            cache: Cache::Hot,
            run: 0,
            outcome: outcome.clone(),
            provenance: Provenance::default(),
        };
        Exit::of_rows(outcomes.iter().map(row).collect::<Vec<_>>().iter())
    }

    #[test]
    fn the_worst_outcome_decides_the_exit_code() {
        let wrong = Outcome::Wrong("off".into(), Verification { nmse: 1.0, nmse_max: 0.0, compared: 1 });
        let (failed, skipped) = (Outcome::Failed("lost".into()), Outcome::Skipped("too large".into()));
        assert_eq!(code(&[]), Exit::Ok);
        assert_eq!(code(std::slice::from_ref(&skipped)), Exit::Ok);
        assert_eq!(code(&[skipped, failed.clone()]), Exit::FailedCells);
        assert_eq!(code(&[wrong, failed]), Exit::WrongResults);
    }
}
