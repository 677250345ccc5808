//! The arguments of `market usage`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mtok::market::usage::By;

use super::{StreakArgs, WindowArgs};
use crate::cli::FormatArgs;

/// Said below the options.
pub(super) const HELP: &str = "\
Columns of a CSV, by name and in any order: date (a day or a month; a column week has first days of weeks), total_tokens, \
and where there are model and origin. OpenRouter's daily rankings are read as JSON. A month's value is the mean per day \
over the days with a count; a row dated by month counts all its days. Where origin is empty it is the country of the \
model's maker. Changes of weekly files are week-over-week (wow), never month-over-month.

Examples: mtok market usage --file usage.csv
          mtok market usage --file rankings.json --by origin --json";

/// Arguments of `market usage`.
#[derive(Args, Debug)]
pub struct UsageArgs {
    /// A table of token counts [default: those that mtok prices import stored].
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The folder of imported prices that is read without --file [default: $MTOK_STORE, else the system's].
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    pub store: Option<PathBuf>,
    /// Each month of each model or origin as well.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub by: Option<ByChoice>,
    #[command(flatten)]
    pub window: WindowArgs,
    #[command(flatten)]
    pub streak: StreakArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// What rows are grouped by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ByChoice {
    /// The model.
    Model,
    /// The country of the model's maker.
    Origin,
}

impl From<ByChoice> for By {
    fn from(choice: ByChoice) -> Self {
        match choice {
            ByChoice::Model => Self::Model,
            ByChoice::Origin => Self::Origin,
        }
    }
}
