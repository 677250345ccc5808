//! A device that is lost: what it says from there on does not count.

use super::Call;
use super::common::folder;
use super::common::measured::adapter_is_here;

/// Loses the device so many milliseconds after the start of each of two cells, which take longer than that.
#[track_caller]
fn assert_loss_is_told(after_ms: u64) {
    let here = folder();
    let options = "--kernel rope --budget 2s --repeat 1";
    let ended = Call::new(here.path(), &format!("rope=lost:{after_ms}"), options).end();
    let lost = "rope 0 failed device lost: Destroyed";
    assert_eq!(ended.lines(), [lost, lost], "after {after_ms} ms");
    assert_eq!(ended.run.code, Some(1), "after {after_ms} ms");
}

/// Moments that differ and are the same in every run.
fn moments(seed: u64) -> impl Iterator<Item = u64> {
    let next = |state: &u64| Some(state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407));
    std::iter::successors(Some(seed), next).skip(1).map(|state| (state >> 33) % 300)
}

#[test]
fn a_device_lost_at_any_moment_has_no_speed() {
    if adapter_is_here() {
        moments(1).take(4).chain([0, 299]).for_each(assert_loss_is_told);
    }
}

#[test]
#[ignore = "minutes"]
fn a_device_lost_at_a_hundred_moments_never_has_a_speed() {
    if adapter_is_here() {
        moments(2).take(100).for_each(assert_loss_is_told);
    }
}

#[test]
fn the_cell_after_a_loss_is_right() {
    if adapter_is_here() {
        super::assert_next_cell_is_right("rope", "lost:0", "", "device lost: Destroyed");
    }
}
