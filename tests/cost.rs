//! What `mtok cost` promises: whole outputs, messages that say where, and files of others that nobody should have.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{Grid, Run, call, folder, mtok, run, tables, write};

const LLAMA: &str = r#"[
  {"build_commit": "abc1234", "backends": "CUDA", "gpu_info": "GPU One", "model_type": "llama 8B Q4_0",
   "n_prompt": 500, "n_gen": 0, "test_time": "2026-09-01T12:00:00Z", "avg_ts": 9999.0,
   "samples_ns": [100000000, 100000000, 100000000, 125000000, 200000000]},
  {"build_commit": "abc1234", "backends": "CUDA", "gpu_info": "GPU One", "model_type": "llama 8B Q4_0",
   "n_prompt": 0, "n_gen": 128, "n_depth": 512, "avg_ts": 0.0}
]"#;

const INFERENCEX: &str = r#"{"hw": "h200", "conc": 64, "model": "org/model", "framework": "engine", "precision": "fp8",
 "disagg": false, "isl": 1024, "osl": 512, "tp": 8,
 "tput_per_gpu": 900.0, "output_tput_per_gpu": 300.0, "input_tput_per_gpu": 600.0}"#;

const CRITERION: &str =
    r#"{"sampling_mode": "Flat", "iters": [1, 1, 1, 1, 1], "times": [1e6, 1e6, 1e6, 1e6, 1e6]}"#;

/// `mtok cost --from` a file with this text at one dollar an hour, and the name of the file.
fn cost_of(name: &str, text: impl AsRef<[u8]>, options: &str) -> (Run, String) {
    let here = folder();
    let file = write(here.path(), name, text);
    let words =
        ["cost", "--from", &file, "--usd-per-hour", "1"].into_iter().chain(options.split_whitespace());
    (run(mtok(&words.collect::<Vec<_>>())), file)
}

#[track_caller]
fn refused(text: impl AsRef<[u8]>, options: &str, message: &str) {
    let (run, file) = cost_of("results", text, options);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert_eq!(run.complaint().trim_end(), format!("mtok: {file}{message}"));
}

#[test]
fn the_calculator_is_one_line() {
    let json = call("cost --tokens-per-s 1000 --usd-per-hour 5 --json").ok();
    assert_eq!(
        json.out,
        r#"{
  "schema_version": 1,
  "tokens_per_s": 1000.0,
  "gpus": 1,
  "rental_providers": null,
  "rental_kind": null,
  "usd_per_hour": 5.0,
  "usd_per_hour_date": null,
  "as_of": null,
  "utilisation": 1.0,
  "usd_per_mtok": 1.388888888888889,
  "warnings": [
    "costs are at full load in every paid hour"
  ]
}
"#
    );
    assert_eq!(json.json()["usd_per_mtok"], 1.388888888888889);
    let half = call("cost --tokens-per-s 1000 --usd-per-hour 3.6 --gpus 8 --utilisation 0.5");
    assert_eq!(
        half.ok().out,
        "16.0 USD/Mtok: 1000 tokens/s on 8 devices, rent 3.60 USD/h per device,\nutilisation 0.500\n"
    );
    assert_eq!(
        call("cost --tokens-per-s 1000 --usd-per-hour 3.6 --csv").ok().out,
        "tokens_per_s,gpus,rental_providers,rental_kind,usd_per_hour,usd_per_hour_date,as_of,utilisation,usd_per_mtok\n\
         1000.0,1,,,3.6,,,1.0,1.0\n"
    );
}

