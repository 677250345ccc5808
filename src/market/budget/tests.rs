use super::*;
use crate::cost::own::Ownership;
use crate::cost::own::tests::EXAMPLE;
use crate::market::drift::Drift;
use proptest::prelude::*;

/// 1000 input and 500 output tokens: 40 µs per input and 312.5 µs per output token of one device.
fn need() -> Need {
    Need { tokens_per_day: 1.5e9, isl: 1000, osl: 500, peak_factor: 2.0, utilisation_max: 0.8 }
}

fn supply() -> Supply {
    let exactly = |seconds| Interval::exactly(Seconds(seconds));
    Supply {
        times: Ok([exactly(40e-6), exactly(312.5e-6)]),
        gpus: 1,
        rent: Ok(Interval::exactly(UsdPerHour(2.0))),
        own: Err("no price of a device is known".into()),
        price: Ok(Interval::exactly(UsdPerMtok(0.2))),
        give_back: false,
        drift: None,
        other_rents: vec![],
    }
}

const OWNER: Ownership = Ownership { idle_share: 0.25, ..EXAMPLE };

#[track_caller]
fn near(value: Option<f64>, by_hand: f64) {
    let value = value.unwrap();
    assert!((value / by_hand - 1.0).abs() < 5e-4, "{value} is not {by_hand}");
}

#[test]
fn the_worked_example_matches_the_sum_by_hand() {
    // A token: (2 · 40 + 312.5)/3 = 130.83 µs. A day: 1.5e9 · 130.83e-6 = 196,250 device seconds.
    // Replicas: 2 · 196,250 / (86,400 · 0.8) = 5.68, so 6; each carries 264.2 Mtok a day.
    let answer = budget(&need(), &supply()).unwrap();
    let asked = &answer.asked;
    assert_eq!((asked.gpus, asked.gpus_low, asked.gpus_high), (Some(6), Some(6), Some(6)));
    near(Some(asked.requests_per_day), 1e6);
    near(answer.tokens_per_day_per_replica.map(|step| step.mid), 264.15e6);
    // 196,250 / (6 · 86,400).
    near(asked.utilisation, 0.37857);
    // 6 · 2 · 730, and 1,500 Mtok · 30.41667 · 0.2.
    near(asked.rent_usd_per_month, 8760.0);
    near(asked.buy_usd_per_month, 9125.0);
    // 8,760 / 45,625 Mtok.
    near(asked.rent_usd_per_mtok, 0.19200);
    assert_eq!(asked.verdict, Some(Advice::Rent));
    // 48 USD a day over 0.2 USD/Mtok: 240 Mtok a day. 240 / (264.15 − 240) = 9.94, so ten replicas: from 2,400 Mtok on.
    let crossings = answer.rent_crossings.unwrap();
    near(crossings.mid.map(|crossing| crossing.first_tokens_per_day), 240e6);
    near(crossings.mid.map(|crossing| crossing.stays_tokens_per_day), 2.4e9);
}

#[test]
fn the_cheapest_mix_holds_replicas_as_far_as_the_load_fills_them() {
    // A replica serves 528.3 Mtok a day, 0.3522 of the mean load, so the k-th is needed above (k − 1) · 0.3522 of it. The day
    // is a triangle from 2 to 0. Below 0.3522, 0.7044, … lie 0.3212, 0.5804, 0.7775, 0.9127, 0.9859, 1 of the tokens.
    // The layers 0.3212, 0.2592, 0.1971, 0.1352, 0.0731, 0.0141 cost bought 9,125 times that: 2,931, 2,365, 1,799, 1,234,
    // 667, 129 a month. A replica costs 1,460: three are worth it. 3 · 1,460 + 0.2225 · 9,125 = 6,410.
    let asked = budget(&need(), &supply()).unwrap().asked;
    assert_eq!((asked.mix_rented_gpus, asked.mix_owned_gpus), (Some(3), Some(0)));
    near(asked.mix_bought, 0.22246);
    near(asked.mix_usd_per_month, 6409.9);
}

