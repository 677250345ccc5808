//! The arguments of `cost`.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use mtok::served;

use super::{FormatArgs, ImportedArgs, TableArgs, positive, share};

/// Said below the options.
pub(super) const HELP: &str = "\
Input and output are priced apart and never blended: each row alone pays for the whole hour, as if nothing else ran. \
Rates per GPU pay for one device whatever --gpus says. A row that failed stays, without a cost, and the exit code is 1.

Examples: mtok cost --tokens-per-s 1000 --usd-per-hour 5 --json
          mtok cost --from llama-bench.json --usd-per-hour 2.5
          mtok cost --from results.csv --hardware \"H100 SXM\" --as-of 2026-09-01";

/// Arguments of `cost`.
#[derive(Args, Debug)]
pub struct CostArgs {
    #[command(flatten)]
    pub rate: RateArgs,
    /// The format of the file [default: found by its columns or keys].
    #[arg(long = "format", value_name = "NAME", conflicts_with = "tokens_per_s", help = format_help())]
    pub from_format: Option<served::Format>,
    /// Tokens that one iteration works on, for criterion and nvbench: their files have times only.
    #[arg(
        long,
        value_name = "TOKENS",
        conflicts_with = "tokens_per_s",
        value_parser = positive,
        allow_negative_numbers = true
    )]
    pub tokens_per_iteration: Option<f64>,
    #[command(flatten)]
    pub rent: RentArgs,
    /// Devices that reach the rate together [default: what the file says, else 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub gpus: Option<u32>,
    /// Share of the paid hours that carry the load, above 0 up to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share, allow_negative_numbers = true)]
    pub utilisation: f64,
    #[command(flatten)]
    pub tables: TableArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// The rate that is priced.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct RateArgs {
    /// A result file.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Tokens per second of all devices together.
    #[arg(long, value_name = "RATE", value_parser = positive, allow_negative_numbers = true)]
    pub tokens_per_s: Option<f64>,
}

/// What the device is rented for.
#[derive(Args, Debug)]
pub struct RentArgs {
    /// Rent per device and hour.
    #[arg(
        long,
        value_name = "USD",
        conflicts_with_all = ["imported", "store"],
        value_parser = positive,
        allow_negative_numbers = true
    )]
    pub usd_per_hour: Option<f64>,
    /// The hardware of rentals.csv whose median rent counts.
    #[arg(long, value_name = "NAME", conflicts_with = "usd_per_hour")]
    pub hardware: Option<String>,
    /// The day whose rents count [default: today].
    #[arg(long, value_name = "DATE", conflicts_with = "usd_per_hour")]
    pub as_of: Option<Date>,
    #[command(flatten)]
    pub imported: ImportedArgs,
}

fn format_help() -> String {
    format!("The format of the file: {} [default: found by its columns or keys]", served::names())
}
