//! The JSON Schemas in `schemas/` and what mtok writes say the same.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::fleets::Fleet;
use common::{Grid, data, mtok, run, tables};
use mtok::diff::{Reason, Verdict};
use mtok::fleet::analysis::{Kind, Label};
use mtok::fleet::collected::{Flag, State, Why};
use mtok::measurement::{TimingMethod, samples, wire};
use serde_json::{Map, Value, json};

/// A schema file, itself checked against the draft that it names.
fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{name}.schema.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    schema
}

/// What is wrong with a value, a line each.
fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[track_caller]
fn assert_valid(schema: &Value, value: &Value) {
    assert_eq!(faults(schema, value), Vec::<String>::new(), "{value:#}");
}

fn keys(properties: &Value) -> BTreeSet<String> {
    properties.as_object().unwrap().keys().cloned().collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// Rows of a CSV as the schemas describe them: an empty cell is null, and a number where one is allowed is a number.
fn rows(text: &str, properties: &Value) -> Vec<Value> {
    let grid = Grid::of(text);
    let numeric = |column: &str| {
        let described = properties[column].to_string();
        described.contains("\"integer\"")
            || described.contains("\"number\"")
            || described.contains("\"const\":")
    };
    let boolean = |column: &str| properties[column].to_string().contains("\"boolean\"");
    let value = |column: &String, cell: &String| match cell.as_str() {
        "" => Value::Null,
        cell if numeric(column) || boolean(column) => serde_json::from_str(cell).unwrap_or(json!(cell)),
        cell => json!(cell),
    };
    let row = |row: &Vec<String>| {
        grid.rows[0]
            .iter()
            .zip(row)
            .map(|(column, cell)| (column.clone(), value(column, cell)))
            .collect::<Map<_, _>>()
    };
    grid.rows[1..].iter().map(|it| Value::Object(row(it))).collect()
}

fn report(format: &str) -> String {
    let fixture = data("report").display().to_string();
    run(mtok(&["report", &fixture, "--format", format])).ok().out
}

#[test]
fn the_schema_of_measurements_has_the_columns_that_are_written() {
    let schema = schema("measurements");
    assert_eq!(keys(&schema["properties"]), set(wire::COLUMNS));
    assert_eq!(schema["properties"]["schema_version"]["const"], wire::SCHEMA_VERSION);
    let required = schema["required"].as_array().unwrap();
    assert!(required.iter().all(|name| wire::COLUMNS.contains(&name.as_str().unwrap())));
}

#[test]
fn measured_rows_are_as_their_schema_says() {
    let schema = schema("measurements");
    let text = fs::read_to_string(data("report/measurements.csv")).unwrap();
    let all = rows(&text, &schema["properties"]);
    assert_eq!(all.len(), 9);
    all.iter().for_each(|row| assert_valid(&schema, row));
    // What is read and written again is still so.
    let again: String = wire::read(text.as_bytes()).unwrap().iter().map(wire::row).collect();
    rows(&(wire::header() + &again), &schema["properties"]).iter().for_each(|row| assert_valid(&schema, row));
}

#[test]
fn a_row_with_a_time_it_may_not_have_breaks_the_schema() {
    let schema = schema("measurements");
    let text = fs::read_to_string(data("report/measurements.csv")).unwrap();
    let all = rows(&text, &schema["properties"]);
    let with = |row: usize, column: &str, value: Value| {
        let mut row = all[row].clone();
        row[column] = value;
        faults(&schema, &row)
    };
    let wrong = all.iter().position(|row| row["status"] == "wrong").unwrap();
    for (row, column, value) in [
        (wrong, "median_s", json!(1.0)),
        (0, "median_s", Value::Null),
        (0, "median_s", json!(0)),
        (0, "schema_version", json!(1)),
        (0, "device_type", json!("toaster")),
        (0, "reason", json!("but ok")),
        (wrong, "reason", Value::Null),
        (0, "shape", json!("m=")),
    ] {
        assert!(!with(row, column, value.clone()).is_empty(), "{column} {value}");
    }
}

#[test]
fn samples_are_as_their_schema_says() {
    let schema = schema("samples");
    assert_eq!(keys(&schema["properties"]), set(samples::COLUMNS));
    let sample = samples::Sample { executions: 3, device_s: Some(1e-3), wall_s: 2e-3 };
    let without = samples::Sample { device_s: None, ..sample };
    let text = samples::header() + &samples::rows("a/b", 1, TimingMethod::Wall, &[sample, without]);
    rows(&text, &schema["properties"]).iter().for_each(|row| assert_valid(&schema, row));
}

#[test]
fn the_report_is_as_its_schema_says() {
    let schema = schema("report");
    let shown: Value = serde_json::from_str(&report("json")).unwrap();
    assert_valid(&schema, &shown);
    assert_eq!(keys(&shown), keys(&schema["properties"]));
    let cell = &schema["$defs"]["cell"];
    shown["cells"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(|row| assert_eq!(keys(row), keys(&cell["properties"])));
    // The CSV has the same columns after the version.
    let text = report("csv");
    let header = &Grid::of(&text).rows[0];
    assert_eq!(header[0], "schema_version");
    assert_eq!(set(header[1..].iter().map(String::as_str)), keys(&cell["properties"]));
    let mut all = rows(&text, &cell["properties"]);
    all.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("schema_version")));
    assert_eq!(all.len(), shown["cells"].as_array().unwrap().len());
    for row in &all {
        assert_valid(
            &json!({ "$ref": "#/$defs/cell", "$defs": schema["$defs"] }),
            &text_columns(row.clone()),
        );
    }
}

