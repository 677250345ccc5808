//! Wall time of the verbs that need no GPU, from start to exit, against the goal of 50 ms.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

use std::process::Command;
use std::time::Instant;

use mtok::stats::median;

/// Runs of each verb.
const RUNS: usize = 21;
/// Thrown away first, while the binary comes into the cache.
const WARM_UP: usize = 3;
const GOAL_MS: f64 = 50.0;

const VERBS: [&[&str]; 5] = [
    &["--version"],
    &["estimate", "--gpu", "H100 SXM", "--json"],
    &["estimate", "--gpu", "H100 SXM", "--model", "all", "--json"],
    &["compare", "--gpu", "H100 SXM", "--json"],
    &["compare", "--gpu", "H100 SXM", "--model", "all", "--json"],
];

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench verbs");
        return;
    }
    let mut milliseconds = vec![Vec::new(); VERBS.len()];
    for run in 0..WARM_UP + RUNS {
        for (verb, milliseconds) in VERBS.iter().zip(&mut milliseconds) {
            let taken = once(verb);
            if run >= WARM_UP {
                milliseconds.push(taken);
            }
        }
    }
    for (verb, milliseconds) in VERBS.iter().zip(&milliseconds) {
        let typical = median(milliseconds).expect("there are runs");
        let least = milliseconds.iter().copied().fold(f64::INFINITY, f64::min);
        let most = milliseconds.iter().copied().fold(0.0, f64::max);
        let verdict = if typical <= GOAL_MS { "met" } else { "NOT met" };
        println!(
            "mtok {:<45} median {typical:6.1} ms ({RUNS} runs {least:.1} to {most:.1}); goal {GOAL_MS} ms {verdict}",
            verb.join(" ")
        );
    }
}

fn once(arguments: &[&str]) -> f64 {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_mtok")).args(arguments).output().expect("mtok starts");
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.is_empty(), "{arguments:?} printed nothing");
    milliseconds
}
