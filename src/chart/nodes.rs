//! The nodes of a fleet, each with its devices as squares: blue where they are faster than their siblings, orange where they are
//! slower, with a mark where they are out of line. Colour never speaks alone.

use super::canvas::{Anchor, Canvas, Stroke};
use super::label::{SMALL_PX, fitted, width_px};
use super::legend::{Entry, Key, Legend};
use super::palette::{INK, MUTED, SERIES};
use super::{Axis, ChartError, Drawing, Plot, Size, finite};

/// Nodes in the order shown, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nodes {
    /// The nodes.
    pub nodes: Vec<MapNode>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapNode {
    /// Its name.
    pub name: String,
    /// Its devices.
    pub devices: Vec<MapDevice>,
    /// How the whole node is out of line, if it is.
    pub framed: Option<Sign>,
}

/// A device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MapDevice {
    /// The share by which it takes longer than its siblings; `None` where it is not compared.
    pub slower: Option<f64>,
    /// How it is out of line, if it is.
    pub sign: Option<Sign>,
}

/// How something is out of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A device is slower.
    Slow,
    /// A device is faster.
    Fast,
    /// A device has another driver.
    Driver,
    /// A node is slower.
    SlowNode,
    /// A node is slower at a lower clock or hotter.
    Throttling,
}

impl Sign {
    const ALL: [Self; 5] = [Self::Slow, Self::Fast, Self::Driver, Self::SlowNode, Self::Throttling];

    /// The shape of its mark, as a place in the shapes of all charts.
    pub(super) fn shape(self) -> usize {
        match self {
            Self::Fast => 5,
            Self::Driver => 4,
            Self::Slow => 3,
            Self::SlowNode => 2,
            Self::Throttling => 1,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Slow => "slow device",
            Self::Fast => "fast device",
            Self::Driver => "another driver",
            Self::SlowNode => "slow node",
            Self::Throttling => "throttling node",
        }
    }
}

/// Where a deviation begins to have a colour, and where it has the strong one. Labels come from tests, not from these.
const MILD: f64 = 0.02;
const STRONG: f64 = 0.05;

/// From faster to slower: two blues, grey, two oranges, which people with any colour vision tell apart.
const SCALE: [(&str, f64, &str); 5] = [
    (SERIES[0], 1.0, "5 % faster or more"),
    (SERIES[5], 1.0, "2 to 5 % faster"),
    (MUTED, 0.4, "within 2 %"),
    (SERIES[4], 1.0, "2 to 5 % slower"),
    (SERIES[1], 1.0, "5 % slower or more"),
];

fn step(slower: f64) -> usize {
    match slower {
        _ if slower <= -STRONG => 0,
        _ if slower <= -MILD => 1,
        _ if slower < MILD => 2,
        _ if slower < STRONG => 3,
        _ => 4,
    }
}

/// Sides of squares, the largest first; even, so that their middles lie on whole pixels.
const SIDES_PX: [u32; 9] = [24, 20, 16, 14, 12, 10, 8, 6, 4];
/// Devices beside each other in a node.
const BESIDE: usize = 4;
/// Nodes up to so many have their names on demand, beyond that rows of nodes and what is out of line.
const NAMED: usize = 1500;
/// The least distance of two labels.
const LABEL_PX: u32 = 15;

/// How nodes are laid out.
struct Layout {
    side_px: u32,
    /// Squares beside each other and below each other in a node.
    beside: u32,
    below: u32,
    left_px: u32,
    top_px: u32,
    /// Bytes at the start of all names that labels go without.
    shared: usize,
    /// Nodes in a row.
    row: usize,
}

impl Layout {
    fn pitch_px(&self) -> u32 {
        self.side_px + 1
    }

    /// From one node to the next, and from one row to the next.
    fn node_px(&self) -> (u32, u32) {
        let gap = if self.beside * self.below == 1 { 1 } else { 3 };
        (self.beside * self.pitch_px() + gap, self.below * self.pitch_px() + gap)
    }

    fn corner(&self, node: usize) -> (u32, u32) {
        let (width, height) = self.node_px();
        let (row, place) = (node / self.row, node % self.row);
        (self.left_px + place as u32 * width, self.top_px + row as u32 * height)
    }

    /// The middle of a square.
    fn middle(&self, node: usize, device: usize) -> (u32, u32) {
        let (left, top) = self.corner(node);
        let (x, y) = (device as u32 % self.beside, device as u32 / self.beside);
        (left + x * self.pitch_px() + self.side_px / 2, top + y * self.pitch_px() + self.side_px / 2)
    }

    fn height_px(&self, nodes: usize) -> u32 {
        self.top_px + nodes.div_ceil(self.row) as u32 * self.node_px().1
    }
}

