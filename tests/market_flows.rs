//! What the verbs of usage, storage, spend, the paradox, claims, forecasts and the whole tracker promise.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::path::Path;
use std::time::Instant;

use common::{Run, folder, mtok, run, write};
use serde_json::Value;

/// `mtok market` with these words.
fn market(words: &[&str]) -> Run {
    run(mtok(&["market"].into_iter().chain(words.iter().copied()).collect::<Vec<_>>()))
}

/// The same with a file of this text, named last.
fn with_file(words: &[&str], text: impl AsRef<[u8]>) -> (Run, String) {
    let here = folder();
    let file = write(here.path(), "file", text);
    (market(&words.iter().copied().chain([file.as_str()]).collect::<Vec<_>>()), file)
}

#[track_caller]
fn near(value: &Value, expected: f64) {
    let actual = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
}

const USAGE: &str = "date,total_tokens,model\n\
    2025-06,30000000,openai/gpt-oss-120b\n\
    2026-05-01,1000000,openai/gpt-oss-120b\n2026-05-01,1000000,deepseek-v3.1\n2026-05-03,2000000,deepseek-v3.1\n\
    2026-06,102000000,deepseek-v3.1\n2026-06,51000000,anthropic/claude-opus-4.7\n";

#[test]
fn a_claim_of_three_figures_is_judged_with_the_implied_price() {
    let json = market(&["check", "--claim", "usage=20x,price=-5%,spend=16x", "--json"]).ok().json();
    assert_eq!((json["consistent"].as_bool(), json["implied_price"].as_f64()), (Some(false), Some(-0.2)));
    let text = market(&["check", "--claim", "usage=20x,price=-5%,spend=16x"]).ok().out;
    assert!(text.starts_with("usage=20x,price=-5%,spend=16x: these figures cannot hold together\n  NO usage x price = 20 x 0.95 = 19"));
    let csv = market(&["check", "--claim", "usage=20x", "--csv"]).ok().out;
    assert!(csv.starts_with("claim,rule,about,holds,words\n\"usage=20x\",factor,\"usage\",,"), "{csv}");
    assert!(market(&["check", "--claim", "usage=20x", "--markdown"]).ok().out.starts_with("| claim |"));
}

#[test]
fn claims_come_from_a_file_as_well() {
    let (run, _) = with_file(&["check", "--json", "--file"], "# quoted\n\nusage=20x\nmom=+11% /week\n");
    let json = run.ok().json();
    assert_eq!(json["claims"].as_array().unwrap().len(), 2);
    assert_eq!((json["consistent"].as_bool(), &json["implied_price"]), (Some(false), &Value::Null));
    let (bad, file) = with_file(&["check", "--file"], "usage=20x\n  usage=70%\n");
    assert_eq!(bad.code, Some(2));
    assert!(
        bad.complaint().starts_with(&format!("mtok: {file}:2:9: a percentage without a sign")),
        "{}",
        bad.err
    );
    let (empty, file) = with_file(&["check", "--file"], "# nothing\n");
    assert_eq!(empty.complaint().trim_end(), format!("mtok: {file}: has no claims: write one per line"));
}

