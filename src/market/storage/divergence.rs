//! Whether DRAM and NAND go the same way.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::market::month::Month;
use crate::market::trend::Move;
use crate::price::storage::Class;

/// How the two classes stand to each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Divergence {
    /// Months in a row up to the last one with moves of both, in which one rose and the other fell; 0 where they agree.
    pub months_in_a_row: usize,
    /// The last month with moves of both.
    pub last: Month,
    /// Which way DRAM went in it.
    pub dram: Move,
    /// Which way NAND went in it.
    pub nand: Move,
    /// Months with moves of both.
    pub compared: usize,
}

/// Compares the moves of both classes; `None` where no month has both. Products of a class that went different ways in a
/// month leave it out.
pub fn of(moves: &BTreeMap<(Month, Class), Vec<Move>>) -> Option<Divergence> {
    let one = |month: Month, class: Class| match moves.get(&(month, class)).map(Vec::as_slice) {
        Some([first, rest @ ..]) if rest.iter().all(|step| step == first) => Some(*first),
        _ => None,
    };
    let months: BTreeSet<Month> = moves.keys().map(|(month, _)| *month).collect();
    let both: Vec<(Month, Move, Move)> = months
        .into_iter()
        .filter_map(|month| Some((month, one(month, Class::Dram)?, one(month, Class::Nand)?)))
        .collect();
    let differ =
        |dram: Move, nand: Move| matches!((dram, nand), (Move::Up, Move::Down) | (Move::Down, Move::Up));
    let in_a_row = both.iter().rev().take_while(|(_, dram, nand)| differ(*dram, *nand)).count();
    let (last, dram, nand) = *both.last()?;
    Some(Divergence { months_in_a_row: in_a_row, last, dram, nand, compared: both.len() })
}
