//! One piece of work: what it is, how large, in which format, and so how many FLOP and bytes it takes.
//!
//! The same type names a measured cell and a step of a model, so a measurement and the question it answers
//! use one formula. All counts are per execution of the op.

mod format;

use std::collections::BTreeMap;
use std::fmt;

pub use format::Format;

use crate::units::{Bytes, Flops};

/// A piece of work. Widths are in elements, `tokens`, `rows`, `batch` and `context` in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
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
    /// One new query per sequence over its KV cache in 16 bit.
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
    /// `chain` dispatches of next to no work, each waiting for the one before.
    Dispatch {
        /// Dispatches in a row.
        chain: u64,
    },
}

/// Expected share of experts that at least one of `tokens` tokens visits under uniform routing:
/// `1 - (1 - k/E)^N`.
pub fn expert_coverage(tokens: u64, experts: u64, active: u64) -> f64 {
    1.0 - (1.0 - active as f64 / experts as f64).powf(tokens as f64)
}

/// The names that [`Op::kernel`] gives.
pub const KERNELS: [&str; 11] = [
    "copy",
    "gemv",
    "gemm",
    "expert_gemm",
    "attention_prefill",
    "attention_decode",
    "latent_decode",
    "rmsnorm",
    "silu_mul",
    "rope",
    "dispatch",
];