#[test]
fn rented_replicas_that_are_given_back_cost_only_the_hours_that_need_them() {
    // Needed for 1, 0.8239, 0.6478, 0.4717, 0.2956, 0.1195 of the day: 1,460, 1,203, 946, 689, 432, 174 a month against the
    // tokens above: five replicas, and the last layer is bought.
    let asked = budget(&need(), &Supply { give_back: true, ..supply() }).unwrap().asked;
    assert_eq!(asked.mix_rented_gpus, Some(5));
    near(asked.mix_usd_per_month, 4857.5);
    near(asked.rent_usd_per_month, 8760.0);
}

#[test]
fn an_owner_pays_for_power_as_the_load_needs_it() {
    let answer = budget(
        &need(),
        &Supply { own: Hour::owned(&OWNER).map_err(|refused| refused.to_string()), ..supply() },
    )
    .unwrap();
    let by_formula = OWNER.hour(answer.asked.utilisation.unwrap()).unwrap().usd_per_hour;
    near(answer.asked.own_usd_per_month, 6.0 * 730.0 * by_formula);
    assert_eq!(answer.asked.verdict, Some(Advice::Own));
    assert!(answer.own_crossings.unwrap().mid.is_some());
}

#[test]
fn a_side_without_a_price_is_left_out_with_the_reason_and_never_costs_nothing() {
    let answer = budget(&need(), &Supply { rent: Err("no rent".into()), ..supply() }).unwrap();
    assert_eq!((answer.asked.rent_usd_per_month, answer.asked.own_usd_per_month), (None, None));
    assert_eq!((answer.asked.verdict, answer.asked.cheapest), (None, Some(Side::Buy)));
    assert_eq!(answer.asked.gpus, Some(6), "the need is known without a price");
    assert_eq!((answer.rent_crossings, answer.asked.mix_bought), (None, Some(1.0)));
    let reasons: Vec<_> = answer.left_out.iter().map(|out| (out.side, out.reason.as_str())).collect();
    assert_eq!(reasons, [(Side::Rent, "no rent"), (Side::Own, "no price of a device is known")]);
    let unknown = Supply { times: Err("does not fit".into()), ..supply() };
    let answer = budget(&need(), &unknown).unwrap();
    assert_eq!((answer.asked.gpus, answer.asked.rent_usd_per_month), (None, None));
    near(answer.asked.buy_usd_per_month, 9125.0);
    assert_eq!(answer.left_out[0].reason, "does not fit");
    let nothing = Supply { price: Err("no seller".into()), ..unknown };
    assert_eq!(budget(&need(), &nothing).unwrap().asked.mix_usd_per_month, None);
}

#[test]
fn a_verdict_uses_the_whole_intervals() {
    let wide = Interval { low: Seconds(250e-6), mid: Seconds(312.5e-6), high: Seconds(400e-6) };
    let times = Ok([Interval::exactly(Seconds(40e-6)), wide]);
    let asked = budget(&need(), &Supply { times, ..supply() }).unwrap().asked;
    assert_eq!((asked.gpus_low, asked.gpus, asked.gpus_high), (Some(5), Some(6), Some(7)));
    assert_eq!(asked.verdict, Some(Advice::TooCloseToCall));
    assert_eq!(asked.in_question.as_deref(), Some("rent; buy"));
}

#[test]
fn other_ways_of_renting_are_listed_and_decide_nothing() {
    let spot = OtherRent {
        kind: Kind::Spot,
        providers: "a".into(),
        usd_per_hour: Interval::exactly(UsdPerHour(0.5)),
    };
    let answer = budget(&need(), &Supply { other_rents: vec![spot], ..supply() }).unwrap();
    near(answer.other_rents.first().map(|rent| rent.usd_per_month.mid), 8760.0 / 4.0);
    near(answer.asked.rent_usd_per_month, 8760.0);
}

