//! The arguments of `diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::FormatArgs;

/// What stands below the options.
pub const HELP: &str = "\
Exit codes: 0 nothing became slower, 1 a row is SLOWER or lost its result, 2 bad input, 6 inconclusive: no verdict, a \
row that may be slower but whose evidence is doubted, or a cell that new lacks. FASTER never fails, and costs never do: \
a price that moved is no regression.

Example: mtok diff results/base results/new \\
    --thresholds thresholds.toml --markdown";

/// Arguments of `diff`.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// What was: a result folder, a measurements.csv or a costs.csv.
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// What is now; several are runs of one side, where device and build agree.
    #[arg(value_name = "NEW", required = true)]
    pub new: Vec<PathBuf>,
    /// More runs of base; may be given several times.
    #[arg(long = "base", value_name = "DIR")]
    pub more_base: Vec<PathBuf>,
    /// A session that measured one binary against itself, with its folders a and b: what differs as much there is
    /// UNSURE here.
    #[arg(long, value_name = "DIR")]
    pub null: Option<PathBuf>,
    /// Match cells whatever their variant is.
    #[arg(long)]
    pub any_variant: bool,
    /// What is only noted; may be given several times.
    #[arg(long, value_enum)]
    pub allow: Vec<Allowed>,
    /// A TOML file with the margin and cap of each kernel [default: 0.02 and 0.10 for all].
    #[arg(long, value_name = "FILE")]
    pub thresholds: Option<PathBuf>,
    /// What makes the exit code other than 0.
    #[arg(long, value_enum, default_value_t = GateChoice::Regress)]
    pub gate: GateChoice,
    /// Show the rows that are SAME too.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub format: FormatArgs,
    /// Print workflow commands of GitHub Actions.
    #[arg(long, conflicts_with = "FormatArgs")]
    pub annotations: bool,
}

/// What `diff` only notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Allowed {
    /// Another driver.
    Driver,
    /// Cells that new lacks.
    Missing,
}

/// What makes the exit code of `diff` other than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GateChoice {
    /// A regression (1) or no answer (6).
    Regress,
    /// Nothing but bad input.
    None,
}
