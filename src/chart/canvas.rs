//! What is drawn, as SVG elements: the only place that knows their attributes. Coordinates are tenths of a pixel.

use svg::Node;
use svg::node::element::{Element, SVG, Text, Title};

use super::label::plain;
use super::palette::{INK, PAPER};
use super::{ChartError, LEAST, Plot, Size};

/// Lines and areas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub colour: &'static str,
    pub width_px: f64,
    /// Lengths drawn and left out; empty is solid.
    pub dash: &'static str,
}

impl Stroke {
    pub(super) fn solid(colour: &'static str, width_px: f64) -> Self {
        Self { colour, width_px, dash: "" }
    }
}

/// A rectangle by its edges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub left_px: f64,
    pub top_px: f64,
    pub right_px: f64,
    pub bottom_px: f64,
}

/// Which part of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing as it grows.
pub(super) struct Canvas {
    root: SVG,
    pub size: Size,
}

impl Canvas {
    pub(super) fn new(size: Size) -> Result<Self, ChartError> {
        // Below this the words leave no room for the plot.
        if size.width_px < LEAST.width_px || size.height_px < LEAST.height_px {
            return Err(ChartError::TooSmall(size.width_px, size.height_px));
        }
        Self::low(size)
    }

    /// A drawing that may be as low as what is in it.
    pub(super) fn low(size: Size) -> Result<Self, ChartError> {
        if size.width_px < LEAST.width_px {
            return Err(ChartError::TooSmall(size.width_px, size.height_px));
        }
        let root = SVG::new()
            .set("width", size.width_px)
            .set("height", size.height_px)
            .set("viewBox", (0, 0, size.width_px, size.height_px))
            .set("font-family", "sans-serif");
        Ok(Self { root, size })
    }

    pub(super) fn finish(self) -> String {
        self.root.to_string()
    }

    fn add(&mut self, mut element: Element, title: Option<&str>) {
        if let Some(title) = title {
            element.append(Title::new(plain(title)));
        }
        self.root.append(element);
    }

    /// A path, not filled.
    pub(super) fn path(&mut self, class: &str, path: &str, stroke: Stroke, title: Option<&str>) {
        let mut element = Element::new("path");
        element.assign("d", path);
        element.assign("fill", "none");
        if !class.is_empty() {
            element.assign("class", class);
        }
        draw(&mut element, stroke);
        element.assign("stroke-linejoin", "round");
        self.add(element, title);
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.path("", &path([from, to]), stroke, None);
    }

    /// A translucent area.
    pub(super) fn fill(&mut self, class: &str, path: &str, colour: &'static str, opacity: f64) {
        let mut element = Element::new("path");
        element.assign("class", class);
        element.assign("d", path);
        element.assign("fill", colour);
        element.assign("fill-opacity", opacity);
        self.add(element, None);
    }

    /// Squares or discs of one size and colour; nothing where there are none.
    pub(super) fn dots(
        &mut self,
        class: &str,
        path: &str,
        (colour, opacity): (&str, f64),
        side_px: u32,
        cap: &str,
    ) {
        if path.is_empty() {
            return;
        }
        let mut element = Element::new("path");
        element.assign("class", class);
        element.assign("d", path);
        element.assign("fill", "none");
        element.assign("stroke", colour);
        element.assign("stroke-opacity", opacity);
        element.assign("stroke-width", side_px);
        element.assign("stroke-linecap", cap);
        self.add(element, None);
    }

    /// An area that is not seen and tells a pointer its name.
    pub(super) fn area(&mut self, class: &str, path: &str, title: &str) {
        let mut element = Element::new("path");
        element.assign("class", class);
        element.assign("d", path);
        element.assign("fill", "none");
        element.assign("pointer-events", "all");
        self.add(element, Some(title));
    }

