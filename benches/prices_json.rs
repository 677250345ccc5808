//! Wall time of importing token prices from JSON, and how it grows with the size of the file.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use jiff::civil::date;
use mtok::arch::{Architecture, read_models};
use mtok::price::gate::{self, Known};
use mtok::price::import::{self, Source};
use mtok::stats::median;

const RUNS: usize = 9;
/// The goal for a file of 0.8 MB, in milliseconds.
const GOAL_MS: f64 = 50.0;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench prices_json");
        return;
    }
    let models = read_models(&include_bytes!("../data/models.csv")[..]).expect("the bundled table is sound");
    let mut before = None;
    for entries in [1_700, 6_800, 27_200] {
        let text = litellm(entries);
        let ms = milliseconds(&text, &models);
        let growth = before.map(|before: f64| format!(", {:.1} times the time of a quarter", ms / before));
        println!(
            "{entries} models, {:.1} MB: {ms:.1} ms{}",
            text.len() as f64 / 1e6,
            growth.unwrap_or_default()
        );
        before = Some(ms);
    }
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/token/litellm_model_prices.json");
    if let Ok(text) = std::fs::read_to_string(&sample) {
        let ms = milliseconds(&text, &models);
        let verdict = if ms <= GOAL_MS { "kept" } else { "missed" };
        println!(
            "LiteLLM sample, {:.2} MB: {ms:.1} ms; goal {GOAL_MS} ms: {verdict}",
            text.len() as f64 / 1e6
        );
    }
}

/// The median time of reading a file and passing it through the gate.
fn milliseconds(text: &str, models: &[Architecture]) -> f64 {
    let source = Source {
        name: "prices.json",
        folder: "",
        provider: None,
        observed: date(2026, 8, 21),
        commit: "",
        rates: &[],
        mapping: None,
        gpus: &[],
        models,
    };
    let once = |_| {
        let start = Instant::now();
        let mut import = import::read(&mut text.as_bytes(), &source, None).expect("the file can be read");
        gate::check(&mut import, &Known::default());
        assert!(!import.tokens.is_empty());
        start.elapsed().as_secs_f64() * 1e3
    };
    median(&(0..RUNS).map(once).collect::<Vec<_>>()).expect("there are runs")
}

/// A table like LiteLLM's: 40 sellers, a model in ten sold by all of them.
fn litellm(entries: usize) -> String {
    let mut text = String::from("{\n");
    for index in 0..entries {
        let (seller, model) = (index % 40, if index % 10 == 0 { index / 400 } else { index });
        let comma = if index == 0 { "" } else { ",\n" };
        let input = 1 + index % 97;
        write!(
            text,
            "{comma}    \"seller{seller}/vendor/model-{model}-70b-instruct\": {{\n        \"max_tokens\": 8192,\n        \
             \"max_input_tokens\": 128000,\n        \"max_output_tokens\": 8192,\n        \
             \"input_cost_per_token\": {input}e-08,\n        \"output_cost_per_token\": {}e-08,\n        \
             \"cache_read_input_token_cost\": {input}e-09,\n        \"input_cost_per_token_batches\": {input}e-09,\n        \
             \"litellm_provider\": \"seller{seller}\",\n        \"mode\": \"chat\",\n        \
             \"supports_function_calling\": true,\n        \"supports_tool_choice\": true\n    }}",
            3 * input
        )
        .expect("a text can be written to");
    }
    text + "\n}\n"
}
