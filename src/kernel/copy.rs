//! `copy`: reads one buffer and writes another. The bandwidth that this device and driver really give.

use super::problem::{BufferInit, Element, Problem, stage};
use super::{Capabilities, Kernel, Needs, Suite, Variant, any, data, no_preludes, shader};
use crate::op::{Format, Op};

const WORKGROUP: u64 = 256;
const VECTORS: u64 = 4;

pub static KERNEL: Kernel = Kernel {
    name: "copy",
    formats: &[Format::F32],
    variants: &[Variant {
        name: "vec4",
        sources: &[shader!("copy")],
        constants: &[],
        supports: any,
        needs: Needs { invocations: 256, ..Needs::NONE },
    }],
    preludes: no_preludes,
    cases,
    odd_shapes: || vec![Op::Copy { bytes: 16 }, Op::Copy { bytes: 1_000_016 }],
    problem,
    streams: false,
};

/// Far beyond any cache on a GPU, beyond the last level of most CPUs on a software adapter.
fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let wanted: u64 = if offered.software { 64 << 20 } else { 256 << 20 };
    vec![Op::Copy { bytes: wanted.min(offered.binding_bytes) & !15 }]
}

fn problem(op: &Op, _: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Copy { bytes } = *op else { return None };
    let source = data::Random::new(seed, 0).normals(bytes as usize / 4, 1.0);
    let input = BufferInit::input(&source);
    let vectors = bytes / 16;
    Some(Problem {
        params: vec![vectors as u32],
        buffers: vec![input, BufferInit::Output(bytes)],
        stages: vec![stage(2, [vectors.div_ceil(WORKGROUP * VECTORS) as u32, 1, 1])],
        chain: 1,
        output: 1,
        element: Element::F32,
        reference: Box::new(move |indices| {
            indices.iter().map(|index| source.get(*index).map_or(f64::NAN, |v| f64::from(*v))).collect()
        }),
        // A copy is exact or wrong.
        nmse_max: 0.0,
        distribution: data::NORMAL,
    })
}
