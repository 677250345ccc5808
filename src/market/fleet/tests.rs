use super::*;
use crate::cost::own::tests::EXAMPLE as OWNER;
use crate::market::Policy;
use crate::market::budget::Hour;
use crate::market::compare::{CompareInput, Compared, Rent, compare};
use crate::op::Format;
use crate::price::Mix;
use crate::price::token::{Market, market, read_tokens};
use crate::throughput::{Bound, Estimate, Fit, Rates, Serving, Source, Workload};
use crate::units::{Seconds, TokensPerSecond};
use jiff::civil::date;
use proptest::prelude::*;

/// One seller at 0.2 USD per million tokens of any kind.
fn seller() -> Market {
    let text = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n\
                m,s,,0.2,0.2,,2026-06-01,p\n";
    let listings = read_tokens(text.as_bytes()).unwrap();
    market(&listings, "m", date(2026, 6, 30), Mix::new(2.0).unwrap(), 365).unwrap()
}

fn around<T>(mid: f64, of: impl Fn(f64) -> T) -> Interval<T> {
    Interval { low: of(mid * 0.9), mid: of(mid), high: of(mid * 1.1) }
}

/// A batch of 64 at 20 ms a step, 40 µs per input token.
fn rates() -> Rates {
    let per_second = |seconds: f64| around(seconds, Seconds).invert(|s| TokensPerSecond(1.0 / s.0));
    Rates {
        step_s: around(20e-3, Seconds),
        prefill_s_per_token: around(40e-6, Seconds),
        ttft_s: around(40e-3, Seconds),
        tpot_s: around(25.12e-3, Seconds),
        prefill_tokens_per_s: per_second(40e-6),
        decode_tokens_per_s: per_second(312.5e-6),
        output_tokens_per_s: per_second(392.5e-6),
        requests_per_s: around(5.096, |rate| rate),
        input_s_per_token: around(40e-6, Seconds),
        output_s_per_token: around(312.5e-6, Seconds),
        bound: Bound::Weights,
        prefill_joules_per_token: None,
        decode_joules_per_token: None,
    }
}

/// What a test varies.
struct Case {
    devices: Devices,
    load: Load,
    rent: Result<Rent, String>,
    own: Result<Hour, String>,
    market: Result<Market, String>,
    rates: Option<Rates>,
    gpus: u32,
}

/// Ten devices are paid: eight alike, one 25 % slower, one that failed; 60 % of the hours of a working one carry load.
fn example() -> Case {
    Case {
        devices: Devices { paid: 10, serving: 9, speed: 8.8 / 9.0, lost: 0.2 / 9.0 },
        load: Load { busy: 0.6, available: 0.9 },
        rent: Ok(Rent::typed(2.0)),
        own: Ok(Hour::owned(&OWNER).unwrap()),
        market: Ok(seller()),
        rates: Some(rates()),
        gpus: 1,
    }
}

impl Case {
    fn compared(&self) -> Compared {
        let workload = Workload {
            weights: Format::F16.into(),
            batch: 64,
            isl: 1000,
            osl: 500,
            serving: Serving::default(),
        };
        let estimate = Estimate {
            model: "m".into(),
            workload,
            fit: Fit::Unknown,
            rates: self.rates,
            max_batch: None,
            layer_ratio: None,
            source: Source::Measured,
            device: "H100 SXM".into(),
            notes: if self.rates.is_none() { vec!["no gemm ran".into()] } else { vec![] },
        };
        let input = CompareInput {
            estimate: &estimate,
            software: false,
            gpus: self.gpus,
            utilisation: self.load.utilisation(),
            utilisation_stated: true,
            rent: self.rent.clone(),
            market: self.market.as_ref().map_err(String::clone),
            policy: Policy::Median,
            drift: None,
            as_of: date(2026, 6, 30),
        };
        compare(&input).unwrap()
    }

    fn day(&self) -> FleetDay {
        self.tried().unwrap()
    }

    fn tried(&self) -> Result<FleetDay, String> {
        day(&DayInput {
            type_index: 0,
            compared: &self.compared(),
            rates: self.rates.as_ref(),
            devices: self.devices,
            load: self.load,
            rent: self.rent.as_ref().map(Rent::interval).map_err(String::clone),
            own: self.own.clone(),
        })
    }
}

/// Equal to the four digits that are written.
#[track_caller]
fn four_digits(value: Option<f64>, written: f64) {
    let value = value.unwrap();
    assert!((value / written - 1.0).abs() < 5e-5, "{value} is not {written}");
}

