//! Names of strangers in every field that comes from outside come out inert: in a terminal, CSV, Markdown, JSON and HTML.
//!
//! Each output is held against the same output with harmless names: what a reader's program makes of it, tables, rows, cells,
//! keys, must be the same. What a browser makes of the page is in `tests/browser`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::Path;

use common::fleets::Fleet;
use common::words::{COUNT, Words, csv, harmless, hostile, is_loud, measured, tables};
use common::{Grid, Run, data, folder, mtok, run, write};
use mtok::report::fleet;
use pulldown_cmark::{Event, Options, Parser};
use serde_json::{Value, json};

/// What a program may read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Terminal,
    Csv,
    Markdown,
    Json,
    /// An object whose keys are names.
    JsonByName,
}

const FORMS: [(Form, &[&str]); 4] = [
    (Form::Terminal, &[]),
    (Form::Csv, &["--csv"]),
    (Form::Markdown, &["--markdown"]),
    (Form::Json, &["--json"]),
];

/// Makes outputs with harmless names once and with hostile names from every `step`-th text on, and compares. A step above 1 is
/// for outputs that show a field with many of the names at once.
#[track_caller]
fn assert_all_inert(step: usize, outputs: impl Fn(&Words) -> Vec<(Form, Run)>) {
    let harmless = outputs(&Words { all: harmless(), first: 0 });
    for first in (0..COUNT).step_by(step) {
        let words = Words { all: hostile(), first };
        for ((form, hostile), (_, harmless)) in outputs(&words).iter().zip(&harmless) {
            assert_inert(&format!("from {first}, {:?}", words.at(0)), *form, hostile, harmless);
        }
    }
}

/// Runs a verb in every form, with the tables of a folder and further options.
fn in_every_form(words: &str, tables: Option<&Path>, paths: &[&str]) -> Vec<(Form, Run)> {
    let words: Vec<&str> = words.split(' ').chain(paths.iter().copied()).collect();
    let tables = tables.map(|path| ["--data".to_owned(), path.display().to_string()]);
    let tables: Vec<&str> = tables.iter().flatten().map(String::as_str).collect();
    let outputs = FORMS.map(|(form, options)| (form, run(mtok(&[&words, &tables, options].concat()))));
    for (_, run) in &outputs {
        // A call that is refused would compare nothing.
        assert!(run.code != Some(2) || words.contains(&"nobody"), "{words:?}: {}", run.err);
    }
    outputs.into()
}

/// Neither stream can drive a terminal or change the order of what is read.
#[track_caller]
fn assert_quiet(case: &str, run: &Run) {
    for (name, text) in [("stdout", &run.out), ("stderr", &run.err)] {
        assert_eq!(text.chars().find(|it| is_loud(*it)), None, "{case}: {name}: {text:?}");
    }
}

/// A text is inert, and of the same shape as the harmless one.
#[track_caller]
fn assert_inert(case: &str, form: Form, hostile: &Run, harmless: &Run) {
    let case = &format!("{case}, {form:?}");
    assert_quiet(case, hostile);
    assert_eq!(hostile.code, harmless.code, "{case}: {}{}", hostile.err, harmless.err);
    if hostile.code == Some(2) {
        // What is refused is said on stderr, and there is nothing to compare.
        return assert_eq!(hostile.out, "", "{case}");
    }
    match form {
        Form::Terminal => assert!(!hostile.out.is_empty(), "{case}"),
        Form::Csv => {
            let (text, plain) = (Grid::of(&hostile.out), Grid::of(&harmless.out));
            assert_eq!(hostile.out.lines().count(), text.rows.len(), "{case}: one row, one line");
            let shape = |grid: &Grid| grid.rows.iter().map(Vec::len).collect::<Vec<_>>();
            assert_eq!(shape(&text), shape(&plain), "{case}");
            for cell in text.rows.iter().flatten() {
                let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
                assert!(!is_formula || cell.parse::<f64>().is_ok(), "{case}: {cell}");
            }
        }
        Form::Markdown => {
            let (text, plain) = (markdown_shape(&hostile.out), markdown_shape(&harmless.out));
            let differs = text.iter().zip(&plain).position(|(text, plain)| text.0 != plain.0);
            let differs = differs.map(|at| (&text[at.saturating_sub(2)..at + 1], &plain[at].0));
            assert_eq!(differs, None, "{case}");
            assert_eq!(text.len(), plain.len(), "{case}");
        }
        Form::JsonByName => {
            let length = |run: &Run| run.json().as_object().unwrap().len();
            assert_eq!(length(hostile), length(harmless), "{case}");
        }
        Form::Json => assert_eq!(json_shape(&hostile.json()), json_shape(&harmless.json()), "{case}"),
    }
}

