//! `latent_decode`: one new query per sequence over a cache of latent vectors (multi-head latent attention in its
//! absorbed form, DeepSeek-AI, "DeepSeek-V2", 2024), split over the context, with a second pass that joins the parts.
//! All heads share the cached vector: scores over all of it, values are its first `latent` elements.

use std::rc::Rc;

use super::attention::{Attention, widen};
use super::problem::{Binding, BufferInit, Element, Problem, Stage, halves, nmse_max_f16};
use super::{Capabilities, Kernel, Needs, Suite, Variant, data, shader};
use crate::op::{Format, Op};

/// Heads that a workgroup serves with each load.
const HEADS: u64 = 16;
const LATENT: u64 = 512;
const ROPE: u64 = 64;
/// Longer loops end early in Mesa before 23, after 65,535 rounds; and every output computes every score anew.
const NAIVE_CONTEXT_MAX: u64 = 32_768;

const WORKGROUP: Variant = Variant {
    name: "workgroup-256",
    sources: &[shader!("latent_decode_workgroup"), shader!("attention_decode_reduce")],
    constants: &[("PART_KEYS", 256.0)],
    supports: |op| matches!(op, Op::LatentDecode { latent: LATENT, rope: ROPE, .. }),
    needs: Needs { workgroup_bytes: 8 * 576 * 2 + 16 * 8 * 4, invocations: 128, ..Needs::NONE },
};

pub static KERNEL: Kernel = Kernel {
    name: "latent_decode",
    formats: &[Format::F16],
    variants: &[
        Variant { ..WORKGROUP },
        Variant { name: "workgroup-64", constants: &[("PART_KEYS", 64.0)], ..WORKGROUP },
        Variant {
            name: "naive",
            sources: &[shader!("latent_decode_naive"), shader!("attention_decode_reduce")],
            constants: &[],
            supports: |op| {
                matches!(op, Op::LatentDecode { context, latent: LATENT, rope: ROPE, .. }
                    if *context <= NAIVE_CONTEXT_MAX)
            },
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
    ],
    preludes: |_, _| vec![shader!("attention_decode_common")],
    cases,
    odd_shapes,
    problem,
    streams: true,
};

/// The widths of DeepSeek-V2 and V3 with 16 heads (V2-Lite) and 128.
fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let case = |batch, context, heads| Op::LatentDecode { batch, context, heads, latent: LATENT, rope: ROPE };
    let (short, long) = if offered.software { (1_000, 4_096) } else { (4_096, 32_768) };
    let mut cases = vec![case(1, short, 16)];
    if suite == Suite::Full {
        cases.extend([case(1, long, 16), case(1, short, 128), case(4, short, 16)]);
    }
    cases
}

fn odd_shapes() -> Vec<Op> {
    let shapes = [(1, 1, 16), (2, 77, 5), (1, 101, 17), (1, 270, 3)];
    shapes
        .map(|(batch, context, heads)| Op::LatentDecode { batch, context, heads, latent: LATENT, rope: ROPE })
        .to_vec()
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::LatentDecode { batch, context, heads, latent, rope } = *op else { return None };
    let width = latent + rope;
    let (q_buffer, q) = halves(seed, 0, batch * heads * width, 1.0);
    let (cache_buffer, cache) = halves(seed, 1, batch * context * width, 1.0);
    // Without a part of its own size a variant takes the context whole.
    let part_keys = variant.constant("PART_KEYS").map_or(context, |keys| keys as u64);
    let parts = context.div_ceil(part_keys);
    // Queries of deviation one give scores of deviation one.
    let scale = (width as f32).sqrt().recip();
    let groups = if variant.name == "naive" { heads * latent / 64 } else { heads.div_ceil(HEADS) };
    let sizes = [context, heads, 1, 0, 0, parts, part_keys, 0].map(|size| size as u32);
    let constants = vec![("HEAD_DIM", latent as f64)];
    let cache = Rc::new(cache);
    let lookup = || -> super::attention::Lookup {
        let cache = Rc::clone(&cache);
        let row = move |sequence: usize, key: usize| (sequence * context as usize + key) * width as usize;
        Box::new(move |sequence, key, _, floats| widen(&cache, row(sequence, key), floats))
    };
    let attention = Attention {
        q,
        heads,
        kv_heads: 1,
        qk_dim: width,
        v_dim: latent,
        scale: f64::from(scale),
        key: lookup(),
        value: lookup(),
    };
    Some(Problem {
        params: sizes.into_iter().chain([scale.to_bits()]).collect(),
        buffers: vec![
            q_buffer,
            BufferInit::Scratch(4 * batch * heads * parts * (latent + 2)),
            cache_buffer,
            BufferInit::Output(2 * batch * heads * latent),
        ],
        stages: vec![
            Stage {
                shader: 0,
                bindings: (0..3).map(|buffer| Binding::whole(buffer as u32 + 1, buffer)).collect(),
                params: Vec::new(),
                workgroups: [parts, groups, batch].map(|it| it as u32),
                constants: constants.clone(),
            },
            Stage {
                shader: 1,
                bindings: vec![Binding::whole(2, 1), Binding::whole(8, 3)],
                params: Vec::new(),
                workgroups: [(batch * heads) as u32, 1, 1],
                constants,
            },
        ],
        chain: 1,
        output: 3,
        element: Element::F16,
        reference: Box::new(move |indices| attention.outputs(indices, |_| (0, context as usize))),
        nmse_max: nmse_max_f16(context + width),
        distribution: data::NORMAL,
    })
}
