//! Months, days covered, shares.

use super::*;
use crate::price::origin::read_origins;
use crate::price::usage::read_usage;

fn tracker(text: &str, query: &Query) -> UsageTracker {
    let origins = read_origins(&include_bytes!("../../../data/origins.csv")[..]).unwrap();
    track(&read_usage(text.as_bytes()).unwrap(), &origins, query).unwrap()
}

fn month(text: &str) -> Option<Month> {
    Some(text.parse().unwrap())
}

#[test]
fn a_month_with_missing_days_is_not_a_smaller_one() {
    let text =
        "date,total_tokens\n2026-05-01,100\n2026-05-02,100\n2026-06-10,120\n2026-06-11,120\n2026-06-12,120\n";
    let tracker = tracker(text, &Query::default());
    let [may, june] = tracker.months.as_slice() else { panic!("{tracker:?}") };
    assert_eq!((may.mean_tokens_per_day, may.days, may.days_of_month), (100.0, 2, 31));
    assert_eq!((june.mean_tokens_per_day, june.days, june.streak), (120.0, 3, Some(1)));
    assert!((june.mom.unwrap() - 0.2).abs() < 1e-12);
    assert_eq!((tracker.scope.days, tracker.scope.days_of_period), (5, 43));
    assert!(tracker.warnings[0].contains("2026-05 (2 of 31), 2026-06 (3 of 30)"), "{:?}", tracker.warnings);
}

#[test]
fn a_row_dated_by_month_counts_all_its_days() {
    let text = "date,total_tokens\n2025-06,300\n2026-05,310\n2026-06,600\n";
    let tracker = tracker(text, &Query::default());
    let june = tracker.months.last().unwrap();
    assert_eq!((june.mean_tokens_per_day, june.days), (20.0, 30));
    assert_eq!((june.mom, june.yoy), (Some(1.0), Some(1.0)));
    let compound = tracker.compound.unwrap();
    assert!((compound.monthly - (2.0_f64.powf(1.0 / 12.0) - 1.0)).abs() < 1e-12);
    assert!(tracker.warnings.is_empty() && tracker.shares.is_empty());
}

#[test]
fn models_of_one_day_cover_one_day_and_share_its_tokens() {
    let text = "date,total_tokens,model,origin\n\
                2026-05-01,60,openai/gpt-4o,\n2026-05-01,40,deepseek/deepseek-v3,\n\
                2026-06-01,50,openai/gpt-4o,\n2026-06-01,100,deepseek/deepseek-v3,\n2026-06-01,50,x,FR\n";
    let tracker = tracker(text, &Query { by: Some(By::Origin), ..Query::default() });
    assert_eq!(tracker.months[0].days, 1);
    let origins: Vec<(&str, f64)> = tracker
        .shares
        .iter()
        .filter(|share| share.by == "origin")
        .map(|share| (share.group.as_str(), share.share))
        .collect();
    assert_eq!(origins, [("US", 0.25), ("FR", 0.25), ("CN", 0.5)], "the largest move first");
    let deepseek = tracker.shares.iter().find(|share| share.group == "deepseek/deepseek-v3").unwrap();
    assert_eq!((deepseek.share_before, deepseek.change), (Some(0.4), Some(1.5)));
    let china: Vec<&GroupMonth> = tracker.groups.iter().filter(|row| row.group == "CN").collect();
    assert_eq!(
        (china[1].month, china[1].mean_tokens_per_day, china[1].mom),
        (month("2026-06"), 100.0, Some(1.5))
    );
    for at in ["2026-05", "2026-06"] {
        let sum: f64 = tracker.groups.iter().filter(|row| row.month == month(at)).map(|row| row.share).sum();
        assert!((sum - 1.0).abs() < 1e-12, "shares of a month add up");
    }
}

#[test]
fn weekly_files_have_week_over_week_changes_and_no_months() {
    let text = "week,total_tokens,origin\n2026-03-02,700,CN\n2026-03-09,770,CN\n2026-03-23,700,CN\n";
    let tracker = tracker(text, &Query::default());
    assert_eq!((tracker.period, tracker.months.len()), (Span::Week, 0));
    assert!((tracker.weeks[1].wow.unwrap() - 0.1).abs() < 1e-12);
    assert_eq!((tracker.weeks[1].mean_tokens_per_day, tracker.weeks[1].streak_weeks), (110.0, Some(1)));
    assert_eq!((tracker.weeks[2].wow, tracker.weeks[2].streak_weeks), (None, None), "a week is missing");
    assert!(tracker.warnings[0].contains("week-over-week"));
}

#[test]
fn months_outside_of_the_window_still_are_what_changes_are_since() {
    let query = Query { from: month("2026-06"), ..Query::default() };
    let shown = tracker("date,tokens\n2026-05,310\n2026-06,600\n", &query);
    assert_eq!((shown.months.len(), shown.months[0].mom), (1, Some(1.0)));
    let late = Query { from: month("2027-01"), ..Query::default() };
    let origins = Origins::default();
    assert!(track(&read_usage(&b"date,tokens\n2026-05,310\n"[..]).unwrap(), &origins, &late).is_err());
}

#[test]
fn models_of_unknown_makers_are_counted_aloud() {
    let tracker = tracker("date,tokens,model\n2026-05,310,who/knows\n2026-05,1,other\n", &Query::default());
    assert_eq!(tracker.warnings, ["1 models of unknown origin, such as who/knows"]);
}
