//! Costs over batch or utilisation, with their intervals and the market's prices across.

use super::canvas::{Anchor, Canvas, Stroke, path};
use super::frame::Frame;
use super::label::{SMALL_PX, fitted, number, plain, width_px};
use super::legend::{EndLabel, Entry, Key, Legend, ends};
use super::palette::{GRID, INK, MUTED, colour, dash, shape};
use super::{Axis, ChartError, Drawing, Plot, Size, finite, positive};

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
///
/// # Errors
/// No points; a value that is not finite; a middle, or an x on a logarithmic axis, that is not above zero; a size
/// below 280 x 240 px.
pub fn curves(data: &Curves, size: Size) -> Result<Drawing, ChartError> {
    check(data)?;
    let mut canvas = Canvas::new(size)?;
    let wide = size.width_px >= 600;
    let entries = data
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| Entry { key: Key::Line(stroke(index)), label: line.label.clone() });
    let longest = data.lines.iter().map(|line| width_px(&line.label, SMALL_PX)).fold(0.0, f64::max);
    let plot = Frame {
        x: x_axis(data),
        y: y_axis(data),
        x_label: &data.x_label,
        y_label: &data.y_label,
        legend: Legend::new(
            if wide { Vec::new() } else { entries.collect() },
            f64::from(size.width_px) - 16.0,
            5,
        ),
        right_px: if wide { (longest + 24.0).clamp(40.0, f64::from(size.width_px) * 0.26) } else { 16.0 },
        x_ticks: None,
    }
    .draw(&mut canvas);
    if let Some(band) = &data.band {
        draw_band(&mut canvas, &plot, band);
    }
    let lines: Vec<Vec<CurvePoint>> = data.lines.iter().map(|line| sorted(&line.points)).collect();
    for (index, points) in lines.iter().enumerate() {
        draw_ribbon(&mut canvas, &plot, points, index);
    }
    for (index, (points, line)) in lines.iter().zip(&data.lines).enumerate() {
        draw_line(&mut canvas, &plot, points, index, &line.label);
    }
    if let Some(x) = data.mark_x {
        draw_mark(&mut canvas, &plot, x);
    }
    if let Some(band) = &data.band {
        name_band(&mut canvas, &plot, band, &lines);
    }
    if wide {
        let labels = lines.iter().zip(&data.lines).enumerate().filter_map(|(index, (points, line))| {
            let y_px = plot.y_px(points.last()?.mid);
            Some(EndLabel { y_px, colour: colour(index), text: line.label.clone() })
        });
        ends(&mut canvas, &plot, labels.collect());
    }
    Ok(Drawing { svg: canvas.finish(), plot })
}

fn check(data: &Curves) -> Result<(), ChartError> {
    let x = |what: &str, value| if data.x_log { positive(what, value) } else { finite(what, value) };
    for (line, point) in data.lines.iter().flat_map(|line| line.points.iter().map(move |point| (line, point)))
    {
        x(&line.label, point.x)?;
        finite(&line.label, point.low)?;
        positive(&line.label, point.mid)?;
        positive(&line.label, point.high)?;
    }
    if let Some(band) = &data.band {
        finite(&band.label, band.low)?;
        positive(&band.label, band.mid)?;
        positive(&band.label, band.high)?;
    }
    if let Some(mark) = data.mark_x {
        x("the marked value", mark)?;
    }
    if data.lines.iter().all(|line| line.points.is_empty()) { Err(ChartError::Nothing) } else { Ok(()) }
}

fn x_axis(data: &Curves) -> Axis {
    let values = data.lines.iter().flat_map(|line| &line.points).map(|point| point.x).chain(data.mark_x);
    if data.x_log { Axis::exactly_logarithmic(values) } else { Axis::linear(values) }
}

/// Covers the middles; an interval further than a factor of ten beyond them goes out of the plot.
fn y_axis(data: &Curves) -> Axis {
    let mids = || data.lines.iter().flat_map(|line| &line.points).map(|point| point.mid);
    let (min, max) = mids().fold((f64::INFINITY, 0.0), |(min, max), mid| (mid.min(min), mid.max(max)));
    let clamped = |value: f64| value.clamp(min / 10.0, max * 10.0);
    let intervals = data.lines.iter().flat_map(|line| &line.points).flat_map(|point| [point.low, point.high]);
    let band = data
        .band
        .iter()
        .flat_map(|band| [band.low.max(band.mid / 10.0), band.mid, band.high.min(band.mid * 10.0)]);
    Axis::logarithmic(mids().chain(intervals.map(clamped)).chain(band))
}

fn sorted(points: &[CurvePoint]) -> Vec<CurvePoint> {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    points
}

fn stroke(index: usize) -> Stroke {
    Stroke { colour: colour(index), width_px: 2.0, dash: dash(index) }
}

fn draw_ribbon(canvas: &mut Canvas, plot: &Plot, points: &[CurvePoint], index: usize) {
    if points.iter().all(|point| point.low == point.high) {
        return;
    }
    let upper = points.iter().map(|point| (plot.x_px(point.x), plot.y_px(point.high)));
    let lower = points.iter().rev().map(|point| (plot.x_px(point.x), plot.y_px(point.low)));
    match points {
        // A ribbon of no width is not seen.
        [only] => {
            let x_px = plot.x_px(only.x);
            let whisker = path([(x_px, plot.y_px(only.low)), (x_px, plot.y_px(only.high))]);
            canvas.path("ribbon", &whisker, Stroke::solid(colour(index), 1.5), None);
        }
        _ => canvas.fill("ribbon", &format!("{}z", path(upper.chain(lower))), colour(index), 0.18),
    }
}

