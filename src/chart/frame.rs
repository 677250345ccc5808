//! Axes of charts with two of them: grid, ticks, names with units.

use super::canvas::{Anchor, Canvas, Stroke};
use super::label::{SMALL_PX, TITLE_PX, fitted, numbers, width_px};
use super::legend::Legend;
use super::palette::{GRID, INK, MUTED};
use super::{Axis, Plot};

/// Ticks of an axis with their text.
pub(super) type Ticks = Vec<(f64, String)>;

/// What stands around a plot.
pub(super) struct Frame<'a> {
    pub x: Axis,
    pub y: Axis,
    pub x_label: &'a str,
    pub y_label: &'a str,
    pub legend: Legend,
    /// Kept free beside the plot, for labels.
    pub right_px: f64,
    /// Other ticks than the numbers of x, given how many there is room for.
    pub x_ticks: Option<&'a dyn Fn(usize) -> Ticks>,
}

impl Frame<'_> {
    /// Draws all but data.
    pub(super) fn draw(&self, canvas: &mut Canvas) -> Plot {
        let (width_px, height_px) = (f64::from(canvas.size.width_px), f64::from(canvas.size.height_px));
        let top_px = 24.0 + self.legend.height_px() + 8.0;
        let bottom_px = height_px - 42.0;
        let y_ticks = number_ticks(&self.y, ((bottom_px - top_px) / 26.0) as usize);
        let widest = y_ticks.iter().map(|(_, text)| width_px_small(text)).fold(0.0, f64::max);
        let plot = Plot {
            left_px: (widest + 14.0).ceil(),
            top_px,
            right_px: width_px - self.right_px,
            bottom_px,
            x: self.x,
            y: self.y,
        };
        for (value, text) in y_ticks {
            let y_px = plot.y_px(value);
            canvas.line((plot.left_px, y_px), (plot.right_px, y_px), Stroke::solid(GRID, 1.0));
            canvas.text((plot.left_px - 6.0, y_px + SMALL_PX * 0.36), Anchor::End, SMALL_PX, MUTED, &text);
        }
        for (value, text) in fitting(&plot, self.x_ticks) {
            x_tick(canvas, &plot, value, &text);
        }
        canvas.corner(&plot);
        let y_label = fitted(self.y_label, TITLE_PX, width_px - 16.0);
        canvas.text((8.0, 16.0), Anchor::Start, TITLE_PX, INK, &y_label);
        self.legend.draw(canvas, 8.0, 24.0);
        x_name(canvas, &plot, self.x_label);
        plot
    }
}

/// The name of the x axis, below its ticks.
pub(super) fn x_name(canvas: &mut Canvas, plot: &Plot, text: &str) {
    let width = f64::from(canvas.size.width_px);
    let text = fitted(text, TITLE_PX, width - 16.0);
    let half_px = width_px(&text, TITLE_PX) / 2.0;
    let middle_px = f64::midpoint(plot.left_px, plot.right_px)
        .clamp(half_px + 8.0, (width - half_px - 8.0).max(half_px + 8.0));
    let bottom_px = f64::from(canvas.size.height_px) - 6.0;
    canvas.text((middle_px, bottom_px), Anchor::Middle, TITLE_PX, INK, &text);
}

/// A line to read values by, and its number.
pub(super) fn x_tick(canvas: &mut Canvas, plot: &Plot, value: f64, text: &str) {
    let x_px = plot.x_px(value);
    canvas.line((x_px, plot.top_px), (x_px, plot.bottom_px), Stroke::solid(GRID, 1.0));
    let half_px = width_px_small(text) / 2.0;
    let last_px = f64::from(canvas.size.width_px) - half_px - 2.0;
    let at = (x_px.max(half_px + 2.0).min(last_px), plot.bottom_px + 18.0);
    canvas.text(at, Anchor::Middle, SMALL_PX, MUTED, text);
}

/// As many ticks of x as stand beside each other.
pub(super) fn fitting(plot: &Plot, ticks: Option<&dyn Fn(usize) -> Ticks>) -> Ticks {
    let most = ((plot.right_px - plot.left_px) / 34.0) as usize;
    // Unequal steps need more lines to read values by.
    let gap_px = if plot.x.log { 8.0 } else { 20.0 };
    for count in (2..=most).rev() {
        let ticks = ticks.map_or_else(|| number_ticks(&plot.x, count), |ticks| ticks(count));
        let ends = ticks.iter().map(|(value, text)| (plot.x_px(*value), width_px_small(text) / 2.0));
        let apart =
            ends.clone().zip(ends.skip(1)).all(|((a, half), (b, other))| a + half + gap_px <= b - other);
        if apart {
            return ticks;
        }
    }
    Vec::new()
}

fn number_ticks(axis: &Axis, at_most: usize) -> Ticks {
    let ticks = axis.ticks(at_most.max(2));
    let texts = numbers(&ticks);
    ticks.into_iter().zip(texts).collect()
}

fn width_px_small(text: &str) -> f64 {
    width_px(text, SMALL_PX)
}
