//! Did anything become slower? Two sides, cell by cell, with a verdict that only evidence can move away from UNSURE.
//!
//! The run is what is independent, not the sample: a run's samples share whatever slowed the machine down while it
//! was there. So each run counts once, by its median, and three runs on each side are the least. How much runs
//! differ is learned from all cells together ([`noise`]). [`rules`] say what must hold for each verdict.

pub mod cost;
pub mod evidence;
pub mod noise;
pub mod rules;
pub mod side;
pub mod thresholds;

mod identity;
mod matching;
#[cfg(test)]
mod simulation;
mod summary;
#[cfg(test)]
mod tests;
mod weighed;

use serde::Serialize;

use crate::measurement::{DeviceType, Identity};
use crate::named::named;
use evidence::{Basis, Evidence, Visited, device};
use matching::Match;
use noise::Significance;
use rules::{Decision, Null, Surroundings};
use side::{Cell, Side, Status};
pub use summary::{Ending, Summary};
use thresholds::Thresholds;
use weighed::Weighed;

/// What is said of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Slower, and nothing doubts it.
    Slower,
    /// The two cannot be set beside each other.
    NotComparable,
    /// The evidence carries no other verdict.
    #[default]
    Unsure,
    /// Faster, and nothing doubts it.
    Faster,
    /// No difference that counts.
    Same,
}

named!(Verdict {
    Slower = "SLOWER",
    NotComparable = "NOT COMPARABLE",
    Unsure = "UNSURE",
    Faster = "FASTER",
    Same = "SAME",
});

/// Why a row has its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// SLOWER, FASTER: beyond margin, chance and every doubt.
    Confirmed,
    /// SAME: the interval lies within the margin.
    WithinMargin,
    /// SAME: the interval lies within the smallest effect that could have been seen.
    WithinDetectable,
    /// UNSURE: fewer than three runs on a side.
    FewRuns,
    /// UNSURE: the runs differ too much among themselves.
    Noise,
    /// UNSURE: different beyond chance, but the interval crosses the margin.
    NearMargin,
    /// UNSURE: the exact rank test does not agree.
    TestsDiffer,
    /// UNSURE: the medians moved, the fastest runs did not.
    FloorsDiffer,
    /// UNSURE: the difference rests on visits during which the device itself was slow or changing.
    Disturbed,
    /// UNSURE: the calibration kernel moved as well.
    MachineDrift,
    /// UNSURE: the same binary against itself differs as much.
    NullDiffers,
    /// NOT COMPARABLE: base was right, new is wrong or failed. Counts as a regression.
    WorseStatus,
    /// NOT COMPARABLE: base has no result.
    BaseStatus,
    /// NOT COMPARABLE: new did not try the cell.
    NewSkipped,
    /// NOT COMPARABLE: neither side has a result.
    NoResult,
    /// NOT COMPARABLE: only base has the cell.
    Missing,
    /// NOT COMPARABLE: only new has the cell.
    Extra,
    /// NOT COMPARABLE: several variants on a side and `--any-variant`.
    SeveralVariants,
    /// NOT COMPARABLE: another device.
    Adapter,
    /// NOT COMPARABLE: another backend.
    Backend,
    /// NOT COMPARABLE: another driver.
    Driver,
    /// NOT COMPARABLE: another bounds-check mode, which changes speed.
    BoundsChecks,
    /// NOT COMPARABLE: another build profile.
    BuildProfile,
    /// NOT COMPARABLE: another clock.
    TimingMethod,
    /// NOT COMPARABLE: other input data.
    Inputs,
}

named!(Reason {
    Confirmed = "confirmed",
    WithinMargin = "within-margin",
    WithinDetectable = "within-detectable",
    FewRuns = "few-runs",
    Noise = "noise",
    NearMargin = "near-margin",
    TestsDiffer = "tests-differ",
    FloorsDiffer = "floors-differ",
    Disturbed = "disturbed",
    MachineDrift = "machine-drift",
    NullDiffers = "null-differs",
    WorseStatus = "worse-status",
    BaseStatus = "base-status",
    NewSkipped = "new-skipped",
    NoResult = "no-result",
    Missing = "missing",
    Extra = "extra",
    SeveralVariants = "several-variants",
    Adapter = "adapter",
    Backend = "backend",
    Driver = "driver",
    BoundsChecks = "bounds-checks",
    BuildProfile = "build-profile",
    TimingMethod = "timing-method",
    Inputs = "inputs",
});

/// Which test decided a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Moderated t on the medians of runs.
    ModeratedT,
    /// Moderated t on the differences of pairs.
    PairedModeratedT,
    /// Mann and Whitney's rank-sum test.
    MannWhitney,
    /// Wilcoxon's signed-rank test.
    Wilcoxon,
}