/// In a CSV an unknown text and an empty one are the same.
fn text_columns(mut row: Value) -> Value {
    for column in ["variant", "backend", "driver", "driver_info", "shader_hash", "time_utc"] {
        if row[column].is_null() {
            row[column] = json!("");
        }
    }
    row
}

#[test]
fn formats_of_services_are_as_their_schemas_say() {
    for name in ["github-action-benchmark", "bencher"] {
        let shown: Value = serde_json::from_str(&report(name)).unwrap();
        assert_valid(&schema(name), &shown);
        assert!(!faults(&schema(name), &json!({"name": "x"})).is_empty(), "{name}");
    }
    let unit = json!([{"name": "x", "unit": "s", "value": 1.0, "extra": ""}]);
    assert!(!faults(&schema("github-action-benchmark"), &unit).is_empty());
    let slug = json!({"plain-slug": {"latency": {"value": 1.0}}});
    assert!(!faults(&schema("bencher"), &slug).is_empty());
}

#[test]
fn costs_are_as_their_schema_says() {
    let schema = schema("costs");
    let mut words = vec!["compare", "--gpu", "H100 SXM", "--as-of", "2026-11-01", "--model", "llama-3.1-8b"];
    let tables = tables();
    words.extend(tables.iter().map(String::as_str));
    let shown = run(mtok(&[&words[..], &["--json"]].concat())).ok().json();
    assert_valid(&schema, &shown);
    let cost = &schema["$defs"]["cost"]["properties"];
    assert!(shown.as_array().unwrap().iter().all(|row| keys(row) == keys(cost)));
    let text = run(mtok(&[&words[..], &["--csv"]].concat())).ok().out;
    assert_eq!(set(Grid::of(&text).rows[0].iter().map(String::as_str)), keys(cost));
}

#[test]
fn an_explained_figure_is_as_its_schema_says() {
    let schema = schema("explain");
    let words = "explain verdict --gpu L40S --model qwen3-8b --weights fp8 --as-of 2026-09-01 --json";
    let shown = common::call(words).ok().json();
    assert_valid(&schema, &shown);
    let mut broken = shown;
    broken["explained"][0]["explained"]["parts"][0]["origin"] = json!("guessed");
    assert_eq!(faults(&schema, &broken).len(), 1);
}

#[test]
fn a_comparison_has_the_keys_and_words_of_its_schema() {
    let schema = schema("diff");
    let shown = |path: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(data("golden").join(path)).unwrap()).unwrap()
    };
    let diff = shown("diff.json");
    assert_valid(&schema, &diff);
    let properties = &schema["properties"];
    let row = &properties["rows"]["items"]["properties"];
    assert_eq!(keys(row), keys(&diff["rows"][0]));
    assert_eq!(keys(&properties["costs"]["items"]["properties"]), keys(&diff["costs"][0]));
    let words = |values: &Value| set(values.as_array().unwrap().iter().filter_map(Value::as_str));
    assert_eq!(words(&row["verdict"]["enum"]), set(Verdict::ALL.iter().map(|it| it.name())));
    assert_eq!(words(&row["reason"]["enum"]), set(Reason::ALL.iter().map(|it| it.name())));
    let mut broken = diff;
    broken["rows"][0]["verdict"] = json!("slower");
    assert_eq!(faults(&schema, &broken).len(), 1);
}

/// The JSON of a call with words that have no spaces in them.
fn called(words: &str) -> Value {
    common::call(&format!("{words} --json")).ok().json()
}

const OWNED: &str = "--preset h100-own --capex-usd 30000 --capital 8% --hosting-usd-per-hour 0.15 --maintenance 3% \
                     --usd-per-kwh 0.08";
const LEASED: &str = "lease --preset h100-rental-3y --tokens-per-s 3000 --usd-per-mtok 0.3 --share 0.6";

