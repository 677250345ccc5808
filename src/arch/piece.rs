//! The pieces of a block in the order of a step. Parameters, bytes and ops all come from this list.

use super::block::{Block, Grouped, Latent, Mixer, Mlp, Moe, Recurrent, Rule};

/// A piece of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Piece {
    /// Matrices that multiply each token.
    Product(Product),
    /// The up-projections of latent attention: a product in prefill, two in the absorbed form of decoding.
    UpProjection(Latent),
    /// Rotary embedding of queries and keys.
    Rope { heads: u64, head_dim: u64 },
    /// Attention itself.
    Attention(Mixer),
    /// The activation of an MLP on `per_token` rows for each token. A plain one moves two thirds of what a gated one does
    /// and is counted as one: it is small beside its matrices.
    Activation { width: u64, per_token: u64 },
    /// A normalisation of the residual stream.
    Norm,
    /// Parameters without a product of note: convolutions, decays, step sizes.
    Small { params: u64 },
}

/// Matrices side by side that read the same input: engines run them as one where their formats agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Product {
    /// Those without outputs are not there.
    pub parts: [Part; 3],
    pub inputs: u64,
    /// The matrices are held `experts` times, and a token visits `active` of them.
    pub routed: Option<Routed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Routed {
    pub experts: u64,
    pub active: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub role: Role,
    pub outputs: u64,
}

/// What tells the formats of tensors apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A matrix of a mixer without a rule of its own.
    Query,
    Key,
    Value,
    AttentionOutput,
    /// The first matrices of an MLP.
    Up,
    /// The last matrix of an MLP.
    Down,
    Router,
    Embedding,
    /// The output matrix, whether it is the embedding table or not.
    Output,
    /// Norms and other small tensors.
    Small,
}

impl Product {
    /// A single matrix.
    pub(super) fn one(role: Role, outputs: u64, inputs: u64) -> Self {
        let none = Part { role, outputs: 0 };
        Self { parts: [Part { role, outputs }, none, none], inputs, routed: None }
    }

    /// Parameters held, and parameters that one token is multiplied with.
    pub(super) fn params(&self) -> (f64, f64) {
        let outputs: u64 = self.parts.iter().map(|part| part.outputs).sum();
        let one = outputs as f64 * self.inputs as f64;
        self.routed.map_or((one, one), |it| (it.experts as f64 * one, it.active as f64 * one))
    }
}

impl Piece {
    /// Parameters held, and parameters that one token is multiplied with.
    pub(super) fn params(&self, hidden: u64) -> (f64, f64) {
        match self {
            Self::Product(product) => product.params(),
            Self::UpProjection(latent) => (latent.up_params(), latent.up_params()),
            Self::Norm => (hidden as f64, 0.0),
            Self::Small { params } => (*params as f64, 0.0),
            Self::Rope { .. } | Self::Attention(_) | Self::Activation { .. } => (0.0, 0.0),
        }
    }
}

impl Latent {
    /// The parameters of the key and value up-projections.
    pub(super) fn up_params(&self) -> f64 {
        (self.heads * (self.nope + self.v)) as f64 * self.kv_rank as f64
    }

    /// The up-projections as decoding uses them: that of the key behind the query, that of the value behind the
    /// attention.
    pub(super) fn absorbed(&self) -> [Product; 2] {
        [
            Product::one(Role::Query, self.heads * self.kv_rank, self.nope),
            Product::one(Role::Query, self.heads * self.v, self.kv_rank),
        ]
    }
}

/// The pieces of a block on a residual stream of `hidden` elements.
pub(super) fn pieces(block: &Block, hidden: u64) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(12);
    match block.mixer {
        Some(Mixer::Grouped(it)) => grouped(&mut pieces, it, hidden),
        Some(Mixer::Latent(it)) => latent(&mut pieces, it, hidden),
        Some(Mixer::Recurrent(it)) => recurrent(&mut pieces, it, hidden),
        None => {}
    }
    pieces.extend((0..block.norms).map(|_| Piece::Norm));
    match block.mlp {
        Some(Mlp::Dense { width, gated }) => dense(&mut pieces, width, gated, hidden),
        Some(Mlp::Experts(moe)) => experts(&mut pieces, moe, hidden),
        None => {}
    }
    pieces
}

