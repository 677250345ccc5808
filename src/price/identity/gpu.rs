//! Which GPU a listing means. H100 SXM, PCIe and NVL are three goods, and so are A100 with 40 and 80 GB: where a listing does
//! not say which one it is, the answer is the family, never a guess.
//!
//! Names come from `gpus.csv` and from `gpu_aliases.csv`, whose rows are of a kind each:
//!
//! | kind | alias | gpu |
//! |---|---|---|
//! | `name` | another name | a GPU or a family |
//! | `gpu` | a GPU without datasheet row | its memory sizes in GB |
//! | `size` | a GPU | one more size in GB under which it is listed |
//! | `family` | a short name | the GPUs that share it |
//! | `one-of` | a short name that says too little | the GPUs that it may be; memory has to tell |
//! | `instance` | start of an instance type | the GPU that is in it |
//! | `other` | start of a name | what it is, for it is no GPU |

mod names;
mod resolve;
mod seen;
mod spelling;

use std::sync::Arc;

use crate::price::Rule;

pub use names::GpuNames;
pub use seen::{Identifier, Seen, memory_gb_of_mib};

/// A GPU as prices name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// The name in `gpus.csv`; the family (`H100`, `A100 80GB`) where the form factor is not known.
    pub hardware: Arc<str>,
    /// As in `gpus.csv`; empty where it is not known.
    pub form_factor: Arc<str>,
    /// Its own memory in GB, snapped to a known size.
    pub memory_gb: Option<u16>,
}

/// Why a name is no GPU that could be priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotGpu {
    /// [`Rule::Identity`] for unknown and ambiguous names, [`Rule::Memory`] for a size that the GPU does not have,
    /// [`Rule::NotAnOffer`] for accelerators that are no GPUs.
    pub rule: Rule,
    /// In words.
    pub what: String,
}

/// How far a listed memory size may be off a known one, as a share of the known one: sizes are listed in GB and GiB, with
/// and without what the driver keeps.
pub const MEMORY_TOLERANCE: f64 = 0.07;

#[cfg(test)]
mod tests;
