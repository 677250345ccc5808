//! The arguments of the verbs that need an adapter: `devices`, `measure` and `run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use mtok::kernel::Suite;
use mtok::op::Format;

use super::{FormatArgs, PriceArgs, TableArgs, WorkloadArgs};

/// Arguments of `devices`.
#[derive(Args, Debug)]
pub struct DevicesArgs {
    /// Ask GL as well; it shows the devices of Vulkan a second time.
    #[arg(long)]
    pub gl: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub tables: TableArgs,
}

/// Which adapter, and what its worker processes are given.
#[derive(Args, Debug)]
pub struct AdapterArgs {
    /// The adapter: its index or PCI bus address in `mtok devices`, or a part of its name [default: the most capable];
    /// `all` for each of them in turn.
    #[arg(long, value_name = "INDEX|PCI-BUS|NAME|all")]
    pub device: Option<String>,
    /// Ask GL as well.
    #[arg(long)]
    pub gl: bool,
    /// How long a worker process may give no sign of life before it is killed.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = budget)]
    pub timeout: Duration,
    /// Seed of the random inputs.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl AdapterArgs {
    /// Whether every adapter is meant.
    pub fn all(&self) -> bool {
        self.device.as_deref() == Some("all")
    }
}

/// How many shapes.
#[derive(Args, Debug)]
pub struct SuiteArgs {
    /// Few shapes: enough to see whether all is well.
    #[arg(long, conflicts_with = "full")]
    pub quick: bool,
    /// Every format at every shape; give it a longer --budget.
    #[arg(long)]
    pub full: bool,
}

/// Which adapter and shapes, for how long.
#[derive(Args, Debug)]
pub struct Sampling {
    #[command(flatten)]
    pub adapter: AdapterArgs,
    #[command(flatten)]
    pub suite: SuiteArgs,
    /// Time for all measurements of an adapter together, such as 60s or 5m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = budget)]
    pub budget: Duration,
    /// Visit every cell so many times, each time in a new process; fewer where the budget is too short.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,
    /// Take the first variant of each kernel that the adapter can run: neither use what the tuner found nor let it try
    /// what is new within a third of the budget.
    #[arg(long)]
    pub no_tune: bool,
}

impl SuiteArgs {
    /// How much is measured.
    pub fn suite(&self) -> Suite {
        match (self.quick, self.full) {
            (true, _) => Suite::Quick,
            (_, true) => Suite::Full,
            _ => Suite::Standard,
        }
    }
}

/// Arguments of `measure`.
#[derive(Args, Debug)]
pub struct MeasureArgs {
    #[command(flatten)]
    pub sampling: Sampling,
    /// Only this kernel; may be given several times.
    #[arg(long, value_name = "KERNEL")]
    pub kernel: Vec<String>,
    /// The result folder [default: results/<date>-<device>].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the run in the folder: finished cells are not measured again.
    #[arg(long)]
    pub resume: bool,
    /// Only this variant of each kernel, whatever the tuner found; cells that it cannot compute are left out.
    #[arg(long, value_name = "VARIANT")]
    pub variant: Option<String>,
    /// Leave out the adapter's peaks, which are otherwise measured along with the chosen kernels for their share of peak.
    #[arg(long)]
    pub no_peaks: bool,
    /// Measure twice, in turns (A B B A …), into the folders a and b: how much two equal sides differ.
    #[arg(long, group = "sides")]
    pub aa: bool,
    /// Measure with another mtok as side a and this one as side b, in turns.
    #[arg(long, value_name = "BINARY", group = "sides")]
    pub against: Option<PathBuf>,
    /// Measure another variant as side a and --variant (or the one that is chosen without it) as side b, in turns.
    #[arg(long, value_name = "VARIANT", group = "sides")]
    pub against_variant: Option<String>,
    /// List the cells with the variants that could run, and measure nothing.
    #[arg(long)]
    pub list: bool,
    /// Measure one whole layer of this model, and its output matrix, beside the separate kernels from which estimates are
    /// made: how far the two agree. Scaled down by a power of two where the adapter or its memory demand it.
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["kernel", "variant", "sides", "list", "quick", "full"])]
    pub layer: Option<String>,
    /// How the weights of the layer are held.
    #[arg(long, value_name = "FORMAT", default_value = "q4_0", requires = "layer")]
    pub weights: Format,
    #[command(flatten)]
    pub tables: TableArgs,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `tune`.
#[derive(Args, Debug)]
pub struct TuneArgs {
    #[command(flatten)]
    pub adapter: AdapterArgs,
    #[command(flatten)]
    pub suite: SuiteArgs,
    /// Only this kernel; may be given several times.
    #[arg(long, value_name = "KERNEL")]
    pub kernel: Vec<String>,
    /// Time for all trials on an adapter together; a later call goes on with what is left.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = budget)]
    pub budget: Duration,
    /// Forget what was found before, of these kernels, and try them all again.
    #[arg(long)]
    pub forget: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub sampling: Sampling,
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub price: PriceArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    /// The result folder [default: results/<date>-<device>].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the run in the folder: finished cells are not measured again.
    #[arg(long)]
    pub resume: bool,
}

/// Reads a time with its unit.
pub fn budget(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    parsed.filter(|time| !time.is_zero()).ok_or_else(|| "is not a time like 60s or 5m".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_have_a_unit() {
        assert_eq!(budget("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(budget("2m"), Ok(Duration::from_secs(120)));
        for bad in ["60", "0s", "-5s", "x"] {
            assert!(budget(bad).is_err(), "{bad}");
        }
    }
}