/// Draws the map: as wide as asked for, with the largest squares that keep it as low as asked for, higher where there are more
/// nodes than that.
///
/// # Errors
/// No devices; a deviation that is not finite; less than 280 px of width.
pub fn nodes(data: &Nodes, size: Size) -> Result<Drawing, ChartError> {
    let most = data.nodes.iter().map(|node| node.devices.len()).max().unwrap_or_default();
    if most == 0 {
        return Err(ChartError::Nothing);
    }
    for node in &data.nodes {
        for device in &node.devices {
            finite(&node.name, device.slower.unwrap_or_default())?;
        }
    }
    let legend = Legend::new(legend(data), f64::from(size.width_px) - 16.0, 8);
    let layout = layout(data, size, most, legend.height_px() as u32);
    let height_px = layout.height_px(data.nodes.len()) + 6;
    let mut canvas = Canvas::low(Size { height_px, ..size })?;
    legend.draw(&mut canvas, 8.0, 4.0);
    labels(&mut canvas, data, &layout);
    squares(&mut canvas, data, &layout);
    signs(&mut canvas, data, &layout);
    names(&mut canvas, data, &layout, size);
    let edge = Axis { min: 0.0, max: 1.0, log: false };
    let plot = Plot {
        left_px: f64::from(layout.left_px),
        top_px: f64::from(layout.top_px),
        right_px: f64::from(size.width_px),
        bottom_px: f64::from(height_px),
        x: edge,
        y: edge,
    };
    Ok(Drawing { svg: canvas.finish(), plot })
}

fn layout(data: &Nodes, size: Size, most: usize, legend_px: u32) -> Layout {
    let room_px = f64::from(size.width_px) * 0.2;
    let longest_px = |shared: usize| {
        data.nodes.iter().map(|node| width_px(&label(&node.name, shared), SMALL_PX)).fold(0.0, f64::max)
    };
    let shared = if longest_px(0) > room_px { shared(data) } else { 0 };
    let left_px = longest_px(shared).min(room_px).ceil() as u32 + 14;
    let beside = most.min(if most > 32 { most.isqrt() } else { BESIDE });
    let of = |side_px| {
        let below = most.div_ceil(beside) as u32;
        let layout =
            Layout { side_px, beside: beside as u32, below, left_px, top_px: legend_px + 14, shared, row: 1 };
        let room_px = size.width_px.saturating_sub(left_px + 6);
        Layout { row: ((room_px / layout.node_px().0) as usize).max(1), ..layout }
    };
    let low =
        SIDES_PX.into_iter().map(of).find(|layout| layout.height_px(data.nodes.len()) <= size.height_px);
    low.unwrap_or_else(|| of(SIDES_PX.into_iter().fold(u32::MAX, u32::min)))
}

/// How many bytes all names begin with alike, up to their numbers: `gpu-node-` of `gpu-node-0017`.
fn shared(data: &Nodes) -> usize {
    let mut names = data.nodes.iter().map(|node| node.name.as_str());
    let first = names.next().unwrap_or_default();
    let alike = |a: &str, b: &str| {
        a.char_indices()
            .zip(b.chars())
            .take_while(|((_, a), b)| a == b)
            .map(|((at, a), _)| at + a.len_utf8())
            .last()
    };
    let shared = names.fold(first, |shared, name| {
        shared.get(..alike(shared, name).unwrap_or_default()).unwrap_or_default()
    });
    shared.trim_end_matches(|it: char| it.is_ascii_digit()).len()
}

/// A name without what all names begin with.
fn label(name: &str, shared: usize) -> String {
    match (shared, name.get(shared..)) {
        (1.., Some(rest)) if !rest.is_empty() => format!("…{rest}"),
        _ => name.to_owned(),
    }
}

fn legend(data: &Nodes) -> Vec<Entry> {
    let devices = || data.nodes.iter().flat_map(|node| &node.devices);
    let shown = |at: usize| devices().any(|device| device.slower.is_some_and(|slower| step(slower) == at));
    let scale = SCALE.iter().enumerate().filter(|(at, _)| shown(*at));
    let mut entries: Vec<Entry> = scale
        .map(|(_, (colour, opacity, words))| Entry {
            key: Key::Box(colour, *opacity),
            label: (*words).into(),
        })
        .collect();
    if devices().any(|device| device.slower.is_none()) {
        entries.push(Entry { key: Key::Mark(0, MUTED), label: "not compared".into() });
    }
    let signs = || devices().filter_map(|it| it.sign).chain(data.nodes.iter().filter_map(|it| it.framed));
    for sign in Sign::ALL.into_iter().filter(|sign| signs().any(|it| it == *sign)) {
        let key = match frame(sign) {
            Some(stroke) => Key::Line(stroke),
            None => Key::Mark(sign.shape(), INK),
        };
        entries.push(Entry { key, label: sign.words().into() });
    }
    entries
}

/// The frame about a node.
fn frame(sign: Sign) -> Option<Stroke> {
    match sign {
        Sign::SlowNode => Some(Stroke::solid(INK, 2.0)),
        Sign::Throttling => Some(Stroke { dash: "3 2", ..Stroke::solid(INK, 2.0) }),
        _ => None,
    }
}

