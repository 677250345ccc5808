//! The rules, each on its own: what they find in a claim.

mod forms;
mod growth;
mod labels;
mod levels;
mod ratio;
mod shares;
mod spend;

use super::{Change, Claim, Finding, Item, Level, Value};

/// Everything that the rules find, in the order of the rules.
pub fn all(claim: &Claim, tolerance: f64) -> Vec<Finding> {
    let mut found = spend::relation(claim, tolerance);
    found.extend(ratio::check(claim, tolerance));
    found.extend(shares::price_ratio(claim));
    found.extend(levels::same_figure(claim, tolerance));
    found.extend(levels::coverage(claim));
    found.extend(levels::before(claim));
    found.extend(growth::named_periods(claim));
    found.extend(growth::short_beside_long(claim));
    found.extend(growth::compound(claim));
    found.extend(forms::factors(claim));
    found.extend(labels::all(claim));
    found
}

/// The changes of a claim with their items.
fn changes(claim: &Claim) -> impl Iterator<Item = (&Item, &Change)> + Clone {
    claim.items.iter().filter_map(|item| match &item.value {
        Value::Change(change) => Some((item, change)),
        _ => None,
    })
}

/// The levels of a claim with their items.
fn levels(claim: &Claim) -> impl Iterator<Item = (&Item, &Level)> + Clone {
    claim.items.iter().filter_map(|item| match &item.value {
        Value::Level(level) => Some((item, level)),
        _ => None,
    })
}

/// Every pair of different items, the earlier one first.
fn pairs(claim: &Claim) -> impl Iterator<Item = (&Item, &Item)> {
    claim
        .items
        .iter()
        .enumerate()
        .flat_map(|(at, one)| claim.items.iter().skip(at + 1).map(move |two| (one, two)))
}