/// What a reader of GitHub's Markdown makes of a text: what each part is, and its words.
fn markdown_shape(text: &str) -> Vec<(String, String)> {
    let github = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    let mut shape: Vec<(String, String)> = Vec::new();
    for event in Parser::new_ext(text, github) {
        match (event, shape.last_mut()) {
            // An escape ends a run of text.
            (Event::Text(more), Some((kind, words))) if kind == "text" => *words += &more,
            (Event::Text(words), _) => shape.push(("text".into(), words.into_string())),
            (other, _) => shape.push((format!("{other:?}"), String::new())),
        }
    }
    shape
}

/// Keys and lengths, without the values.
fn json_shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(json_shape).collect(),
        Value::Object(items) => items.iter().map(|(key, item)| (key.clone(), json_shape(item))).collect(),
        Value::String(_) => "text".into(),
        Value::Number(_) => 0.into(),
        other => other.clone(),
    }
}

#[test]
fn names_in_the_tables_are_inert_in_compare() {
    assert_all_inert(1, |words| {
        let tables = tables(words);
        let verb = "compare --gpu plain --model all --weights bf16 --batch 8 --as-of 2026-09-01";
        in_every_form(verb, Some(tables.path()), &[])
    });
}

#[test]
fn names_of_every_provider_are_inert_in_compare() {
    assert_all_inert(11, |words| {
        let tables = tables(words);
        let verb =
            "compare --gpu plain --model model-0 --weights bf16 --batch 8 --offers all --as-of 2026-09-01";
        in_every_form(verb, Some(tables.path()), &[])
    });
}

#[test]
fn the_name_of_a_device_is_inert_in_the_explanation_of_its_rent() {
    assert_all_inert(1, |words| {
        let tables = tables(words);
        in_every_form("prices explain plain --as-of 2026-09-01", Some(tables.path()), &[])
    });
}

#[test]
fn names_in_the_tables_are_inert_in_the_walk_from_a_figure_to_its_rows() {
    assert_all_inert(4, |words| {
        let tables = tables(words);
        let verb = "explain verdict --gpu plain --model model-0 --weights bf16 --batch 8 --as-of 2026-09-01";
        in_every_form(verb, Some(tables.path()), &[])
    });
}

#[test]
fn names_in_the_tables_are_inert_in_budgets_leases_and_owned_hours() {
    assert_all_inert(4, |words| {
        let tables = tables(words);
        let verbs = [
            "budget --tokens-per-day 2B --gpu plain --model model-0 --weights bf16 --preset plain --as-of 2026-09-01",
            "own --preset plain-own --capex-usd 30000 --capital 8% --hosting-usd-per-hour 0.15 --maintenance 3% \
             --usd-per-kwh 0.08 --hardware plain --as-of 2026-09-01",
            "lease --preset plain --tokens-per-s 3000 --usd-per-mtok 0.30 --share 0.8",
            "cost --tokens-per-s 3000 --preset plain",
            "lease --preset nobody --tokens-per-s 3000 --usd-per-mtok 0.30 --share 0.8",
        ];
        verbs.iter().flat_map(|verb| in_every_form(verb, Some(tables.path()), &[])).collect()
    });
}

#[test]
fn names_in_the_tables_are_inert_in_lists_and_explanations_of_prices() {
    assert_all_inert(11, |words| {
        let tables = tables(words);
        let verbs = [
            "list --as-of 2026-09-01",
            "explain model-1 --as-of 2026-09-01 --all",
            "history plain",
            "history model-2",
        ];
        verbs
            .iter()
            .flat_map(|verb| in_every_form(&format!("prices {verb}"), Some(tables.path()), &[]))
            .collect()
    });
}

#[test]
fn names_in_measurements_are_inert_in_compare_and_estimate() {
    assert_all_inert(3, |words| {
        let here = folder();
        let file = measured(words, "measurements.csv", here.path());
        let rest = "--model llama-3.1-8b --as-of 2026-09-01";
        [
            format!("compare --usd-per-hour 1 {rest} --measurements"),
            "estimate --model qwen3-30b-a3b --measurements".into(),
        ]
        .iter()
        .flat_map(|verb| in_every_form(verb, Some(&data("tables")), &[&file]))
        .collect()
    });
}

#[test]
fn names_in_results_are_inert_in_every_report() {
    assert_all_inert(3, |words| {
        let here = folder();
        measured(words, "report/measurements.csv", here.path());
        let mut costs = Grid::of(&fs::read_to_string(data("report/costs.csv")).unwrap());
        for (index, name) in ["device", "model", "weights", "batch", "verdict", "as_of", "market_policy"]
            .into_iter()
            .enumerate()
        {
            costs = costs.with_all(name, words.at(index + 11));
        }
        write(here.path(), "costs.csv", costs.text());
        let path = here.path().display().to_string();
        let forms = [
            ("csv", Form::Csv),
            ("json", Form::Json),
            ("markdown", Form::Markdown),
            ("github-action-benchmark", Form::Json),
            ("bencher", Form::JsonByName),
            ("junit", Form::Terminal),
            ("annotations", Form::Terminal),
        ];
        let formats = forms.map(|(name, form)| (form, run(mtok(&["report", &path, "--format", name]))));
        std::iter::once((Form::Terminal, run(mtok(&["report", &path])))).chain(formats).collect()
    });
}

