//! `attention_prefill`: causal grouped-query attention of a prompt over itself, online softmax, halves in and out.

use super::attention::{Attention, Lookup, widen};
use super::problem::{BufferInit, Element, Problem, Stage, halves, nmse_max_f16, stage};
use super::{Capabilities, Kernel, Needs, Suite, Variant, data, shader};
use crate::op::{Format, Op};

pub static KERNEL: Kernel = Kernel {
    name: "attention_prefill",
    formats: &[Format::F16],
    variants: &[
        Variant {
            name: "subgroup8",
            sources: &[shader!("attention_prefill_subgroup8")],
            constants: &[],
            supports: |op| heads_of(op, |dim| matches!(dim, 64 | 128)),
            needs: Needs {
                subgroups: true,
                software_subgroups_of_8: true,
                invocations: 8,
                int64: true,
                ..Needs::NONE
            },
        },
        Variant { needs: tiled(16, 128), ..TILED },
        Variant { name: "tiled-32x32", constants: &[("TEAMS", 8.0)], needs: tiled(8, 128), ..TILED },
        Variant {
            name: "tiled-64x32-head64",
            supports: |op| heads_of(op, |dim| dim == 64),
            needs: tiled(16, 64),
            ..TILED
        },
        Variant {
            name: "tiled-32x32-head64",
            constants: &[("TEAMS", 8.0)],
            supports: |op| heads_of(op, |dim| dim == 64),
            needs: tiled(8, 64),
            ..TILED
        },
        Variant {
            name: "workgroup",
            sources: &[shader!("attention_prefill_workgroup")],
            constants: &[],
            supports: |op| heads_of(op, |dim| dim % 32 == 0 && dim <= 128),
            needs: Needs { workgroup_bytes: 3 * 16 * 128 * 2 + 16 * 16 * 4, invocations: 128, ..Needs::NONE },
        },
        Variant {
            name: "naive",
            sources: &[shader!("attention_prefill_naive")],
            constants: &[],
            supports: |op| heads_of(op, |dim| dim % 4 == 0 && dim <= 128),
            needs: Needs { invocations: 16, ..Needs::NONE },
        },
    ],
    preludes: |variant, _| {
        let softmax = variant.needs.software_subgroups_of_8.then_some(shader!("softmax_subgroup8"));
        softmax.into_iter().collect()
    },
    cases,
    odd_shapes,
    problem,
    streams: false,
};

const TILED: Variant = Variant {
    name: "tiled-64x32",
    sources: &[shader!("attention_prefill_tiled")],
    constants: &[("TEAMS", 16.0)],
    supports: |op| heads_of(op, |dim| matches!(dim, 64 | 128)),
    needs: Needs::NONE,
};

/// Tiles of queries and of 32 keys, padded by a vector per row, and the scores between them.
const fn tiled(teams: u32, head_dim: u32) -> Needs {
    let queries = 4 * teams;
    let row_bytes = 2 * head_dim + 8;
    let workgroup_bytes = (queries + 32) * row_bytes + queries * 33 * 4;
    Needs { workgroup_bytes, invocations: 8 * teams, ..Needs::NONE }
}

fn heads_of(op: &Op, width: fn(u64) -> bool) -> bool {
    matches!(op, Op::AttentionPrefill { qk_dim, v_dim, .. } if qk_dim == v_dim && width(*qk_dim))
}

/// Queries of one head that a workgroup takes.
fn queries(variant: &Variant) -> u64 {
    match variant.constant("TEAMS") {
        Some(teams) => 4 * teams as u64,
        None => 16,
    }
}

fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let case = |tokens, heads, kv_heads, dim, window| Op::AttentionPrefill {
        tokens,
        heads,
        kv_heads,
        qk_dim: dim,
        v_dim: dim,
        window,
    };
    let (short, long, heads) = if offered.software { (250, 1_024, 8) } else { (500, 2_048, 32) };
    let mut cases = vec![case(short, heads, heads / 4, 128, short)];
    if suite != Suite::Quick {
        cases.push(case(long, heads, heads / 4, 128, long));
    }
    if suite == Suite::Full {
        cases.push(case(long, heads, heads / 4, 64, long));
        cases.push(case(long, heads, heads / 4, 128, 256));
        cases.push(case(1_024, 32, 8, 128, 1_024));
    }
    cases
}

fn odd_shapes() -> Vec<Op> {
    let prefill = |tokens, heads, kv_heads, dim, window| Op::AttentionPrefill {
        tokens,
        heads,
        kv_heads,
        qk_dim: dim,
        v_dim: dim,
        window,
    };
    vec![
        prefill(1, 1, 1, 128, 1),
        prefill(37, 3, 1, 128, 37),
        prefill(61, 4, 2, 64, 61),
        prefill(100, 2, 1, 128, 19),
        prefill(131, 3, 3, 64, 40),
    ]
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window } = *op else { return None };
    let (q_buffer, q) = halves(seed, 0, tokens * heads * qk_dim, 1.0);
    let (k_buffer, k) = halves(seed, 1, tokens * kv_heads * qk_dim, 1.0);
    let (v_buffer, v) = halves(seed, 2, tokens * kv_heads * v_dim, 1.0);
    let scale = (qk_dim as f32).sqrt().recip();
    let lookup = |halves: Vec<half::f16>, dim: u64| -> Lookup {
        let at = move |key: usize, kv_head: usize| (key * kv_heads as usize + kv_head) * dim as usize;
        Box::new(move |_, key, kv_head, floats| widen(&halves, at(key, kv_head), floats))
    };
    let (key, value) = (lookup(k, qk_dim), lookup(v, v_dim));
    let attention = Attention { q, heads, kv_heads, qk_dim, v_dim, scale: f64::from(scale), key, value };
    let output = 2 * tokens * heads * v_dim;
    let mut constants = variant.constants.to_vec();
    constants.push(("HEAD_DIM", qk_dim as f64));
    Some(Problem {
        params: vec![tokens as u32, heads as u32, kv_heads as u32, window as u32, scale.to_bits()],
        buffers: vec![q_buffer, k_buffer, v_buffer, BufferInit::Output(output)],
        stages: vec![Stage {
            constants,
            ..stage(4, [tokens.div_ceil(queries(variant)) as u32, heads as u32, 1])
        }],
        chain: 1,
        output: 3,
        element: Element::F16,
        reference: Box::new(move |indices| {
            attention.outputs(indices, |query| {
                let first = (query + 1).saturating_sub(window as usize);
                (first, query + 1)
            })
        }),
        nmse_max: nmse_max_f16(tokens + qk_dim),
        distribution: data::NORMAL,
    })
}
