use super::*;
use crate::market::tornado::{Lever, tornado};
use crate::price::token::{market, read_tokens};
use jiff::civil::date;
use proptest::prelude::*;

/// Four sellers at 0.1, 0.2, 0.3 and 0.4 for input and output alike: median 0.25, middle half 0.175 to 0.325.
fn four_sellers() -> Market {
    let text = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n\
                m,a,,0.1,0.1,,2026-06-01,p\nm,b,,0.2,0.2,,2026-06-01,p\nm,c,,0.3,0.3,,2026-06-01,p\nm,d,,0.4,0.4,,2026-06-01,p\n";
    let mix = Mix::new(1.0).unwrap();
    market(&read_tokens(text.as_bytes()).unwrap(), "m", date(2026, 6, 30), mix, 365).unwrap()
}

fn around(seconds: f64, share: f64) -> Interval<Seconds> {
    Interval { low: seconds * (1.0 - share), mid: seconds, high: seconds * (1.0 + share) }.map(Seconds)
}

/// At 3.6 USD/h a millisecond of the device is 1 USD per million.
fn times(ms: f64) -> Times {
    let time = around(ms * 1e-3, 0.1);
    Times { input_s_per_token: time, output_s_per_token: time, cached: 0.0 }
}

fn terms() -> Terms {
    Terms {
        gpus: 1.0,
        usd_per_hour: Interval::exactly(UsdPerHour(3.6)),
        utilisation: 1.0,
        utilisation_stated: true,
        mix: Mix::new(1.0).unwrap(),
        policy: Policy::Median,
    }
}

fn verdict(ms: f64, terms: &Terms) -> Verdict {
    decide(times(ms), terms, &four_sellers()).unwrap().verdict
}

#[test]
fn a_verdict_holds_at_the_worst_ends_of_all_three_intervals() {
    // 0.15 · 1.1 = 0.165 is below the 0.175 of the middle half; 0.17 · 1.1 = 0.187 is not.
    assert_eq!(
        [0.15, 0.17, 0.37].map(|ms| verdict(ms, &terms())),
        [Verdict::Rent, Verdict::TooCloseToCall, Verdict::Buy]
    );
    let usd_per_hour = Interval { low: 3.0, mid: 3.6, high: 4.0 }.map(UsdPerHour);
    let unsure = Terms { usd_per_hour, ..terms() };
    assert_eq!([0.15, 0.37].map(|ms| verdict(ms, &unsure)), [Verdict::TooCloseToCall; 2]);
    let named = Terms { policy: Policy::Seller("B".into()), ..terms() };
    assert_eq!(
        [0.17, 0.19, 0.23].map(|ms| verdict(ms, &named)),
        [Verdict::Rent, Verdict::TooCloseToCall, Verdict::Buy]
    );
}

#[test]
fn the_widest_interval_decides_and_a_load_that_nobody_stated_before_it() {
    let decides = |terms: &Terms| decide(times(0.15), terms, &four_sellers()).unwrap().decides;
    assert_eq!(decides(&terms()), Input::MarketPrice);
    assert_eq!(decides(&Terms { policy: Policy::Seller("b".into()), ..terms() }), Input::Throughput);
    let usd_per_hour = Interval { low: 1.0, mid: 3.6, high: 4.0 }.map(UsdPerHour);
    assert_eq!(decides(&Terms { usd_per_hour, ..terms() }), Input::Rent);
    assert_eq!(decides(&Terms { utilisation_stated: false, ..terms() }), Input::Utilisation);
    let dear = Terms { utilisation_stated: false, ..terms() };
    assert_eq!(decide(times(0.5), &dear, &four_sellers()).unwrap().decides, Input::MarketPrice);
}

#[test]
fn the_reason_names_what_decides_and_where_it_flips() {
    let decision = decide(times(0.15), &terms(), &four_sellers()).unwrap();
    assert_eq!(
        decision.reason,
        "the cost is 0.600 of the median market price, 0.415 to 0.943; equal at utilisation 0.600, rent 6.00 USD/h per \
         device, throughput x0.600 or market price x0.600; market price decides: the verdict changes at 0.236 USD/Mtok"
    );
    let assumed = Terms { utilisation_stated: false, ..terms() };
    let assumed = decide(times(0.15), &assumed, &four_sellers()).unwrap().reason;
    assert!(
        assumed.ends_with(
            "; utilisation decides (1 is assumed, which no service has): the verdict changes at 0.943"
        ),
        "{assumed}"
    );
    let dear = decide(times(0.5), &terms(), &four_sellers()).unwrap();
    assert!(dear.reason.contains("no utilisation is enough; equal at rent 1.80"), "{}", dear.reason);
    assert_eq!(dear.flips[3].equal_at, None);
}

