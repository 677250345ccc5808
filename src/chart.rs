//! Charts as SVG, and PNG made of them: data in, text out, the same bytes on any machine.
//!
//! One file per chart; scales, ticks and labels are shared. Text is given plain: the chart makes it inert, shortens
//! and escapes it. Colours are those of [`palette::ALL`], as `#RRGGBB` in upper case in `fill` and `stroke`, so that a
//! page can turn each of them by attribute selectors; the background is transparent and there are no ids.

mod canvas;
mod curves;
mod frame;
mod history;
mod intervals;
mod label;
mod legend;
mod nodes;
pub mod palette;
mod peaks;
mod png;
mod roofline;
mod rows;
mod spreads;
mod ticks;
mod tornado;

pub use curves::{Band, CurvePoint, Curves, Line, curves};
pub use history::{History, HistorySeries, history};
pub use intervals::{IntervalRow, Intervals, intervals};
pub use nodes::{MapDevice, MapNode, Nodes, Sign, nodes};
pub use peaks::{Peak, Peaks, peaks};
pub use png::png;
pub use roofline::{Bandwidth, Ceiling, Roofline, RooflinePoint, roofline};
pub use spreads::{SpreadMark, SpreadRow, Spreads, spreads};
pub use tornado::{Tornado, TornadoBar, tornado};

/// The outer size of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width in CSS pixels.
    pub width_px: u32,
    /// Height in CSS pixels.
    pub height_px: u32,
}

/// The smallest size that is drawn.
pub const LEAST: Size = Size { width_px: 280, height_px: 240 };
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
    /// Below zero where only shares can be.
    #[error("{0} is below zero")]
    Negative(String),
    /// Beyond 1e100 or, on a logarithmic axis, below 1e-100.
    #[error("{0} is beyond what an axis can show")]
    TooLarge(String),
    /// Smaller than its own labels.
    #[error("{0} x {1} px is too small for a chart")]
    TooSmall(u32, u32),
    /// No picture could be made of an SVG.
    #[error("no PNG: {0}")]
    Png(String),
}

impl Axis {
    /// How far along the axis a value lies, 0 to 1; what lies beyond an end is at it.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let along = |value: f64| if self.log { value.max(f64::MIN_POSITIVE).ln() } else { value };
        ((along(value) - along(self.min)) / (along(self.max) - along(self.min))).clamp(0.0, 1.0)
    }
}

impl Plot {
    /// Where a value of x lies, in pixels from the left of the drawing; at the edge if it is beyond.
    pub fn x_px(&self, value: f64) -> f64 {
        self.left_px + self.x.share(value) * (self.right_px - self.left_px)
    }

    /// Where a value of y lies, in pixels from the top of the drawing; at the edge if it is beyond.
    pub fn y_px(&self, value: f64) -> f64 {
        self.bottom_px - self.y.share(value) * (self.bottom_px - self.top_px)
    }
}

/// Sizes that no measured or priced value comes near, where arithmetic on axes would lose its digits.
const LARGEST: f64 = 1e100;

/// A number that a linear axis can show.
fn finite(what: &str, value: f64) -> Result<f64, ChartError> {
    match value {
        _ if !value.is_finite() => Err(ChartError::NotFinite(what.into())),
        _ if value.abs() > LARGEST => Err(ChartError::TooLarge(what.into())),
        _ => Ok(value),
    }
}

/// A number that a logarithmic axis can show.
fn positive(what: &str, value: f64) -> Result<f64, ChartError> {
    match finite(what, value)? {
        value if value <= 0.0 => Err(ChartError::NotPositive(what.into())),
        value if value < 1.0 / LARGEST => Err(ChartError::TooLarge(what.into())),
        value => Ok(value),
    }
}

/// A share or a bar that starts at zero.
fn not_negative(what: &str, value: f64) -> Result<f64, ChartError> {
    if finite(what, value)? < 0.0 { Err(ChartError::Negative(what.into())) } else { Ok(value) }
}
