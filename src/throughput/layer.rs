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
    /// The sum of the means of the same kernels over its mean, where each was measured at the very size. Times add up in
    /// means, not in medians: a median leaves out the moments at which the machine did something else, and a chain of
    /// short dispatches meets one in most of its samples.
    pub ratio_of_mean: Option<f64>,
    /// Its fastest sample: where other load shares the machine, the one that it disturbed least.
    pub measured_fastest: Seconds,
    /// The sum over the fastest samples of the same kernels.
    pub predicted_fastest: Seconds,
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

    /// The same of the fastest samples.
    pub fn ratio_of_fastest(&self) -> f64 {
        self.predicted_fastest.0 / self.measured_fastest.0
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
            let measured_fastest = Seconds(row.timing()?.seconds.min);
            let timed = |op: &Op| self.op_seconds(op).ok();
            let counted = layer.counted_ops();
            let times: Vec<(f64, f64)> = counted.iter().map(timed).collect::<Option<_>>()?;
            let predicted = Seconds(times.iter().map(|time| time.0).sum());
            let predicted_fastest = Seconds(times.iter().map(|time| time.1).sum());
            let mean = |op: &Op| Some(row_of(rows, op)?.timing()?.seconds.mean);
            let means: Option<f64> = counted.iter().map(mean).sum();
            let ops = counted.into_iter().zip(times).map(|(op, time)| (op, Seconds(time.0))).collect();
            let ratio_of_mean = means.zip(row.timing()).map(|(means, timing)| means / timing.seconds.mean);
            Some(LayerTime {
                layer,
                ratio_of_mean,
                measured,
                predicted,
                measured_fastest,
                predicted_fastest,
                ops,
            })
        };
        rows.iter().filter_map(time).collect()
    }
}

/// The row of an op; the one with cold caches where there is a choice.
fn row_of<'m>(rows: &'m [Measurement], op: &Op) -> Option<&'m Measurement> {
    let of_op = rows.iter().filter(|row| row.op == *op && row.timing().is_some());
    of_op.max_by_key(|row| row.cache)
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
        // Files of a scheme may hold it in another format than the layers: here it is in theirs.
        Pass::Head { .. } => return Ok(layer),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::{self, read_models};

    fn model(name: &str) -> Architecture {
        let models = read_models(&include_bytes!("../../data/models.csv")[..]).unwrap();
        arch::find(&models, name).unwrap().clone()
    }

    const DECODE: Pass = Pass::Decode { batch: 8, context: 512 };

    #[test]
    fn a_layer_runs_the_ops_that_the_list_of_its_model_counts() {
        for name in ["llama-3.1-8b", "qwen3-30b-a3b", "mixtral-8x7b"] {
            for pass in [DECODE, Pass::Prefill { tokens: 128 }, Pass::Head { batch: 1, vocab: 0 }] {
                let model = model(name);
                let pass = match pass {
                    Pass::Head { batch, .. } => Pass::Head { batch, vocab: model.vocab },
                    pass => pass,
                };
                let layer = layer_of(&model, pass, Format::Q4_0).unwrap();
                assert!(!layer.counted_ops().is_empty(), "{name}");
            }
        }
        let other = model("llama-3.1-70b");
        let layer = layer_of(&model("llama-3.1-8b"), DECODE, Format::Q4_0).unwrap();
        assert!(unlike(&layer, &other.decode_ops(8, 512, Format::Q4_0)).is_some());
    }

    #[test]
    fn blocks_that_no_chain_runs_are_refused_by_name() {
        for (name, block) in [("deepseek-v3", "latent attention"), ("gpt-oss-20b", "sliding-window")] {
            let refused = layer_of(&model(name), DECODE, Format::Q4_0).unwrap_err();
            assert!(refused.contains(block), "{refused}");
        }
    }

    #[test]
    fn the_ratio_is_the_geometric_median_with_its_range() {
        let layer = layer_of(&model("llama-3.1-8b"), DECODE, Format::Q4_0).unwrap();
        let time = |predicted: f64| LayerTime {
            layer,
            measured: Seconds(1.0),
            predicted: Seconds(predicted),
            ratio_of_mean: None,
            measured_fastest: Seconds(0.5),
            predicted_fastest: Seconds(predicted),
            ops: Vec::new(),
        };
        let ratio = LayerRatio::of(&[time(2.0), time(0.5), time(0.9)]).unwrap();
        assert!((ratio.mid - 0.9).abs() < 1e-12 && (ratio.low, ratio.high) == (0.5, 2.0), "{ratio}");
        assert_eq!(time(2.0).ratio_of_fastest(), 4.0);
        assert_eq!(LayerRatio::of(&[]), None);
    }
}
