//! The arguments of `mtok fleet status`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::FormatArgs;

/// Examples.
pub const HELP: &str = "\
Lost is a task that began or was submitted, has left the queue and has not \
said how it ended: `mtok fleet submit` starts it again. Where no Slurm can be \
asked, the folders say what is known, and nothing is called lost.

Exit codes: 0, and 1 where tasks failed or are lost.

Examples:
  mtok fleet status fleets/autumn
  mtok fleet status fleets/autumn --watch 30";

/// Arguments of `fleet status`.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// List the tasks that are done as well.
    #[arg(long)]
    pub all: bool,
    /// Look again every so many seconds until no task is queued or running [default: 10].
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10",
        value_parser = seconds, conflicts_with = "FormatArgs")]
    pub watch: Option<u64>,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// How often to look: schedulers are shared.
pub fn seconds(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (1..=86_400).contains(number));
    number.ok_or_else(|| "is not a number of seconds from 1 to 86400".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_more_often_than_every_second() {
        assert_eq!((seconds("1"), seconds("86400")), (Ok(1), Ok(86_400)));
        for bad in ["0", "-1", "0.5", "86401", "x", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
