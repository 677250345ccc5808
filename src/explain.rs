//! A figure of a comparison down to its rows: a tree whose every number is made of the ones below it, until a row of a
//! file, an option of the command line or a stated constant is reached.

mod numbers;
mod prices;
mod times;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::hardware::GpuSpec;
use crate::market::compare::Case;
use crate::market::figure::{self, Figure};
use crate::market::row::Comparison;
use crate::measurement::Measurement;
use crate::measurement::merged::merged;
use crate::price::ledger::explain::Explained;
use crate::throughput::Basis;
use crate::units::{Interval, Seconds};

pub use numbers::exact;

/// A number, or words, with what it is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Node {
    /// What it is.
    pub what: String,
    /// Its name among the figures of a comparison; empty where it is none of them.
    pub figure: &'static str,
    /// Its value; unknown is `None`, never 0.
    pub value: Option<f64>,
    /// The low end of its interval, where it has one.
    pub low: Option<f64>,
    /// The high end.
    pub high: Option<f64>,
    /// Its value where that is words.
    pub words: String,
    /// Its unit; empty for a pure number.
    pub unit: &'static str,
    /// How its parts make it.
    pub formula: String,
    /// The same with the numbers in it.
    pub numbers: String,
    /// Where it comes from.
    pub origin: Origin,
    /// File and line of its row, where it is one.
    pub place: String,
    /// What else must be known of it.
    pub note: String,
    /// Whether its parts stand further up already.
    pub above: bool,
    /// What it is made of.
    pub parts: Vec<Self>,
}

/// Where a number comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Made of its parts.
    #[default]
    Computed,
    /// Said on the command line.
    Given,
    /// A default, which nobody said.
    Assumed,
    /// Read in a table.
    Read,
    /// Measured.
    Measured,
    /// A constant of the model.
    Stated,
    /// Not known.
    Unknown,
    /// A row that does not count.
    LeftOut,
}

impl Origin {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Computed => "computed",
            Self::Given => "given",
            Self::Assumed => "assumed",
            Self::Read => "read",
            Self::Measured => "measured",
            Self::Stated => "stated",
            Self::Unknown => "unknown",
            Self::LeftOut => "left out",
        }
    }
}

/// What a row of a comparison rests on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'g> {
    /// The row.
    pub row: &'g Comparison,
    /// What it was computed from, where it has a cost.
    pub case: Option<&'g Case>,
    /// The names of the figures that somebody said; the others are defaults.
    pub given: &'g BTreeSet<&'static str>,
    /// The quotes behind the rent; `None` where it was typed or is not known.
    pub rent: Option<&'g Explained>,
    /// The cards behind the market price; `None` where there are none.
    pub market: Option<&'g Explained>,
    /// What the device times rest on, or why that is not known.
    pub basis: Result<&'g Basis, &'g str>,
    /// Where the rates of the device come from.
    pub device: Source<'g>,
    /// File and line of the model.
    pub model_place: &'g str,
    /// Where the model was read.
    pub model_source: &'g str,
}

/// Where the rates of a device come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'g> {
    /// Measured cells.
    Measured {
        /// As the file has them.
        rows: &'g [Measurement],
        /// File and line of each.
        places: &'g [String],
    },
    /// A row of `gpus.csv` and its place.
    Datasheet(&'g GpuSpec, &'g str),
}

/// A figure of a row down to what it rests on.
///
/// # Errors
/// A sentence where no figure has that name, with the nearest ones.
pub fn explain(name: &str, ground: &Ground<'_>) -> Result<Node, String> {
    let figure = find(name)?;
    let columns = serde_json::to_value(ground.row).map_err(|error| error.to_string())?;
    let cells = match ground.device {
        Source::Measured { rows, .. } => merged(rows),
        Source::Datasheet(..) => vec![],
    };
    let mut walk = Walk { ground, columns, cells, seen: BTreeSet::new() };
    Ok(walk.figure(figure))
}

