//! Memory, disk and streams that run out.

use std::fs;

use super::common::measured::{adapter_is_here, measurements};
use super::common::{folder, names};
use super::{Call, Ended};

const FOUR: &str =
    "--kernel dispatch --kernel rmsnorm --kernel rope --kernel silu_mul --budget 1s --repeat 1";

/// Measures within a limit of memory: everything, or a reason why not.
#[track_caller]
fn within_memory(kib: u64, options: &str) -> Ended {
    let here = folder();
    let ended = Call::new(here.path(), "", options).after(&format!("ulimit -v {kib};")).end();
    let Ended { run, rows } = &ended;
    let failed = rows.iter().filter(|row| row.outcome.status() == "failed");
    assert!(failed.clone().all(|row| !row.outcome.reason().is_empty()));
    match run.code {
        Some(0) => assert_eq!(failed.count(), 0),
        // Either cells failed, or the device did not open.
        Some(1) => {
            assert!(failed.count() > 0 || run.complaint().starts_with("mtok: adapter 0: "), "{}", run.err)
        }
        Some(3) => assert!(run.complaint().contains("adapter"), "{}", run.err),
        code => panic!("{kib} KiB: {code:?} {}", run.err),
    }
    println!("{kib} KiB: exit {:?} {:?} {}", run.code, ended.lines(), run.complaint());
    ended
}

#[test]
fn limited_memory_never_ends_the_parent() {
    if adapter_is_here() {
        for gib in [2, 4, 8] {
            within_memory(gib << 20, "--kernel dispatch --kernel rmsnorm --budget 1s --repeat 1").run.ok();
        }
        within_memory(350_000, FOUR);
    }
}

#[test]
#[ignore = "minutes"]
fn thirty_limits_of_memory_never_end_the_parent() {
    if adapter_is_here() {
        // The least that lists an adapter, then more and more.
        for step in 0..27 {
            within_memory(200_000 + 50_000 * step, "--kernel copy --kernel rmsnorm --budget 1s --repeat 1");
        }
        for gib in [2, 4, 8] {
            within_memory(gib << 20, "--kernel copy --kernel gemv --budget 1s --repeat 1");
        }
    }
}

/// A limit of the size of files stands in for a full disk: with the signal ignored, writes fail.
fn on_a_disk_with(blocks_of_512: u32) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks_of_512};")
}

#[test]
fn a_disk_that_fills_up_keeps_the_finished_rows_and_resuming_goes_on() {
    if !adapter_is_here() {
        return;
    }
    // Room for the header and some of the eight rows. How many samples a cell takes is the machine's affair: where those of the
    // first one alone fill the disk, there is no row to keep, and a larger disk is tried.
    let tried = [8, 10, 12, 14].map(|blocks| {
        move || {
            let here = folder();
            let full = Call::new(here.path(), "", FOUR).after(&on_a_disk_with(blocks)).end();
            (here, full)
        }
    });
    let (here, full) = tried.iter().map(|call| call()).find(|(_, full)| !full.rows.is_empty()).unwrap();
    let out = here.path().join("run");
    let told = |name: &str| {
        format!("mtok: {}: cannot be written: File too large (os error 27)\n", out.join(name).display())
    };
    let complaint = full.run.complaint();
    assert!(
        [told("measurements.csv"), told("samples.csv")].iter().any(|told| told == complaint),
        "{complaint}"
    );
    assert_eq!((full.run.code, full.run.out.as_str()), (Some(4), ""));
    assert!((1..8).contains(&full.rows.len()), "{:?}", full.lines());
    let before = measurements(&out);
    assert!(before.ends_with('\n'), "a torn row");
    let resumed = Call::new(here.path(), "", &format!("{FOUR} --resume")).end();
    assert!(measurements(&out).starts_with(&before), "a finished row changed");
    assert_eq!((resumed.rows.len(), resumed.run.code), (8, Some(0)), "{}", resumed.run.err);
    assert_eq!(names(&out), ["device.json", "measurements.csv", "samples.csv"]);
}

#[test]
fn a_disk_that_is_full_from_the_start_is_told_in_one_line() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let full = Call::new(here.path(), "", FOUR).after(&on_a_disk_with(1)).end();
    let file = here.path().join("run/measurements.csv").display().to_string();
    let expected = format!("mtok: {file}: cannot be written: File too large (os error 27)\n");
    assert_eq!((full.run.code, full.run.complaint()), (Some(4), expected.as_str()));
    assert_eq!(names(&here.path().join("run")), [""; 0]);
}

#[test]
fn closed_streams_are_no_fault() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let options = "--kernel dispatch --budget 1s --repeat 1";
    // Through a file of its own: the harness gives every call its streams.
    let ended = Call::new(here.path(), "", options).after("exec <&- >&- 2>&-;").end();
    assert_eq!(ended.lines(), ["dispatch 0 ok", "dispatch 0 ok"]);
    ended.run.ok();
    assert!(fs::read_to_string(here.path().join("run/device.json")).is_ok());
}
