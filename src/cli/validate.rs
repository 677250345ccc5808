//! The arguments of `validate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mtok::validate::LeaveOut;

use super::{FormatArgs, TableArgs};

/// Said below the options.
pub(super) const HELP: &str = "\
Errors are those of times: +100 % is twice as slow as measured. Without files the project's own table is read. The \
columns of --file: source, hardware, gpus, model, precision_weights, isl, osl, batch_or_concurrency (a number or max), \
phase (decode, prefill, offline, served), value, unit (ms or tok/s), and where there are id, url_or_repo_path, \
precision_kv, notes. Those of --served: backend, model_path, system, precision, isl, osl, batch_size, tp_size, \
silicon_tpot_ms.

Examples: mtok validate
          mtok validate --leave-out gpu --json
          mtok validate --file mine.csv --served served.csv";

/// Arguments of `validate`.
#[derive(Args, Debug)]
pub struct ValidateArgs {
    /// A table of measurements from many sources.
    #[arg(long, value_name = "CSV")]
    pub file: Option<PathBuf>,
    /// A table of served requests.
    #[arg(long, value_name = "CSV")]
    pub served: Option<PathBuf>,
    /// Predict the rows of each GPU, or of each model, by constants that are fitted to all other rows.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub leave_out: Option<Leave>,
    #[command(flatten)]
    pub tables: TableArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// What is left out together.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Leave {
    /// All rows of a GPU.
    Gpu,
    /// All rows of models of one shape.
    Model,
}

impl Leave {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Model => "model",
        }
    }
}

impl From<Leave> for LeaveOut {
    fn from(leave: Leave) -> Self {
        match leave {
            Leave::Gpu => Self::Gpu,
            Leave::Model => Self::Model,
        }
    }
}