#[test]
fn a_day_matches_the_worked_example() {
    let day = example().day();
    assert_eq!((day.devices, day.devices_serving), (10, 9));
    four_digits(Some(day.utilisation), 0.54);
    // 10 · 0.54 · 0.9778 · 86400 s / 130.83 µs
    four_digits(day.tokens_per_day, 3.4868e9);
    four_digits(day.tokens_per_day_low, 3.4868e9 / 1.1);
    four_digits(day.tokens_per_day_high, 3.4868e9 / 0.9);
    // 10 · 0.54 · 0.2/9 · 86400 / 130.83 µs
    four_digits(day.tokens_per_day_lost, 7.9246e7);
    four_digits(day.rent_usd_per_day, 480.0);
    four_digits(day.own_usd_per_day, 371.74);
    four_digits(day.buy_usd_per_day, 697.36);
    four_digits(day.rent_usd_per_mtok, 0.13766);
    four_digits(day.own_usd_per_mtok, 0.10661);
    four_digits(day.buy_usd_per_mtok, 0.2);
    assert_eq!((day.verdict, day.cheapest), (Some(Verdict::Rent), Some(Side::Own)));
    assert_eq!(
        day.reason,
        "owning is the cheapest at 372 USD a day: renting costs 1.29 times as much, buying costs 1.88 times as much \
         (1.71 to 2.08)"
    );
}

#[test]
fn the_verdict_is_that_of_the_sums() {
    for usd_per_hour in [0.5, 2.0, 2.8, 2.95, 3.5, 9.0] {
        let day = Case { rent: Ok(Rent::typed(usd_per_hour)), ..example() }.day();
        let sides = day.sides();
        let of = |wanted: Side| sides.iter().find(|(side, _)| *side == wanted).unwrap().1;
        assert_eq!(day.verdict, Some(rent_or_buy(of(Side::Rent), of(Side::Buy))), "{usd_per_hour}");
    }
}

#[test]
fn intervals_that_reach_into_each_other_are_too_close() {
    let day = Case { rent: Ok(Rent::typed(2.8)), own: Err("no owner".into()), ..example() }.day();
    assert_eq!((day.verdict, day.cheapest), (Some(Verdict::TooCloseToCall), Some(Side::Rent)));
    assert!(
        day.reason.ends_with("too close to call, for the interval of buying reaches into its own"),
        "{}",
        day.reason
    );
}

#[test]
fn missing_prices_stay_unknown_and_say_why() {
    let day = Case { rent: Err("no rent".into()), own: Err("no owner".into()), ..example() }.day();
    assert_eq!((day.rent_usd_per_day, day.rent_usd_per_mtok, day.own_usd_per_day), (None, None, None));
    assert_eq!((day.verdict, day.cheapest), (None, None));
    four_digits(day.tokens_per_day, 3.4868e9);
    assert_eq!(day.reason, "only buying is known, 697 USD a day; no rent; no owner");

    let day = Case { market: Err("no market".into()), own: Err("no owner".into()), ..example() }.day();
    assert_eq!((day.buy_usd_per_day, day.buy_usd_per_mtok, day.verdict), (None, None, None));
    assert_eq!(
        day.reason,
        "only renting is known, 480 USD a day; no median market price of m is known; no owner"
    );

    // Devices are paid for, whatever they cannot serve.
    let day = Case { rates: None, own: Err("no owner".into()), ..example() }.day();
    assert_eq!((day.tokens_per_day, day.tokens_per_day_lost, day.buy_usd_per_day), (None, None, None));
    assert_eq!((day.rent_usd_per_day, day.rent_usd_per_mtok), (Some(480.0), None));
    assert!(day.reason.contains("no gemm ran"), "{}", day.reason);
}

#[test]
fn too_few_devices_for_one_replica_serve_nothing() {
    let eight = |paid| Case { gpus: 8, devices: Devices { paid, ..example().devices }, ..example() }.day();
    assert!(eight(8).tokens_per_day.is_some());
    let day = eight(7);
    assert_eq!((day.tokens_per_day, day.verdict, day.rent_usd_per_day), (None, None, Some(336.0)));
    assert!(day.reason.contains("8 devices together serve it, and there are 7"), "{}", day.reason);
}

#[test]
fn nonsense_is_refused_not_shown() {
    for load in [Load { busy: 0.0, available: 1.0 }, Load { busy: 0.5, available: f64::NAN }] {
        let case = Case { rent: Err("none".into()), ..example() };
        assert!(Case { load, rates: None, ..case }.tried().is_err(), "{load:?}");
    }
    let devices = Devices { speed: 0.0, ..example().devices };
    assert!(Case { devices, ..example() }.tried().is_err());
}

