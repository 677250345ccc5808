//! An explained figure as a tree for people, a nested list in Markdown, and a flat CSV.

use serde::Serialize;

use super::columns::{Column, common, text};
use super::csv as rows_csv;
use super::listing::Listed;
use super::terminal::NARROWEST;
use crate::explain::{Node, Origin, exact};
use crate::market::figure::Figure;
use crate::market::row::Comparison;
use crate::text::{inert, markdown_cell, wrapped};

/// Grows by one when a key changes its meaning or goes away; a new key does not change it.
pub const SCHEMA_VERSION: u32 = 1;
/// Rows that do not count and are shown to people.
const LEFT_OUT: usize = 10;

/// Explained rows as one JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    schema_version: u32,
    /// One per row.
    pub explained: Vec<Explanation>,
}

impl Document {
    /// Of these rows.
    pub fn new(explained: Vec<Explanation>) -> Self {
        Self { schema_version: SCHEMA_VERSION, explained }
    }
}

/// A figure of a row, explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The open weights.
    pub model: String,
    /// How they are stored.
    pub weights: String,
    /// The device.
    pub device: String,
    /// Devices that work together.
    pub gpus: u32,
    /// Sequences that decode together.
    pub batch: u64,
    /// Who rents the device out.
    pub rental_providers: Option<String>,
    /// The day whose prices count.
    pub as_of: String,
    /// The figure.
    pub explained: Node,
}

impl Explanation {
    /// Of a row.
    pub fn of(row: &Comparison, explained: Node) -> Self {
        Self {
            model: row.model.clone(),
            weights: row.weights.clone(),
            device: row.device.clone(),
            gpus: row.gpus,
            batch: row.batch,
            rental_providers: row.rental_providers.clone(),
            as_of: row.as_of.map(|date| date.to_string()).unwrap_or_default(),
            explained,
        }
    }

    fn title(&self) -> String {
        let count = if self.gpus > 1 { format!("{} x ", self.gpus) } else { String::new() };
        format!(
            "{} {} at batch {} on {count}{}, prices as of {}",
            self.model, self.weights, self.batch, self.device, self.as_of
        )
    }
}

/// A figure that can be explained.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Listing {
    figure: &'static str,
    label: &'static str,
    unit: &'static str,
    formula: &'static str,
}

impl Listing {
    /// Of a figure.
    pub fn of(figure: &Figure) -> Self {
        Self { figure: figure.name, label: figure.label, unit: figure.unit, formula: figure.formula }
    }
}

impl Listed for Listing {
    const COLUMNS: &'static [Column<Self>] = &[
        text("figure", |row| row.figure.to_owned()),
        common(text("what it is", |row| row.label.to_owned())),
        text("unit", |row| row.unit.to_owned()),
        text("formula", |row| row.formula.to_owned()),
    ];
}

/// All figures as lines of at most `width` columns: the name, what it is, and its formula.
pub fn figures(rows: &[Listing], width: u16) -> String {
    let width = usize::from(width.max(NARROWEST));
    let entry = |row: &Listing| {
        let unit = if row.unit.is_empty() { String::new() } else { format!(", {}", row.unit) };
        let what = if row.label == row.figure { String::new() } else { format!(": {}", row.label) };
        let head = wrapped(&format!("{}{what}{unit}", row.figure), width, 0, 4);
        match row.formula {
            "" => head,
            formula => head + &wrapped(formula, width, 4, 4),
        }
    };
    rows.iter().map(entry).collect()
}

/// The trees as lines of at most `width` columns.
pub fn terminal(rows: &[Explanation], width: u16) -> String {
    let width = usize::from(width.max(NARROWEST));
    let tree = |row: &Explanation| {
        let mut out = wrapped(&inert(&row.title()), width, 0, 2) + "\n";
        draw(&row.explained, 0, width, &mut out);
        out
    };
    rows.iter().map(tree).collect::<Vec<_>>().join("\n")
}

