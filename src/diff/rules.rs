//! From evidence to a verdict. A row starts without one and is given SLOWER or FASTER only where nothing speaks
//! against it.

use super::evidence::{Evidence, RUNS_MIN};
use super::noise::{ALPHA, RANKS_AGREE, Significance};
use super::thresholds::Threshold;
use super::{Reason, Verdict};

/// What is known besides the row itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// ln of how much slower the calibration kernel was on all of new than on all of base.
    pub machine: Option<f64>,
    /// What the null comparison says of this row.
    pub null: Option<Null>,
}

/// A row of the null comparison: the same binary against itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Null {
    /// Whether it is SAME.
    pub same: bool,
    /// The largest ln effect in its interval, up or down.
    pub reach: f64,
}

/// A verdict with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// Whether the row looks slower beyond chance and margin, though the verdict is UNSURE.
    pub suspect: bool,
}

impl Decision {
    /// A verdict that nothing doubts.
    pub fn new(verdict: Verdict, reason: Reason) -> Self {
        Self { verdict, reason, suspect: false }
    }
}

/// The smallest ln effect that counts: the margin, or a step of the clock where that is coarser.
pub fn margin_ln(row: &Evidence, threshold: Threshold) -> f64 {
    (1.0 + threshold.margin.max(row.quantum_share)).ln()
}

/// Decides one row.
pub fn decide(
    row: &Evidence,
    noise: Option<Significance>,
    threshold: Threshold,
    around: Surroundings,
) -> Decision {
    let margin = margin_ln(row, threshold);
    let beyond = row.effect.abs() > margin;
    let Some(noise) = noise.filter(|_| row.runs() >= RUNS_MIN) else {
        let apart = row.overlap().is_some_and(|share| share == 0.0);
        let suspect = beyond && row.effect > 0.0 && apart && floor_agrees(row, margin);
        return Decision { verdict: Verdict::Unsure, reason: Reason::FewRuns, suspect };
    };
    if !(beyond && noise.p_holm <= ALPHA) {
        return not_different(noise, margin, threshold, around);
    }
    match doubt(row, noise, margin, around) {
        Some(reason) => {
            // Slow visits on a slow device with the fastest runs where they were: that is other load.
            let load = !floor_agrees(row, margin) && !row.stands_on_calm_visits();
            Decision { verdict: Verdict::Unsure, reason, suspect: row.effect > 0.0 && !load }
        }
        None if row.effect > 0.0 => Decision::new(Verdict::Slower, Reason::Confirmed),
        None => Decision::new(Verdict::Faster, Reason::Confirmed),
    }
}

/// What speaks against a difference that is beyond the margin and beyond chance.
fn doubt(row: &Evidence, noise: Significance, margin: f64, around: Surroundings) -> Option<Reason> {
    let null =
        around.null.map_or(row.own_null, |null| Some(if null.same { null.reach } else { f64::INFINITY }));
    let doubts = [
        (noise.p_rank.is_some_and(|p| p > RANKS_AGREE), Reason::TestsDiffer),
        (!floor_agrees(row, margin), Reason::FloorsDiffer),
        (!row.stands_on_calm_visits(), Reason::Disturbed),
        (row.effect.abs() <= machine_reach(row, margin, around), Reason::MachineDrift),
        (null.is_some_and(|reach| row.effect.abs() <= reach), Reason::NullDiffers),
    ];
    doubts.into_iter().find(|(doubted, _)| *doubted).map(|(_, reason)| reason)
}

/// A kernel that became slower has slower fastest runs too: other load only ever slows down. Half of the effect is
/// asked for, because a burst that hit most runs moves the median far and the fastest run a little.
fn floor_agrees(row: &Evidence, margin: f64) -> bool {
    let same_way = row.floor * row.effect.signum();
    same_way > margin && same_way >= row.effect.abs() / 2.0
}

/// A difference up to here can be the device's: how much slower (or faster) the calibration kernel was, on the
/// whole or beside these visits, and the margin. 0 where it was the same within the margin.
fn machine_reach(row: &Evidence, margin: f64, around: Surroundings) -> f64 {
    let way = row.effect.signum();
    let shifts = [around.machine, row.shift].into_iter().flatten().map(|shift| shift * way);
    let shift = shifts.fold(0.0, f64::max);
    if shift > margin { shift + margin } else { 0.0 }
}

/// SAME where the whole interval lies within the margin, or within what could be told from chance at all.
fn not_different(noise: Significance, margin: f64, threshold: Threshold, around: Surroundings) -> Decision {
    let unsure = |reason| Decision::new(Verdict::Unsure, reason);
    let within = noise.detectable.max(margin);
    if noise.detectable > (1.0 + threshold.cap).ln() {
        return unsure(Reason::Noise);
    }
    if noise.low < -within || noise.high > within {
        return unsure(if noise.p_holm <= ALPHA { Reason::NearMargin } else { Reason::Noise });
    }
    if around.machine.is_some_and(|shift| shift.abs() > within) {
        return unsure(Reason::MachineDrift);
    }
    let margin_suffices = noise.low >= -margin && noise.high <= margin;
    let reason = if margin_suffices { Reason::WithinMargin } else { Reason::WithinDetectable };
    Decision::new(Verdict::Same, reason)
}
