//! `copy`: reads one buffer and writes another. The bandwidth that this device and driver really give.

use super::problem::{BufferInit, Element, Problem};
use super::{Capabilities, Kernel, Suite, Variant, data, shader, vectors};
use crate::op::{Format, Op};

/// Vectors per invocation.
const VECTORS: u64 = 8;

pub static KERNEL: Kernel = Kernel {
    name: "copy",
    formats: &[Format::F32],
    variants: &[
        vectors::variant("wide-256", &[shader!("copy")], &[("WORKGROUP", 256.0)], 256, true),
        vectors::variant("vectors-256", &[shader!("copy")], &[("WORKGROUP", 256.0)], 256, false),
        vectors::variant("naive", &[shader!("copy_naive")], &[], 64, false),
    ],
    preludes: vectors::preludes,
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

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Copy { bytes } = *op else { return None };
    let source = data::Random::new(seed, 0).normals(bytes as usize / 4, 1.0);
    let input = BufferInit::input(&source);
    let (params, stage) = vectors::dealt(variant, 2, bytes, VECTORS);
    Some(Problem {
        params,
        buffers: vec![input, BufferInit::Output(bytes)],
        stages: vec![stage],
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
