//! The arguments of `market all`.

use clap::Args;
use jiff::civil::Date;

use crate::cli::{FormatArgs, TableArgs};

/// Said below the options.
pub(super) const HELP: &str = "\
Rents and token prices are those of the bundled tables; indicators and claims are figures of news texts, quoted as printed, \
and never market truth. The page is a summary; --json has everything, --csv and --markdown the indicators with scope, source, \
date, unit, period and basis.

Example: mtok market all --as-of 2026-07-01";

/// Arguments of `market all`.
#[derive(Args, Debug)]
pub struct AllArgs {
    /// The day whose prices and figures count [default: today].
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    #[command(flatten)]
    pub tables: TableArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}
