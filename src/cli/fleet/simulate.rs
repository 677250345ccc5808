//! The arguments of `mtok fleet simulate`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::numbers::{positive_change, spread};

/// An example.
pub const HELP: &str = "\
Nothing is measured: the rows are drawn, and say so. What was planted is
written to planted.json, to be held beside what collect finds.

Examples:
  mtok fleet simulate --tasks 24 --slow 1 --out invented
  mtok fleet simulate --tasks 1000 --slow 3 --seed 1 --out fleets/invented
  mtok fleet collect fleets/invented --json";

/// Arguments of `fleet simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// Tasks, each of one device.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=99_999))]
    pub tasks: u32,
    /// Devices of a node.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=32))]
    pub gpus_per_node: u32,
    /// Rows of a task: cells, in three runs each.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=900))]
    pub rows: u32,
    /// The same seed gives the same fleet.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// A folder that is empty or not there yet.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub spreads: SpreadArgs,
    #[command(flatten)]
    pub faults: FaultArgs,
}

/// How devices differ.
#[derive(Args, Debug)]
#[command(next_help_heading = "How alike the devices are (standard deviations)")]
pub struct SpreadArgs {
    /// Between devices, on kernels bound by arithmetic.
    #[arg(long, value_name = "SHARE", default_value = "1.5%", value_parser = spread)]
    pub cards: f64,
    /// Between devices, on kernels bound by memory.
    #[arg(long, value_name = "SHARE", default_value = "0.4%", value_parser = spread)]
    pub cards_memory: f64,
    /// Between nodes.
    #[arg(long, value_name = "SHARE", default_value = "0.3%", value_parser = spread)]
    pub nodes: f64,
    /// Between runs of a device.
    #[arg(long, value_name = "SHARE", default_value = "0.2%", value_parser = spread)]
    pub runs: f64,
    /// Tails heavier than normal: Student's t with 4 degrees of freedom.
    #[arg(long)]
    pub heavy_tails: bool,
}

/// What is wrong with some of them.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is planted (how many)")]
pub struct FaultArgs {
    /// Devices that are slower on every kernel.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub slow: u32,
    /// By which share slow devices and nodes are slower.
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = positive_change)]
    pub slow_by: f64,
    /// Devices that are slower on kernels bound by memory only.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub slow_memory: u32,
    /// Devices that are faster than siblings can be.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub fast: u32,
    /// Nodes that are slower at the usual clock.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub slow_nodes: u32,
    /// Nodes that are slower at a lower clock, and hotter.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub throttling_nodes: u32,
    /// Nodes that become slower from run to run, twice --slow-by in the last.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub drifted_nodes: u32,
    /// Tasks on another driver, 1 % slower.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub other_driver: u32,
    /// Tasks measured with another version of mtok.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub other_version: u32,
    /// Tasks that failed half-way.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub failed: u32,
    /// Tasks of which there is nothing.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub missing: u32,
    /// Tasks that were killed within a row.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub torn: u32,
    /// Tasks whose folder is there twice.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub duplicate: u32,
    /// Tasks that ended before they began.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub backwards: u32,
    /// Tasks of another plan.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub other_plan: u32,
    /// Files that are no part of a fleet.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub foreign: u32,
}
