//! The arguments of `market storage`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mtok::market::storage::{Estimator, Splice};

use super::{StreakArgs, WindowArgs};
use crate::cli::FormatArgs;

/// Said below the options.
pub(super) const HELP: &str = "\
Columns, by name and in any order: date (or week), product, usd (or avg_spot_usd), source (or url). Each product is a \
series of its own: a price of \"DRAM\" is of no product. Another product of the same kind is a new series; --splice OLD=NEW \
joins the two, which every output says. Never mix spot, contract and retail prices in one file.

Examples: mtok market storage --file spot.csv
          mtok market storage --file spot.csv --splice \"DDR4 2666=DDR4 3200\" \\
              --gap hold --json";

/// Arguments of `market storage`.
#[derive(Args, Debug)]
pub struct StorageArgs {
    /// A table of prices [default: those that mtok prices import stored].
    #[arg(long, value_name = "CSV")]
    pub file: Option<PathBuf>,
    /// The folder of imported prices that is read without --file [default: $MTOK_STORE, else the system's].
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    pub store: Option<PathBuf>,
    /// How a month's value is made of its points.
    #[arg(long, value_enum, value_name = "NAME", default_value_t = EstimatorChoice::Mean)]
    pub estimator: EstimatorChoice,
    /// Take two products as one series; may be given again.
    #[arg(long, value_name = "OLD=NEW")]
    pub splice: Vec<Splice>,
    #[command(flatten)]
    pub window: WindowArgs,
    #[command(flatten)]
    pub streak: StreakArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// How a month's value is made of its points.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum EstimatorChoice {
    /// Their mean.
    Mean,
    /// The last of them.
    Last,
}

impl From<EstimatorChoice> for Estimator {
    fn from(choice: EstimatorChoice) -> Self {
        match choice {
            EstimatorChoice::Mean => Self::Mean,
            EstimatorChoice::Last => Self::Last,
        }
    }
}