fn draw_line(canvas: &mut Canvas, plot: &Plot, points: &[CurvePoint], index: usize, label: &str) {
    let line = path(points.iter().map(|point| (plot.x_px(point.x), plot.y_px(point.mid))));
    if points.len() > 1 {
        canvas.path("curve", &line, stroke(index), Some(label));
    }
    // Measured or computed points, where they are few enough to be told apart.
    if points.len() <= 16 {
        for point in points {
            let at = (plot.x_px(point.x), plot.y_px(point.mid));
            let title = format!("{}: {} at {}", plain(label), number(point.mid, 3), number(point.x, 3));
            canvas.marks("point", shape(index), &[at], colour(index), Some(&title));
        }
    }
}

fn draw_mark(canvas: &mut Canvas, plot: &Plot, x: f64) {
    let x_px = plot.x_px(x);
    canvas.line(
        (x_px, plot.top_px),
        (x_px, plot.bottom_px),
        Stroke { colour: INK, width_px: 1.2, dash: "4 3" },
    );
    let text = number(x, 3);
    let left = x_px > f64::midpoint(plot.left_px, plot.right_px);
    let (at_px, anchor) = if left { (x_px - 4.0, Anchor::End) } else { (x_px + 4.0, Anchor::Start) };
    canvas.text((at_px, plot.top_px + SMALL_PX + 1.0), anchor, SMALL_PX, INK, &text);
}

/// Hatched lines, for a fill alone would pass for a ribbon.
fn draw_band(canvas: &mut Canvas, plot: &Plot, band: &Band) {
    const STEP_PX: f64 = 8.0;
    let (top_px, bottom_px) = (plot.y_px(band.high.max(band.low)), plot.y_px(band.low.min(band.high)));
    let corners = [
        (plot.left_px, top_px),
        (plot.right_px, top_px),
        (plot.right_px, bottom_px),
        (plot.left_px, bottom_px),
    ];
    canvas.fill("band", &format!("{}z", path(corners)), GRID, 0.45);
    let height_px = bottom_px - top_px;
    let count = ((plot.right_px - plot.left_px + height_px) / STEP_PX) as usize;
    let hatch: String = (1..=count)
        .map(|index| plot.left_px + index as f64 * STEP_PX)
        .map(|foot_px| {
            // From the bottom or the right edge up to the left, to the top or the left edge.
            let start_px = foot_px.min(plot.right_px);
            let end_px = (foot_px - height_px).max(plot.left_px);
            path([(start_px, bottom_px - (foot_px - start_px)), (end_px, bottom_px - (foot_px - end_px))])
        })
        .collect();
    canvas.path("hatch", &hatch, Stroke::solid(GRID, 1.0), None);
    canvas.corner(plot);
    let y_px = plot.y_px(band.mid);
    let stroke = Stroke { colour: MUTED, width_px: 1.5, dash: "10 4" };
    canvas.path("market", &path([(plot.left_px, y_px), (plot.right_px, y_px)]), stroke, Some(&band.label));
}

/// At that place above or below the middle price which the curves leave free.
fn name_band(canvas: &mut Canvas, plot: &Plot, band: &Band, lines: &[Vec<CurvePoint>]) {
    let room_px = plot.right_px - plot.left_px - 12.0;
    let text = fitted(&band.label, SMALL_PX, room_px);
    let text_px = width_px(&text, SMALL_PX);
    let market_px = plot.y_px(band.mid);
    let heights = [market_px - 5.0, market_px + SMALL_PX + 2.0].into_iter();
    let heights = heights.filter(|y_px| (plot.top_px + SMALL_PX..plot.bottom_px - 2.0).contains(y_px));
    let left_px = |fifth: i32| plot.left_px + 6.0 + (room_px - text_px).max(0.0) * f64::from(fifth) / 4.0;
    let places = heights.flat_map(|y_px| (0..=4).map(move |fifth| (left_px(fifth), y_px)));
    let clearance = |(left_px, y_px): (f64, f64)| {
        (0..=8)
            .map(|step| left_px + text_px * f64::from(step) / 8.0)
            .flat_map(|x_px| lines.iter().filter_map(move |points| height_at(plot, points, x_px)))
            .map(|line_px| (line_px - (y_px - SMALL_PX * 0.36)).abs())
            .fold(24.0, f64::min)
    };
    // The first of equals: above, and at the left, where reading starts.
    let best = places
        .map(|place| (place, clearance(place)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best });
    if let Some((place, _)) = best {
        canvas.text(place, Anchor::Start, SMALL_PX, INK, &text);
    }
}

/// The height of a curve at a place, where it has one.
fn height_at(plot: &Plot, points: &[CurvePoint], x_px: f64) -> Option<f64> {
    let at = |point: &CurvePoint| (plot.x_px(point.x), plot.y_px(point.mid));
    points.iter().zip(points.iter().skip(1)).find_map(|(from, to)| {
        let ((x0, y0), (x1, y1)) = (at(from), at(to));
        ((x0..=x1).contains(&x_px) && x1 > x0).then(|| y0 + (y1 - y0) * (x_px - x0) / (x1 - x0))
    })
}