#[test]
fn bad_claims_end_with_2_and_say_where() {
    for (claim, message) in [
        ("usage=70%", "mtok: --claim:1:7: a percentage without a sign"),
        ("price=0.02", "mtok: --claim:1:7: has no unit"),
        ("usage", "mtok: --claim:1:1: \"usage\" has no \"=\""),
        ("usage=\u{1b}[2J", "mtok: --claim:1:7: \"\\u{1b}[2J\" is no figure"),
    ] {
        let run = market(&["check", "--claim", claim]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{claim}");
        assert!(run.complaint().starts_with(message), "{}", run.err);
    }
    assert_eq!(market(&["check"]).code, Some(2));
    assert_eq!(market(&["check", "--claim", "usage=2x", "--tolerance", "2"]).code, Some(2));
}

#[test]
fn usage_has_days_changes_and_streaks_per_month() {
    let (run, _) = with_file(&["usage", "--json", "--file"], USAGE);
    let json = run.ok().json();
    let months = json["months"].as_array().unwrap();
    assert_eq!(
        months.iter().map(|row| row["month"].as_str().unwrap()).collect::<Vec<_>>(),
        ["2025-06", "2026-05", "2026-06"]
    );
    assert_eq!((months[1]["days"].as_i64(), months[2]["days"].as_i64()), (Some(2), Some(30)));
    near(&months[1]["mean_tokens_per_day"], 2e6);
    near(&months[2]["mean_tokens_per_day"], 5.1e6);
    near(&months[2]["mom"], 1.55);
    near(&months[2]["yoy"], 4.1);
    assert_eq!((months[2]["streak"].as_i64(), &months[1]["mom"]), (Some(1), &Value::Null));
    let (by, _) = with_file(&["usage", "--by", "origin", "--csv", "--file"], USAGE);
    assert!(by.ok().out.starts_with("month,group,mean_tokens_per_day,share,mom,yoy,streak\n2025-06,US,"));
    let (text, _) = with_file(&["usage", "--file"], USAGE);
    assert!(text.ok().out.contains("2 of 31"));
}

#[test]
fn weekly_usage_is_never_month_over_month() {
    let (run, _) =
        with_file(&["usage", "--json", "--file"], "week,total_tokens\n2026-03-02,700\n2026-03-09,770\n");
    let json = run.ok().json();
    assert_eq!((json["period"].as_str(), json["months"].as_array().unwrap().len()), (Some("week"), 0));
    near(&json["weeks"][1]["wow"], 0.1);
    assert!(json["weeks"][1].get("mom").is_none());
}

#[test]
fn rankings_print_the_line_that_their_licence_asks_for() {
    let text = r#"{"data":[{"date":"2026-05-11","model_permaslug":"openai/gpt-4o","total_tokens":"12345678"}],"meta":{"as_of":"2026-05-12"}}"#;
    let (run, _) = with_file(&["usage", "--file"], text);
    assert!(run.ok().out.contains("Source: OpenRouter (openrouter.ai/rankings), as of 2026-05-12."));
}

#[test]
fn bad_files_end_with_2_and_one_line_that_says_where() {
    for (words, text, message) in [
        (
            &["usage", "--file"][..],
            "date,total_tokens\n2026-06-31,5\n",
            ":2:1: date \"2026-06-31\" is not a day",
        ),
        (&["usage", "--file"], "date,total_tokens\n2026-06-01,-5\n", ":2:2: total_tokens \"-5\" is not"),
        (&["usage", "--file"], "{\"data\":[{}]}", ":1:11: missing field `date`"),
        (&["usage", "--file"], "\u{feff}", ": is empty"),
        (&["storage", "--file"], "date,product,usd,source\n2026-06-01,,5,x\n", ":2:2: product is empty"),
        (&["storage", "--file"], "date,usd,source\n2026-06-01,5,x\n", ":1: column \"product\" is missing"),
        (&["spend", "--usage"], "date,total_tokens\n2026-06,5\n", ": names no models"),
        (&["spend", "--usage"], "week,tokens,model\n2026-06-01,5,a\n", ": is weekly"),
        (
            &["paradox", "--series"],
            "month,price\n2026-06,0\n",
            ":2:2: price \"0\" is not a finite number > 0",
        ),
    ] {
        let started = Instant::now();
        let (run, file) = with_file(words, text);
        assert!(started.elapsed().as_secs() < 10);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{text}");
        assert!(run.complaint().starts_with(&format!("mtok: {file}{message}")), "{}", run.err);
        assert_eq!(run.complaint().trim_end().lines().count(), 1);
    }
}

#[test]
fn spend_splits_into_parts_that_add_up_and_lists_what_has_no_price() {
    let (run, _) = with_file(&["spend", "--json", "--usage"], USAGE);
    let json = run.ok().json();
    let june = json["months"].as_array().unwrap().last().unwrap();
    let of = |name: &str| june[name].as_f64().unwrap();
    assert!((of("log_volume") + of("log_price") - of("log_spend")).abs() < 1e-9);
    assert!((of("priced_share") - 102.0 / 153.0).abs() < 1e-9);
    assert_eq!(json["unpriced"][0]["model"], "anthropic/claude-opus-4.7");
    let prices = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n\
                  anthropic/claude-opus-4.7,anthropic,,5,25,,2026-05-01,list\n";
    let here = folder();
    let (usage, prices) = (write(here.path(), "usage.csv", USAGE), write(here.path(), "prices.csv", prices));
    let json = market(&["spend", "--usage", &usage, "--tokens", &prices, "--mix", "3", "--json"]).ok().json();
    near(&json["months"][2]["weighted_usd_per_mtok"], 10.0);
}

#[test]
fn the_paradox_shows_both_conditions_and_the_speed_to_stand_still() {
    let json = market(&["paradox", "--claim", "usage=1400x,price=-80%,rent=+38%", "--json"]).ok().json();
    near(&json["spend_factor"], 280.0);
    near(&json["kernel_speedup"], 1.38 / 0.2);
    assert_eq!((json["price_falls"].as_bool(), json["spend_rises"].as_bool()), (Some(true), Some(true)));
    let (series, _) = with_file(
        &["paradox", "--json", "--series"],
        "month,price,rent\n2026-01,10,1\n2026-02,9,2\n2026-03,8,3\n",
    );
    assert_eq!(series.ok().json()["flags"][0]["months_in_a_row"], 2);
    assert_eq!(market(&["paradox", "--claim", "tokens=2x"]).code, Some(2));
}

#[test]
fn a_forecast_says_how_much_faster_kernels_must_become() {
    let json =
        market(&["forecast", "--rent", "+38%", "--price", "-5%", "--usage", "x2", "--json"]).ok().json();
    near(&json["kernel_speedup"], 1.38 / 0.95);
    near(&json["spend_factor"], 1.9);
    assert_eq!(json["path"].as_array().unwrap().len(), 13);
    let floor = market(&["forecast", "--price-floor", "0.01", "--usd-per-hour", "2.35"]).ok().out;
    assert!(floor.contains("from 65278 tokens/s on"), "{floor}");
    for bad in [["--rent", "38"], ["--rent", "-100%"], ["--months", "0"], ["--utilisation", "0"]] {
        assert_eq!(market(&["forecast", bad[0], bad[1]]).code, Some(2), "{bad:?}");
    }
}

#[test]
fn the_whole_tracker_fits_a_page_and_its_json_is_complete() {
    let page = market(&["all", "--as-of", "2026-07-15"]).ok().out;
    assert!(page.lines().count() <= 40 && page.lines().all(|line| line.chars().count() <= 80), "{page}");
    for part in [
        "Tracker as of 2026-07-15",
        "h100",
        "quoted, not measured",
        "verdict, agree",
        "verdict, do not agree",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let json = market(&["all", "--as-of", "2026-07-15", "--json"]).ok().json();
    assert!(
        json["indicators"].as_array().unwrap().len() >= 50 && json["tokens"].as_array().unwrap().len() >= 15
    );
    let h100 = json["rents"].as_array().unwrap().iter().find(|row| row["gpu"] == "h100").unwrap();
    assert!(h100["level_usd_per_gpu_hour"].as_f64().unwrap() > 1.0 && h100["ratio_to"] == "a100");
    assert_eq!(json["claims"]["claims"][0]["consistent"], false);
    let early = market(&["all", "--as-of", "2024-06-30", "--json"]).ok().json();
    let dates =
        early["indicators"].as_array().unwrap().iter().map(|row| row["date"].as_str().unwrap().to_owned());
    assert_eq!(dates.collect::<Vec<_>>(), ["2024-01"], "what is dated later does not exist");
    let markdown = market(&["all", "--as-of", "2026-07-15", "--markdown"]).ok().out;
    assert!(markdown.contains("| indicator | subject | date | period |"));
}

#[test]
fn storage_samples_break_where_the_part_changes() {
    let sample =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/storage/trendforce_weekly_points.csv");
    if !sample.exists() {
        eprintln!("skipped: {} is not here", sample.display());
        return;
    }
    let file = sample.to_str().unwrap();
    let json = market(&["storage", "--file", file, "--gap", "hold", "--json"]).ok().json();
    let [at] = json["breaks"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!(
        (at["from"].as_str(), at["to"].as_str()),
        (Some("DDR4 1Gx8 2666MT/s"), Some("DDR4 1Gx8 3200MT/s"))
    );
    let first = |json: &Value| {
        let rows = json["months"].as_array().unwrap().clone();
        rows.into_iter()
            .find(|row| row["product"] == "DDR4 1Gx8 3200MT/s" && row["month"] == "2025-02")
            .unwrap()
    };
    assert_eq!(first(&json)["mom"], Value::Null);
    let splice = "DDR4 1Gx8 2666MT/s=DDR4 1Gx8 3200MT/s";
    let joined =
        market(&["storage", "--file", file, "--gap", "hold", "--splice", splice, "--json"]).ok().json();
    assert_eq!(
        (first(&joined)["spliced"].as_bool(), joined["breaks"].as_array().unwrap().len()),
        (Some(true), 0)
    );
    near(&first(&joined)["mom"], 1.451 / 1.843 - 1.0);
    assert!(
        market(&["storage", "--file", file, "--splice", splice])
            .ok()
            .out
            .contains("spliced as asked: DDR4 1Gx8")
    );
    assert_eq!(market(&["storage", "--file", file, "--splice", "a=b"]).code, Some(2));
}
