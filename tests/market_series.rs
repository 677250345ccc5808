//! `mtok market rental` and `mtok market tokens`: what they print, what they refuse, and that they reproduce a published index.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use common::{Grid, Run, call, folder, mtok, run, write};
use serde_json::Value;

/// A file that is no part of the project; its tests skip where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/rental").join(name);
    if !path.exists() {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    }
    Some(path)
}

fn rental(file: &Path, options: &[&str]) -> Run {
    let file = file.display().to_string();
    run(mtok(&[&["market", "rental", "--file", &file], options].concat()))
}

/// The months of a call by their names.
fn months(run: Run) -> BTreeMap<String, Value> {
    let months = run.ok().json()["months"].as_array().unwrap().clone();
    months.into_iter().map(|row| (row["month"].as_str().unwrap().to_owned(), row)).collect()
}

#[track_caller]
fn refused(run: &Run, what: &str) {
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert!(run.complaint().contains(what), "{} lacks {what}", run.err);
}

const RENTS: &str = "date,provider,gpu,gpu_memory,kind,region,usd_per_gpu_hour,source\n";

/// Three providers in two months.
fn rents() -> String {
    let row = |month: u32, provider: &str, price: f64| {
        format!("2026-0{month},{provider},H100,80,on-demand,us,{price},p\n")
    };
    let months = [(1, [2.0, 3.0, 4.0]), (2, [2.0, 3.3, 4.0])];
    let rows = months.iter().flat_map(|(month, prices)| {
        ["a", "b", "c"].iter().zip(prices).map(|(provider, price)| row(*month, provider, *price))
    });
    RENTS.to_owned() + &rows.collect::<String>()
}

#[test]
fn every_level_of_the_published_index_is_reproduced_and_the_same_months_are_withheld() {
    let (Some(quotes), Some(index)) =
        (shared("gpu_rental_monthly_by_provider.csv"), shared("gpu_rental_monthly_index.csv"))
    else {
        return;
    };
    let grid = Grid::of(&fs::read_to_string(index).unwrap());
    let column = |name: &str| grid.column(name);
    let mut compared = 0;
    for gpu in ["A100", "H100", "H200", "B200"] {
        let months = months(rental(&quotes, &["--gpu", &gpu.to_lowercase(), "--json"]));
        for row in grid.rows[1..].iter().filter(|row| row[column("gpu")] == gpu) {
            let ours = &months[&row[column("date")]];
            let level = ours["level_usd_per_gpu_hour"].as_f64();
            assert_eq!(ours["providers"].to_string(), row[column("provider_count")], "{row:?}");
            assert_eq!(level.is_none(), row[column("status")] == "withheld", "{row:?}");
            assert_eq!(ours["withheld"].is_null(), level.is_some());
            compared += 1;
            let Some(level) = level else { continue };
            // Providers' values are rounded to a tenth of a cent there.
            let published: f64 = row[column("index_value_usd_per_gpu_hour")].parse().unwrap();
            assert!((level - published).abs() < 6e-4, "{row:?} {level}");
            let dispersion: f64 = row[column("dispersion")].parse().unwrap();
            assert!((ours["dispersion"].as_f64().unwrap() - dispersion).abs() < 2e-3, "{row:?}");
        }
    }
    assert_eq!(compared, 125);
}

