//! How far each input moves the outcome.

use super::canvas::{Anchor, Area, Canvas, Stroke};
use super::label::{SMALL_PX, number, plain, width_px};
use super::legend::{Entry, Key, Legend};
use super::palette::{INK, MUTED, colour};
use super::rows::{Placed, Rows};
use super::{Axis, ChartError, Drawing, Plot, Size, finite};

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

/// Draws the bars, a line at the present value and one at 1, where cost is price; if that is so far off that the
/// bars would be too short to read, an arrow points to it.
///
/// # Errors
/// No bars; a value that is not finite; a size below 280 x 240 px.
pub fn tornado(data: &Tornado, size: Size) -> Result<Drawing, ChartError> {
    finite("the present value", data.now)?;
    for bar in &data.bars {
        finite(&bar.label, bar.at_low)?;
        finite(&bar.label, bar.at_high)?;
    }
    if data.bars.is_empty() {
        return Err(ChartError::Nothing);
    }
    let mut canvas = Canvas::new(size)?;
    let values = || data.bars.iter().flat_map(|bar| [bar.at_low, bar.at_high]).chain([data.now]);
    let bars = Axis::exactly_linear(values());
    let shown = (bars.max - bars.min) * 1.5 >= (data.now - 1.0).abs();
    let numbers_px = values().map(|value| width_px(&number(value, 3), SMALL_PX)).fold(0.0, f64::max) + 10.0;
    // The narrowest that names leave.
    let plot_px = f64::from(size.width_px) * 0.62 - 34.0;
    let legend = vec![
        Entry { key: Key::Box(colour(0), LOWER), label: "input lower".into() },
        Entry { key: Key::Box(colour(1), HIGHER), label: "input higher".into() },
        Entry { key: Key::Line(Stroke::solid(INK, 1.5)), label: format!("now {}", number(data.now, 3)) },
        Entry { key: Key::Line(PARITY), label: "1: cost = price".into() },
    ];
    let placed = Rows {
        labels: data.bars.iter().map(|bar| bar.label.as_str()).collect(),
        x: widened(
            if shown { Axis::exactly_linear(values().chain([1.0])) } else { bars },
            numbers_px / plot_px,
        ),
        x_label: &data.x_label,
        percent: false,
        legend: Legend::new(legend, f64::from(size.width_px) - 16.0, 3),
        row_px: 17.0,
        right_px: 18.0,
    }
    .draw(&mut canvas);
    let plot = placed.plot;
    let rows = || data.bars.iter().take(placed.count).enumerate();
    for (row, bar) in rows() {
        draw_bar(&mut canvas, &placed, row, bar, data.now);
    }
    if shown {
        vertical(&mut canvas, &plot, 1.0, PARITY);
    } else {
        arrow(&mut canvas, &plot, data.now > 1.0);
    }
    vertical(&mut canvas, &plot, data.now, Stroke::solid(INK, 1.5));
    for (row, bar) in rows() {
        number_ends(&mut canvas, &placed, row, bar, data.now);
    }
    Ok(Drawing { svg: canvas.finish(), plot })
}

const PARITY: Stroke = Stroke { colour: MUTED, width_px: 1.5, dash: "5 3" };
/// Opacities: the two sides differ in lightness too.
const LOWER: f64 = 0.35;
const HIGHER: f64 = 1.0;

/// Room for the numbers at the ends of the longest bar: a share of the plot on either side.
fn widened(axis: Axis, share: f64) -> Axis {
    let share = share.min(0.3);
    let room = (axis.max - axis.min) * share / (1.0 - 2.0 * share);
    Axis { min: axis.min - room, max: axis.max + room, ..axis }
}

fn draw_bar(canvas: &mut Canvas, placed: &Placed, row: usize, bar: &TornadoBar, now: f64) {
    let (plot, middle_px) = (&placed.plot, placed.middle_px(row));
    let half_px = (placed.row_px * 0.34).min(12.0);
    let now_px = plot.x_px(now);
    // Where both ends lie on one side, the shorter bar stays visible.
    let mut ends = [("low", bar.at_low, colour(0), LOWER), ("high", bar.at_high, colour(1), HIGHER)];
    ends.sort_by(|a, b| (b.1 - now).abs().total_cmp(&(a.1 - now).abs()));
    for (class, value, colour, opacity) in ends {
        let end_px = plot.x_px(value);
        let area = Area {
            left_px: end_px.min(now_px),
            top_px: middle_px - half_px,
            right_px: end_px.max(now_px),
            bottom_px: middle_px + half_px,
        };
        let text = number(value, 3);
        canvas.bar(class, area, colour, opacity, &format!("{}: {text}", plain(&bar.label)));
    }
}

/// Numbers at the outer ends, over the lines.
fn number_ends(canvas: &mut Canvas, placed: &Placed, row: usize, bar: &TornadoBar, now: f64) {
    let plot = &placed.plot;
    let (left, right) = (bar.at_low.min(bar.at_high), bar.at_low.max(bar.at_high));
    let baseline_px = placed.middle_px(row) + SMALL_PX * 0.36;
    if left < now {
        canvas.text((plot.x_px(left) - 4.0, baseline_px), Anchor::End, SMALL_PX, INK, &number(left, 3));
    }
    if right > now {
        canvas.text((plot.x_px(right) + 4.0, baseline_px), Anchor::Start, SMALL_PX, INK, &number(right, 3));
    }
}

fn vertical(canvas: &mut Canvas, plot: &Plot, value: f64, stroke: Stroke) {
    let x_px = plot.x_px(value);
    canvas.line((x_px, plot.top_px), (x_px, plot.bottom_px), stroke);
}

fn arrow(canvas: &mut Canvas, plot: &Plot, to_the_left: bool) {
    let (text, x_px, anchor) = if to_the_left {
        ("← 1", plot.left_px + 6.0, Anchor::Start)
    } else {
        ("1 →", plot.right_px - 4.0, Anchor::End)
    };
    canvas.text((x_px, plot.bottom_px - 5.0), anchor, SMALL_PX, MUTED, text);
}
