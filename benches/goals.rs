//! The shares and ratios that METHODOLOGY states as goals for a software adapter: kernels and the ceilings they are held
//! against take turns in one process, so that what slows the machine down slows both. `cargo bench --bench goals`
//! repeats that in five processes and prints the median of each; `-- --processes N` in N.
#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot run says why and ends")]

#[allow(dead_code, reason = "benches on a device share it, each uses its part")]
mod device;

use std::collections::BTreeMap;
use std::process::Command;

use device::{Case, dram};
use mtok::gpu::device::Gpu;
use mtok::kernel::{Kernel, Suite};
use mtok::op::{Format, Op};
use mtok::stats::median;

/// Turns in a process.
const TURNS: usize = 7;
const PROCESSES: usize = 5;
/// The argument of a process that measures once.
const ONCE: &str = "--once";

/// What is held against what: the share to reach, and the one hoped for.
struct Goal {
    name: &'static str,
    of: Rate,
    against: Rate,
    least: f64,
    toward: f64,
}

/// Something with a rate.
#[derive(Clone, Copy, PartialEq)]
enum Rate {
    /// FLOP/s of the preferred variant.
    Flops(Op),
    /// FLOP/s of the simplest variant.
    Simplest(Op),
    /// Bytes/s of the preferred variant with inputs from memory.
    Streamed(Op),
    /// FLOP/s of multiply-adds on registers.
    Peak,
    /// Bytes/s of a copy, reads and writes together.
    Copy,
    /// Bytes/s that the processor reads from memory by itself.
    Dram,
}

const fn matmul(tokens: u64, outputs: u64, inputs: u64, weights: Format) -> Op {
    Op::Matmul { tokens, outputs, inputs, weights }
}

const fn product(weights: Format) -> Rate {
    Rate::Flops(matmul(512, 2048, 2048, weights))
}

const fn gemv(weights: Format) -> Rate {
    Rate::Streamed(matmul(1, 4096, 4096, weights))
}

const CUBE: Op = matmul(1024, 1024, 1024, Format::F32);
const PREFILL: Op =
    Op::AttentionPrefill { tokens: 1024, heads: 32, kv_heads: 8, qk_dim: 128, v_dim: 128, window: 1024 };
const DECODE: Op = Op::AttentionDecode {
    batch: 1,
    context: 16_384,
    heads: 32,
    kv_heads: 8,
    head_dim: 128,
    kv: Format::F16,
    page: None,
};

const fn goal(name: &'static str, of: Rate, against: Rate, least: f64, toward: f64) -> Goal {
    Goal { name, of, against, least, toward }
}

const GOALS: [Goal; 11] = [
    goal("gemm f32 1024^3 / fma", Rate::Flops(CUBE), Rate::Peak, 0.25, 0.40),
    goal("gemm f32 1024^3 / naive", Rate::Flops(CUBE), Rate::Simplest(CUBE), 15.0, 20.0),
    goal("gemm f16 1024^3 / fma", Rate::Flops(matmul(1024, 1024, 1024, Format::F16)), Rate::Peak, 0.22, 0.35),
    goal("gemm q8_0 512 tokens / f16", product(Format::Q8_0), product(Format::F16), 0.6, 0.9),
    goal("gemm q4_0 512 tokens / f16", product(Format::Q4_0), product(Format::F16), 0.6, 0.9),
    goal("gemv f32 / DRAM read", gemv(Format::F32), Rate::Dram, 0.29, 0.40),
    goal("gemv f16 / DRAM read", gemv(Format::F16), Rate::Dram, 0.22, 0.40),
    goal("gemv q8_0 / DRAM read", gemv(Format::Q8_0), Rate::Dram, 0.17, 0.40),
    goal("gemv q4_0 / DRAM read", gemv(Format::Q4_0), Rate::Dram, 0.12, 0.30),
    goal("attention_prefill 1024 / fma", Rate::Flops(PREFILL), Rate::Peak, 0.12, 0.25),
    goal("attention_decode 16k / copy", Rate::Streamed(DECODE), Rate::Copy, 0.35, 0.7),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == ONCE) {
        return once();
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench goals");
        return;
    }
    let named = arguments.iter().position(|argument| argument == "--processes");
    let number = named.and_then(|place| arguments.get(place + 1)?.parse().ok());
    repeated(number.unwrap_or(PROCESSES));
}