#[test]
fn the_level_of_june_2026_fell_by_a_sixth_while_nobody_changed_a_price() {
    let Some(quotes) = shared("gpu_rental_monthly_by_provider.csv") else { return };
    let a100 = months(rental(&quotes, &["--gpu", "A100", "--json"]));
    let (may, june) = (&a100["2026-05"], &a100["2026-06"]);
    assert_eq!((may["level_usd_per_gpu_hour"].as_f64(), may["providers"].as_u64()), (Some(2.79), Some(3)));
    assert_eq!((june["level_usd_per_gpu_hour"].as_f64(), june["providers"].as_u64()), (Some(2.306), Some(5)));
    assert!((june["mom"].as_f64().unwrap() + 0.17348).abs() < 1e-4);
    assert_eq!(
        (june["matched_mom"].as_f64(), june["up"].as_u64(), june["down"].as_u64()),
        (Some(0.0), Some(0), Some(0))
    );
    // Four of the five had quoted in the three months before.
    assert_eq!(
        (june["matched"].as_u64(), june["joined"].to_string()),
        (Some(4), "[\"crusoe\",\"hyperstack\"]".into())
    );
    let h100 = months(rental(&quotes, &["--gpu", "h100", "--ratio", "a100", "--json"]));
    let june = &h100["2026-06"];
    let number = |key: &str| june[key].as_f64().unwrap();
    assert_eq!((number("level_usd_per_gpu_hour"), number("providers")), (3.317, 7.0));
    assert_eq!((number("min_usd_per_gpu_hour"), number("max_usd_per_gpu_hour")), (2.02, 6.155));
    assert!((number("dispersion") - 0.3006).abs() < 1e-3);
    assert!((number("ratio") - 3.317 / 2.306).abs() < 1e-12);
    // One of six rose, 3.588 being new: the geometric mean of their own changes.
    assert_eq!((number("matched"), number("up"), number("down")), (6.0, 1.0, 0.0));
    assert!((number("matched_mom") - 0.017789).abs() < 1e-6);
    // A move of $0.001 at one provider in March is no rise.
    let march = &h100["2026-03"];
    assert_eq!((march["up"].as_u64(), march["matched_streak"].as_i64()), (Some(0), Some(0)));
}

