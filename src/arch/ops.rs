//! The ops of one decode step and of one prefill.
//!
//! Matrices that engines fuse are one op: query, key and value; gate and up. The embedding gathers rows and is
//! no op. Rotary embedding, two norms per layer and the gated activation stand for all elementwise work.

use super::{Architecture, Formats, Latent, Moe, Scheme};
use crate::op::{Format, Op, expert_coverage};
use crate::units::Bytes;

/// An op and how often a step runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// The op.
    pub op: Op,
    /// Executions, mostly one per layer.
    pub times: u64,
}

impl Work {
    /// Weight bytes that all executions read once each, scales included: experts that no token visits are left
    /// out. Zero for ops without weights.
    pub fn weight_bytes(&self) -> Bytes {
        let (matrices, outputs, inputs, weights) = match self.op {
            Op::Matmul { outputs, inputs, weights, .. } => (1.0, outputs, inputs, weights),
            Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } => {
                (experts as f64 * expert_coverage(tokens, experts, active), outputs, inputs, weights)
            }
            _ => return Bytes(0.0),
        };
        let matrix = outputs as f64 * inputs as f64 * weights.bytes_per_weight();
        Bytes(self.times as f64 * matrices * matrix)
    }
}

/// Ops in the making: `rows` tokens go through the layers.
struct Steps {
    rows: u64,
    works: Vec<Work>,
}

impl Steps {
    fn new(rows: u64) -> Self {
        Self { rows, works: Vec::with_capacity(16) }
    }

    fn push(&mut self, times: u64, op: Op) {
        if times > 0 {
            self.works.push(Work { op, times });
        }
    }

    fn matmul(&mut self, times: u64, outputs: u64, inputs: u64, weights: Format) {
        self.push(times, Op::Matmul { tokens: self.rows, outputs, inputs, weights });
    }

    /// Gate and up, activation, down.
    fn mlp(&mut self, times: u64, hidden: u64, width: u64, weights: Format) {
        if width > 0 {
            self.matmul(times, 2 * width, hidden, weights);
            self.push(times, Op::SiluMul { rows: self.rows, width });
            self.matmul(times, hidden, width, weights);
        }
    }
}

impl Architecture {
    /// The ops of one decode step: one new token for each of `batch` sequences with `context` cached tokens.
    pub fn decode_ops(&self, batch: u64, context: u64, weights: impl Into<Scheme>) -> Vec<Work> {
        let formats = self.formats(weights.into());
        let mut steps = Steps::new(batch);
        let Self { layers, heads, kv_heads, head_dim, .. } = *self;
        if let Some(latent) = self.latent {
            self.latent_queries(&mut steps, latent, formats.matrices);
            let Latent { kv_rank, nope, rope, v, .. } = latent;
            // Absorbed form: the key up-projection moves to the query, the value up-projection to the output.
            steps.matmul(layers, heads * kv_rank, nope, formats.matrices);
            steps.push(layers, Op::LatentDecode { batch, context, heads, latent: kv_rank, rope });
            steps.matmul(layers, heads * v, kv_rank, formats.matrices);
        } else {
            self.grouped_queries(&mut steps, formats.matrices);
            for (layers, context) in self.attention_spans(context) {
                steps.push(
                    layers,
                    Op::AttentionDecode {
                        batch,
                        context,
                        heads,
                        kv_heads,
                        head_dim,
                        kv: Format::F16,
                        page: None,
                    },
                );
            }
        }
        self.rest_of_layers(&mut steps, formats);
        steps.matmul(1, self.vocab, self.hidden, formats.vocabulary);
        steps.works
    }

    /// The ops of the prefill of one prompt; the output matrix sees its last token only.
    pub fn prefill_ops(&self, tokens: u64, weights: impl Into<Scheme>) -> Vec<Work> {
        self.packed_prefill_ops(1, tokens, weights)
    }

    /// The ops of one prefill step over `prompts` prompts of `tokens` tokens each: they share the matrix
    /// products, and each attends to itself.
    pub fn packed_prefill_ops(&self, prompts: u64, tokens: u64, weights: impl Into<Scheme>) -> Vec<Work> {
        let formats = self.formats(weights.into());
        let mut steps = Steps::new(prompts * tokens);
        let Self { layers, heads, kv_heads, head_dim, .. } = *self;
        if let Some(latent) = self.latent {
            self.latent_queries(&mut steps, latent, formats.matrices);
            let Latent { kv_rank, nope, rope, v: v_dim, .. } = latent;
            steps.matmul(layers, heads * (nope + v_dim), kv_rank, formats.matrices);
            let (kv_heads, qk_dim, window) = (heads, nope + rope, tokens);
            let attention = Op::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window };
            steps.push(layers * prompts, attention);
        } else {
            self.grouped_queries(&mut steps, formats.matrices);
            let (qk_dim, v_dim) = (head_dim, head_dim);
            for (layers, window) in self.attention_spans(tokens) {
                let attention = Op::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window };
                steps.push(layers * prompts, attention);
            }
        }
        self.rest_of_layers(&mut steps, formats);
        steps.rows = prompts;
        steps.matmul(1, self.vocab, self.hidden, formats.vocabulary);
        steps.works
    }

    fn grouped_queries(&self, steps: &mut Steps, weights: Format) {
        let Self { layers, hidden, heads, kv_heads, head_dim, .. } = *self;
        steps.matmul(layers, (heads + 2 * kv_heads) * head_dim, hidden, weights);
        steps.push(layers, Op::Rope { rows: steps.rows, heads: heads + kv_heads, head_dim });
    }

    fn latent_queries(&self, steps: &mut Steps, latent: Latent, weights: Format) {
        let Self { layers, hidden, heads, .. } = *self;
        let Latent { q_rank, kv_rank, nope, rope, .. } = latent;
        let queries = heads * (nope + rope);
        match q_rank {
            Some(rank) => {
                steps.matmul(layers, rank + kv_rank + rope, hidden, weights);
                steps.matmul(layers, queries, rank, weights);
            }
            None => steps.matmul(layers, queries + kv_rank + rope, hidden, weights),
        }
        steps.push(layers, Op::Rope { rows: steps.rows, heads: heads + 1, head_dim: rope });
    }

    /// Output projection, norms and MLPs.
    fn rest_of_layers(&self, steps: &mut Steps, formats: Formats) {
        let attended = self.heads * self.latent.map_or(self.head_dim, |latent| latent.v);
        steps.matmul(self.layers, self.hidden, attended, formats.matrices);
        steps.push(2 * self.layers + 1, Op::RmsNorm { rows: steps.rows, width: self.hidden });
        let moe_layers = self.moe_layers();
        let dense_layers = self.layers - moe_layers;
        steps.mlp(dense_layers, self.hidden, self.ffn.unwrap_or_default(), formats.matrices);
        if let Some(moe) = self.moe {
            self.expert_layers(steps, moe, formats);
            steps.mlp(moe_layers, self.hidden, moe.shared_ffn, formats.matrices);
        }
    }

    fn expert_layers(&self, steps: &mut Steps, moe: Moe, formats: Formats) {
        let Moe { experts, active, expert_ffn, .. } = moe;
        let (layers, tokens, hidden, weights) = (self.moe_layers(), steps.rows, self.hidden, formats.experts);
        let matrices =
            |outputs, inputs| Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights };
        steps.matmul(layers, experts, hidden, formats.side);
        steps.push(layers, matrices(2 * expert_ffn, hidden));
        steps.push(layers, Op::SiluMul { rows: tokens * active, width: expert_ffn });
        steps.push(layers, matrices(hidden, expert_ffn));
    }
}
