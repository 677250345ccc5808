use super::*;
use crate::price::Mix;
use proptest::prelude::*;

fn exactly(seconds: f64) -> Interval<Seconds> {
    Interval { low: Seconds(seconds), mid: Seconds(seconds), high: Seconds(seconds) }
}

fn inputs() -> CostInputs {
    CostInputs {
        usd_per_hour: UsdPerHour(2.0),
        gpus: 1.0,
        utilisation: 1.0,
        batch: 64.0,
        step: exactly(20e-3),
        prefill_per_token: exactly(40e-6),
    }
}

/// Equal to the four digits that are written.
fn assert_four_digits(value: f64, written: f64) {
    assert!((value / written - 1.0).abs() < 5e-4, "{value} is not {written}");
}

#[test]
fn a_dollar_per_hour_over_a_rate_matches_the_published_form() {
    let cost = usd_per_mtok(TokensPerSecond(2000.0), UsdPerHour(1.69), 1.0).unwrap();
    assert_four_digits(cost.0, 0.2347);
    assert_four_digits(0.5 * 1.69 / 3.6, cost.0);
}

#[test]
fn time_share_gives_the_worked_example() {
    let cost = inputs().cost(Mix::of_request(1000, 500).unwrap()).unwrap();
    assert_four_digits(cost.input.mid.0, 0.02222);
    assert_four_digits(cost.output.mid.0, 0.1736);
    assert_four_digits(cost.blended.mid.0, 0.07269);
    assert_four_digits((1000.0 * cost.input.mid.0 + 500.0 * cost.output.mid.0) / 1e6, 0.0001090);
    // The whole-hour views of the same run: every token of one sort pays for both.
    let tpot = 20e-3 + 64.0 * (1000.0 / 500.0) * 40e-6;
    let out_per_s = 64.0 / tpot;
    assert_four_digits(tpot, 25.12e-3);
    assert_four_digits(out_per_s, 2548.0);
    let whole = |rate| usd_per_mtok(TokensPerSecond(rate), UsdPerHour(2.0), 1.0).unwrap().0;
    assert_four_digits(whole(2.0 * out_per_s), 0.1090);
    assert_four_digits(whole(out_per_s), 0.2181);
}

#[test]
fn break_evens_match_the_worked_example() {
    let (rent, price) = (UsdPerHour(2.35), 0.30);
    let full = usd_per_mtok(TokensPerSecond(3000.0), rent, 1.0).unwrap();
    let at = |share: f64| BreakEven::between(full, rent, 1.0, UsdPerMtok(share * price)).unwrap();
    assert_four_digits(at(1.0).utilisation, 0.7253);
    assert_four_digits(at(1.0).usd_per_hour.0, 3.240);
    assert_four_digits(at(0.9).utilisation, 0.8059);
    assert_four_digits(at(0.6).utilisation, 1.209);
    assert!(at(0.6).never_wins() && !at(1.0).never_wins());
}

#[test]
fn break_even_utilisation_does_not_depend_on_the_utilisation_now() {
    let price = UsdPerMtok(0.30);
    let at = |share| {
        let cost = usd_per_mtok(TokensPerSecond(3000.0), UsdPerHour(2.35), share).unwrap();
        BreakEven::between(cost, UsdPerHour(2.35), share, price).unwrap()
    };
    assert_four_digits(at(0.4).utilisation, at(1.0).utilisation);
    assert_four_digits(at(0.4).usd_per_hour.0, 3.240 * 0.4);
}

