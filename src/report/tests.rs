use jiff::civil::date;

use super::*;
use crate::market::decide::Input;
use crate::measurement::{Cache, Energy, Identity, Outcome, Provenance, Timing, TimingMethod, Verification};
use crate::op::{Format, Op};
use crate::price::rental::Kind;
use crate::stats::Summary;
use crate::text;
use crate::units::{Joules, Seconds};

fn cost() -> Comparison {
    Comparison {
        model: "llama-3.1-8b".into(),
        weights: "fp8".into(),
        device: "H100 SXM".into(),
        batch: 64,
        isl: 1000,
        osl: 500,
        gpus: 1,
        prefill_tokens_per_s: Some(25_000.0),
        decode_tokens_per_s: Some(3200.0),
        output_tokens_per_s: Some(2548.0),
        requests_per_s: Some(5.096),
        decode_joules_per_token: Some(0.25),
        tpot_ms: Some(25.12),
        rental_providers: Some("lambda; runpod".into()),
        rental_kind: Some(Kind::OnDemand),
        usd_per_hour: Some(2.0),
        usd_per_hour_date: Some(date(2026, 6, 1)),
        utilisation: 0.5,
        usd_per_mtok_in: Some(0.04444),
        usd_per_mtok_in_low: Some(0.04),
        usd_per_mtok_in_high: Some(0.05),
        usd_per_mtok_out: Some(0.3472),
        usd_per_mtok_out_low: Some(0.3),
        usd_per_mtok_out_high: Some(0.4),
        usd_per_mtok_blended: Some(0.1454),
        usd_per_mtok_blended_low: Some(0.13),
        usd_per_mtok_blended_high: Some(0.16),
        input_output_ratio: Some(2.0),
        market_usd_per_mtok_cheapest: Some(0.1),
        market_cheapest_seller: Some("acme".into()),
        market_usd_per_mtok_median: Some(0.2),
        market_sellers: Some(3),
        market_date_oldest: Some(date(2026, 4, 1)),
        market_date_newest: Some(date(2026, 6, 2)),
        market_usd_per_mtok: Some(0.2),
        market_usd_per_mtok_low: Some(0.15),
        market_usd_per_mtok_high: Some(0.3),
        cost_over_price: Some(0.727),
        cost_over_price_low: Some(0.4),
        cost_over_price_high: Some(0.95),
        break_even_mtok_per_month: Some(7304.85),
        decides: Some(Input::Rent),
        verdict_changes_at: Some(2.1),
        break_even_utilisation: Some(0.3635),
        break_even_usd_per_hour: Some(2.751),
        verdict: Some(Verdict::Rent),
        verdict_reason: "the cost is 0.727 of the median market price".into(),
        ..Comparison::default()
    }
}

fn unpriced() -> Comparison {
    Comparison {
        model: "qwen3-8b".into(),
        weights: "q4_0".into(),
        device: "H100 SXM".into(),
        batch: 1,
        isl: 1000,
        osl: 500,
        gpus: 1,
        usd_per_hour: Some(2.0),
        rental_providers: Some("lambda; runpod".into()),
        rental_kind: Some(Kind::OnDemand),
        usd_per_hour_date: Some(date(2026, 6, 1)),
        utilisation: 0.5,
        verdict_reason: "no price of \"qwen3-8b\"".into(),
        ..Comparison::default()
    }
}

fn cell(op: Op, outcome: Outcome) -> Measurement {
    let identity = Identity {
        adapter: "NVIDIA H100".into(),
        device_type: DeviceType::DiscreteGpu,
        backend: "vulkan".into(),
        driver: "NVIDIA".into(),
        driver_info: "580.1".into(),
        ..Identity::default()
    };
    let provenance = Provenance { identity, ..Provenance::default() };
    Measurement { op, variant: "tiled".into(), cache: Cache::Hot, run: 0, outcome, provenance }
}

