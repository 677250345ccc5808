//! Adapters, and running problems on them: the only part of the library that touches a device.

pub mod adapters;
mod calibrator;
pub mod clock;
pub mod device;
mod experimental;
#[cfg(feature = "faults")]
mod faults;
pub mod pci;
pub mod program;
pub mod sampler;
mod stopping;
pub mod visible;
pub mod worker;

use std::fmt;

/// Why a cell has no speed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The adapter cannot run it; nothing was tried.
    Skipped(String),
    /// It did not run to its end; the device is still usable.
    Failed(String),
    /// The device is lost or hangs: nothing that it says from here on counts.
    DeviceGone(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped(reason) | Self::Failed(reason) | Self::DeviceGone(reason) => out.write_str(reason),
        }
    }
}

impl std::error::Error for Fault {}

/// wgpu's messages span lines; a reason is one line.
fn one_line(message: impl fmt::Display) -> String {
    message.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