#[test]
fn owned_hours_and_leases_are_as_their_schemas_say() {
    let calls = [
        ("own", format!("own {OWNED}")),
        ("own", format!("own {OWNED} --utilisation 0.5 --tokens-per-s 3000 --gpus 8 --usd-per-hour 3")),
        ("own", format!("own {OWNED} --usd-per-hour 0.3")),
        ("lease", LEASED.into()),
        ("lease", format!("{LEASED} --utilisation 0.5 --load-sigma 0.1 --horizon-months 24 --load-drift 9%")),
        ("lease", format!("{LEASED} --horizon-months 24 --price-drift -9%")),
    ];
    for (name, words) in calls {
        let (schema, shown) = (schema(name), called(&words));
        assert_valid(&schema, &shown);
        assert_eq!(keys(&shown), keys(&schema["properties"]), "{words}");
        let without = |key: &str| {
            let mut broken = shown.clone();
            broken.as_object_mut().unwrap().remove(key);
            broken
        };
        assert!(
            !faults(&schema, &without("usd_per_mtok")).is_empty()
                && !faults(&schema, &without("gpus")).is_empty()
        );
    }
}

#[test]
fn calculated_costs_are_as_their_schema_says() {
    let schema = schema("cost");
    let shape = |name: &str| keys(&schema["$defs"][name]["properties"]);
    let work = "cost --step-ms 20 --batch 64 --prefill-us-per-token 40 --cached 0.5";
    for (words, name) in [
        ("cost --tokens-per-s 2000 --usd-per-hour 1.69".to_owned(), "calculation"),
        ("cost --tokens-per-s 2000 --preset h100-rental-3y --capital 8%".into(), "costing"),
        (
            "cost --tokens-per-s 2000 --usd-per-hour 1 --mtbf-h 9 --restart-h 1 --lost-work 0.1".into(),
            "costing",
        ),
        ("cost --tokens-per-s 2000 --usd-per-hour 1 --utilisation-parts daily=0.5".into(), "costing"),
        (format!("cost --tokens-per-s 2000 {OWNED}"), "costing"),
        (format!("{work} --isl 1000 --osl 500 --preset h100-neocloud"), "costing"),
        (format!("{work} --isl 0 --osl 500 --usd-per-hour 1"), "costing"),
        ("cost --input-tokens-per-s 9 --output-tokens-per-s 9 --ratio 3 --usd-per-hour 1".into(), "costing"),
    ] {
        let shown = called(&words);
        assert_valid(&schema, &shown);
        assert_eq!(keys(&shown), shape(name), "{words}");
        let mut zero = shown.clone();
        zero["utilisation"] = json!(0);
        assert!(!faults(&schema, &zero).is_empty(), "{words}");
    }
}

#[test]
fn a_budget_is_as_its_schema_says() {
    let schema = schema("budget");
    let mut words = vec!["budget", "--tokens-per-day", "2B", "--gpu", "H100 SXM", "--as-of", "2026-11-01"];
    words.extend(["--model", "llama-3.1-8b", "--weights", "fp8,bf16", "--load-drift", "5%"]);
    let tables = tables();
    words.extend(tables.iter().map(String::as_str));
    let shown = run(mtok(&[&words[..], &["--preset", "h100-neocloud", "--json"]].concat())).ok().json();
    assert_valid(&schema, &shown);
    assert_eq!(keys(&shown), keys(&schema["properties"]));
    let volume = &schema["$defs"]["volume"]["properties"];
    for budget in shown["budgets"].as_array().unwrap() {
        assert_eq!(keys(budget), keys(&schema["$defs"]["budget"]["properties"]));
        assert_eq!(keys(&budget["asked"]), keys(volume));
    }
    // Without the need: nulls where numbers were.
    let unknown = run(mtok(&[&words[..], &["--memory-gb", "4", "--json"]].concat())).ok().json();
    assert!(unknown["budgets"][0]["asked"]["gpus"].is_null(), "{unknown:#}");
    assert_valid(&schema, &unknown);
    let text = run(mtok(&[&words[..], &["--csv"]].concat())).ok().out;
    assert_eq!(set(Grid::of(&text).rows[0].iter().map(String::as_str)), keys(volume));
    rows(&text, volume).iter().for_each(|row| assert_valid(&schema["$defs"]["volume"], row));
    let mut broken = shown;
    broken["budgets"][0]["asked"]["rent_usd_per_month"] = json!(0);
    assert!(!faults(&schema, &broken).is_empty(), "a missing price is never 0");
}