#[test]
fn rules_scope_source_unit_period_and_basis_are_printed_within_80_columns() {
    let here = folder();
    let file = write(here.path(), "rents.csv", rents());
    let out = rental(Path::new(&file), &["--gpu", "h100", "--tolerance", "0.01", "--flat", "hold"]).ok().out;
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Rent of H100 (80 GB), on-demand, basis list, USD per GPU and hour",
        "regions: all: us",
        "2026-01 to 2026-02: 6 rows of 3 providers; source: p",
        "level: median over providers of each provider's median; no level below 3 providers; flat: moves up to 1% or 0.001 USD; \
         a flat month holds a streak, a missing month breaks it",
        "matched: geometric mean over providers",
        "+10.0%",
    ] {
        assert!(words.contains(said), "{said} is not in\n{out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    let bundled = call("market rental --gpu h100 --ratio a100").ok().out;
    assert!(bundled.lines().all(|line| line.chars().count() <= 80), "{bundled}");
    let tokens = call("market tokens --model llama-3.3-70b").ok().out;
    assert!(tokens.lines().all(|line| line.chars().count() <= 80), "{tokens}");
}

#[test]
fn json_csv_and_markdown_say_the_same() {
    let here = folder();
    let file = write(here.path(), "rents.csv", rents());
    let of = |format: &str| rental(Path::new(&file), &["--gpu", "h100", format]).ok();
    let json = of("--json").json();
    let february = &json["months"][1];
    assert_eq!(
        (february["level_usd_per_gpu_hour"].as_f64(), february["streak"].as_i64()),
        (Some(3.3), Some(1))
    );
    assert!((february["mom"].as_f64().unwrap() - 0.1).abs() < 1e-12 && february["yoy"].is_null());
    assert_eq!(json["rules"]["flat"], "break");
    let grid = Grid::of(&of("--csv").out);
    for (column, cell) in grid.rows[0].iter().zip(&grid.rows[2]) {
        match &february[column.as_str()] {
            Value::Null => assert_eq!(cell, "", "{column}"),
            Value::Number(number) => assert_eq!(cell.parse().ok(), number.as_f64(), "{column}"),
            Value::String(text) => assert_eq!(cell, text),
            _ => {}
        }
    }
    assert!(of("--markdown").out.contains("| 2026-02 | 3.300 | 3 | +10.0% |"));
}

#[test]
fn hostile_names_reach_no_output_raw() {
    let here = folder();
    let text = rents().replace(",a,", ",=cmd()|\u{1b}[2J<b>,");
    let file = write(here.path(), "rents.csv", text);
    for format in ["--csv", "--markdown", "--json"] {
        let out = rental(Path::new(&file), &["--gpu", "h100", format, "--from", "2026-02"]).ok().out;
        assert!(!out.contains('\u{1b}') && !out.contains("\n=cmd") && !out.contains(",=cmd"), "{out}");
    }
    let out = rental(Path::new(&file), &["--gpu", "h100"]).ok().out;
    assert!(!out.contains('\u{1b}'), "{out}");
}

#[test]
fn a_bad_row_is_answered_with_its_place() {
    let here = folder();
    let good = rents();
    for (bad, what) in [
        ("2026-13,a,H100,80,on-demand,us,2,p", ":8:1: date \"2026-13\" is neither a day like"),
        ("2026-01,,H100,80,on-demand,us,2,p", ":8:2: provider is empty"),
        ("2026-01,a,H100,80,weekly,us,2,p", ":8:5: kind \"weekly\" is none of"),
        ("2026-01,a,H100,80,on-demand,us,0,p", ":8:7: price \"0\" is not a finite number > 0"),
        ("2026-01,a,H100,80,on-demand,us,1440,p", ":8:7: price \"1440\" is outside 0.05 to 100"),
        ("2026-01,a,H100", ":8: has 3 fields, the header has 8"),
    ] {
        let file = write(here.path(), "rents.csv", format!("{good}{bad}\n"));
        refused(&rental(Path::new(&file), &["--gpu", "h100"]), &format!("{file}{what}"));
    }
}

#[test]
fn what_is_asked_for_and_not_there_is_answered_with_what_is() {
    let here = folder();
    let file = write(here.path(), "rents.csv", rents());
    for (options, what) in [
        (&["--gpu", "h10"][..], "no rent of \"h10\"; nearest: H100"),
        (&["--gpu", "gh100"], "no rent of \"gh100\"; nearest: H100"),
        (&["--gpu", "h100", "--ratio", "a100"], "no rent of \"a100\""),
        (&["--gpu", "h100", "--kind", "spot"], "no spot rent of \"h100\"; there is on-demand"),
        (&["--gpu", "h100", "--region", "eu"], "no on-demand rent of \"h100\" in region \"eu\"; there is us"),
        (
            &["--gpu", "h100", "--from", "2027-01"],
            "no quote between --from and --to; there are 2026-01 to 2026-02",
        ),
        (&["--gpu", "h100", "--memory-gb", "40"], "no \"h100\" with that memory; there is 80 GB (6 rows)"),
        (&["--gpu", "h100", "--from", "June"], "is neither a month like 2026-06 nor a day like 2026-06-12"),
        (&["--gpu", "h100", "--tolerance", "NaN"], "is not a number from 0 to below 1"),
    ] {
        let run = rental(Path::new(&file), options);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{options:?}");
        assert!(run.err.contains(what), "{} lacks {what}", run.err);
    }
    let none = write(here.path(), "none.csv", RENTS);
    refused(&rental(Path::new(&none), &["--gpu", "h100"]), "there are no rents in it");
    refused(&rental(here.path(), &["--gpu", "h100"]), "is a folder");
    refused(&call("market tokens --model llama-3.3-70"), "nearest: llama-3.3-70b");
}

#[test]
fn the_bundled_tables_make_series_of_their_own() {
    let h200 = months(call("market rental --gpu h200 --ratio h100 --json"));
    let september = &h200["2026-09"];
    assert!(
        september["level_usd_per_gpu_hour"].as_f64().unwrap() > 3.0
            && september["ratio"].as_f64().unwrap() > 1.0
    );
    let tracker = call("market tokens --model llama-3.3-70b --json").ok().json();
    assert_eq!(tracker["scope"]["input_output_ratio"].as_f64(), Some(3.0));
    let august = tracker["months"].as_array().unwrap().last().unwrap();
    assert!(august["sellers"].as_u64().unwrap() > 5 && august["matched"].as_u64().unwrap() > 2);
    assert_eq!(call("market tokens --model Meta-Llama/Llama-3.3-70B-Instruct --json").ok().json(), tracker);
}

/// Not a measurement: it fails only where something grows faster than the table. The bench `core` measures.
#[test]
fn a_hundred_thousand_rents_take_no_noticeable_time() {
    let here = folder();
    let mut text = RENTS.to_owned();
    for row in 0..100_000 {
        let (year, month, day) = (2023 + row % 4, 1 + row % 12, 1 + row % 28);
        text += &format!(
            "{year}-{month:02}-{day:02},p{},H100,80,on-demand,r{},{}.{:02},s\n",
            row % 30,
            row % 40,
            1 + row % 7,
            row % 97
        );
    }
    let file = write(here.path(), "rents.csv", text);
    let start = Instant::now();
    rental(Path::new(&file), &["--gpu", "h100", "--json"]).ok();
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