fn ran(seconds: f64) -> Outcome {
    let seconds =
        Summary { min: seconds, q1: seconds, median: seconds, q3: seconds, mean: seconds, mad: 0.0 };
    let timing = Timing {
        seconds,
        method: TimingMethod::Timestamp,
        device_median: None,
        wall_median: Seconds(seconds.median),
        samples: 10,
        dropped: 0,
        executions_per_sample: 1,
        stop_reason: "stable".into(),
        ..Timing::default()
    };
    Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1e-9, compared: 1 })
}

fn report() -> Report {
    let gemm = Op::Matmul { tokens: 512, outputs: 4096, inputs: 4096, weights: Format::F16 };
    let copy = Op::Copy { bytes: 1 << 20 };
    Report {
        title: "mtok on NVIDIA H100".into(),
        device: vec!["NVIDIA H100, vulkan, driver 580.1".into()],
        as_of: date(2026, 6, 30),
        costs: vec![cost(), unpriced()],
        measured: vec![
            cell(gemm, ran(1.5e-3)),
            cell(copy, ran(2e-6)),
            cell(gemm, Outcome::Failed("device lost".into())),
        ],
        datasheet: None,
        warnings: vec!["the clock drifted".into()],
        command: "mtok report --as-of 2026-06-30".into(),
    }
}

fn small() -> Report {
    let mut report = report();
    report.costs.remove(0);
    report.measured.truncate(1);
    report
}

#[test]
fn the_terminal_shows_these_bytes() {
    assert_eq!(terminal::terminal(&report(), 80, false), TERMINAL);
}

#[test]
fn markdown_has_these_bytes() {
    assert_eq!(markdown::markdown(&report()), MARKDOWN);
}

#[test]
fn csv_has_these_bytes() {
    assert_eq!(csv::costs_csv(&report().costs), CSV);
}

#[test]
fn json_has_these_bytes() {
    assert_eq!(json::json(&small()).unwrap(), JSON);
}

#[test]
fn csv_has_its_header_without_rows() {
    assert_eq!(csv::costs_csv(&[]).lines().count(), 1);
    assert!(CSV.starts_with(&csv::costs_csv(&[])));
}

#[test]
fn a_wide_terminal_shows_all_columns_and_a_narrow_one_fits() {
    let wide = terminal::terminal(&report(), 220, false);
    for header in ["TPOT ms", "prefill tok/s", "0.130 to 0.160", "break-even utilisation"] {
        assert!(wide.contains(header), "{header}");
    }
    let long = Comparison {
        model: "qwen3-235b-a22b-thinking-2507".into(),
        weights: "int4-g128".into(),
        verdict: Some(Verdict::TooCloseToCall),
        ..cost()
    };
    let narrow = terminal::terminal(&Report { costs: vec![long], ..report() }, 80, false);
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
}

#[test]
fn power_is_shown_where_a_sensor_told_and_nowhere_else() {
    let shown = |report: &Report| [terminal::terminal(report, 200, false), markdown::markdown(report)];
    let has =
        |text: &str, words: &[&str]| words.iter().all(|word| text.split_whitespace().any(|it| it == *word));
    let mut report = report();
    assert!(
        shown(&report).iter().all(|text| !has(text, &["W"]) && !has(text, &["mJ"]) && !has(text, &["°C"]))
    );
    let Outcome::Ok(timing, _) = &mut report.measured[0].outcome else { unreachable!() };
    timing.sensed.energy =
        Some(Energy { joules: Joules(300.0), window: Seconds(0.5), source: "nvml".into() });
    // 600 W for 1.5 ms.
    for text in shown(&report) {
        assert!(
            has(&text, &["W", "mJ", "600", "900"]) && !has(&text, &["MHz"]) && !has(&text, &["°C"]),
            "{text}"
        );
    }
    let narrow = terminal::terminal(&report, 80, false);
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    let shown: serde_json::Value = serde_json::from_str(&json::json(&report).unwrap()).unwrap();
    let row = &shown["measured"][0];
    for (key, value) in [
        ("energy_j", 300.0),
        ("energy_window_s", 0.5),
        ("power_w", 600.0),
        ("joules_per_execution", 0.9),
        ("joules_per_flop", 0.9 / 17_179_869_184.0),
    ] {
        assert!((row[key].as_f64().unwrap() / value - 1.0).abs() < 1e-12, "{key} of {row}");
    }
    assert!(row["energy_source"] == "nvml" && row["clock_hz"].is_null(), "{row}");
    // A copy has no arithmetic and so no energy of it.
    let Outcome::Ok(timing, _) = &mut report.measured[1].outcome else { unreachable!() };
    timing.sensed.energy = Some(Energy { joules: Joules(1.0), window: Seconds(1.0), source: "nvml".into() });
    assert_eq!(report.measured[1].joules_per_flop(), None);
}

