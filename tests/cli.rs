//! What the verbs that need no GPU promise: exit codes, messages that say where, and numbers that agree.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use common::{Grid, Run, data, folder, mtok, recorded, run, tables, write};
use serde_json::Value;

/// A verb on a measurements file and the tables that never change.
fn on_file(verb: &str, file: &str, options: &[&str]) -> Run {
    let mut words = vec![verb.to_owned(), "--measurements".into(), file.into()];
    words.extend(tables());
    words.extend(["--model".into(), "llama-3.1-8b".into()]);
    words.extend(options.iter().map(|word| (*word).to_owned()));
    run(mtok(&words))
}

/// A verb on a datasheet with tables from a folder.
fn on_tables(verb: &str, tables: &Path, options: &[&str]) -> Run {
    let tables = tables.display().to_string();
    let words = [verb, "--gpu", "H100 SXM", "--data", &tables];
    run(mtok(&[&words, options].concat()))
}

/// A folder with its own copy of the tables.
fn copied_tables() -> tempfile::TempDir {
    let copy = folder();
    for name in common::names(&data("tables")) {
        fs::copy(data("tables").join(&name), copy.path().join(&name)).unwrap();
    }
    copy
}

/// The call is refused as bad input with this message and prints no result.
#[track_caller]
fn refused(run: &Run, message: &str) {
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert_eq!(run.complaint().trim_end(), format!("mtok: {message}"));
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let list = "(mtok estimate --list names all)";
    let own = data("tables");
    refused(
        &on_tables("estimate", &own, &["--model", "llama-3-8b"]),
        &format!("unknown model \"llama-3-8b\"; did you mean llama-3.1-8b? {list}"),
    );
    let words = ["estimate", "--gpu", "RTX 409", "--data", &own.display().to_string()];
    refused(
        &run(mtok(&words)),
        &format!("unknown GPU \"RTX 409\"; did you mean RTX 4090, RTX 4090 Laptop? {list}"),
    );
    refused(
        &on_tables("compare", &own, &["--hardware", "H100 SX"]),
        "no price of \"H100 SX\"; nearest: H100 SXM",
    );
}