    /// A bar.
    pub(super) fn bar(&mut self, class: &str, area: Area, colour: &'static str, opacity: f64, title: &str) {
        let mut element = Element::new("rect");
        element.assign("class", class);
        element.assign("x", tenth(area.left_px));
        element.assign("y", tenth(area.top_px));
        element.assign("width", tenth((area.right_px - area.left_px).max(0.0)));
        element.assign("height", tenth((area.bottom_px - area.top_px).max(0.0)));
        element.assign("fill", colour);
        element.assign("fill-opacity", opacity);
        draw(&mut element, Stroke::solid(colour, 1.0));
        self.add(element, Some(title));
    }

    /// A mark of one of the shapes in [`MARKS`].
    pub(super) fn marks(
        &mut self,
        class: &str,
        shape: usize,
        at: &[(f64, f64)],
        colour: &'static str,
        title: Option<&str>,
    ) {
        let Some(mark) = MARKS.get(shape % MARKS.len()) else { return };
        let starts =
            at.iter().map(|(x, y)| format!("M{} {}{}", tenth(x - mark.0), tenth(y - mark.1), mark.2));
        let mut element = Element::new("path");
        element.assign("class", class);
        element.assign("d", starts.collect::<String>());
        element.assign("fill", "none");
        draw(&mut element, Stroke::solid(colour, mark.3));
        element.assign("stroke-linecap", mark.4);
        self.add(element, title);
    }

    /// A rim of paper about a mark that will be drawn next.
    pub(super) fn halo(&mut self, shape: usize, at: (f64, f64)) {
        let Some(mark) = MARKS.get(shape % MARKS.len()) else { return };
        let mut element = Element::new("path");
        element.assign("d", format!("M{} {}{}", tenth(at.0 - mark.0), tenth(at.1 - mark.1), mark.2));
        element.assign("fill", PAPER);
        draw(&mut element, Stroke::solid(PAPER, mark.3 + 3.0));
        element.assign("stroke-linecap", mark.4);
        self.add(element, None);
    }

    /// Text about a baseline; what lies below it shows through nowhere near the letters.
    pub(super) fn text(
        &mut self,
        at: (f64, f64),
        anchor: Anchor,
        font_px: f64,
        colour: &'static str,
        text: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let element = Text::new(plain(text))
            .set("x", tenth(at.0))
            .set("y", tenth(at.1))
            .set("text-anchor", anchor)
            .set("font-size", font_px)
            .set("fill", colour)
            .set("stroke", PAPER)
            .set("stroke-width", 3)
            .set("stroke-linejoin", "round")
            .set("paint-order", "stroke");
        self.root.append(element);
    }

    /// The outline of the plot: its left and bottom side.
    pub(super) fn corner(&mut self, area: &Plot) {
        let corner =
            [(area.left_px, area.top_px), (area.left_px, area.bottom_px), (area.right_px, area.bottom_px)];
        self.path("axis", &path(corner), Stroke::solid(INK, 1.0), None);
    }
}

/// Shapes as strokes: where one starts from its middle, its path, the width of its pen, the end of its lines.
type Mark = (f64, f64, &'static str, f64, &'static str);
/// Disc, triangle, square, cross, diamond, plus.
pub(super) const MARKS: [Mark; 6] = [
    (0.0, 0.0, "h0", 7.0, "round"),
    (0.0, 4.0, "l4 7h-8z", 1.6, "butt"),
    (0.0, 0.0, "h0", 6.0, "square"),
    (3.0, 3.0, "l6 6m0-6l-6 6", 2.0, "butt"),
    (0.0, 4.5, "l4 4.5-4 4.5-4-4.5z", 1.6, "butt"),
    (4.0, 0.0, "h8m-4-4v8", 2.0, "butt"),
];

fn draw(element: &mut Element, stroke: Stroke) {
    element.assign("stroke", stroke.colour);
    element.assign("stroke-width", stroke.width_px);
    if !stroke.dash.is_empty() {
        element.assign("stroke-dasharray", stroke.dash);
    }
}

/// Rounded to tenths, without a zero that has a sign.
pub(super) fn tenth(px: f64) -> f64 {
    (px * 10.0).round() / 10.0 + 0.0
}

/// Straight lines through points.
pub(super) fn path(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in points {
        path.push(if path.is_empty() { 'M' } else { 'L' });
        path.push_str(&format!("{} {}", tenth(x), tenth(y)));
    }
    path
}
