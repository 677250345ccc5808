//! No line is longer than 80 columns unless all columns are asked for.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod common;

use common::{Grid, data, folder, mtok, run, tables, write};
use unicode_width::UnicodeWidthStr;

#[track_caller]
fn fits(words: &[&str]) -> String {
    let out = run(mtok(words)).ok().out;
    let long: Vec<&str> = out.lines().filter(|line| line.width() > 80).collect();
    assert!(long.is_empty(), "{words:?}: {long:#?}");
    out
}

#[test]
fn tables_and_sentences_of_real_data_fit() {
    let measured = data("measurements.csv").display().to_string();
    let report = data("report").display().to_string();
    let day = ["--as-of", "2026-09-01"];
    for words in [
        vec!["compare", "--gpu", "H100 SXM", "--model", "all"],
        vec![
            "compare",
            "--gpu",
            "A100 PCIe 80GB",
            "--model",
            "all",
            "--offers",
            "all",
            "--market",
            "cheapest",
        ],
        vec!["compare", "--measurements", &measured],
        vec![
            "explain",
            "verdict",
            "--gpu",
            "H100 SXM",
            "--model",
            "deepseek-v3",
            "--weights",
            "fp8",
            "--tp",
            "8",
        ],
        vec!["explain", "usd_per_mtok_out", "--measurements", &measured, "--model", "qwen3-8b", "--all"],
    ] {
        fits(&[&words[..], &day].concat());
    }
    fits(&["explain"]);
    fits(&["report", &report]);
    fits(&["estimate", "--gpu", "H100 SXM", "--model", "all"]);
    fits(&["estimate", "--measurements", &measured]);
    fits(&["market", "check", "--claim", "usage=20x,price=-5%,spend=16x"]);
    fits(&[
        "market",
        "check",
        "--claim",
        "mom=+70%,yoy=20x",
        "--claim",
        "tokens=10->3900 over 5 years,tokens=370x",
    ]);
}

#[test]
fn long_and_hostile_names_are_broken_and_inert() {
    let long = format!("{}\u{1b}[31m\u{202e}", "名前".repeat(60));
    let folder = folder();
    let table = |name: &str| std::fs::read_to_string(data("tables").join(name)).unwrap();
    let models = Grid::of(&table("models.csv")).with(1, "name", &long);
    write(folder.path(), "models.csv", models.text());
    let rents = Grid::of(&table("rentals.csv")).with_all("provider", &long);
    write(folder.path(), "rentals.csv", rents.text());
    let dir = folder.path().display().to_string();
    for verb in ["compare", "estimate"] {
        let mut words = vec![verb, "--gpu", "H100 SXM", "--model", "all", "--data", &dir];
        words.extend((verb == "compare").then_some(["--as-of", "2026-11-01"]).into_iter().flatten());
        assert!(!fits(&words).contains(['\u{1b}', '\u{202e}']), "{verb}");
    }
    // A measured device has a name of its own.
    let measured = Grid::of(&std::fs::read_to_string(data("measurements.csv")).unwrap());
    let path = write(folder.path(), "measurements.csv", measured.with_all("adapter", &long).text());
    fits(&["report", &path]);
    fits(&["estimate", "--measurements", &path]);
}

#[test]
fn wide_shows_the_columns_of_the_decision() {
    let tables = tables();
    let mut words = vec!["compare", "--gpu", "H100 SXM", "--as-of", "2026-11-01", "--wide"];
    words.extend(tables.iter().map(String::as_str));
    let out = run(mtok(&words)).ok().out;
    for header in [
        "cost/market low to high",
        "decides",
        "verdict changes at",
        "market low to high",
        "rent $/h low to high",
        "blended low to high",
    ] {
        assert!(out.contains(header), "{header}");
    }
    let out = run(mtok(&["estimate", "--gpu", "H100 SXM", "--wide"])).ok().out;
    assert!(out.contains("decode low to high") && out.contains("KV cache GB"), "{out}");
    let out = run(mtok(&["report", &data("report").display().to_string(), "--wide"])).ok().out;
    assert!(out.contains("clock"), "{out}");
    assert_eq!(run(mtok(&["estimate", "--gpu", "H100 SXM", "--wide", "--json"])).code, Some(2));
}
