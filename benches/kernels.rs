//! Every kernel beside its simplest version: both on the same op, in turns in one process, so that what slows the machine
//! down slows both. `cargo bench --bench kernels -- NAME` runs the kernels whose name contains NAME, `-- --all` every
//! variant in place of the preferred one.
#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot run says why and ends")]

#[allow(dead_code, reason = "benches on a device share it, each uses its part")]
mod device;

use std::collections::BTreeMap;

use device::{Case, Turns};
use mtok::gpu::device::Gpu;
use mtok::kernel::{ALL, Capabilities, Kernel, Suite};
use mtok::op::{Format, Op};
use mtok::stats::median;

/// Turns of each version.
const TURNS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench kernels");
        return;
    }
    let every_variant = arguments.iter().any(|argument| argument == "--all");
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let Some(gpu) = device::open() else { return };
    let wanted = |kernel: &&&Kernel| names.is_empty() || names.iter().any(|name| kernel.name.contains(*name));
    println!(
        "{:<18}{:<7}{:<26}{:>11}{:>10}{:>9}{:>9}  shape",
        "kernel", "format", "variant", "median ms", "GFLOP/s", "GB/s", "times"
    );
    for kernel in ALL.iter().filter(wanted) {
        for op in representatives(kernel, &gpu.capabilities) {
            contest(gpu, kernel, op, every_variant);
        }
    }
}

/// A shape for each format: the middle one of those that `measure` runs, or of the full suite where it runs none.
fn representatives(kernel: &Kernel, offered: &Capabilities) -> Vec<Op> {
    let middle = |suite| {
        let mut by_format: BTreeMap<Format, Vec<Op>> = BTreeMap::new();
        for op in (kernel.cases)(offered, suite) {
            by_format.entry(op.format()).or_default().push(op);
        }
        by_format.into_iter().filter_map(|(format, ops)| Some((format, *ops.get(ops.len() / 2)?)))
    };
    let mut chosen: BTreeMap<Format, Op> = middle(Suite::Full).collect();
    chosen.extend(middle(Suite::Standard));
    chosen.into_values().map(|op| ending(op, offered)).collect()
}

/// The op, or a shorter one that its simplest version can finish: a software adapter leaves a shader's loops after 65,535
/// rounds, nested ones counted together, and one that walks a long cache by itself would be wrong.
fn ending(mut op: Op, offered: &Capabilities) -> Op {
    match &mut op {
        Op::AttentionDecode { context, .. } if offered.software => *context = 2_048.min(*context),
        Op::LatentDecode { context, .. } if offered.software => *context = 256.min(*context),
        _ => {}
    }
    op
}

/// A line per version; the last is the simplest one, and `times` says how many times faster than that a version is.
fn contest(gpu: &'static Gpu, kernel: &'static Kernel, op: Op, every_variant: bool) {
    let mut variants: Vec<_> = kernel.runnable(&op, &gpu.capabilities).collect();
    if !every_variant && variants.len() > 2 {
        variants.drain(1..variants.len() - 1);
    }
    let cases: Vec<Case> =
        variants.into_iter().map(|variant| Case::of_variant(gpu, kernel, op, variant)).collect();
    let seconds = Turns::of(&cases, TURNS).seconds;
    cases.iter().for_each(Case::verify);
    let typical: Vec<f64> =
        seconds.iter().map(|turns| median(turns).expect("every version has its turns")).collect();
    let Some(simplest) = typical.last() else { return };
    for (case, typical) in cases.iter().zip(&typical) {
        let [flops, bytes] = [op.flops().0, op.bytes().0].map(|work| work / typical / 1e9);
        println!(
            "{:<18}{:<7}{:<26}{:>11.3}{flops:>10.1}{bytes:>9.2}{:>9.2}  {}",
            kernel.name,
            op.format(),
            case.variant,
            typical * 1e3,
            simplest / typical,
            op.shape()
        );
    }
}
