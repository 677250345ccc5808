//! The arguments of `budget`.

use clap::Args;
use mtok::market::budget::Volume;

use super::{DeviceArgs, FormatArgs, OwnArgs, PriceArgs, WorkloadArgs, share};

/// What is assumed where nobody says how far the peak is above the mean: a day from twice the mean down to nothing.
pub const PEAK_FACTOR: f64 = 2.0;
/// What is assumed where nobody says how far a replica is loaded: a fifth is room for bursts within a minute.
pub const UTILISATION_MAX: f64 = 0.8;

/// Said below the options.
pub(super) const HELP: &str = "\
The load of a day falls in a straight line from its peak; GPUs are for the peak and paid all hours. The verdict takes \
whole intervals of rates, rent and market price. Owning needs the options of `mtok own`, or a preset such as \
h100-neocloud; without them it is left out.

Examples:
  mtok budget --tokens-per-day 2B --isl 1500 --osl 300 --gpu \"H100 SXM\" \\
    --model llama-3.1-8b --weights fp8
  mtok budget --requests-per-day 1M --model llama-3.1-70b --weights fp8 \\
    --gpu \"H100 SXM\" --tp 2 --peak-factor 3 --preset h100-neocloud \\
    --market cheapest --json";

/// Arguments of `budget`.
#[derive(Args, Debug)]
pub struct BudgetArgs {
    #[command(flatten)]
    pub volume: VolumeArgs,
    /// Load of the busiest moment over the mean load of the day, at least 1 [default: 2].
    #[arg(long, value_name = "FACTOR", value_parser = at_least_one, allow_negative_numbers = true)]
    pub peak_factor: Option<f64>,
    /// Share of its time up to which a replica is loaded, above 0 up to 1 [default: 0.8].
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub utilisation_max: Option<f64>,
    /// In the cheapest mix, rented GPUs are given back while the load does not need them, and paid by the hour.
    #[arg(long)]
    pub give_back: bool,
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub price: PriceArgs,
    #[command(flatten)]
    pub own: OwnArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// The volume, in one of two ways.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct VolumeArgs {
    /// Input and output tokens per day, such as 2B or 500M.
    #[arg(long, value_name = "TOKENS", allow_hyphen_values = true)]
    pub tokens_per_day: Option<Volume>,
    /// Requests per day, such as 1M.
    #[arg(long, value_name = "REQUESTS", allow_hyphen_values = true)]
    pub requests_per_day: Option<Volume>,
}

fn at_least_one(text: &str) -> Result<f64, String> {
    let factor = super::positive(text).ok().filter(|factor| *factor >= 1.0);
    factor.ok_or_else(|| "is not a finite number >= 1: the busiest moment has at least the mean load".into())
}