named!(Test {
    ModeratedT = "moderated-t",
    PairedModeratedT = "paired-moderated-t",
    MannWhitney = "mann-whitney",
    Wilcoxon = "wilcoxon",
});

/// How to compare.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What counts as a difference.
    pub thresholds: Thresholds,
    /// Cells match whatever their variant is.
    pub any_variant: bool,
    /// Another driver is only noted.
    pub allow_driver: bool,
    /// Cells that are only in base are no reason to doubt the result.
    pub allow_missing: bool,
}

/// One row of the result. Ratios are new / base; unknown is `None`, never 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// The cell's name in base, or in new where base lacks it.
    pub cell: String,
    /// Its kernel.
    pub kernel: String,
    /// Its format.
    pub format: String,
    /// Its shape.
    pub shape: String,
    /// The implementation in base; in new where base lacks the cell.
    pub variant: String,
    /// The implementation in new, where it is another.
    pub variant_new: Option<String>,
    /// `hot` or `cold`.
    pub cache: String,
    /// What is said.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether the gate counts it: SLOWER or `worse-status`.
    pub regression: bool,
    /// Whether it looks slower beyond margin and chance, but its evidence is doubted.
    pub suspect: bool,
    /// Ratio of the medians over runs.
    pub time_ratio: Option<f64>,
    /// Low end of its 95 % interval.
    pub time_ratio_low: Option<f64>,
    /// High end.
    pub time_ratio_high: Option<f64>,
    /// Ratio of the lowest first quartiles.
    pub floor_ratio: Option<f64>,
    /// The smallest relative difference that counts here.
    pub margin: Option<f64>,
    /// The smallest relative slowdown that could have been told from chance beside all other rows.
    pub detectable: Option<f64>,
    /// The chance of such an effect or more in its direction without a cause.
    pub p_value: Option<f64>,
    /// The same beside all other rows (Holm).
    pub p_holm: Option<f64>,
    /// Of the exact rank test, where enough runs give it a say.
    pub p_rank: Option<f64>,
    /// Which test decided.
    pub test: Option<Test>,
    /// Runs of base that count.
    pub runs_base: u64,
    /// Runs of new that count.
    pub runs_new: u64,
    /// Pairs that count; 0 where the sides are not paired.
    pub pairs: u64,
    /// Runs of base during which the device itself was slow or changing.
    pub disturbed_base: u64,
    /// The same of new.
    pub disturbed_new: u64,
    /// Median over the runs of base that count.
    pub median_base_s: Option<f64>,
    /// Median over the runs of new that count.
    pub median_new_s: Option<f64>,
    /// The calibration kernel beside these visits.
    pub machine_ratio: Option<f64>,
    /// The largest ratio that comparing like with like shows: the null session, or halves of a side's own runs.
    pub null_ratio: Option<f64>,
    /// The share of the narrower side's samples, [min, q3], that both have in common.
    pub overlap: Option<f64>,
    /// How base ended.
    pub status_base: Option<Status>,
    /// How new ended.
    pub status_new: Option<Status>,
    /// Whether other shader sources ran.
    pub shader_changed: Option<bool>,
    /// Whether this is a software adapter, which is no GPU.
    pub software: bool,
    /// What else a reader must know.
    pub note: String,
}

/// The whole comparison: rows in the order of base, then what only new has.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// The rows.
    pub rows: Vec<Row>,
    /// What they say together.
    pub summary: Summary,
}

/// Compares two sides. `null` is the comparison of the same binary with itself.
pub fn compare(base: &Side, new: &Side, options: &Options, null: Option<&Diff>) -> Diff {
    let devices = (device(base), device(new));
    let machine = devices.0.shift_ln(devices.1);
    let matches = matching::matches(base, new, options);
    let weigh = |basis| {
        let evidence = |matched: &Match<'_>| match matched {
            Match::Pair(from, to) => Evidence::of(
                Visited { side: base, cell: from, device: devices.0, basis },
                Visited { side: new, cell: to, device: devices.1, basis },
            ),
            _ => None,
        };
        Weighed::of(matches.iter().map(evidence).collect(), basis)
    };
    let weighed = weigh(Basis::Median).or_quieter(|| weigh(Basis::Fastest), options);
    let Weighed { basis, evidences, noises } = weighed;
    let mut noises = noises.into_iter();
    let nulls = null.map(Nulls::of);
    let mut rows = Vec::with_capacity(matches.len());
    for (matched, evidence) in matches.iter().zip(&evidences) {
        let mut row = matched.row(base, new);
        if let Some(evidence) = evidence {
            let null = nulls.as_ref().and_then(|nulls| nulls.find(&row.cell));
            let noise = noises.next().flatten();
            judge(&mut row, evidence, noise, options, Surroundings { machine, null });
        }
        rows.push(row);
    }
    let mut notes = identity::notes(base, new);
    if basis == Basis::Fastest {
        notes.push("medians of runs differ too much by chance: their fastest samples count".into());
    }
    let summary = Summary { basis, ..Summary::of(&rows, machine, notes, options) };
    Diff { rows, summary }
}

