//! The arguments of `mtok fleet manifest`.

use clap::Args;

/// What has to be said does not fit one line of a common terminal.
pub const USAGE: &str = "\
mtok fleet manifest [OPTIONS] --dir <DIR> --tasks <N> --image <IMAGE> \\
         --claim <PVC> [-- <OPTIONS>...]";

/// Examples.
pub const HELP: &str = "\
The claim's volume has to be one that all nodes can write at the same time \
(ReadWriteMany); each task writes files of its own only. Kubernetes 1.29 or \
later starts a task again that failed, up to 3 times, and as often as its node \
is taken away.

Examples:
  mtok fleet manifest --dir /fleet --tasks 64 --claim fleets \\
    --image registry.example/mtok:0.1.0 > job.yaml
  mtok fleet manifest --dir /fleet --tasks 8 --claim fleets --sub-path autumn \\
    --image registry.example/mtok:0.1.0 --parallelism 2 -- --budget 5m";

/// Arguments of `fleet manifest`.
#[derive(Args, Debug)]
pub struct ManifestArgs {
    /// The folder of the fleet as the containers see it: where the volume is mounted.
    #[arg(long, value_name = "DIR")]
    pub dir: String,
    /// How many tasks.
    #[arg(long, value_name = "N")]
    pub tasks: u32,
    /// The container image; mtok is on its path.
    #[arg(long, value_name = "IMAGE")]
    pub image: String,
    /// The claim of the volume that all nodes share.
    #[arg(long, value_name = "PVC")]
    pub claim: String,
    /// The folder of the volume that is mounted [default: all of it].
    #[arg(long, value_name = "PATH")]
    pub sub_path: Option<String>,
    /// GPUs of a task; 0 asks for none. Of several, a task measures one after the other.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub gpus_per_task: u32,
    /// The resource that is a GPU, such as amd.com/gpu.
    #[arg(long, value_name = "NAME", default_value = "nvidia.com/gpu")]
    pub resource: String,
    /// Run at most so many tasks at the same time [default: all].
    #[arg(long, value_name = "K")]
    pub parallelism: Option<u32>,
    /// The namespace [default: that of whoever applies it].
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// The name of the Job.
    #[arg(long, value_name = "NAME", default_value = "mtok-fleet")]
    pub name: String,
    /// Options of `mtok measure` for every task.
    #[arg(last = true, value_name = "OPTIONS")]
    pub options: Vec<String>,
}
