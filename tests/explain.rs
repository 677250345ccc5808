//! `mtok explain`: the tree holds the numbers of `mtok compare`, and every number follows from the ones below it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use common::{call, data, folder, mtok, run, write};
use mtok::market::figure;
use serde_json::Value;

const DAY: [&str; 2] = ["--as-of", "2026-09-01"];

/// Comparisons of several rows each: datasheets and measured devices, with all that changes a formula.
fn cases() -> Vec<Vec<String>> {
    let measured = data("measurements.csv").display().to_string();
    let cases = [
        vec!["--gpu", "H100 SXM", "--model", "llama-3.1-8b,gpt-oss-20b"],
        vec![
            "--gpu",
            "H100 SXM",
            "--model",
            "llama-3.1-70b",
            "--tp",
            "4",
            "--cached",
            "0.5",
            "--market",
            "cheapest",
        ],
        vec!["--gpu", "RTX 4090", "--model", "llama-3.1-8b", "--weights", "q4_K_M", "--usd-per-hour", "0.4"],
        vec![
            "--gpu",
            "H100 SXM",
            "--model",
            "qwen3-32b",
            "--drafts",
            "3",
            "--acceptance",
            "0.7",
            "--offers",
            "cheapest",
        ],
        vec![
            "--gpu",
            "H100 SXM",
            "--model",
            "llama-3.1-8b",
            "--weights",
            "fp8",
            "--offers",
            "all",
            "--utilisation",
            "0.4",
        ],
        vec![
            "--gpu",
            "H100 SXM",
            "--model",
            "llama-3.1-8b",
            "--market",
            "deepinfra",
            "--isl",
            "300",
            "--osl",
            "900",
        ],
        vec![
            "--measurements",
            &measured,
            "--model",
            "llama-3.1-8b,qwen3-8b",
            "--batch",
            "1,3",
            "--cached",
            "0.25",
        ],
        vec![
            "--measurements",
            &measured,
            "--model",
            "qwen3-8b",
            "--usd-per-hour",
            "2",
            "--price-drift",
            "-5%",
        ],
    ];
    cases.into_iter().map(|words| words.into_iter().chain(DAY).map(str::to_owned).collect()).collect()
}

fn json(verb: &[&str], case: &[String]) -> Value {
    let words: Vec<&str> =
        verb.iter().copied().chain(case.iter().map(String::as_str)).chain(["--json"]).collect();
    run(mtok(&words)).ok().json()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// The part of a figure's name.
fn part<'v>(node: &'v Value, name: &str) -> Option<&'v Value> {
    node["parts"].as_array().unwrap().iter().find(|part| part["figure"] == name)
}

fn sum(node: &Value) -> f64 {
    node["parts"].as_array().unwrap().iter().filter_map(|part| part["value"].as_f64()).sum()
}

/// What the formula of a node gives with its parts; `None` where it is a leaf or its parts stand elsewhere.
fn again(node: &Value) -> Option<f64> {
    let parts = node["parts"].as_array().unwrap();
    if parts.is_empty() {
        return None;
    }
    let of = |name: &str| part(node, name).and_then(|part| part["value"].as_f64());
    let starting = |what: &str| {
        parts.iter().find(|part| part["what"].as_str().unwrap().starts_with(what))?["value"].as_f64()
    };
    let cost =
        |time| Some(of("usd_per_hour")? * of("gpus")? * 1e6 / (3600.0 * of("utilisation")?) * of(time)?);
    match node["figure"].as_str().unwrap() {
        "break_even_utilisation" => Some(of("utilisation")? * of("cost_over_price")?),
        "break_even_usd_per_hour" => Some(of("usd_per_hour")? / of("cost_over_price")?),
        "break_even_mtok_per_month" => {
            Some(of("usd_per_hour")? * of("gpus")? * mtok::cost::HOURS_PER_MONTH / of("market_usd_per_mtok")?)
        }
        "cost_over_price" => Some(of("usd_per_mtok_blended")? / of("market_usd_per_mtok")?),
        "usd_per_mtok_blended" => {
            let ratio = of("input_output_ratio")?;
            Some((ratio * of("usd_per_mtok_in")? + of("usd_per_mtok_out")?) / (ratio + 1.0))
        }
        "usd_per_mtok_in" => cost("input_s_per_token"),
        "usd_per_mtok_out" => cost("output_s_per_token"),
        "input_output_ratio" => Some(of("isl")? / of("osl")?),
        "input_s_per_token" => Some(starting("prompt")? / of("isl")? * starting("m,")?),
        "output_s_per_token" => Some(starting("decode")? / starting("output tokens")? * starting("m,")?),
        "usd_per_hour" | "market_usd_per_mtok" => {
            let mut voting: Vec<f64> = parts
                .iter()
                .filter(|part| part["origin"] != "left-out" && part["figure"] == "")
                .filter_map(|part| part["value"].as_f64())
                .collect();
            voting.sort_by(f64::total_cmp);
            let middle = voting.len() / 2;
            let even = voting.len().is_multiple_of(2);
            Some(if even { f64::midpoint(voting[middle - 1], voting[middle]) } else { voting[middle] })
        }
        _ => match node["formula"].as_str().unwrap() {
            "sum of its passes" => Some(sum(node)),
            "min(1, mixed / apart)" => Some((starting("mixed")? / starting("apart")?).min(1.0)),
            "decode + begun · prompt" => {
                Some(starting("decode")? + starting("begun")? * starting("prompt")?)
            }
            _ => None,
        },
    }
}