#[test]
fn colour_changes_no_word() {
    assert!(!terminal::terminal(&report(), 80, false).contains('\u{1b}'));
    let mut plain = String::new();
    let coloured = terminal::terminal(&report(), 80, true);
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        plain += if index == 0 { part } else { part.split_once('m').unwrap().1 };
    }
    let unpadded: Vec<&str> = plain.lines().map(str::trim_end).collect();
    assert_eq!(unpadded, TERMINAL.lines().collect::<Vec<_>>());
}

#[test]
fn what_is_not_finite_is_not_shown_as_a_number() {
    let broken = Comparison { usd_per_mtok_in: Some(f64::NAN), tpot_ms: Some(f64::INFINITY), ..cost() };
    let report = Report { costs: vec![broken], ..report() };
    let json = json::json(&report).unwrap();
    assert!(json.contains("\"usd_per_mtok_in\": null") && json.contains("\"tpot_ms\": null"));
    for text in [json, csv::costs_csv(&report.costs), markdown::markdown(&report)] {
        assert!(!text.contains("NaN") && !text.contains(",inf,") && !text.contains(" inf "), "{text}");
    }
}

#[test]
fn numbers_have_three_significant_digits() {
    for (value, shown) in [
        (0.0, "0.00"),
        (0.044_44, "0.0444"),
        (9.996, "10.0"),
        (99.95, "100"),
        (12_345.0, "12300"),
        (2e-7, "2.00e-7"),
        (1e12, "1.00e12"),
        (f64::NAN, "–"),
    ] {
        assert_eq!(significant(value), shown);
    }
}

#[test]
fn a_software_adapter_is_never_called_a_gpu() {
    let row = Comparison { device: "llvmpipe".into(), software: true, note: SOFTWARE_LABEL.into(), ..cost() };
    let mut ran = small().measured.remove(0);
    ran.provenance.identity.adapter = "llvmpipe".into();
    ran.provenance.identity.device_type = DeviceType::Software;
    let report = Report {
        title: "mtok on llvmpipe".into(),
        device: vec![],
        costs: vec![row.clone()],
        measured: vec![ran],
        ..report()
    };
    let shown = terminal::terminal(&report, 80, false).replace('\n', " ");
    let texts =
        [shown, markdown::markdown(&report), csv::costs_csv(&report.costs), json::json(&report).unwrap()];
    for text in texts {
        assert!(text.contains(SOFTWARE_LABEL), "{text}");
        assert!(!text.replace(SOFTWARE_LABEL, "").contains("GPU"), "{text}");
    }
    let mixed =
        Report { costs: vec![row, Comparison { usd_per_mtok_blended: Some(0.19), ..cost() }], ..report };
    assert!(!mixed.software());
    assert!(
        mixed.answer(str::to_owned).contains("on H100 SXM"),
        "a real device comes before a faster imitation"
    );
}

