//! Features that an adapter need not have: without one the run goes on with what remains, and says so.

use super::common::folder;
use super::common::measured::adapter_is_here;
use super::common::{call, mtok, run};
use super::{Call, Ended};
use mtok::measurement::TimingMethod;

#[track_caller]
fn measured(fault: &str, options: &str) -> Ended {
    let here = folder();
    Call::new(here.path(), fault, &format!("{options} --budget 1s --repeat 1")).end()
}

#[test]
fn without_timestamps_the_hosts_clock_measures() {
    if !adapter_is_here() {
        return;
    }
    let ended = measured("no-timestamps", "--kernel rmsnorm");
    assert_eq!(ended.lines(), ["rmsnorm 0 ok", "rmsnorm 0 ok"], "{}", ended.run.err);
    for timing in ended.rows.iter().map(|row| row.timing().unwrap()) {
        assert_eq!((timing.method, timing.device_median), (TimingMethod::Wall, None));
    }
    assert!(ended.run.out.contains("timed by the host's clock"), "{}", ended.run.out);
}

#[test]
fn without_f16_in_shaders_halves_are_unpacked_by_hand() {
    if !adapter_is_here() {
        return;
    }
    let ended = measured("no-f16", "--kernel rmsnorm --kernel silu_mul");
    assert_eq!(ended.lines(), ["rmsnorm 0 ok", "rmsnorm 0 ok", "silu_mul 0 ok", "silu_mul 0 ok"]);
    ended.run.ok();
}

#[test]
fn without_subgroups_every_cell_has_a_variant_and_the_others_say_what_they_need() {
    if !adapter_is_here() {
        return;
    }
    let mut command = mtok(&["measure", "--list", "--json", "--kernel", "gemm", "--kernel", "gemv"]);
    command.env("MTOK_FAULT", "no-subgroups");
    let cells = run(command).ok().json();
    let (mut fell_back, cells) = (0, cells.as_array().unwrap().clone());
    for variant in cells.iter().flat_map(|cell| cell["variants"].as_array().unwrap()) {
        let skipped = variant["skipped"].as_str().unwrap_or_default();
        fell_back += usize::from(skipped.contains("subgroups"));
        assert!(skipped.is_empty() || variant["chosen"] == false, "{variant}");
    }
    assert!(fell_back > 0);
    assert!(cells.iter().all(|cell| !cell["variant"].as_str().unwrap().starts_with("skipped")), "{cells:?}");
}

#[test]
fn what_was_taken_from_an_adapter_is_not_listed() {
    if !adapter_is_here() {
        return;
    }
    let listed = |fault: &str| {
        let mut command = mtok(&["devices", "--json"]);
        command.env("MTOK_FAULT", fault);
        run(command).ok().json()[0]["features"].clone()
    };
    let features = listed("no-timestamps,no-subgroups,no-f16");
    assert!(["timestamps", "subgroups", "f16"].iter().all(|name| features[name] == false), "{features}");
    assert_eq!(call("devices --json").json()[0]["features"], listed(""));
}
