//! Prefill in between: what the prompts of the others add to the time per output token.
//!
//! Engines put a chunk of prompt tokens and the decode tokens of the batch into one pass: the matrix products read the
//! weights once for all of them, attention stays apart. While a request decodes its `osl` tokens, each of the `batch − 1`
//! others is replaced once, so `(batch − 1)·isl` prompt tokens ride along; its own prompt came before its first token.
//! With C prompt tokens in a mixed step, there is one in every `osl·C / ((batch − 1)·isl)` steps:
//!
//! ```text
//! TPOT = t(B) + (B − 1)·(isl/osl) · [t(B + C) − t(B)] / C
//! ```
//!
//! At one sequence that is the step alone. Where there is more than one mixed step per step, the same line goes on: a
//! pass that computes takes longer in proportion to its tokens. Nothing is fitted.

use super::Workload;
use crate::arch::Work;
use crate::op::Op;
use crate::units::{Interval, Seconds};

/// The ops of one pass over the decode tokens of `decode` and the prompts of `prefill`: ops that differ in nothing but
/// their tokens become one op.
pub(super) fn works(decode: &[Work], prefill: &[Work]) -> Vec<Work> {
    let mut all = decode.to_vec();
    let mut free: Vec<bool> = vec![true; all.len()];
    for work in prefill {
        let partner = all.iter().zip(&free).position(|(it, free)| *free && joined(*it, *work).is_some());
        match partner.and_then(|place| Some((all.get_mut(place)?, free.get_mut(place)?))) {
            Some((it, free)) => {
                *it = joined(*it, *work).unwrap_or(*it);
                *free = false;
            }
            None => all.push(*work),
        }
    }
    all
}

/// One op over the tokens of both; `None` where they are not the same work.
fn joined(a: Work, b: Work) -> Option<Work> {
    if a.times != b.times {
        return None;
    }
    let op = match (a.op, b.op) {
        (Op::Matmul { tokens, .. }, Op::Matmul { tokens: more, .. })
        | (Op::ExpertMatmul { tokens, .. }, Op::ExpertMatmul { tokens: more, .. }) => {
            (with_tokens(a.op, 0) == with_tokens(b.op, 0)).then(|| with_tokens(a.op, tokens + more))
        }
        (Op::RmsNorm { rows, .. }, Op::RmsNorm { rows: more, .. })
        | (Op::SiluMul { rows, .. }, Op::SiluMul { rows: more, .. })
        | (Op::Rope { rows, .. }, Op::Rope { rows: more, .. }) => {
            (with_tokens(a.op, 0) == with_tokens(b.op, 0)).then(|| with_tokens(a.op, rows + more))
        }
        // What a link carries for the tokens of both, it carries at once.
        (Op::AllReduce { bytes, workers }, Op::AllReduce { bytes: more, workers: others }) => {
            (workers == others).then_some(Op::AllReduce { bytes: bytes + more, workers })
        }
        _ => None,
    }?;
    Some(Work { op, times: a.times })
}

fn with_tokens(mut op: Op, count: u64) -> Op {
    match &mut op {
        Op::Matmul { tokens, .. } | Op::ExpertMatmul { tokens, .. } => *tokens = count,
        Op::RmsNorm { rows, .. } | Op::SiluMul { rows, .. } | Op::Rope { rows, .. } => *rows = count,
        _ => {}
    }
    op
}

/// The time per output token of one of the sequences of a workload: `decode` is a step of them alone, `mixed` one with
/// `prompts` whole prompts beside.
pub(super) fn time_per_output_token(
    workload: Workload,
    decode: Interval<Seconds>,
    mixed: Interval<Seconds>,
    prompts: u64,
) -> Interval<Seconds> {
    let Workload { batch, osl, .. } = workload;
    let steps = batch.saturating_sub(1) as f64 / (osl as f64 * prompts as f64);
    let one = |alone: Seconds, beside: Seconds| Seconds(alone.0 + steps * (beside.0 - alone.0).max(0.0));
    Interval {
        low: one(decode.low, mixed.low),
        mid: one(decode.mid, mixed.mid),
        high: one(decode.high, mixed.high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Format;

    fn even(seconds: f64) -> Interval<Seconds> {
        Interval { low: Seconds(seconds), mid: Seconds(seconds), high: Seconds(seconds) }
    }

    fn product(tokens: u64, outputs: u64, times: u64) -> Work {
        Work { op: Op::Matmul { tokens, outputs, inputs: 64, weights: Format::F16 }, times }
    }

    #[test]
    fn one_sequence_waits_for_nobody_and_many_for_the_share_of_the_others() {
        let workload = |batch| Workload { weights: Format::F16, batch, isl: 1000, osl: 100 };
        let tpot =
            |batch, prompts| time_per_output_token(workload(batch), even(0.01), even(0.05), prompts).mid.0;
        assert_eq!(tpot(1, 2), 0.01);
        assert!((tpot(11, 2) - (0.95 * 0.01 + 0.05 * 0.05)).abs() < 1e-12, "one step in twenty is mixed");
        assert!((tpot(401, 2) - 0.09).abs() < 1e-12, "two mixed steps per step");
    }

    #[test]
    fn products_of_both_read_their_weights_once_and_attention_stays_apart() {
        let (heads, kv_heads) = (2, 1);
        let attend = |batch| {
            let (context, head_dim, kv, page) = (9, 64, Format::F16, None);
            Work { op: Op::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv, page }, times: 3 }
        };
        let prefill_attention = Work {
            op: Op::AttentionPrefill { tokens: 50, heads, kv_heads, qk_dim: 64, v_dim: 64, window: 50 },
            times: 3,
        };
        let norm = |rows| Work { op: Op::RmsNorm { rows, width: 64 }, times: 7 };
        let decode = [product(4, 128, 3), attend(4), norm(4), product(4, 128, 3), product(4, 999, 1)];
        let prefill =
            [product(50, 128, 3), prefill_attention, norm(50), product(50, 128, 3), product(1, 999, 1)];
        assert_eq!(
            works(&decode, &prefill),
            [
                product(54, 128, 3),
                attend(4),
                norm(54),
                product(54, 128, 3),
                product(5, 999, 1),
                prefill_attention
            ]
        );
    }
}
