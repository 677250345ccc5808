//! What `mtok tune` promises: a choice per class that later calls use and name, kept at once, and never trusted when
//! it is not for this adapter. Skips without an adapter, as tests/cli_gpu.rs does.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use common::measured::{Mark, adapter_is_here, measurements, rows};
use common::{Run, folder, mtok, names, run, tuned};
use mtok::measurement::Chosen;
use serde_json::Value;

/// Long enough for a class on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[track_caller]
fn call(text: &str, cache: &Path) -> Run {
    run(tuned(&words(text), cache))
}

/// The one file of a cache.
#[track_caller]
fn file(cache: &Path) -> PathBuf {
    let folder = cache.join("tuning");
    let files: Vec<String> = names(&folder)
        .into_iter()
        .filter(|name| Path::new(name).extension().is_some_and(|it| it == "jsonl"))
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    folder.join(&files[0])
}

/// A cache in which the first class of gemm is decided.
#[track_caller]
fn cache_of_one_class() -> tempfile::TempDir {
    let cache = folder();
    call("tune --kernel gemm --quick --budget 1ms", cache.path()).ok();
    cache
}

/// The cells of gemm as they would run.
#[track_caller]
fn listed(cache: &Path, options: &str) -> (Vec<Value>, String) {
    let ended = call(&format!("measure --list --json --kernel gemm {options}"), cache).ok();
    // The ceilings that shares are taken of are listed as well.
    let of_gemm = |cell: &&Value| cell["kernel"] == "gemm";
    (ended.json().as_array().unwrap().iter().filter(of_gemm).cloned().collect(), ended.err)
}

fn tuned_cells(cells: &[Value]) -> usize {
    cells.iter().filter(|cell| cell["tuned"] == true).count()
}

/// Waits until a condition holds.
#[track_caller]
fn wait_until(child: &mut Child, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "it did not come to that");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn kill_when(mut command: Command, condition: impl Fn() -> bool) {
    let mark = Mark::of(&mut command);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    wait_until(&mut child, condition);
    child.kill().unwrap();
    child.wait().unwrap();
    mark.assert_all_end_within(Duration::from_secs(10));
}

#[test]
fn classes_that_are_decided_are_kept_and_not_tried_again() {
    if !adapter_is_here() {
        return;
    }
    let cache = cache_of_one_class();
    let again =
        call("tune --kernel gemm --kernel attention_prefill --quick --budget 1ms --json", cache.path());
    let rows = again.ok().json();
    let of = |kernel: &str| rows.as_array().unwrap().iter().filter(|row| row["kernel"] == kernel).count();
    assert!(of("gemm") > 0 && of("attention_prefill") > 0);
    let kept: Vec<&Value> = rows
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["fresh"] == false && row["variant"].is_string())
        .collect();
    assert_eq!(kept.len(), 1, "{rows}");
    assert!(kept[0]["median_s"].as_f64().unwrap() > 0.0 && kept[0]["tried"].as_u64().unwrap() > 1);
    let forgotten = call("tune --kernel gemm --quick --budget 1ms --json --forget", cache.path()).ok().json();
    let decided = |row: &&Value| row["variant"].is_string();
    assert!(forgotten.as_array().unwrap().iter().filter(decided).all(|row| row["fresh"] == true));
}

#[test]
fn what_the_tuner_found_runs_and_is_named_in_the_rows() {
    if !adapter_is_here() {
        return;
    }
    let cache = cache_of_one_class();
    let (cells, _) = listed(cache.path(), "");
    assert!(tuned_cells(&cells) > 0 && cells[0]["tuned"] == true, "{cells:?}");
    let chosen = cells[0]["variants"].as_array().unwrap().iter().filter(|it| it["chosen"] == true);
    assert_eq!(chosen.map(|it| &it["variant"]).collect::<Vec<_>>(), [&cells[0]["variant"]]);
    assert_eq!(tuned_cells(&listed(cache.path(), "--no-tune").0), 0);
    let named = listed(cache.path(), "--variant naive").0;
    assert!(tuned_cells(&named) == 0 && named.iter().all(|cell| cell["variant"] == "naive"));

    let out = folder();
    let (out, path) = (out.path(), out.path().display().to_string());
    let mut arguments = words("measure --kernel gemm --budget 1ms --repeat 1 --out");
    arguments.push(&path);
    kill_when(tuned(&arguments, cache.path()), || measurements(out).contains("\n2,gemm/"));
    let text = measurements(out);
    let whole = &text[..text.rfind('\n').unwrap() + 1];
    let gemm = rows(whole).into_iter().find(|row| row.op.kernel() == "gemm").unwrap();
    assert_eq!(gemm.provenance.chosen, Chosen::Tuned);
    fs::write(out.join("measurements.csv"), whole).unwrap();
    let report = run(mtok(&["report", &path, "--format", "json"])).json();
    let cell = report["cells"].as_array().unwrap().iter().find(|cell| cell["kernel"] == "gemm").unwrap();
    assert_eq!((&cell["tuned"], &cell["variant"]), (&Value::Bool(true), &cells[0]["variant"]));
}

