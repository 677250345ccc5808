//! The arguments of `mtok report`.

use std::path::PathBuf;

use clap::Args;
use mtok::report::outputs::Output;

/// An example, and what the exit code means.
pub const HELP: &str = "\
Example: mtok report results/ci --format markdown >> \"$GITHUB_STEP_SUMMARY\"

Exits with 0 whatever the cells say, so that a report of a bad run is still a report; --strict exits with 5 where a \
result was wrong, else with 1 where a cell failed. --recompute exits with 1 where a stored summary is not what its \
samples give.";

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// A result folder, or a measurements.csv.
    #[arg(value_name = "DIR|FILE")]
    pub results: PathBuf,
    /// Instead of the table for people: csv, json, markdown (the summary of a job), github-action-benchmark,
    /// bencher, junit, or annotations (GitHub's workflow commands).
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Output>,
    /// Write to this file, whole or not at all, instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Show people every column, whatever the width of the window.
    #[arg(long, conflicts_with_all = ["format", "recompute"])]
    pub wide: bool,
    /// Exit with 5 where a result was wrong, else with 1 where a cell failed.
    #[arg(long)]
    pub strict: bool,
    /// Compute every summary again from samples.csv and write measurements.csv as they give it.
    #[arg(long, conflicts_with_all = ["format", "strict"])]
    pub recompute: bool,
}