#[test]
fn a_total_adds_up_and_a_sum_with_an_unknown_part_is_unknown() {
    let first = example().day();
    let second = FleetDay { type_index: 1, ..Case { rent: Err("none".into()), ..example() }.day() };
    let all = totals(&[first.clone(), second.clone()]);
    let [total] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((total.types, total.devices, total.devices_serving), (2, 20, 18));
    four_digits(total.tokens_per_day, 2.0 * 3.4868e9);
    four_digits(total.buy_usd_per_day, 2.0 * 697.36);
    assert_eq!((total.rent_usd_per_day, total.verdict), (None, None));

    let priced = FleetDay { type_index: 1, ..example().day() };
    let total = totals(&[first.clone(), priced.clone()]).remove(0);
    assert_eq!((total.rent_usd_per_day, total.verdict), (Some(960.0), first.verdict));

    // One type is no total, nor is a model that one of them does not serve, nor a software adapter beside a GPU.
    let other = FleetDay { model: "other".into(), ..priced.clone() };
    let software = FleetDay { software: true, ..priced.clone() };
    for days in [vec![first.clone()], vec![first.clone(), other], vec![first.clone(), software]] {
        assert_eq!(totals(&days), [], "{days:?}");
    }
    // Two batches of a type are alternatives, which do not add up.
    let batch = FleetDay { batch: 1, ..priced.clone() };
    assert_eq!(totals(&[first, priced, batch]), []);
}

proptest! {
    #[test]
    fn twice_the_devices_make_twice_the_tokens_and_cost_twice_the_dollars(
        paid in 1u32..10_000, busy in 0.01f64..1.0, available in 0.1f64..1.0, speed in 0.5f64..1.1,
    ) {
        let of = |paid| Case {
            devices: Devices { paid, serving: paid, speed, lost: 0.1 },
            load: Load { busy, available },
            ..example()
        }.day();
        let (one, two) = (of(paid), of(2 * paid));
        let values: [fn(&FleetDay) -> Option<f64>; 6] = [
            |day| day.tokens_per_day,
            |day| day.tokens_per_day_lost,
            |day| day.rent_usd_per_day,
            |day| day.own_usd_per_day,
            |day| day.buy_usd_per_day_low,
            |day| day.buy_usd_per_day_high,
        ];
        for value in values {
            let (one, two) = (value(&one).unwrap(), value(&two).unwrap());
            prop_assert!((two / one - 2.0).abs() < 1e-12);
        }
        prop_assert_eq!(one.verdict, two.verdict);
        prop_assert_eq!(one.cheapest, two.cheapest);
    }

    #[test]
    fn parts_of_the_utilisation_multiply_and_rent_does_not_ask_for_them(
        busy in 0.01f64..1.0, available in 0.1f64..1.0,
    ) {
        let of = |busy, available| Case { load: Load { busy, available }, ..example() }.day();
        let (full, part) = (of(1.0, 1.0), of(busy, available));
        let ratio = part.tokens_per_day.unwrap() / full.tokens_per_day.unwrap();
        prop_assert!((ratio / (busy * available) - 1.0).abs() < 1e-12);
        prop_assert_eq!(part.rent_usd_per_day, full.rent_usd_per_day);
        // Which of the two parts is low does not matter to the day.
        let turned = of(available, busy);
        prop_assert!((turned.tokens_per_day.unwrap() / part.tokens_per_day.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_slow_devices_take_is_what_they_would_add(lost in 0.0f64..0.4) {
        let of = |speed, lost| {
            Case { devices: Devices { paid: 10, serving: 10, speed, lost }, ..example() }.day()
        };
        let (slow, healthy) = (of(1.0 - lost, lost), of(1.0, 0.0));
        let both = slow.tokens_per_day.unwrap() + slow.tokens_per_day_lost.unwrap();
        prop_assert!((both / healthy.tokens_per_day.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_rent_of_a_day_per_token_is_the_cost_of_the_mean_device(busy in 0.1f64..1.0, usd in 0.1f64..20.0) {
        let case = Case {
            load: Load { busy, available: 1.0 },
            devices: Devices { paid: 4, serving: 4, speed: 1.0, lost: 0.0 },
            rent: Ok(Rent::typed(usd)),
            ..example()
        };
        let (day, row) = (case.day(), case.compared().row);
        prop_assert!((day.rent_usd_per_mtok.unwrap() / row.usd_per_mtok_blended.unwrap() - 1.0).abs() < 1e-9);
        prop_assert_eq!(day.verdict, row.verdict);
    }
}
