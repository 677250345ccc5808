//! The arguments of `market rental`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mtok::price::rental::{Basis, Kind};

use super::PriceSeriesArgs;

/// Said below the options.
pub(super) const HELP: &str = "\
Columns of --file, by name and in any order: date (a day or a month), provider, gpu (or hardware), usd_per_gpu_hour (or \
usd_per_hour), and where there are gpu_memory (GB of one GPU), kind (or pricing_kind), basis, region, currency, source. \
Each provider has one vote a month, the median of its rows; the level is the median of the votes and withheld below three \
providers. The matched change holds each provider against its own last quote, at most three months old.

Examples: mtok market rental --gpu h100 --ratio a100
          mtok market rental --file rents.csv --gpu \"H100 SXM\" --kind spot \\
              --from 2026-01 --json";

/// Arguments of `market rental`.
#[derive(Args, Debug)]
pub struct RentalArgs {
    /// A table of rents, plain or packed, - for standard input [default: the bundled rentals.csv].
    #[arg(long, value_name = "CSV", conflicts_with_all = ["imported", "store"])]
    pub file: Option<PathBuf>,
    /// The GPU in any case: a family such as h100 is every form of it, a name such as \"H100 SXM\" that form.
    #[arg(long, value_name = "NAME")]
    pub gpu: String,
    /// GB of one GPU, for families that are sold with several [default: the size with the most rows].
    #[arg(long, value_name = "GB", value_parser = clap::value_parser!(u16).range(1..))]
    pub memory_gb: Option<u16>,
    /// The GPU whose rents the first one's are divided by, such as a100 or \"A100 80GB\".
    #[arg(long, value_name = "NAME")]
    pub ratio: Option<String>,
    /// How it is rented; kinds are never mixed.
    #[arg(long, value_enum, value_name = "KIND", default_value_t = KindChoice::OnDemand)]
    pub kind: KindChoice,
    /// What the numbers stand for; bases are never mixed [default: the one that publishes the most months].
    #[arg(long, value_enum, value_name = "BASIS")]
    pub basis: Option<BasisChoice>,
    /// One region, or its first words: us means us-east-1 too [default: all].
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    #[command(flatten)]
    pub series: PriceSeriesArgs,
}

/// How hardware is rented.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KindChoice {
    /// By the hour, kept until given back.
    OnDemand,
    /// May be taken away.
    Spot,
    /// Paid for months ahead.
    Reserved,
    /// Hosted by strangers.
    Community,
}

impl From<KindChoice> for Kind {
    fn from(choice: KindChoice) -> Self {
        match choice {
            KindChoice::OnDemand => Self::OnDemand,
            KindChoice::Spot => Self::Spot,
            KindChoice::Reserved => Self::Reserved,
            KindChoice::Community => Self::Community,
        }
    }
}

/// What a quoted number stands for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum BasisChoice {
    /// The provider's own list price.
    List,
    /// A third party's conversion to one GPU of an eight-GPU SXM server.
    #[value(name = "restated-8xsxm")]
    Restated8xSxm,
}

impl From<BasisChoice> for Basis {
    fn from(choice: BasisChoice) -> Self {
        match choice {
            BasisChoice::List => Self::List,
            BasisChoice::Restated8xSxm => Self::Restated8xSxm,
        }
    }
}