/// The first node of each row that has room for a name.
fn labels(canvas: &mut Canvas, data: &Nodes, layout: &Layout) {
    let mut free_px = 0;
    for (node, first) in data.nodes.iter().enumerate().step_by(layout.row) {
        let (_, top_px) = layout.corner(node);
        if top_px < free_px {
            continue;
        }
        free_px = top_px + LABEL_PX;
        let baseline_px = f64::from(top_px) + f64::from(layout.side_px) / 2.0 + SMALL_PX * 0.36;
        let room_px = f64::from(layout.left_px) - 12.0;
        let at = (f64::from(layout.left_px) - 7.0, baseline_px);
        canvas.text(
            at,
            Anchor::End,
            SMALL_PX,
            MUTED,
            &fitted(&label(&first.name, layout.shared), SMALL_PX, room_px),
        );
    }
}

/// A path per colour, however many devices there are.
fn squares(canvas: &mut Canvas, data: &Nodes, layout: &Layout) {
    let mut paths = [const { Dots::new() }; SCALE.len()];
    let mut apart = Dots::new();
    for (place, node) in data.nodes.iter().enumerate() {
        for (device, of) in node.devices.iter().enumerate() {
            let path = of.slower.and_then(|slower| paths.get_mut(step(slower)));
            path.unwrap_or(&mut apart).add(layout.middle(place, device));
        }
    }
    for (path, (colour, opacity, _)) in paths.iter().zip(SCALE) {
        canvas.dots("device", &path.path, (colour, opacity), layout.side_px, "square");
    }
    canvas.dots("device apart", &apart.path, (MUTED, 1.0), layout.side_px / 2, "round");
}

/// Points as the start of strokes of no length: from one to the next, which takes few digits.
struct Dots {
    path: String,
    at: (u32, u32),
}

impl Dots {
    const fn new() -> Self {
        Self { path: String::new(), at: (0, 0) }
    }

    fn add(&mut self, to: (u32, u32)) {
        let [dx, dy] =
            [(to.0, self.at.0), (to.1, self.at.1)].map(|(to, from)| i64::from(to) - i64::from(from));
        let space = if dy < 0 { "" } else { " " };
        self.path += &format!("m{dx}{space}{dy}h0");
        self.at = to;
    }
}

fn signs(canvas: &mut Canvas, data: &Nodes, layout: &Layout) {
    for (place, node) in data.nodes.iter().enumerate() {
        if let Some(stroke) = node.framed.and_then(frame) {
            canvas.path("frame", &outline(layout, place, 1), stroke, None);
            // A frame about a few pixels is not seen.
            if let Some(sign) = node.framed.filter(|_| layout.side_px < 10 && layout.beside == 1) {
                mark(canvas, sign, layout.middle(place, 0));
            }
        }
        for (device, of) in node.devices.iter().enumerate() {
            if let Some(sign) = of.sign {
                mark(canvas, sign, layout.middle(place, device));
            }
        }
    }
}

fn mark(canvas: &mut Canvas, sign: Sign, (x, y): (u32, u32)) {
    let at = (f64::from(x), f64::from(y));
    // It stands out from any colour, and from the neighbours where it is larger than its square.
    canvas.halo(sign.shape(), at);
    canvas.marks("sign", sign.shape(), &[at], INK, None);
}

/// The edge of a node, so many pixels outside of its squares.
fn outline(layout: &Layout, node: usize, outside_px: u32) -> String {
    let (left, top) = layout.corner(node);
    let (width, height) = (layout.beside * layout.pitch_px() - 1, layout.below * layout.pitch_px() - 1);
    let (left, top) = (left.saturating_sub(outside_px), top.saturating_sub(outside_px));
    let (width, height) = (width + 2 * outside_px, height + 2 * outside_px);
    format!("M{left} {top}h{width}v{height}h-{width}z")
}

/// Names on demand: of each node where there are few, else of each row and of what is out of line. Phones have no pointer that
/// could demand them.
fn names(canvas: &mut Canvas, data: &Nodes, layout: &Layout, size: Size) {
    if size.width_px < super::WIDE.width_px {
        return;
    }
    let few = data.nodes.len() <= NAMED;
    if !few {
        for (row, nodes) in data.nodes.chunks(layout.row).enumerate() {
            let ends = (nodes.first(), nodes.last());
            let (Some(first), Some(last)) = ends else { continue };
            let (left, top) = layout.corner(row * layout.row);
            let (width, height) = layout.node_px();
            let path = format!("M{left} {top}h{}v{height}H{left}z", width * nodes.len() as u32);
            canvas.area("names", &path, &format!("{} to {}", first.name, last.name));
        }
    }
    for (place, node) in data.nodes.iter().enumerate() {
        let loud = node.framed.is_some() || node.devices.iter().any(|device| device.sign.is_some());
        if few || loud {
            canvas.area("names", &outline(layout, place, 0), &words(node));
        }
    }
}

/// A node with its devices in words.
fn words(node: &MapNode) -> String {
    let device = |device: &MapDevice| {
        let slower =
            device.slower.map_or("not compared".into(), |slower| format!("{:+.1} %", slower * 100.0));
        device.sign.map_or(slower.clone(), |sign| format!("{slower}, {}", sign.words()))
    };
    let devices: Vec<String> = node.devices.iter().map(device).collect();
    let framed = node.framed.map(|sign| format!(" ({})", sign.words())).unwrap_or_default();
    format!("{}{framed}: {}", node.name, devices.join("; "))
}
