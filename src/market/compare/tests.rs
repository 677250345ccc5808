use super::*;
use crate::market::Verdict;
use crate::op::Format;
use crate::price::rental::Kind;
use crate::price::token::{market, read_tokens};
use crate::throughput::{Bound, Fit, Serving, Source, Workload};
use crate::units::{Joules, Seconds, TokensPerSecond};
use jiff::civil::date;

fn tokens(rows: &str) -> Market {
    let header =
        "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n";
    let listings = read_tokens((header.to_owned() + rows).as_bytes()).unwrap();
    market(&listings, "m", date(2026, 6, 30), Mix::new(2.0).unwrap(), 365).unwrap()
}

fn around(seconds: f64) -> Interval<Seconds> {
    Interval { low: Seconds(seconds * 0.9), mid: Seconds(seconds), high: Seconds(seconds * 1.1) }
}

fn estimate() -> Estimate {
    let per_second = |time: Interval<Seconds>, tokens: f64| time.invert(|s| TokensPerSecond(tokens / s.0));
    let (step_s, prefill_s_per_token) = (around(20e-3), around(40e-6));
    Estimate {
        model: "m".into(),
        workload: Workload {
            weights: Format::Fp8.into(),
            batch: 64,
            isl: 1000,
            osl: 500,
            serving: Serving::default(),
        },
        fit: Fit::Unknown,
        rates: Some(Rates {
            step_s,
            prefill_s_per_token,
            ttft_s: around(40e-3),
            tpot_s: around(25.12e-3),
            output_tokens_per_s: per_second(around(25.12e-3), 64.0),
            requests_per_s: around(25.12e-3).invert(|tpot| 64.0 / (500.0 * tpot.0)),
            input_s_per_token: prefill_s_per_token,
            output_s_per_token: step_s.map(|step| step * (1.0 / 64.0)),
            prefill_tokens_per_s: per_second(prefill_s_per_token, 1.0),
            decode_tokens_per_s: per_second(step_s, 64.0),
            bound: Bound::Weights,
            prefill_joules_per_token: None,
            decode_joules_per_token: Some(Joules(0.25)),
        }),
        max_batch: None,
        layer_ratio: None,
        source: Source::Measured,
        device: "H100 SXM".into(),
        notes: vec![],
    }
}

/// The row alone.
fn row_of(input: &CompareInput<'_>) -> Comparison {
    compare(input).unwrap().row
}

/// The estimate with a change.
fn but(change: impl FnOnce(&mut Estimate)) -> Estimate {
    let mut estimate = estimate();
    change(&mut estimate);
    estimate
}

fn input<'a>(estimate: &'a Estimate, market: Result<&'a Market, String>) -> CompareInput<'a> {
    CompareInput {
        estimate,
        software: false,
        gpus: 1,
        utilisation: 1.0,
        utilisation_stated: true,
        rent: Ok(Rent {
            providers: "a; b".into(),
            kind: Some(Kind::OnDemand),
            date: Some(date(2026, 6, 1)),
            ..Rent::typed(2.0)
        }),
        market,
        policy: Policy::Median,
        drift: None,
        as_of: date(2026, 6, 30),
    }
}

#[test]
fn a_full_row_holds_the_worked_example() {
    let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\nm,t,,0.2,0.4,,2026-06-02,p\n");
    let row = row_of(&input(&estimate(), Ok(&market)));
    assert_eq!(row.decode_tokens_per_s, Some(3200.0));
    assert_eq!((row.prefill_joules_per_token, row.decode_joules_per_token), (None, Some(0.25)));
    assert!((row.prefill_tokens_per_s.unwrap() - 25_000.0).abs() < 1e-6);
    assert!((row.usd_per_mtok_blended.unwrap() - 0.07269).abs() < 5e-6);
    assert_eq!((row.verdict, row.market_sellers), (Some(Verdict::Rent), Some(2)));
    assert_eq!(row.market_cheapest_seller.as_deref(), Some("s"));
    assert_eq!((row.market_date_oldest, row.market_date_newest), (Some(market.oldest), Some(market.newest)));
    assert!((row.break_even_utilisation.unwrap() - 0.07269 / row.market_usd_per_mtok.unwrap()).abs() < 1e-4);
    assert_eq!(row.note, "");
}

#[test]
fn what_is_unknown_is_absent_and_says_why() {
    let row = row_of(&input(&estimate(), Err("no price of \"m\"".into())));
    assert_eq!((row.verdict, row.verdict_reason.as_str()), (None, "no price of \"m\""));
    assert!(row.usd_per_mtok_out.is_some() && row.market_usd_per_mtok.is_none());
    let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
    let slow = but(|estimate| (estimate.rates, estimate.notes) = (None, vec!["no gemm ran".into()]));
    let row = row_of(&input(&slow, Ok(&market)));
    assert_eq!((row.verdict, row.verdict_reason.as_str()), (None, "no gemm ran"));
    assert_eq!((row.usd_per_mtok_out, row.tpot_ms, row.break_even_usd_per_hour), (None, None, None));
    assert_eq!(row.usd_per_hour, Some(2.0));
    let as_usual = estimate();
    let unpriced = CompareInput { rent: Err("no rent".into()), ..input(&as_usual, Ok(&market)) };
    assert_eq!(row_of(&unpriced).verdict_reason, "no rent");
    let mute = but(|estimate| estimate.workload.osl = 0);
    assert_eq!(row_of(&input(&mute, Ok(&market))).input_output_ratio, None);
}

#[test]
fn notes_tell_software_stale_and_single_sellers() {
    let mut market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
    market.stale_days = Some(400);
    let noted = but(|estimate| estimate.notes = vec!["x".into()]);
    let software = CompareInput { software: true, ..input(&noted, Ok(&market)) };
    assert_eq!(
        row_of(&software).note,
        "software adapter (not a GPU); the market price is 400 days old; \
         one seller: a list price, not a market; x"
    );
}

#[test]
fn nonsense_is_refused_not_shown() {
    let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
    let as_usual = estimate();
    assert!(compare(&CompareInput { utilisation: 1.5, ..input(&as_usual, Ok(&market)) }).is_err());
    let unclear = but(|estimate| {
        estimate.rates = estimate.rates.map(|rates| Rates { output_s_per_token: around(f64::NAN), ..rates });
    });
    assert!(compare(&input(&unclear, Ok(&market))).is_err());
}

#[test]
fn json_has_null_for_unknown_and_text_for_dates() {
    let json = serde_json::to_string(&row_of(&input(&estimate(), Err("none".into())))).unwrap();
    assert!(
        json.contains("\"usd_per_hour_date\":\"2026-06-01\",")
            && json.contains("\"rental_kind\":\"on-demand\"")
    );
    assert!(json.contains("\"market_sellers\":null,\"market_date_oldest\":null,"));
}