/// Starts one process after the other and prints the median of each goal.
fn repeated(processes: usize) {
    let own = std::env::current_exe().expect("this program has a path");
    let mut shares: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for _ in 0..processes {
        let output = Command::new(&own).arg(ONCE).output().expect("this program starts again");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        for line in text.lines() {
            match line.strip_prefix("goal ").and_then(|rest| rest.split_once(' ')) {
                Some((index, share)) => {
                    let (index, share) = (index.parse().expect("an index"), share.parse().expect("a share"));
                    shares.entry(index).or_default().push(share);
                }
                None => println!("{line}"),
            }
        }
    }
    println!("{:<30}{:>8}{:>8}{:>9}  processes", "median of the processes", "share", "goal", "toward");
    for (index, all) in &shares {
        let (Some(goal), Some(share)) = (GOALS.get(*index), median(all)) else { continue };
        let verdict = if share >= goal.least { "met" } else { "NOT met" };
        let each: Vec<String> = all.iter().map(|share| format!("{share:.3}")).collect();
        println!(
            "{:<30}{share:>8.3}{:>8}{:>9}  {} ({verdict})",
            goal.name,
            goal.least,
            goal.toward,
            each.join(" ")
        );
    }
}

/// Every rate of every goal in turns, and the median of each goal's ratios.
fn once() {
    let Some(gpu) = device::open() else { return };
    let mut rates: Vec<Rate> = Vec::new();
    for rate in GOALS.iter().flat_map(|goal| [goal.of, goal.against]) {
        if !rates.contains(&rate) {
            rates.push(rate);
        }
    }
    let mut runners: Vec<Runner> = rates.iter().map(|rate| Runner::new(gpu, *rate)).collect();
    let mut seen: Vec<Vec<f64>> = vec![Vec::new(); rates.len()];
    for _ in 0..TURNS {
        runners.iter_mut().zip(&mut seen).for_each(|(runner, seen)| seen.push(runner.rate()));
    }
    for (rate, seen) in rates.iter().zip(&seen) {
        println!("{:>8.2} G/s  {}", median(seen).expect("there are turns") / 1e9, rate.name());
    }
    let of = |rate: Rate| rates.iter().position(|it| *it == rate).and_then(|place| seen.get(place));
    for (index, goal) in GOALS.iter().enumerate() {
        let (of, against) = of(goal.of).zip(of(goal.against)).expect("every rate was measured");
        let ratios: Vec<f64> = of.iter().zip(against).map(|(of, against)| of / against).collect();
        println!("goal {index} {}", median(&ratios).expect("there are turns"));
    }
}

impl Rate {
    fn name(self) -> String {
        match self {
            Self::Flops(op) => format!("{op} FLOP"),
            Self::Simplest(op) => format!("{op} FLOP, simplest variant"),
            Self::Streamed(op) => format!("{op} bytes, cold"),
            Self::Peak => "fma f32 FLOP".into(),
            Self::Copy => "copy bytes".into(),
            Self::Dram => "DRAM read bytes".into(),
        }
    }
}

/// A rate that is ready to be measured.
enum Runner {
    Device { case: Box<Case>, executions: u64, work: f64 },
    Dram(dram::Reader),
}

impl Runner {
    fn new(gpu: &'static Gpu, rate: Rate) -> Self {
        let (op, work, simplest, cold) = match rate {
            Rate::Flops(op) => (op, op.flops().0, false, false),
            Rate::Simplest(op) => (op, op.flops().0, true, false),
            Rate::Streamed(op) => (op, op.bytes().0, false, true),
            Rate::Peak => {
                let op = first(gpu, "fma");
                (op, op.flops().0, false, false)
            }
            Rate::Copy => {
                let op = first(gpu, "copy");
                (op, op.bytes().0, false, false)
            }
            Rate::Dram => return Self::Dram(dram::Reader::new()),
        };
        let kernel = Kernel::find(op.kernel()).expect("the kernel is listed");
        let mut runnable = kernel.runnable(&op, &gpu.capabilities);
        let variant = if simplest { runnable.last() } else { runnable.next() };
        let case = Case::of(gpu, kernel, op, variant.expect("the adapter runs it"), cold);
        let executions = case.warm_up(device::TURN);
        Self::Device { case: Box::new(case), executions, work }
    }

    fn rate(&mut self) -> f64 {
        match self {
            Self::Device { case, executions, work } => *work * *executions as f64 / case.seconds(*executions),
            Self::Dram(reader) => reader.bytes_per_s(),
        }
    }
}

/// The first shape of a ceiling.
fn first(gpu: &Gpu, kernel: &str) -> Op {
    let kernel = Kernel::find(kernel).expect("the kernel is listed");
    let cases = (kernel.cases)(&gpu.capabilities, Suite::Quick);
    *cases.first().expect("a ceiling has a shape")
}
