//! The parts add up, and what has no price is told.

use proptest::prelude::*;

use super::*;

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn used(month_text: &str, model: &str, origin: &str, tokens_per_day: f64) -> ModelMonth {
    ModelMonth { month: month(month_text), model: model.into(), origin: Some(origin.into()), tokens_per_day }
}

fn two_months() -> Vec<ModelMonth> {
    vec![
        used("2026-05", "cheap", "CN", 600e6),
        used("2026-05", "dear", "US", 400e6),
        used("2026-06", "cheap", "CN", 1000e6),
        used("2026-06", "dear", "US", 500e6),
        used("2026-06", "odd", "FR", 500e6),
    ]
}

/// `cheap` costs 1 and then 0.5, `dear` 10 throughout, `odd` nothing that is known.
fn prices(model: &str, at: Month) -> Option<f64> {
    match model {
        "cheap" if at >= month("2026-06") => Some(0.5),
        "cheap" => Some(1.0),
        "dear" => Some(10.0),
        _ => None,
    }
}

#[test]
fn volume_and_price_add_up_to_spend() {
    let tracker = track(&two_months(), &prices, "test", None).unwrap();
    let [may, june] = tracker.months.as_slice() else { panic!("{tracker:?}") };
    assert_eq!((may.spend_usd_per_day, june.spend_usd_per_day), (Some(4600.0), Some(5500.0)));
    assert!((june.log_spend.unwrap() - (5500.0_f64 / 4600.0).ln()).abs() < 1e-12);
    assert!((june.log_volume.unwrap() - 1.5_f64.ln()).abs() < 1e-12, "odd has no price and is not compared");
    let sum = june.log_volume.unwrap() + june.log_like_for_like.unwrap() + june.log_mix.unwrap();
    assert!((sum - june.log_spend.unwrap()).abs() < 1e-12);
    let weight = (600.0 / 4600.0 + 500.0 / 5500.0) / 2.0;
    assert!((june.log_like_for_like.unwrap() - weight * 0.5_f64.ln()).abs() < 1e-12);
    assert_eq!((june.compared, may.log_spend), (2, None));
}

#[test]
fn three_prices_are_kept_apart() {
    let tracker = track(&two_months(), &prices, "test", None).unwrap();
    let june = &tracker.months[1];
    assert!((june.weighted_usd_per_mtok.unwrap() - 5500.0 / 1500.0).abs() < 1e-12);
    assert!((june.basket_usd_per_mtok.unwrap() - (0.6 * 0.5 + 0.4 * 10.0)).abs() < 1e-12, "May's shares");
    assert_eq!(june.simple_usd_per_mtok, Some(5.25));
    assert_eq!(tracker.basket_month, month("2026-05"));
}

#[test]
fn usage_without_a_price_is_listed_and_never_priced_zero() {
    let tracker = track(&two_months(), &prices, "test", None).unwrap();
    assert_eq!((tracker.unpriced[0].model.as_str(), tracker.unpriced[0].share_of_tokens), ("odd", 0.25));
    assert_eq!(tracker.months[1].priced_share, 0.75);
    assert!(tracker.warnings[0].contains("only 75.0 % of the tokens have a price"), "{:?}", tracker.warnings);
    let nothing = track(&two_months(), &|_, _| None, "test", None).unwrap();
    assert_eq!((nothing.months[1].spend_usd_per_day, nothing.months[1].mom), (None, None));
}

#[test]
fn shares_of_tokens_and_of_spend_give_the_price_ratio_of_an_origin() {
    let tracker = track(&two_months(), &prices, "test", None).unwrap();
    let us = &tracker.origins[0];
    assert_eq!((us.origin.as_str(), us.usd_per_mtok), ("US", Some(10.0)));
    assert!(
        (us.share_of_tokens - 1.0 / 3.0).abs() < 1e-12 && (us.share_of_spend - 5000.0 / 5500.0).abs() < 1e-12
    );
    assert!((us.price_ratio_to_others.unwrap() - 20.0).abs() < 1e-9);
    assert_eq!((tracker.top.by_tokens[0].0.as_str(), tracker.top.by_spend[0].0.as_str()), ("cheap", "dear"));
}

#[test]
fn a_basket_month_without_usage_is_refused() {
    let refused = track(&two_months(), &prices, "test", Some(month("2020-01"))).unwrap_err();
    assert_eq!(refused, "has no usage in the basket's month 2020-01");
}

proptest! {
    #[test]
    fn the_split_is_exact_for_any_usage_and_prices(
        rows in prop::collection::vec((0.0f64..1e12, 0.0f64..1e12, 0.01f64..100.0, 0.01f64..100.0), 1..8)
    ) {
        let mut usage = Vec::new();
        for (at, (before, after, ..)) in rows.iter().enumerate() {
            usage.push(used("2026-05", &at.to_string(), "US", *before));
            usage.push(used("2026-06", &at.to_string(), "US", *after));
        }
        let price = |model: &str, at: Month| {
            let (.., before, after) = rows[model.parse::<usize>().unwrap()];
            Some(if at == month("2026-05") { before } else { after })
        };
        let tracker = track(&usage, &price, "test", None).map_err(TestCaseError::fail)?;
        let june = &tracker.months[1];
        if let (Some(spend), Some(volume), Some(of_price)) = (june.log_spend, june.log_volume, june.log_price) {
            prop_assert!((volume + of_price - spend).abs() < 1e-9 * (1.0 + spend.abs()));
            let direct = june.spend_usd_per_day.unwrap() / tracker.months[0].spend_usd_per_day.unwrap();
            prop_assert!((spend.exp() / direct - 1.0).abs() < 1e-9, "every model has a price: nothing is left out");
        }
    }
}
