//! The arguments of `market paradox`.

use std::path::PathBuf;

use clap::Args;

use super::StreakArgs;
use crate::cli::FormatArgs;

/// Said below the options.
pub(super) const HELP: &str = "\
Spend rises where usage factor x price factor > 1, however far the price falls; kernels stand still where they become \
faster by rent factor / price factor. --series has a row per month: month (or date) and any of price, usage, rent; its \
factors are those between the first and the last month that all of its series have. Signs of monthly changes are compared at \
lags of 0 to 6 months: series that move together are no proof that one moves the other.

Examples: mtok market paradox --claim \"usage=1400x,price=-80%,rent=+38%\"
          mtok market paradox --series monthly.csv --json";

/// Arguments of `market paradox`.
#[derive(Args, Debug)]
#[group(id = "inputs", required = true, multiple = false, args = ["claim", "series"])]
pub struct ParadoxArgs {
    /// Changes of usage, price and rent, as for mtok market check.
    #[arg(long, value_name = "NAME=VALUE,…", allow_hyphen_values = true)]
    pub claim: Option<String>,
    /// Monthly series.
    #[arg(long, value_name = "CSV")]
    pub series: Option<PathBuf>,
    #[command(flatten)]
    pub streak: StreakArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}
