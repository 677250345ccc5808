//! The arguments of `mtok fleet collect`.

use std::path::PathBuf;

use clap::Args;

use super::FleetCostArgs;
use crate::cli::{FormatArgs, WideArgs};

/// An example.
pub const HELP: &str = "\
Writes into DIR/collected: tasks.csv, a row per task; devices.csv, a row per
device; rows.csv, a row per task, device, cell and run; aside.csv, what was set
aside and why. What is there is merged, complete or not; the folders of the
tasks stay as they are, and the same folders give the same files. Then says what
all of them show together: what is out of line, and what the tokens cost. What
cannot be priced is left out with a note.

Exit code 0 where every task is done, 1 where some failed, are missing or have
not ended, or a file cannot be read.

Examples:
  mtok fleet collect fleets/autumn
  mtok fleet collect fleets/autumn --out /tmp/autumn --no-rows
  mtok fleet collect fleets/autumn --model qwen3-32b --weights q8_0 \\
    --utilisation 0.6 --preset h100-neocloud --json";

/// Arguments of `fleet collect`.
#[derive(Args, Debug)]
pub struct CollectArgs {
    /// The folder of the fleet.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write the tables into this folder, made where it is missing, instead of DIR/collected.
    #[arg(short = 'o', long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Leave out rows.csv, by far the largest of the tables.
    #[arg(long)]
    pub no_rows: bool,
    #[command(flatten)]
    pub wide: WideArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub costs: FleetCostArgs,
}
