//! `rope`: rotary position embedding of all heads, halves in and out, angles from a table.

use super::problem::{BufferInit, Element, Problem, grid, halves, nmse_max_f16, stage};
use super::{Capabilities, Kernel, Needs, Suite, Variant, data, halves_prelude, shader};
use crate::op::{Format, Op};

const WORKGROUP: u64 = 64;
/// The base of Llama 3's angles.
const THETA: f64 = 500_000.0;

pub static KERNEL: Kernel = Kernel {
    name: "rope",
    formats: &[Format::F16],
    variants: &[
        Variant {
            name: "quads",
            sources: &[shader!("rope")],
            constants: &[],
            supports: |op| matches!(op, Op::Rope { head_dim, .. } if head_dim % 8 == 0),
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
        Variant {
            name: "naive",
            sources: &[shader!("rope_naive")],
            constants: &[],
            supports: |op| matches!(op, Op::Rope { head_dim, .. } if head_dim % 4 == 0),
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
    ],
    preludes: halves_prelude,
    cases,
    odd_shapes: || {
        vec![Op::Rope { rows: 5, heads: 3, head_dim: 64 }, Op::Rope { rows: 2, heads: 7, head_dim: 128 }]
    },
    problem,
    streams: false,
};

/// 32 query and 8 key heads, as in Llama-3.1-8B.
fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let rows = if offered.software { 77 } else { 2_047 };
    vec![Op::Rope { rows: 1, heads: 40, head_dim: 128 }, Op::Rope { rows, heads: 40, head_dim: 128 }]
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Rope { rows, heads, head_dim } = *op else { return None };
    let elements = rows * heads * head_dim;
    let (x, x_values) = halves(seed, 0, elements, 1.0);
    let table = angles(0..rows as usize, head_dim as usize / 2);
    let pairs = if variant.name == "naive" { 2 } else { 4 };
    let workgroups = grid((elements / 2 / pairs).div_ceil(WORKGROUP));
    let (heads, head_dim) = (heads as usize, head_dim as usize);
    Some(Problem {
        params: vec![rows as u32, heads as u32, head_dim as u32, workgroups[0]],
        buffers: vec![x, BufferInit::input(&table), BufferInit::Output(2 * elements)],
        stages: vec![stage(3, workgroups)],
        chain: 1,
        output: 2,
        element: Element::F16,
        reference: Box::new(move |indices| {
            let value = |index: usize| {
                let half = head_dim / 2;
                let (start, at) = (index / head_dim * head_dim, index % head_dim);
                let pair = at % half;
                let a = x_values.get(start + pair)?.to_f64();
                let b = x_values.get(start + pair + half)?.to_f64();
                let [cosine, sine] = table.get(index / (heads * head_dim) * half + pair)?.map(f64::from);
                Some(if at < half { a * cosine - b * sine } else { b * cosine + a * sine })
            };
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        nmse_max: nmse_max_f16(2),
        distribution: data::NORMAL,
    })
}

/// `[row][pair]` cosine and sine of `position · θ^(−pair/pairs)` (Su et al., "RoFormer", 2021).
pub(super) fn angles(positions: impl Iterator<Item = usize>, pairs: usize) -> Vec<[f32; 2]> {
    let angle = |position: usize, pair: usize| position as f64 * THETA.powf(-(pair as f64) / pairs as f64);
    positions
        .flat_map(|position| (0..pairs).map(move |pair| angle(position, pair)))
        .map(|angle| [angle.cos() as f32, angle.sin() as f32])
        .collect()
}