#[test]
fn a_replica_of_eight_devices_pays_for_eight() {
    let asked = budget(&need(), &Supply { gpus: 8, ..supply() }).unwrap().asked;
    assert_eq!((asked.gpus, asked.gpus_per_replica), (Some(48), 8));
    near(asked.rent_usd_per_month, 8.0 * 8760.0);
}

#[test]
fn the_staircase_goes_from_a_sixteenth_to_sixteen_times() {
    let answer = budget(&need(), &supply()).unwrap();
    let factors: Vec<f64> = answer.steps.iter().map(|row| row.volume_over_asked).collect();
    assert_eq!(factors, [0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0]);
    assert_eq!(answer.steps[4], answer.asked);
}

#[test]
fn a_drift_is_followed_month_by_month() {
    let drift = Drift { price_per_month: -0.05, load_per_month: 0.1, software_per_month: 0.0 };
    let answer = budget(&need(), &Supply { drift: Some(drift), ..supply() }).unwrap();
    assert_eq!(answer.months.len(), 25);
    assert_eq!(answer.months[0], answer.asked);
    let year = &answer.months[12];
    near(Some(year.tokens_per_day), 1.5e9 * 1.1f64.powi(12));
    // 5.68 · 1.1^12 = 17.8 replicas; bought 9,125 · (1.1 · 0.95)^12.
    assert_eq!((year.gpus, year.months_from_now), (Some(18), 12));
    near(year.buy_usd_per_month, 9125.0 * 1.045f64.powi(12));
    assert_eq!((answer.asked.verdict, year.verdict), (Some(Advice::Rent), Some(Advice::Buy)));
    let vast = Drift { load_per_month: 9.0, ..drift };
    let answer = budget(&need(), &Supply { drift: Some(vast), ..supply() }).unwrap();
    assert_eq!(answer.months.len(), 5, "5.68e4 replicas are the most below the limit");
    let gone = Drift { load_per_month: -1.0, ..drift };
    assert!(budget(&need(), &Supply { drift: Some(gone), ..supply() }).is_err());
}

#[test]
fn nonsense_is_refused_with_a_sentence() {
    for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        for broken in [
            Need { tokens_per_day: bad, ..need() },
            Need { peak_factor: bad, ..need() },
            Need { utilisation_max: bad, ..need() },
        ] {
            assert!(budget(&broken, &supply()).is_err(), "{broken:?}");
        }
        let rent = Ok(Interval::exactly(UsdPerHour(bad)));
        assert!(budget(&need(), &Supply { rent, ..supply() }).is_err());
        let price = Ok(Interval::exactly(UsdPerMtok(bad)));
        assert!(budget(&need(), &Supply { price, ..supply() }).is_err());
    }
    let low = budget(&Need { peak_factor: 0.5, ..need() }, &supply()).unwrap_err();
    assert_eq!(low, "a peak factor of 0.5 is below 1: the busiest moment has at least the mean load");
    assert!(budget(&Need { utilisation_max: 1.1, ..need() }, &supply()).is_err());
    let vast = budget(&Need { tokens_per_day: 1e17, ..need() }, &supply()).unwrap_err();
    assert!(vast.ends_with("give a smaller volume"), "{vast}");
}

prop_compose! {
    fn cases()(
        tokens_per_day in 1e6f64..1e9, peak_factor in 1.0f64..6.0, utilisation_max in 0.1f64..1.0,
        input in 1e-6f64..1e-4, output in 1e-5f64..1e-3, slow in 1.0f64..2.0,
        rent in 0.1f64..20.0, dear in 1.0f64..2.0, price in 0.01f64..10.0, give_back: bool, owns: bool,
    ) -> (Need, Supply) {
        let ends = |mid: f64, factor: f64| Interval { low: mid / factor, mid, high: mid * factor };
        let time = |mid: f64| ends(mid, slow).map(Seconds);
        (
            Need { tokens_per_day, isl: 1500, osl: 300, peak_factor, utilisation_max },
            Supply {
                times: Ok([time(input), time(output)]),
                gpus: 2,
                rent: Ok(ends(rent, dear).map(UsdPerHour)),
                own: if owns { Hour::owned(&OWNER).map_err(|refused| refused.to_string()) } else { Err("none".into()) },
                price: Ok(ends(price, dear).map(UsdPerMtok)),
                give_back,
                drift: None,
                other_rents: vec![],
            },
        )
    }
}

