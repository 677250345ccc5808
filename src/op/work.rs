//! How many FLOP and bytes an op takes.

use super::Op;
use crate::units::{Bytes, Flops};

/// Expected share of experts that at least one of `tokens` tokens visits under uniform routing:
/// `1 - (1 - k/E)^N`.
pub fn expert_coverage(tokens: u64, experts: u64, active: u64) -> f64 {
    skewed_expert_coverage(tokens as f64, experts, active, 0.0)
}

/// The same where experts are not equally popular: the i-th is chosen in proportion to `i^-zipf`, no expert more than
/// once per token. `mean over i of 1 - (1 - q_i)^N` with `q_i = min(1, c·i^-zipf)` and `c` such that the `q_i` add up
/// to `active`. An exponent of 0 is [`expert_coverage`]; the larger it is, the fewer experts are visited.
pub fn skewed_expert_coverage(tokens: f64, experts: u64, active: u64, zipf: f64) -> f64 {
    if zipf <= 0.0 || active >= experts {
        return 1.0 - (1.0 - active as f64 / experts as f64).max(0.0).powf(tokens);
    }
    let popular: Vec<f64> = (1..=experts).map(|rank| (rank as f64).powf(-zipf)).collect();
    // Experts that every token visits, most popular first, take what is left of `active` from the others.
    let (mut always, mut rest) = (0, popular.iter().sum::<f64>());
    for weight in &popular {
        if (active - always) as f64 * weight < rest || always + 1 >= active {
            break;
        }
        always += 1;
        rest -= weight;
    }
    let scale = (active - always) as f64 / rest;
    let others = popular.iter().skip(always as usize);
    let visited: f64 = others.map(|weight| 1.0 - (1.0 - (scale * weight).min(1.0)).powf(tokens)).sum();
    (always as f64 + visited) / experts as f64
}

impl Op {
    /// Floating-point operations. Attention counts both products (`4·heads·d` per query-key pair, Dao et al.,
    /// "FlashAttention", 2022); causal prefill counts only the pairs that exist.
    pub fn flops(&self) -> Flops {
        let product = |factors: &[u64]| factors.iter().map(|factor| *factor as f64).product::<f64>();
        Flops(match *self {
            Self::Copy { .. } | Self::Read { .. } | Self::Dispatch { .. } | Self::Gather { .. } => 0.0,
            Self::Fma { flops, .. } | Self::Dot4 { flops } | Self::MatrixFma { flops } => flops as f64,
            // One multiply-add per element of four bytes.
            Self::Triad { bytes } => bytes as f64 / 2.0,
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
            Self::AddRmsNorm { rows, width } => 5.0 * product(&[rows, width]),
            Self::Add { rows, width } => product(&[rows, width]),
            Self::SiluMul { rows, width } => 5.0 * product(&[rows, width]),
            Self::Rope { rows, heads, head_dim } => 3.0 * product(&[rows, heads, head_dim]),
            // A comparison, a difference, an exponential and a sum per logit.
            Self::Sample { rows, vocab } => 4.0 * product(&[rows, vocab]),
            // Every GPU adds its share of the others' halves.
            Self::AllReduce { bytes, workers } => {
                bytes as f64 / 2.0 * (workers as f64 - 1.0) / workers as f64
            }
            // Each of the chosen looks at every logit.
            Self::Route { tokens, experts, active } => product(&[tokens, experts, active]),
            Self::Layer(layer) => layer.ops().iter().map(|op| op.flops().0).sum(),
        })
    }

