//! The change of those who quoted before: each provider against its own last quote.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::MATCH_MONTHS;
use super::panel::{Cast, Panel};
use crate::market::month::Month;
use crate::market::trend::{Move, Rules, change};
use crate::price::to_f64;

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
pub(super) fn matched(panel: &Panel, rules: &Rules) -> BTreeMap<Month, Matched> {
    let mut last: HashMap<usize, (Month, f64)> = HashMap::new();
    let mut before: Option<BTreeSet<usize>> = None;
    let mut months = BTreeMap::new();
    for (&month, votes) in &panel.months {
        let own = |vote: &Cast| {
            let (seen, old) =
                last.get(&vote.provider).filter(|(seen, _)| month.since(*seen) <= MATCH_MONTHS)?;
            debug_assert!(*seen < month);
            Some((*old, to_f64(vote.usd_per_gpu_hour)))
        };
        let pairs: Vec<(f64, f64)> = votes.iter().filter_map(own).collect();
        let now: BTreeSet<usize> = votes.iter().map(|vote| vote.provider).collect();
        let names = |providers: Vec<&usize>| providers.into_iter().map(|place| panel.name(*place)).collect();
        let then = before.as_ref().unwrap_or(&now);
        let mut moved = moved(&pairs, rules);
        moved.joined = names(now.difference(then).collect());
        moved.left = names(then.difference(&now).collect());
        months.insert(month, moved);
        last.extend(votes.iter().map(|vote| (vote.provider, (month, to_f64(vote.usd_per_gpu_hour)))));
        before = Some(now);
    }
    months
}

/// The mean change over pairs of an old and a new price.
pub(super) fn moved(pairs: &[(f64, f64)], rules: &Rules) -> Matched {
    let steps: Vec<Move> = pairs.iter().map(|(old, new)| rules.judge(*old, *new)).collect();
    let count = |step| steps.iter().filter(|other| **other == step).count();
    let logs: Vec<f64> = pairs.iter().filter_map(|(old, new)| Some(change(*old, *new)?.ln_1p())).collect();
    let mean = (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp_m1());
    let (up, down) = (count(Move::Up), count(Move::Down));
    // Rounding of one price must not make a rise of the mean, however small the tolerance.
    let judged = |mean| if up + down == 0 { Move::Flat } else { rules.judge_change(mean) };
    Matched { change: mean, step: mean.map(judged), count: pairs.len(), up, down, ..Matched::default() }
}
