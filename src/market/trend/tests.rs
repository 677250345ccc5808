use super::*;
use proptest::prelude::*;

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// A series that starts in 2026-01; `0.0` is a month without a value.
fn series(values: &[f64]) -> Series {
    let months = month("2026-01").through(month("2030-12"));
    months.zip(values.iter().copied()).filter(|(_, value)| *value != 0.0).collect()
}

fn rules(flat: OnRun, gap: OnRun) -> Rules {
    Rules { flat, gap, ..Rules::of("test") }
}

fn lengths(values: &[f64], rules: &Rules) -> Vec<Option<i32>> {
    trends(&series(values), rules).values().map(|trend| trend.streak).collect()
}

#[test]
fn a_month_is_compared_with_the_one_directly_before() {
    let found = trends(&series(&[1.0, 1.5, 0.0, 3.0]), &Rules::of("test"));
    let moms: Vec<_> = found.values().map(|trend| (trend.mom, trend.mom_from)).collect();
    assert_eq!(moms, [(None, None), (Some(0.5), Some(month("2026-01"))), (None, None)]);
}

#[test]
fn where_gaps_hold_the_change_names_the_month_it_starts_from() {
    let found = trends(&series(&[1.0, 1.5, 0.0, 3.0]), &rules(OnRun::Break, OnRun::Hold));
    let last = found[&month("2026-04")];
    assert_eq!((last.mom, last.mom_from, last.streak), (Some(1.0), Some(month("2026-02")), Some(2)));
}

#[test]
fn year_over_year_needs_the_very_month_a_year_before() {
    let mut year = series(&[2.0; 12]);
    year.insert(month("2027-01"), 3.0);
    assert_eq!(year_over_year(&year, month("2027-01")), Some(0.5));
    year.remove(&month("2026-01"));
    assert_eq!(year_over_year(&year, month("2027-01")), None);
}

#[test]
fn streaks_count_signed_months() {
    let usual = Rules::of("test");
    let rising = [1.0, 1.1, 1.2, 1.1, 1.0, 1.1];
    assert_eq!(lengths(&rising, &usual), [None, Some(1), Some(2), Some(-1), Some(-2), Some(1)]);
}

#[test]
fn flat_months_break_or_hold_a_run() {
    let values = [1.0, 1.1, 1.1, 1.2];
    assert_eq!(lengths(&values, &rules(OnRun::Break, OnRun::Break)), [None, Some(1), Some(0), Some(1)]);
    assert_eq!(lengths(&values, &rules(OnRun::Hold, OnRun::Break)), [None, Some(1), Some(1), Some(2)]);
    // A fall after a held rise starts a run of its own.
    assert_eq!(lengths(&[1.0, 1.1, 1.1, 1.0], &rules(OnRun::Hold, OnRun::Break))[3], Some(-1));
}

#[test]
fn missing_months_break_or_hold_a_run() {
    let values = [1.0, 1.1, 0.0, 1.2, 1.3];
    assert_eq!(lengths(&values, &rules(OnRun::Break, OnRun::Break)), [None, Some(1), None, Some(1)]);
    assert_eq!(lengths(&values, &rules(OnRun::Break, OnRun::Hold)), [None, Some(1), Some(2), Some(3)]);
}

#[test]
fn a_move_of_exactly_the_tolerance_is_flat_in_decimal_figures() {
    for (before, tolerance) in [(1.0, 0.05), (2.0, 0.005), (3.0, 0.1), (0.7, 0.01)] {
        let rules = Rules { tolerance, ..Rules::of("test") };
        assert_eq!(rules.judge(before, before * (1.0 + tolerance)), Move::Flat, "{before}");
        assert_eq!(rules.judge(before, before * (1.0 - tolerance)), Move::Flat, "{before}");
        assert_eq!(rules.judge(before, before * (1.0 + 1.001 * tolerance)), Move::Up, "{before}");
        assert_eq!(rules.judge_change(-1.001 * tolerance), Move::Down);
        assert_eq!(rules.judge_change(tolerance), Move::Flat);
    }
}

#[test]
fn a_tenth_of_a_cent_is_no_rise_even_without_tolerance() {
    let rules = Rules { tolerance: 0.0, floor: 0.001, ..Rules::of("test") };
    assert_eq!(rules.judge(1.0, 1.001), Move::Flat);
    assert_eq!(rules.judge(2.35, 2.349), Move::Flat);
    assert_eq!(rules.judge(1.0, 1.002), Move::Up);
}

