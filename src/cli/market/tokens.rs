//! The arguments of `market tokens`.

use std::path::PathBuf;

use clap::Args;
use mtok::price::Mix;

use super::PriceSeriesArgs;

/// Said below the options.
pub(super) const HELP: &str = "\
--file is a table like the bundled one: model, seller, listing, input_usd_per_mtok, output_usd_per_mtok, \
cache_read_usd_per_mtok, date, source. Each seller has one vote a month, its newest card that was seen in the month or that \
says that it held then. The median is withheld below three sellers; the matched change holds each seller against its own \
last card, at most three months old. Only sellers of the same open weights are compared.

Examples: mtok market tokens --model llama-3.3-70b
          mtok market tokens --model gpt-oss-120b --mix 10 --gap hold --json";

/// Arguments of `market tokens`.
#[derive(Args, Debug)]
pub struct TokensArgs {
    /// The model, by its name or an alias in models.csv, or as the file names it.
    #[arg(long, value_name = "NAME")]
    pub model: String,
    /// A table of token prices, plain or packed, - for standard input [default: the bundled tokens.csv].
    #[arg(long, value_name = "CSV", conflicts_with_all = ["imported", "store"])]
    pub file: Option<PathBuf>,
    /// Input tokens per output token, by which blended prices are weighted.
    #[arg(long, value_name = "RATIO", default_value = "3", value_parser = mix, allow_negative_numbers = true)]
    pub mix: Mix,
    #[command(flatten)]
    pub series: PriceSeriesArgs,
}

fn mix(text: &str) -> Result<Mix, String> {
    let ratio = text.parse().map_err(|_| "is not a number of input tokens per output token".to_owned())?;
    Mix::new(ratio)
}
