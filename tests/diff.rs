//! What `mtok diff` promises: exit codes, messages that say where, and the bytes of every output.
//!
//! The sides are made here, so that a difference of the golden files is a change of the rules or of a format;
//! `MTOK_BLESS=1 cargo test --test diff` writes them anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Run, assert_is, folder, mtok, run, write};
use mtok::measurement::{
    Cache, Calibration, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, Verification, wire,
};
use mtok::op::{Format, Op};
use mtok::stats::Summary;
use mtok::units::Seconds;

const CHECKED: Verification = Verification { nmse: 0.0, nmse_max: 1e-6, compared: 64 };
/// The runs of a quiet machine: relative to the cell's time.
const QUIET: [f64; 5] = [1.0, 1.003, 0.997, 1.001, 0.999];
const CELLS: usize = 12;
/// A name that tries to leave its place in a terminal, a table, a spreadsheet and a workflow command.
const HOSTILE: &str = "=x|<b>%0A::error::\u{1b}[31m";

fn measured(cell: usize, run: u32, factor: f64) -> Measurement {
    let turn = QUIET[(cell + run as usize) % QUIET.len()];
    let seconds = 1e-3 * (cell + 1) as f64 * turn * factor;
    let seconds = Summary {
        min: seconds * 0.98,
        q1: seconds * 0.99,
        median: seconds,
        q3: seconds * 1.01,
        mean: seconds,
        mad: seconds * 0.01,
    };
    let timing = Timing {
        seconds,
        wall_median: Seconds(seconds.median),
        samples: 20,
        executions_per_sample: 1,
        calibration: Some(Calibration { before: Seconds(1e-3), after: Seconds(1e-3) }),
        ..Timing::default()
    };
    Measurement {
        op: Op::Matmul { tokens: 1, outputs: 64 * (cell as u64 + 1), inputs: 64, weights: Format::Q8_0 },
        variant: if cell == 3 { HOSTILE.into() } else { "rows".into() },
        cache: Cache::Hot,
        run,
        outcome: Outcome::Ok(Box::new(timing), CHECKED),
        provenance: Provenance {
            identity: Identity {
                adapter: "Test GPU".into(),
                device_type: DeviceType::DiscreteGpu,
                backend: "vulkan".into(),
                tool_version: "0.1.0".into(),
                tool_commit: "abc".into(),
                ..Identity::default()
            },
            shader_hash: "1".into(),
            ..Provenance::default()
        },
    }
}

/// Three runs of twelve cells, changed row by row.
fn side(change: impl Fn(usize, &mut Measurement)) -> Vec<Measurement> {
    let visits = (0..3).flat_map(|run| (0..CELLS).map(move |cell| (cell, measured(cell, run, 1.0))));
    visits
        .map(|(cell, mut row)| {
            change(cell, &mut row);
            row
        })
        .collect()
}

fn quiet() -> Vec<Measurement> {
    side(|_, _| ())
}

/// The cells given, so many times as slow.
fn slowed(factors: &[(usize, f64)]) -> Vec<Measurement> {
    side(|cell, row| {
        if let Some((_, factor)) = factors.iter().find(|(slow, _)| *slow == cell) {
            *row = measured(cell, row.run, *factor);
        }
    })
}

/// A result folder with these rows.
fn recorded(here: &Path, name: &str, rows: &[Measurement]) -> PathBuf {
    let folder = here.join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut bytes = Vec::new();
    wire::write_all(&mut bytes, rows).unwrap();
    write(&folder, "measurements.csv", bytes);
    folder
}

/// `mtok diff` in a folder, so that the names in its output are the same everywhere.
fn diff(here: &Path, words: &str) -> Run {
    let mut command = mtok(&["diff"]);
    command.args(words.split_whitespace()).current_dir(here);
    run(command)
}

/// Sides with one row of each kind.
fn mixed(here: &Path) {
    recorded(here, "base", &quiet());
    let mut new = slowed(&[(0, 1.1), (1, 0.8), (3, 1.2)]);
    for row in &mut new {
        if row.op == measured(2, 0, 1.0).op {
            row.outcome = Outcome::Wrong("max error 1 > 0.1 at [0,0]".into(), CHECKED);
        }
    }
    new.retain(|row| !(row.run > 0 && row.op == measured(4, 0, 1.0).op));
    recorded(here, "new", &new);
    let head = "model,weights,device,rental_providers,rental_kind,batch,isl,osl,utilisation,usd_per_hour,\
        usd_per_mtok_blended,usd_per_mtok_blended_low,usd_per_mtok_blended_high\n";
    let costs =
        |first: &str| format!("{head}{first}\nqwen3-8b,f16,Test GPU,x,spot,8,1536,512,1,2,0.5,0.4,0.6\n");
    write(
        &here.join("base"),
        "costs.csv",
        costs("llama-3.1-8b,f16,Test GPU,x,spot,8,1536,512,1,2,0.5,0.4,0.6"),
    );
    write(
        &here.join("new"),
        "costs.csv",
        costs("llama-3.1-8b,f16,Test GPU,x,spot,8,1536,512,1,3,0.75,0.6,0.9"),
    );
}

#[track_caller]
fn refused(run: &Run, message: &str) {
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert_eq!(run.complaint().trim_end(), format!("mtok: {message}"));
}

