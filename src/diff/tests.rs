//! Each rule by itself, on rows made for it.

use super::evidence::Basis;
use super::side::Side;
use super::thresholds::Thresholds;
use super::{Diff, Ending, Options, Reason, Verdict, compare};
use crate::measurement::{
    Cache, Calibration, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, Verification,
};
use crate::op::{Format, Op};
use crate::stats::Summary;
use crate::stats::random::Random;
use crate::units::Seconds;
use proptest::prelude::*;

const CHECKED: Verification = Verification { nmse: 0.0, nmse_max: 1.0, compared: 1 };
/// The runs of a quiet machine: relative to the cell's time.
const QUIET: [f64; 5] = [1.0, 1.003, 0.997, 1.001, 0.999];
const CELLS: usize = 12;

fn row(cell: usize, run: u32, seconds: f64) -> Measurement {
    let summary = Summary {
        min: seconds * 0.98,
        q1: seconds * 0.99,
        median: seconds,
        q3: seconds * 1.01,
        mean: seconds,
        mad: seconds * 0.01,
    };
    let timing = Timing {
        seconds: summary,
        wall_median: Seconds(seconds),
        samples: 20,
        executions_per_sample: 1,
        calibration: Some(Calibration { before: Seconds(1e-3), after: Seconds(1e-3) }),
        ..Timing::default()
    };
    Measurement {
        op: Op::Matmul { tokens: 1, outputs: 64 + cell as u64, inputs: 64, weights: Format::F16 },
        variant: "rows".into(),
        cache: Cache::Hot,
        run,
        outcome: Outcome::Ok(Box::new(timing), CHECKED),
        provenance: Provenance {
            identity: Identity { adapter: "gpu".into(), driver: "d".into(), ..Identity::default() },
            input_hash: "1".into(),
            shader_hash: "2".into(),
            ..Provenance::default()
        },
    }
}

/// Twelve cells with so many quiet runs; the runs of each cell are turned a little further.
fn quiet(runs: u32) -> Vec<Measurement> {
    let cells = (0..CELLS).flat_map(|cell| (0..runs).map(move |run| (cell, run)));
    let turned = |cell: usize, run: u32| QUIET[(cell + run as usize) % QUIET.len()];
    cells.map(|(cell, run)| row(cell, run, 1e-3 * (cell + 1) as f64 * turned(cell, run))).collect()
}

/// Changes the rows of the first cell.
fn first(mut rows: Vec<Measurement>, change: impl Fn(&mut Measurement)) -> Vec<Measurement> {
    rows.iter_mut().filter(|row| row.op == self::row(0, 0, 1.0).op).for_each(change);
    rows
}

fn timing(row: &mut Measurement) -> &mut Timing {
    match &mut row.outcome {
        Outcome::Ok(timing, _) => timing,
        other => panic!("{other:?} has no timing"),
    }
}

/// Makes a row so many times as slow: median and quartiles, or the median alone.
fn slow(row: &mut Measurement, factor: f64, floor: bool) {
    let seconds = &mut timing(row).seconds;
    seconds.median *= factor;
    seconds.q3 *= factor;
    if floor {
        seconds.min *= factor;
        seconds.q1 *= factor;
    }
}

fn calibrated(row: &mut Measurement, before: f64, after: f64) {
    timing(row).calibration = Some(Calibration { before: Seconds(before), after: Seconds(after) });
}

fn diff(base: Vec<Measurement>, new: Vec<Measurement>) -> Diff {
    compare(&Side::of(base), &Side::of(new), &Options::default(), None)
}

/// Verdict and reason of the first row, and the ending.
fn seen(diff: &Diff) -> (Verdict, Option<Reason>, Ending) {
    (diff.rows[0].verdict, diff.rows[0].reason, diff.summary.ending)
}

#[track_caller]
fn assert_seen(diff: &Diff, verdict: Verdict, reason: Reason, ending: Ending) {
    assert_eq!(seen(diff), (verdict, Some(reason), ending), "{:#?}", diff.rows[0]);
    let others = diff.rows.iter().skip(1).all(|row| row.verdict == Verdict::Same);
    assert!(others, "{:#?}", diff.rows);
}

#[test]
fn a_side_is_the_same_as_itself() {
    assert_seen(&diff(quiet(3), quiet(3)), Verdict::Same, Reason::WithinMargin, Ending::Ok);
}