/// Checks a tree and counts the nodes that were computed again.
fn check(node: &Value) -> usize {
    let parts = node["parts"].as_array().unwrap();
    let mut checked = 0;
    if let (Some(value), Some(again)) = (node["value"].as_f64(), again(node)) {
        assert!(close(value, again), "{} is {value}, its parts give {again}", node["what"]);
        checked = 1;
    }
    checked + parts.iter().map(check).sum::<usize>()
}

fn key(row: &Value) -> [String; 4] {
    ["model", "weights", "batch", "rental_providers"].map(|name| row[name].to_string())
}

#[test]
fn every_figure_is_that_of_the_comparison_and_follows_from_its_parts() {
    let mut checked = 0;
    for (place, case) in cases().into_iter().enumerate() {
        let rows = json(&["compare"], &case);
        let rows = rows.as_array().unwrap();
        // The first are made of all others.
        let all = |figure: &&figure::Figure| {
            place == 0 || ["verdict", "break_even_mtok_per_month"].contains(&figure.name)
        };
        for figure in figure::ALL.iter().filter(all) {
            let shown = json(&["explain", figure.name, "--all"], &case);
            assert_eq!(shown["schema_version"], 1);
            let explained = shown["explained"].as_array().unwrap();
            assert_eq!(explained.len(), rows.len());
            for (row, explained) in rows.iter().zip(explained) {
                assert_eq!(key(row), key(explained), "{case:?}");
                let node = &explained["explained"];
                let known = &row[figure.name];
                match known.as_f64() {
                    _ if figure.name.ends_with("_s_per_token") => {}
                    Some(value) => assert_eq!(node["value"], value, "{}", figure.name),
                    None => assert_eq!(node["words"], known.as_str().unwrap_or_default(), "{}", figure.name),
                }
                checked += check(node);
            }
        }
    }
    assert!(checked > 300, "{checked}");
}

fn places(node: &Value) -> Vec<String> {
    let own = node["place"].as_str().unwrap().to_owned();
    let parts = node["parts"].as_array().unwrap().iter().flat_map(places);
    std::iter::once(own).chain(parts).filter(|place| !place.is_empty()).collect()
}

/// The line that a place names.
fn line(place: &str) -> String {
    let (file, number) = place.rsplit_once(':').unwrap();
    let path = if std::path::Path::new(file).exists() { file.into() } else { bundled(file) };
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().nth(number.parse::<usize>().unwrap() - 1).unwrap().to_owned()
}

fn bundled(file: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file)
}

#[test]
fn every_place_names_the_line_that_holds_what_is_said() {
    let case = ["--gpu", "H100 SXM", "--model", "llama-3.1-8b", "--weights", "fp8"];
    let case: Vec<String> = case.iter().chain(&DAY).map(|word| (*word).to_owned()).collect();
    let shown = json(&["explain", "verdict"], &case);
    let places = places(&shown["explained"][0]["explained"]);
    let of =
        |file: &str| places.iter().filter(|place| place.starts_with(file)).map(|place| line(place)).collect();
    let gpus: Vec<String> = of("gpus.csv:");
    assert!(gpus.len() == 1 && gpus[0].starts_with("H100 SXM,"), "{gpus:?}");
    let models: Vec<String> = of("models.csv:");
    assert!(models.len() == 1 && models[0].starts_with("llama-3.1-8b,"), "{models:?}");
    let (rents, cards): (Vec<String>, Vec<String>) = (of("rentals.csv:"), of("tokens.csv:"));
    assert!(rents.len() > 10 && rents.iter().all(|line| line.starts_with("H100 SXM,")), "{rents:?}");
    assert!(cards.len() > 10 && cards.iter().all(|line| line.contains("llama-3.1-8b")), "{cards:?}");
}

#[test]
fn times_of_a_measured_device_come_down_to_the_rows_of_its_file() {
    let measured = data("measurements.csv").display().to_string();
    let case = ["--measurements", &measured, "--model", "llama-3.1-8b", "--weights", "q8_0", "--batch", "1"];
    let case: Vec<String> = case.iter().chain(&DAY).map(|word| (*word).to_owned()).collect();
    let shown = json(&["explain", "output_s_per_token"], &case);
    let text = shown.to_string();
    let rows: Vec<String> = places(&shown["explained"][0]["explained"])
        .into_iter()
        .filter(|place| place.starts_with(&measured))
        .collect();
    for kernel in ["gemv", "attention_decode", "rmsnorm", "silu_mul", "rope", "dispatch"] {
        assert!(text.contains(&format!("cell {kernel} ")), "{kernel}");
        let named = rows.iter().any(|place| line(place).contains(&format!(",{kernel},")));
        assert!(named, "{kernel}: {rows:?}");
    }
}

