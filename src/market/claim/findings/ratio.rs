//! A ratio of two figures beside the growth of each.

use std::collections::BTreeMap;

use super::changes;
use crate::market::claim::words::{digits, percent};
use crate::market::claim::{Change, Claim, Direction, Figure, Finding, Item, Value};

/// A monthly move beyond this, that nothing quoted beside it comes near, contradicts the figures: list prices of
/// rented GPUs move by a few percent a month.
const BELIEVABLE_MONTHLY_MOVE: f64 = 0.2;

/// A ratio with end points, and the changes of its two sides.
struct Ratio<'c> {
    item: &'c Item,
    names: (&'c str, &'c str),
    from: Figure,
    to: Figure,
    numerator: &'c Item,
    denominator: &'c Item,
    growth: Figure,
}

/// Holds the end points of every ratio against the growth of its numerator and denominator.
pub fn check(claim: &Claim, tolerance: f64) -> Vec<Finding> {
    let mut open: Vec<Ratio<'_>> =
        changes(claim).filter_map(|(item, change)| ratio(claim, item, change)).collect();
    let mut found = Vec::new();
    let mut needed: BTreeMap<String, f64> = BTreeMap::new();
    // A ratio whose numerator is the denominator of another waits for what that one needs.
    while !open.is_empty() {
        let waits = |ratio: &Ratio<'_>| open.iter().any(|other| other.names.1 == ratio.names.0);
        let next = open.iter().position(|ratio| !waits(ratio)).unwrap_or(0);
        let ratio = open.remove(next);
        found.extend(ratio.findings(claim, tolerance, &mut needed));
    }
    found
}

fn ratio<'c>(claim: &'c Claim, item: &'c Item, change: &'c Change) -> Option<Ratio<'c>> {
    let (from, to) = change.ends.filter(|_| item.key.quantity == "ratio")?;
    let names = match &item.key.subject {
        Some(subject) => subject.split_once('/')?,
        None => ("numerator", "denominator"),
    };
    let (numerator, above) = growth_of(claim, names.0)?;
    let (denominator, below) = growth_of(claim, names.1)?;
    let growth = above.over(below);
    Some(Ratio { item, names, from, to, numerator, denominator, growth })
}

fn growth_of<'c>(claim: &'c Claim, name: &str) -> Option<(&'c Item, Figure)> {
    let of = |item: &Item| item.key.subject.as_deref() == Some(name) || item.key.quantity == name;
    changes(claim)
        .find(|(item, change)| of(item) && item.key.quantity != "ratio" && change.ends.is_none())
        .map(|(item, change)| (item, change.factor))
}

impl Ratio<'_> {
    fn findings(&self, claim: &Claim, tolerance: f64, needed: &mut BTreeMap<String, f64>) -> Vec<Finding> {
        let mut found = vec![self.path(claim, tolerance, needed)];
        let sides = (self.growth_of(self.numerator), self.growth_of(self.denominator));
        if self.to.high < self.from.low && sides.0 > 1.0 && sides.1 > 1.0 {
            let words = format!(
                "the ratio falls ({} to {}) while both levels rise ({} and {}): show level, ratio and streak together",
                digits(self.from.mid()),
                digits(self.to.mid()),
                percent(sides.0 - 1.0),
                percent(sides.1 - 1.0)
            );
            found.push(Finding::new("ratio-and-level", self.item.key.name(), None, words));
        }
        found
    }

    fn growth_of(&self, side: &Item) -> f64 {
        match &side.value {
            Value::Change(change) => change.factor.mid(),
            _ => f64::NAN,
        }
    }

    fn path(&self, claim: &Claim, tolerance: f64, needed: &mut BTreeMap<String, f64>) -> Finding {
        let name = self.item.key.name();
        let before = self.to.over(self.growth);
        let step = self.numerator.period.map_or(1.0, |period| period.months());
        let Some(span) = self.item.period.map(|period| period.months()) else {
            let words = format!(
                "the growth quoted gives a ratio of {} one period before {}; say over which time it went from {}",
                digits(before.mid()),
                digits(self.to.mid()),
                digits(self.from.mid())
            );
            return Finding::new("ratio", name, None, words).with("ratio_before", before.mid());
        };
        if span <= step * 1.001 {
            let holds = before.meets(self.from, tolerance);
            let words = format!(
                "{} / {} moved by {}: the ratio before {} was {}, quoted is {}",
                self.names.0,
                self.names.1,
                percent(self.growth.change()),
                digits(self.to.mid()),
                digits(before.mid()),
                digits(self.from.mid())
            );
            return Finding::new("ratio", name, Some(holds), words).with("ratio_before", before.mid());
        }
        self.rest(claim, before, span - step, needed)
    }

    /// What the months before the quoted growth would need: the denominator's growth with the numerator as it is known to
    /// have gone, flat where nothing is known.
    fn rest(
        &self,
        claim: &Claim,
        before: Figure,
        months: f64,
        needed: &mut BTreeMap<String, f64>,
    ) -> Finding {
        let above = needed.get(self.names.0).copied();
        let residual = (self.from.mid() / before.mid()).powf(1.0 / months);
        let below = above.unwrap_or(1.0) * residual;
        needed.insert(self.names.1.to_owned(), below);
        if let Some(factor) = above {
            needed.insert(self.names.0.to_owned(), factor);
        }
        let assumed = match above {
            Some(factor) => format!("with {} {}", self.names.0, percent(factor - 1.0)),
            None if never_falls(claim, self.names.0) => format!("with {} not falling", self.names.0),
            None => format!("with {} flat", self.names.0),
        };
        let impossible = (below - 1.0).abs() > BELIEVABLE_MONTHLY_MOVE;
        let mut words = format!(
            "{} with the growth quoted was {} one period before; from {} to that, {} would have moved {} a month {assumed}",
            digits(self.to.mid()),
            digits(before.mid()),
            digits(self.from.mid()),
            self.names.1,
            percent(below - 1.0)
        );
        if impossible {
            words += ": ratio and growth are not on one basis, or the first ratio is older";
        }
        Finding::new("ratio", self.item.key.name(), impossible.then_some(false), words)
            .with("ratio_before", before.mid())
            .with("needed_monthly_growth", below - 1.0)
    }
}

fn never_falls(claim: &Claim, name: &str) -> bool {
    claim.items.iter().any(|item| {
        (item.key.quantity == name || item.key.subject.as_deref() == Some(name))
            && matches!(item.value, Value::Direction(Direction::NotDown | Direction::Up))
    })
}
