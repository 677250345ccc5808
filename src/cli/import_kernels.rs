//! The arguments of `import-kernels`.

use std::path::PathBuf;

use clap::Args;
use mtok::op::Format;

use super::TableArgs;

/// Said below the options.
pub(super) const HELP: &str = "\
Reads tables of operators as the profiler of Vidur writes them: columns time_stats.<operator>.min, .median, .mean and \
.std in milliseconds, with the sizes of the model, the number of tokens and the degree of tensor parallelism. Rows are \
marked as imported: their results were not verified here, and estimates from them have the source measured-elsewhere.

Example: mtok import-kernels mlp.csv --all-reduce all_reduce.csv \\
    --device \"H100 SXM\" --out h100";

/// Arguments of `import-kernels`.
#[derive(Args, Debug)]
pub struct ImportKernelsArgs {
    /// Tables of operators.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The GPU that was measured, by its name in gpus.csv; its datasheet finds times that are impossible.
    #[arg(long, value_name = "NAME")]
    pub device: String,
    /// A table of all-reduces.
    #[arg(long, value_name = "FILE")]
    pub all_reduce: Option<PathBuf>,
    /// How the matrices were held; the files do not say.
    #[arg(long, value_name = "FORMAT", default_value = "f16")]
    pub weights: Format,
    /// A folder that gets a measurements.csv, or a file [default: stdout].
    #[arg(long, value_name = "DIR|FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub tables: TableArgs,
}