/// A Slurm that takes a job, knows of nothing, and cancels what it is told.
#[cfg(unix)]
#[test]
fn what_is_submitted_followed_and_cancelled_is_as_its_schema_says() {
    use std::os::unix::fs::PermissionsExt;
    let folder = common::folder();
    for (name, answer) in [
        ("sbatch", "echo 12"),
        ("squeue", "echo '12|1|RUNNING|n1|None|mtok-fleet'; echo '12|2|PENDING||Priority|mtok-fleet'"),
        ("scancel", ":"),
        ("sacct", "exit 1"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{answer}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let dir = folder.path().join("fleet").display().to_string();
    let call = |words: &[&str]| {
        let mut command = mtok(&[&["fleet"], words, &["--json"]].concat());
        command.env("PATH", folder.path());
        run(command).json()
    };
    for (name, words) in [
        ("fleet-submit", vec!["submit", &dir, "--tasks", "3"]),
        ("fleet-status", vec!["status", &dir]),
        ("fleet-cancel", vec!["cancel", &dir]),
    ] {
        let (schema, shown) = (schema(name), call(&words));
        assert_valid(&schema, &shown);
        assert_eq!(keys(&shown), keys(&schema["properties"]), "{name}");
        if name == "fleet-status" {
            assert_eq!(keys(&shown["rows"][0]), keys(&schema["$defs"]["row"]["properties"]));
            let states = schema["$defs"]["row"]["properties"]["state"]["enum"].as_array().unwrap();
            let ours = mtok::fleet::follow::State::ALL.iter().map(|state| state.name());
            assert_eq!(set(states.iter().filter_map(Value::as_str)), set(ours));
            assert_eq!((&shown["counts"]["lost"], &shown["counts"]["running"]), (&json!(1), &json!(1)));
        }
        let mut broken = shown;
        broken["plan"] = json!("x");
        assert!(!faults(&schema, &broken).is_empty(), "{name}");
    }
}

#[test]
fn a_fleet_has_the_keys_and_words_of_its_schema() {
    let schema = schema("fleet");
    let definitions = &schema["$defs"];
    let full = Fleet::default().report();
    let shown: Value = serde_json::from_str(&mtok::report::fleet::json(&full)).unwrap();
    assert_valid(&schema, &shown);
    assert_eq!(keys(&shown), keys(&schema["properties"]));
    for (name, value) in [
        ("plan", &shown["plan"]),
        ("task", &shown["tasks"]["not_done"][0]),
        ("type", &shown["types"][0]),
        ("outlier", &shown["outliers"][0]),
        ("device", &shown["devices"][0]),
        ("cell", &shown["cells"][0]),
        ("aside", &shown["aside"][0]),
        ("costs", &shown["costs"]),
        ("day", &shown["costs"]["days"][0]),
        ("type_cost", &shown["costs"]["types"][0]),
    ] {
        assert_eq!(keys(value), keys(&definitions[name]["properties"]), "{name}");
    }
    // Of each word that mtok knows the schema knows it too.
    let words = |values: &Value| set(values.as_array().unwrap().iter().filter_map(Value::as_str));
    let of = |name: &str, key: &str| words(&definitions[name]["properties"][key]["enum"]);
    assert_eq!(of("outlier", "kind"), set(Kind::ALL.iter().map(|it| it.name())));
    assert_eq!(of("device", "label"), set(Label::ALL.iter().map(|it| it.name())));
    assert_eq!(of("aside", "why"), set(Why::ALL.iter().map(|it| it.name())));
    assert_eq!(of("task", "state"), set(State::ALL.iter().map(|it| it.name())));
    assert_eq!(
        words(&definitions["device"]["properties"]["flags"]["items"]["enum"]),
        set(Flag::ALL.iter().map(|it| it.name()))
    );
    let without = mtok::report::fleet::FleetReport { costs: None, as_of: None, ..full };
    assert_valid(&schema, &serde_json::from_str(&mtok::report::fleet::json(&without)).unwrap());
    let mut broken = shown.clone();
    broken["devices"][0]["label"] = json!("slow");
    broken["cells"][0]["median_s"] = json!(0);
    broken["costs"]["days"][0]["own_usd_per_day"] = json!(0);
    assert_eq!(
        faults(&schema, &broken).len(),
        3,
        "an unknown price is never 0: {:?}",
        faults(&schema, &broken)
    );
}

#[test]
fn every_schema_is_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let names = common::names(&folder);
    let tested = [
        "bencher",
        "budget",
        "cost",
        "costs",
        "diff",
        "explain",
        "fleet-cancel",
        "fleet-status",
        "fleet-submit",
        "fleet",
        "github-action-benchmark",
        "lease",
        "measurements",
        "own",
        "planted",
        "report",
        "samples",
    ];
    assert_eq!(names, tested.map(|name| format!("{name}.schema.json")));
}