/// The figure of a name.
///
/// # Errors
/// A sentence with the nearest names.
pub fn find(name: &str) -> Result<&'static Figure, String> {
    figure::find(name).ok_or_else(|| {
        let near = crate::text::nearest(name, figure::ALL.iter().map(|figure| figure.name));
        let hint = match near.is_empty() {
            true => String::new(),
            false => format!("nearest: {}; ", near.join(", ")),
        };
        format!("no figure is called \"{}\"; {hint}mtok explain lists all", crate::text::inert(name))
    })
}

/// A walk over the figures, each of which shows its parts once.
struct Walk<'w, 'g> {
    ground: &'w Ground<'g>,
    columns: serde_json::Value,
    /// The measured cells, as the rates were taken from them.
    cells: Vec<Measurement>,
    seen: BTreeSet<String>,
}

impl Walk<'_, '_> {
    fn figure(&mut self, figure: &'static Figure) -> Node {
        let value = self.value(figure.name);
        let [low, high] = self.ends(figure.name);
        let mut node = Node {
            what: figure.label.to_owned(),
            figure: figure.name,
            value,
            low,
            high,
            words: self.words(figure.name),
            unit: figure.unit,
            formula: figure.formula.to_owned(),
            numbers: numbers::put_in(figure.name, self.ground, value).unwrap_or_default(),
            ..Node::default()
        };
        if node.value.is_none() && node.words.is_empty() {
            node.origin = Origin::Unknown;
            node.numbers.clear();
            node.note.clone_from(&self.ground.row.verdict_reason);
        }
        self.once(node, figure.name, |walk, node| walk.parts(figure, node))
    }

    /// Shows the parts of what has this key where they have not been shown yet.
    fn once(&mut self, mut node: Node, key: &str, parts: impl FnOnce(&mut Self, &mut Node)) -> Node {
        if self.seen.insert(key.to_owned()) {
            parts(self, &mut node);
            return node;
        }
        // Only where there is something to look for.
        node.above = !node.formula.is_empty() || matches!(key, "usd_per_hour" | "market_usd_per_mtok");
        if !node.above {
            self.parts_of_leaf(key, &mut node);
        }
        node
    }

    fn parts(&mut self, figure: &'static Figure, node: &mut Node) {
        match figure.name {
            "usd_per_hour" => prices::rent(self.ground, node),
            "market_usd_per_mtok" => {
                self.named(figure, node);
                prices::market(self.ground, node);
            }
            "input_s_per_token" => self.input_time(node),
            "output_s_per_token" => self.output_time(node),
            name if figure.of.is_empty() => self.parts_of_leaf(name, node),
            _ => self.named(figure, node),
        }
    }

    fn named(&mut self, figure: &'static Figure, node: &mut Node) {
        let parts = figure.of.iter().filter_map(|name| figure::find(name));
        node.parts.extend(parts.map(|part| self.figure(part)).collect::<Vec<_>>());
    }

    /// What somebody said, or nobody.
    fn parts_of_leaf(&self, name: &str, node: &mut Node) {
        let given = self.ground.given.iter().any(|said| *said == name);
        if node.origin == Origin::Computed {
            node.origin = if given { Origin::Given } else { Origin::Assumed };
        }
        if name == "utilisation" && !given {
            node.note = "every paid hour carries the load, which no service has; say --utilisation".into();
        }
    }

    fn value(&self, name: &str) -> Option<f64> {
        match name {
            "input_s_per_token" => self.time(name).map(|time| time.mid.0),
            "output_s_per_token" => self.time(name).map(|time| time.mid.0),
            _ => self.columns.get(name).and_then(serde_json::Value::as_f64),
        }
    }

    fn ends(&self, name: &str) -> [Option<f64>; 2] {
        if let Some(time) = self.time(name) {
            return [Some(time.low.0), Some(time.high.0)];
        }
        ["low", "high"]
            .map(|end| self.columns.get(format!("{name}_{end}")).and_then(serde_json::Value::as_f64))
    }

    fn words(&self, name: &str) -> String {
        self.columns.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    }

    fn time(&self, name: &str) -> Option<Interval<Seconds>> {
        numbers::time(name, self.ground)
    }
}