proptest! {
    #[test]
    fn no_side_alone_is_cheaper_than_the_mix((need, supply) in cases()) {
        let answer = budget(&need, &supply).map_err(TestCaseError::fail)?;
        for row in &answer.steps {
            for (_, cost) in row.sides() {
                for (mix, side) in [
                    (row.mix_usd_per_month_low, cost.low),
                    (row.mix_usd_per_month, cost.mid),
                    (row.mix_usd_per_month_high, cost.high),
                ] {
                    prop_assert!(mix.is_some_and(|mix| mix <= side * (1.0 + 1e-9)), "{row:?}");
                }
            }
            prop_assert!(row.mix_bought.is_some_and(|share| (-1e-9..=1.0 + 1e-9).contains(&share)));
        }
    }

    #[test]
    fn more_volume_never_costs_less((need, supply) in cases(), more in 1.0f64..1.5) {
        let costs = |tokens_per_day| {
            let need = Need { tokens_per_day, ..need };
            let row = budget(&need, &supply).map(|answer| answer.asked).map_err(TestCaseError::fail)?;
            Ok::<_, TestCaseError>([row.gpus.map(|gpus| gpus as f64), row.rent_usd_per_month, row.own_usd_per_month, row.buy_usd_per_month, row.mix_usd_per_month])
        };
        for (less, more) in costs(need.tokens_per_day)?.into_iter().zip(costs(need.tokens_per_day * more)?) {
            prop_assert!(less.is_none() || less.unwrap() <= more.unwrap() * (1.0 + 1e-9));
        }
    }

    #[test]
    fn the_replicas_carry_the_peak_and_one_fewer_would_not((need, supply) in cases()) {
        let answer = budget(&need, &supply).map_err(TestCaseError::fail)?;
        let step = answer.tokens_per_day_per_replica.unwrap().mid;
        for row in &answer.steps {
            let replicas = row.gpus.unwrap() as f64 / 2.0;
            prop_assert!(replicas * step >= row.tokens_per_day * (1.0 - 1e-9));
            prop_assert!((replicas - 1.0) * step < row.tokens_per_day);
            prop_assert!(row.utilisation.unwrap() <= need.utilisation_max / need.peak_factor * (1.0 + 1e-9));
        }
    }

    #[test]
    fn no_other_split_into_owned_rented_and_bought_is_cheaper(
        (need, supply) in cases(), owned in 0u32..40, rented in 0u32..40,
    ) {
        // The split by hand, own first: its own formula, from the area under the day.
        let need = Need { tokens_per_day: need.tokens_per_day.min(3e9), ..need };
        let supply = Supply { own: Ok(Hour::owned(&Ownership { idle_share: 1.0, ..OWNER }).unwrap()), give_back: false, ..supply };
        let row = budget(&need, &supply).map_err(TestCaseError::fail)?.asked;
        let step = budget(&need, &supply).unwrap().tokens_per_day_per_replica.unwrap().mid;
        let level = f64::from(owned + rented) * step * need.peak_factor / need.tokens_per_day;
        let bought = 1.0 - Day { peak: need.peak_factor }.below(level);
        let hours = 2.0 * HOURS;
        let own = OWNER.hour(1.0).unwrap().usd_per_hour;
        let usd = f64::from(owned) * hours * own
            + f64::from(rented) * hours * supply.rent.clone().unwrap().mid.0
            + bought * row.buy_usd_per_month.unwrap();
        prop_assert!(row.mix_usd_per_month.unwrap() <= usd * (1.0 + 1e-9), "{usd} {row:?}");
    }
}

const HOURS: f64 = crate::cost::HOURS_PER_MONTH;