fn draw(node: &Node, depth: usize, width: usize, out: &mut String) {
    // Deep trees keep half of the page for their words.
    let indent = (2 * depth).min(width / 2);
    *out += &wrapped(&inert(&headline(node)), width, indent, indent + 4);
    let mut detail = |text: &str| {
        if !text.is_empty() {
            *out += &wrapped(&format!("| {}", inert(text)), width, indent + 2, indent + 4);
        }
    };
    if !node.above {
        detail(&node.formula);
        detail(&node.numbers);
    }
    detail(&node.note);
    let (shown, more) = shown(node);
    shown.iter().for_each(|part| draw(part, depth + 1, width, out));
    if more > 0 {
        let text = format!("and {more} more: --json or --csv has all");
        *out += &wrapped(&text, width, indent + 2, indent + 6);
    }
}

/// The parts that people see of a node, and how many there are besides.
fn shown(node: &Node) -> (&[Node], usize) {
    let most = if node.origin == Origin::LeftOut { LEFT_OUT } else { usize::MAX };
    let shown = node.parts.get(..most.min(node.parts.len())).unwrap_or_default();
    (shown, node.parts.len() - shown.len())
}

/// What it is, its value, and where that is from.
fn headline(node: &Node) -> String {
    let mut out = node.what.clone();
    match (node.value, node.words.as_str(), node.origin) {
        (Some(value), ..) => out += &format!(": {}", exact(value)),
        (None, "", Origin::Unknown) => out += ": not known",
        (None, "", _) => {}
        (None, words, _) => out += &format!(": {words}"),
    }
    if node.value.is_some() && !node.unit.is_empty() {
        out += &format!(" {}", node.unit);
    }
    if let (Some(low), Some(high)) = (node.low, node.high)
        && low < high
    {
        out += &format!(", {} to {}", exact(low), exact(high));
    }
    if node.origin != Origin::Computed && node.origin != Origin::Unknown {
        out += &format!(" ({})", node.origin.word());
    }
    if !node.place.is_empty() {
        out += &format!(" {}", node.place);
    }
    if node.above {
        out += " (see above)";
    }
    out
}

/// The trees as nested lists.
pub fn markdown(rows: &[Explanation]) -> String {
    let tree = |row: &Explanation| {
        let mut out = format!("{}\n\n", markdown_cell(&row.title()));
        list(&row.explained, 0, &mut out);
        out
    };
    rows.iter().map(tree).collect::<Vec<_>>().join("\n")
}

fn list(node: &Node, depth: usize, out: &mut String) {
    let told = if node.above { vec![&node.note] } else { vec![&node.formula, &node.numbers, &node.note] };
    let details = told.into_iter().filter(|text| !text.is_empty());
    let details: Vec<String> = details.map(|text| markdown_cell(text)).collect();
    let after = if details.is_empty() { String::new() } else { format!(": {}", details.join("; ")) };
    *out += &format!("{}- **{}**{after}\n", "  ".repeat(depth), markdown_cell(&headline(node)));
    node.parts.iter().for_each(|part| list(part, depth + 1, out));
}

/// A node, flat.
#[derive(Default, Serialize)]
struct Flat {
    model: String,
    weights: String,
    batch: u64,
    depth: usize,
    what: String,
    figure: &'static str,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    words: String,
    unit: &'static str,
    formula: String,
    numbers: String,
    origin: Origin,
    place: String,
    note: String,
    above: bool,
}

/// A row per node, a parent before its parts; `depth` counts from 0.
pub fn csv(rows: &[Explanation]) -> String {
    let mut flat = Vec::new();
    rows.iter().for_each(|row| flatten(row, &row.explained, 0, &mut flat));
    rows_csv::rows_csv(&flat)
}

fn flatten(row: &Explanation, node: &Node, depth: usize, out: &mut Vec<Flat>) {
    let node = node.clone();
    out.push(Flat {
        model: row.model.clone(),
        weights: row.weights.clone(),
        batch: row.batch,
        depth,
        what: node.what,
        figure: node.figure,
        value: node.value,
        low: node.low,
        high: node.high,
        words: node.words,
        unit: node.unit,
        formula: node.formula,
        numbers: node.numbers,
        origin: node.origin,
        place: node.place,
        note: node.note,
        above: node.above,
    });
    node.parts.iter().for_each(|part| flatten(row, part, depth + 1, out));
}
