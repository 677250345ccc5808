//! Tensor parallel: every layer is cut over the devices, which add up their parts twice per layer.

use super::workload::Serving;
use crate::arch::Architecture;
use crate::op::Op;

/// Seconds of an all-reduce of next to nothing between two devices, and between more: NCCL on H100s joined by NVLink,
/// 2 KiB (microsoft/vidur, profiling data of an H100 DGX: 7, 38 and 37 µs for 2, 4 and 8).
const LATENCY_OF_TWO_S: f64 = 7e-6;
const LATENCY_OF_MORE_S: f64 = 38e-6;
/// Share of the link's rate that a large all-reduce reaches: the same data at 64 MiB and two devices.
const ETA_LINK: f64 = 0.63;
/// All-reduces per layer: after attention and after the MLP.
const PER_LAYER: u64 = 2;
/// Bytes of an activation on the link.
const ACTIVATION_BYTES: f64 = 2.0;

/// The part of an op that one of `tp` devices does. Matrices, heads and widths are cut, norms are done by all;
/// devices beyond the KV heads hold copies of them.
pub(super) fn part(mut op: Op, tp: u64) -> Op {
    let cut = |size: &mut u64| *size = size.div_ceil(tp);
    match &mut op {
        Op::Matmul { outputs, .. } | Op::ExpertMatmul { outputs, .. } => cut(outputs),
        Op::AttentionPrefill { heads, kv_heads, .. } | Op::AttentionDecode { heads, kv_heads, .. } => {
            cut(heads);
            cut(kv_heads);
        }
        Op::LatentDecode { heads, .. } | Op::Rope { heads, .. } => cut(heads),
        Op::SiluMul { width, .. } => cut(width),
        _ => {}
    }
    op
}

/// All-reduces of one pass.
pub(super) fn sums(model: &Architecture) -> u64 {
    PER_LAYER * model.layers()
}

/// Bytes of what one all-reduce adds up.
pub(super) fn summed_bytes(model: &Architecture, tokens: f64) -> f64 {
    tokens * model.hidden as f64 * ACTIVATION_BYTES
}

/// Bytes that each device sends, and receives, in one all-reduce: a ring moves `2·(T−1)/T` of what is summed.
pub(super) fn moved_bytes(model: &Architecture, tokens: f64, devices: u64) -> f64 {
    let devices = devices as f64;
    2.0 * (devices - 1.0) / devices * summed_bytes(model, tokens)
}

/// Seconds of the all-reduces of one pass of `tokens` tokens where they were not measured:
/// `2 · L · (latency + bytes moved / (eta · link))`.
pub(super) fn all_reduces(model: &Architecture, serving: &Serving, tokens: f64) -> f64 {
    let (2.., Some(link)) = (serving.tp, serving.link) else { return 0.0 };
    let latency = if serving.tp == 2 { LATENCY_OF_TWO_S } else { LATENCY_OF_MORE_S };
    let moved = moved_bytes(model, tokens, serving.tp) / (ETA_LINK * link.0);
    sums(model) as f64 * (latency + moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Format;

    #[test]
    fn the_parts_of_a_matrix_hold_all_of_it() {
        let whole = Op::Matmul { tokens: 3, outputs: 4096, inputs: 1024, weights: Format::F16 };
        assert_eq!(part(whole, 1), whole);
        assert_eq!(part(whole, 8).flops().0 * 8.0, whole.flops().0);
    }

    #[test]
    fn devices_beyond_the_kv_heads_hold_copies() {
        let (batch, context, heads, kv_heads, head_dim) = (2, 64, 64, 8, 128);
        let whole =
            Op::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv: Format::F16, page: None };
        assert!(matches!(part(whole, 16), Op::AttentionDecode { heads: 4, kv_heads: 1, .. }));
    }
}
