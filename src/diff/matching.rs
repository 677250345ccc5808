//! Which cells of the two sides belong together, and which of them can be compared.

use std::collections::HashMap;

use super::side::{Cell, Side, Status};
use super::{Options, Reason, Row, Verdict, identity, software, speaker};
use crate::measurement::Cache;
use crate::op::Op;

/// A row of the result before it is judged.
pub(super) enum Match<'s> {
    /// Both sides have it and may be compared.
    Pair(&'s Cell, &'s Cell),
    /// Both sides have it, and this stands against comparing them.
    Barred(&'s Cell, &'s Cell, Reason),
    /// Only one side has it, or which of several belongs to it is open.
    Base(&'s Cell, Reason),
    /// Only new has it.
    New(&'s Cell, Reason),
}

/// Work, cache and, unless any will do, variant.
type Key<'s> = (Op, Cache, Option<&'s str>);

/// Every cell of both sides once: those of base in order, then those that only new has.
pub(super) fn matches<'s>(base: &'s Side, new: &'s Side, options: &Options) -> Vec<Match<'s>> {
    let (from, to) = (by_key(base, options.any_variant), by_key(new, options.any_variant));
    let key = |side: &'s Side, cell: &'s Cell| key(side, cell, options.any_variant);
    let mut matches: Vec<Match<'_>> = Vec::new();
    for cell in base.cells() {
        let key = key(base, cell);
        let siblings = from.get(&key).map_or(1, Vec::len);
        matches.push(match to.get(&key).map(Vec::as_slice) {
            None => Match::Base(cell, Reason::Missing),
            Some([other]) if siblings == 1 => pair(base, cell, new, other, options),
            Some(others) => {
                match others.iter().find(|other| new.text(other.variant) == base.text(cell.variant)) {
                    Some(other) => pair(base, cell, new, other, options),
                    None => Match::Base(cell, Reason::SeveralVariants),
                }
            }
        });
    }
    for cell in new.cells() {
        let key = key(new, cell);
        let same_variant = |others: &&Vec<&Cell>| {
            others.iter().any(|other| base.text(other.variant) == new.text(cell.variant))
        };
        let only_one = to.get(&key).is_none_or(|siblings| siblings.len() == 1);
        match from.get(&key) {
            None => matches.push(Match::New(cell, Reason::Extra)),
            Some(others) if others.len() == 1 && only_one => {}
            Some(others) if same_variant(&others) => {}
            Some(_) => matches.push(Match::New(cell, Reason::SeveralVariants)),
        }
    }
    matches
}

fn by_key(side: &Side, any_variant: bool) -> HashMap<Key<'_>, Vec<&Cell>> {
    let mut found: HashMap<Key<'_>, Vec<&Cell>> = HashMap::new();
    for cell in side.cells() {
        found.entry(key(side, cell, any_variant)).or_default().push(cell);
    }
    found
}

fn key<'s>(side: &'s Side, cell: &'s Cell, any_variant: bool) -> Key<'s> {
    (cell.op, cell.cache, Some(side.text(cell.variant)).filter(|_| !any_variant))
}

fn pair<'s>(base: &'s Side, from: &'s Cell, new: &'s Side, to: &'s Cell, options: &Options) -> Match<'s> {
    match ended(from.status(), to.status()).or_else(|| identity::bar(base, from, new, to, options)) {
        Some(reason) => Match::Barred(from, to, reason),
        None => Match::Pair(from, to),
    }
}

/// Why cells that ended so have nothing to compare.
fn ended(base: Status, new: Status) -> Option<Reason> {
    match (base, new) {
        (Status::Ok, Status::Ok) => None,
        (Status::Ok, Status::Wrong | Status::Failed) => Some(Reason::WorseStatus),
        (Status::Ok, Status::Skipped) => Some(Reason::NewSkipped),
        (_, Status::Ok) => Some(Reason::BaseStatus),
        _ => Some(Reason::NoResult),
    }
}

impl Match<'_> {
    /// The row as far as matching goes: who it is and, where nothing is to be judged, its verdict.
    pub(super) fn row(&self, base: &Side, new: &Side) -> Row {
        match self {
            Self::Pair(from, to) => both(base, from, new, to),
            Self::Barred(from, to, reason) => Row {
                reason: Some(*reason),
                verdict: Verdict::NotComparable,
                regression: *reason == Reason::WorseStatus,
                note: identity::words(base, from, new, to, *reason),
                ..both(base, from, new, to)
            },
            Self::Base(cell, reason) => Row {
                reason: Some(*reason),
                verdict: Verdict::NotComparable,
                status_base: Some(cell.status()),
                ..named(base, cell)
            },
            Self::New(cell, reason) => Row {
                reason: Some(*reason),
                verdict: Verdict::NotComparable,
                status_new: Some(cell.status()),
                ..named(new, cell)
            },
        }
    }
}

fn both(base: &Side, from: &Cell, new: &Side, to: &Cell) -> Row {
    let other = new.text(to.variant);
    let shaders = || Some((base.text(speaker(from)?.shader), new.text(speaker(to)?.shader)));
    Row {
        variant_new: Some(other.to_owned()).filter(|other| other != base.text(from.variant)),
        status_base: Some(from.status()),
        status_new: Some(to.status()),
        note: [("base", from), ("new", to)]
            .iter()
            .filter_map(|(side, cell)| lost(side, cell))
            .collect::<Vec<_>>()
            .join("; "),
        shader_changed: shaders().filter(|(a, b)| !a.is_empty() && !b.is_empty()).map(|(a, b)| a != b),
        ..named(base, from)
    }
}

/// Runs of a cell that did not end well although others did.
fn lost(side: &str, cell: &Cell) -> Option<String> {
    let lost = cell.visits.iter().filter(|visit| visit.status != Status::Ok).count();
    let some = cell.status() == Status::Ok && lost > 0;
    some.then(|| format!("{lost} of {} runs of {side} did not end well", cell.visits.len()))
}

fn named(side: &Side, cell: &Cell) -> Row {
    Row {
        cell: side.name(cell),
        kernel: cell.op.kernel().to_owned(),
        format: cell.op.format().to_string(),
        shape: cell.op.shape(),
        variant: side.text(cell.variant).to_owned(),
        cache: cell.cache.to_string(),
        software: speaker(cell).is_some_and(|visit| software(side.identity(visit))),
        ..Row::default()
    }
}