#[test]
fn one_slower_row_is_that_row_alone() {
    let new = first(quiet(3), |row| slow(row, 1.1, true));
    let diff = diff(quiet(3), new);
    assert_seen(&diff, Verdict::Slower, Reason::Confirmed, Ending::Regression);
    let ratio = diff.rows[0].time_ratio.unwrap();
    assert!((ratio - 1.1).abs() < 0.005, "{ratio}");
}

#[test]
fn an_improvement_never_fails() {
    let new = first(quiet(3), |row| slow(row, 0.5, true));
    assert_seen(&diff(quiet(3), new), Verdict::Faster, Reason::Confirmed, Ending::Ok);
}

#[test]
fn fastest_runs_that_stayed_make_a_slower_median_doubtful() {
    let new = first(quiet(3), |row| slow(row, 1.1, false));
    assert_seen(&diff(quiet(3), new), Verdict::Unsure, Reason::FloorsDiffer, Ending::Inconclusive);
}

#[test]
fn a_difference_within_the_margin_of_its_kernel_does_not_count() {
    let new = first(quiet(3), |row| slow(row, 1.1, true));
    let thresholds = Thresholds::read("[kernel.gemv]\nmargin = 0.15\n", &["gemv"]).unwrap();
    let options = Options { thresholds, ..Options::default() };
    let diff = compare(&Side::of(quiet(3)), &Side::of(new), &options, None);
    assert_seen(&diff, Verdict::Same, Reason::WithinMargin, Ending::Ok);
}

#[test]
fn fewer_than_three_runs_carry_no_verdict() {
    let new: Vec<_> = first(quiet(3), |row| slow(row, 1.5, true));
    let two = new.into_iter().filter(|row| row.run < 2 || row.op != self::row(0, 0, 1.0).op).collect();
    let diff = diff(quiet(3), two);
    assert_seen(&diff, Verdict::Unsure, Reason::FewRuns, Ending::Inconclusive);
    assert_eq!(diff.rows[0].note, "samples [min, q3] of the sides lie apart");
}

#[test]
fn a_difference_that_rests_on_a_slow_device_is_doubtful() {
    let new = first(quiet(3), |row| {
        slow(row, 1.3, true);
        let busy = if row.run > 0 { 1.3e-3 } else { 1e-3 };
        calibrated(row, busy, busy);
    });
    let diff = diff(quiet(3), new);
    assert_eq!(diff.rows[0].disturbed_new, 2);
    assert_seen(&diff, Verdict::Unsure, Reason::Disturbed, Ending::Inconclusive);
}

#[test]
fn disturbed_runs_are_set_aside_where_three_others_remain() {
    let new = first(quiet(5), |row| {
        if row.run == 3 {
            slow(row, 1.6, true);
            calibrated(row, 1e-3, 1.4e-3);
        }
    });
    let diff = diff(quiet(5), new);
    assert_seen(&diff, Verdict::Same, Reason::WithinMargin, Ending::Ok);
    assert_eq!((diff.rows[0].runs_new, diff.rows[0].disturbed_new), (4, 1));
    assert_eq!(diff.rows[0].note, "1 disturbed runs set aside");
}

#[test]
fn a_device_that_is_slower_as_a_whole_is_no_slower_kernel() {
    let mut new = quiet(3);
    for row in &mut new {
        slow(row, 1.05, true);
        calibrated(row, 1.05e-3, 1.05e-3);
    }
    let diff = diff(quiet(3), new);
    let all = diff.rows.iter().all(|row| row.reason == Some(Reason::MachineDrift));
    assert!(all, "{:#?}", diff.rows);
    assert_eq!(diff.summary.ending, Ending::Inconclusive);
}

#[test]
fn no_row_is_same_while_the_device_moved() {
    let mut new = quiet(3);
    new.iter_mut().for_each(|row| calibrated(row, 0.9e-3, 0.9e-3));
    let diff = diff(quiet(3), new);
    assert!(diff.rows.iter().all(|row| row.reason == Some(Reason::MachineDrift)), "{:#?}", diff.rows);
}

