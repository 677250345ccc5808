//! The arguments of `mtok report`.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use mtok::report::outputs::{ALL, Output};

/// An example, and what the exit code means.
pub const HELP: &str = "\
Examples:
  mtok report results/ci --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  mtok report results/mine --format html --out report.html
  mtok report --fleet fleets/autumn --format html --out fleet.html \\
    -- --utilisation 0.6 --usd-per-hour 2.1
  mtok report --fleet fleets/autumn --format html --out fleet.html

Exits with 0 whatever the cells say, so that a report of a bad run is still a report; --strict exits with 5 where a \
result was wrong, else with 1 where a cell failed, or a task of a fleet is not done. --recompute exits with 1 where a stored summary is not what its \
samples give.";

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// A result folder, or a measurements.csv.
    #[arg(value_name = "DIR|FILE", required_unless_present = "fleet")]
    pub results: Option<PathBuf>,
    /// Report this folder of a fleet instead, as a table for people, csv (a row per device), json, markdown, or html: one page
    /// with what is out of line, a map of the nodes and the distribution of every kernel.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["results", "recompute", "plots"])]
    pub fleet: Option<PathBuf>,
    /// Instead of the table for people: csv, json, markdown (the summary of a job), github-action-benchmark,
    /// bencher, junit, annotations (GitHub's workflow commands), or html: one page with charts and controls, its costs
    /// computed anew from the measurements, for the models and terms of the folder's costs.csv.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ReportFormat>,
    /// Write each chart of that page into this folder, as SVG and as PNG.
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
    /// The day whose prices count on that page and in its charts [default: that of costs.csv, else today]; of a fleet, in
    /// every format [default: today].
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// Write to this file, whole or not at all, instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Show people every column, whatever the width of the window.
    #[arg(long, conflicts_with_all = ["format", "recompute"])]
    pub wide: bool,
    /// Exit with 5 where a result was wrong, else with 1 where a cell failed or a task of a fleet is not done.
    #[arg(long)]
    pub strict: bool,
    /// Compute every summary again from samples.csv and write measurements.csv as they give it.
    #[arg(long, conflicts_with_all = ["format", "strict", "plots", "as_of"])]
    pub recompute: bool,
    /// Terms of the costs of a fleet: the options that `mtok fleet collect --help` lists under Costs.
    #[arg(last = true, value_name = "COSTS", conflicts_with = "results", allow_hyphen_values = true)]
    pub costs: Vec<String>,
}

/// A format of `report`.
#[derive(Clone, Copy, Debug)]
pub enum ReportFormat {
    /// The page, which needs prices too.
    Html,
    /// What the measurements alone say.
    Of(Output),
}

impl std::str::FromStr for ReportFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "html" {
            return Ok(Self::Html);
        }
        name.parse()
            .map(Self::Of)
            .map_err(|_| format!("is none of {}, html", ALL.map(|output| output.name).join(", ")))
    }
}