#[test]
fn a_malformed_measurement_is_named_with_line_and_column() {
    let here = folder();
    for (column, value, what) in [
        ("schema_version", "3", "schema_version 3 is none of 1 to 2, which this version reads"),
        ("kernel", "gem", "unknown kernel \"gem\""),
        ("status", "fine", "status is none of ok, wrong, failed, skipped"),
        ("status", "", "status is empty"),
        ("adapter", "", "adapter is empty"),
        ("device_type", "toaster", "device_type \"toaster\": is none of "),
        ("median_s", "", "median_s is empty in a row with status ok"),
        ("median_s", "1", "min_s, q1_s, median_s and q3_s are not in order"),
        ("mad_s", "NaN", "mad_s \"NaN\" is not a finite number >= 0"),
        ("mad_s", "-1", "mad_s \"-1\" is not a finite number >= 0"),
        ("timing_method", "sundial", "timing_method \"sundial\": is none of timestamp, wall"),
        ("samples", "-1", "samples \"-1\": "),
        ("seed", "1.5", "seed \"1.5\": "),
        ("flops", "7", "flops 7 is not the "),
        ("vendor_id", "0xzz", "vendor_id is not like 0x10de"),
    ] {
        let text = Grid::of(&recorded()).with(3, column, value);
        let index = if column == "kernel" { "shape" } else { column };
        let index = text.column(index) + 1;
        let file = write(here.path(), "m.csv", text.text());
        let run = on_file("estimate", &file, &[]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{column} {value}");
        let expected = format!("mtok: {file}:5:{index}: {what}");
        assert!(run.complaint().starts_with(&expected), "{} is not {expected}", run.err);
    }
}

#[test]
fn times_and_sizes_of_a_measurement_are_finite_and_positive() {
    let here = folder();
    let columns = ["median_s", "min_s", "q1_s", "q3_s", "mean_s", "device_median_s", "wall_median_s"];
    for column in columns.into_iter().chain(["host_memory_bytes", "clock_quantum_s"]) {
        for bad in ["NaN", "inf", "-inf", "-1", "0", "1e999", "1,5", "x"] {
            let text = Grid::of(&recorded()).with(0, column, bad);
            let file = write(here.path(), "m.csv", text.text());
            let place = format!("{file}:2:{}", text.column(column) + 1);
            let what = format!("{place}: {column} \"{bad}\" is not a finite number > 0");
            refused(&on_file("compare", &file, &[]), &what);
        }
    }
}

#[test]
fn a_measurements_file_that_is_no_table_is_refused() {
    let here = folder();
    let good = recorded();
    let header = good.lines().next().unwrap();
    let doubled = good.clone() + good.lines().nth(1).unwrap() + "\n";
    let latin: Vec<u8> = [good.as_bytes(), b"\xff\n"].concat();
    for (bytes, place_and_what) in [
        (vec![], ": is empty"),
        (b"\n \n".to_vec(), ": is empty"),
        (b"\xef\xbb\xbf".to_vec(), ": is empty"),
        (common::utf16(&good), ": is UTF-16; save it as UTF-8"),
        (latin, ":29: is not UTF-8"),
        (Grid::of(&good).without("status").text().into_bytes(), ":1: column \"status\" is missing"),
        (
            format!("{header}\n1,2,3\n").into_bytes(),
            ":2: has 3 fields, the header has 50 (a quote left open or a comma too many?)",
        ),
        (format!("{header},status\n").into_bytes(), ":1:51: column \"status\" appears twice"),
        (doubled.into_bytes(), ":29:2: cell dispatch/f32/chain=1/counter of run 0 is on line 2 already"),
        (format!("{header}\n").into_bytes(), ": there are no measurements"),
        (vec![b'\0'; 4096], ":1: column \"schema_version\" is missing"),
    ] {
        let file = write(here.path(), "m.csv", bytes);
        refused(&on_file("estimate", &file, &[]), &format!("{file}{place_and_what}"));
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_refused_at_once() {
    let here = folder();
    let pipe = common::fifo(here.path(), "pipe");
    let directory = here.path().display().to_string();
    for path in [pipe.as_str(), &directory, "/dev/zero", "/dev/null"] {
        refused(&on_file("estimate", path, &[]), &format!("{path}: is not a plain file"));
    }
    let missing = here.path().join("none.csv").display().to_string();
    let what = "cannot be read: No such file or directory (os error 2)";
    refused(&on_file("estimate", &missing, &[]), &format!("{missing}: {what}"));
    let large = here.path().join("large.csv");
    fs::File::create(&large).unwrap().set_len(1 << 40).unwrap();
    let large = large.display().to_string();
    refused(&on_file("estimate", &large, &[]), &format!("{large}: is larger than 64 MiB"));
}

#[test]
fn prices_and_rates_of_the_tables_are_finite_and_positive() {
    for (name, column) in [
        ("gpus.csv", "memory_gb"),
        ("gpus.csv", "bandwidth_gb_per_s"),
        ("gpus.csv", "fp16_dense_tflops"),
        ("models.csv", "params_published_b"),
        ("rentals.csv", "usd_per_hour"),
        ("tokens.csv", "input_usd_per_mtok"),
        ("tokens.csv", "output_usd_per_mtok"),
        ("tokens.csv", "cache_read_usd_per_mtok"),
    ] {
        let copy = copied_tables();
        let good = fs::read_to_string(copy.path().join(name)).unwrap();
        for bad in ["NaN", "inf", "-inf", "-1", "0", "$2", "1;5"] {
            let text = Grid::of(&good).with(1, column, bad);
            let file = write(copy.path(), name, text.text());
            let place = format!("{file}:3:{}", text.column(column) + 1);
            let what = match name {
                "rentals.csv" | "tokens.csv" => {
                    ": is neither a finite number > 0 nor free, dynamic, not_offered, rejected"
                }
                _ => " is not a finite number > 0",
            };
            let what = format!("{place}: {column} \"{bad}\"{what}");
            refused(&on_tables("compare", copy.path(), &[]), &what);
        }
    }
}

#[test]
fn a_config_is_a_model_like_any_other() {
    let here = folder();
    let config = write(here.path(), "config.json", LLAMA_8B);
    let estimate = |words: &[&str]| -> Vec<Value> {
        let run = on_tables("estimate", &data("tables"), &[words, &["--batch", "1,8", "--json"]].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
        serde_json::from_str(&run.out).unwrap()
    };
    let (of_file, of_table) = (estimate(&["--config", &config]), estimate(&["--model", "llama-3.1-8b"]));
    assert_eq!((of_file.len(), of_table.len()), (4, 4), "bf16 and fp8 at two batches each");
    for (mut row, expected) in of_file.into_iter().zip(&of_table) {
        assert_eq!(row["model"], config.as_str());
        row["model"] = expected["model"].clone();
        assert_eq!(&row, expected);
    }
    let both = estimate(&["--config", &config, "--model", "llama-3.1-8b", "--weights", "q4_K_M"]);
    let models: Vec<_> = both.iter().map(|row| row["model"].as_str().unwrap()).collect();
    assert_eq!(models, ["llama-3.1-8b", "llama-3.1-8b", &config, &config]);
    let gib = both[0]["weights_gb"].as_f64().unwrap() * 1e9 / f64::from(1 << 30);
    assert!((gib - 4.58).abs() < 0.01, "{gib} GiB");
    // Nobody sells its tokens by the name of a file, so there is no verdict.
    let run = on_tables("compare", &data("tables"), &["--config", &config, "--batch", "8", "--json"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
}

const LLAMA_8B: &str = r#"{"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
    "num_attention_heads": 32, "num_key_value_heads": 8, "num_hidden_layers": 32, "vocab_size": 128256,
    "tie_word_embeddings": false, "torch_dtype": "bfloat16"}"#;

#[test]
fn a_config_that_makes_no_sense_is_refused_with_the_file_and_the_key() {
    let here = folder();
    for (bytes, what) in [
        (String::new(), ":1:1: is not JSON: it ends where an object was expected"),
        (LLAMA_8B.replace(r#""intermediate_size": 14336,"#, ""), ": intermediate_size is missing"),
        (
            LLAMA_8B.replace("\"num_key_value_heads\": 8", "\"num_key_value_heads\": 5"),
            ": num_key_value_heads 5 does not divide num_attention_heads 32",
        ),
        (LLAMA_8B.replace("14336", "NaN"), ":1:67: is not JSON: expected value"),
        (LLAMA_8B.replace("14336", "1e400"), ":1:"),
        (LLAMA_8B.replace("14336", "[[]]"), ": intermediate_size is a list of 1, not a whole number"),
        (
            LLAMA_8B.replace("llama", "mamba-x").replace("torch_dtype", "d_state"),
            ": model_type \"mamba-x\" is not known, and its key \"d_state\" may change what is computed; known: ",
        ),
        (" ".repeat(5 << 20), ": is larger than 4 MiB: no config.json is"),
    ] {
        let file = write(here.path(), "config.json", &bytes);
        for verb in ["estimate", "compare"] {
            let run = on_tables(verb, &data("tables"), &["--config", &file]);
            assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
            assert!(run.complaint().starts_with(&format!("mtok: {file}{what}")), "{}", run.err);
        }
    }
    refused(
        &on_tables("estimate", &data("tables"), &["--config", &here.path().display().to_string()]),
        &format!("{}: is not a plain file", here.path().display()),
    );
}

#[test]
fn a_block_without_formulas_has_sizes_and_no_rates() {
    let here = folder();
    let config = write(
        here.path(),
        "config.json",
        r#"{"model_type": "qwen3_next", "hidden_size": 2048, "num_attention_heads": 16, "num_key_value_heads": 2,
        "head_dim": 256, "num_hidden_layers": 48, "vocab_size": 151936, "full_attention_interval": 4,
        "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128, "linear_num_key_heads": 16,
        "linear_num_value_heads": 32, "linear_value_head_dim": 128, "num_experts": 512, "num_experts_per_tok": 10,
        "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512, "torch_dtype": "bfloat16"}"#,
    );
    let words = ["--config", &config, "--weights", "fp8", "--memory-gb", "141", "--batch", "8", "--json"];
    let run = on_tables("estimate", &data("tables"), &words);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let rows: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert!(
        row["note"].as_str().unwrap().contains("36 of 48 layers are recurrent (gated-deltanet)"),
        "{row}"
    );
    assert_eq!((&row["fits"], &row["decode_tokens_per_s"]), (&Value::Bool(true), &Value::Null));
    assert!(row["max_batch"].as_u64().unwrap() > 100, "{row}");
}

#[test]
fn a_table_that_is_broken_is_refused_by_name() {
    for name in ["gpus.csv", "models.csv", "rentals.csv", "tokens.csv"] {
        let copy = copied_tables();
        let good = fs::read_to_string(copy.path().join(name)).unwrap();
        let (header, first) = good.split_once('\n').unwrap();
        let columns = Grid::of(&good).rows[0].len();
        let key = header.split(',').next().unwrap();
        let ragged = format!("{header}\n{},x\n", first.lines().next().unwrap());
        let what = format!(":2: has {} fields, the header has {columns}", columns + 1);
        for (bytes, what) in [
            (vec![], ": is empty".to_owned()),
            (common::utf16(&good), ": is UTF-16; save it as UTF-8".into()),
            (ragged.into_bytes(), what + " (a quote left open or a comma too many?)"),
            (Grid::of(&good).without(key).text().into_bytes(), format!(":1: column \"{key}\" is missing")),
            (Grid::of(&good).with(0, key, " ").text().into_bytes(), format!(":2:1: {key} is empty")),
        ] {
            let file = write(copy.path(), name, bytes);
            refused(&on_tables("compare", copy.path(), &[]), &format!("{file}{what}"));
        }
    }
}

#[test]
fn a_table_that_cannot_be_read_is_never_replaced_by_the_bundled_one() {
    let copy = copied_tables();
    let file = copy.path().join("rentals.csv");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let shown = file.display().to_string();
    refused(&on_tables("compare", copy.path(), &[]), &format!("{shown}: is not a plain file"));
    #[cfg(unix)]
    {
        fs::remove_dir(&file).unwrap();
        std::os::unix::fs::symlink("/nonexistent", &file).unwrap();
        let what = "cannot be read: No such file or directory (os error 2)";
        refused(&on_tables("compare", copy.path(), &[]), &format!("{shown}: {what}"));
        fs::remove_file(&file).unwrap();
        common::fifo(copy.path(), "rentals.csv");
        refused(&on_tables("compare", copy.path(), &[]), &format!("{shown}: is not a plain file"));
    }
    let nowhere = copy.path().join("none");
    let what = format!("{}: is not a folder", nowhere.display());
    refused(&on_tables("estimate", &nowhere, &[]), &what);
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let own = data("tables");
    for (option, bad, what) in [
        ("--batch", "0", "is neither auto nor a number of sequences"),
        ("--batch", "1.5", "is neither auto nor a number of sequences"),
        ("--isl", "0", "isl 0 is not between 1 and 1073741824"),
        ("--osl", "0", "osl 0 is not between 1 and 1073741824"),
        ("--isl", "18446744073709551615", "isl 18446744073709551615 is not between 1 and 1073741824"),
        ("--batch", "18446744073709551615", "batch 18446744073709551615 is not between 1 and 1073741824"),
        ("--utilisation", "1.5", "is not a number above 0 up to 1"),
        ("--utilisation", "0", "is not a number above 0 up to 1"),
        ("--utilisation", "-0.5", "is not a number above 0 up to 1"),
        ("--utilisation", "NaN", "is not a number above 0 up to 1"),
        ("--usd-per-hour", "NaN", "is not a finite number > 0"),
        ("--usd-per-hour", "inf", "is not a finite number > 0"),
        ("--usd-per-hour", "-1", "is not a finite number > 0"),
        ("--usd-per-hour", "0", "is not a finite number > 0"),
        ("--memory-gb", "-80", "is not a finite number > 0"),
        ("--weights", "q9", "unknown format \"q9\"; known: "),
        ("--as-of", "2026-02-30", "2026-02-30"),
        ("--offers", "best", "possible values: median, cheapest, all"),
    ] {
        let run = on_tables("compare", &own, &[option, bad]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{option} {bad}: {}", run.err);
        assert!(run.err.contains(what) && run.err.contains(bad), "{option} {bad}: {}", run.err);
    }
}

#[test]
fn arguments_that_contradict_each_other_are_refused() {
    for words in [
        &["estimate", "--list", "--gpu", "H100 SXM"][..],
        &["estimate", "--gpu", "H100 SXM", "--json", "--csv"],
        &["compare", "--gpu", "H100 SXM", "--usd-per-hour", "1", "--hardware", "H100 SXM"],
        &["compare", "--gpu", "H100 SXM", "--gpu", "RTX 4090"],
        &["nonsense"],
        &["--nonsense"],
        &[],
    ] {
        let run = run(mtok(words));
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{words:?}: {}", run.err);
        assert!(run.err.contains("Usage: mtok"), "{words:?}: {}", run.err);
    }
}

#[test]
fn a_verb_without_a_device_says_how_to_name_one() {
    for verb in ["estimate", "compare"] {
        refused(&common::call(verb), "name a device: --measurements FILE or --gpu NAME");
    }
}

#[test]
fn the_list_of_names_is_that_of_the_tables_in_use() {
    let own = ["estimate", "--list", "--data", &data("tables").display().to_string()];
    let expected = "model  llama-3.1-8b\nmodel  qwen3-30b-a3b\ngpu    H100 SXM\ngpu    RTX 4090\n";
    assert_eq!(run(mtok(&own)).ok().out, expected.to_owned() + "gpu    RTX 4090 Laptop\n");
    assert!(common::call("estimate --list").ok().out.contains("gpu    H100 SXM\n"));
}

#[test]
fn help_and_version_are_no_errors() {
    for words in [&["--help"][..], &["--version"], &["compare", "--help"]] {
        assert!(!run(mtok(words)).ok().out.is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    for words in [&["estimate", "--list"][..], &["estimate", "--gpu", "H100 SXM", "--json"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = mtok(words).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(4));
        let what = "mtok: stdout: cannot be written: No space left on device (os error 28)\n";
        assert_eq!(String::from_utf8(output.stderr).unwrap(), what);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for words in [&["estimate", "--list"][..], &["compare", "--gpu", "H100 SXM", "--model", "all"]] {
        let mut command = mtok(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    }
}

/// Every number of a row that is there, by its key.
fn numbers<const N: usize>(row: &Value, keys: [&str; N]) -> [f64; N] {
    keys.map(|key| row[key].as_f64().unwrap_or_else(|| panic!("{key} of {row} is no number")))
}

#[track_caller]
fn assert_same(left: f64, right: f64) {
    assert!((left - right).abs() <= 1e-12 * right.abs(), "{left} is not {right}");
}

#[test]
fn the_numbers_of_a_comparison_agree_with_each_other() {
    let file = data("measurements.csv").display().to_string();
    let options = ["--as-of", "2026-11-01", "--usd-per-hour", "0.10", "--json"];
    for utilisation in ["1", "0.25"] {
        let json =
            on_file("compare", &file, &[&options[..], &["--utilisation", utilisation]].concat()).json();
        let rows = json.as_array().unwrap();
        assert_eq!(rows.len(), 3, "f16, q8_0 and q4_0");
        for row in rows {
            let [rent, used, inward, outward, blended, ratio, market] = numbers(
                row,
                [
                    "usd_per_hour",
                    "utilisation",
                    "usd_per_mtok_in",
                    "usd_per_mtok_out",
                    "usd_per_mtok_blended",
                    "input_output_ratio",
                    "market_usd_per_mtok_median",
                ],
            );
            let [prefill, decode, requests, even_used, even_rent] = numbers(
                row,
                [
                    "prefill_tokens_per_s",
                    "decode_tokens_per_s",
                    "requests_per_s",
                    "break_even_utilisation",
                    "break_even_usd_per_hour",
                ],
            );
            assert_eq!(rent, 0.10);
            let [isl, osl] = numbers(row, ["isl", "osl"]);
            let request = rent / used * 1e6 / 3600.0 / requests;
            assert_same(isl * inward + osl * outward, request);
            // What a mixed step saves is shared by both.
            assert_same(inward / outward, decode / prefill);
            assert_same(blended, (ratio * inward + outward) / (ratio + 1.0));
            assert_same(even_used, used * blended / market);
            assert_same(even_rent, rent * market / blended);
            assert_eq!(row["verdict"], if blended > market { "BUY" } else { "RENT" });
        }
    }
}

/// Names that try to drive a terminal, a spreadsheet, a browser and a table.
const HOSTILE: [&str; 6] = [
    "\u{1b}[31mred\u{1b}]0;x\u{7}",
    "\u{202e}desrever\u{200b}",
    "=1+1",
    "@cmd",
    "<script>alert(1)</script>",
    "a|b",
];

/// Characters that change what a reader sees without being seen.
fn drives_a_terminal(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
}

#[test]
fn hostile_adapter_names_are_inert_wherever_they_are_shown() {
    let here = folder();
    for name in HOSTILE {
        let text = Grid::of(&recorded()).with_all("adapter", name).text();
        let file = write(here.path(), "m.csv", text);
        for (verb, format) in ["estimate", "compare"]
            .into_iter()
            .flat_map(|verb| [&[][..], &["--csv"], &["--json"]].map(|format| (verb, format)))
        {
            let out = on_file(verb, &file, format).ok().out;
            assert!(!out.contains(drives_a_terminal), "{verb} {format:?}: {out:?}");
            match format {
                ["--csv"] => {
                    let device = Grid::of(&out).cell(0, "device").to_owned();
                    assert!(!device.starts_with(['=', '@', '+', '-']), "{device}");
                }
                ["--json"] => {
                    let row: Value = serde_json::from_str(&out).unwrap();
                    assert_eq!(row[0]["device"], *name, "escapes read back as the same characters");
                }
                _ => assert!(out.contains("llama-3.1-8b"), "{out}"),
            }
        }
    }
}

#[test]
fn hostile_cells_in_a_fault_are_inert() {
    let here = folder();
    let text = Grid::of(&recorded()).with(0, "median_s", "\u{1b}[2J\u{202e}").text();
    let run = on_file("estimate", &write(here.path(), "m.csv", text), &[]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("\"\\u{1b}[2J\\u{202e}\"") && !run.err.contains(drives_a_terminal),
        "{}",
        run.err
    );
}

#[test]
fn hostile_names_of_files_are_inert() {
    let name = "\u{1b}[2J\u{202e}";
    for words in [["estimate", "--measurements", name], ["estimate", "--data", name]] {
        let run = run(mtok(&words));
        assert_eq!(run.code, Some(2));
        assert!(run.err.contains("mtok: \\u{1b}[2J\\u{202e}: "), "{}", run.err);
        assert!(!run.err.contains(drives_a_terminal), "{}", run.err);
    }
}

/// Files that nobody should have: each as a table of every kind.
fn hostile_files() -> Vec<Vec<u8>> {
    let good = recorded();
    let header = good.lines().next().unwrap().to_owned();
    let row = good.lines().nth(1).unwrap().to_owned();
    vec![
        b"\"".to_vec(),
        b",".to_vec(),
        b"\r".to_vec(),
        b"\0\0\0".to_vec(),
        vec![0xff; 100],
        "a,".repeat(100_000).into_bytes(),
        "\"\"\"\n".repeat(1000).into_bytes(),
        good.as_bytes()[..good.len() / 2].to_vec(),
        good.as_bytes()[..header.len() + 40].to_vec(),
        good.replace(',', ";").into_bytes(),
        good.replace('\n', "\r\n").into_bytes(),
        good.replace("ok", "skipped").into_bytes(),
        good.replace(",ok,", ",failed,").into_bytes(),
        good.replace("m=1;n=4094;k=4096", "m=18446744073709551615;n=18446744073709551615;k=4").into_bytes(),
        good.replace("m=1;n=4094;k=4096", "m=0;n=0;k=0").into_bytes(),
        good.replace("m=1;n=4094;k=4096", "m=;;=;").into_bytes(),
        good.replace("tokens=250", "tokens=-250").into_bytes(),
        good.replace("chain=1/", "chain=99999999999999999999/").into_bytes(),
        good.replace("-5,", "-320,").into_bytes(),
        good.replace("2026-11-21T", "T").into_bytes(),
        format!("{header}\n{}\n", row.replace("0.0", "1e308")).into_bytes(),
        format!("{header}\n{row}\n").into_bytes(),
    ]
}

/// Words that nobody should type, behind `compare --gpu "H100 SXM"`.
const HOSTILE_WORDS: [&str; 28] = [
    "--batch=,",
    "--batch=auto,auto,1,1",
    "--batch=99999999999999999999",
    "--batch=1073741824",
    "--isl=1073741824 --osl=1073741824",
    "--isl=-1",
    "--osl=1e3",
    "--model=",
    "--model=,,",
    "--model=all --batch=1073741824",
    "--model=\u{1b}[31m",
    "--weights=",
    "--weights=f32,f16,bf16,q8_0,fp8,q6_K,q4_1,q4_K,q4_0,nvfp4,mxfp4,int4-g128,q4_K_M,q4_K_S,q5_K_M,q5_K_S",
    "--weights=q4_K_XL",
    "--config=",
    "--config=/dev/null",
    "--config=.",
    "--memory-gb=1e308",
    "--memory-gb=5e-324",
    "--usd-per-hour=1e308",
    "--usd-per-hour=5e-324",
    "--utilisation=5e-324",
    "--usd-per-hour=1e308 --utilisation=5e-324",
    "--as-of=9999-12-31",
    "--as-of=-9999-01-01",
    "--as-of=0000-01-01",
    "--hardware=",
    "--data=",
];

#[test]
fn nothing_that_is_typed_or_read_makes_a_panic() {
    let here = folder();
    let mut calls: Vec<Vec<String>> = Vec::new();
    for (index, bytes) in hostile_files().into_iter().enumerate() {
        let file = write(here.path(), &format!("m{index}.csv"), &bytes);
        calls.push(vec![
            "estimate".into(),
            "--gpu".into(),
            "H100 SXM".into(),
            "--config".into(),
            file.clone(),
        ]);
        calls.push(vec!["compare".into(), "--measurements".into(), file]);
        let tables = here.path().join(index.to_string());
        fs::create_dir(&tables).unwrap();
        let name = ["gpus.csv", "models.csv", "rentals.csv", "tokens.csv"][index % 4];
        write(&tables, name, &bytes);
        let tables = tables.display().to_string();
        calls.push(["compare", "--gpu", "H100 SXM", "--data", &tables].map(str::to_owned).to_vec());
    }
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let start = ["compare", "--gpu", "H100 SXM"].map(str::to_owned).to_vec();
    calls.extend(HOSTILE_WORDS.map(|text| [start.clone(), words(text)].concat()));
    for call in calls {
        let run = run(mtok(&call));
        assert!(matches!(run.code, Some(0 | 2)), "{call:?}: {:?} {}", run.code, run.err);
        assert!(!run.err.contains("panicked"), "{call:?}: {}", run.err);
        assert_eq!(run.code == Some(2), run.out.is_empty(), "{call:?}: {}", run.err);
        for unknown in ["NaN", "inf"] {
            assert!(!run.out.split_whitespace().any(|word| word == unknown), "{call:?}: {}", run.out);
        }
    }
}

#[cfg(unix)]
#[test]
fn words_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let broken = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for words in [
        [broken, broken, broken],
        ["estimate".as_ref(), "--gpu".as_ref(), broken],
        ["estimate".as_ref(), "--measurements".as_ref(), broken],
    ] {
        let run = run(mtok(&words));
        assert_eq!((run.code, run.err.contains("panicked")), (Some(2), false), "{}", run.err);
    }
}

#[test]
fn a_folder_without_any_table_does_not_mean_the_bundled_ones() {
    let misspelt = folder();
    write(misspelt.path(), "Tokens.CSV", "model\n");
    let names = "gpus.csv, models.csv, rentals.csv, tokens.csv, acceptance.csv, sources.csv, presets.csv";
    let message = format!("{}: has none of {names}", misspelt.path().display());
    refused(&on_tables("compare", misspelt.path(), &[]), &message);
}

#[test]
fn a_gpu_without_a_rent_is_answered_with_what_to_give() {
    let tables = copied_tables();
    write(
        tables.path(),
        "rentals.csv",
        "hardware,provider,kind,region,usd_per_hour,date,basis,source\n\
         H100 PCIe,lambda,on-demand,,2.49,2026-10-01,list,a page\n",
    );
    let as_of = ["--as-of", "2026-11-01"];
    refused(
        &on_tables("compare", tables.path(), &as_of),
        "no price of \"H100 SXM\"; nearest: H100 PCIe; give --usd-per-hour",
    );
    on_tables("compare", tables.path(), &[&as_of[..], &["--usd-per-hour", "2.5"]].concat()).ok();
}

#[test]
fn priced_hardware_is_found_in_any_case_and_listed_where_nothing_is_near() {
    let own = data("tables");
    on_tables("compare", &own, &["--as-of", "2026-11-01", "--hardware", "h100 sxm"]).ok();
    let run = on_tables("compare", &own, &["--as-of", "2026-11-01", "--hardware", "zzz"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("no price of \"zzz\"; priced: 2-vCPU cloud machine, H100 SXM"), "{}", run.err);
}

#[test]
fn validation_says_how_far_off_the_model_is() {
    let report = run(mtok(&["validate", "--json"])).ok().json();
    let overall = &report["overall"];
    for field in ["n", "median_ape", "p90_ape", "bias", "coverage_80"] {
        assert!(overall[field].is_number(), "{field}");
    }
    assert!(overall["n"].as_u64() >= Some(60));
    for by in ["phase", "source", "precision", "gpu", "model"] {
        assert!(report["groups"].as_array().unwrap().iter().any(|group| group["by"] == by), "{by}");
    }
    assert!(report["left_out"].is_null() && report["worst"].as_array().unwrap().len() == 10);
    let table = run(mtok(&["validate", "--csv", "--leave-out", "gpu"])).ok().out;
    assert!(table.starts_with("by,name,n,median_ape,p90_ape,bias,coverage_80\noverall,,"));
    assert!(run(mtok(&["validate", "--leave-out", "gpu"])).ok().out.contains("fitted without it"));
}

#[test]
fn measurements_that_are_no_rates_are_refused_where_they_are() {
    let folder = folder();
    let header =
        "source,hardware,gpus,model,precision_weights,isl,osl,batch_or_concurrency,phase,value,unit\n";
    for bad in ["0", "-1", "NaN"] {
        let row = format!("{header}me,RTX 4090,1,llama-3.1-8b,f16,0,1,1,decode,{bad},tok/s\n");
        let shown = write(folder.path(), "mine.csv", row);
        let what = format!("{shown}:2:10: value \"{bad}\" is not a finite number > 0");
        refused(&run(mtok(&["validate", "--file", &shown])), &what);
        refused(
            &run(mtok(&["validate", "--served", &shown])),
            &format!("{shown}:1: column \"backend\" is missing"),
        );
    }
}
