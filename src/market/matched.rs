//! The change of those who quoted before: each voter, a provider of rents or a seller of tokens, against its own last quote.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::month::Month;
use super::trend::{Move, Rules, change};

/// A last quote is held against a new one up to this many months later.
pub const MATCH_MONTHS: i32 = 3;

/// What each voter, by its place among the names, asks for in a month.
pub(super) type Votes = BTreeMap<Month, Vec<(usize, f64)>>;

/// How the providers of a month moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Matched {
    /// Geometric mean of their changes; `None` where nobody quoted before.
    pub change: Option<f64>,
    /// Which way that is; flat where nobody moved by more than the tolerance.
    pub step: Option<Move>,
    /// Providers that quoted before.
    pub count: usize,
    /// Of them, those that rose by more than the tolerance.
    pub up: usize,
    /// Those that fell by more than it.
    pub down: usize,
    /// Providers that the month with a quote before did not have.
    pub joined: Vec<String>,
    /// Providers that only the month before had.
    pub left: Vec<String>,
}

/// The matched change of every month with a quote.
pub(super) fn matched(votes: &Votes, names: &[String], rules: &Rules) -> BTreeMap<Month, Matched> {
    let mut last: HashMap<usize, (Month, f64)> = HashMap::new();
    let mut before: Option<BTreeSet<usize>> = None;
    let mut months = BTreeMap::new();
    for (&month, votes) in votes {
        let own = |(voter, price): &(usize, f64)| {
            let (_, old) = last.get(voter).filter(|(seen, _)| month.since(*seen) <= MATCH_MONTHS)?;
            Some((*old, *price))
        };
        let pairs: Vec<(f64, f64)> = votes.iter().filter_map(own).collect();
        let now: BTreeSet<usize> = votes.iter().map(|(voter, _)| *voter).collect();
        let name = |voter: &usize| names.get(*voter).cloned();
        let then = before.as_ref().unwrap_or(&now);
        let mut moved = moved(&pairs, rules);
        moved.joined = now.difference(then).filter_map(name).collect();
        moved.left = then.difference(&now).filter_map(name).collect();
        months.insert(month, moved);
        last.extend(votes.iter().map(|(voter, price)| (*voter, (month, *price))));
        before = Some(now);
    }
    months
}

/// The mean change over pairs of an old and a new price.
fn moved(pairs: &[(f64, f64)], rules: &Rules) -> Matched {
    let steps: Vec<Move> = pairs.iter().map(|(old, new)| rules.judge(*old, *new)).collect();
    let count = |step| steps.iter().filter(|other| **other == step).count();
    let logs: Vec<f64> = pairs.iter().filter_map(|(old, new)| Some(change(*old, *new)?.ln_1p())).collect();
    let mean = (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp_m1());
    let (up, down) = (count(Move::Up), count(Move::Down));
    // Rounding of one price must not make a rise of the mean, however small the tolerance.
    let judged = |mean| if up + down == 0 { Move::Flat } else { rules.judge_change(mean) };
    Matched { change: mean, step: mean.map(judged), count: pairs.len(), up, down, ..Matched::default() }
}
