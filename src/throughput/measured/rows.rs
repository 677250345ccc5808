//! From the rows of a run to curves.

use std::collections::HashMap;

use super::super::curve::{Cells, Curve, Point, Surface};
use super::{AllReduce, Launch};
use crate::arch::KV_ELEMENT_BYTES;
use crate::measurement::{Cache, Measurement, Timing};
use crate::op::{Format, Op, expert_coverage};

/// Kernels whose rate is bytes per second by bytes.
const ELEMENTWISE: [&str; 8] =
    ["rmsnorm", "add_rmsnorm", "add", "silu_mul", "rope", "gather", "sample", "route"];

/// The rows that carry a speed: per op the fastest variant, measured with cold caches where there is a choice.
pub(super) struct Rows<'m> {
    best: HashMap<Op, Best<'m>>,
    pub(super) launch: Launch,
    /// The cells of the chains behind the launch.
    pub(super) chains: Cells,
}

/// The cell that speaks for an op.
#[derive(Clone, Copy)]
struct Best<'m> {
    timing: &'m Timing,
    /// Its place among the cells, from 1.
    cell: u32,
}

impl<'m> Rows<'m> {
    /// The rows of one run; `imported` where another tool measured it.
    pub(super) fn new(measurements: &'m [Measurement], imported: bool) -> Self {
        let mut best: HashMap<Op, (bool, Best<'_>)> = HashMap::new();
        for (cell, row) in (1..).zip(measurements) {
            let Some(timing) = row.timing() else { continue };
            let hot = row.cache == Cache::Hot;
            let new = (hot, Best { timing, cell });
            let entry = best.entry(row.op).or_insert(new);
            if (hot, timing.seconds.median) < (entry.0, entry.1.timing.seconds.median) {
                *entry = new;
            }
        }
        let best: HashMap<_, _> = best.into_iter().map(|(op, (_, best))| (op, best)).collect();
        let (launch, chains) = launch(&best, imported);
        Self { best, launch, chains }
    }

    /// The kernels without a row that every model needs; attention may be stated.
    pub(super) fn missing(&self, attention_stated: bool) -> Vec<&'static str> {
        let elementwise = self.elementwise();
        let absent = |kernel: &str| !elementwise.iter().any(|entry| entry.0 == kernel);
        let checks = [
            ("gemv", self.gemv().is_empty()),
            ("gemm", self.gemm().is_empty()),
            ("attention_decode", !attention_stated && self.attention_decode().is_empty()),
            ("attention_prefill", !attention_stated && self.attention_prefill().is_none()),
            ("rmsnorm", absent("rmsnorm")),
            ("silu_mul", absent("silu_mul")),
            ("rope", absent("rope")),
        ];
        checks.into_iter().filter(|check| check.1).map(|check| check.0).collect()
    }

    /// The rate of one row without its launch. Noise may leave nothing after the subtraction, so at least half
    /// of the measured time counts as work.
    fn point(&self, best: &Best<'_>, size: f64, work: f64) -> Point {
        let timing = best.timing;
        let seconds = timing.seconds;
        let net = (seconds.median - self.launch.per_op()).max(seconds.median / 2.0);
        Point {
            size,
            rate: work / net,
            fast: seconds.min / seconds.median,
            slow: seconds.q3 / seconds.median,
            power_w: timing.mean_power().map(|power| power.0),
            cells: [best.cell, 0, 0, 0],
        }
    }

    /// One curve per format from the rows for which `of` gives a format, a size and the work.
    fn by_format(&self, of: impl Fn(&Op) -> Option<(Format, f64, f64)>) -> Vec<(Format, Curve)> {
        let mut points: HashMap<Format, Vec<Point>> = HashMap::new();
        for (op, best) in &self.best {
            if let Some((format, size, work)) = of(op) {
                points.entry(format).or_default().push(self.point(best, size, work));
            }
        }
        sorted(
            points.into_iter().filter_map(|(format, points)| Some((format, Curve::new(points)?))).collect(),
        )
    }

    /// One surface per format from the rows for which `of` gives a format, tokens, a size and the work.
    fn surfaces(&self, of: impl Fn(&Op) -> Option<(Format, f64, f64, f64)>) -> Vec<(Format, Surface)> {
        let mut points: HashMap<Format, Vec<(f64, Point)>> = HashMap::new();
        for (op, best) in &self.best {
            if let Some((format, tokens, size, work)) = of(op) {
                points.entry(format).or_default().push((tokens, self.point(best, size, work)));
            }
        }
        sorted(
            points.into_iter().filter_map(|(format, points)| Some((format, Surface::new(points)?))).collect(),
        )
    }

