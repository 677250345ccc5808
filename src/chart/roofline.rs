//! Rates of kernels under the ceilings of their device (Williams, Waterman and Patterson, "Roofline", 2009).

use std::collections::BTreeMap;

use super::canvas::{Canvas, Stroke, path};
use super::frame::Frame;
use super::label::{SMALL_PX, number, plain, width_px};
use super::legend::{EndLabel, Entry, Key, Legend, ends};
use super::palette::{INK, MUTED, colour, dash, shape};
use super::{Axis, ChartError, Drawing, Plot, Size, positive};

/// Ceilings of a device and kernels measured on it; both axes logarithmic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roofline {
    /// Horizontal lines.
    pub ceilings: Vec<Ceiling>,
    /// Slanted lines.
    pub bandwidths: Vec<Bandwidth>,
    /// Measured kernels.
    pub points: Vec<RooflinePoint>,
}

/// A peak of arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceiling {
    /// Such as `f16 matrix, measured`.
    pub label: String,
    /// FLOP/s.
    pub flops_per_s: f64,
}

/// A peak of memory traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Bandwidth {
    /// Such as `read, measured`.
    pub label: String,
    /// bytes/s.
    pub bytes_per_s: f64,
}

/// One measured cell.
#[derive(Clone, Debug, PartialEq)]
pub struct RooflinePoint {
    /// Names the cell; shown by browsers on hover.
    pub label: String,
    /// Cells of one group share colour and shape, in the order of first appearance.
    pub group: String,
    /// Arithmetic intensity in FLOP/byte.
    pub flops_per_byte: f64,
    /// Rate in FLOP/s.
    pub flops_per_s: f64,
}

/// Draws a roofline. Cells of one group on the same pixel are one mark.
///
/// # Errors
/// No points and no lines; a value that is not finite or not above zero; a size below 280 x 240 px.
pub fn roofline(data: &Roofline, size: Size) -> Result<Drawing, ChartError> {
    check(data)?;
    let mut canvas = Canvas::new(size)?;
    let wide = size.width_px >= 600;
    let groups = grouped(&data.points);
    let longest = data.ceilings.iter().map(|ceiling| width_px(&ceiling.label, SMALL_PX)).fold(0.0, f64::max);
    let (x, y) = axes(data);
    let plot = Frame {
        x,
        y,
        x_label: "arithmetic intensity, FLOP/byte",
        y_label: "FLOP/s",
        legend: Legend::new(
            entries(data, &groups, wide),
            f64::from(size.width_px) - 16.0,
            if wide { 3 } else { 6 },
        ),
        right_px: if wide { (longest + 24.0).clamp(40.0, f64::from(size.width_px) * 0.26) } else { 18.0 },
        x_ticks: None,
    }
    .draw(&mut canvas);
    draw_roofs(&mut canvas, &plot, data);
    let merged: Vec<_> = groups.iter().map(|group| merged(&plot, &group.points)).collect();
    let titled = merged.iter().map(Vec::len).sum::<usize>() <= TITLED;
    for (index, places) in merged.iter().enumerate() {
        draw_group(&mut canvas, places, index, titled);
    }
    if wide {
        let labels = data.ceilings.iter().map(|ceiling| EndLabel {
            y_px: plot.y_px(ceiling.flops_per_s),
            colour: INK,
            text: ceiling.label.clone(),
        });
        ends(&mut canvas, &plot, labels.collect());
    }
    Ok(Drawing { svg: canvas.finish(), plot })
}

/// More marks than this carry no names: they would be most of the file.
const TITLED: usize = 250;

fn check(data: &Roofline) -> Result<(), ChartError> {
    for ceiling in &data.ceilings {
        positive(&ceiling.label, ceiling.flops_per_s)?;
    }
    for bandwidth in &data.bandwidths {
        positive(&bandwidth.label, bandwidth.bytes_per_s)?;
    }
    for point in &data.points {
        positive(&point.label, point.flops_per_byte)?;
        positive(&point.label, point.flops_per_s)?;
    }
    let empty = data.ceilings.is_empty() && data.bandwidths.is_empty() && data.points.is_empty();
    if empty { Err(ChartError::Nothing) } else { Ok(()) }
}

struct Group<'a> {
    label: &'a str,
    points: Vec<&'a RooflinePoint>,
}

fn grouped(points: &[RooflinePoint]) -> Vec<Group<'_>> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for point in points {
        let number = *numbers.entry(&point.group).or_insert(groups.len());
        if number == groups.len() {
            groups.push(Group { label: &point.group, points: Vec::new() });
        }
        groups.get_mut(number).into_iter().for_each(|group| group.points.push(point));
    }
    groups
}

