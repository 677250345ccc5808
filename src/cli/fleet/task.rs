//! The arguments of `mtok fleet task`.

use std::path::{Path, PathBuf};

use clap::Args;
use mtok::fleet::plan::Per;

/// What all tasks share, how a launcher starts them, and examples.
pub const HELP: &str = "\
What is measured, behind `--`, as in mtok measure: --kernel, --quick or --full,
--budget, --repeat, --seed, --timeout, --gl, --no-peaks. All tasks of a fleet
need the same words, or none once there is a fleet.json. Tasks never tune:
siblings can only be compared where they run the same code.

A task that ended well is left alone; one that failed, or that was killed, goes
on where it stopped. A later attempt on another node begins anew beside the
earlier one. Exit codes are those of mtok measure.

Examples:
  mtok fleet task --dir fleets/lab --index 0 --of 4 -- --budget 5m
  for i in 0 1 2 3; do mtok fleet task --dir fleets/lab --index $i --of 4; done
  srun -N 8 --ntasks-per-node=1 --exclusive \\
    mtok fleet task --dir fleets/autumn --of 8 --per node -- --budget 5m
  mpirun -n 16 mtok fleet task --dir fleets/autumn --of 16 -- --quick";

/// Arguments of `fleet task`.
#[derive(Args, Debug)]
pub struct TaskArgs {
    /// The folder of the fleet, on a file system that all nodes share; --dir names it as well.
    #[arg(value_name = "DIR", required_unless_present = "dir", conflicts_with = "dir")]
    folder: Option<PathBuf>,
    /// The folder of the fleet.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Which task this is, from 0 [default: as the launcher says: $SLURM_ARRAY_TASK_ID, $OMPI_COMM_WORLD_RANK, $PMIX_RANK,
    /// $PMI_RANK, $SLURM_PROCID or $JOB_COMPLETION_INDEX].
    #[arg(long, value_name = "I")]
    pub index: Option<u32>,
    /// How many tasks the fleet has; needed only where the folder has no fleet.json yet.
    #[arg(long, value_name = "N")]
    pub of: Option<u32>,
    /// What each task measures: one gpu, or every GPU of its node [default: gpu].
    #[arg(long, value_name = "gpu|node")]
    pub per: Option<Per>,
    /// The name of this node [default: $SLURMD_NODENAME, $NODE_NAME, else the host's name].
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// The GPU: the one that the launcher gave to the task, or an index of `mtok devices`, a PCI bus address, a UUID.
    #[arg(long, value_name = "auto|INDEX|PCI-BUS|UUID", default_value = AUTO)]
    pub gpu: String,
    /// What is measured, as below.
    #[arg(last = true, value_name = "MEASURING OPTIONS")]
    pub measuring: Vec<String>,
}

/// The word for the GPU that the launcher gave.
pub const AUTO: &str = "auto";

impl TaskArgs {
    /// The folder of the fleet.
    pub fn fleet(&self) -> &Path {
        // One of both is there: clap sees to that.
        self.folder.as_deref().or(self.dir.as_deref()).unwrap_or(Path::new("."))
    }
}
