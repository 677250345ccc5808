//! A call of a program, with its time and its memory.

use std::fs;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// A call that has ended.
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// From its start to its exit, seconds.
    pub time_s: f64,
    /// The most memory that was resident, MB; `None` where the system does not say.
    pub peak_mb: Option<f64>,
}

/// Runs a call to its end.
pub fn to_the_end(command: &mut Command) -> Ended {
    let start = Instant::now();
    let mut child = command.spawn().expect("mtok starts");
    let mut peak_mb = None;
    let status = loop {
        // The kernel keeps the peak; the last look before the end is at most 5 ms old.
        peak_mb = peak_of(child.id()).or(peak_mb);
        match child.try_wait().expect("mtok can be waited for") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    Ended { status, time_s: start.elapsed().as_secs_f64(), peak_mb }
}

fn peak_of(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0 / 1e6)
}
