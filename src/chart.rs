//! Charts as SVG, and PNG made of them: data in, text out, the same bytes on any machine.
//!
//! One file per chart; scales, ticks and labels are shared. Text is given plain: the chart makes it inert, shortens and
//! escapes it. Colours are those of [`palette::ALL`], as `#RRGGBB` in upper case in `fill` and `stroke`, so that a page can
//! turn each of them by attribute selectors; the background is transparent and there are no ids.

mod curves;
mod history;
mod intervals;
pub mod palette;
mod peaks;
mod png;
mod roofline;
mod tornado;

pub use curves::{Band, CurvePoint, Curves, Line, curves};
pub use history::{History, HistorySeries, history};
pub use intervals::{IntervalRow, Intervals, intervals};
pub use peaks::{Peak, Peaks, peaks};
pub use png::png;
pub use roofline::{Bandwidth, Ceiling, Roofline, RooflinePoint, roofline};
pub use tornado::{Tornado, TornadoBar, tornado};

/// The outer size of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width in CSS pixels.
    pub width_px: u32,
    /// Height in CSS pixels.
    pub height_px: u32,
}

/// For screens and paper.
pub const WIDE: Size = Size { width_px: 760, height_px: 400 };
/// For phones.
pub const NARROW: Size = Size { width_px: 360, height_px: 340 };

/// The values along one side of a plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The value at the left or at the bottom.
    pub min: f64,
    /// The value at the right or at the top.
    pub max: f64,
    /// Equal distances are equal factors.
    pub log: bool,
}

/// Where values lie in a drawing; rows and bars lie at 0, 1, 2, … from the top, days count from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plot {
    /// Left edge of the plotting area.
    pub left_px: f64,
    /// Its top edge.
    pub top_px: f64,
    /// Its right edge.
    pub right_px: f64,
    /// Its bottom edge.
    pub bottom_px: f64,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
}

/// A finished chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// One `<svg>` element.
    pub svg: String,
    /// Where values lie in it, so that a page can draw a mark.
    pub plot: Plot,
}

/// Why there is no chart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// No data.
    #[error("nothing to draw")]
    Nothing,
    /// NaN or infinite.
    #[error("{0} is not a finite number")]
    NotFinite(String),
    /// Zero or below on a logarithmic axis.
    #[error("{0} is not above zero, as a logarithmic axis needs it")]
    NotPositive(String),
    /// Smaller than its own labels.
    #[error("{0} x {1} px is too small for a chart")]
    TooSmall(u32, u32),
    /// No picture could be made of an SVG.
    #[error("no PNG: {0}")]
    Png(String),
}
