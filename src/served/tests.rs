//! What every format promises, and small files of each, typed by hand.

use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

const LLAMA_JSON: &str = r#"[
  {"build_commit": "abc1234", "backends": "CUDA", "gpu_info": "GPU One", "cpu_info": "CPU One",
   "model_type": "llama 8B Q4_0", "n_gpu_layers": 99, "split_mode": "layer", "devices": "auto",
   "n_prompt": 500, "n_gen": 0, "n_depth": 0, "test_time": "2026-09-01T12:00:00Z", "avg_ns": 125000000,
   "avg_ts": 9999.0, "stddev_ts": 7.0, "samples_ns": [100000000, 100000000, 100000000, 125000000, 200000000]},
  {"backends": "BLAS,CPU", "cpu_info": "CPU One", "model_filename": "models/m.gguf",
   "n_prompt": 0, "n_gen": 100, "n_depth": 512, "avg_ns": 2000000000, "avg_ts": 51.0, "stddev_ts": 5.0},
  {"n_prompt": 512, "n_gen": 128, "avg_ts": 0.0}
]"#;

const LLAMA_CSV: &str = "build_commit,gpu_info,backends,model_type,n_prompt,n_gen,n_depth,avg_ns,avg_ts,stddev_ts\n\
    \"abc1234\",\"GPU One, GPU One\",\"CUDA\",\"llama 8B Q4_0\",\"512\",\"0\",\"0\",\"256000000\",\"2001\",\"20\"\n\
    \"abc1234\",\"GPU One, GPU One\",\"CUDA\",\"llama 8B Q4_0\",\"0\",\"128\",\"0\",\"nan\",\"64\",\"0\"\n";

const CRITERION_SAMPLE: &str =
    r#"{"sampling_mode": "Linear", "iters": [1, 2, 3, 4, 5], "times": [2000, 4000, 6000, 8000, 20000]}"#;

const CRITERION_ESTIMATES: &str = r#"{
  "mean": {"confidence_interval": {"confidence_level": 0.95, "lower_bound": 1000, "upper_bound": 4000},
           "point_estimate": 2000, "standard_error": 1},
  "median": {}, "median_abs_dev": {}, "slope": null, "std_dev": {}}"#;

const CRITERION_BENCHMARK: &str = r#"{"group_id": "decode", "function_id": "f16", "value_str": null,
  "throughput": {"Elements": 32}, "full_id": "decode/f16", "directory_name": "decode/f16", "title": "decode/f16"}"#;

const NVBENCH: &str = r#"{"meta": {"argv": []},
  "devices": [{"id": 0, "name": "GPU One"}],
  "benchmarks": [{"name": "decode", "index": 0, "axes": [], "states": [
    {"name": "a", "device": 0, "axis_values": [{"name": "N", "type": "int64", "value": "64"}], "is_skipped": false,
     "summaries": [
       {"tag": "nv/cold/sample_size", "data": [{"name": "value", "type": "int64", "value": "40"}]},
       {"tag": "nv/cold/time/gpu/mean", "data": [{"name": "value", "type": "float64", "value": "0.002"}]},
       {"tag": "nv/cold/time/gpu/stdev/relative", "data": [{"name": "value", "type": "float64", "value": "0.25"}]},
       {"tag": "nv/cold/bw/item_rate", "data": [{"name": "value", "type": "float64", "value": "32000"}]}]},
    {"name": "b", "device": 0, "axis_values": [{"name": "N", "type": "int64", "value": "128"}], "is_skipped": true,
     "skip_reason": "too large", "summaries": null},
    {"name": "c", "device": 7, "is_skipped": false, "summaries": []}]}]}"#;

const INFERENCEX: &str = r#"[{"hw": "h200", "conc": 64, "model": "org/model", "framework": "engine", "precision": "fp8",
  "spec_decoding": "none", "disagg": false, "isl": 1024, "osl": 512, "tp": 8,
  "tput_per_gpu": 900.0, "output_tput_per_gpu": 300.0, "input_tput_per_gpu": 600.0, "p99_ttft": 1.5},
 {"hw": "gb200", "model": "org/model", "spec_decoding": "mtp", "disagg": true, "is_multinode": true,
  "num_prefill_gpu": 6, "num_decode_gpu": 2, "tput_per_gpu": 100.0, "output_tput_per_gpu": 0.0,
  "input_tput_per_gpu": 80.0},
 {"hw": "h100", "disagg": "true", "output_tput_per_gpu": 10.0}]"#;