#[test]
fn a_month_of_rent_buys_so_many_tokens() {
    let decision = decide(times(0.15), &terms(), &four_sellers()).unwrap();
    assert!((decision.break_even_mtok_per_month - 3.6 * HOURS_PER_MONTH / 0.25).abs() < 1e-6);
    // The device makes 1/0.15 tokens per millisecond: the share of it that must be sold is the break-even utilisation.
    let capacity = 3600.0 * HOURS_PER_MONTH / 0.15e-3 / 1e6;
    let share = decision.break_even_mtok_per_month / capacity;
    assert!((share - decision.break_even.utilisation).abs() < 1e-12);
}

#[test]
fn a_cache_makes_own_input_cheaper_by_its_share() {
    let mix = Mix::new(1.0).unwrap().with_cached(0.5).unwrap();
    let cached = decide(times(0.2), &Terms { mix, ..terms() }, &four_sellers()).unwrap();
    assert!((cached.cost.input.mid.0 - 0.1).abs() < 1e-12);
    assert!((cached.cost.blended.mid.0 - 0.15).abs() < 1e-12);
    let halved = times(0.2).with_cached(0.5);
    assert_eq!(halved.with_cached(0.5), halved);
}

#[test]
fn the_tornado_of_a_proportional_input_is_its_factor() {
    let bars = tornado(times(0.15), &terms(), &four_sellers()).unwrap();
    let bar = |lever| bars.iter().find(|bar| bar.lever == lever).unwrap();
    let ends = |lever| (bar(lever).at_low / 0.6, bar(lever).at_high / 0.6);
    for (lever, low, high) in [
        (Lever::Rent, 0.8, 1.2),
        (Lever::Throughput, 1.25, 1.0 / 1.2),
        (Lever::MarketPrice, 1.25, 1.0 / 1.2),
        (Lever::Utilisation, 1.25, 1.0),
        (Lever::InputOutputRatio, 1.0, 1.0),
        (Lever::CachedShare, 1.0, 1.0),
    ] {
        let (at_low, at_high) = ends(lever);
        assert!((at_low - low).abs() < 1e-9 && (at_high - high).abs() < 1e-9, "{lever}: {at_low} {at_high}");
    }
    assert!(bars.windows(2).all(|pair| pair[0].swing() >= pair[1].swing()));
}

#[test]
fn nonsense_is_refused_with_a_sentence() {
    let over = Terms { utilisation: 1.5, ..terms() };
    assert!(decide(times(0.15), &over, &four_sellers()).unwrap_err().contains("above 1"));
    let nobody = Terms { policy: Policy::Seller("nobody".into()), ..terms() };
    assert!(decide(times(0.15), &nobody, &four_sellers()).unwrap_err().contains("(sellers: "));
    assert!(decide(times(f64::NAN), &terms(), &four_sellers()).is_err());
}

proptest! {
    #[test]
    fn at_every_flip_the_verdict_is_at_its_edge(ms in 0.01f64..2.0, share in 0.05f64..1.0, rent in 0.5f64..20.0) {
        let usd_per_hour = Interval { low: rent * 0.9, mid: rent, high: rent * 1.2 }.map(UsdPerHour);
        let terms = Terms { usd_per_hour, utilisation: share, ..terms() };
        let decision = decide(times(ms), &terms, &four_sellers()).map_err(TestCaseError::fail)?;
        let Some(at) = decision.flips[1].verdict_changes_at else { return Err(TestCaseError::fail("no flip")) };
        let moved = terms.usd_per_hour.map(|end| end * (at / rent));
        let there = decide(times(ms), &Terms { usd_per_hour: moved, ..terms }, &four_sellers()).map_err(TestCaseError::fail)?;
        let edge = match decision.verdict {
            Verdict::Rent => there.cost_over_price.high,
            Verdict::Buy => there.cost_over_price.low,
            Verdict::TooCloseToCall => there.cost_over_price.mid,
        };
        prop_assert!((edge - 1.0).abs() < 1e-9);
    }
}
