//! A variant that crashes, hangs or computes something wrong is out of the tuner's choice, and the rest goes on.

use super::common::folder;
use super::common::measured::{Mark, adapter_is_here};
use super::common::{run, tuned};
use serde_json::Value;

/// The first class of gemm as the tuner decides it with a fault; answers its row.
#[track_caller]
fn first_of_gemm(fault: &str) -> Value {
    let here = folder();
    let words = "tune --kernel gemm --quick --budget 1ms --timeout 3s --json";
    let mut command = tuned(&words.split(' ').collect::<Vec<_>>(), here.path());
    command.env("MTOK_FAULT", fault);
    let mark = Mark::of(&mut command);
    let ended = run(command).ok();
    mark.assert_all_end_within(super::ENDED);
    ended.json()[0].clone()
}

#[test]
fn a_variant_that_misbehaves_is_out_and_another_wins() {
    if !adapter_is_here() {
        return;
    }
    let sound = first_of_gemm("");
    let preferred = sound["variant"].as_str().unwrap().to_owned();
    assert_eq!(sound["fresh"], true);
    for (fault, status, reason) in [
        ("stale", "wrong", "output words were never written"),
        ("crash", "failed", "child ended by signal 6"),
        ("panic", "failed", "the driver stack gave up: on purpose"),
        ("loop", "failed", "timed out after 3 s, child killed"),
    ] {
        let row = first_of_gemm(&format!("gemm/{preferred}={fault}"));
        assert!(row["variant"].is_string() && row["variant"] != *preferred, "{fault}: {row}");
        let out = row["removed"].as_array().unwrap().iter().find(|it| it["variant"] == *preferred).unwrap();
        assert_eq!(out["status"], status, "{fault}: {row}");
        assert!(out["reason"].as_str().unwrap().contains(reason), "{fault}: {row}");
        assert_eq!(row["tried"], sound["tried"]);
    }
}