const TOKENS_CSV: &str = "model,test,hardware,gpus,tokens_per_s,tokens,tokens_per_s_low,tokens_per_s_high,date,note,extra\n\
    m,chat,GPU One,2,1000,output,900,1100,2026-09-01,by hand,x\n\
    m,chat,GPU One,,0,,,,,,x\n\
    m,chat,GPU One,,,,,,,,x\n";

/// A good file of every format.
const GOOD: [(&str, &str); 7] = [
    ("llama-bench", LLAMA_JSON),
    ("llama-bench", LLAMA_CSV),
    ("criterion", CRITERION_SAMPLE),
    ("criterion", CRITERION_ESTIMATES),
    ("nvbench", NVBENCH),
    ("inferencex", INFERENCEX),
    ("tokens-csv", TOKENS_CSV),
];

fn source(text: &str) -> Source<'_> {
    Source { text, beside: None, tokens_per_iteration: Some(64.0) }
}

fn read(source: Source<'_>) -> Result<Vec<Record>, String> {
    let format = detect(source.text).map_err(|fault| fault.to_string())?;
    format.records(&source).map_err(|fault| fault.to_string())
}

fn records(text: &str) -> Vec<Record> {
    read(source(text)).unwrap()
}

/// Rate, low and high end.
fn ends(record: &Record) -> (f64, Option<(f64, f64)>) {
    let Outcome::Rate(rate) = &record.outcome else { panic!("{:?}", record.outcome) };
    (rate.tokens_per_s.0, rate.spread.map(|spread| (spread.low.0, spread.high.0)))
}

fn reason(record: &Record) -> &str {
    match &record.outcome {
        Outcome::Failed(why) | Outcome::Skipped(why) => why,
        Outcome::Rate(rate) => panic!("{rate:?}"),
    }
}

#[test]
fn every_file_of_the_folder_is_a_format_of_the_list() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/served");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let stems: BTreeSet<String> =
        files.map(|path| path.file_stem().unwrap().to_string_lossy().replace('_', "-")).collect();
    let listed = ALL.map(|format| format.name.to_owned()).into_iter().chain(["tests".to_owned()]).collect();
    assert_eq!(stems, listed);
}

#[test]
fn a_format_is_found_by_what_is_in_the_file() {
    for (name, text) in GOOD {
        assert_eq!(detect(text).unwrap().name, name);
        assert_eq!(name.parse::<Format>().unwrap().name, name);
    }
    let json_lines = "{\"n_prompt\": 1, \"n_gen\": 0}\n{\"n_prompt\": 1, \"n_gen\": 0}\n";
    assert_eq!(detect(json_lines).unwrap().name, "llama-bench");
    let all = "criterion, inferencex, llama-bench, nvbench, tokens-csv";
    let unknown = |text: &str| detect(text).unwrap_err().to_string();
    assert_eq!(unknown("a,b\n1,2\n"), format!("1: its first line fit none of {all}; name one with --format"));
    let keys = format!("1: the keys of its first object fit none of {all}; name one with --format");
    assert_eq!(unknown("[{\"a\": 1}]"), keys);
    assert_eq!(unknown("[1]"), "1:2: invalid type: integer `1`, expected a JSON object");
    assert_eq!("x".parse::<Format>(), Err(format!("is none of {all}")));
}