impl Op {
    /// The kernel that runs this op, as named in `measurements.csv`.
    pub fn kernel(&self) -> &'static str {
        match self {
            Self::Copy { .. } => "copy",
            Self::Matmul { tokens: 1, .. } => "gemv",
            Self::Matmul { .. } => "gemm",
            Self::ExpertMatmul { .. } => "expert_gemm",
            Self::AttentionPrefill { .. } => "attention_prefill",
            Self::AttentionDecode { .. } => "attention_decode",
            Self::LatentDecode { .. } => "latent_decode",
            Self::RmsNorm { .. } => "rmsnorm",
            Self::SiluMul { .. } => "silu_mul",
            Self::Rope { .. } => "rope",
            Self::Dispatch { .. } => "dispatch",
        }
    }

    /// The element format; the weights' format where there are weights.
    pub fn format(&self) -> Format {
        match self {
            Self::Matmul { weights, .. } | Self::ExpertMatmul { weights, .. } => *weights,
            Self::Copy { .. } | Self::Dispatch { .. } => Format::F32,
            _ => Format::F16,
        }
    }

    /// Floating-point operations. Attention counts both products (`4·heads·d` per query-key pair, Dao et al.,
    /// "FlashAttention", 2022); causal prefill counts only the pairs that exist.
    pub fn flops(&self) -> Flops {
        let product = |factors: &[u64]| factors.iter().map(|factor| *factor as f64).product::<f64>();
        Flops(match *self {
            Self::Copy { .. } | Self::Dispatch { .. } => 0.0,
            Self::Matmul { tokens, outputs, inputs, .. } => 2.0 * product(&[tokens, outputs, inputs]),
            Self::ExpertMatmul { tokens, active, outputs, inputs, .. } => {
                2.0 * product(&[tokens, active, outputs, inputs])
            }
            Self::AttentionPrefill { tokens, heads, qk_dim, v_dim, window, .. } => {
                2.0 * product(&[heads, qk_dim + v_dim]) * causal_pairs(tokens, window)
            }
            Self::AttentionDecode { batch, context, heads, head_dim, .. } => {
                4.0 * product(&[batch, context, heads, head_dim])
            }
            Self::LatentDecode { batch, context, heads, latent, rope } => {
                2.0 * product(&[batch, context, heads, 2 * latent + rope])
            }
            Self::RmsNorm { rows, width } => 4.0 * product(&[rows, width]),
            Self::SiluMul { rows, width } => 5.0 * product(&[rows, width]),
            Self::Rope { rows, heads, head_dim } => 3.0 * product(&[rows, heads, head_dim]),
        })
    }

    /// Bytes that must cross the memory bus at least once: every operand read once, every result written once.
    /// Weights that no token visits are not read ([`expert_coverage`]).
    pub fn bytes(&self) -> Bytes {
        let act = self.format().activation_bytes();
        let product = |factors: &[u64]| factors.iter().map(|factor| *factor as f64).product::<f64>();
        Bytes(match *self {
            Self::Copy { bytes } => 2.0 * bytes as f64,
            Self::Matmul { tokens, outputs, inputs, weights } => {
                product(&[outputs, inputs]) * weights.bytes_per_weight()
                    + product(&[tokens, inputs + outputs]) * act
            }
            Self::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } => {
                product(&[experts, outputs, inputs])
                    * expert_coverage(tokens, experts, active)
                    * weights.bytes_per_weight()
                    + product(&[tokens, active, inputs + outputs]) * act
            }
            Self::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, .. } => {
                product(&[tokens, heads + kv_heads, qk_dim + v_dim]) * act
            }
            Self::AttentionDecode { batch, context, heads, kv_heads, head_dim } => {
                product(&[batch, head_dim, 2 * (context * kv_heads + heads)]) * act
            }
            Self::LatentDecode { batch, context, heads, latent, rope } => {
                (product(&[batch, context, latent + rope]) + product(&[batch, heads, 2 * latent + rope]))
                    * act
            }
            Self::RmsNorm { rows, width } => (2.0 * product(&[rows, width]) + width as f64) * act,
            Self::SiluMul { rows, width } => 3.0 * product(&[rows, width]) * act,
            Self::Rope { rows, heads, head_dim } => 2.0 * product(&[rows, heads, head_dim]) * act,
            Self::Dispatch { chain } => 8.0 * chain as f64,
        })
    }

    /// The sizes as `key=value` pairs joined by `;`, in a fixed order: the `shape` column.
    pub fn shape(&self) -> String {
        self.sizes().iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(";")
    }

    /// Rebuilds an op from the columns `kernel`, `format` and `shape`.
    ///
    /// # Errors
    /// A sentence naming the kernel, format or size that is unknown, missing or zero.
    pub fn parse(kernel: &str, format: &str, shape: &str) -> Result<Self, String> {
        let weights: Format = format.parse()?;
        let mut sizes = parse_shape(shape)?;
        let mut take = |key: &str| {
            sizes.remove(key).ok_or_else(|| format!("shape \"{}\" lacks {key}", shape.escape_debug()))
        };
        let op = match kernel {
            "copy" => Self::Copy { bytes: take("bytes")? },
            "gemm" | "gemv" => {
                Self::Matmul { tokens: take("m")?, outputs: take("n")?, inputs: take("k")?, weights }
            }
            "attention_prefill" => Self::AttentionPrefill {
                tokens: take("tokens")?,
                heads: take("heads")?,
                kv_heads: take("kv_heads")?,
                qk_dim: take("qk_dim")?,
                v_dim: take("v_dim")?,
                window: take("window")?,
            },
            "attention_decode" => Self::AttentionDecode {
                batch: take("batch")?,
                context: take("context")?,
                heads: take("heads")?,
                kv_heads: take("kv_heads")?,
                head_dim: take("head_dim")?,
            },
            "rmsnorm" => Self::RmsNorm { rows: take("rows")?, width: take("width")? },
            "silu_mul" => Self::SiluMul { rows: take("rows")?, width: take("width")? },
            "rope" => Self::Rope { rows: take("rows")?, heads: take("heads")?, head_dim: take("head_dim")? },
            "dispatch" => Self::Dispatch { chain: take("chain")? },
            _ => return Err(format!("unknown kernel \"{}\"", kernel.escape_debug())),
        };
        if let Some(extra) = sizes.keys().next() {
            return Err(format!("shape \"{}\" has an unknown size {extra}", shape.escape_debug()));
        }
        if op.kernel() != kernel || op.format() != weights {
            return Err(format!("{kernel} in {format} with shape \"{}\" is {op}", shape.escape_debug()));
        }
        Ok(op)
    }

    fn sizes(&self) -> Vec<(&'static str, u64)> {
        match *self {
            Self::Copy { bytes } => vec![("bytes", bytes)],
            Self::Matmul { tokens, outputs, inputs, .. } => {
                vec![("m", tokens), ("n", outputs), ("k", inputs)]
            }
            Self::ExpertMatmul { tokens, experts, active, outputs, inputs, .. } => {
                vec![("m", tokens), ("experts", experts), ("active", active), ("n", outputs), ("k", inputs)]
            }
            Self::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window } => vec![
                ("tokens", tokens),
                ("heads", heads),
                ("kv_heads", kv_heads),
                ("qk_dim", qk_dim),
                ("v_dim", v_dim),
                ("window", window),
            ],
            Self::AttentionDecode { batch, context, heads, kv_heads, head_dim } => vec![
                ("batch", batch),
                ("context", context),
                ("heads", heads),
                ("kv_heads", kv_heads),
                ("head_dim", head_dim),
            ],
            Self::LatentDecode { batch, context, heads, latent, rope } => vec![
                ("batch", batch),
                ("context", context),
                ("heads", heads),
                ("latent", latent),
                ("rope", rope),
            ],
            Self::RmsNorm { rows, width } | Self::SiluMul { rows, width } => {
                vec![("rows", rows), ("width", width)]
            }
            Self::Rope { rows, heads, head_dim } => {
                vec![("rows", rows), ("heads", heads), ("head_dim", head_dim)]
            }
            Self::Dispatch { chain } => vec![("chain", chain)],
        }
    }
}