#[test]
fn a_null_that_differs_as_much_makes_a_row_doubtful() {
    let slowed = || first(quiet(3), |row| slow(row, 1.1, true));
    let (base, new) = (Side::of(quiet(3)), Side::of(slowed()));
    let null = diff(quiet(3), slowed());
    let doubted = compare(&base, &new, &Options::default(), Some(&null));
    assert_seen(&doubted, Verdict::Unsure, Reason::NullDiffers, Ending::Inconclusive);
    let calm = diff(quiet(3), quiet(3));
    let confirmed = compare(&base, &new, &Options::default(), Some(&calm));
    assert_seen(&confirmed, Verdict::Slower, Reason::Confirmed, Ending::Regression);
}

#[test]
fn a_result_that_was_lost_is_a_regression() {
    for outcome in [Outcome::Wrong("off".into(), CHECKED), Outcome::Failed("lost".into())] {
        let new = first(quiet(3), |row| row.outcome = outcome.clone());
        let diff = diff(quiet(3), new);
        assert_seen(&diff, Verdict::NotComparable, Reason::WorseStatus, Ending::Regression);
        assert_eq!(diff.rows[0].note, format!("ok / {}", outcome.status()));
    }
}

#[test]
fn a_run_that_failed_among_good_ones_is_told() {
    let new = first(quiet(5), |row| {
        if row.run == 4 {
            row.outcome = Outcome::Failed("lost".into());
        }
    });
    let diff = diff(quiet(5), new);
    assert_seen(&diff, Verdict::Same, Reason::WithinMargin, Ending::Ok);
    assert_eq!(diff.rows[0].note, "1 of 5 runs of new did not end well");
}

#[test]
fn a_cell_without_a_result_in_base_has_nothing_to_lose() {
    let failed = || first(quiet(3), |row| row.outcome = Outcome::Failed("lost".into()));
    assert_seen(&diff(failed(), quiet(3)), Verdict::NotComparable, Reason::BaseStatus, Ending::Ok);
    assert_seen(&diff(failed(), failed()), Verdict::NotComparable, Reason::NoResult, Ending::Ok);
}

#[test]
fn missing_cells_leave_the_answer_open_and_extra_ones_do_not() {
    let fewer = || quiet(3).into_iter().skip(3).collect::<Vec<_>>();
    let missing = diff(quiet(3), fewer());
    assert_seen(&missing, Verdict::NotComparable, Reason::Missing, Ending::Inconclusive);
    let options = Options { allow_missing: true, ..Options::default() };
    let allowed = compare(&Side::of(quiet(3)), &Side::of(fewer()), &options, None);
    assert_seen(&allowed, Verdict::NotComparable, Reason::Missing, Ending::Ok);
    let extra = diff(fewer(), quiet(3));
    assert_eq!(extra.rows.last().unwrap().reason, Some(Reason::Extra));
    assert_eq!(extra.summary.ending, Ending::Ok);
}

#[test]
fn another_setting_is_not_comparable_and_says_which() {
    type Change = fn(&mut Identity);
    let identity = |change: Change| first(quiet(3), |row| change(&mut row.provenance.identity));
    let cases: [(Change, Reason); 5] = [
        (|identity| identity.adapter = "other".into(), Reason::Adapter),
        (|identity| identity.backend = "gl".into(), Reason::Backend),
        (|identity| identity.driver_info = "2".into(), Reason::Driver),
        (|identity| identity.bounds_checks = "off".into(), Reason::BoundsChecks),
        (|identity| identity.build_profile = "debug".into(), Reason::BuildProfile),
    ];
    for (change, reason) in cases {
        let mut base = identity(|_| ());
        for row in &mut base {
            let identity = &mut row.provenance.identity;
            (identity.backend, identity.driver_info) = ("vulkan".into(), "1".into());
            (identity.bounds_checks, identity.build_profile) = ("on".into(), "release".into());
        }
        let new = first(base.clone(), |row| change(&mut row.provenance.identity));
        assert_seen(&diff(base, new), Verdict::NotComparable, reason, Ending::Ok);
    }
    let inputs = first(quiet(3), |row| row.provenance.input_hash = "9".into());
    assert_seen(&diff(quiet(3), inputs), Verdict::NotComparable, Reason::Inputs, Ending::Ok);
    let clock = first(quiet(3), |row| timing(row).method = crate::measurement::TimingMethod::Wall);
    assert_seen(&diff(quiet(3), clock), Verdict::NotComparable, Reason::TimingMethod, Ending::Ok);
}

