//! Cost beside price, each with its interval: the picture of the verdict.

use super::{ChartError, Drawing, Size};

/// One row per case; x is logarithmic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervals {
    /// With its unit.
    pub x_label: String,
    /// In the order shown, from the top.
    pub rows: Vec<IntervalRow>,
}

/// A case.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalRow {
    /// The case.
    pub label: String,
    /// Low, middle, high; a low end of zero or below reaches the left of the plot.
    pub cost: [f64; 3],
    /// The same of the market's price, where there is one.
    pub price: Option<[f64; 3]>,
}

/// Draws the intervals, cost above price in each row.
pub fn intervals(_data: &Intervals, _size: Size) -> Result<Drawing, ChartError> {
    Err(ChartError::Nothing)
}
