//! `mtok import-kernels`: what is written, what estimates make of it, what is refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::{Run, folder, mtok, run, write};

/// A table of an H100 that reads at 60 % of its bandwidth and computes at 60 % of its peak.
fn layer() -> String {
    let operators = [
        ("attn_pre_proj", 6144 * 4096, 1),
        ("attn_post_proj", 4096 * 4096, 1),
        ("mlp_up_proj", 2 * 14336 * 4096, 1),
        ("mlp_down_proj", 14336 * 4096, 1),
        ("input_layernorm", 0, 2 * 4096),
        ("attn_rope", 0, 2 * 5120),
        ("mlp_act", 0, 3 * 14336),
        ("emb", 0, 2 * 4096),
        ("swish", 0, 4096),
    ];
    let statistics = ["min", "max", "mean", "median", "std"];
    let mut text = String::new();
    for (name, ..) in operators {
        statistics.iter().for_each(|it| write!(text, "time_stats.{name}.{it},").unwrap());
    }
    text += "n_head,n_kv_head,n_embd,n_expanded_embd,vocab_size,use_gated_mlp,num_tokens,num_tensor_parallel_workers\n";
    for tokens in [1, 8, 64, 512, 2048] {
        for (_, weights, activations) in operators {
            let bytes = 2.0 * (f64::from(weights) + f64::from(activations * tokens));
            let flops = 2.0 * f64::from(weights) * f64::from(tokens);
            let milliseconds = 1e3 * (bytes / 3.35e12).max(flops / 989e12) / 0.6 + 2e-3;
            let [min, max] = [0.98, 1.1].map(|factor| factor * milliseconds);
            write!(text, "{min},{max},{milliseconds},{milliseconds},{},", 0.01 * milliseconds).unwrap();
        }
        writeln!(text, "32,8,4096,14336,128256,True,{tokens},1").unwrap();
    }
    text
}

fn import(table: &str, out: &str) -> Run {
    run(mtok(&["import-kernels", table, "--device", "H100 SXM", "--out", out]))
}

fn estimate(measurements: &str, options: &[&str]) -> Run {
    let words = ["estimate", "--measurements", measurements, "--model", "llama-3.1-8b", "--weights", "bf16"];
    run(mtok(&[&words[..], &["--batch", "8", "--json"], options].concat()))
}

/// A folder with the table and what became of it.
fn imported() -> (tempfile::TempDir, String) {
    let here = folder();
    let table = write(here.path(), "layer.csv", layer());
    let out = here.path().join("h100");
    let run = import(&table, &out.display().to_string()).ok();
    assert!(run.err.contains("H100 SXM: 40 rows measured elsewhere: "), "{}", run.err);
    assert!(run.err.contains("left out: 5 times of swish"), "{}", run.err);
    (here, out.join("measurements.csv").display().to_string())
}

#[test]
fn an_estimate_from_imported_kernels_says_that_they_were_measured_elsewhere() {
    let (_here, file) = imported();
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches(",imported,").count(), 40);
    assert_eq!((text.matches(",ok,").count(), text.matches(",layer.csv,").count()), (0, 40));
    let row = &estimate(&file, &[]).ok().json()[0];
    assert_eq!(row["source"], "measured-elsewhere");
    let note = row["note"].as_str().unwrap();
    for said in [
        "measured elsewhere, by a tool that verified no results",
        "no measured attention_decode: 0.75 of the datasheet's bandwidth",
        "no measured attention_prefill: 0.45 of the datasheet's 16-bit peak",
        "no measured chain of dispatches: 5 µs per layer and 0.3 ms per step",
    ] {
        assert!(note.contains(said), "{note}");
    }
    // 15 GB at 60 % of 3.35 TB/s, and the small kernels.
    let tpot_ms = row["tpot_ms"].as_f64().unwrap();
    assert!((7.4..12.0).contains(&tpot_ms), "{tpot_ms}");
    let shown = run(mtok(&["report", &file])).ok().out;
    assert!(shown.contains("imported"), "{shown}");
}

