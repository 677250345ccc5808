//! The batch that serves best.

use super::{Device, Estimate, Memory, Workload, estimate, max_batch};
use crate::arch::Architecture;
use crate::units::Seconds;

/// The largest batch that [`batches`] offers.
const MOST_SEQUENCES: u64 = 256;

/// What a batch must reach to count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Target {
    /// Longest time per output token.
    pub tpot: Option<Seconds>,
}

/// Batch sizes worth trying: powers of two up to what fits, at most 256.
pub fn batches(max_batch: Option<u64>) -> Vec<u64> {
    let most = max_batch.unwrap_or(MOST_SEQUENCES).min(MOST_SEQUENCES);
    (0..=MOST_SEQUENCES.ilog2()).map(|power| 1 << power).take_while(|batch| *batch <= most).collect()
}

/// The estimate at the batch of [`batches`] with the most output tokens per second when prefill and decode share
/// the device, of those that reach the target: the lowest cost per token whatever the price. The smallest batch of
/// equals; `None` where no batch has rates. Where none reaches the target, that of one sequence, which says so. The batch
/// in `workload` is not looked at.
pub fn best_batch(
    model: &Architecture,
    workload: Workload,
    device: Device<'_>,
    memory: Option<Memory>,
    target: Target,
) -> Option<Estimate> {
    let most = memory.map(|memory| max_batch(model, workload, memory, 1.0));
    let mut best: Option<(f64, Estimate)> = None;
    let mut alone: Option<Estimate> = None;
    for batch in batches(most) {
        let candidate = estimate(model, Workload { batch, ..workload }, device, memory);
        let Some(rates) = candidate.rates else { continue };
        let throughput = rates.output_tokens_per_s.mid.0;
        let reached = target.tpot.is_none_or(|most| rates.tpot_s.mid.0 <= most.0);
        if reached && best.as_ref().is_none_or(|(most, _)| throughput > *most) {
            best = Some((throughput, candidate));
        } else if batch == 1 {
            alone = Some(candidate);
        }
    }
    best.map(|(_, estimate)| estimate).or_else(|| alone.map(|estimate| missed(estimate, target)))
}

/// The estimate with the note that its target is out of reach.
fn missed(mut estimate: Estimate, target: Target) -> Estimate {
    if let Some(tpot) = target.tpot {
        estimate.notes.push(format!("no batch answers within {:.1} ms per output token", tpot.0 * 1e3));
    }
    estimate
}
