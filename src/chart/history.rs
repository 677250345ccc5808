//! Prices over time.

use jiff::civil::Date;

use super::canvas::{Canvas, Stroke, path};
use super::frame::Frame;
use super::label::{SMALL_PX, number, plain, width_px};
use super::legend::{EndLabel, Entry, Key, Legend, ends};
use super::palette::{colour, dash, shape};
use super::ticks::{dates, day};
use super::{Axis, ChartError, Drawing, Plot, Size, positive};

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
///
/// # Errors
/// No points; a price that is not finite or not above zero; a size below 280 x 240 px.
pub fn history(data: &History, size: Size) -> Result<Drawing, ChartError> {
    let all =
        || data.series.iter().flat_map(|series| series.points.iter().map(move |point| (series, *point)));
    for (series, (_, price)) in all() {
        positive(&series.label, price)?;
    }
    let (Some(first), Some(last)) =
        (all().map(|(_, (date, _))| date).min(), all().map(|(_, (date, _))| date).max())
    else {
        return Err(ChartError::Nothing);
    };
    let mut canvas = Canvas::new(size)?;
    let wide = size.width_px >= 600;
    let entries = data
        .series
        .iter()
        .enumerate()
        .map(|(index, series)| Entry { key: Key::Line(stroke(index, 2.0)), label: series.label.clone() });
    let longest = data.series.iter().map(|series| width_px(&series.label, SMALL_PX)).fold(0.0, f64::max);
    // One day is shown with the days about it.
    let room_days = if first == last { 3.0 } else { 0.0 };
    let plot = Frame {
        x: Axis { min: day(first) - room_days, max: day(last) + room_days, log: false },
        y: Axis::logarithmic(all().map(|(_, (_, price))| price)),
        x_label: "date; bold: moves in one direction",
        y_label: &data.y_label,
        legend: Legend::new(
            if wide { Vec::new() } else { entries.collect() },
            f64::from(size.width_px) - 16.0,
            5,
        ),
        right_px: if wide { (longest + 24.0).clamp(48.0, f64::from(size.width_px) * 0.26) } else { 20.0 },
        x_ticks: Some(&|count| dates(first, last, count)),
    }
    .draw(&mut canvas);
    let mut labels = Vec::new();
    for (index, series) in data.series.iter().enumerate() {
        let mut points = series.points.clone();
        points.sort_by_key(|(date, _)| *date);
        draw_series(&mut canvas, &plot, series, &points, index);
        if let Some((_, price)) = points.last() {
            let text = series.label.clone();
            labels.push(EndLabel { y_px: plot.y_px(*price), colour: colour(index), text });
        }
    }
    if wide {
        ends(&mut canvas, &plot, labels);
    }
    Ok(Drawing { svg: canvas.finish(), plot })
}

fn stroke(index: usize, width_px: f64) -> Stroke {
    Stroke { colour: colour(index), width_px, dash: dash(index) }
}

fn draw_series(
    canvas: &mut Canvas,
    plot: &Plot,
    series: &HistorySeries,
    points: &[(Date, f64)],
    index: usize,
) {
    if points.len() > 1 {
        canvas.path("price", &path(steps(plot, points)), stroke(index, 1.6), Some(&series.label));
    }
    let streak = points.get(streak_start(points, series.streak)..).unwrap_or_default();
    if series.streak > 0 && streak.len() > 1 {
        let title = format!("{}: {} moves in one direction", plain(&series.label), series.streak);
        canvas.path("streak", &path(steps(plot, streak)), Stroke::solid(colour(index), 3.6), Some(&title));
    }
    if let Some((date, price)) = points.last() {
        let title = format!("{}: {} on {date}", plain(&series.label), number(*price, 3));
        let at = (plot.x_px(day(*date)), plot.y_px(*price));
        canvas.marks("last", shape(index), &[at], colour(index), Some(&title));
    }
}

/// A price counts until the next.
fn steps(plot: &Plot, points: &[(Date, f64)]) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (date, price) in points {
        let (x_px, y_px) = (plot.x_px(day(*date)), plot.y_px(*price));
        if let Some((_, before_px)) = corners.last().copied() {
            corners.push((x_px, before_px));
        }
        corners.push((x_px, y_px));
    }
    corners
}

/// The point before the first of the last `moves` changes of price.
fn streak_start(points: &[(Date, f64)], moves: usize) -> usize {
    let changes =
        points.iter().zip(points.iter().skip(1)).enumerate().filter(|(_, (from, to))| from.1 != to.1);
    let starts: Vec<usize> = changes.map(|(index, _)| index).collect();
    starts.get(starts.len().saturating_sub(moves)).copied().unwrap_or(points.len())
}