    /// Bytes that must cross the memory bus at least once: every operand read once, every result written once.
    /// Weights that no token visits are not read ([`expert_coverage`]).
    pub fn bytes(&self) -> Bytes {
        let act = match self {
            Self::AttentionDecode { .. } => 2.0,
            _ => self.format().activation_bytes(),
        };
        let input = self.format().input_bytes();
        let product = |factors: &[u64]| factors.iter().map(|factor| *factor as f64).product::<f64>();
        Bytes(match *self {
            // What they read and write only sees to that nothing is left out.
            Self::Fma { .. } | Self::Dot4 { .. } | Self::MatrixFma { .. } => 0.0,
            Self::Read { bytes } => bytes as f64,
            Self::Copy { bytes } => 2.0 * bytes as f64,
            Self::Triad { bytes } => 3.0 * bytes as f64,
            Self::Matmul { tokens, outputs, inputs, weights } => {
                product(&[outputs, inputs]) * weights.bytes_per_weight()
                    + product(&[tokens, inputs]) * input
                    + product(&[tokens, outputs]) * act
            }
            Self::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } => {
                product(&[experts, outputs, inputs])
                    * expert_coverage(tokens, experts, active)
                    * weights.bytes_per_weight()
                    + product(&[tokens, active, inputs]) * input
                    + product(&[tokens, active, outputs]) * act
            }
            Self::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, .. } => {
                product(&[tokens, heads + kv_heads, qk_dim + v_dim]) * act
            }
            Self::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv, .. } => {
                2.0 * product(&[batch, head_dim, context, kv_heads]) * kv.bytes_per_weight()
                    + 2.0 * product(&[batch, head_dim, heads]) * act
            }
            Self::LatentDecode { batch, context, heads, latent, rope } => {
                (product(&[batch, context, latent + rope]) + product(&[batch, heads, 2 * latent + rope]))
                    * act
            }
            Self::RmsNorm { rows, width } => (2.0 * product(&[rows, width]) + width as f64) * act,
            Self::AddRmsNorm { rows, width } => (4.0 * product(&[rows, width]) + width as f64) * act,
            Self::Add { rows, width } => 3.0 * product(&[rows, width]) * act,
            Self::SiluMul { rows, width } => 3.0 * product(&[rows, width]) * act,
            Self::Rope { rows, heads, head_dim } => 2.0 * product(&[rows, heads, head_dim]) * act,
            // The row and its number in, the row out.
            Self::Gather { rows, width, .. } => rows as f64 * (2.0 * width as f64 * act + 4.0),
            // A token and its probability out.
            Self::Sample { rows, vocab } => rows as f64 * (vocab as f64 * act + 8.0),
            // An expert and its weight out, four bytes each.
            Self::Route { tokens, experts, active } => product(&[tokens, experts + 2 * active]) * act,
            // What crosses the link one way: 2·(T − 1)/T of the buffer.
            Self::AllReduce { bytes, workers } => {
                2.0 * bytes as f64 * (workers as f64 - 1.0) / workers as f64
            }
            Self::Dispatch { chain } => 8.0 * chain as f64,
            Self::Layer(layer) => layer.ops().iter().map(|op| op.bytes().0).sum(),
        })
    }
}

/// Query-key pairs of causal attention when a query sees at most `window` keys, itself included.
fn causal_pairs(tokens: u64, window: u64) -> f64 {
    let ramp = tokens.min(window) as f64;
    ramp * (ramp + 1.0) / 2.0 + (tokens as f64 - ramp) * ramp
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Format;

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
    fn uneven_experts_are_fewer_and_none_is_visited_twice_by_a_token() {
        let coverage = |tokens, zipf| skewed_expert_coverage(tokens, 256, 8, zipf);
        for tokens in [1.0, 16.0, 64.0, 1e6] {
            assert!((coverage(tokens, 0.0) - expert_coverage(tokens as u64, 256, 8)).abs() < 1e-12);
        }
        assert!(
            (coverage(1.0, 1.0) - 8.0 / 256.0).abs() < 1e-12,
            "a token visits eight experts whatever the skew"
        );
        assert!((coverage(1.0, 4.0) - 8.0 / 256.0).abs() < 1e-3, "{}", coverage(1.0, 4.0));
        let steps: Vec<f64> = [0.0, 0.25, 0.5, 1.0, 2.0].iter().map(|zipf| coverage(64.0, *zipf)).collect();
        assert!(steps.is_sorted_by(|a, b| a > b), "{steps:?}");
        assert_eq!(skewed_expert_coverage(3.0, 4, 4, 1.0), 1.0);
    }

    #[test]
    fn expert_coverage_matches_the_published_values() {
        for (tokens, share) in [(1, 0.031), (16, 0.398), (64, 0.869)] {
            assert!((expert_coverage(tokens, 256, 8) - share).abs() < 5e-4);
        }
    }
}
