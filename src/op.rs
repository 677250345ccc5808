//! One piece of work: what it is, how large, in which format, and so how many FLOP and bytes it takes.
//!
//! The same type names a measured cell and a step of a model, so a measurement and the question it answers
//! use one formula. All counts are per execution of the op.

mod format;
mod layer;
mod shape;
mod work;

use std::fmt;

pub use format::Format;
pub use layer::{Layer, Mlp, Pass};
pub use work::{expert_coverage, skewed_expert_coverage};

/// A piece of work. Widths are in elements, `tokens`, `rows`, `batch` and `context` in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Multiply-adds on registers only: the arithmetic peak of one element format.
    Fma {
        /// Two per multiply-add.
        flops: u64,
        /// `f32` or `f16`: of the factors and of the sum.
        format: Format,
    },
    /// Dot products of four signed bytes added to a 32-bit integer, on registers only.
    Dot4 {
        /// Two per product of two bytes.
        flops: u64,
    },
    /// Products of f16 matrices in the registers of the matrix units (tensor cores), summed in f32.
    MatrixFma {
        /// Two per multiply-add.
        flops: u64,
    },
    /// Reads one buffer of `bytes` bytes.
    Read {
        /// Bytes read.
        bytes: u64,
    },
    /// `a[i] = b[i] + s · c[i]` over buffers of `bytes` bytes each (McCalpin's STREAM, 1995).
    Triad {
        /// Bytes of each of the three buffers.
        bytes: u64,
    },
    /// Reads and writes one buffer of `bytes` bytes.
    Copy {
        /// Bytes read, and as many written.
        bytes: u64,
    },
    /// `y[tokens, outputs] = x[tokens, inputs] · Wᵀ[inputs, outputs]`; a `gemv` at one token, else a `gemm`.
    Matmul {
        /// Rows of x.
        tokens: u64,
        /// Rows of W.
        outputs: u64,
        /// Shared dimension.
        inputs: u64,
        /// How W is stored.
        weights: Format,
    },
    /// A routed layer: every token visits `active` of `experts` matrices of `outputs × inputs`.
    ExpertMatmul {
        /// Tokens before routing.
        tokens: u64,
        /// Matrices held.
        experts: u64,
        /// Matrices visited per token.
        active: u64,
        /// Rows of each matrix.
        outputs: u64,
        /// Columns of each matrix.
        inputs: u64,
        /// How the matrices are stored.
        weights: Format,
    },
    /// Causal attention of `tokens` queries over themselves.
    AttentionPrefill {
        /// Prompt length.
        tokens: u64,
        /// Query heads.
        heads: u64,
        /// Key and value heads.
        kv_heads: u64,
        /// Width of a query or key head.
        qk_dim: u64,
        /// Width of a value head.
        v_dim: u64,
        /// Most keys that one query sees; `tokens` without a sliding window.
        window: u64,
    },
    /// One new query per sequence over its KV cache.
    AttentionDecode {
        /// Sequences.
        batch: u64,
        /// Keys per sequence.
        context: u64,
        /// Query heads.
        heads: u64,
        /// Key and value heads.
        kv_heads: u64,
        /// Width of a head.
        head_dim: u64,
        /// How keys and values are stored.
        kv: Format,
        /// Tokens per page, where a table says which page of the pool holds which part of a sequence; `None` for
        /// caches in one piece.
        page: Option<u64>,
    },
    /// Multi-head latent attention, absorbed form: all heads share one cached vector per token.
    LatentDecode {
        /// Sequences.
        batch: u64,
        /// Cached vectors per sequence.
        context: u64,
        /// Query heads.
        heads: u64,
        /// Compressed KV width.
        latent: u64,
        /// Rotary part of the key, cached beside the latent.
        rope: u64,
    },
    /// Root-mean-square normalisation of `rows` vectors.
    RmsNorm {
        /// Vectors.
        rows: u64,
        /// Elements per vector.
        width: u64,
    },
    /// `sum = x + r`, and the root-mean-square normalisation of `sum`: the residual add and the norm that follows it, in one
    /// pass as engines fuse them. Both results are written.
    AddRmsNorm {
        /// Vectors.
        rows: u64,
        /// Elements per vector.
        width: u64,
    },
    /// `x + r`, element by element.
    Add {
        /// Vectors.
        rows: u64,
        /// Elements per vector.
        width: u64,
    },
    /// `silu(gate) * up`, element by element.
    SiluMul {
        /// Vectors.
        rows: u64,
        /// Elements per vector.
        width: u64,
    },
    /// Rotary position embedding of queries and keys.
    Rope {
        /// Tokens.
        rows: u64,
        /// Heads per token.
        heads: u64,
        /// Elements per head.
        head_dim: u64,
    },
    /// Copies the rows of an embedding table that the tokens name.
    Gather {
        /// Tokens.
        rows: u64,
        /// Elements per row of the table.
        width: u64,
        /// Rows of the table.
        vocab: u64,
    },
    /// Greedy sampling: softmax over the logits of each row, its largest probability and where that is.
    Sample {
        /// Sequences.
        rows: u64,
        /// Logits per sequence.
        vocab: u64,
    },
    /// Routing: the `active` largest of a token's `experts` logits, in order, and the softmax over those.
    Route {
        /// Tokens.
        tokens: u64,
        /// Logits per token.
        experts: u64,
        /// Experts chosen per token.
        active: u64,
    },
    /// The sum over `workers` GPUs of a buffer that each of them holds, left on all of them.
    AllReduce {
        /// Bytes of the buffer on one GPU.
        bytes: u64,
        /// GPUs.
        workers: u64,
    },
    /// `chain` dispatches of next to no work, each waiting for the one before.
    Dispatch {
        /// Dispatches in a row.
        chain: u64,
    },
    /// A transformer layer, all its ops back to back.
    Layer(Layer),
}