#[test]
fn a_tuner_that_is_killed_keeps_what_it_has() {
    if !adapter_is_here() {
        return;
    }
    let cache = folder();
    let decided = || {
        let files = names(&cache.path().join("tuning"));
        files.iter().any(|name| {
            name.ends_with(".jsonl")
                && fs::read_to_string(cache.path().join("tuning").join(name))
                    .is_ok_and(|text| text.lines().count() > 1)
        })
    };
    kill_when(tuned(&words("tune --kernel gemm"), cache.path()), decided);
    let (cells, err) = listed(cache.path(), "");
    assert!(tuned_cells(&cells) > 0, "{cells:?}");
    assert!(!err.contains("ignored"), "{err}");
}

#[test]
fn a_cache_that_is_corrupt_or_of_another_device_is_ignored_with_one_line() {
    if !adapter_is_here() {
        return;
    }
    let cache = cache_of_one_class();
    let file = file(cache.path());
    let good = fs::read_to_string(&file).unwrap();
    for (text, why) in [
        (String::new(), "is empty"),
        ("\u{0}\u{1}[[[".into(), "line 1: "),
        (good.replace("\"mtok_tuning\":1", "\"mtok_tuning\":2"), "is of version 2, not 1"),
        (good.replacen("\"driver\":\"", "\"driver\":\"x", 1), "is of another adapter or driver"),
        (good[..good.len() - 9].to_owned(), "line 2: "),
        (good.replacen("\"median_s\":", "\"median_s\":-", 1), "line 2: median_s is not above 0"),
        (good.clone() + &"[".repeat(1 << 20), "line 3: "),
    ] {
        fs::write(&file, &text).unwrap();
        let (cells, err) = listed(cache.path(), "");
        let told: Vec<&str> =
            err.lines().filter(|line| line.contains("it is ignored and made anew")).collect();
        assert_eq!(told.len(), 1, "{err}");
        assert!(told[0].contains(&format!("{}: {why}", file.display())), "{err}");
        assert_eq!(tuned_cells(&cells), 0);
    }
    // A choice among variants of other sources, and a variant that is not there any more, are no faults.
    for (from, to) in [("\"sources\":\"", "\"sources\":\"x"), ("\"variant\":\"", "\"variant\":\"x")] {
        fs::write(&file, good.replace(from, to)).unwrap();
        let (cells, err) = listed(cache.path(), "");
        assert!(tuned_cells(&cells) == 0 && !err.contains("ignored"), "{err}");
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(listed(cache.path(), "").1.contains("is not a plain file; it is ignored"));
}

#[test]
fn a_cache_that_cannot_be_written_is_told_once_and_tuning_goes_on() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let in_the_way = here.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    let ended = call("tune --kernel gemm --quick --budget 1ms --json", &in_the_way).ok();
    assert_eq!(ended.err.matches("what the tuner finds is not kept").count(), 1, "{}", ended.err);
    assert_eq!(ended.json()[0]["fresh"], true);
}

#[test]
fn gl_is_listed_and_measured_where_there_is_a_driver() {
    let devices = run(mtok(&["devices", "--gl", "--json"]));
    let devices = if devices.code == Some(0) { devices.json() } else { Value::Null };
    let gl = devices.as_array().into_iter().flatten().find(|device| device["backend"] == "gl");
    let Some(gl) = gl else {
        eprintln!("skipped: no adapter through GL; install libegl1-mesa and libgles2-mesa");
        return;
    };
    let out = folder();
    let (index, path) = (gl["index"].to_string(), out.path().display().to_string());
    let kernels = "--kernel dispatch --kernel rmsnorm --kernel silu_mul --budget 1s --repeat 1 --gl --device";
    let mut arguments = words("measure");
    arguments.extend(words(kernels));
    arguments.extend([index.as_str(), "--out", &path]);
    run(mtok(&arguments)).ok();
    let rows = rows(&measurements(out.path()));
    assert_eq!(rows.len(), 6);
    for row in rows {
        assert_eq!(row.provenance.identity.backend, "gl");
        assert!(row.timing().is_some(), "{}: {}", row.cell(), row.outcome.reason());
    }
}