#[test]
fn every_output_is_the_same_to_the_byte() {
    let here = folder();
    mixed(here.path());
    for (option, name) in [
        ("", "diff.txt"),
        ("--all", "diff-all.txt"),
        ("--json", "diff.json"),
        ("--csv", "diff.csv"),
        ("--markdown", "diff.md"),
        ("--annotations", "diff-annotations.txt"),
    ] {
        let run = diff(here.path(), &format!("base new {option}"));
        assert_eq!(run.code, Some(1), "{}", run.err);
        assert_is(name, &run.out);
        let control = |character: char| character.is_control() && character != '\n';
        assert!(!run.out.contains(control), "{name} can drive a terminal");
        if !option.starts_with("--json") && !option.starts_with("--csv") && !option.starts_with("--mark") {
            assert!(
                run.out.lines().all(|line| option == "--annotations" || line.chars().count() <= 80),
                "{}",
                run.out
            );
        }
    }
}

#[test]
fn exit_codes_tell_regressions_from_doubt() {
    let here = folder();
    let here = here.path();
    recorded(here, "base", &quiet());
    recorded(here, "same", &quiet());
    recorded(here, "slow", &slowed(&[(5, 1.1)]));
    recorded(here, "fast", &slowed(&[(5, 0.7)]));
    recorded(here, "few", &quiet()[..CELLS]);
    recorded(
        here,
        "part",
        &quiet().into_iter().filter(|row| row.op != measured(0, 0, 1.0).op).collect::<Vec<_>>(),
    );
    for (words, code) in [
        ("base same", 0),
        ("base fast", 0),
        ("base slow", 1),
        ("base slow --gate none", 0),
        ("base few", 6),
        ("base few --gate none", 0),
        ("base part", 6),
        ("base part --allow missing", 0),
        ("part base", 0),
    ] {
        let run = diff(here, words);
        assert_eq!(run.code, Some(code), "{words}: {}{}", run.out, run.err);
    }
    let rows = diff(here, "base slow --json").json();
    let slower = |row: &&serde_json::Value| row["verdict"] == "SLOWER";
    let slower: Vec<_> = rows["rows"].as_array().unwrap().iter().filter(slower).collect();
    assert_eq!(slower.len(), 1);
    assert_eq!(slower[0]["cell"], "gemv/q8_0/m=1;n=384;k=64/rows");
}

#[test]
fn runs_of_two_folders_make_one_side() {
    let here = folder();
    let here = here.path();
    recorded(here, "base", &quiet());
    for run in 0..3 {
        let rows: Vec<_> = slowed(&[(5, 1.1)]).into_iter().filter(|row| row.run == run).collect();
        recorded(here, &format!("new{run}"), &rows);
    }
    assert_eq!(diff(here, "base new0 new1").code, Some(6));
    assert_eq!(diff(here, "base new0 new1 new2").code, Some(1));
    assert_eq!(diff(here, "new0 base --base new1 --base new2").code, Some(0));
    refused(&diff(here, "base new0 new0"), "new0: is given twice on one side");
    let mut other = slowed(&[]);
    other.iter_mut().for_each(|row| row.provenance.identity.tool_commit = "def".into());
    recorded(here, "other", &other);
    let what = "runs of one side differ in tool_commit: \"abc\" and \"def\"; compare them one at a time";
    refused(
        &diff(here, "base new0 other"),
        &format!("new0/measurements.csv, other/measurements.csv: {what}"),
    );
}

#[test]
fn a_null_session_takes_the_word_of_what_it_sees_itself() {
    let here = folder();
    let here = here.path();
    recorded(here, "base", &quiet());
    recorded(here, "slow", &slowed(&[(5, 1.1)]));
    recorded(here, "null/a", &quiet());
    recorded(here, "null/b", &slowed(&[(5, 1.1)]));
    let run = diff(here, "base slow --null null --csv");
    assert_eq!(run.code, Some(6), "{}", run.err);
    assert!(run.out.contains(",UNSURE,null-differs,"), "{}", run.out);
    let what = "holds the two sides of a session; compare null/a with null/b, or give it with --null";
    refused(&diff(here, "base null"), &format!("null: {what}"));
    refused(
        &diff(here, "base slow --null base"),
        "base/a/measurements.csv: cannot be read: No such file or directory (os error 2)",
    );
}

#[test]
fn thresholds_are_read_and_their_faults_located() {
    let here = folder();
    let here = here.path();
    recorded(here, "base", &quiet());
    recorded(here, "slow", &slowed(&[(5, 1.1)]));
    write(here, "t.toml", "[kernel.gemv]\nmargin = 0.15\n");
    assert_eq!(diff(here, "base slow --thresholds t.toml").code, Some(0));
    write(here, "t.toml", "[default]\nmargin = 0.02\nlimit = 3\n");
    let what = "unknown field `limit`, expected `margin` or `cap`";
    refused(&diff(here, "base slow --thresholds t.toml"), &format!("t.toml:3:1: {what}"));
}

#[test]
fn costs_alone_are_compared_and_never_fail() {
    let here = folder();
    mixed(here.path());
    let run = diff(here.path(), "base/costs.csv new/costs.csv").ok();
    assert_is("diff-costs.txt", &run.out);
    assert_is("diff-costs.csv", &diff(here.path(), "base/costs.csv new/costs.csv --csv").ok().out);
    let what = "the sides have nothing in common: measurements on one, costs on the other";
    refused(&diff(here.path(), "base/costs.csv new/measurements.csv"), what);
}

#[test]
fn what_cannot_be_read_is_named() {
    let here = folder();
    let here = here.path();
    recorded(here, "base", &quiet());
    fs::create_dir(here.join("empty")).unwrap();
    refused(&diff(here, "base empty"), "empty: has neither measurements.csv nor costs.csv");
    refused(&diff(here, "base none"), "none: cannot be read: No such file or directory (os error 2)");
    let text = fs::read_to_string(here.join("base/measurements.csv")).unwrap().replacen(",ok,", ",fine,", 1);
    write(here, "bad.csv", text);
    refused(
        &diff(here, "base bad.csv"),
        "bad.csv:2:10: status is none of ok, wrong, failed, skipped, imported",
    );
}
