//! How many times faster than the naive matrix product the chosen and the tiled one are, at 1024 x 1024 x 1024 in
//! f32. The variants take turns in one process, so that what slows the machine down slows all of them.
#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot run says why and ends")]

#[allow(dead_code, reason = "benches on a device share it, each uses its part")]
mod device;

use std::time::Duration;

use device::Case;
use mtok::stats::median;

/// Turns of each variant.
const PAIRS: usize = 15;
/// Device time of one turn.
const TURN: Duration = Duration::from_millis(200);
/// What the chosen variant must reach.
const GOAL: f64 = 3.0;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench ratio");
        return;
    }
    let Some(gpu) = device::open() else { return };
    let cases = Case::all(gpu, device::gemm(), device::PRODUCT);
    let executions: Vec<u64> = cases.iter().map(|case| case.warm_up(TURN)).collect();
    let mut seconds: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
    for turn in 0..PAIRS {
        let mut order: Vec<_> = cases.iter().zip(&executions).zip(&mut seconds).collect();
        // Whoever goes first in one turn goes last in the next.
        if turn % 2 == 1 {
            order.reverse();
        }
        for ((case, executions), seconds) in order {
            seconds.push(case.seconds(*executions) / *executions as f64);
        }
    }
    cases.iter().for_each(Case::verify);
    report(&cases, &seconds);
}

fn report(cases: &[Case], seconds: &[Vec<f64>]) {
    let flops = device::PRODUCT.flops().0;
    let typical: Vec<f64> = seconds.iter().map(|turns| median(turns).expect("there are turns")).collect();
    for (case, typical) in cases.iter().zip(&typical) {
        println!(
            "gemm f32 1024 {:<9} median {:7.3} ms, {:6.1} GFLOP/s",
            case.variant,
            typical * 1e3,
            flops / typical / 1e9
        );
    }
    let naive = cases.iter().position(|case| case.variant == "naive").expect("every adapter runs it");
    let Some((naive_turns, naive_typical)) = seconds.get(naive).zip(typical.get(naive)) else { return };
    for (index, ((case, turns), typical)) in cases.iter().zip(seconds).zip(&typical).enumerate() {
        if index == naive {
            continue;
        }
        let ratios = naive_turns.iter().zip(turns).map(|(naive, ours)| naive / ours);
        let least = ratios.clone().fold(f64::INFINITY, f64::min);
        let most = ratios.fold(0.0, f64::max);
        let ratio = naive_typical / typical;
        // The first one is what the adapter would choose.
        let verdict = match index {
            0 if ratio >= GOAL => format!("; chosen, goal {GOAL} met"),
            0 => format!("; chosen, goal {GOAL} NOT met"),
            _ => String::new(),
        };
        println!(
            "{} over naive: {ratio:.2} times faster (ratio of medians; {PAIRS} pairs {least:.2} to {most:.2}){verdict}",
            case.variant
        );
    }
}
