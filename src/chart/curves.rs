//! Costs over batch or utilisation, with their intervals and the market's prices across.

use super::{ChartError, Drawing, Size};

/// Lines over a common x; y is logarithmic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// With its unit.
    pub x_label: String,
    /// With its unit.
    pub y_label: String,
    /// Whether x is logarithmic too.
    pub x_log: bool,
    /// At least one, of at least one point each.
    pub lines: Vec<Line>,
    /// The market.
    pub band: Option<Band>,
    /// A vertical line, such as the batch or the utilisation of the case.
    pub mark_x: Option<f64>,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// At its end or in the legend.
    pub label: String,
    /// Drawn by rising x.
    pub points: Vec<CurvePoint>,
}

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Where on the x axis.
    pub x: f64,
    /// Lower end of the interval; zero or below reaches the bottom of the plot.
    pub low: f64,
    /// The line runs here.
    pub mid: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// A price with its range.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Stands in the band.
    pub label: String,
    /// The lowest price; zero or below reaches the bottom of the plot.
    pub low: f64,
    /// The price compared with.
    pub mid: f64,
    /// The highest price.
    pub high: f64,
}

/// Draws the curves, each interval as a ribbon.
pub fn curves(_data: &Curves, _size: Size) -> Result<Drawing, ChartError> {
    Err(ChartError::Nothing)
}
