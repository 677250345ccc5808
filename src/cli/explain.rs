//! Arguments of `mtok explain`.

use clap::Args;

use super::{DeviceArgs, FormatArgs, PriceArgs, WorkloadArgs};

pub const HELP: &str = "\
Without FIGURE all figures are listed, each with its unit and its formula. Several rows are refused unless --all is \
given: --model, --weights, --batch and --offers narrow them. A part that was told further up is not told again.

Examples:
  mtok explain
  mtok explain usd_per_mtok_out --gpu \"H100 SXM\" --model llama-3.1-8b \\
    --weights fp8 --as-of 2026-09-01
  mtok explain verdict --gpu \"H100 SXM\" --model llama-3.1-8b \\
    --weights fp8 --usd-per-hour 2.5 --json";

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct FigureArgs {
    /// A figure by its column, such as verdict, usd_per_mtok_blended or usd_per_hour.
    pub figure: Option<String>,
    /// Explain every row, not only one.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub price: PriceArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}