#[test]
fn the_compound_rate_leads_from_end_to_end() {
    // 1.70 in October to 2.35 in March: 6.7 % a month.
    let rent = BTreeMap::from([(month("2025-10"), 1.70), (month("2026-03"), 2.35)]);
    let rate = compound_monthly(&rent, month("2025-10"), month("2026-03")).unwrap();
    assert!((rate - 0.0669).abs() < 5e-5, "{rate}");
    // 100 G to 140 T a day over 26 months: 32 % a month.
    let usage = BTreeMap::from([(month("2024-01"), 100e9), (month("2026-03"), 140e12)]);
    let rate = compound_monthly(&usage, month("2024-01"), month("2026-03")).unwrap();
    assert!((rate - 0.3213).abs() < 5e-5, "{rate}");
    assert_eq!(compound_monthly(&rent, month("2026-03"), month("2025-10")), None);
    assert_eq!(compound_monthly(&rent, month("2025-10"), month("2025-10")), None);
    assert_eq!(compound_monthly(&rent, month("2025-11"), month("2026-03")), None);
}

#[test]
fn nothing_is_a_change_to_or_from_what_is_no_amount() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!((change(bad, 1.0), change(1.0, bad)), (None, None), "{bad}");
    }
    assert_eq!(change(f64::MIN_POSITIVE, f64::MAX), None);
}

#[test]
fn rules_are_part_of_what_is_written() {
    let json = serde_json::to_value(Rules::of("median of providers")).unwrap();
    let expected = serde_json::json!({"estimator": "median of providers", "tolerance": 0.005, "floor": 0.0,
        "flat": "break", "gap": "break"});
    assert_eq!(json, expected);
}

fn some_rules() -> impl Strategy<Value = Rules> {
    let on_run = || prop_oneof![Just(OnRun::Break), Just(OnRun::Hold)];
    (0.0f64..0.2, on_run(), on_run()).prop_map(|(tolerance, flat, gap)| Rules {
        tolerance,
        flat,
        gap,
        ..Rules::of("test")
    })
}

fn some_series() -> impl Strategy<Value = Series> {
    prop::collection::btree_map(
        (0i32..40).prop_map(|month| Month::new(2024, 1).unwrap().plus(month)),
        0.1f64..10.0,
        0..30,
    )
}

proptest! {
    #[test]
    fn turning_a_series_round_turns_its_moves_round(series in some_series(), rules in some_rules()) {
        // Around 1, so that the tolerance is the same share of both.
        let turned: BTreeMap<Month, Move> = moves(&series, &rules).into_iter().map(|(month, step)| (month, match step {
            Move::Up => Move::Down,
            Move::Down => Move::Up,
            Move::Flat => Move::Flat,
        })).collect();
        let before = streaks(&moves(&series, &rules), &rules);
        let after = streaks(&turned, &rules);
        prop_assert!(before.iter().zip(&after).all(|((_, a), (_, b))| *a == -*b));
    }

    #[test]
    fn no_streak_is_longer_than_its_series_and_each_step_is_at_most_one(series in some_series(), rules in some_rules()) {
        let found = trends(&series, &rules);
        prop_assert_eq!(found.len(), series.len());
        let mut last = 0i32;
        for trend in found.values() {
            let length = trend.streak.unwrap_or_default();
            prop_assert!(length.abs() <= last.abs() + 1 && length.unsigned_abs() as usize <= series.len());
            last = length;
        }
    }

    #[test]
    fn the_unit_of_a_series_changes_nothing(series in some_series(), rules in some_rules(), factor in 0.001f64..1000.0) {
        let scaled: Series = series.iter().map(|(month, value)| (*month, value * factor)).collect();
        let (one, other) = (trends(&series, &rules), trends(&scaled, &rules));
        for (a, b) in one.values().zip(other.values()) {
            prop_assert_eq!(a.mom_from, b.mom_from);
            let close = |a: Option<f64>, b: Option<f64>| a.zip(b).is_none_or(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + a.abs()));
            prop_assert!(close(a.mom, b.mom) && close(a.yoy, b.yoy));
        }
    }

    #[test]
    fn compounding_the_rate_gives_the_last_value(series in some_series()) {
        if let (Some((&from, &first)), Some((&to, &last))) = (series.first_key_value(), series.last_key_value())
            && from < to
        {
            let rate = compound_monthly(&series, from, to).unwrap();
            let again = first * (1.0 + rate).powi(to.since(from));
            prop_assert!((again / last - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn without_gaps_the_gap_rule_changes_nothing(values in prop::collection::vec(0.1f64..10.0, 0..30), rules in some_rules()) {
        let other = Rules { gap: if rules.gap == OnRun::Hold { OnRun::Break } else { OnRun::Hold }, ..rules.clone() };
        prop_assert_eq!(trends(&series(&values), &rules), trends(&series(&values), &other));
    }
}

/// The moves that a series makes from month to month.
fn moves(series: &Series, rules: &Rules) -> BTreeMap<Month, Move> {
    let pairs = series.iter().zip(series.iter().skip(1));
    pairs.map(|((_, before), (month, after))| (*month, rules.judge(*before, *after))).collect()
}