#[test]
fn llama_bench_rates_are_all_tokens_over_all_time() {
    let [prompt, generation, both] = records(LLAMA_JSON).try_into().unwrap();
    // 2,500 tokens in 0.625 s, not the avg_ts of the file; the third quartile is the fourth of five.
    assert_eq!(ends(&prompt), (4000.0, Some((4000.0, 5000.0))));
    assert_eq!((prompt.test.as_str(), prompt.tokens), ("pp500", Some(Tokens::Input)));
    assert_eq!((prompt.hardware.as_str(), prompt.weights.as_str()), ("GPU One", "Q4_0"));
    assert_eq!((prompt.line, prompt.gpus, prompt.date), (2, Some(1), Some(jiff::civil::date(2026, 9, 1))));
    // Without samples: tokens over the mean time, one standard deviation around it.
    assert_eq!(ends(&generation), (50.0, Some((45.0, 55.0))));
    assert_eq!((generation.test.as_str(), generation.tokens), ("tg100 @ d512", Some(Tokens::Output)));
    assert_eq!((generation.hardware.as_str(), generation.model.as_str()), ("CPU One", "m.gguf"));
    assert_eq!(generation.notes, ["ran on the CPU: the speed of no GPU"]);
    assert_eq!((both.test.as_str(), both.tokens), ("pp512+tg128", Some(Tokens::Total)));
    assert_eq!((reason(&both), both.line), ("avg_ts 0.0 gives no finite rate > 0", 8));
}

#[test]
fn llama_bench_json_lines_are_its_json_and_csv_has_mean_times() {
    let rows: Vec<serde_json::Value> = serde_json::from_str(LLAMA_JSON).unwrap();
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let array = records(LLAMA_JSON).into_iter().zip(1..).map(|(row, line)| Record { line, ..row });
    assert_eq!(records(&lines), array.collect::<Vec<_>>());
    let [prompt, generation] = records(LLAMA_CSV).try_into().unwrap();
    assert_eq!(ends(&prompt), (2000.0, Some((1980.0, 2020.0))));
    assert_eq!((prompt.line, prompt.gpus), (2, Some(2)));
    assert_eq!(prompt.notes, ["2 devices are named, so 2 are charged (--gpus sets another number)"]);
    assert_eq!((reason(&generation), generation.line), ("avg_ns NaN gives no finite rate > 0", 3));
}

