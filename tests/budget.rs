//! What `mtok budget` promises.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::time::{Duration, Instant};

use common::{Grid, Run, data, folder, mtok, names, run, tables};
use serde_json::Value;

/// `mtok budget` of an 8B model on an H100, on the tables of the tests, with these words besides.
fn budget(words: &[&str]) -> Run {
    let tables = tables();
    let mut all = vec!["budget", "--gpu", "H100 SXM", "--model", "llama-3.1-8b", "--as-of", "2026-11-01"];
    all.extend(tables.iter().map(String::as_str));
    all.extend(words);
    run(mtok(&all))
}

/// The same for 2B tokens a day in fp8.
fn two_billion(words: &[&str]) -> Run {
    let all = ["--tokens-per-day", "2B", "--isl", "1500", "--osl", "300", "--weights", "fp8"];
    budget(&[&all[..], words].concat())
}

#[track_caller]
fn near(value: &Value, expected: f64) {
    let actual = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((actual / expected - 1.0).abs() < 1e-9, "{actual} is not {expected}");
}

#[test]
fn the_answer_comes_first_and_fits_80_columns() {
    let text = two_billion(&["--preset", "h100-neocloud", "--load-drift", "10%"]).ok().out;
    let mut lines = text.lines();
    let first = lines.next().unwrap();
    assert!(first.starts_with("2B tokens/day of llama-3.1-8b fp8 on H100 SXM: "), "{text}");
    assert!(first.contains("GPU"), "{text}");
    let second = lines.next().unwrap();
    assert!(["RENT: ", "OWN: ", "BUY: ", "TOO CLOSE"].iter().any(|it| second.starts_with(it)), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for said in ["x the mean, assumed)", "0.8 of its time, assumed", "datasheet, not measured", "2026-11-01"]
    {
        assert!(text.replace('\n', " ").contains(said), "{said}: {text}");
    }
}

#[test]
fn the_month_of_each_side_is_its_hours_or_its_tokens() {
    let words = ["--usd-per-hour", "2.5", "--preset", "h100-neocloud", "--json"];
    let json = two_billion(&words).ok().json();
    let budget = &json["budgets"][0];
    let asked = &budget["asked"];
    let gpus = asked["gpus"].as_f64().unwrap();
    near(&asked["rent_usd_per_month"], gpus * 730.0 * 2.5);
    near(&asked["own_usd_per_month"], gpus * 730.0 * 1.69);
    let price = budget["market"]["usd_per_mtok"]["mid"].as_f64().unwrap();
    near(&asked["buy_usd_per_month"], 2000.0 * (730.0 / 24.0) * price);
    let mix = asked["mix_usd_per_month"].as_f64().unwrap();
    for side in ["rent_usd_per_month", "own_usd_per_month", "buy_usd_per_month"] {
        assert!(mix <= asked[side].as_f64().unwrap() * (1.0 + 1e-9), "{side}: {asked:#}");
    }
}

#[test]
fn a_replica_carries_what_the_estimate_says_that_it_serves() {
    let options =
        ["--gpu", "H100 SXM", "--model", "llama-3.1-8b", "--weights", "fp8", "--isl", "1500", "--osl", "300"];
    let tables = tables();
    let mut words: Vec<&str> = ["estimate", "--json"].into_iter().chain(options).collect();
    words.extend(tables.iter().map(String::as_str));
    let estimate = run(mtok(&words)).ok().json();
    let requests_per_s = estimate[0]["requests_per_s"].as_f64().unwrap();
    let json = two_billion(&["--peak-factor", "4", "--utilisation-max", "0.5", "--json"]).ok().json();
    let step = &json["budgets"][0]["tokens_per_day_per_replica"]["mid"];
    near(step, requests_per_s * 1800.0 * 86_400.0 * 0.5 / 4.0);
}

#[test]
fn requests_per_day_are_tokens_per_day_of_their_size() {
    let words = ["--isl", "1500", "--osl", "300", "--weights", "fp8", "--json"];
    let of = |volume: &[&str]| budget(&[&words[..], volume].concat()).ok().json();
    let requests = of(&["--requests-per-day", "1M"]);
    assert_eq!(requests["budgets"], of(&["--tokens-per-day", "1.8B"])["budgets"]);
    assert_eq!(requests["budgets"][0]["asked"]["tokens_per_day"], 1.8e9);
}

#[test]
fn a_higher_peak_and_a_lower_limit_need_more_gpus() {
    let gpus = |words: &[&str]| {
        let json = two_billion(&[&["--json"], words].concat()).ok().json();
        json["budgets"][0]["asked"]["gpus"].as_u64().unwrap()
    };
    let flat = gpus(&["--peak-factor", "1", "--utilisation-max", "1"]);
    assert!(flat < gpus(&["--peak-factor", "6", "--utilisation-max", "1"]));
    assert!(flat < gpus(&["--peak-factor", "1", "--utilisation-max", "0.1"]));
}

#[test]
fn a_side_without_a_price_is_left_out_with_the_reason() {
    let json = two_billion(&["--json"]).ok().json();
    let budget = &json["budgets"][0];
    assert_eq!(budget["left_out"][0]["side"], "own");
    assert!(budget["asked"]["own_usd_per_month"].is_null());
    let text = two_billion(&[]).ok().out;
    assert!(text.contains("left out: own: no cost of an owned device is known"), "{text}");
    assert!(!text.contains("own $/month"), "{text}");
    assert!(
        text.replace('\n', " ").contains("--preset h100-hyperscaler or --preset h100-neocloud or"),
        "{text}"
    );
    // What does not fit needs no GPUs that could be counted; buying has its price all the same.
    let text = two_billion(&["--memory-gb", "4"]).ok().out.replace('\n', " ");
    assert!(
        text.contains("the need in GPUs is unknown") && text.contains("left out: rent: does not fit"),
        "{text}"
    );
}

#[test]
fn nonsense_is_refused_with_the_reason() {
    for (words, why) in [
        (&["--tokens-per-day", "2X"][..], "is not a number with K, M, B or T behind it"),
        (&["--tokens-per-day", "B"], "is not a number with K, M, B or T behind it"),
        (&["--tokens-per-day", ""], "is not a number with K, M, B or T behind it"),
        (&["--tokens-per-day", "0"], "is not a finite volume above 0"),
        (&["--tokens-per-day", "-2B"], "is not a finite volume above 0"),
        (&["--tokens-per-day", "NaN"], "is not a finite volume above 0"),
        (&["--tokens-per-day", "1e300"], "is more than anybody serves in a day"),
        (&["--tokens-per-day", "1e17"], "give a smaller volume"),
        (&["--requests-per-day", "inf"], "is not a finite volume above 0"),
        (&["--tokens-per-day", "2B", "--requests-per-day", "1M"], "cannot be used with"),
        (&[], "required"),
        (&["--tokens-per-day", "2B", "--peak-factor", "0.9"], "is not a finite number >= 1"),
        (&["--tokens-per-day", "2B", "--peak-factor", "NaN"], "is not a finite number >= 1"),
        (&["--tokens-per-day", "2B", "--utilisation-max", "1.1"], "is not a number above 0 up to 1"),
        (&["--tokens-per-day", "2B", "--utilisation-max", "0"], "is not a number above 0 up to 1"),
        (&["--tokens-per-day", "2B", "--utilisation", "0.5"], "follows from the volume"),
        (&["--tokens-per-day", "2B", "--offers", "all"], "counts one rent"),
        (&["--tokens-per-day", "2B", "--preset", "h100"], "unknown preset"),
        (&["--tokens-per-day", "2B", "--preset", "h100-neocloud", "--kw", "1"], "takes no --kw"),
        (&["--tokens-per-day", "2B", "--capex-usd", "30000"], "--capital"),
        (&["--tokens-per-day", "2B", "--market", "nobody"], "nobody"),
        (&["--tokens-per-day", "2B", "--usd-per-hour", "0"], "is not a finite number > 0"),
    ] {
        let refused = budget(words);
        assert_eq!(refused.code, Some(2), "{words:?}: {}", refused.out);
        assert!(refused.err.contains(why), "{words:?}: {}", refused.err);
        assert_eq!(refused.out, "", "{words:?}");
    }
}

#[test]
fn hostile_names_are_inert_in_every_format() {
    let here = folder();
    for name in names(&data("tables")) {
        fs::copy(data("tables").join(&name), here.path().join(&name)).unwrap();
    }
    let hostile = "=2+2 <b>|x|</b> \u{1b}[31m\u{202e}";
    for (table, row) in [
        ("rentals.csv", format!("H100 SXM,{hostile},on-demand,,2.5,2026-10-01,list,p\n")),
        ("rentals.csv", format!("H100 SXM,{hostile},spot,,1.5,2026-10-01,list,p\n")),
        ("tokens.csv", format!("llama-3.1-8b,{hostile},{hostile},0.01,0.01,,2026-10-01,p\n")),
    ] {
        let path = here.path().join(table);
        let text = fs::read_to_string(&path).unwrap();
        let width = text.lines().next().unwrap().split(',').count();
        let row = format!("{}{}\n", row.trim_end(), ",".repeat(width.saturating_sub(8)));
        fs::write(&path, text + &row).unwrap();
    }
    let shown = |format: &[&str]| {
        let here = here.path().display().to_string();
        let mut words =
            vec!["budget", "--gpu", "H100 SXM", "--model", "llama-3.1-8b", "--tokens-per-day", "2B"];
        words.extend([
            "--as-of",
            "2026-11-01",
            "--market",
            "cheapest",
            "--offers",
            "cheapest",
            "--data",
            &here,
        ]);
        words.extend(format);
        run(mtok(&words)).ok().out
    };
    for format in [&[][..], &["--json"], &["--csv"], &["--markdown"]] {
        let text = shown(format);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{format:?}: {text}");
    }
    assert!(shown(&[]).contains("=2+2"), "the seller is named");
    assert!(!shown(&["--markdown"]).contains("<b>"), "HTML is text");
    assert!(Grid::of(&shown(&["--csv"])).rows.iter().flatten().all(|cell| !cell.starts_with('=')));
}

#[test]
fn the_table_has_a_row_per_volume_and_the_months_of_a_drift_after_them() {
    let rows = |words: &[&str]| Grid::of(&two_billion(&[&["--csv"], words].concat()).ok().out).rows.len() - 1;
    assert_eq!(rows(&[]), 9);
    assert_eq!(rows(&["--load-drift", "5%"]), 9 + 24);
}

#[test]
fn a_preset_is_named_with_its_source_and_doubted_on_another_gpu() {
    let text = two_billion(&["--preset", "h100-neocloud"]).ok().out.replace('\n', " ");
    assert!(text.contains("own: preset h100-neocloud of H100 SXM: SemiAnalysisAI/InferenceX-app"), "{text}");
    assert!(!text.contains("warning"), "{text}");
    let text = two_billion(&["--preset", "h200-neocloud"]).ok().out.replace('\n', " ");
    assert!(text.contains("warning: preset h200-neocloud is of the H200 SXM, not of the H100 SXM"), "{text}");
}

#[test]
fn software_is_never_taken_for_a_gpu() {
    let measured = data("measurements.csv").display().to_string();
    let tables = tables();
    let mut words = vec!["budget", "--tokens-per-day", "1M", "--model", "llama-3.1-8b", "--weights", "q8_0"];
    words.extend(["--measurements", &measured, "--as-of", "2026-11-01"]);
    words.extend(tables.iter().map(String::as_str));
    let text = run(mtok(&words)).ok().out.replace('\n', " ");
    assert!(text.contains("software adapter (not a GPU), each counted as one:"), "{text}");
}

#[test]
fn a_budget_is_there_at_once() {
    let start = Instant::now();
    two_billion(&["--json"]).ok();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
