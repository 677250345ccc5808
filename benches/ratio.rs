//! How many times faster than its most modest variant each variant of a kernel is; for the matrix product in f32 at
//! 1024 x 1024 x 1024 that is one output per invocation. The variants take turns in one process, so that what slows
//! the machine down slows all of them.
#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot run says why and ends")]

#[allow(dead_code, reason = "benches on a device share it, each uses its part")]
mod device;

use std::time::Duration;

use device::Case;
use mtok::kernel::Kernel;
use mtok::op::{Format, Op};
use mtok::stats::median;

/// Turns of each variant.
const PAIRS: usize = 15;
/// Device time of one turn.
const TURN: Duration = Duration::from_millis(200);

/// A kernel whose variants take turns.
struct Contest {
    op: Op,
    /// What the chosen variant must reach over the most modest one.
    goal: Option<f64>,
}

const CONTESTS: [Contest; 4] = [
    Contest { op: device::PRODUCT, goal: Some(3.0) },
    Contest {
        op: Op::Matmul { tokens: 1, outputs: 14_336, inputs: 4_096, weights: Format::Q8_0 },
        goal: None,
    },
    Contest {
        op: Op::AttentionDecode {
            batch: 1,
            context: 4_096,
            heads: 32,
            kv_heads: 8,
            head_dim: 128,
            kv: Format::F16,
            page: None,
        },
        goal: None,
    },
    Contest {
        op: Op::AttentionPrefill { tokens: 512, heads: 8, kv_heads: 2, qk_dim: 128, v_dim: 128, window: 512 },
        goal: None,
    },
];

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench ratio");
        return;
    }
    let Some(gpu) = device::open() else { return };
    for contest in CONTESTS {
        let kernel = Kernel::find(contest.op.kernel()).expect("the kernel is listed");
        let cases = Case::all(gpu, kernel, contest.op);
        let seconds = turns(&cases);
        cases.iter().for_each(Case::verify);
        report(&contest, &cases, &seconds);
    }
}

/// Seconds per execution, by case and turn.
fn turns(cases: &[Case]) -> Vec<Vec<f64>> {
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
    seconds
}

/// A line per variant; the first one is what the adapter would choose, the last one is the baseline.
fn report(contest: &Contest, cases: &[Case], seconds: &[Vec<f64>]) {
    let Contest { op, goal } = contest;
    println!("{op}");
    let Some(baseline) = seconds.last() else { return };
    for (index, (case, turns)) in cases.iter().zip(seconds).enumerate() {
        let [typical, baseline_typical] =
            [turns, baseline].map(|turns| median(turns).expect("there are turns"));
        let [flops, bytes] = [op.flops().0, op.bytes().0].map(|work| work / typical / 1e9);
        let ratios = baseline.iter().zip(turns).map(|(baseline, ours)| baseline / ours);
        let least = ratios.clone().fold(f64::INFINITY, f64::min);
        let most = ratios.fold(0.0, f64::max);
        let ratio = baseline_typical / typical;
        let verdict = match goal.filter(|_| index == 0) {
            Some(goal) if ratio >= goal => format!("; goal {goal} met"),
            Some(goal) => format!("; goal {goal} NOT met"),
            None => String::new(),
        };
        println!(
            "  {:<10} median {:8.3} ms, {:6.1} GFLOP/s, {:5.2} GB/s, {ratio:5.2} times the last ({PAIRS} pairs \
             {least:.2} to {most:.2}){verdict}",
            case.variant,
            typical * 1e3,
            flops,
            bytes,
        );
    }
}