#[test]
fn a_rent_of_the_tables_has_its_source_and_date() {
    let words = "cost --tokens-per-s 1000 --hardware h100~sxm --as-of 2026-11-01 --json";
    let words: Vec<String> = words.split(' ').map(|word| word.replace('~', " ")).collect();
    let json = run(mtok(&[&words[..], &tables()].concat())).ok().json();
    let rent = json["usd_per_hour"].as_f64().unwrap();
    assert!((json["usd_per_mtok"].as_f64().unwrap() / (rent / 3.6) - 1.0).abs() < 1e-12, "{json}");
    assert_eq!(
        (json["rental_kind"].as_str(), json["as_of"].as_str()),
        (Some("on-demand"), Some("2026-11-01"))
    );
    assert!(json["rental_providers"].is_string() && json["usd_per_hour_date"].is_string(), "{json}");
}

#[test]
fn a_table_says_that_it_is_imported() {
    let (run, _) = cost_of("r.json", LLAMA, "");
    assert_eq!(run.code, Some(1), "a row failed: {}", run.err);
    assert_eq!(
        run.out,
        "\
GPU One, llama.cpp abc1234 CUDA: imported from llama-bench, not measured here;
rent 1.00 USD/h per device; utilisation 1.00; each row alone pays for the whole
hour
model         test         tokens at a time tok/s $/Mtok low to high
──────────────────────────────────────────────────────────────────────────
llama 8B Q4_0 pp500        input          1  4000 0.0694 0.0556 to 0.0694
llama 8B Q4_0 tg128 @ d512 output         1     – failed –

llama 8B Q4_0 tg128 @ d512: failed: avg_ts 0.0 gives no finite rate > 0
warning: costs are at full load in every paid hour
"
    );
}

#[test]
fn csv_has_a_row_for_what_failed() {
    let (run, _) = cost_of("r.json", LLAMA, "--csv --utilisation 0.5");
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.out,
        "origin,line,status,reason,model,test,tokens,hardware,engine,weights,concurrency,gpus,per_gpu,charged_gpus,date,\
         tokens_per_s,tokens_per_s_low,tokens_per_s_high,spread,samples,rental_providers,rental_kind,usd_per_hour,\
         usd_per_hour_date,as_of,utilisation,usd_per_mtok,usd_per_mtok_low,usd_per_mtok_high,note\n\
         imported from llama-bench,2,ok,,llama 8B Q4_0,pp500,input,GPU One,llama.cpp abc1234 CUDA,Q4_0,1,1,false,1,\
         2026-09-01,4000.0,4000.0,5000.0,third quartile to fastest sample,5,,,1.0,,,0.5,0.13888888888888887,\
         0.1111111111111111,0.13888888888888887,\n\
         imported from llama-bench,5,failed,avg_ts 0.0 gives no finite rate > 0,llama 8B Q4_0,tg128 @ d512,output,\
         GPU One,llama.cpp abc1234 CUDA,Q4_0,1,1,false,1,,,,,,,,,1.0,,,0.5,,,,\n"
    );
}

#[test]
fn json_is_an_object_with_rows() {
    let (run, _) = cost_of("r.json", INFERENCEX, "--json");
    let json = run.ok().json();
    assert_eq!(json["schema_version"], 1);
    let rows = json["rows"].as_array().unwrap();
    let shown: Vec<_> =
        rows.iter().map(|row| (row["tokens"].as_str().unwrap(), &row["usd_per_mtok"])).collect();
    let costs = [("input", 1.0 / 2.16), ("output", 1.0 / 1.08), ("total", 1.0 / 3.24)];
    for ((tokens, shown), (expected_tokens, expected)) in shown.into_iter().zip(costs) {
        assert_eq!(tokens, expected_tokens);
        assert!((shown.as_f64().unwrap() / expected - 1.0).abs() < 1e-12, "{tokens} {shown}");
    }
    assert_eq!((&rows[0]["status"], &rows[0]["usd_per_mtok_low"]), (&"ok".into(), &serde_json::Value::Null));
    assert_eq!((&rows[0]["gpus"], &rows[0]["charged_gpus"]), (&8.into(), &1.into()));
}

