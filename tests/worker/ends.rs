//! A worker that ends or hangs: its cell has failed, the next one is right.

use std::fs;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::common::measured::{adapter_is_here, measurements};
use super::common::{folder, mtok, run, wait, write};
use super::{Call, Ended, assert_next_cell_is_right, folder_beside_the_binary};

const HUNG: &str = "timed out after 2 s, child killed";

#[test]
fn a_crash_is_a_failed_cell_and_the_next_one_is_right() {
    if adapter_is_here() {
        assert_next_cell_is_right("rope", "crash", "", "child ended by signal 6");
    }
}

#[test]
fn a_panic_in_the_driver_stack_is_a_failed_cell_and_the_next_one_is_right() {
    if adapter_is_here() {
        assert_next_cell_is_right("rope", "panic", "", "the driver stack gave up: on purpose");
    }
}

#[test]
fn a_cell_that_ended_a_worker_is_tried_again_by_resuming_only() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let options = "--kernel dispatch --kernel silu_mul --repeat 2";
    let first = Call::new(here.path(), "dispatch=crash", &format!("{options} --budget 20s")).end();
    let crashed = "dispatch 0 failed child ended by signal 6";
    let (right, again) = ("silu_mul 0 ok", "silu_mul 1 ok");
    assert_eq!(first.lines(), [crashed, crashed, right, right, again, again], "{}", first.run.err);
    assert_eq!(first.run.code, Some(1));
    let resumed = Call::new(here.path(), "", &format!("{options} --budget 20s --resume")).end();
    let mut lines = resumed.lines();
    assert_eq!(lines.drain(..4).collect::<Vec<_>>(), [right, right, again, again]);
    assert_eq!(lines, ["dispatch 0 ok", "dispatch 0 ok", "dispatch 1 ok", "dispatch 1 ok"]);
    resumed.run.ok();
}

#[test]
fn a_hang_is_killed_and_the_next_cell_is_right() {
    if adapter_is_here() {
        for _ in 0..2 {
            assert_next_cell_is_right("rope", "loop", "--timeout 2s", HUNG);
        }
    }
}

#[test]
fn a_hang_on_gl_is_killed_and_the_next_cell_is_right() {
    let devices = run(mtok(&["devices", "--gl", "--json"])).json();
    let on_gl = |device: &&serde_json::Value| device["backend"] == "gl";
    let Some(device) = devices.as_array().unwrap().iter().find(on_gl) else {
        eprintln!("skipped: no adapter on GL");
        return;
    };
    let options = format!("--timeout 2s --gl --device {}", device["index"]);
    assert_next_cell_is_right("rope", "loop", &options, HUNG);
}

/// Times are no assertions elsewhere: run this one on a machine with nothing else to do.
#[test]
#[ignore = "minutes"]
fn fifty_hangs_are_killed_within_a_second_of_their_limit() {
    if !adapter_is_here() {
        return;
    }
    let time = |fault: &str, reason: &str| {
        let here = folder();
        let options = "--kernel rope --budget 1s --repeat 1 --timeout 2s";
        let call = Call::new(here.path(), fault, options);
        let start = Instant::now();
        let ended = call.end();
        let took = start.elapsed();
        assert_eq!(ended.lines(), [reason, reason]);
        took
    };
    let crash = (0..5).map(|_| time("rope=crash", "rope 0 failed child ended by signal 6")).min();
    for _ in 0..50 {
        let hang = time("rope=loop", &format!("rope 0 failed {HUNG}"));
        // Two cells hang in a call, where two crash in the other.
        let late = hang.saturating_sub(crash.unwrap()) / 2;
        println!("killed {late:.2?} after the last sign of life");
        assert!(late < Duration::from_secs(3), "{late:?}");
    }
}

#[test]
fn a_worker_that_somebody_kills_costs_its_cell_only() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let mut call = Call::new(here.path(), "", "--kernel silu_mul --kernel rope --budget 4s --repeat 1");
    let mut child = spawned(&mut call);
    // It is written when the device is open, just before the first cell.
    let device = call.out.join("device.json");
    wait_until(&mut child, || device.exists());
    for worker in call.mark.workers() {
        assert!(Command::new("sh").args(["-c", &format!("kill -9 {worker}")]).status().unwrap().success());
    }
    let ended = ended(child, &call);
    let failed = |line: &&String| line.contains("failed");
    assert_eq!(ended.lines().iter().filter(failed).count(), 1, "{:?}", ended.lines());
    assert!(ended.lines()[0].ends_with(" 0 failed child ended by signal 9"), "{:?}", ended.lines());
    assert_eq!((ended.lines().len(), ended.run.code), (4, Some(1)));
}

#[test]
fn a_binary_that_is_replaced_or_removed_during_a_run_changes_nothing() {
    if !adapter_is_here() {
        return;
    }
    for replaced in [true, false] {
        let here = folder_beside_the_binary();
        let binary = here.path().join("mtok");
        fs::hard_link(env!("CARGO_BIN_EXE_mtok"), &binary).unwrap();
        let mut call = Call::new(here.path(), "", "");
        let (out, mark) = (call.out.clone(), super::Mark::of(&mut call.command));
        let mut command = Command::new(&binary);
        command
            .args(["measure", "--kernel", "dispatch", "--repeat", "2", "--budget", "20s", "--out"])
            .arg(&out);
        for (name, value) in call.command.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let mut call = Call { command, out, mark };
        let mut child = spawned(&mut call);
        wait_until(&mut child, || measurements(&call.out).contains("dispatch/"));
        fs::remove_file(&binary).unwrap();
        if replaced {
            write(here.path(), "mtok", "no program");
        }
        let ended = ended(child, &call);
        assert_eq!(ended.lines(), ["dispatch 0 ok", "dispatch 0 ok", "dispatch 1 ok", "dispatch 1 ok"]);
        ended.run.ok();
    }
}

fn spawned(call: &mut Call) -> Child {
    let quiet = || std::process::Stdio::null();
    call.command.stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().unwrap()
}

#[track_caller]
fn wait_until(child: &mut Child, come: impl Fn() -> bool) {
    while !come() {
        assert!(child.try_wait().unwrap().is_none(), "it has ended already");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[track_caller]
fn ended(mut child: Child, call: &Call) -> Ended {
    let status = wait(&mut child, Duration::from_secs(120)).unwrap();
    call.mark.assert_all_end_within(super::ENDED);
    let run = super::Run { code: status.code(), out: String::new(), err: String::new() };
    Ended::of(run, &call.out)
}