fn judge(
    row: &mut Row,
    evidence: &Evidence,
    noise: Option<Significance>,
    options: &Options,
    around: Surroundings,
) {
    let threshold = options.thresholds.of(&row.kernel);
    let Decision { verdict, reason, suspect } = rules::decide(evidence, noise, threshold, around);
    row.verdict = verdict;
    row.reason = Some(reason);
    row.suspect = suspect;
    row.regression = verdict == Verdict::Slower;
    row.time_ratio = Some(evidence.effect.exp());
    row.floor_ratio = Some(evidence.floor.exp());
    row.margin = Some(rules::margin_ln(evidence, threshold).exp_m1());
    row.runs_base = evidence.base.kept.len() as u64;
    row.runs_new = evidence.new.kept.len() as u64;
    row.pairs = evidence.pairs.len() as u64;
    row.disturbed_base = evidence.base.disturbed as u64;
    row.disturbed_new = evidence.new.disturbed as u64;
    row.median_base_s = evidence.base.median_s();
    row.median_new_s = evidence.new.median_s();
    row.machine_ratio = evidence.shift.map(f64::exp);
    row.null_ratio = around.null.map(|null| null.reach).or(evidence.own_null).map(f64::exp);
    row.overlap = evidence.overlap();
    row.note = note(std::mem::take(&mut row.note), evidence, reason);
    if let Some(noise) = noise {
        row.time_ratio_low = Some(noise.low.exp());
        row.time_ratio_high = Some(noise.high.exp());
        row.detectable = Some(noise.detectable.exp_m1());
        row.p_value = Some(noise.p);
        row.p_holm = Some(noise.p_holm);
        row.p_rank = noise.p_rank;
        row.test = Some(deciding_test(evidence, reason));
    }
}

fn deciding_test(evidence: &Evidence, reason: Reason) -> Test {
    match (evidence.paired(), reason) {
        (true, Reason::TestsDiffer) => Test::Wilcoxon,
        (true, _) if evidence.pairs.len() >= noise::RANK_PAIRS => Test::Wilcoxon,
        (false, Reason::TestsDiffer) => Test::MannWhitney,
        (true, _) => Test::PairedModeratedT,
        (false, _) => Test::ModeratedT,
    }
}

fn note(so_far: String, evidence: &Evidence, reason: Reason) -> String {
    let mut notes = vec![so_far];
    let set_aside = evidence.base.all + evidence.new.all - evidence.base.kept.len() - evidence.new.kept.len();
    if set_aside > 0 {
        notes.push(format!("{set_aside} disturbed runs set aside"));
    }
    match (reason, evidence.overlap()) {
        (Reason::FewRuns, Some(0.0)) => notes.push("samples [min, q3] of the sides lie apart".into()),
        (Reason::FewRuns, Some(share)) => {
            notes.push(format!("samples [min, q3] of the sides share {:.0} %", share * 100.0));
        }
        _ => {}
    }
    notes.retain(|note| !note.is_empty());
    notes.join("; ")
}

/// The null comparison by cell.
struct Nulls<'d>(std::collections::HashMap<&'d str, Null>);

impl<'d> Nulls<'d> {
    fn of(diff: &'d Diff) -> Self {
        let reach = |ratio: Option<f64>| ratio.map_or(0.0, |ratio| ratio.ln().abs());
        let null = |row: &Row| Null {
            same: row.verdict == Verdict::Same,
            reach: reach(row.time_ratio_low).max(reach(row.time_ratio_high)),
        };
        Self(diff.rows.iter().map(|row| (row.cell.as_str(), null(row))).collect())
    }

    fn find(&self, cell: &str) -> Option<Null> {
        self.0.get(cell).copied()
    }
}

/// Whether numbers of this device are those of a GPU.
fn software(identity: Option<&Identity>) -> bool {
    identity.is_some_and(|identity| identity.device_type == DeviceType::Software)
}

/// The first visit that ended well, or the first.
fn speaker(cell: &Cell) -> Option<&side::Visit> {
    cell.visits.iter().find(|visit| visit.status == Status::Ok).or(cell.visits.first())
}
