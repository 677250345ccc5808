//! What the times of tokens rest on: the passes behind them, and of each pass its terms, down to the measured cells or
//! the constants of the datasheet model.

use super::step::Bound;
use super::{Device, Workload, rates};
use crate::arch::Architecture;
use crate::op::Op;

/// One term of the time of a pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What takes the time.
    pub what: String,
    /// How the factors make the seconds.
    pub formula: &'static str,
    /// The numbers of the formula, in its order, each with its name.
    pub factors: Vec<(&'static str, f64)>,
    /// All of it in one pass.
    pub seconds: f64,
    /// What it waits for.
    pub bound: Bound,
    /// The op, where it is one.
    pub op: Option<Op>,
    /// Places of the measured cells (of [`crate::measurement::merged`], from 1) that the rate was read from: between
    /// sizes there are several, and of cells of one size at most four are named.
    pub cells: Vec<u32>,
}

impl Term {
    /// A term that rests on no measured cell.
    pub(super) fn of(
        what: &str,
        bound: Bound,
        formula: &'static str,
        factors: &[(&'static str, f64)],
        seconds: f64,
    ) -> Self {
        Self {
            what: what.to_owned(),
            formula,
            factors: factors.to_vec(),
            seconds,
            bound,
            op: None,
            cells: vec![],
        }
    }
}

/// A pass, and how often it is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// What it does.
    pub what: String,
    /// How often; a fraction where passes share it.
    pub times: f64,
    /// Of its time, the share that counts: below 1 where a prefix cache holds a part of the prompt.
    pub share: f64,
    /// What one takes: `share` times the sum of the terms.
    pub seconds: f64,
    /// Its parts.
    pub terms: Vec<Term>,
}

/// What the device times of input and output tokens rest on. `input = prompt / isl · m` and `output = decode /
/// yielded · m` with `m = min(1, mixed / apart)`, `apart = decode + begun · prompt`.
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    /// Seconds of a decode step of the batch, and its passes.
    pub decode: (f64, Vec<Pass>),
    /// Seconds of one prompt, packed with others, and its passes.
    pub prompt: (f64, Vec<Pass>),
    /// Seconds of a decode step that carries its share of prompts, and its passes; no less than apart, and then apart is
    /// what counts.
    pub mixed: (f64, Vec<Pass>),
    /// Output tokens of a step.
    pub yielded: f64,
    /// Requests that begin, and end, in a step.
    pub begun: f64,
    /// `m`.
    pub saved: f64,
}

/// What the times of an estimate rest on.
///
/// # Errors
/// Those of the estimate.
pub fn basis(model: &Architecture, workload: Workload, device: Device<'_>) -> Result<Basis, String> {
    super::with_passes(model, workload, device, &mut Vec::new(), |passes, _| rates::basis(passes))
}

/// Passes as often as they are done.
pub(super) fn total(passes: &[Pass]) -> f64 {
    passes.iter().map(|pass| pass.times * pass.seconds).sum()
}