#[test]
fn names_of_a_fleet_are_inert_in_every_form_of_its_report() {
    assert_all_inert(1, |words| {
        let report = Fleet {
            nodes: 6,
            gpus: 2,
            slow: vec![5],
            throttling: Some(2),
            words: Some(words),
            ..Fleet::default()
        }
        .report();
        let printed = |out: String| Run { code: Some(0), out, err: String::new() };
        let forms = [
            (Form::Terminal, fleet::terminal(&report, 80, false)),
            (Form::Terminal, fleet::terminal(&report, 400, false)),
            (Form::Csv, fleet::csv(&report)),
            (Form::Markdown, fleet::markdown(&report)),
            (Form::Json, fleet::json(&report)),
        ];
        forms.map(|(form, out)| (form, printed(out))).into()
    });
}

#[test]
fn names_in_results_of_others_are_inert_in_cost() {
    assert_all_inert(COUNT, |words| {
        let here = folder();
        let rows = || (0..COUNT).map(|first| move |index: usize| words.at(first + index));
        let inferencex = rows().map(|word| {
            json!({"hw": word(0), "model": word(1), "framework": word(2), "precision": word(3), "tput_per_gpu": 900.0,
                "output_tput_per_gpu": 300.0, "input_tput_per_gpu": 600.0})
        });
        let llama = rows().enumerate().map(|(place, word)| {
            // A list of devices has one of them between two of these; every second row failed.
            let (device, rate) = (word(6).replace(['/', ','], "-"), [9999.0, 0.0][place % 2]);
            json!({"build_commit": word(4), "backends": word(5), "gpu_info": device, "model_type": word(7),
                "n_prompt": 500, "n_gen": 0, "test_time": word(8), "avg_ts": rate})
        });
        let header = ["model", "tokens_per_s", "hardware", "engine", "weights", "test", "note"];
        let plain = rows().map(|word| {
            [word(0), "1000", word(1), word(2), word(3), word(5), word(6)].map(str::to_owned).to_vec()
        });
        let files = [
            ("a.json", Value::from_iter(inferencex).to_string()),
            ("b.json", Value::from_iter(llama).to_string()),
            ("c.csv", csv(&header, plain)),
        ];
        files
            .into_iter()
            .flat_map(|(name, text)| {
                in_every_form("cost --usd-per-hour 1 --from", None, &[&write(here.path(), name, text)])
            })
            .collect()
    });
}

/// What is typed ends up in refusals on stderr, whole or in part. Every word is tried in a third of the places.
#[test]
fn names_that_are_typed_are_inert_in_refusals() {
    let here = folder();
    for (first, word) in hostile().iter().enumerate().filter(|(_, word)| !word.contains('\0')) {
        let tables = data("tables").display().to_string();
        let path = here.path().join(word.replace('/', "-")).display().to_string();
        let calls: [&[&str]; 17] = [
            &["compare", "--gpu", word],
            &["compare", "--gpu", "H100 SXM", "--model", word],
            &["compare", "--gpu", "H100 SXM", "--market", word],
            &["compare", "--gpu", "H100 SXM", "--hardware", word],
            &["compare", "--gpu", "H100 SXM", "--as-of", word],
            &["compare", "--gpu", "H100 SXM", "--weights", word],
            &["compare", "--gpu", "H100 SXM", "--config", &path],
            &["compare", "--measurements", &path],
            &["report", &path],
            &["cost", "--usd-per-hour", "1", "--from", &path],
            &["cost", "--tokens-per-s", "1", "--hardware", word],
            &["prices", "explain", "--", word],
            &["prices", "history", "--", word],
            &["own", "--preset", word],
            &["lease", "--tokens-per-s", "1", "--usd-per-mtok", "1", "--share", "1", "--preset", word],
            &["budget", "--gpu", "H100 SXM", "--tokens-per-day", word],
            &["explain", "--gpu", "H100 SXM", "--", word],
        ];
        for call in calls.into_iter().skip(first % 3).step_by(3) {
            let at: &[&str] = if call.contains(&"--gpu") { &["--data", &tables] } else { &[] };
            let refused = run(mtok(&[at_front(call, at)].concat()));
            assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{call:?}: {}", refused.err);
            assert_quiet(&format!("{call:?}"), &refused);
        }
    }
}

/// The verb, then options, then the rest.
fn at_front<'w>(call: &[&'w str], options: &[&'w str]) -> Vec<&'w str> {
    [&call[..1], options, &call[1..]].concat()
}
