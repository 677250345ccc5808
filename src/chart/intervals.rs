//! Cost beside price, each with its interval: the picture of the verdict.

use super::canvas::{Canvas, Stroke, path};
use super::label::{number, plain};
use super::legend::{Entry, Key, Legend};
use super::palette::colour;
use super::rows::Rows;
use super::{Axis, ChartError, Drawing, Plot, Size, finite, positive};

/// One row per case; x is logarithmic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervals {
    /// With its unit.
    pub x_label: String,
    /// In the order shown, from the top.
    pub rows: Vec<IntervalRow>,
}

/// A case.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalRow {
    /// The case.
    pub label: String,
    /// Low, middle, high; a low end of zero or below reaches the left of the plot.
    pub cost: [f64; 3],
    /// The same of the market's price, where there is one.
    pub price: Option<[f64; 3]>,
}

/// Draws the intervals, cost above price in each row.
///
/// # Errors
/// No rows; a value that is not finite; a middle or a high end that is not above zero; a size below
/// 280 x 240 px.
pub fn intervals(data: &Intervals, size: Size) -> Result<Drawing, ChartError> {
    let all = || {
        data.rows
            .iter()
            .flat_map(|row| [Some((row, row.cost)), row.price.map(|price| (row, price))])
            .flatten()
    };
    for (row, [low, mid, high]) in all() {
        finite(&row.label, low)?;
        positive(&row.label, mid)?;
        positive(&row.label, high)?;
    }
    if data.rows.is_empty() {
        return Err(ChartError::Nothing);
    }
    let mut canvas = Canvas::new(size)?;
    // A low end of next to nothing does not press all others together.
    let values = all().flat_map(|(_, [low, mid, high])| [low.max(mid / 10.0), mid, high]);
    let mut legend = vec![Entry { key: Key::Mark(COST, colour(COST)), label: "cost here".into() }];
    if data.rows.iter().any(|row| row.price.is_some()) {
        legend.push(Entry { key: Key::Mark(PRICE, colour(1)), label: "market price".into() });
    }
    let placed = Rows {
        labels: data.rows.iter().map(|row| row.label.as_str()).collect(),
        x: Axis::logarithmic(values),
        x_label: &data.x_label,
        percent: false,
        legend: Legend::new(legend, f64::from(size.width_px) - 16.0, 2),
        row_px: 24.0,
        right_px: 18.0,
    }
    .draw(&mut canvas);
    let apart_px = (placed.row_px * 0.2).min(9.0);
    for (index, row) in data.rows.iter().take(placed.count).enumerate() {
        let middle_px = placed.middle_px(index);
        let title = |what: &str, [low, mid, high]: [f64; 3]| {
            let [low, mid, high] = [low, mid, high].map(|value| number(value, 3));
            format!("{}: {what} {mid} ({low} to {high})", plain(&row.label))
        };
        interval(&mut canvas, &placed.plot, row.cost, middle_px - apart_px, COST, &title("cost", row.cost));
        if let Some(price) = row.price {
            interval(&mut canvas, &placed.plot, price, middle_px + apart_px, PRICE, &title("price", price));
        }
    }
    Ok(Drawing { svg: canvas.finish(), plot: placed.plot })
}

/// Shapes: a disc and a diamond.
const COST: usize = 0;
const PRICE: usize = 4;

fn interval(canvas: &mut Canvas, plot: &Plot, ends: [f64; 3], y_px: f64, shape: usize, title: &str) {
    let [low_px, mid_px, high_px] = ends.map(|value| plot.x_px(value));
    let (colour, class, dash) =
        if shape == COST { (colour(0), "cost", "") } else { (colour(1), "price", "3 2") };
    let (low_px, high_px) = (low_px.min(high_px), low_px.max(high_px));
    canvas.path(
        class,
        &path([(low_px, y_px), (high_px, y_px)]),
        Stroke { colour, width_px: 3.0, dash },
        Some(title),
    );
    for end_px in [low_px, high_px] {
        canvas.line((end_px, y_px - 3.5), (end_px, y_px + 3.5), Stroke::solid(colour, 1.5));
    }
    canvas.halo(shape, (mid_px, y_px));
    canvas.marks("mid", shape, &[(mid_px, y_px)], colour, Some(title));
}