    pub(super) fn gemv(&self) -> Vec<(Format, Curve)> {
        self.by_format(|op| match *op {
            Op::Matmul { tokens: 1, outputs, inputs, weights } => {
                let bytes = outputs as f64 * inputs as f64 * weights.bytes_per_weight();
                Some((weights, bytes, bytes))
            }
            _ => None,
        })
    }

    pub(super) fn gemm(&self) -> Vec<(Format, Surface)> {
        self.surfaces(|op| match *op {
            Op::Matmul { tokens, outputs, inputs, weights } if tokens > 1 => {
                Some((weights, tokens as f64, outputs as f64 * inputs as f64, op.flops().0))
            }
            _ => None,
        })
    }

    pub(super) fn experts(&self) -> Vec<(Format, Surface)> {
        self.surfaces(|op| match *op {
            Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } => {
                let visited = experts as f64 * expert_coverage(tokens, experts, active);
                let each = (tokens * active) as f64 / visited;
                Some((weights, each, outputs as f64 * inputs as f64, op.flops().0))
            }
            _ => None,
        })
    }

    /// Caches in pages have rates of their own, and models are not held to be in pages.
    pub(super) fn attention_decode(&self) -> Vec<(Format, Curve)> {
        self.by_format(|op| match *op {
            Op::AttentionDecode { batch, context, kv_heads, head_dim, kv, page: None, .. } => {
                let elements = 2.0 * batch as f64 * context as f64 * (kv_heads * head_dim) as f64;
                Some((kv, elements * KV_ELEMENT_BYTES, op.bytes().0))
            }
            _ => None,
        })
    }

    /// Windowed rows reach another rate: those of full attention make the curve.
    pub(super) fn attention_prefill(&self) -> Option<Curve> {
        let points = self.best.iter().filter_map(|(op, best)| match *op {
            Op::AttentionPrefill { tokens, window, .. } if window >= tokens => {
                Some(self.point(best, tokens as f64, op.flops().0))
            }
            _ => None,
        });
        Curve::new(points.collect())
    }

    pub(super) fn latent_decode(&self) -> Option<Surface> {
        let points = self.best.iter().filter_map(|(op, best)| match *op {
            Op::LatentDecode { batch, context, heads, latent, rope } => {
                let cached = (batch * context * (latent + rope)) as f64;
                Some((heads as f64, self.point(best, cached, op.flops().0)))
            }
            _ => None,
        });
        Surface::new(points.collect())
    }

    pub(super) fn elementwise(&self) -> Vec<(&'static str, Curve)> {
        ELEMENTWISE.into_iter().filter_map(|kernel| Some((kernel, self.bytes_by_bytes(kernel)?))).collect()
    }

    fn bytes_by_bytes(&self, kernel: &str) -> Option<Curve> {
        let rows = self.best.iter().filter(|(op, _)| op.kernel() == kernel);
        let points = rows.map(|(op, best)| self.point(best, op.bytes().0, op.bytes().0));
        Curve::new(points.collect())
    }

    pub(super) fn all_reduce(&self) -> Vec<AllReduce> {
        AllReduce::curves(self.best.iter().map(|(op, best)| (op, best.timing.seconds.median)))
    }
}

/// In the order of formats, so that equal rows give equal curves.
fn sorted<T>(mut curves: Vec<(Format, T)>) -> Vec<(Format, T)> {
    curves.sort_by_key(|entry| entry.0);
    curves
}

/// `(t(b) − t(a)) / (b − a)` for the shortest and the longest measured chain of dependent dispatches. The times
/// of a run of ours hold their launches, so without a chain there is nothing to add; those of others are of the device
/// alone.
fn launch(best: &HashMap<Op, Best<'_>>, imported: bool) -> (Launch, Cells) {
    let mut chains: Vec<(u64, f64, u32)> = (best.iter())
        .filter_map(|(op, best)| match op {
            Op::Dispatch { chain } => Some((*chain, best.timing.seconds.median, best.cell)),
            _ => None,
        })
        .collect();
    chains.sort_by_key(|chain| chain.0);
    match (chains.first(), chains.last()) {
        (Some(short), Some(long)) if long.0 > short.0 => {
            let seconds = ((long.1 - short.1) / (long.0 - short.0) as f64).max(0.0);
            (Launch::Chain(seconds), [short.2, long.2, 0, 0])
        }
        _ if imported => (Launch::Stated, [0; 4]),
        _ => (Launch::Chain(0.0), [0; 4]),
    }
}
