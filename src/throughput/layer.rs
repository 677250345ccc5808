//! What the model predicts for a whole layer beside what the device took for it.

use std::fmt;

use super::Curves;
use crate::arch::{self, Architecture, Block, Grouped, Mixer, Work};
use crate::measurement::Measurement;
use crate::op::{Format, Layer, Mlp, Op, Pass};
use crate::stats;
use crate::units::Seconds;

/// A measured layer and its prediction from separate kernels.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTime {
    /// The layer that ran.
    pub layer: Layer,
    /// Its median.
    pub measured: Seconds,
    /// The sum over `ops`.
    pub predicted: Seconds,
    /// Each counted op with its predicted time, its launch included.
    pub ops: Vec<(Op, Seconds)>,
}

/// Predicted over measured time of the layers of one device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerRatio {
    /// Geometric median over shapes.
    pub mid: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// Shapes measured.
    pub shapes: usize,
}

impl LayerTime {
    /// Predicted over measured: above one where the model is too slow.
    pub fn ratio(&self) -> f64 {
        self.predicted.0 / self.measured.0
    }
}

impl LayerRatio {
    /// `None` without layers.
    pub fn of(times: &[LayerTime]) -> Option<Self> {
        let mut logarithms: Vec<f64> = times.iter().map(|time| time.ratio().ln()).collect();
        logarithms.sort_by(f64::total_cmp);
        let (low, high) = (logarithms.first()?.exp(), logarithms.last()?.exp());
        Some(Self { mid: stats::median(&logarithms)?.exp(), low, high, shapes: logarithms.len() })
    }
}

impl fmt::Display for LayerRatio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mid, low, high, shapes } = self;
        write!(
            out,
            "whole layers on this device: predicted over measured time {mid:.2} ({low:.2} to {high:.2}, \
             {shapes} shapes)"
        )
    }
}

impl Curves {
    /// The verified layers among merged rows, each beside its prediction; those whose format was not measured apart
    /// are left out.
    pub fn layers(&self, rows: &[Measurement]) -> Vec<LayerTime> {
        let time = |row: &Measurement| {
            let Op::Layer(layer) = row.op else { return None };
            let measured = Seconds(row.timing()?.seconds.median);
            let timed = |op: Op| Some((op, Seconds(self.op_seconds(&op).ok()?)));
            let ops: Vec<_> = layer.counted_ops().into_iter().map(timed).collect::<Option<_>>()?;
            let predicted = Seconds(ops.iter().map(|(_, seconds)| seconds.0).sum());
            Some(LayerTime { layer, measured, predicted, ops })
        };
        rows.iter().filter_map(time).collect()
    }
}

/// A layer of a model, or its output matrix; of a mixture of experts a layer with experts.
///
/// # Errors
/// The block of the model that a chain of kernels cannot run, or the op that the list of its step counts otherwise.
pub fn layer_of(model: &Architecture, pass: Pass, weights: Format) -> Result<Layer, String> {
    let refused = |block: &str| Err(format!("{}: {block} cannot be run as a whole layer", model.name));
    let with_experts = |block: &&Block| matches!(block.mlp, Some(arch::Mlp::Experts(_)));
    let first = || model.stack.blocks().map(|(block, _)| block);
    let Some(block) = first().find(with_experts).or_else(|| first().next()) else {
        return refused("a model without layers");
    };
    let Grouped { heads, kv_heads, head_dim, .. } = match block.mixer {
        Some(Mixer::Latent(_)) => return refused("multi-head latent attention"),
        Some(Mixer::Recurrent(_)) => return refused("a recurrent layer"),
        Some(Mixer::Grouped(Grouped { window: Some(_), .. })) => return refused("sliding-window attention"),
        Some(Mixer::Grouped(Grouped { output_gate: true, .. })) => return refused("gated attention"),
        Some(Mixer::Grouped(it)) => it,
        None => return refused("a layer without attention"),
    };
    let mlp = match block.mlp {
        Some(arch::Mlp::Experts(moe)) if moe.shared_ffn > 0 => return refused("shared experts"),
        Some(arch::Mlp::Experts(moe)) if !moe.gated => return refused("experts without a gate"),
        Some(arch::Mlp::Experts(moe)) => {
            Mlp::Experts { experts: moe.experts, active: moe.active, ffn: moe.expert_ffn }
        }
        Some(arch::Mlp::Dense { gated: false, .. }) => return refused("an MLP without a gate"),
        Some(arch::Mlp::Dense { width, .. }) => Mlp::Dense { ffn: width },
        None => return refused("a layer without an MLP"),
    };
    let layer = Layer { pass, hidden: model.hidden, heads, kv_heads, head_dim, mlp, weights };
    let counted = match pass {
        Pass::Decode { batch, context } => model.decode_ops(batch, context, weights),
        Pass::Prefill { tokens } => model.prefill_ops(tokens, weights),
        Pass::Head { batch, .. } => model.decode_ops(batch, 1, weights),
    };
    match unlike(&layer, &counted) {
        Some(op) => refused(&format!("{op}, which a step of it holds or lacks,")),
        None => Ok(layer),
    }
}

/// An op that the layer runs and the list of a step does not count, or the other way round: a prediction would be one of
/// something else.
fn unlike(layer: &Layer, works: &[Work]) -> Option<Op> {
    let own = layer.counted_ops();
    let counted = |op: &Op| works.iter().any(|work| work.op == *op);
    if let Some(op) = own.iter().find(|op| !counted(op)) {
        return Some(*op);
    }
    // The output matrix and the dense layers of a mixture are not part of the layer.
    let is_once = |work: &&Work| work.times > 1 && !matches!(layer.pass, Pass::Head { .. });
    let most = works.iter().map(|work| work.times).max().unwrap_or_default() / 2;
    works
        .iter()
        .filter(is_once)
        .find(|work| work.times >= most && !own.contains(&work.op))
        .map(|work| work.op)
}