#[test]
fn hostile_names_act_nowhere() {
    const NAME: &str = "=cmd|'/c'!A0\u{1b}[2J\u{9b}31m\u{202e}<script>\n| x |\n```";
    let row = Comparison {
        model: NAME.into(),
        weights: NAME.into(),
        device: NAME.into(),
        rental_providers: Some(NAME.into()),
        market_cheapest_seller: Some(NAME.into()),
        market_policy: Policy::Cheapest,
        note: NAME.into(),
        ..cost()
    };
    let mut cell = small().measured.remove(0);
    cell.variant = NAME.into();
    cell.outcome = Outcome::Failed(NAME.into());
    cell.provenance.identity.adapter = NAME.into();
    cell.provenance.identity.driver_info = NAME.into();
    let report = Report {
        title: NAME.into(),
        device: vec![NAME.into()],
        costs: vec![row, Comparison { verdict: None, verdict_reason: NAME.into(), ..cost() }],
        measured: vec![cell],
        warnings: vec![NAME.into()],
        command: NAME.into(),
        ..report()
    };
    let json = json::json(&report).unwrap();
    let markdown = markdown::markdown(&report);
    let csv = csv::costs_csv(&report.costs);
    for text in [&json, &markdown, &csv, &terminal::terminal(&report, 80, false)] {
        let visible =
            |character: char| character == '\n' || text::inert(&character.to_string()).starts_with(character);
        assert!(text.chars().all(visible), "{text}");
    }
    assert!(csv.lines().skip(1).all(|line| !line.starts_with('=') && !line.contains(",=")), "{csv}");
    let prose = markdown.split("## How to reproduce").next().unwrap();
    assert!(!prose.contains("<script") && !prose.contains("\n| x") && !prose.contains("\n```"), "{prose}");
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["costs"][0]["model"], NAME, "JSON keeps what was written");
}

const TERMINAL: &str = r#"mtok on NVIDIA H100
RENT: llama-3.1-8b fp8 at batch 64 on H100 SXM costs 0.145 USD/Mtok blended,
0.130 to 0.160; the market asks 0.200 USD/Mtok, 0.150 to 0.300 (median of 3
sellers). The cost is 0.727 of the price, 0.400 to 0.950 with rates, rent and
price at their best and at their worst; rent decides: the verdict changes at
2.10 USD/h per device. 2 cases: RENT 1, BUY 0, TOO CLOSE 0, no verdict 1; this
one is the lowest against the market.
NVIDIA H100, vulkan, driver 580.1

H100 SXM (measured); rent 2.00 USD/h per device (on-demand, lambda; runpod,
2026-06-01); utilisation 0.500; 1000 input and 500 output tokens per request;
market: median
model        weights batch   output   $/Mtok   $/Mtok   $/Mtok   market verdict
                              tok/s       in      out  blended   $/Mtok
────────────────────────────────────────────────────────────────────────────────
llama-3.1-8b fp8        64     2550   0.0444    0.347    0.145    0.200 RENT
qwen3-8b     q4_0        1        –        –        –        –        – –

NVIDIA H100 (vulkan, NVIDIA, 580.1)
kernel     format shape         median ms GFLOP/s GB/s % of peak status
────────────────────────────────────────────────────────────────────────────────
gemm tiled f16    m=512 n=4096       1.50   11500 28.0         – ok
                  k=4096
copy tiled f32    bytes=1048576   0.00200       – 1050       100 ok
gemm tiled f16    m=512 n=4096          –       –    –         – failed: device
                  k=4096                                         lost

qwen3-8b: no verdict: no price of "qwen3-8b"
warning: the clock drifted
"#;

const MARKDOWN: &str = r#"# mtok on NVIDIA H100

RENT: llama-3.1-8b fp8 at batch 64 on H100 SXM costs 0.145 USD/Mtok blended, 0.130 to 0.160; the market asks 0.200 USD/Mtok, 0.150 to 0.300 (median of 3 sellers). The cost is 0.727 of the price, 0.400 to 0.950 with rates, rent and price at their best and at their worst; rent decides: the verdict changes at 2.10 USD/h per device. 2 cases: RENT 1, BUY 0, TOO CLOSE 0, no verdict 1; this one is the lowest against the market.

## Cost per million tokens

H100 SXM (measured); rent 2.00 USD/h per device (on-demand, lambda; runpod, 2026-06-01); utilisation 0.500; 1000 input and 500 output tokens per request; market: median

