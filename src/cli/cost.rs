//! The arguments of `cost`.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use mtok::cost::utilisation::Parts;
use mtok::price::rental::Kind;
use mtok::served;

use super::{FormatArgs, HourArgs, ImportedArgs, TableArgs, part, positive, rent, share};

/// Said below the options.
pub(super) const HELP: &str = "\
Input and output of files are priced apart and never blended: each row alone pays for the whole hour, as if nothing else \
ran. Rates per GPU pay for one device whatever --gpus says. A row that failed stays, without a cost, and the exit code is 1.

With a workload (--step-ms or --input-tokens-per-s) the hour is charged once: input pays for its prefill, output for its \
share of the decode steps, and both sides add up to the request.

The hour is typed or of a table, of spot (--mtbf-h), reserved (--upfront-usd), of a preset, or of an owned device.

Examples:
  mtok cost --tokens-per-s 1000 --usd-per-hour 5 --json
  mtok cost --from llama-bench.json --usd-per-hour 2.5
  mtok cost --from results.csv --hardware \"H100 SXM\" --as-of 2026-09-01
  mtok cost --step-ms 20 --batch 64 --prefill-us-per-token 40 --isl 1000 \\
    --osl 500 --usd-per-hour 2
  mtok cost --input-tokens-per-s 25000 --output-tokens-per-s 3200 --ratio 3 \\
    --cached 0.5 --preset h100-neocloud
  mtok cost --tokens-per-s 3000 --usd-per-hour 1.2 --mtbf-h 24 \\
    --restart-h 0.5 --lost-work 0.02 \\
    --utilisation-parts daily=0.6,scheduling=0.9,available=0.98";

/// One of the four rates, on lines that fit a terminal.
pub(super) const USAGE: &str = "\
mtok cost [OPTIONS] --from FILE | --tokens-per-s RATE
                 | --step-ms MS | --input-tokens-per-s RATE";

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
    pub work: WorkArgs,
    #[command(flatten)]
    pub hour: HourArgs,
    /// Devices that reach the rate together [default: what the file says, else 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub gpus: Option<u32>,
    /// Share of the paid hours that carry the load, above 0 up to 1 [default: 1, which no service has].
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub utilisation: Option<f64>,
    /// The same as a product: daily= (mean load over its peak), scheduling= and available=, each above 0 up
    /// to 1.
    #[arg(long, value_name = "NAME=SHARE,…")]
    pub utilisation_parts: Option<Parts>,
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
    /// One decode step of the whole batch, in milliseconds.
    #[arg(
        long,
        value_name = "MS",
        value_parser = positive,
        allow_negative_numbers = true,
        requires_all = ["batch", "prefill_us_per_token"]
    )]
    pub step_ms: Option<f64>,
    /// Prompt tokens per second of all devices together, while they do nothing else.
    #[arg(
        long,
        value_name = "RATE",
        value_parser = positive,
        allow_negative_numbers = true,
        requires = "output_tokens_per_s"
    )]
    pub input_tokens_per_s: Option<f64>,
}

/// The workload whose input and output share the hour.
#[derive(Args, Debug)]
pub struct WorkArgs {
    /// Sequences that decode together in a step.
    #[arg(long, value_name = "N", requires = "step_ms", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
    /// Prefill per prompt token, in microseconds.
    #[arg(long, value_name = "US", requires = "step_ms", value_parser = positive, allow_negative_numbers = true)]
    pub prefill_us_per_token: Option<f64>,
    /// Generated tokens per second of all devices together, while they do nothing else.
    #[arg(
        long,
        value_name = "RATE",
        requires = "input_tokens_per_s",
        value_parser = positive,
        allow_negative_numbers = true
    )]
    pub output_tokens_per_s: Option<f64>,
    /// Input tokens per request.
    #[arg(long, value_name = "TOKENS", requires = "osl")]
    pub isl: Option<u64>,
    /// Output tokens per request.
    #[arg(long, value_name = "TOKENS", requires = "isl", value_parser = clap::value_parser!(u64).range(1..))]
    pub osl: Option<u64>,
    /// Input tokens per output token, in place of --isl and --osl.
    #[arg(long, value_name = "RATIO", value_parser = super::not_negative, allow_negative_numbers = true)]
    pub ratio: Option<f64>,
    /// Share of the input that a cache holds, from 0 to below 1.
    #[arg(long, value_name = "SHARE", value_parser = part, allow_negative_numbers = true)]
    pub cached: Option<f64>,
    /// What a cached input token costs, as a share of a fresh one [default: 0, a hit costs nothing].
    #[arg(long, value_name = "SHARE", requires = "cached", value_parser = part, allow_negative_numbers = true)]
    pub cached_cost: Option<f64>,
}

impl WorkArgs {
    /// The options given that only a workload has.
    pub fn given(&self) -> Vec<&'static str> {
        let options = [
            ("--isl", self.isl.is_some()),
            ("--osl", self.osl.is_some()),
            ("--ratio", self.ratio.is_some()),
            ("--cached", self.cached.is_some()),
        ];
        options.into_iter().filter_map(|(name, given)| given.then_some(name)).collect()
    }
}

/// What the device is rented for.
#[derive(Args, Debug)]
pub struct RentArgs {
    /// Rent per device and hour; 0 only where a reserved device is all paid before.
    #[arg(
        long,
        value_name = "USD",
        conflicts_with_all = ["imported", "store"],
        value_parser = rent,
        allow_negative_numbers = true
    )]
    pub usd_per_hour: Option<f64>,
    /// The hardware of rentals.csv whose median rent counts.
    #[arg(long, value_name = "NAME", conflicts_with = "usd_per_hour")]
    pub hardware: Option<String>,
    /// How it is rented: on-demand, spot, reserved or community [default: spot or reserved where its options are given,
    /// else on-demand].
    #[arg(long, value_name = "KIND", conflicts_with = "usd_per_hour")]
    pub kind: Option<Kind>,
    /// The day whose rents count [default: today].
    #[arg(long, value_name = "DATE", conflicts_with = "usd_per_hour")]
    pub as_of: Option<Date>,
    #[command(flatten)]
    pub imported: ImportedArgs,
}

fn format_help() -> String {
    format!("The format of the file: {} [default: found by its columns or keys]", served::names())
}
