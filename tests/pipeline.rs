//! From a recorded measurements.csv to the exact bytes of the reports, without a GPU.
//!
//! The recorded run and the tables are fixed files, so a difference is a change of the arithmetic or of the
//! format. Where it is meant, `MTOK_BLESS=1 cargo test --test pipeline` writes the expected files anew; read the
//! difference before it is committed.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{assert_is, data, mtok, run, tables};

const QUESTION: &str = "--model llama-3.1-8b,qwen3-30b-a3b --weights f16,q8_0 --batch auto,1";

/// The output of a verb on the recorded run, with the tables that never change.
fn report(verb: &str, options: &str) -> String {
    let file = data("measurements.csv").display().to_string();
    let mut words = vec![verb.to_owned(), "--measurements".into(), file];
    words.extend(tables());
    words.extend(options.split_whitespace().chain(QUESTION.split_whitespace()).map(str::to_owned));
    run(mtok(&words)).ok().out
}

#[test]
fn a_recorded_run_gives_the_same_estimates_to_the_byte() {
    assert_is("estimate.csv", &report("estimate", "--csv"));
    assert_is("estimate.json", &report("estimate", "--json"));
}

#[test]
fn a_recorded_run_gives_the_same_costs_to_the_byte() {
    assert_is("compare.csv", &report("compare", "--csv --as-of 2026-11-01"));
    assert_is("compare.json", &report("compare", "--json --as-of 2026-11-01"));
}

#[test]
fn a_datasheet_gives_the_same_costs_to_the_byte() {
    let words = ["compare", "--csv", "--as-of", "2026-11-01", "--gpu", "H100 SXM", "--offers", "all"];
    let words: Vec<String> = words.map(str::to_owned).into_iter().chain(tables()).collect();
    assert_is("compare-datasheet.csv", &run(mtok(&words)).ok().out);
}

#[test]
fn the_same_question_has_the_same_answer_every_time() {
    let options = "--json --as-of 2026-11-01 --market cheapest --utilisation 0.4";
    assert_eq!(report("compare", options), report("compare", options));
}
