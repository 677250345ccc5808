//! What a million tokens cost on a GPU.
//!
//! ```text
//!  data/*.csv ──┬─► arch ──► op ─────────────┐
//!  (bundled)    └─► price ──────────────┐    │
//!  shaders/*.wgsl ─► kernel ─► gpu ─► measurement ─► throughput ─► cost ─► market ─► report
//!                └── needs a GPU ──┘ └──────────── pure: runs anywhere ─────────────────┘
//! ```
//!
//! Beside the line: `elsewhere` makes measurements of tables that other tools wrote, `validate` holds the datasheet model against
//! published figures, `chart` draws what it is given, and `explain` walks a figure of a comparison back to its rows.
//!
//! Data walks one way. The seam is `measurements.csv` ([`measurement`]): only the modules behind the feature
//! `gpu` touch a device, everything after the seam gives the same bytes on any machine. The library has no
//! clock, no global state and reads no path: the binary does the touching.

pub mod arch;
pub mod chart;
pub mod cost;
pub mod diff;
pub mod elsewhere;
pub mod explain;
pub mod fleet;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod hardware;
pub mod hash;
pub mod json;
#[cfg(feature = "gpu")]
pub mod kernel;
pub mod lookup;
pub mod market;
pub mod measurement;
mod named;
pub mod op;
pub mod price;
pub mod report;
pub mod roofline;
#[cfg(feature = "gpu")]
pub mod sensors;
pub mod served;
pub mod stats;
pub mod table;
pub mod text;
pub mod throughput;
pub mod tuning;
pub mod units;
pub mod unpack;
pub mod validate;