fn entries(data: &Roofline, groups: &[Group<'_>], wide: bool) -> Vec<Entry> {
    let marks = groups.iter().enumerate().map(|(index, group)| Entry {
        key: Key::Mark(shape(index), colour(index)),
        label: group.label.into(),
    });
    let slants = data
        .bandwidths
        .iter()
        .enumerate()
        .map(|(index, bandwidth)| Entry { key: Key::Line(slant(index)), label: bandwidth.label.clone() });
    // Where there is no room beside the plot.
    let flats = data
        .ceilings
        .iter()
        .enumerate()
        .map(|(index, ceiling)| Entry { key: Key::Line(flat(index)), label: ceiling.label.clone() });
    marks.chain(slants).chain(flats.filter(|_| !wide)).collect()
}

fn slant(index: usize) -> Stroke {
    Stroke { colour: MUTED, width_px: 1.8, dash: dash(index) }
}

fn flat(index: usize) -> Stroke {
    Stroke { colour: INK, width_px: 1.8, dash: dash(index) }
}

/// Around the points, the ceilings and the knee of the roof.
fn axes(data: &Roofline) -> (Axis, Axis) {
    let top = highest(data);
    let fastest = fastest(data);
    let knees: Vec<f64> = match (top, fastest) {
        (Some(top), Some(fastest)) => vec![top / fastest / 4.0, top / fastest * 8.0],
        (None, None) => Vec::new(),
        _ => vec![1.0, 100.0],
    };
    let x = Axis::logarithmic(data.points.iter().map(|point| point.flops_per_byte).chain(knees));
    let rates =
        data.points.iter().map(|point| point.flops_per_s).chain(data.ceilings.iter().map(|c| c.flops_per_s));
    // Where the roof begins, unless the points lie lower: a line that starts in mid-air shows no slope.
    let foot = fastest.filter(|_| data.points.is_empty()).map(|fastest| fastest * x.min);
    let head = fastest.filter(|_| top.is_none()).map(|fastest| fastest * x.max);
    let ceiling = top.map(|top| top * 1.3);
    (x, Axis::logarithmic(rates.chain(foot).chain(head).chain(ceiling)))
}

fn highest(data: &Roofline) -> Option<f64> {
    data.ceilings.iter().map(|ceiling| ceiling.flops_per_s).max_by(f64::total_cmp)
}

fn fastest(data: &Roofline) -> Option<f64> {
    data.bandwidths.iter().map(|bandwidth| bandwidth.bytes_per_s).max_by(f64::total_cmp)
}

/// Ceilings from where the fastest memory reaches them, slants up to the highest ceiling.
fn draw_roofs(canvas: &mut Canvas, plot: &Plot, data: &Roofline) {
    let top = highest(data).unwrap_or(plot.y.max);
    for (index, bandwidth) in data.bandwidths.iter().enumerate() {
        let from = plot.x.min.max(plot.y.min / bandwidth.bytes_per_s);
        let to = plot.x.max.min(top / bandwidth.bytes_per_s);
        if from < to {
            let ends = [from, to].map(|x| (plot.x_px(x), plot.y_px(x * bandwidth.bytes_per_s)));
            let title = format!("{}: {}B/s", plain(&bandwidth.label), number(bandwidth.bytes_per_s, 3));
            canvas.path("bandwidth", &path(ends), slant(index), Some(&title));
        }
    }
    for (index, ceiling) in data.ceilings.iter().enumerate() {
        let from = fastest(data).map_or(plot.x.min, |fastest| ceiling.flops_per_s / fastest).min(plot.x.max);
        let y_px = plot.y_px(ceiling.flops_per_s);
        let title = format!("{}: {}FLOP/s", plain(&ceiling.label), number(ceiling.flops_per_s, 3));
        canvas.path(
            "ceiling",
            &path([(plot.x_px(from), y_px), (plot.right_px, y_px)]),
            flat(index),
            Some(&title),
        );
    }
}

/// The points that can be told apart, each with where it lies.
fn merged<'a>(plot: &Plot, points: &[&'a RooflinePoint]) -> Vec<((f64, f64), &'a RooflinePoint)> {
    let mut places = BTreeMap::new();
    for point in points {
        let at = (plot.x_px(point.flops_per_byte), plot.y_px(point.flops_per_s));
        places.entry((at.0.round() as i64, at.1.round() as i64)).or_insert((at, *point));
    }
    places.into_values().collect()
}

fn draw_group(canvas: &mut Canvas, places: &[((f64, f64), &RooflinePoint)], index: usize, titled: bool) {
    if !titled {
        let places: Vec<(f64, f64)> = places.iter().map(|(at, _)| *at).collect();
        canvas.marks("kernel", shape(index), &places, colour(index), None);
        return;
    }
    for (at, point) in places {
        let rate = number(point.flops_per_s, 3);
        let title =
            format!("{}: {rate}FLOP/s at {} FLOP/byte", plain(&point.label), number(point.flops_per_byte, 3));
        canvas.marks("kernel", shape(index), &[*at], colour(index), Some(&title));
    }
}