#[test]
fn measured_rates_are_lent_to_a_gpu_of_the_same_family_and_to_no_other() {
    let (_here, file) = imported();
    let own = estimate(&file, &["--gpu", "H100 SXM"]).ok().json()[0].clone();
    assert_eq!(own["source"], "measured-elsewhere", "its own rates are not lent");
    let lent = estimate(&file, &["--gpu", "H200 SXM"]).ok().json()[0].clone();
    assert_eq!((&lent["source"], &lent["device"]), (&"datasheet".into(), &"H200 SXM".into()));
    assert!(lent["note"].as_str().unwrap().contains("the rates of H100 SXM were measured and are scaled"));
    let value = |row: &serde_json::Value, key: &str| row[key].as_f64().unwrap();
    let width = |row| value(row, "tpot_ms_high") / value(row, "tpot_ms_low");
    assert!(value(&lent, "tpot_ms") < 0.9 * value(&own, "tpot_ms") && width(&lent) > width(&own));
    assert!(value(&lent, "max_batch") > value(&own, "max_batch"), "its memory is its own");
    let refused = estimate(&file, &["--gpu", "RTX 4090"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    let what =
        "H100 SXM cannot lend its rates to RTX 4090: H100 SXM is NVIDIA Hopper, RTX 4090 is NVIDIA Ada";
    assert!(refused.err.contains(what), "{}", refused.err);
}

#[test]
fn hostile_tables_are_refused_with_their_place_and_leave_no_file() {
    let here = folder();
    let good = layer();
    let out = here.path().join("out.csv");
    let second = good.lines().nth(1).unwrap();
    let median = second.split(',').nth(3).unwrap();
    for (to, place_and_what) in [
        ("NaN", "2:4: time_stats.attn_pre_proj.median \"NaN\" is not a finite number > 0"),
        ("-1", "2:4: time_stats.attn_pre_proj.median \"-1\" is not a finite number > 0"),
        ("0", "2:4: time_stats.attn_pre_proj.median \"0\" is not a finite number > 0"),
    ] {
        let parts: Vec<&str> = second.split(',').collect();
        let line = [&parts[..3], &[to], &parts[4..]].concat().join(",");
        let table = write(here.path(), "bad.csv", good.replacen(second, &line, 1));
        let run = import(&table, &out.display().to_string());
        assert_eq!(run.code, Some(2), "{}", run.err);
        assert!(run.complaint().starts_with(&format!("mtok: {table}:{place_and_what}")), "{}", run.err);
    }
    // The first row alone, its times a thousand times too short.
    let thousandth =
        |cell: &str| cell.parse::<f64>().map_or(cell.to_owned(), |value| (value / 1e3).to_string());
    let (times, sizes) = second.split_at(second.find(",32,8,").unwrap());
    let short = times.split(',').map(thousandth).collect::<Vec<_>>().join(",") + sizes;
    let table = write(here.path(), "short.csv", good.replacen(second, &short, 1));
    let run = import(&table, &out.display().to_string());
    assert_eq!(run.code, Some(2), "{median}");
    let what = "TB/s, the datasheet of H100 SXM allows 3.35: are these milliseconds?";
    assert!(run.err.contains(&format!("{table}:2:9: implies")) && run.err.contains(what), "{}", run.err);
    assert!(!out.exists());
}

#[test]
fn a_device_nobody_knows_and_a_place_that_cannot_be_written_are_told() {
    let here = folder();
    let table = write(here.path(), "layer.csv", layer());
    let run_of = |words: &[&str]| run(mtok(&[&["import-kernels", &table], words].concat()));
    let unknown = run_of(&["--device", "H100 SX"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("unknown GPU \"H100 SX\"; did you mean H100 SXM"), "{}", unknown.err);
    let below = Path::new(&table).join("out").display().to_string();
    assert_eq!(run_of(&["--device", "H100 SXM", "--out", &below]).code, Some(4));
    let printed = run_of(&["--device", "H100 SXM"]).ok();
    assert!(printed.out.starts_with("schema_version,cell,kernel,"), "{}", printed.out);
}