| model | weights | batch | output tok/s | decode tok/s | prefill tok/s | TPOT ms | $/Mtok in | $/Mtok out | $/Mtok blended | blended low to high | market $/Mtok | sellers | cheapest $/Mtok | break-even utilisation | break-even $/h | cost/market low to high | decides | verdict changes at | verdict |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | --- | --- | --- | --- |
| llama-3.1-8b | fp8 | 64 | 2550 | 3200 | 25000 | 25.1 | 0.0444 | 0.347 | 0.145 | 0.130 to 0.160 | 0.200 | 3 | 0.100 | 0.363 | 2.75 | 0.400 to 0.950 | rent | 2.10 USD/h per device | RENT |
| qwen3-8b | q4_0 | 1 | – | – | – | – | – | – | – | – | – | – | – | – | – | – | – | – | – |

## Measured kernels

NVIDIA H100 (vulkan, NVIDIA, 580.1)

| kernel | format | shape | median ms | GFLOP/s | GB/s | % of peak | % of datasheet | clock | status |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |
| gemm tiled | f16 | m=512 n=4096 k=4096 | 1.50 | 11500 | 28.0 | – | – | timestamp | ok |
| copy tiled | f32 | bytes=1048576 | 0.00200 | – | 1050 | 100 | – | timestamp | ok |
| gemm tiled | f16 | m=512 n=4096 k=4096 | – | – | – | – | – | – | failed: device lost |

## What this rests on

- NVIDIA H100, vulkan, driver 580.1
- Prices as of 2026-06-30; a later price does not exist.
- Cost is time share: input pays for its prefill, output for its share of the decode steps. RENT needs the whole cost interval below the market price, BUY the whole interval above it.
- H100 SXM: rent 2.00 USD/h per device (on-demand, lambda; runpod, 2026-06-01).
- Market of llama-3.1-8b: 0.200 USD/Mtok blended at 2.00 input tokens per output token (median of 3 sellers), listings of 2026-04-01 to 2026-06-02.
- qwen3-8b: no verdict: no price of "qwen3-8b"
- Warning: the clock drifted

## How to reproduce

    mtok report --as-of 2026-06-30
"#;

const CSV: &str = r#"model,weights,device,source,software,batch,isl,osl,gpus,fits,prefill_tokens_per_s,decode_tokens_per_s,output_tokens_per_s,requests_per_s,tpot_ms,prefill_joules_per_token,decode_joules_per_token,rental_providers,rental_kind,usd_per_hour,usd_per_hour_low,usd_per_hour_high,usd_per_hour_date,utilisation,usd_per_mtok_in,usd_per_mtok_in_low,usd_per_mtok_in_high,usd_per_mtok_out,usd_per_mtok_out_low,usd_per_mtok_out_high,usd_per_mtok_blended,usd_per_mtok_blended_low,usd_per_mtok_blended_high,input_output_ratio,cached,market_usd_per_mtok_cheapest,market_cheapest_seller,market_usd_per_mtok_median,market_sellers,market_date_oldest,market_date_newest,as_of,market_policy,market_usd_per_mtok,market_usd_per_mtok_low,market_usd_per_mtok_high,cost_over_price,cost_over_price_low,cost_over_price_high,break_even_utilisation,break_even_usd_per_hour,break_even_mtok_per_month,turns_after_months,verdict,decides,verdict_changes_at,verdict_reason,note
llama-3.1-8b,fp8,H100 SXM,measured,false,64,1000,500,1,,25000.0,3200.0,2548.0,5.096,25.12,,0.25,lambda; runpod,on-demand,2.0,,,2026-06-01,0.5,0.04444,0.04,0.05,0.3472,0.3,0.4,0.1454,0.13,0.16,2.0,0.0,0.1,acme,0.2,3,2026-04-01,2026-06-02,,median,0.2,0.15,0.3,0.727,0.4,0.95,0.3635,2.751,7304.85,,RENT,rent,2.1,the cost is 0.727 of the median market price,
qwen3-8b,q4_0,H100 SXM,measured,false,1,1000,500,1,,,,,,,,,lambda; runpod,on-demand,2.0,,,2026-06-01,0.5,,,,,,,,,,,0.0,,,,,,,,median,,,,,,,,,,,,,,"no price of ""qwen3-8b""",
"#;

