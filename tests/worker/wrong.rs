//! Wrong results end with exit code 5 and have no speed.

use super::common::folder;
use super::common::measured::adapter_is_here;
use super::{Call, Ended};

#[track_caller]
fn measured(fault: &str, kernels: &str) -> Ended {
    let here = folder();
    Call::new(here.path(), fault, &format!("{kernels} --budget 1s --repeat 1")).end()
}

#[test]
fn an_adapter_that_does_nothing_and_says_it_did_has_no_speed() {
    let kernels = "--kernel dispatch --kernel rmsnorm --kernel rope --kernel silu_mul";
    let ended = measured("noop", kernels);
    let words = [1, 1, 2_048, 157_696, 2_560, 197_120, 7_168, 551_936];
    let kernels = ["dispatch", "rmsnorm", "rope", "silu_mul"].into_iter().flat_map(|name| [name, name]);
    let expected: Vec<String> = kernels
        .zip(words)
        .map(|(kernel, of)| format!("{kernel} 0 wrong {of} of {of} output words were never written"))
        .collect();
    assert_eq!(ended.lines(), expected);
    assert_eq!(ended.run.code, Some(5), "{}", ended.run.err);
}

#[test]
fn a_kernel_that_writes_nothing_has_no_speed_and_the_next_one_is_right() {
    if !adapter_is_here() {
        return;
    }
    let ended = measured("rmsnorm=stale", "--kernel rmsnorm --kernel rope");
    let wrong = |of: u32| format!("rmsnorm 0 wrong {of} of {of} output words were never written");
    assert_eq!(ended.lines(), [&wrong(2_048), &wrong(157_696), "rope 0 ok", "rope 0 ok"]);
    assert_eq!(ended.run.code, Some(5), "{}", ended.run.err);
}

#[test]
fn a_slow_kernel_is_right() {
    if adapter_is_here() {
        let ended = measured("rmsnorm=slow", "--kernel rmsnorm");
        assert_eq!(ended.lines(), ["rmsnorm 0 ok", "rmsnorm 0 ok"]);
        ended.run.ok();
    }
}
