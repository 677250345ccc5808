//! The arguments of `prices`: one file per sub-verb.

mod update;

use clap::{Args, Subcommand};

pub use update::UpdateArgs;

/// Arguments of `prices`.
#[derive(Args, Debug)]
pub struct PricesArgs {
    /// What to do with prices.
    #[command(subcommand)]
    pub verb: PricesVerb,
}

/// The sub-verbs of `prices`.
#[derive(Debug, Subcommand)]
pub enum PricesVerb {
    /// Ask public sources for their newest prices and import them.
    #[command(after_help = update::HELP)]
    Update(UpdateArgs),
}