/// Query-key pairs of causal attention when a query sees at most `window` keys, itself included.
fn causal_pairs(tokens: u64, window: u64) -> f64 {
    let ramp = tokens.min(window) as f64;
    ramp * (ramp + 1.0) / 2.0 + (tokens as f64 - ramp) * ramp
}

fn parse_shape(shape: &str) -> Result<BTreeMap<&str, u64>, String> {
    let mut sizes = BTreeMap::new();
    for pair in shape.split(';') {
        let size = pair.split_once('=').and_then(|(key, value)| Some((key, value.parse().ok()?)));
        match size {
            Some((key, value)) if value > 0 && value <= MAX_SIZE => {
                if sizes.insert(key, value).is_some() {
                    return Err(format!("shape \"{}\" names {key} twice", shape.escape_debug()));
                }
            }
            _ => return Err(format!("shape \"{}\" is not key=positive integer;…", shape.escape_debug())),
        }
    }
    Ok(sizes)
}

/// Larger sizes are typing errors; the bound also keeps integer sums of sizes from overflowing.
const MAX_SIZE: u64 = 1 << 40;

impl fmt::Display for Op {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.kernel(), self.format(), self.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn matmul_counts_two_flop_per_weight_and_token() {
        let op = Op::Matmul { tokens: 3, outputs: 5, inputs: 7, weights: Format::F32 };
        assert_eq!(op.flops(), Flops(210.0));
        assert_eq!(op.bytes(), Bytes(4.0 * (35.0 + 21.0 + 15.0)));
    }

    #[test]
    fn quantised_weights_count_their_scales() {
        let op = Op::Matmul { tokens: 1, outputs: 32, inputs: 32, weights: Format::Q4_0 };
        assert_eq!(op.bytes(), Bytes(32.0 * 18.0 + 2.0 * 64.0));
    }

    #[test]
    fn causal_attention_counts_only_pairs_that_exist() {
        let full =
            |window| Op::AttentionPrefill { tokens: 4, heads: 1, kv_heads: 1, qk_dim: 1, v_dim: 1, window };
        assert_eq!(full(4).flops(), Flops(40.0));
        assert_eq!(full(2).flops(), Flops(28.0));
    }

    #[test]
    fn expert_coverage_matches_the_published_values() {
        for (tokens, share) in [(1, 0.031), (16, 0.398), (64, 0.869)] {
            assert!((expert_coverage(tokens, 256, 8) - share).abs() < 5e-4);
        }
    }

    #[test]
    fn hostile_shapes_are_refused_with_a_sentence() {
        for shape in
            ["", "m=1", "m=1;n=2;k=0", "m=1;n=2;k=-3", "m=1;n=2;k=3;k=3", "m=1;n=2;k=3;z=1", "m=1;n=2;k=NaN"]
        {
            assert!(Op::parse("gemv", "f16", shape).is_err(), "{shape}");
        }
        assert!(Op::parse("gemv", "f16", "m=2;n=2;k=3").is_err(), "a gemv has one token");
        assert!(Op::parse("copy", "q4_0", "bytes=4").is_err(), "a copy has no weights");
        assert!(Op::parse("gemm", "f16", "m=99999999999999999999;n=2;k=3").is_err());
    }

    proptest! {
        #[test]
        fn columns_parse_back(m in 1u64..9999, n in 1u64..9999, k in 1u64..9999, f in 0usize..12) {
            let op = Op::Matmul { tokens: m, outputs: n, inputs: k, weights: Format::ALL[f] };
            prop_assert_eq!(Op::parse(op.kernel(), op.format().name(), &op.shape()), Ok(op));
            let op = Op::AttentionDecode { batch: m, context: n, heads: k, kv_heads: m, head_dim: n };
            prop_assert_eq!(Op::parse(op.kernel(), op.format().name(), &op.shape()), Ok(op));
        }
    }
}