const JSON: &str = r#"{
  "schema_version": 1,
  "title": "mtok on NVIDIA H100",
  "software": false,
  "as_of": "2026-06-30",
  "command": "mtok report --as-of 2026-06-30",
  "device": [
    "NVIDIA H100, vulkan, driver 580.1"
  ],
  "costs": [
    {
      "model": "qwen3-8b",
      "weights": "q4_0",
      "device": "H100 SXM",
      "source": "measured",
      "software": false,
      "batch": 1,
      "isl": 1000,
      "osl": 500,
      "gpus": 1,
      "fits": null,
      "prefill_tokens_per_s": null,
      "decode_tokens_per_s": null,
      "output_tokens_per_s": null,
      "requests_per_s": null,
      "tpot_ms": null,
      "prefill_joules_per_token": null,
      "decode_joules_per_token": null,
      "rental_providers": "lambda; runpod",
      "rental_kind": "on-demand",
      "usd_per_hour": 2.0,
      "usd_per_hour_low": null,
      "usd_per_hour_high": null,
      "usd_per_hour_date": "2026-06-01",
      "utilisation": 0.5,
      "usd_per_mtok_in": null,
      "usd_per_mtok_in_low": null,
      "usd_per_mtok_in_high": null,
      "usd_per_mtok_out": null,
      "usd_per_mtok_out_low": null,
      "usd_per_mtok_out_high": null,
      "usd_per_mtok_blended": null,
      "usd_per_mtok_blended_low": null,
      "usd_per_mtok_blended_high": null,
      "input_output_ratio": null,
      "cached": 0.0,
      "market_usd_per_mtok_cheapest": null,
      "market_cheapest_seller": null,
      "market_usd_per_mtok_median": null,
      "market_sellers": null,
      "market_date_oldest": null,
      "market_date_newest": null,
      "as_of": null,
      "market_policy": "median",
      "market_usd_per_mtok": null,
      "market_usd_per_mtok_low": null,
      "market_usd_per_mtok_high": null,
      "cost_over_price": null,
      "cost_over_price_low": null,
      "cost_over_price_high": null,
      "break_even_utilisation": null,
      "break_even_usd_per_hour": null,
      "break_even_mtok_per_month": null,
      "turns_after_months": null,
      "verdict": null,
      "decides": null,
      "verdict_changes_at": null,
      "verdict_reason": "no price of \"qwen3-8b\"",
      "note": ""
    }
  ],
  "measured": [
    {
      "cell": "gemm/f16/m=512;n=4096;k=4096/tiled",
      "kernel": "gemm",
      "format": "f16",
      "shape": "m=512;n=4096;k=4096",
      "variant": "tiled",
      "tuned": false,
      "cache": "hot",
      "runs": 1,
      "runs_ok": 1,
      "status": "ok",
      "reason": null,
      "median_s": 0.0015,
      "min_s": 0.0015,
      "q1_s": 0.0015,
      "q3_s": 0.0015,
      "mean_s": 0.0015,
      "relative_stdev": null,
      "timing_method": "timestamp",
      "device_median_s": null,
      "wall_median_s": 0.0015,
      "samples": 10,
      "dropped": 0,
      "outliers_mild": 0,
      "outliers_severe": 0,
      "signs": null,
      "energy_j": null,
      "energy_window_s": null,
      "energy_source": null,
      "power_w": null,
      "joules_per_execution": null,
      "joules_per_flop": null,
      "clock_hz": null,
      "temperature_c": null,
      "flops": 17179869184.0,
      "bytes": 41943040.0,
      "flops_per_s": 11453246122666.666,
      "bytes_per_s": 27962026666.666668,
      "share_of_peak": null,
      "peak_bound": null,
      "share_of_datasheet": null,
      "adapter": "NVIDIA H100",
      "device_type": "discrete-gpu",
      "software": false,
      "backend": "vulkan",
      "driver": "NVIDIA",
      "driver_info": "580.1",
      "tool_version": "",
      "tool_commit": null,
      "shader_hash": "",
      "time_utc": ""
    }
  ],
  "warnings": [
    "the clock drifted"
  ]
}
"#;
