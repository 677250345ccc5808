//! Which variant of a kernel is the fastest on an adapter: for which ops one choice holds, how trials decide, and
//! how the choices are kept. Nothing here measures or touches a file.

mod class;
pub mod store;

use serde::{Deserialize, Serialize};

pub use class::Class;

use crate::stats::Summary;

/// A variant this much slower than the fastest one is not tried again: short visits differ by less.
const CONTENDS_WITHIN: f64 = 1.25;

/// What came of one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The variant.
    pub variant: String,
    /// What came of it.
    pub result: Tried,
}

/// What came of trying a variant.
#[derive(Clone, Debug, PartialEq)]
pub enum Tried {
    /// It ran and its result was right: seconds per execution.
    Verified(Summary),
    /// It is out.
    Out(Removed),
}

/// Why a variant is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The variant.
    pub variant: String,
    /// `wrong`, `failed` or `skipped`, as in `measurements.csv`.
    pub status: String,
    /// What happened.
    pub reason: String,
}

/// The choice for a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Winner {
    /// The ops that it holds for.
    #[serde(flatten)]
    pub class: Class,
    /// The variant that runs.
    pub variant: String,
    /// Names the sources of all variants of the kernel in this format: a choice holds for these only.
    pub sources: String,
    /// The op that was tried, as in the column `shape`.
    pub shape: String,
    /// Its median seconds per execution.
    pub median_s: f64,
    /// The next best variant; `None` where no other was verified.
    pub runner_up: Option<String>,
    /// How much longer that one took: 0.1 is 10 %. Below 0 where the two are too close to tell and the kernel's own order
    /// decided.
    pub margin: Option<f64>,
    /// How many variants were tried.
    pub tried: u32,
    /// Those that were wrong, failed or were too slow to be measured.
    pub removed: Vec<Removed>,
}

/// The variants that a second, longer look may still make the winner, by their position.
pub fn contenders(trials: &[Trial]) -> Vec<usize> {
    let fastest = verified(trials).map(|(_, seconds)| seconds.median).fold(f64::INFINITY, f64::min);
    let contends = |(index, seconds): (usize, &Summary)| {
        (seconds.q1.min(seconds.median) <= CONTENDS_WITHIN * fastest).then_some(index)
    };
    verified(trials).filter_map(contends).collect()
}

/// The position of the winner and of the next best one. Trials come in the kernel's own order: the first wins that no
/// other is clearly faster than, with quartiles apart. `None` where no trial was verified.
pub fn decide(trials: &[Trial]) -> Option<(usize, Option<usize>)> {
    let beaten = |seconds: &Summary| verified(trials).any(|(_, other)| other.q3 < seconds.q1);
    let winner = verified(trials).find(|(_, seconds)| !beaten(seconds))?.0;
    let others = verified(trials).filter(|(index, _)| *index != winner);
    let next = others.min_by(|a, b| a.1.median.total_cmp(&b.1.median));
    Some((winner, next.map(|(index, _)| index)))
}

impl Winner {
    /// The choice that trials make for a class; `None` where none was verified.
    pub fn of(class: Class, shape: String, sources: String, trials: &[Trial]) -> Option<Self> {
        let (winner, next) = decide(trials)?;
        let of =
            |index: usize| verified(trials).find(|(at, _)| *at == index).map(|(_, seconds)| seconds.median);
        let median_s = of(winner)?;
        let name = |index: usize| trials.get(index).map(|trial| trial.variant.clone());
        let removed = trials.iter().filter_map(|trial| match &trial.result {
            Tried::Out(removed) => Some(removed.clone()),
            Tried::Verified(_) => None,
        });
        Some(Self {
            class,
            variant: name(winner)?,
            sources,
            shape,
            median_s,
            runner_up: next.and_then(name),
            margin: next.and_then(of).map(|next| next / median_s - 1.0),
            tried: trials.len() as u32,
            removed: removed.collect(),
        })
    }
}

fn verified(trials: &[Trial]) -> impl Iterator<Item = (usize, &Summary)> {
    trials.iter().enumerate().filter_map(|(index, trial)| match &trial.result {
        Tried::Verified(seconds) => Some((index, seconds)),
        Tried::Out(_) => None,
    })
}

#[cfg(test)]
mod tests;
