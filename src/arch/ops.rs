//! The ops of one decode step and of one prefill.
//!
//! Matrices that engines fuse are one op where their formats agree: query, key and value; gate and up. The embedding
//! gathers rows and is no op. Rotary embedding, the norms and the activation stand for all elementwise work.

use super::block::{Group, Grouped, Latent, Mixer};
use super::piece::{Piece, Product, Role};
use super::{Architecture, Scheme};
use crate::op::{Format, Op, skewed_expert_coverage};
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
        self.visited_weight_bytes(0.0)
    }

    /// The same where experts are not visited evenly: see [`skewed_expert_coverage`].
    pub fn visited_weight_bytes(&self, expert_skew: f64) -> Bytes {
        let (matrices, outputs, inputs, weights) = match self.op {
            Op::Matmul { outputs, inputs, weights, .. } => (1.0, outputs, inputs, weights),
            Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } => {
                let visited = skewed_expert_coverage(tokens as f64, experts, active, expert_skew);
                (experts as f64 * visited, outputs, inputs, weights)
            }
            _ => return Bytes(0.0),
        };
        let matrix = outputs as f64 * inputs as f64 * weights.bytes_per_weight();
        Bytes(self.times as f64 * matrices * matrix)
    }
}

/// The two kinds of a step.
#[derive(Clone, Copy)]
enum Pass {
    Decode { batch: u64, context: u64 },
    Prefill { prompts: u64, tokens: u64 },
}

/// Ops in the making.
struct Steps<'m> {
    model: &'m Architecture,
    scheme: Scheme,
    pass: Pass,
    works: Vec<Work>,
}

impl Architecture {
    /// The ops of one decode step: one new token for each of `batch` sequences with `context` cached tokens. Where
    /// [`Architecture::unmodelled`] names a block, its recurrence is missing from them.
    pub fn decode_ops(&self, batch: u64, context: u64, weights: impl Into<Scheme>) -> Vec<Work> {
        Steps::of(self, weights.into(), Pass::Decode { batch, context })
    }

    /// The ops of the prefill of one prompt; the output matrix sees its last token only.
    pub fn prefill_ops(&self, tokens: u64, weights: impl Into<Scheme>) -> Vec<Work> {
        self.packed_prefill_ops(1, tokens, weights)
    }

    /// The ops of one prefill step over `prompts` prompts of `tokens` tokens each: they share the matrix
    /// products, and each attends to itself.
    pub fn packed_prefill_ops(&self, prompts: u64, tokens: u64, weights: impl Into<Scheme>) -> Vec<Work> {
        Steps::of(self, weights.into(), Pass::Prefill { prompts, tokens })
    }
}

impl<'m> Steps<'m> {
    fn of(model: &'m Architecture, scheme: Scheme, pass: Pass) -> Vec<Work> {
        let mut steps = Self { model, scheme, pass, works: Vec::with_capacity(24) };
        let (rows, sequences) = match pass {
            Pass::Decode { batch, .. } => (batch, batch),
            Pass::Prefill { prompts, tokens } => (prompts * tokens, prompts),
        };
        for (group, pieces) in model.pieces() {
            pieces.iter().for_each(|piece| steps.piece(rows, group, piece));
        }
        steps.push(1, Op::RmsNorm { rows, width: model.hidden });
        let weights = model.vocabulary_format(scheme, Role::Output);
        steps.matmul(sequences, 1, model.vocab, model.hidden, weights);
        steps.works
    }

    /// The same op of layers that differ elsewhere is one entry.
    fn push(&mut self, times: u64, op: Op) {
        match self.works.iter_mut().find(|work| work.op == op) {
            Some(work) => work.times += times,
            None => self.works.push(Work { op, times }),
        }
    }

    fn matmul(&mut self, tokens: u64, times: u64, outputs: u64, inputs: u64, weights: Format) {
        self.push(times, Op::Matmul { tokens, outputs, inputs, weights });
    }

    fn piece(&mut self, rows: u64, group: &Group, piece: &Piece) {
        let times = group.places.len() as u64;
        match piece {
            Piece::Product(product) => self.product(rows, group, product),
            Piece::UpProjection(latent) => self.latent(rows, group, *latent),
            Piece::Rope { heads, head_dim } => {
                self.push(times, Op::Rope { rows, heads: *heads, head_dim: *head_dim });
            }
            Piece::Attention(Mixer::Grouped(it)) => self.grouped(times, *it),
            Piece::Activation { width, per_token } => {
                self.push(times, Op::SiluMul { rows: rows * per_token, width: *width });
            }
            Piece::Norm => self.push(times, Op::RmsNorm { rows, width: self.model.hidden }),
            Piece::Attention(_) | Piece::Small { .. } => {}
        }
    }

    fn product(&mut self, tokens: u64, group: &Group, product: &Product) {
        let (model, scheme, inputs) = (self.model, self.scheme, product.inputs);
        model.each_format(scheme, group, product, |times, outputs, weights| {
            let op = match product.routed {
                None => Op::Matmul { tokens, outputs, inputs, weights },
                Some(it) => Op::ExpertMatmul {
                    tokens,
                    experts: it.experts,
                    active: it.active,
                    outputs,
                    inputs,
                    weights,
                },
            };
            self.push(times, op);
        });
    }

    fn grouped(&mut self, times: u64, it: Grouped) {
        let Grouped { heads, kv_heads, head_dim, .. } = it;
        let span = |tokens| Mixer::Grouped(it).span(tokens);
        match self.pass {
            Pass::Decode { batch, context } => {
                let (context, kv, page) = (span(context), Format::F16, None);
                self.push(times, Op::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv, page });
            }
            Pass::Prefill { prompts, tokens } => {
                let (qk_dim, v_dim, window) = (head_dim, head_dim, span(tokens));
                let op = Op::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window };
                self.push(times * prompts, op);
            }
        }
    }

    /// Attention between its up-projections. Decoding is absorbed: that of the key moves to the query, that of the
    /// value to the output.
    fn latent(&mut self, rows: u64, group: &Group, it: Latent) {
        let Latent { heads, kv_rank, nope, rope, v, .. } = it;
        let times = group.places.len() as u64;
        match self.pass {
            Pass::Decode { batch, context } => {
                let [keys, values] = it.absorbed();
                self.product(rows, group, &keys);
                self.push(times, Op::LatentDecode { batch, context, heads, latent: kv_rank, rope });
                self.product(rows, group, &values);
            }
            Pass::Prefill { prompts, tokens } => {
                self.product(rows, group, &Product::one(Role::Query, heads * (nope + v), kv_rank));
                let (kv_heads, qk_dim, v_dim, window) = (heads, nope + rope, v, tokens);
                let op = Op::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window };
                self.push(times * prompts, op);
            }
        }
    }
}