fn grouped(pieces: &mut Vec<Piece>, it: Grouped, hidden: u64) {
    let (queries, keys) = (it.heads * it.head_dim, it.kv_heads * it.head_dim);
    let gates = if it.output_gate { queries } else { 0 };
    let parts = [
        Part { role: Role::Query, outputs: queries + gates },
        Part { role: Role::Key, outputs: keys },
        Part { role: Role::Value, outputs: keys },
    ];
    pieces.push(Piece::Product(Product { parts, inputs: hidden, routed: None }));
    pieces.push(Piece::Rope { heads: it.heads + it.kv_heads, head_dim: it.head_dim });
    pieces.push(Piece::Attention(Mixer::Grouped(it)));
    pieces.push(matrix(Role::AttentionOutput, hidden, queries));
}

fn latent(pieces: &mut Vec<Piece>, it: Latent, hidden: u64) {
    let queries = it.heads * (it.nope + it.rope);
    let cached = it.kv_rank + it.rope;
    pieces.push(matrix(Role::Query, it.q_rank.unwrap_or(queries) + cached, hidden));
    pieces.extend(it.q_rank.map(|rank| matrix(Role::Query, queries, rank)));
    pieces.push(Piece::Rope { heads: it.heads + 1, head_dim: it.rope });
    pieces.push(Piece::UpProjection(it));
    pieces.push(matrix(Role::AttentionOutput, hidden, it.heads * it.v));
}

/// Queries, keys, values and an output gate, and per value head the numbers that its rule takes.
fn recurrent(pieces: &mut Vec<Piece>, it: Recurrent, hidden: u64) {
    let per_head = match it.rule {
        Rule::GatedDeltaNet => 2,
        Rule::Mamba2 => 1,
    };
    pieces.push(matrix(Role::Query, it.channels() + it.inner() + per_head * it.value_heads, hidden));
    pieces.push(Piece::Small { params: it.channels() * it.conv + 3 * it.value_heads + it.inner() });
    pieces.push(Piece::Attention(Mixer::Recurrent(it)));
    pieces.push(matrix(Role::Query, hidden, it.inner()));
}

fn dense(pieces: &mut Vec<Piece>, width: u64, gated: bool, hidden: u64) {
    pieces.push(matrix(Role::Up, side_by_side(width, gated), hidden));
    pieces.push(Piece::Activation { width, per_token: 1 });
    pieces.push(matrix(Role::Down, hidden, width));
}

fn experts(pieces: &mut Vec<Piece>, moe: Moe, hidden: u64) {
    let Moe { experts, active, expert_ffn, shared_ffn, gated } = moe;
    let routed = |role, outputs, inputs| {
        let routed = Some(Routed { experts, active });
        Piece::Product(Product { routed, ..Product::one(role, outputs, inputs) })
    };
    pieces.push(matrix(Role::Router, experts, hidden));
    pieces.push(routed(Role::Up, side_by_side(expert_ffn, gated), hidden));
    pieces.push(Piece::Activation { width: expert_ffn, per_token: active });
    pieces.push(routed(Role::Down, hidden, expert_ffn));
    if shared_ffn > 0 {
        dense(pieces, shared_ffn, gated, hidden);
    }
}

fn matrix(role: Role, outputs: u64, inputs: u64) -> Piece {
    Piece::Product(Product::one(role, outputs, inputs))
}

/// Gate and up, or up alone.
fn side_by_side(width: u64, gated: bool) -> u64 {
    if gated { 2 * width } else { width }
}