#[test]
fn another_driver_is_compared_when_asked() {
    let new = first(quiet(3), |row| row.provenance.identity.driver = "e".into());
    let options = Options { allow_driver: true, ..Options::default() };
    let diff = compare(&Side::of(quiet(3)), &Side::of(new), &options, None);
    assert_seen(&diff, Verdict::Same, Reason::WithinMargin, Ending::Ok);
}

#[test]
fn variants_match_when_any_will_do() {
    let new = first(quiet(3), |row| row.variant = "subgroup".into());
    let by_name = diff(quiet(3), new.clone());
    let reasons: Vec<_> = [0, CELLS].map(|place| by_name.rows[place].reason).to_vec();
    assert_eq!(reasons, [Some(Reason::Missing), Some(Reason::Extra)]);
    let options = Options { any_variant: true, ..Options::default() };
    let diff = compare(&Side::of(quiet(3)), &Side::of(new), &options, None);
    assert_seen(&diff, Verdict::Same, Reason::WithinMargin, Ending::Ok);
    assert_eq!(diff.rows[0].variant_new.as_deref(), Some("subgroup"));
}

#[test]
fn runs_of_one_session_are_pairs() {
    let drift = [1.0, 1.3, 0.8, 0.9, 1.1];
    let session = |factor: f64| {
        let mut rows = quiet(5);
        for row in &mut rows {
            let shared = drift[row.run as usize] * factor;
            slow(row, shared, true);
            row.provenance.identity.session = "s".into();
        }
        rows
    };
    let diff = diff(session(1.0), first(session(1.0), |row| slow(row, 1.1, true)));
    assert_seen(&diff, Verdict::Slower, Reason::Confirmed, Ending::Regression);
    assert_eq!((diff.rows[0].pairs, diff.rows[0].test), (5, Some(super::Test::PairedModeratedT)));
}

#[test]
fn runs_of_a_side_must_be_of_one_build_and_count_once() {
    let two = |change: fn(&mut Identity)| {
        let mut side = Side::of(quiet(3));
        side.next_file();
        for mut row in quiet(3) {
            change(&mut row.provenance.identity);
            side.push(row);
        }
        side.check()
    };
    assert_eq!(two(|_| ()), Ok(()));
    assert_eq!(
        two(|identity| identity.tool_commit = "b".into()),
        Err("runs of one side differ in tool_commit: \"\" and \"b\"; compare them one at a time".into())
    );
    let twice = || {
        let mut rows = quiet(3);
        rows.iter_mut().for_each(|row| row.provenance.identity.session = "s".into());
        rows
    };
    let mut side = Side::of(twice());
    side.next_file();
    twice().into_iter().for_each(|row| side.push(row));
    let what = "a run of cell gemv/f16/m=1;n=64;k=64/rows is there twice; a run counts once";
    assert_eq!(side.check(), Err(what.into()));
}

#[test]
fn a_step_of_the_clock_is_no_difference() {
    let coarse = |factor: f64| {
        first(quiet(3), |row| {
            slow(row, factor, true);
            row.provenance.identity.clock_quantum = Some(Seconds(1e-4));
        })
    };
    let diff = diff(coarse(1.0), coarse(1.08));
    assert_eq!(diff.rows[0].verdict, Verdict::Same, "{:#?}", diff.rows[0]);
}

proptest! {
    #[test]
    fn exchanging_the_sides_turns_the_verdict_round(factor in 0.5f64..2.0) {
        let slowed = || first(quiet(3), |row| slow(row, factor, true));
        let (there, back) = (diff(quiet(3), slowed()), diff(slowed(), quiet(3)));
        let turned = match back.rows[0].verdict {
            Verdict::Slower => Verdict::Faster,
            Verdict::Faster => Verdict::Slower,
            other => other,
        };
        prop_assert_eq!(there.rows[0].verdict, turned);
        let product = there.rows[0].time_ratio.unwrap() * back.rows[0].time_ratio.unwrap();
        prop_assert!((product - 1.0).abs() < 1e-9);
    }

    #[test]
    fn faster_rows_never_end_in_a_regression(factors in prop::collection::vec(0.3f64..1.0, CELLS)) {
        let mut new = quiet(3);
        for row in &mut new {
            let cell = (0..CELLS).find(|cell| self::row(*cell, 0, 1.0).op == row.op).unwrap();
            slow(row, factors[cell], true);
        }
        prop_assert_eq!(diff(quiet(3), new).summary.regressions, 0);
    }
}