/// The names that [`Op::kernel`] gives.
pub const KERNELS: [&str; 23] = [
    "fma",
    "dot4",
    "matrix_fma",
    "copy",
    "read",
    "triad",
    "gemv",
    "gemm",
    "expert_gemm",
    "attention_prefill",
    "attention_decode",
    "latent_decode",
    "rmsnorm",
    "add_rmsnorm",
    "add",
    "silu_mul",
    "rope",
    "gather",
    "sample",
    "route",
    "all_reduce",
    "dispatch",
    "layer",
];

impl Op {
    /// The kernel that runs this op, as named in `measurements.csv`.
    pub fn kernel(&self) -> &'static str {
        match self {
            Self::Fma { .. } => "fma",
            Self::Dot4 { .. } => "dot4",
            Self::MatrixFma { .. } => "matrix_fma",
            Self::Copy { .. } => "copy",
            Self::Read { .. } => "read",
            Self::Triad { .. } => "triad",
            Self::Matmul { tokens: 1, .. } => "gemv",
            Self::Matmul { .. } => "gemm",
            Self::ExpertMatmul { .. } => "expert_gemm",
            Self::AttentionPrefill { .. } => "attention_prefill",
            Self::AttentionDecode { .. } => "attention_decode",
            Self::LatentDecode { .. } => "latent_decode",
            Self::RmsNorm { .. } => "rmsnorm",
            Self::AddRmsNorm { .. } => "add_rmsnorm",
            Self::Add { .. } => "add",
            Self::SiluMul { .. } => "silu_mul",
            Self::Rope { .. } => "rope",
            Self::Gather { .. } => "gather",
            Self::Sample { .. } => "sample",
            Self::Route { .. } => "route",
            Self::AllReduce { .. } => "all_reduce",
            Self::Dispatch { .. } => "dispatch",
            Self::Layer(_) => "layer",
        }
    }

    /// The element format: the weights' format where there are weights, the cache's where there is one.
    pub fn format(&self) -> Format {
        match self {
            Self::Matmul { weights, .. } | Self::ExpertMatmul { weights, .. } => *weights,
            Self::AttentionDecode { kv, .. } => *kv,
            Self::Layer(layer) => layer.weights,
            Self::Fma { format, .. } => *format,
            Self::Dot4 { .. } => Format::Int8,
            Self::Copy { .. }
            | Self::Read { .. }
            | Self::Triad { .. }
            | Self::Route { .. }
            | Self::Dispatch { .. } => Format::F32,
            _ => Format::F16,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.kernel(), self.format(), self.shape())
    }
}
