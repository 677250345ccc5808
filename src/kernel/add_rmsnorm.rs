//! `add_rmsnorm`: the residual add and the normalisation that follows it, in one pass as engines fuse them. Its output
//! holds both results: all sums, and behind them all norms. The norm is that of the sum before it is rounded.

use super::problem::{Problem, halves};
use super::{Capabilities, Kernel, Suite, Variant, norm};
use crate::op::{Format, Op};

pub static KERNEL: Kernel = Kernel {
    name: "add_rmsnorm",
    formats: &[Format::F16],
    variants: &norm::VARIANTS,
    preludes: norm::preludes_of_sum,
    cases,
    odd_shapes: || vec![Op::AddRmsNorm { rows: 3, width: 1_756 }, Op::AddRmsNorm { rows: 1, width: 4 }],
    problem,
    streams: false,
};

fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let rows = if offered.software { 77 } else { 2_047 };
    let mut cases = vec![Op::AddRmsNorm { rows, width: 4096 }];
    if suite == Suite::Full {
        cases.push(Op::AddRmsNorm { rows: 1, width: 4096 });
    }
    cases
}

fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::AddRmsNorm { rows, width } = *op else { return None };
    let (x, x_values) = halves(seed, 0, rows * width, 1.0);
    let (scale, scales) = halves(seed, 1, width, 1.0);
    let (residual, residuals) = halves(seed, 2, rows * width, 1.0);
    let sums = x_values.iter().zip(&residuals).map(|(x, r)| x.to_f64() + r.to_f64()).collect();
    let scales = scales.iter().map(|half| half.to_f64()).collect();
    Some(norm::problem(variant, offered, (rows, width), vec![x, scale, residual], sums, scales, true))
}