/// Medians far apart from run to run, over fastest samples that repeat.
fn noisy(runs: u32, device: DeviceType, repeats: bool) -> Vec<Measurement> {
    let mut rows = quiet(runs);
    for (index, row) in rows.iter_mut().enumerate() {
        row.provenance.identity.device_type = device;
        let factor = [1.0, 1.6, 1.2, 1.9, 1.4][(index * 7) % 5];
        slow(row, factor, !repeats);
    }
    rows
}

#[test]
fn noise_leaves_a_check_of_a_gpu_without_an_answer_and_one_of_a_software_adapter_without_a_failure() {
    for (device, ending) in
        [(DeviceType::DiscreteGpu, Ending::Inconclusive), (DeviceType::Software, Ending::Ok)]
    {
        let diff = diff(noisy(3, device, false), noisy(3, device, false));
        assert!(diff.rows.iter().all(|row| row.verdict == Verdict::Unsure), "{:#?}", diff.rows);
        assert_eq!(diff.summary.ending, ending, "{}", diff.summary.ending_reason);
    }
}

#[test]
fn fastest_samples_count_only_where_they_repeat_and_medians_do_not() {
    let basis = |rows: Vec<Measurement>| diff(rows.clone(), rows).summary.basis;
    assert_eq!(basis(quiet(3)), Basis::Median);
    assert_eq!(basis(noisy(3, DeviceType::DiscreteGpu, false)), Basis::Median);
    assert_eq!(basis(noisy(3, DeviceType::DiscreteGpu, true)), Basis::Fastest);
    let new = first(noisy(3, DeviceType::DiscreteGpu, true), |row| slow(row, 1.1, true));
    let found = diff(noisy(3, DeviceType::DiscreteGpu, true), new);
    assert_seen(&found, Verdict::Slower, Reason::Confirmed, Ending::Regression);
}

#[test]
fn a_pair_counts_on_a_slow_device_that_was_the_same_for_both() {
    let session = |mut rows: Vec<Measurement>, calibration: f64| {
        for row in &mut rows {
            row.provenance.identity.session = "s".into();
            let slower = if row.run % 2 == 1 { 1.5 } else { 1.0 };
            calibrated(row, 1e-3 * slower, 1e-3 * slower * calibration);
        }
        rows
    };
    let pairs = |calibration| diff(session(quiet(6), 1.0), session(quiet(6), calibration)).rows[0].pairs;
    assert_eq!(pairs(1.0), 6);
    // The device changed under every pair.
    assert_eq!(pairs(1.3), 0);
}

#[test]
fn many_pairs_find_a_slower_row_under_bursts_that_hide_it_from_the_runs() {
    // A burst slows a pair as a whole, a shorter one either side of it.
    let session = |side: u64| {
        let mut random = Random::new(7 + side);
        let mut rows = quiet(40);
        for row in &mut rows {
            row.provenance.identity.session = "s".into();
            row.provenance.identity.device_type = DeviceType::Software;
            let mut shared = Random::new(u64::from(row.run));
            let both = if shared.unit() < 0.5 { 1.0 + shared.unit() } else { 1.0 };
            let one = if random.unit() < 0.2 { 1.0 + 0.4 * random.unit() } else { 1.0 };
            slow(row, both * one * (1.0 + 0.02 * random.unit()), true);
        }
        rows
    };
    let equal = diff(session(0), session(1));
    assert_eq!((equal.summary.slower, equal.summary.faster), (0, 0), "{:#?}", equal.rows);
    let found = diff(session(0), first(session(1), |row| slow(row, 1.1, true)));
    assert_eq!(found.rows[0].verdict, Verdict::Slower, "{:#?}", found.rows[0]);
    assert_eq!((found.rows[0].test, found.rows[0].pairs), (Some(super::Test::Wilcoxon), 40));
    assert_eq!((found.summary.slower, found.summary.ending), (1, Ending::Regression));
}
