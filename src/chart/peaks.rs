//! How near kernels come to the peaks of their own device.

use super::{ChartError, Drawing, Size};

/// One bar per kernel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peaks {
    /// In the order shown, from the top.
    pub bars: Vec<Peak>,
}

/// The best cell of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Peak {
    /// The kernel.
    pub label: String,
    /// Share of the peak measured on the device, as a fraction.
    pub share: f64,
    /// Share of the peak that its maker prints, where there is one.
    pub share_of_datasheet: Option<f64>,
}

/// Draws the shares as bars, those of the datasheet as marks.
pub fn peaks(_data: &Peaks, _size: Size) -> Result<Drawing, ChartError> {
    Err(ChartError::Nothing)
}