#[test]
fn rates_per_gpu_are_not_charged_for_every_gpu() {
    let costs = |options: &str| {
        let (run, _) = cost_of("r.json", INFERENCEX, options);
        let json = run.ok().json();
        (json["rows"].to_string(), json["warnings"].to_string())
    };
    let (with, warned) = costs("--json --gpus 8");
    assert_eq!(with, costs("--json").0);
    assert!(warned.contains("each pays for one device, --gpus changes nothing"), "{warned}");
    let (run, _) = cost_of("r.json", INFERENCEX, "");
    assert!(run.ok().out.replace('\n', " ").contains("1.00 USD/h per device; rates per device of 8;"));
    // A rate of all devices together pays for all of them.
    let cost = |options: &str| {
        let (run, _) = cost_of("r.csv", "tokens_per_s,gpus\n1000,4\n", options);
        run.ok().json()["rows"][0]["usd_per_mtok"].as_f64().unwrap()
    };
    assert_eq!(cost("--json") / cost("--json --gpus 1"), 4.0);
    assert_eq!(cost("--json --gpus 8") / cost("--json"), 2.0);
}

#[test]
fn criterion_takes_its_name_and_tokens_from_the_file_beside_it() {
    let here = folder();
    let file = write(here.path(), "sample.json", CRITERION);
    let words = |file: &str| ["cost", "--json", "--usd-per-hour", "3.6", "--from", file].map(str::to_owned);
    let alone = run(mtok(&words(&file)));
    let asked = "criterion has seconds per iteration and no tokens: give --tokens-per-iteration";
    assert_eq!((alone.code, alone.complaint().trim_end()), (Some(2), &*format!("mtok: {file}: {asked}")));
    write(here.path(), "benchmark.json", r#"{"full_id": "decode/f16", "throughput": {"Elements": 2}}"#);
    let row = run(mtok(&words(&file))).ok().json()["rows"][0].clone();
    assert_eq!((&row["model"], &row["usd_per_mtok"]), (&"decode/f16".into(), &0.5.into()));
    let beside = write(here.path(), "benchmark.json", "{\n]");
    let broken = run(mtok(&words(&file)));
    assert_eq!(broken.code, Some(2), "{beside}");
    assert!(broken.complaint().contains("benchmark.json:2:1: is not JSON"), "{}", broken.err);
    // Only criterion has such a file.
    let other = write(here.path(), "llama.json", INFERENCEX);
    run(mtok(&words(&other))).ok();
}

#[test]
fn faults_say_where() {
    for (text, message) in [
        ("a,b\n1,2\n", ":1: its first line fit none of "),
        ("{\"a\": 1}", ":1: the keys of its first object fit none of "),
        ("[{\"tput_per_gpu\": 1},\n {\"tput_per_gpu\": NaN}]", ":2:19: is not JSON: expected value"),
        (
            "[{\"tput_per_gpu\": 1},\n {\"tput_per_gpu\": \"1\"}]",
            ":2:21: invalid type: string \"1\", expected f64",
        ),
        ("[{\"tput_per_gpu\": 1},\n [1]]", ":2:2: invalid type: sequence, expected a JSON object"),
        ("{\"tput_per_gpu\": 1, \"tput_per_gpu\": 2}", ":1:34: duplicate field `tput_per_gpu`"),
        ("tokens_per_s\n1\nfast\n", ":3:1: tokens_per_s \"fast\": invalid float literal"),
        ("n_prompt,n_gen,avg_ns\n1,0,5\n1,0,fast\n", ":3:3: avg_ns \"fast\": invalid float literal"),
        ("tokens_per_s\n", ": there are no results in it"),
        ("[]", ":1: the keys of its first object fit none of "),
    ] {
        let (run, file) = cost_of("results", text, "");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{text}: {}", run.err);
        assert!(run.complaint().starts_with(&format!("mtok: {file}{message}")), "{text}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{text}: {}", run.err);
    }
    refused(INFERENCEX, "--format nvbench", ":3:82: missing field `benchmarks`");
    refused("a\n1\n", "--format llama-bench", ":1: column \"n_prompt\" is missing");
}

#[test]
fn arguments_are_checked() {
    for (words, what) in [
        ("cost --tokens-per-s 1", "give --usd-per-hour USD or --hardware NAME"),
        (
            "cost --usd-per-hour 1",
            "<--from <FILE>|--tokens-per-s <RATE>|--step-ms <MS>|--input-tokens-per-s <RATE>>",
        ),
        ("cost --from x --tokens-per-s 1 --usd-per-hour 1", "cannot be used with"),
        ("cost --tokens-per-s 0 --usd-per-hour 1", "is not a finite number > 0"),
        ("cost --tokens-per-s -1 --usd-per-hour 1", "is not a finite number > 0"),
        ("cost --tokens-per-s NaN --usd-per-hour 1", "is not a finite number > 0"),
        ("cost --tokens-per-s 1 --usd-per-hour inf", "is not a finite number > 0"),
        ("cost --tokens-per-s 1 --usd-per-hour 1 --gpus 0", "0 is not in 1.."),
        ("cost --tokens-per-s 1 --usd-per-hour 1 --utilisation 1.1", "is not a number above 0 up to 1"),
        ("cost --tokens-per-s 1 --usd-per-hour 1 --format nvbench", "cannot be used with"),
        ("cost --from x --usd-per-hour 1 --format excel", "is none of criterion, inferencex, llama-bench"),
        ("cost --tokens-per-s 1 --tokens-per-iteration 1 --usd-per-hour 1", "cannot be used with"),
        ("cost --tokens-per-s 1 --hardware x --usd-per-hour 1", "cannot be used with"),
        ("cost --tokens-per-s 1 --as-of 2026-01-01 --usd-per-hour 1", "cannot be used with"),
        ("cost --tokens-per-s 5e-324 --usd-per-hour 1e308", "the cost is not a finite number > 0"),
    ] {
        let run = call(words);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{words}: {}", run.err);
        assert!(run.err.contains(what), "{words}: {}", run.err);
    }
}

#[test]
fn byte_order_marks_and_line_ends_of_other_systems_change_nothing() {
    for (name, text) in [("r.json", LLAMA), ("r.csv", "model,tokens_per_s\nm,1000\n")] {
        let plain = cost_of(name, text, "--json").0.out;
        let other = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(cost_of(name, other, "--json").0.out, plain);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_result_file_is_refused_at_once() {
    let here = folder();
    let large = here.path().join("large");
    std::fs::File::create(&large).unwrap().set_len(1 << 40).unwrap();
    let paths = [
        (common::fifo(here.path(), "pipe"), "is not a plain file"),
        (here.path().display().to_string(), "is not a plain file"),
        ("/dev/zero".into(), "is not a plain file"),
        (large.display().to_string(), "is larger than 16 MiB"),
        (write(here.path(), "empty", ""), "is empty"),
        (write(here.path(), "utf16", common::utf16(LLAMA)), "is UTF-16; save it as UTF-8"),
    ];
    for (path, what) in paths {
        let run = run(mtok(&["cost", "--usd-per-hour", "1", "--from", &path]));
        assert_eq!((run.code, run.complaint().trim_end()), (Some(2), &*format!("mtok: {path}: {what}")));
    }
}

/// Texts near the limit of size that try to take time or memory.
fn hostile_texts() -> Vec<String> {
    let fill = |text: &str| text.repeat((15 << 20) / text.len());
    vec![
        "[".repeat(1 << 20),
        fill("{\"tput_per_gpu\":"),
        format!("[{}", fill("{\"tput_per_gpu\":1},")),
        format!("{{\"devices\":[],\"benchmarks\":[{}", fill("{},")),
        format!("{{\"devices\":[],\"benchmarks\":[{{\"name\":\"\",\"states\":[{}", fill("{},")),
        format!("{{\"iters\":[{}1],\"times\":[1]}}", fill("1,")),
        format!("{{\"n_prompt\":1,\"n_gen\":1,\"model_type\":\"{}\"}}", fill("\\u0001")),
        format!("{{\"n_prompt\":1,\"n_gen\":1,\"x\":{}", fill("[")),
        format!("tokens_per_s\n{}", fill("1\n")),
        format!("tokens_per_s\r{}", fill("1\r")),
        format!("tokens_per_s,{}", fill("a,")),
        most_rows(),
        fill("a,"),
        fill("\"\"\"\n"),
    ]
}

/// As many rows as are read, each with a reason of its own.
fn most_rows() -> String {
    let row = |n: usize| {
        format!("{{\"model\":\"{n}\",\"hw\":\"{n}\",\"tput_per_gpu\":-{n},\"input_tput_per_gpu\":-{n}}}\n")
    };
    (1..=10_000).map(row).collect()
}

#[test]
fn hostile_files_are_refused_in_a_second() {
    for text in hostile_texts() {
        let start = Instant::now();
        let (run, _) = cost_of("hostile", &text, "");
        let shown = &text[..text.len().min(60)];
        assert!(matches!(run.code, Some(0..=2)) && !run.err.contains("panicked"), "{shown}: {}", run.err);
        assert_eq!(run.err.lines().count(), usize::from(run.code == Some(2)), "{shown}: {}", run.err);
        // A debug build on a busy machine; the release build is far below a second.
        assert!(start.elapsed() < Duration::from_secs(20), "{shown}: {:?}", start.elapsed());
    }
}

#[test]
fn hostile_names_are_inert() {
    let drives = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    for name in ["\u{1b}[31mred", "\u{202e}desrever", "=1+1", "<script>", "a|b"] {
        let row = serde_json::json!({ "tput_per_gpu": 1, "model": name, "hw": name, "framework": name });
        for options in ["", "--csv", "--json", "--markdown"] {
            let out = cost_of("r.json", row.to_string(), options).0.ok().out;
            assert!(!out.contains(drives), "{options} {out:?}");
            assert!(options != "--csv" || !out.contains(",="), "{out}");
            assert!(options != "--markdown" || !out.contains("<script>"), "{out}");
        }
    }
}

/// Published rates are not part of the project: they are read from `../shared/data` where that is.
#[test]
fn published_rates_are_priced_as_they_stand() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/model/validation.csv");
    let Ok(published) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} cannot be read", path.display());
        return;
    };
    let published = Grid::of(&published);
    let rates: Vec<usize> =
        (0..published.rows.len() - 1).filter(|row| published.cell(*row, "unit") == "tok/s").collect();
    assert!(rates.len() > 100, "{}", rates.len());
    let columns = ["model", "metric", "hardware", "gpus", "precision_weights", "value", "notes"];
    let names = ["model", "test", "hardware", "gpus", "weights", "tokens_per_s", "note"].map(str::to_owned);
    let row = |row: &usize| columns.map(|column| published.cell(*row, column).to_owned()).to_vec();
    let plain = Grid { rows: std::iter::once(names.to_vec()).chain(rates.iter().map(row)).collect() };
    let (run, _) = cost_of("published.csv", plain.text(), "--json --utilisation 0.5");
    let json = run.ok().json();
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), rates.len());
    for (row, published_row) in rows.iter().zip(rates) {
        let number = |column| published.cell(published_row, column).parse::<f64>().unwrap_or(1.0);
        let expected = number("gpus") * 1e6 / (3600.0 * 0.5 * number("value"));
        assert!((row["usd_per_mtok"].as_f64().unwrap() / expected - 1.0).abs() < 1e-12, "{row}");
        assert_eq!(row["hardware"], published.cell(published_row, "hardware"));
    }
}
