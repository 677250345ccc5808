//! How near kernels come to the peaks of their own device.

use super::canvas::{Anchor, Area, Canvas};
use super::label::{SMALL_PX, number, plain};
use super::legend::{Entry, Key, Legend};
use super::palette::{INK, colour};
use super::rows::{Placed, Rows};
use super::{Axis, ChartError, Drawing, Size, not_negative};

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
///
/// # Errors
/// No bars; a share that is not finite or below zero; a size below 280 x 240 px.
pub fn peaks(data: &Peaks, size: Size) -> Result<Drawing, ChartError> {
    for bar in &data.bars {
        not_negative(&bar.label, bar.share)?;
        not_negative(&bar.label, bar.share_of_datasheet.unwrap_or(0.0))?;
    }
    if data.bars.is_empty() {
        return Err(ChartError::Nothing);
    }
    let mut canvas = Canvas::new(size)?;
    let shares = data.bars.iter().flat_map(|bar| [Some(bar.share), bar.share_of_datasheet]).flatten();
    let mut legend = vec![Entry { key: Key::Box(colour(0), 1.0), label: "of the measured peak".into() }];
    if data.bars.iter().any(|bar| bar.share_of_datasheet.is_some()) {
        legend.push(Entry { key: Key::Mark(DATASHEET, colour(1)), label: "of the datasheet's peak".into() });
    }
    let placed = Rows {
        labels: data.bars.iter().map(|bar| bar.label.as_str()).collect(),
        x: Axis::linear(shares.chain([0.0, 1.0])),
        x_label: "share of the peak",
        percent: true,
        legend: Legend::new(legend, f64::from(size.width_px) - 16.0, 2),
        row_px: 15.0,
        right_px: 52.0,
    }
    .draw(&mut canvas);
    for (row, bar) in data.bars.iter().take(placed.count).enumerate() {
        draw_bar(&mut canvas, &placed, row, bar);
    }
    Ok(Drawing { svg: canvas.finish(), plot: placed.plot })
}

/// The diamond.
const DATASHEET: usize = 4;

fn draw_bar(canvas: &mut Canvas, placed: &Placed, row: usize, bar: &Peak) {
    let (plot, middle_px) = (&placed.plot, placed.middle_px(row));
    let half_px = (placed.row_px * 0.34).min(12.0);
    let right_px = plot.x_px(bar.share);
    let area =
        Area { left_px: plot.left_px, top_px: middle_px - half_px, right_px, bottom_px: middle_px + half_px };
    let share = format!("{}\u{a0}%", number(bar.share * 100.0, 3));
    canvas.bar("bar", area, colour(0), 1.0, &format!("{}: {share}", plain(&bar.label)));
    let mut end_px = right_px;
    if let Some(of_datasheet) = bar.share_of_datasheet {
        let x_px = plot.x_px(of_datasheet);
        let title =
            format!("{}: {}\u{a0}% of the datasheet", plain(&bar.label), number(of_datasheet * 100.0, 3));
        canvas.halo(DATASHEET, (x_px, middle_px));
        canvas.marks("mark", DATASHEET, &[(x_px, middle_px)], colour(1), Some(&title));
        // The number stands clear of the mark.
        if (x_px - end_px).abs() < 56.0 {
            end_px = end_px.max(x_px + 6.0);
        }
    }
    canvas.text((end_px + 5.0, middle_px + SMALL_PX * 0.36), Anchor::Start, SMALL_PX, INK, &share);
}
