//! How devices of a type are distributed, cell by cell: half of them in the box, all of them on the line, and where the ones lie
//! that are out of line.

use super::canvas::{Area, Canvas, Stroke, path};
use super::label::{number, plain};
use super::legend::{Entry, Key, Legend};
use super::nodes::Sign;
use super::palette::{INK, colour};
use super::rows::{Placed, Rows};
use super::{Axis, ChartError, Drawing, Plot, Size, finite};

/// One row per cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spreads {
    /// In the order shown, from the top.
    pub rows: Vec<SpreadRow>,
    /// What is out of line.
    pub marks: Vec<SpreadMark>,
}

/// A cell, as shares of its median: how much longer a device takes.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadRow {
    /// The cell.
    pub label: String,
    /// Fastest, first quartile, third quartile, slowest.
    pub ends: [f64; 4],
}

/// A device, or a node, that is out of line.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadMark {
    /// Its name.
    pub name: String,
    /// How.
    pub sign: Sign,
    /// In which row it lies where.
    pub at: Vec<(usize, f64)>,
}

/// What lies beyond is drawn at the edge: one device that is broken must not press all others together.
const ENDS: (f64, f64) = (-0.5, 1.0);
/// Devices that differ by less than this are not drawn apart.
const LEAST: f64 = 0.01;

/// Draws a line and a box per cell, and the marks above them.
///
/// # Errors
/// No rows; a value that is not finite; a size below 280 x 240 px.
pub fn spreads(data: &Spreads, size: Size) -> Result<Drawing, ChartError> {
    for row in &data.rows {
        row.ends.iter().try_for_each(|end| finite(&row.label, *end).map(drop))?;
    }
    for mark in &data.marks {
        mark.at.iter().try_for_each(|(_, value)| finite(&mark.name, *value).map(drop))?;
    }
    if data.rows.is_empty() {
        return Err(ChartError::Nothing);
    }
    let mut canvas = Canvas::new(size)?;
    let marked = data.marks.iter().flat_map(|mark| &mark.at).map(|(_, value)| *value);
    let values = data.rows.iter().flat_map(|row| row.ends).chain(marked);
    let values = values.map(|value| value.clamp(ENDS.0, ENDS.1)).chain([-LEAST, LEAST]);
    let placed = Rows {
        labels: data.rows.iter().map(|row| row.label.as_str()).collect(),
        x: Axis::linear(values),
        x_label: "time beside the median device",
        percent: true,
        legend: Legend::new(legend(data), f64::from(size.width_px) - 16.0, 4),
        row_px: 12.0,
        right_px: 18.0,
    }
    .draw(&mut canvas);
    let zero_px = placed.plot.x_px(0.0);
    let middle = [(zero_px, placed.plot.top_px), (zero_px, placed.plot.bottom_px)];
    canvas.path("median", &path(middle), Stroke::solid(INK, 1.0), None);
    for (row, spread) in data.rows.iter().take(placed.count).enumerate() {
        draw_row(&mut canvas, &placed, row, spread);
    }
    for mark in &data.marks {
        let points = mark.at.iter().filter(|(row, _)| *row < placed.count);
        let points: Vec<(f64, f64)> =
            points.map(|(row, value)| (placed.plot.x_px(*value), placed.middle_px(*row))).collect();
        if !points.is_empty() {
            canvas.marks("sign", mark.sign.shape(), &points, colour(1), Some(&mark.name));
        }
    }
    Ok(Drawing { svg: canvas.finish(), plot: placed.plot })
}

fn legend(data: &Spreads) -> Vec<Entry> {
    let mut entries = vec![
        Entry { key: Key::Box(colour(0), 0.5), label: "half of the devices".into() },
        Entry { key: Key::Line(Stroke::solid(colour(0), 1.5)), label: "all of them".into() },
    ];
    let mut seen: Vec<Sign> = Vec::new();
    for mark in &data.marks {
        if !seen.contains(&mark.sign) {
            seen.push(mark.sign);
            entries.push(Entry {
                key: Key::Mark(mark.sign.shape(), colour(1)),
                label: mark.sign.words().into(),
            });
        }
    }
    entries
}

fn draw_row(canvas: &mut Canvas, placed: &Placed, row: usize, spread: &SpreadRow) {
    let (plot, middle_px): (&Plot, f64) = (&placed.plot, placed.middle_px(row));
    let half_px = (placed.row_px * 0.3).min(6.0);
    let [min_px, q1_px, q3_px, max_px] = spread.ends.map(|end| plot.x_px(end));
    let [min, q1, q3, max] = spread.ends.map(|end| number(end * 100.0, 3));
    let title = format!(
        "{}: half of the devices {q1} to {q3}\u{a0}%, all {min} to {max}\u{a0}%",
        plain(&spread.label)
    );
    canvas.line((min_px, middle_px), (max_px, middle_px), Stroke::solid(colour(0), 1.5));
    let area =
        Area { left_px: q1_px, top_px: middle_px - half_px, right_px: q3_px, bottom_px: middle_px + half_px };
    canvas.bar("half", area, colour(0), 0.5, &title);
}
