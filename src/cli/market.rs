//! The arguments of `market`: one file per sub-verb.

mod check;
mod forecast;

use clap::{Args, Subcommand};

pub use check::CheckArgs;
pub use forecast::ForecastArgs;

/// Arguments of `market`.
#[derive(Args, Debug)]
pub struct MarketArgs {
    /// What to follow.
    #[command(subcommand)]
    pub verb: MarketVerb,
}

/// The sub-verbs of `market`, each a series of its own.
#[derive(Debug, Subcommand)]
pub enum MarketVerb {
    /// Say whether quoted figures can hold together, and what they imply.
    #[command(after_help = check::HELP)]
    Check(CheckArgs),
    /// Say what follows where rent, price and usage change: kernels, spend, GPUs.
    #[command(after_help = forecast::HELP)]
    Forecast(ForecastArgs),
}
