//! What all tasks of a fleet measure, as the words behind `--`.

use std::time::Duration;

use clap::{Args, Parser};
use mtok::kernel::{ALL, Kernel};
use mtok::text::inert;

use crate::cli::measure::{AdapterArgs, Sampling, SuiteArgs, budget};

/// The options of `mtok measure` that tasks share. Where they measure is the task's affair, and they never tune.
#[derive(Args, Debug)]
pub struct Measuring {
    /// Only this kernel; may be given several times.
    #[arg(long, value_name = "KERNEL", value_parser = kernel)]
    pub kernel: Vec<String>,
    #[command(flatten)]
    suite: SuiteArgs,
    /// Time for all measurements of an adapter together, such as 60s or 5m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = budget)]
    budget: Duration,
    /// Visit every cell so many times, each time in a new process; fewer where the budget is too short.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// Seed of the random inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long a worker process may give no sign of life before it is killed.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = budget)]
    pub timeout: Duration,
    /// Ask GL as well.
    #[arg(long)]
    pub gl: bool,
    /// Leave out the adapter's peaks.
    #[arg(long)]
    pub no_peaks: bool,
}

impl Measuring {
    /// How the task measures. Siblings run the same code: what one node's tuner found would make it another measurement.
    pub fn sampling(&self) -> Sampling {
        let Self { timeout, gl, seed, budget, repeat, .. } = *self;
        let suite = SuiteArgs { quick: self.suite.quick, full: self.suite.full };
        let adapter = AdapterArgs { device: None, gl, timeout, seed };
        Sampling { adapter, suite, budget, repeat, no_tune: true }
    }
}

/// The words alone, without a program before them.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Words {
    #[command(flatten)]
    measuring: Measuring,
}

/// Reads the words behind `--`.
///
/// # Errors
/// A sentence that says which word is wrong.
pub fn parse(words: &[String]) -> Result<Measuring, String> {
    Words::try_parse_from(words).map(|words| words.measuring).map_err(|error| {
        let told = error.to_string();
        let first = told.split("\n\n").next().unwrap_or_default();
        let line = first.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("measuring options (behind --): {}", inert(line.trim_start_matches("error: ")))
    })
}

fn kernel(name: &str) -> Result<String, String> {
    let known = || ALL.iter().map(|kernel| kernel.name).collect::<Vec<_>>().join(", ");
    Kernel::find(name).map(|kernel| kernel.name.to_owned()).ok_or_else(|| format!("known: {}", known()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn of(words: &str) -> Result<Measuring, String> {
        parse(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_those_of_measure_and_nothing_is_tuned() {
        let sampling = of("--kernel gemm --quick --budget 2m --repeat 5 --seed 7").unwrap().sampling();
        assert_eq!((sampling.budget.as_secs(), sampling.repeat, sampling.adapter.seed), (120, 5, 7));
        assert!(sampling.no_tune && sampling.suite.quick);
        assert!(of("").unwrap().kernel.is_empty());
    }

    #[test]
    fn wrong_words_are_told_in_one_line() {
        for (words, expected) in [
            ("--device 0", "unexpected argument '--device' found"),
            ("--help", "unexpected argument '--help' found"),
            ("--kernel gem", "invalid value 'gem' for '--kernel <KERNEL>': known: "),
            ("--quick --full", "the argument '--quick' cannot be used with '--full'"),
            ("stray", "unexpected argument 'stray' found"),
        ] {
            let told = of(words).unwrap_err();
            assert!(told.starts_with(&format!("measuring options (behind --): {expected}")), "{told}");
            assert!(!told.contains('\n'), "{told}");
        }
    }

    #[test]
    fn the_help_of_tasks_names_every_option() {
        for option in Words::command().get_arguments().filter_map(|option| option.get_long()) {
            let help = super::super::task::HELP;
            assert!(help.contains(&format!("--{option}")), "{option}");
        }
    }
}
