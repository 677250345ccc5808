//! The arguments of `market`: one file per sub-verb.

use clap::{Args, Subcommand};

/// Arguments of `market`.
#[derive(Args, Debug)]
pub struct MarketArgs {
    /// What to follow.
    #[command(subcommand)]
    pub verb: MarketVerb,
}

/// The sub-verbs of `market`, each a series of its own.
#[derive(Debug, Subcommand)]
pub enum MarketVerb {}
