//! `rmsnorm`: root-mean-square normalisation, halves in and out.

use super::problem::{Problem, halves};
use super::{Capabilities, Kernel, Suite, Variant, norm};
use crate::op::{Format, Op};

pub static KERNEL: Kernel = Kernel {
    name: "rmsnorm",
    formats: &[Format::F16],
    variants: &norm::VARIANTS,
    preludes: norm::preludes_of_x,
    cases,
    odd_shapes: || vec![Op::RmsNorm { rows: 3, width: 1_756 }, Op::RmsNorm { rows: 1, width: 4 }],
    problem,
    streams: false,
};

fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let rows = if offered.software { 77 } else { 2_047 };
    vec![Op::RmsNorm { rows: 1, width: 4096 }, Op::RmsNorm { rows, width: 4096 }]
}

fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::RmsNorm { rows, width } = *op else { return None };
    let (x, values) = halves(seed, 0, rows * width, 1.0);
    let (scale, scales) = halves(seed, 1, width, 1.0);
    let [values, scales] = [values, scales].map(|halves| halves.iter().map(|half| half.to_f64()).collect());
    Some(norm::problem(variant, offered, (rows, width), vec![x, scale], values, scales, false))
}
