//! The arguments of `mtok fleet submit`.

use std::path::PathBuf;

use clap::Args;
use mtok::fleet::plan::Per;

use super::status::seconds;

/// How the tasks of a fleet come about, and examples.
pub const HELP: &str = "\
--per gpu makes a task per GPU: N with --tasks N; with --nodes N --gres gpu:G \
it is N x G tasks of one GPU each. --per node makes a task per node, which it \
has to itself and whose GPUs it measures one after the other; --nodes N and \
--tasks N are the same there. Slurm chooses where tasks run: one GPU may be \
measured twice and another not at all, which `mtok fleet collect` says.

Called again with a folder that has tasks already, it submits those that are \
neither done nor in the queue.

Examples:
  mtok fleet submit fleets/autumn --nodes 8 --gres gpu:8 --partition gpu \\
    --time 30:00 -- --budget 5m
  mtok fleet submit fleets/autumn --nodes 8 --per node --gres gpu:8 \\
    --partition gpu --sbatch=--mem=0 --watch
  mtok fleet submit fleets/autumn --tasks 4 --dry-run";

/// Arguments of `fleet submit`.
#[derive(Args, Debug)]
pub struct SubmitArgs {
    /// The folder of the fleet, on a file system that all nodes share; made where it is missing.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// How many tasks.
    #[arg(long, value_name = "N", conflicts_with = "nodes")]
    pub tasks: Option<u32>,
    /// What a task measures: gpu, the one that it is given, or node, every one of its node [default: gpu].
    #[arg(long, value_name = "WHAT")]
    pub per: Option<Per>,
    /// How many nodes: with --per node that many tasks, with --per gpu as many as the GPUs that --gres says of each.
    #[arg(long, value_name = "N")]
    pub nodes: Option<u32>,
    /// Partition.
    #[arg(long, value_name = "NAME")]
    pub partition: Option<String>,
    /// Features that the nodes must have, such as h100.
    #[arg(long, value_name = "FEATURES")]
    pub constraint: Option<String>,
    /// Generic resources of a task, such as gpu:1; with --nodes those of a node.
    #[arg(long, value_name = "LIST")]
    pub gres: Option<String>,
    /// Give every task its node to itself; --per node does so anyway.
    #[arg(long)]
    pub exclusive: bool,
    /// Account that pays.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Time limit of a task in a form of Slurm's, such as 30:00.
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// Run at most so many tasks at the same time.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub at_once: Option<u32>,
    /// Any other option of sbatch, as --sbatch=--qos=low; may be given several times, later ones override.
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub sbatch: Vec<String>,
    /// mtok on the nodes [default: this one, by its path].
    #[arg(long, value_name = "PATH")]
    pub program: Option<PathBuf>,
    /// Print the script, and submit and write nothing.
    #[arg(long, conflicts_with_all = ["watch", "json"])]
    pub dry_run: bool,
    /// Follow the tasks until none is queued or running, looking every so many seconds [default: 10].
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10",
        value_parser = seconds, conflicts_with = "json")]
    pub watch: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Options of `mtok measure` for every task.
    #[arg(last = true, value_name = "OPTIONS")]
    pub options: Vec<String>,
}