#[test]
fn nonsense_is_refused_with_a_sentence() {
    let mix = Mix::new(2.0).unwrap();
    for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        for broken in [
            CostInputs { usd_per_hour: UsdPerHour(bad), ..inputs() },
            CostInputs { gpus: bad, ..inputs() },
            CostInputs { utilisation: bad, ..inputs() },
            CostInputs { batch: bad, ..inputs() },
            CostInputs { step: exactly(bad), ..inputs() },
            CostInputs { prefill_per_token: exactly(bad), ..inputs() },
        ] {
            assert!(matches!(broken.cost(mix), Err(Refused::NotPositive { .. })), "{broken:?}");
        }
        let (rent, price) = (UsdPerHour(1.0), UsdPerMtok(1.0));
        assert!(usd_per_mtok(TokensPerSecond(bad), rent, 1.0).is_err());
        assert!(BreakEven::between(UsdPerMtok(bad), rent, 1.0, price).is_err());
        assert!(BreakEven::between(price, rent, 1.0, UsdPerMtok(bad)).is_err());
    }
    let over = CostInputs { utilisation: 1.01, ..inputs() }.cost(mix).unwrap_err();
    assert_eq!(over.to_string(), "utilisation 1.01 is above 1, which is all paid hours");
    let zero = CostInputs { batch: 0.0, ..inputs() }.cost(mix).unwrap_err();
    assert_eq!(zero.to_string(), "batch 0 is not a finite number > 0");
    let turned = Interval { low: Seconds(2.0), mid: Seconds(1.0), high: Seconds(3.0) };
    assert!(CostInputs { step: turned, ..inputs() }.cost(mix).is_err());
    let vast = CostInputs { usd_per_hour: UsdPerHour(1e300), step: exactly(1e300), ..inputs() };
    assert_eq!(vast.cost(mix), Err(Refused::OutOfRange));
}

proptest! {
    #[test]
    fn elasticities_are_one_and_minus_one(
        rate in 1.0f64..1e6, hour in 0.01f64..100.0, load in 0.01f64..0.5, factor in 1.01f64..2.0,
    ) {
        let cost = |rate, hour, load| {
            let cost = usd_per_mtok(TokensPerSecond(rate), UsdPerHour(hour), load);
            cost.map(|cost| cost.0).map_err(|refused| TestCaseError::fail(refused.to_string()))
        };
        let base = cost(rate, hour, load)?;
        prop_assert!((cost(rate, hour * factor, load)? / base / factor - 1.0).abs() < 1e-12);
        prop_assert!((cost(rate, hour, load * factor)? / base * factor - 1.0).abs() < 1e-12);
        prop_assert!((cost(rate * factor, hour, load)? / base * factor - 1.0).abs() < 1e-12);
    }

    #[test]
    fn input_and_output_add_up_to_the_request(
        isl in 1u64..100_000, osl in 1u64..10_000, batch in 1.0f64..512.0,
        step in 1e-4f64..1.0, prefill in 1e-7f64..1e-2, rent in 0.01f64..100.0, share in 0.01f64..1.0,
    ) {
        let mix = Mix::of_request(isl, osl).map_err(TestCaseError::fail)?;
        let inputs = CostInputs {
            usd_per_hour: UsdPerHour(rent), gpus: 2.0, utilisation: share, batch,
            step: exactly(step), prefill_per_token: exactly(prefill),
        };
        let cost = inputs.cost(mix).map_err(|refused| TestCaseError::fail(refused.to_string()))?;
        let (isl, osl) = (isl as f64, osl as f64);
        // A request holds the device for its prefill and for its share of each step.
        let device_s = isl * prefill + osl * step / batch;
        let request = device_s * rent * 2.0 / (3600.0 * share);
        let parts = (isl * cost.input.mid.0 + osl * cost.output.mid.0) / 1e6;
        let blended = (isl + osl) * cost.blended.mid.0 / 1e6;
        prop_assert!((parts / request - 1.0).abs() < 1e-12);
        prop_assert!((blended / request - 1.0).abs() < 1e-12);
    }

    #[test]
    fn longer_times_cost_more(low in 1e-4f64..1.0, more in 1.0f64..3.0, most in 1.0f64..3.0) {
        let time = Interval { low: Seconds(low), mid: Seconds(low * more), high: Seconds(low * more * most) };
        let inputs = CostInputs { step: time, prefill_per_token: time, ..inputs() };
        let mix = Mix::new(3.0).map_err(TestCaseError::fail)?;
        let cost = inputs.cost(mix).map_err(|refused| TestCaseError::fail(refused.to_string()))?;
        for interval in [cost.input, cost.output, cost.blended] {
            prop_assert!(interval.low <= interval.mid && interval.mid <= interval.high);
        }
    }
}
