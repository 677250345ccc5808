//! How far each input moves the outcome.

use super::{ChartError, Drawing, Size};

/// Bars about the outcome of today.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tornado {
    /// With its unit.
    pub x_label: String,
    /// Cost over price now.
    pub now: f64,
    /// In the order shown, from the top.
    pub bars: Vec<TornadoBar>,
}

/// What one input does.
#[derive(Clone, Debug, PartialEq)]
pub struct TornadoBar {
    /// The input.
    pub label: String,
    /// Cost over price with the input lower.
    pub at_low: f64,
    /// Cost over price with the input higher.
    pub at_high: f64,
}

/// Draws the bars, a line at the present value and one at 1, where cost is price.
pub fn tornado(_data: &Tornado, _size: Size) -> Result<Drawing, ChartError> {
    Err(ChartError::Nothing)
}
