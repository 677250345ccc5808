//! `silu_mul`: the gate of a gated MLP, `silu(gate) * up`, halves in and out.

use super::problem::{BufferInit, Element, Problem, grid, halves, nmse_max_f16, stage};
use super::{Capabilities, Kernel, Needs, Suite, Variant, any, data, no_preludes, shader};
use crate::op::{Format, Op};

const WORKGROUP: u64 = 64;

pub static KERNEL: Kernel = Kernel {
    name: "silu_mul",
    formats: &[Format::F16],
    variants: &[
        Variant {
            name: "vec8",
            sources: &[shader!("silu_mul")],
            constants: &[],
            supports: |op| matches!(op, Op::SiluMul { rows, width } if rows * width % 8 == 0),
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
        Variant {
            name: "naive",
            sources: &[shader!("silu_mul_naive")],
            constants: &[],
            supports: any,
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
    ],
    preludes: no_preludes,
    cases,
    odd_shapes: || vec![Op::SiluMul { rows: 3, width: 104 }],
    problem,
    streams: false,
};

fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let rows = if offered.software { 77 } else { 2_047 };
    vec![Op::SiluMul { rows: 1, width: 14_336 }, Op::SiluMul { rows, width: 14_336 }]
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::SiluMul { rows, width } = *op else { return None };
    let elements = rows * width;
    let (gate, gate_values) = halves(seed, 0, elements, 1.0);
    let (up, up_values) = halves(seed, 1, elements, 1.0);
    // A word holds two elements.
    let items = elements / if variant.name == "naive" { 2 } else { 8 };
    let workgroups = grid(items.div_ceil(WORKGROUP));
    Some(Problem {
        params: vec![items as u32, workgroups[0]],
        buffers: vec![gate, up, BufferInit::Output(2 * elements)],
        stages: vec![stage(3, workgroups)],
        chain: 1,
        output: 2,
        element: Element::F16,
        reference: Box::new(move |indices| {
            let value = |index: usize| {
                let gate = gate_values.get(index)?.to_f64();
                Some(gate / (1.0 + (-gate).exp()) * up_values.get(index)?.to_f64())
            };
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        // WGSL's exp may err by a few units in the last place, as a short sum does.
        nmse_max: nmse_max_f16(8),
        distribution: data::NORMAL,
    })
}
