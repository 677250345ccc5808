//! The ops that one choice of a variant holds for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::op::Op;

/// Ops of one kernel and format that are alike in what decides between its variants.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Class {
    /// Name of the kernel.
    pub kernel: String,
    /// Name of the format.
    pub format: String,
    /// The sizes that it covers, such as `m=17-64`; `all` where one choice holds for every size.
    #[serde(rename = "class")]
    pub sizes: String,
}

impl Class {
    /// The class of an op.
    ///
    /// What the sizes are split by is what a variant's reuse and parallelism hang on: the rows that a matrix tile has
    /// to share a weight with (2–4, 5–16, 17–64 and 65 or more tokens), the width of a head, whether a cache is paged
    /// or a window slides, and the length of a context in powers of four, by which the work is split. Everything else
    /// streams, and one choice per kernel and format holds.
    pub fn of(op: &Op) -> Self {
        let sizes = match *op {
            Op::Matmul { tokens: 1, .. } => "all".into(),
            Op::Matmul { tokens, .. } | Op::ExpertMatmul { tokens, .. } => format!("m={}", batch(tokens)),
            Op::AttentionPrefill { tokens, qk_dim, v_dim, window, .. } => {
                let window = if window < tokens { ";window" } else { "" };
                format!("head={qk_dim}x{v_dim};tokens={}{window}", length(tokens))
            }
            Op::AttentionDecode { context, head_dim, page, .. } => {
                let paged = if page.is_some() { ";paged" } else { "" };
                format!("head={head_dim};context={}{paged}", length(context))
            }
            Op::LatentDecode { context, .. } => format!("context={}", length(context)),
            _ => "all".into(),
        };
        Self { kernel: op.kernel().into(), format: op.format().name().into(), sizes }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.kernel, self.format, self.sizes)
    }
}

/// Tokens that share one pass over the weights.
fn batch(tokens: u64) -> &'static str {
    match tokens {
        0..=1 => "1",
        2..=4 => "2-4",
        5..=16 => "5-16",
        17..=64 => "17-64",
        _ => "65+",
    }
}

/// The powers of four that a length lies between.
fn length(tokens: u64) -> String {
    let power = tokens.max(1).ilog2() / 2;
    let from = 1u64 << (2 * power);
    format!("{from}-{}", from.saturating_mul(4) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Format;
    use proptest::prelude::*;

    fn decode(context: u64, page: Option<u64>) -> String {
        let op = Op::AttentionDecode {
            batch: 1,
            context,
            heads: 8,
            kv_heads: 2,
            head_dim: 128,
            kv: Format::F16,
            page,
        };
        Class::of(&op).to_string()
    }

    fn matmul(tokens: u64) -> String {
        Class::of(&Op::Matmul { tokens, outputs: 64, inputs: 64, weights: Format::Q4_0 }).to_string()
    }

    #[test]
    fn classes_split_where_the_best_variant_may_change() {
        assert_eq!(decode(16_383, None), "attention_decode f16 head=128;context=4096-16383");
        assert_eq!(decode(16_384, Some(16)), "attention_decode f16 head=128;context=16384-65535;paged");
        let tokens = [1, 2, 4, 5, 16, 17, 64, 65, 4096].map(matmul);
        let expected = ["2-4", "2-4", "5-16", "5-16", "17-64", "17-64", "65+", "65+"];
        assert_eq!(tokens[0], "gemv q4_0 all");
        assert_eq!(tokens[1..], expected.map(|sizes| format!("gemm q4_0 m={sizes}")));
        let window = |window| Op::AttentionPrefill {
            tokens: 1024,
            heads: 8,
            kv_heads: 8,
            qk_dim: 64,
            v_dim: 64,
            window,
        };
        assert_eq!(Class::of(&window(1024)).sizes, "head=64x64;tokens=1024-4095");
        assert_eq!(Class::of(&window(128)).sizes, "head=64x64;tokens=1024-4095;window");
        assert_eq!(Class::of(&Op::Dispatch { chain: 7 }).to_string(), "dispatch f32 all");
    }

    proptest! {
        #[test]
        fn a_length_lies_within_the_bounds_that_name_it(tokens in 1u64..1 << 40) {
            let name = length(tokens);
            let (from, to) = name.split_once('-').unwrap();
            let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
            prop_assert!((from..=to).contains(&tokens) && to + 1 == 4 * from);
        }
    }
}