#[test]
fn what_has_no_cost_still_shows_its_rent_and_its_cards() {
    let shown = call("explain verdict --gpu L40S --model deepseek-v3 --as-of 2026-09-01 --json").ok().json();
    let node = &shown["explained"][0]["explained"];
    assert_eq!((&node["origin"], &node["value"]), (&Value::from("unknown"), &Value::Null));
    assert!(node["note"].as_str().unwrap().starts_with("does not fit"), "{node}");
    let places = places(node);
    for file in ["rentals.csv:", "tokens.csv:"] {
        assert!(places.iter().any(|place| place.starts_with(file)), "{file}: {places:?}");
    }
}

#[test]
fn one_row_is_not_taken_for_several() {
    let shown = call("explain verdict --gpu L40S --model llama-3.1-8b,qwen3-8b --as-of 2026-09-01");
    assert_eq!(shown.code, Some(2));
    for option in ["4 rows match", "--model (llama-3.1-8b, qwen3-8b)", "--weights (bf16, fp8)", "--all"] {
        assert!(shown.err.contains(option), "{option}: {}", shown.err);
    }
    let shown = call("explain verdict --gpu L40S --model llama-3.1-8b --weights fp8 --offers all");
    assert!(shown.code == Some(2) && shown.err.contains("--offers median or cheapest"), "{}", shown.err);
}

#[test]
fn an_unknown_figure_is_answered_with_the_nearest_and_none_lists_all() {
    let shown = call("explain usd_per_mtok --gpu L40S");
    assert_eq!(shown.code, Some(2));
    assert!(shown.err.contains("nearest: usd_per_mtok_in"), "{}", shown.err);
    let all = call("explain").ok().out;
    for figure in figure::ALL {
        assert!(
            all.lines().any(|line| line.split([':', ',']).next() == Some(figure.name)),
            "{}",
            figure.name
        );
    }
    assert_eq!(call("explain --json").ok().json().as_array().unwrap().len(), figure::ALL.len());
    assert_eq!(call("explain --gpu L40S").code, Some(2));
}

#[test]
fn what_nobody_said_is_called_assumed() {
    let origin = |words: &str, name: &str| {
        let words = format!(
            "explain {name} --gpu L40S --model llama-3.1-8b --weights fp8 --as-of 2026-09-01 --json{words}"
        );
        call(&words).ok().json()["explained"][0]["explained"]["origin"].as_str().unwrap().to_owned()
    };
    assert_eq!(origin("", "utilisation"), "assumed");
    assert_eq!(origin(" --utilisation 1", "utilisation"), "given");
    assert_eq!(origin("", "isl"), "assumed");
    assert_eq!(origin(" --isl 1536", "isl"), "given");
    assert_eq!(origin(" --usd-per-hour 2", "usd_per_hour"), "given");
    assert_eq!(origin(" --market median", "market_policy"), "given");
}

#[test]
fn hostile_names_in_the_tables_come_out_inert() {
    let bad = "\u{1b}[31m\u{202e}<script>|=1+1";
    let folder = folder();
    let tokens = std::fs::read_to_string(data("tables").join("tokens.csv")).unwrap();
    let header = tokens.lines().next().unwrap();
    let columns: Vec<&str> = header.split(',').collect();
    let row = columns.iter().map(|column| match *column {
        "model" => "llama-3.1-8b",
        "seller" | "listing" | "source" => bad,
        "input_usd_per_mtok" | "output_usd_per_mtok" => "0.2",
        "date" => "2026-08-01",
        _ => "",
    });
    let row = row.collect::<Vec<_>>().join(",");
    write(folder.path(), "tokens.csv", format!("{header}\n{row}\n"));
    let dir = folder.path().display().to_string();
    for format in ["--json", "--csv", "--markdown", ""] {
        let mut words =
            vec!["explain", "verdict", "--gpu", "H100 SXM", "--model", "llama-3.1-8b", "--weights", "fp8"];
        words.extend(["--usd-per-hour", "2", "--data", &dir, "--as-of", "2026-09-01"]);
        words.extend((!format.is_empty()).then_some(format));
        let out = run(mtok(&words)).ok().out;
        assert!(!out.contains(['\u{1b}', '\u{202e}']), "{format}");
        assert!(format != "--markdown" || !out.contains("<script>"));
        assert!(!format.is_empty() || out.lines().all(|line| line.chars().count() <= 80), "{out}");
    }
}
