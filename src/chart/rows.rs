//! Charts of one row per name: names at the left, one axis below, as many rows as can be read.

use super::canvas::{Anchor, Canvas};
use super::frame::{fitting, x_name, x_tick};
use super::label::{SMALL_PX, fitted, width_px};
use super::legend::Legend;
use super::palette::INK;
use super::{Axis, Plot};

/// What stands around the rows.
pub(super) struct Rows<'a> {
    /// One per row, from the top.
    pub labels: Vec<&'a str>,
    pub x: Axis,
    pub x_label: &'a str,
    /// Ticks in percent instead of fractions.
    pub percent: bool,
    pub legend: Legend,
    /// The least height of a row.
    pub row_px: f64,
    /// Kept free beside the plot, for values.
    pub right_px: f64,
}

/// What a name takes that stands over its row.
const ABOVE_PX: f64 = 17.0;

/// Where rows lie.
pub(super) struct Placed {
    pub plot: Plot,
    /// How many rows are drawn.
    pub count: usize,
    /// The height of each that bars may have.
    pub row_px: f64,
}

impl Placed {
    /// The middle of a row.
    pub(super) fn middle_px(&self, row: usize) -> f64 {
        self.plot.y_px(row as f64)
    }
}

impl Rows<'_> {
    /// Draws all but data.
    pub(super) fn draw(&self, canvas: &mut Canvas) -> Placed {
        let (width, height) = (f64::from(canvas.size.width_px), f64::from(canvas.size.height_px));
        let top_px = if self.legend.height_px() > 0.0 { self.legend.height_px() + 14.0 } else { 10.0 };
        let room = (((height - 42.0 - top_px) / self.row_px) as usize).max(1);
        let count = self.labels.len().min(room);
        let row_px = (height - 42.0 - top_px) / count.max(1) as f64;
        let bottom_px = top_px + row_px * count as f64;
        // Names too long for a column stand over their rows, where rows are high enough.
        let longest =
            self.labels.iter().take(count).map(|label| width_px(label, SMALL_PX)).fold(0.0, f64::max);
        let above = longest > width * 0.38 && row_px >= ABOVE_PX * 2.4;
        let column_px = if above { 0.0 } else { longest.min(width * 0.38) };
        let lower = if above { ABOVE_PX / 2.0 / row_px } else { 0.0 };
        let plot = Plot {
            left_px: (column_px + 16.0).ceil(),
            top_px,
            right_px: width - self.right_px,
            bottom_px,
            x: self.x,
            // Downwards: the first row is the uppermost.
            y: Axis { min: count as f64 - 0.5 - lower, max: -0.5 - lower, log: false },
        };
        for (value, text) in fitting(&plot, self.percent.then_some(&|count| percents(&self.x, count))) {
            x_tick(canvas, &plot, value, &text);
        }
        canvas.corner(&plot);
        let bars_px = if above { row_px - ABOVE_PX } else { row_px };
        let placed = Placed { plot, count, row_px: bars_px };
        for (row, label) in self.labels.iter().take(count).enumerate() {
            let middle_px = placed.middle_px(row);
            let (at, anchor, room_px) = if above {
                let baseline_px = middle_px - bars_px / 2.0 - 2.0;
                ((plot.left_px + 6.0, baseline_px), Anchor::Start, width - plot.left_px - 12.0)
            } else {
                ((plot.left_px - 8.0, middle_px + SMALL_PX * 0.36), Anchor::End, column_px)
            };
            canvas.text(at, anchor, SMALL_PX, INK, &fitted(label, SMALL_PX, room_px));
        }
        self.legend.draw(canvas, 8.0, 6.0);
        let left_out = self.labels.len() - count;
        let name = if left_out == 0 {
            self.x_label.into()
        } else {
            format!("{} ({left_out} more rows)", self.x_label)
        };
        x_name(canvas, &plot, &name);
        placed
    }
}

fn percents(axis: &Axis, count: usize) -> Vec<(f64, String)> {
    let text = |tick: f64| format!("{}\u{a0}%", super::label::number(tick * 100.0, 6));
    axis.ticks(count.max(2)).into_iter().map(|tick| (tick, text(tick))).collect()
}
