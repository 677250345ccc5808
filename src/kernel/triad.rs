//! `triad`: `a = b + s · c` over three buffers (McCalpin's STREAM, 1995). Bandwidth with two reads per write.

use super::problem::{BufferInit, Element, Problem, nmse_max_f32};
use super::{Capabilities, Kernel, Suite, Variant, data, shader, vectors};
use crate::op::{Format, Op};

/// Vectors per invocation.
const VECTORS: u64 = 4;
/// STREAM's.
const SCALE: f64 = 3.0;

pub static KERNEL: Kernel = Kernel {
    name: "triad",
    formats: &[Format::F32],
    variants: &[
        vectors::variant(
            "vectors-256",
            &[shader!("triad")],
            &[("WORKGROUP", 256.0), ("SCALE", SCALE)],
            256,
            false,
        ),
        vectors::variant("naive", &[shader!("triad_naive")], &[("SCALE", SCALE)], 64, false),
    ],
    preludes: vectors::preludes,
    cases,
    odd_shapes: || vec![Op::Triad { bytes: 16 }, Op::Triad { bytes: 500_016 }],
    problem,
    streams: false,
};

/// Together about as large as the buffers of `copy`.
fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let wanted: u64 = if offered.software { 40 << 20 } else { 128 << 20 };
    vec![Op::Triad { bytes: wanted.min(offered.binding_bytes / 2) & !15 }]
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Triad { bytes } = *op else { return None };
    let [b, c] = [0, 1].map(|stream| data::Random::new(seed, stream).normals(bytes as usize / 4, 1.0));
    let buffers = vec![BufferInit::input(&b), BufferInit::input(&c), BufferInit::Output(bytes)];
    let (params, stage) = vectors::dealt(variant, buffers.len(), bytes, VECTORS);
    Some(Problem {
        params,
        buffers,
        stages: vec![stage],
        chain: 1,
        output: 2,
        element: Element::F32,
        reference: Box::new(move |indices| {
            let value = |index: usize| Some(f64::from(*b.get(index)?) + SCALE * f64::from(*c.get(index)?));
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        // The product and the sum may each be rounded.
        nmse_max: nmse_max_f32(2),
        distribution: data::NORMAL,
    })
}
