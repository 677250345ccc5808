//! `attention_prefill`: causal grouped-query attention of a prompt over itself, online softmax, halves in and out.

use half::f16;

use super::problem::{
    BufferInit, Element, Problem, Stage, WIDEN, dot, halves, nmse_max_f16, stage, widen, window,
};
use super::{Capabilities, Kernel, Needs, Suite, Variant, data, no_preludes, shader};
use crate::op::{Format, Op};

const QUERIES: u64 = 16;

pub static KERNEL: Kernel = Kernel {
    name: "attention_prefill",
    formats: &[Format::F16],
    variants: &[
        Variant {
            name: "subgroup8",
            sources: &[shader!("attention_prefill_subgroup8")],
            constants: &[],
            supports: |op| matches!(op, Op::AttentionPrefill { qk_dim: 128, v_dim: 128, .. }),
            needs: Needs { subgroups: true, software_subgroups_of_8: true, invocations: 8, ..Needs::NONE },
        },
        Variant {
            name: "workgroup",
            sources: &[shader!("attention_prefill_workgroup")],
            constants: &[],
            supports: |op| {
                matches!(op, Op::AttentionPrefill { qk_dim, v_dim, .. }
                    if qk_dim == v_dim && *qk_dim % 32 == 0 && *qk_dim <= 128)
            },
            needs: Needs { workgroup_bytes: 3 * 16 * 128 * 2 + 16 * 16 * 4, invocations: 128, ..Needs::NONE },
        },
    ],
    preludes: no_preludes,
    cases,
    odd_shapes,
    problem,
    streams: false,
};

fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let case = |tokens, heads, kv_heads| Op::AttentionPrefill {
        tokens,
        heads,
        kv_heads,
        qk_dim: 128,
        v_dim: 128,
        window: tokens,
    };
    if offered.software {
        vec![case(250, 8, 2), case(1024, 8, 2)]
    } else {
        vec![case(500, 32, 8), case(2048, 32, 8)]
    }
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
    ]
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window } = *op else { return None };
    let (q_buffer, q) = halves(seed, 0, tokens * heads * qk_dim, 1.0);
    let (k_buffer, k) = halves(seed, 1, tokens * kv_heads * qk_dim, 1.0);
    let (v_buffer, v) = halves(seed, 2, tokens * kv_heads * v_dim, 1.0);
    let scale = (qk_dim as f32).sqrt().recip();
    let attention = Attention { q, k, v, heads, kv_heads, qk_dim, v_dim, scale: f64::from(scale) };
    let output = 2 * tokens * heads * v_dim;
    let constants = if variant.name == "workgroup" { vec![("HEAD_DIM", qk_dim as f64)] } else { vec![] };
    Some(Problem {
        params: vec![tokens as u32, heads as u32, kv_heads as u32, window as u32, scale.to_bits()],
        buffers: vec![q_buffer, k_buffer, v_buffer, BufferInit::Output(output)],
        stages: vec![Stage { constants, ..stage(4, [tokens.div_ceil(QUERIES) as u32, heads as u32, 1]) }],
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

/// Attention in f64 over one set of keys and values, shared by both attention kernels.
pub(super) struct Attention {
    /// `[queries, heads, qk_dim]`
    pub q: Vec<f16>,
    /// `[keys, kv_heads, qk_dim]`
    pub k: Vec<f16>,
    /// `[keys, kv_heads, v_dim]`
    pub v: Vec<f16>,
    pub heads: u64,
    pub kv_heads: u64,
    pub qk_dim: u64,
    pub v_dim: u64,
    pub scale: f64,
}

impl Attention {
    /// Chosen elements of `[queries, heads, v_dim]`; `keys` gives the half-open range that a query sees.
    /// Elements of one query and head that follow each other are computed at once.
    pub fn outputs(&self, indices: &[usize], keys: impl Fn(usize) -> (usize, usize)) -> Vec<f64> {
        let (heads, v_dim) = (self.heads as usize, self.v_dim as usize);
        let mut known = (usize::MAX, Vec::new());
        let mut value = |index: usize| {
            let row = index / v_dim;
            if known.0 != row {
                let (query, head) = (row / heads, row % heads);
                known = (row, self.row(query, head, keys(query)));
            }
            known.1.get(index % v_dim).copied().unwrap_or(f64::NAN)
        };
        indices.iter().map(|index| value(*index)).collect()
    }

    /// All `v_dim` outputs of a query and head. Values are read in the order in which they lie.
    fn row(&self, query: usize, head: usize, (first, end): (usize, usize)) -> Vec<f64> {
        let v_dim = self.v_dim as usize;
        let mut sums = vec![0.0; v_dim];
        let mut floats = [0.0; WIDEN];
        for (key, weight) in (first..end).zip(self.weights(query, head, first, end)) {
            let start = (key * self.kv_heads as usize + self.kv_head(head)) * v_dim;
            let values = window(&self.v, start, v_dim);
            for (sums, values) in sums.chunks_mut(WIDEN).zip(values.chunks(WIDEN)) {
                let values = widen(values, &mut floats);
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * f64::from(*value));
            }
        }
        sums
    }

    fn weights(&self, query: usize, head: usize, first: usize, end: usize) -> Vec<f64> {
        let dim = self.qk_dim as usize;
        let q = window(&self.q, (query * self.heads as usize + head) * dim, dim);
        let key =
            |key: usize| window(&self.k, (key * self.kv_heads as usize + self.kv_head(head)) * dim, dim);
        let scores: Vec<f64> = (first..end).map(|at| dot(q, key(at)) * self.scale).collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exponentials: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
        let total: f64 = exponentials.iter().sum();
        exponentials.iter().map(|value| value / total).collect()
    }

    fn kv_head(&self, head: usize) -> usize {
        head / (self.heads / self.kv_heads) as usize
    }
}
