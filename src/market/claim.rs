//! Claim check: whether quoted figures can hold together, and what they imply.
//!
//! A claim is a list of `name=value`, separated by commas. Names are free; these mean something:
//!
//! | name | meaning |
//! |---|---|
//! | `usage`, `price`, `spend` | changes that obey spend = usage × price |
//! | `rent.h100`, `usage.us` | the part behind the point is the subject: figures of different subjects are not mixed |
//! | `mom`, `yoy`, `wow`, `usage.mom` | a change over a month, a year, a week |
//! | `b200/h100`, `ratio` | a ratio of two subjects; of `numerator` and `denominator` where none are named |
//! | `usage_share`, `spend_share` | shares of one group |
//! | `sample`, `total` | levels: what a sample saw and what it is held against |
//! | `streak` | months in a row |
//! | `span` | the period of the changes that state none |
//! | `format`, `pricing_power` | words, which no figure can check |
//!
//! Values: a factor (`20x`, `20 times`, `eightfold`), a percentage (`+70%`, `-5%`), end points (`10->3900`,
//! `1.70->2.35 USD/h`), a level with its unit (`140 T tokens/day`), a range (`-99%..-80%`), a bound (`>85%`, `~370x`), a
//! direction (`up`, `never falling`). Behind a value: its period (`mom`, `/week`, `over 5 months`) and its start (`since
//! 2024-01`).
//!
//! Rounding: a printed figure is the interval of half its last digit (20 is 19.5 to 20.5; trailing zeros count as
//! printed; about is 5 % to either side). Figures contradict each other where no values within their intervals agree. A
//! wider tolerance is an argument.

mod cursor;
mod figure;
mod findings;
mod period;
mod report;
mod syntax;
#[cfg(test)]
mod tests;
mod unit;
mod value;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;

pub use figure::Figure;
pub use period::{Period, Time};
pub use report::{Answers, csv, markdown, terminal};
pub use syntax::parse;
pub use unit::{Noun, Paid, Unit};
pub use words::count;

/// Figures that were quoted together.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// As written.
    pub text: String,
    /// The figures in their order.
    pub items: Vec<Item>,
}

/// One figure of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it is about.
    pub key: Key,
    /// The figure.
    pub value: Value,
    /// The value as written.
    pub shown: String,
    /// Over what it changed: as stated, else as its name says, else the claim's span.
    pub period: Option<Period>,
    /// The period that its name says.
    pub named: Option<Period>,
    /// From when it is counted, as written.
    pub since: Option<String>,
}

/// What a figure is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Usage, price, rent …; empty where only a period is named.
    pub quantity: String,
    /// Of which GPU, country, product.
    pub subject: Option<String>,
}

impl Key {
    /// The name as it would be written.
    pub fn name(&self) -> String {
        match (&self.subject, self.quantity.as_str()) {
            (None, "") => "the figure".to_owned(),
            (Some(subject), "" | "ratio") => subject.clone(),
            (Some(subject), quantity) => format!("{quantity}.{subject}"),
            (None, quantity) => quantity.to_owned(),
        }
    }
}

/// The kinds of figures.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// By how much something changed.
    Change(Change),
    /// How much there is.
    Level(Level),
    /// A part of a whole, as a fraction.
    Share(Figure),
    /// A ratio at one time.
    Number(Figure),
    /// Periods in a row with a change of one sign.
    Streak {
        /// How many.
        figure: Figure,
        /// Of which length.
        unit: Time,
    },
    /// Which way something went.
    Direction(Direction),
    /// Words.
    Label(String),
}

/// A change, as a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The level after over the level before.
    pub factor: Figure,
    /// Both levels, where they are quoted: per day, per Mtok.
    pub ends: Option<(Figure, Figure)>,
    /// The unit of the levels, where one is quoted.
    pub unit: Option<Unit>,
    /// "Increased 20 times": the words leave open whether the factor comes on top of what there was.
    pub on_top: bool,
}

impl Change {
    /// A change that is quoted as such.
    pub fn of(factor: Figure, on_top: bool) -> Self {
        Self { factor, ends: None, unit: None, on_top }
    }
}

/// A level with its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Counts per day, prices per Mtok or hour.
    pub figure: Figure,
    /// The unit.
    pub unit: Unit,
}

/// A change without a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Neither.
    Flat,
    /// Up or flat.
    NotDown,
    /// Down or flat.
    NotUp,
}

impl Direction {
    /// The factors that it leaves open.
    pub fn factors(self) -> Figure {
        let (low, high) = match self {
            Self::Up | Self::NotDown => (1.0, f64::INFINITY),
            Self::Down | Self::NotUp => (0.0, 1.0),
            Self::Flat => (1.0, 1.0),
        };
        Figure { value: None, low, high }
    }
}

/// One thing that the figures say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The rule, by its name in the manual.
    pub rule: &'static str,
    /// What it is about.
    pub about: String,
    /// Whether the figures can hold together; unknown where the rule only adds a figure or asks for one.
    pub holds: Option<bool>,
    /// The arithmetic, in plain words.
    pub words: String,
    /// What came out, by name; changes as fractions.
    pub figures: BTreeMap<&'static str, f64>,
}

impl Finding {
    fn new(
        rule: &'static str,
        about: impl Into<String>,
        holds: Option<bool>,
        words: impl Into<String>,
    ) -> Self {
        Self { rule, about: about.into(), holds, words: words.into(), figures: BTreeMap::new() }
    }

    fn with(mut self, name: &'static str, figure: f64) -> Self {
        if figure.is_finite() {
            self.figures.insert(name, figure);
        }
        self
    }
}

/// What a claim comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The claim as written.
    pub claim: String,
    /// False where some figures cannot hold together, true where those that a rule can judge do; unknown where none can.
    pub consistent: Option<bool>,
    /// The change of the price that the other two imply, as a fraction.
    pub implied_price: Option<f64>,
    /// The change of usage that the other two imply, as a fraction.
    pub implied_usage: Option<f64>,
    /// The change of spend that the other two imply, as a fraction.
    pub implied_spend: Option<f64>,
    /// Everything that was found, contradictions first.
    pub findings: Vec<Finding>,
}

/// Checks a claim. `tolerance` is the share by which each figure may be off beyond its digits; 0 is rounding alone.
pub fn check(claim: &Claim, tolerance: f64) -> Answer {
    let mut findings = findings::all(claim, tolerance);
    findings.sort_by_key(|finding| match finding.holds {
        Some(false) => 0,
        Some(true) => 1,
        None => 2,
    });
    let judged = findings.iter().filter_map(|finding| finding.holds);
    let implied = |name| findings.iter().find_map(|finding| finding.figures.get(name).copied());
    Answer {
        claim: claim.text.clone(),
        consistent: judged.reduce(|all, holds| all && holds),
        implied_price: implied("implied_price"),
        implied_usage: implied("implied_usage"),
        implied_spend: implied("implied_spend"),
        findings,
    }
}
