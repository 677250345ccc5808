//! The arguments of `market spend`.

use std::path::PathBuf;

use clap::Args;
use mtok::market::month::Month;

use crate::cli::{FormatArgs, ImportedArgs, TableArgs};

/// Said below the options.
pub(super) const HELP: &str = "\
Spend is usage x price by model, per day. Usage is a file of mtok market usage with models. Prices are listings with the \
columns of tokens.csv; each month takes the median seller as of its last day, blended for --mix. Usage without a price is \
listed with its share and priced nowhere. From month to month ln(spend) = ln(volume) + ln(weighted price), and the price \
splits into like for like and mix.

Examples: mtok market spend --usage usage.csv
          mtok market spend --usage rankings.json --tokens prices.csv \\
              --mix 10 --json";

/// Arguments of `market spend`.
#[derive(Args, Debug)]
pub struct SpendArgs {
    /// A table of token counts by model.
    #[arg(long, value_name = "FILE")]
    pub usage: PathBuf,
    /// Token prices: a file with the columns of tokens.csv, or `bundled`, with imported ones where asked for.
    #[arg(long, value_name = "CSV", default_value = "bundled")]
    pub tokens: PathBuf,
    /// Input tokens per output token, for counts that do not tell them apart.
    #[arg(long, value_name = "RATIO", default_value_t = 3.0, value_parser = ratio, allow_negative_numbers = true)]
    pub mix: f64,
    /// The month whose shares of tokens make the fixed basket [default: the first].
    #[arg(long, value_name = "MONTH")]
    pub basket: Option<Month>,
    #[command(flatten)]
    pub tables: TableArgs,
    #[command(flatten)]
    pub imported: ImportedArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

fn ratio(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "is not a finite number >= 0".into())
}