#[test]
fn llama_bench_devices_are_those_that_were_used() {
    for (fields, gpus) in [
        (r#""gpu_info": "A, A", "split_mode": "none""#, Some(1)),
        (r#""gpu_info": "A, A", "split_mode": "layer", "devices": "CUDA0""#, Some(1)),
        (r#""gpu_info": "A, A, A", "devices": "CUDA0/CUDA2""#, Some(2)),
        (r#""gpu_info": "A/A""#, Some(2)),
        (r#""gpu_info": "A, A", "devices": "none""#, Some(1)),
        (r#""gpu_info": "A, A", "backends": "CPU""#, Some(1)),
        (r#""gpu_info": """#, None),
    ] {
        let text = format!("{{\"n_prompt\": 1, \"n_gen\": 0, \"avg_ns\": 1, {fields}}}");
        assert_eq!(records(&text)[0].gpus, gpus, "{fields}");
    }
    let host = "{\"n_prompt\": 1, \"n_gen\": 0, \"avg_ns\": 1, \"backends\": \"CUDA\", \"n_gpu_layers\": 0}";
    assert!(records(host)[0].notes[0].starts_with("n_gpu_layers is 0"));
}

#[test]
fn few_samples_have_no_spread() {
    let text = r#"{"n_prompt": 1, "n_gen": 0, "samples_ns": [1, 2, 3, 4], "stddev_ts": 9}"#;
    let Outcome::Rate(rate) = records(text)[0].outcome else { panic!("no rate") };
    assert_eq!((rate.spread, rate.samples), (None, Some(4)));
}

#[test]
fn criterion_needs_tokens() {
    let none = |text| read(Source { text, beside: None, tokens_per_iteration: None });
    let asked =
        Err("criterion has seconds per iteration and no tokens: give --tokens-per-iteration".to_owned());
    assert_eq!(none(CRITERION_SAMPLE), asked);
    let bytes = CRITERION_BENCHMARK.replace("Elements", "Bytes");
    let beside = Source { text: CRITERION_SAMPLE, beside: Some(&bytes), tokens_per_iteration: None };
    assert_eq!(read(beside), asked);
}

#[test]
fn criterion_samples_are_all_tokens_over_all_time() {
    let [record] = records(CRITERION_SAMPLE).try_into().unwrap();
    // 15 iterations of 64 tokens in 40 µs; samples take 2, 2, 2, 2 and 4 µs an iteration.
    let (rate, spread) = ends(&record);
    assert!((rate / 24e6 - 1.0).abs() < 1e-12 && record.tokens.is_none());
    let (low, high) = spread.unwrap();
    assert!(low == rate && (high / 32e6 - 1.0).abs() < 1e-12, "{low} {high}");
    let broken = CRITERION_SAMPLE.replace("[1, 2, 3, 4, 5]", "[1, 2]");
    assert_eq!(reason(&records(&broken)[0]), "2 iters and 5 times do not fit");
    let zero = CRITERION_SAMPLE.replace("2000,", "0,");
    assert_eq!(reason(&records(&zero)[0]), "times has a time that is not finite and > 0");
}

#[test]
fn criterion_estimates_are_the_mean_and_its_interval() {
    let source =
        Source { text: CRITERION_ESTIMATES, beside: Some(CRITERION_BENCHMARK), tokens_per_iteration: None };
    let [record] = read(source).unwrap().try_into().unwrap();
    assert_eq!(ends(&record), (16e6, Some((8e6, 32e6))));
    assert_eq!((record.model.as_str(), record.notes.len()), ("decode/f16", 2));
    assert_eq!(record.notes[1], "32 elements per iteration are taken as tokens");
    let given = read(Source { tokens_per_iteration: Some(64.0), ..source }).unwrap();
    assert_eq!(ends(&given[0]).0, 32e6);
}

#[test]
fn nvbench_states_keep_their_reasons() {
    let [timed, skipped, empty] = records(NVBENCH).try_into().unwrap();
    let (rate, spread) = ends(&timed);
    assert_eq!((rate, spread), (32_000.0, Some((64.0 / 0.0025, 64.0 / 0.0015))));
    assert_eq!((timed.model.as_str(), timed.test.as_str()), ("decode", "N=64"));
    assert_eq!((timed.hardware.as_str(), empty.hardware.as_str()), ("GPU One", ""));
    assert_eq!(skipped.outcome, Outcome::Skipped("too large".into()));
    assert_eq!(empty.outcome, Outcome::Failed("it has no mean time on the GPU's clock".into()));
    let untold = Source { tokens_per_iteration: None, ..source(NVBENCH) };
    let elements = read(untold).unwrap();
    assert_eq!(ends(&elements[0]).0, 32_000.0);
    assert_eq!(elements[0].notes[2], "elements are taken as tokens");
    let without = NVBENCH.replace("bw/item_rate", "x");
    let asked = "nvbench has seconds per launch and no tokens: give --tokens-per-iteration";
    assert_eq!(read(Source { text: &without, ..untold }), Err(asked.into()));
    for (bad, shown) in [("inf", "inf"), ("nan", "NaN"), ("0", "0.0"), ("-1", "-1.0"), ("x", "NaN")] {
        let broken = NVBENCH.replace("0.002", bad);
        let why = format!("a mean time of {shown} gives no finite rate > 0");
        assert_eq!(reason(&records(&broken)[0]), why);
    }
}

#[test]
fn nvbench_quartiles_are_preferred_to_a_standard_deviation() {
    let value = |tag: &str, value: &str| {
        format!(r#"{{"tag": "nv/cold/time/gpu/{tag}", "data": [{{"name": "value", "value": {value}}}]}},"#)
    };
    let more = value("min", "0.001") + &value("q3", "\"0.004\"");
    let text = NVBENCH.replacen("\"summaries\": [", &format!("\"summaries\": [{more}"), 1);
    assert_eq!(ends(&records(&text)[0]).1, Some((16_000.0, 64_000.0)));
}

#[test]
fn inferencex_rates_are_per_gpu_and_alternatives() {
    let all = records(INFERENCEX);
    let rates: Vec<_> = all[..3].iter().map(|record| (record.tokens.unwrap(), ends(record).0)).collect();
    assert_eq!(rates, [(Tokens::Input, 600.0), (Tokens::Output, 300.0), (Tokens::Total, 900.0)]);
    for record in &all[..3] {
        assert_eq!((record.rate_of, record.gpus, record.concurrency), (Devices::Each, Some(8), Some(64)));
        assert!(
            record.notes.contains(
                &"input, output and total each pay for the whole hour: alternatives, never to be added"
                    .to_owned()
            )
        );
        assert_eq!((record.line, record.test.as_str()), (1, "ISL 1024 OSL 512"));
    }
}

#[test]
fn inferencex_disaggregated_rates_are_spread_over_all_gpus() {
    let all = records(INFERENCEX);
    // 80 tokens/s on each of 6 prefill GPUs are 60 on each of all 8.
    assert_eq!((all[3].tokens, ends(&all[3]).0), (Some(Tokens::Input), 60.0));
    assert_eq!((reason(&all[4]), all[4].line), ("output_tput_per_gpu 0.0 gives no finite rate > 0", 4));
    assert_eq!((all[5].tokens, ends(&all[5]).0), (Some(Tokens::Total), 100.0));
    assert_eq!((all[3].gpus, all[3].test.as_str()), (Some(8), "mtp disaggregated"));
    assert_eq!(reason(&all[6]), "a disaggregated run without num_prefill_gpu and num_decode_gpu");
}

#[test]
fn inferencex_rates_that_contradict_each_other_say_so() {
    let doubts = |text: &str| {
        let notes: Vec<String> = records(text).into_iter().flat_map(|record| record.notes).collect();
        notes.iter().filter(|note| note.contains("do not add up")).count()
    };
    let row = |input: f64, rest: &str| {
        format!(r#"{{"tput_per_gpu": 100, "output_tput_per_gpu": 40, "input_tput_per_gpu": {input}{rest}}}"#)
    };
    assert_eq!((doubts(&row(60.0, "")), doubts(&row(80.0, ""))), (0, 3));
    // 120 on each of 6 of 8 GPUs and 40 on each of the other 2: 90 and 10 on each of all.
    let split = r#", "disagg": true, "num_prefill_gpu": 6, "num_decode_gpu": 2"#;
    assert_eq!(doubts(&row(120.0, split)), 0);
}

#[test]
fn a_plain_csv_is_read_by_its_names() {
    let [first, zero, empty] = records(TOKENS_CSV).try_into().unwrap();
    assert_eq!(ends(&first), (1000.0, Some((900.0, 1100.0))));
    assert_eq!((first.gpus, first.tokens, first.line), (Some(2), Some(Tokens::Output), 2));
    assert_eq!((reason(&zero), zero.line), ("tokens_per_s 0.0 gives no finite rate > 0", 3));
    assert_eq!(reason(&empty), "there is no rate");
    let apart = records("input_tokens_per_s,output_tokens_per_s\n10,2\n");
    let rates: Vec<_> = apart.iter().map(|record| (record.tokens.unwrap(), ends(record).0)).collect();
    assert_eq!(rates, [(Tokens::Input, 10.0), (Tokens::Output, 2.0)]);
    for (text, fault) in [
        ("tokens_per_s,gpus\n1,0\n", "2:2: gpus is 0"),
        ("tokens_per_s,gpus\n1,x\n", "2:2: gpus \"x\": invalid digit found in string"),
        ("tokens_per_s\nfast\n", "2:1: tokens_per_s \"fast\": invalid float literal"),
        ("tokens_per_s,tokens\n1,both\n", "2:2: tokens \"both\": is none of input, output, total"),
        ("tokens_per_s,date\n1,2026-02-31\n", "2:2: date \"2026-02-31\" is not a date like 2026-01-31"),
    ] {
        assert_eq!(read(source(text)), Err(fault.into()));
    }
}

fn charge(gpus: Option<u32>) -> Charge {
    Charge { usd_per_hour: UsdPerHour(3.6), gpus, utilisation: 0.5 }
}

fn rate(tokens_per_s: f64) -> Rate {
    Rate { tokens_per_s: TokensPerSecond(tokens_per_s), spread: None, samples: None }
}

#[test]
fn rates_per_gpu_are_never_charged_more_than_once() {
    let each = Record { rate_of: Devices::Each, gpus: Some(8), ..Record::default() };
    let all = Record { gpus: Some(8), ..Record::default() };
    let cost = |record: &Record, gpus| charge(gpus).price(record, &rate(1000.0)).unwrap().mid.0;
    assert_eq!((cost(&each, None), cost(&each, Some(8))), (2.0, 2.0));
    // What the user says counts before what the file says.
    assert_eq!((cost(&all, None), cost(&all, Some(2))), (16.0, 4.0));
    assert_eq!(cost(&Record::default(), None), 2.0);
}

#[test]
fn the_fast_end_of_a_rate_is_the_low_end_of_its_cost() {
    let spread = Spread { low: TokensPerSecond(500.0), high: TokensPerSecond(2000.0), basis: "test" };
    let rate = Rate { spread: Some(spread), ..rate(1000.0) };
    let cost = charge(None).price(&Record::default(), &rate).unwrap();
    assert_eq!((cost.low.0, cost.mid.0, cost.high.0), (1.0, 2.0, 4.0));
}

#[test]
fn a_thousand_tokens_a_second_at_five_dollars_an_hour() {
    let charge = Charge { usd_per_hour: UsdPerHour(5.0), gpus: None, utilisation: 1.0 };
    assert_eq!(charge.price(&Record::default(), &rate(1000.0)).unwrap().mid.0, 1.388888888888889);
}

#[test]
fn hostile_sizes_are_refused() {
    let rows = |count: usize| "tokens_per_s\n".to_owned() + &"1\n".repeat(count);
    assert_eq!(records(&rows(json::MAX_ROWS)).len(), json::MAX_ROWS);
    assert_eq!(read(source(&rows(json::MAX_ROWS + 1))), Err("has more than 10000 rows".into()));
    let wide = format!("tokens_per_s\n{}\n", ",".repeat(MAX_FIELDS));
    assert_eq!(read(source(&wide)), Err("2: has more than 1000 fields".into()));
    let long = format!("{{\"tput_per_gpu\": 1, \"model\": \"{}\"}}", "ä".repeat(1000));
    assert_eq!(records(&long)[0].model, "ä".repeat(200) + "…");
}

proptest! {
    #[test]
    fn no_mutation_of_a_good_file_makes_a_panic_or_a_rate_that_is_none(
        file in 0..GOOD.len(), at in any::<prop::sample::Index>(), length in 0usize..12,
        put in "[-{}\\[\\]\",:0-9.eE\n a-z_]{0,6}",
    ) {
        let (name, text) = GOOD[file];
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        prop_assume!(text.is_char_boundary(start) && text.is_char_boundary(end));
        let mutated = format!("{}{put}{}", &text[..start], &text[end..]);
        let _ = read(source(&mutated));
        let format: Format = name.parse().unwrap();
        for record in format.records(&source(&mutated)).unwrap_or_default() {
            if let Outcome::Rate(rate) = &record.outcome {
                let mid = rate.tokens_per_s.0;
                prop_assert!(mid.is_finite() && mid > 0.0);
                if let Some(spread) = rate.spread {
                    prop_assert!(0.0 < spread.low.0 && spread.low.0 <= mid && mid <= spread.high.0);
                    prop_assert!(spread.high.0.is_finite());
                }
            }
        }
    }

    #[test]
    fn a_rate_over_samples_lies_between_the_slowest_and_the_fastest(
        times in prop::collection::vec(1u64..1_000_000_000, 1..20), tokens in 1u64..10_000,
    ) {
        let text = serde_json::json!([{ "n_prompt": tokens, "n_gen": 0, "samples_ns": &times }]).to_string();
        let (rate, _) = ends(&records(&text)[0]);
        let of = |ns: u64| tokens as f64 * 1e9 / ns as f64;
        let (slowest, fastest) = (of(*times.iter().max().unwrap()), of(*times.iter().min().unwrap()));
        prop_assert!(slowest * (1.0 - 1e-12) <= rate && rate <= fastest * (1.0 + 1e-12));
    }
}
