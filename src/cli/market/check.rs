//! The arguments of `market check`.

use std::path::PathBuf;

use clap::Args;

use super::tolerance;
use crate::cli::FormatArgs;

/// Said below the options.
pub(super) const HELP: &str = "\
A claim is name=value, separated by commas. usage, price and spend obey spend = usage x price; a name may have a subject \
(rent.h100), be a ratio (b200/h100) or a change by its period (mom, yoy, wow). Other names: usage_share and spend_share, \
sample and total, streak, span (the period of changes that state none), format and pricing_power (words).

Values: 20x, 20 times, +70%, -5%, 10->3900, 1.70->2.35 USD/h, 140 T tokens/day, a range -99%..-80%, a bound >85% or ~370x, \
up, down, never falling. A level needs its unit. Behind a value: its period (mom, /week, over 5 months) and its start \
(since 2024-01).

A printed figure is the interval of half its last digit: 20 is 19.5 to 20.5. Figures contradict each other where no values \
within their intervals agree; --tolerance widens each by a share more. Implied changes are fractions in JSON. A claim that \
contradicts itself is an answer: the exit code is 0. A claim that cannot be read ends with 2.

Examples: mtok market check --claim \"usage=20x,price=-5%,spend=16x\"
          mtok market check --claim \"mom=+70%,yoy=20x\" \\
              --claim \"tokens=10->3900 over 5 years,tokens=370x\" --json";

/// Arguments of `market check`.
#[derive(Args, Debug)]
#[group(id = "claims", required = true, multiple = true, args = ["claim", "file"])]
pub struct CheckArgs {
    /// Figures that were quoted together; may be given again.
    #[arg(long, value_name = "NAME=VALUE,…", allow_hyphen_values = true)]
    pub claim: Vec<String>,
    /// A file with a claim per line; empty lines and those that start with # are passed over.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The share by which each figure may be off beyond its digits.
    #[arg(long, value_name = "FRACTION", default_value_t = 0.0, value_parser = tolerance, allow_negative_numbers = true)]
    pub tolerance: f64,
    #[command(flatten)]
    pub format: FormatArgs,
}
