//! The arguments of `market`: one file per sub-verb.

mod all;
mod check;
mod forecast;
mod paradox;
mod rental;
mod spend;
mod storage;
mod tokens;
mod usage;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use mtok::market::month::Month;
use mtok::market::trend::{OnRun, TOLERANCE};

use super::{FormatArgs, ImportedArgs, TableArgs};

pub use all::AllArgs;
pub use check::CheckArgs;
pub use forecast::ForecastArgs;
pub use paradox::ParadoxArgs;
pub use rental::RentalArgs;
pub use spend::SpendArgs;
pub use storage::StorageArgs;
pub use tokens::TokensArgs;
pub use usage::UsageArgs;

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
    /// Follow what an hour of a GPU costs: level, matched change, streaks, ratio to another GPU, spot.
    #[command(after_help = rental::HELP)]
    Rental(RentalArgs),
    /// Follow what a million tokens of a model cost at those who sell them.
    #[command(after_help = tokens::HELP)]
    Tokens(TokensArgs),
    /// Follow tokens per day: by month, by model, by the country of their makers.
    #[command(after_help = usage::HELP)]
    Usage(UsageArgs),
    /// Follow spot prices of memory, a series per product.
    #[command(after_help = storage::HELP)]
    Storage(StorageArgs),
    /// Multiply usage with prices by model, and split what moved spend into volume, price and mix.
    #[command(after_help = spend::HELP)]
    Spend(SpendArgs),
    /// Say whether cheaper tokens mean more spend, and how much faster kernels must become.
    #[command(after_help = paradox::HELP)]
    Paradox(ParadoxArgs),
    /// Everything on one page: rents, token prices, quoted indicators and claims, and what agrees.
    #[command(after_help = all::HELP)]
    All(AllArgs),
    /// Say whether quoted figures can hold together, and what they imply.
    #[command(after_help = check::HELP)]
    Check(CheckArgs),
    /// Say what follows where rent, price and usage change: kernels, spend, GPUs.
    #[command(after_help = forecast::HELP)]
    Forecast(ForecastArgs),
}

/// What every series of prices is asked with, beside its own options; `file` is one of those.
#[derive(Args, Debug)]
pub struct PriceSeriesArgs {
    /// The day whose prices count: a later row does not exist [default: every row counts].
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    #[command(flatten)]
    pub window: WindowArgs,
    #[command(flatten)]
    pub streak: StreakArgs,
    /// Read a file of more than 256 MiB.
    #[arg(long, requires = "file")]
    pub large: bool,
    #[command(flatten)]
    pub tables: TableArgs,
    #[command(flatten)]
    pub imported: ImportedArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// The months that are shown. Changes of the first still look back.
#[derive(Args, Clone, Copy, Debug)]
pub struct WindowArgs {
    /// The first month shown, such as 2026-01.
    #[arg(long, value_name = "MONTH")]
    pub from: Option<Month>,
    /// The last month shown.
    #[arg(long, value_name = "MONTH")]
    pub to: Option<Month>,
}

/// What a streak rests on.
#[derive(Args, Clone, Copy, Debug)]
pub struct StreakArgs {
    /// Changes up to this fraction are flat.
    #[arg(long, value_name = "FRACTION", default_value_t = TOLERANCE, value_parser = tolerance, allow_negative_numbers = true)]
    pub tolerance: f64,
    /// What a flat month does to a run of rises or falls.
    #[arg(long, value_enum, value_name = "RULE", default_value_t = RunChoice::Break)]
    pub flat: RunChoice,
    /// What a missing month does to a run; where it holds, a change is that since the last month with a value.
    #[arg(long, value_enum, value_name = "RULE", default_value_t = RunChoice::Break)]
    pub gap: RunChoice,
}

/// What an event does to a run.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RunChoice {
    /// The run ends.
    Break,
    /// The run stays and may go on.
    Hold,
}

impl From<RunChoice> for OnRun {
    fn from(choice: RunChoice) -> Self {
        match choice {
            RunChoice::Break => Self::Break,
            RunChoice::Hold => Self::Hold,
        }
    }
}

fn tolerance(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| (0.0..1.0).contains(number));
    number.ok_or_else(|| "is not a number from 0 to below 1, such as 0.005 for half a percent".into())
}
