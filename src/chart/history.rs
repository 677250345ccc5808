//! Prices over time.

use jiff::civil::Date;

use super::{ChartError, Drawing, Size};

/// Steps over days; y is logarithmic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// With its unit.
    pub y_label: String,
    /// At least one, of at least one point each.
    pub series: Vec<HistorySeries>,
}

/// One price.
#[derive(Clone, Debug, PartialEq)]
pub struct HistorySeries {
    /// At its end or in the legend.
    pub label: String,
    /// Day and price, drawn by rising date; a price counts until the next.
    pub points: Vec<(Date, f64)>,
    /// The last so many moves had one sign: drawn stronger.
    pub streak: usize,
}

/// Draws the prices as steps.
pub fn history(_data: &History, _size: Size) -> Result<Drawing, ChartError> {
    Err(ChartError::Nothing)
}
