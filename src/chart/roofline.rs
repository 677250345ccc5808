//! Rates of kernels under the ceilings of their device (Williams, Waterman and Patterson, "Roofline", 2009).

use super::{ChartError, Drawing, Size};

/// Ceilings of a device and kernels measured on it; both axes logarithmic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roofline {
    /// Horizontal lines.
    pub ceilings: Vec<Ceiling>,
    /// Slanted lines.
    pub bandwidths: Vec<Bandwidth>,
    /// Measured kernels.
    pub points: Vec<RooflinePoint>,
}

/// A peak of arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceiling {
    /// Such as `f16 matrix, measured`.
    pub label: String,
    /// FLOP/s.
    pub flops_per_s: f64,
}

/// A peak of memory traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Bandwidth {
    /// Such as `read, measured`.
    pub label: String,
    /// bytes/s.
    pub bytes_per_s: f64,
}

/// One measured cell.
#[derive(Clone, Debug, PartialEq)]
pub struct RooflinePoint {
    /// Names the cell; shown by browsers on hover.
    pub label: String,
    /// Cells of one group share colour and shape, in the order of first appearance.
    pub group: String,
    /// Arithmetic intensity in FLOP/byte.
    pub flops_per_byte: f64,
    /// Rate in FLOP/s.
    pub flops_per_s: f64,
}

/// Draws a roofline. Cells of one group on the same pixel are one mark.
pub fn roofline(_data: &Roofline, _size: Size) -> Result<Drawing, ChartError> {
    Err(ChartError::Nothing)
}
