//! `rmsnorm`: root-mean-square normalisation, halves in and out.

use super::problem::{BufferInit, Element, Problem, Stage, dot, halves, nmse_max_f16, stage, window};
use super::{Capabilities, Kernel, Needs, Suite, Variant, any, data, halves_prelude, shader};
use crate::op::{Format, Op};

/// Llama 3 and Qwen 3 configurations differ (1e-5, 1e-6); the cost does not.
const EPSILON: f64 = 1e-5;

pub static KERNEL: Kernel = Kernel {
    name: "rmsnorm",
    formats: &[Format::F16],
    variants: &[Variant {
        name: "workgroup",
        sources: &[shader!("rmsnorm")],
        constants: &[],
        supports: any,
        needs: Needs { workgroup_bytes: 1024, invocations: 256, ..Needs::NONE },
    }],
    preludes: halves_prelude,
    cases,
    odd_shapes: || vec![Op::RmsNorm { rows: 3, width: 1_756 }, Op::RmsNorm { rows: 1, width: 4 }],
    problem,
    streams: false,
};

fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let rows = if offered.software { 77 } else { 2_047 };
    vec![Op::RmsNorm { rows: 1, width: 4096 }, Op::RmsNorm { rows, width: 4096 }]
}

fn problem(op: &Op, _: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::RmsNorm { rows, width } = *op else { return None };
    let (x, x_values) = halves(seed, 0, rows * width, 1.0);
    let (scale, scale_values) = halves(seed, 1, width, 1.0);
    let width = width as usize;
    Some(Problem {
        params: vec![width as u32],
        buffers: vec![x, scale, BufferInit::Output(2 * rows * width as u64)],
        stages: vec![Stage { constants: vec![("EPSILON", EPSILON)], ..stage(3, [rows as u32, 1, 1]) }],
        chain: 1,
        output: 2,
        element: Element::F16,
        reference: Box::new(move |indices| {
            // Elements of one row that follow each other share its factor.
            let mut known = (usize::MAX, f64::NAN);
            let mut value = |index: usize| {
                let (number, at) = (index / width, index % width);
                let row = window(&x_values, number * width, width);
                if known.0 != number {
                    known = (number, 1.0 / (dot(row, row) / width as f64 + EPSILON).sqrt());
                }
                Some(row.get(at)?.to_f64() * known.1 * scale_values.get(at)?.to_f64())
            };
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        nmse_max: nmse_max_f16(width as u64),
        distribution: data::NORMAL,
    })
}
