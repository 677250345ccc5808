//! Which time of a run stands for it, by what the noise of each would hide.

use super::Options;
use super::evidence::{Basis, Evidence};
use super::noise::{self, Significance};
use crate::stats::median;

/// The evidence of all rows and what their noise says of it.
pub(super) struct Weighed {
    pub basis: Basis,
    pub evidences: Vec<Option<Evidence>>,
    pub noises: Vec<Option<Significance>>,
}

impl Weighed {
    pub fn of(evidences: Vec<Option<Evidence>>, basis: Basis) -> Self {
        let known: Vec<&Evidence> = evidences.iter().flatten().collect();
        let noises = noise::significances(&known);
        Self { basis, evidences, noises }
    }

    /// What half of the rows could have told from chance, ln.
    fn detectable(&self) -> Option<f64> {
        median(&self.noises.iter().flatten().map(|noise| noise.detectable).collect::<Vec<_>>())
    }

    /// Itself, unless its noise hides a change as large as the cap and the other's hides less than half as much.
    /// What the sides differ by has no part in the choice.
    pub fn or_quieter(self, other: impl Fn() -> Self, options: &Options) -> Self {
        let cap = options.thresholds.default_one().cap.ln_1p();
        let Some(hidden) = self.detectable().filter(|hidden| *hidden > cap) else { return self };
        let other = other();
        if other.detectable().is_some_and(|quieter| 2.0 * quieter < hidden) { other } else { self }
    }
}
