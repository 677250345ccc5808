//! `attention_decode`: one new query per sequence over a KV cache of halves, split over the context, with a second
//! pass that joins the parts.

use super::attention_prefill::Attention;
use super::problem::{Binding, BufferInit, Element, Problem, Stage, halves, nmse_max_f16};
use super::{Capabilities, Kernel, Needs, Suite, Variant, data, no_preludes, shader};
use crate::op::{Format, Op};

/// Keys per workgroup: enough work to hide the second pass, enough workgroups to fill a device.
const PART_KEYS: u64 = 256;
const GROUP_MAX: u64 = 8;

pub static KERNEL: Kernel = Kernel {
    name: "attention_decode",
    formats: &[Format::F16],
    variants: &[
        Variant {
            name: "subgroup8",
            sources: &[shader!("attention_decode_subgroup8"), shader!("attention_decode_reduce")],
            constants: &[],
            supports: |op| matches!(op, Op::AttentionDecode { heads, kv_heads, head_dim: 128, kv: Format::F16, page: None, .. } if *heads == 4 * kv_heads),
            needs: Needs { subgroups: true, software_subgroups_of_8: true, invocations: 64, ..Needs::NONE },
        },
        Variant {
            name: "workgroup",
            sources: &[shader!("attention_decode_workgroup"), shader!("attention_decode_reduce")],
            constants: &[],
            supports: |op| {
                matches!(op, Op::AttentionDecode { heads, kv_heads, head_dim, kv: Format::F16, page: None, .. }
                if heads % kv_heads == 0 && heads / kv_heads <= GROUP_MAX && matches!(head_dim, 64 | 128))
            },
            needs: Needs {
                workgroup_bytes: (GROUP_MAX * (128 + 64) * 4 + 64 * 32) as u32,
                invocations: 64,
                ..Needs::NONE
            },
        },
    ],
    preludes: no_preludes,
    cases,
    odd_shapes,
    problem,
    streams: true,
};

fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let contexts: &[u64] = if offered.software { &[1_000, 4_096, 16_384] } else { &[1_000, 8_192, 65_536] };
    let case = |context| Op::AttentionDecode {
        batch: 1,
        context,
        heads: 32,
        kv_heads: 8,
        head_dim: 128,
        kv: Format::F16,
        page: None,
    };
    contexts.iter().map(|context| case(*context)).collect()
}

fn odd_shapes() -> Vec<Op> {
    let decode = |batch, context, heads, kv_heads, head_dim| {
        let (kv, page) = (Format::F16, None);
        Op::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv, page }
    };
    vec![
        decode(1, 1, 1, 1, 64),
        decode(2, 259, 6, 2, 128),
        decode(1, 1_023, 8, 1, 64),
        decode(3, 512, 4, 4, 128),
        decode(2, 259, 8, 2, 128),
    ]
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv: Format::F16, page: None } = *op
    else {
        return None;
    };
    let cache = batch * context * kv_heads * head_dim;
    let (q_buffer, q) = halves(seed, 0, batch * heads * head_dim, 1.0);
    let (k_buffer, k) = halves(seed, 1, cache, 1.0);
    let (v_buffer, v) = halves(seed, 2, cache, 1.0);
    let scale = (head_dim as f32).sqrt().recip();
    let attention =
        Attention { q, k, v, heads, kv_heads, qk_dim: head_dim, v_dim: head_dim, scale: f64::from(scale) };
    let parts = context.div_ceil(PART_KEYS);
    let (width, group) = (("HEAD_DIM", head_dim as f64), ("GROUP", (heads / kv_heads) as f64));
    let sizes = [context, heads, kv_heads, parts, PART_KEYS].map(|size| size as u32);
    Some(Problem {
        params: sizes.into_iter().chain([scale.to_bits()]).collect(),
        buffers: vec![
            q_buffer,
            k_buffer,
            v_buffer,
            BufferInit::Scratch(4 * batch * heads * parts * (head_dim + 2)),
            BufferInit::Output(2 * batch * heads * head_dim),
        ],
        stages: vec![
            Stage {
                shader: 0,
                bindings: [(1, 0), (2, 1), (3, 2), (4, 3)]
                    .map(|(slot, buffer)| Binding::whole(slot, buffer))
                    .to_vec(),
                params: Vec::new(),
                workgroups: [parts as u32, kv_heads as u32, batch as u32],
                constants: if variant.name == "workgroup" { vec![width, group] } else { vec![] },
            },
            Stage {
                shader: 1,
                bindings: vec![Binding::whole(4, 3), Binding::whole(5, 4)],
                params: Vec::new(),
                workgroups: [(batch * heads) as u32, 1, 1],
                constants: vec![width],
            },
        ],
        chain: 1,
        output: 4,
        element: Element::F16,
        reference: Box::new(move |indices| {
            // Sequence `b` is query `b`; its keys follow those of the sequences before it.
            let context = context as usize;
            attention.outputs(indices, |query| (query * context, (query + 1) * context))
        }),
        nmse_max: nmse_max_f16(context + head_dim),
        distribution: data::NORMAL,
    })
}
