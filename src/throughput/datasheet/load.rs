//! What a workload asks of a GPU, as times at the datasheet's peaks: everything about a pass but its size.

use super::Engine;
use crate::arch::{Architecture, Work};
use crate::hardware::GpuSpec;
use crate::op::{Format, Op, skewed_expert_coverage};
use crate::throughput::{Workload, parallel};

/// Which experts tokens visit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Routing {
    /// Experts of a layer.
    pub experts: u64,
    /// Those that one token visits.
    pub active: u64,
    /// Exponent of [`skewed_expert_coverage`].
    pub skew: f64,
}

impl Routing {
    /// Expected share of the experts that so many tokens visit; none where there are none.
    pub fn coverage(&self, tokens: f64) -> f64 {
        if self.experts == 0 {
            0.0
        } else {
            skewed_expert_coverage(tokens, self.experts, self.active, self.skew)
        }
    }
}

/// Seconds at peak rates, on each of the GPUs that share the layers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Reading every weight but the experts'.
    pub weights: f64,
    /// Reading all experts.
    pub experts: f64,
    /// Experts of a layer, those that one token visits, and how unevenly.
    pub routing: Routing,
    /// Products per token, experts and output matrix apart.
    pub products: f64,
    /// Products with experts per token.
    pub expert_products: f64,
    /// The output matrix per token that is followed by a new one.
    pub output: f64,
    /// Attention inside one prompt.
    pub prompt_attention: f64,
    /// Reading the KV cache of one sequence.
    pub kv_cache: f64,
    /// Arithmetic of latent attention per sequence.
    pub latent: f64,
    /// Sums between GPUs per token.
    pub link: f64,
    /// One FLOP outside the matrix units for each weight but the experts'.
    pub weights_flop: f64,
    /// The same for all experts.
    pub experts_flop: f64,
    /// The same for each element of the KV cache of one sequence.
    pub kv_flop: f64,
    /// Layers.
    pub layers: f64,
    /// Layers with experts.
    pub expert_layers: f64,
    /// Whether the memory is stacked on the chip's package (HBM).
    pub stacked: bool,
}

/// Rates of one GPU, and the number of GPUs.
struct Rates<'g> {
    gpu: &'g GpuSpec,
    bandwidth: f64,
    half: f64,
    gpus: f64,
}

impl Load {
    /// The load of a workload.
    ///
    /// # Errors
    /// A sentence naming the figure that the datasheet lacks.
    pub fn of(
        model: &Architecture,
        workload: Workload,
        gpu: &GpuSpec,
        engine: Engine,
        notes: &mut Vec<String>,
    ) -> Result<Self, String> {
        let rates = Rates {
            gpu,
            bandwidth: gpu.bandwidth.ok_or_else(|| lacking(gpu, "bandwidth"))?.0,
            half: half(gpu, notes).ok_or_else(|| lacking(gpu, "16-bit peak"))?,
            gpus: workload.serving.tp as f64,
        };
        let mut load = Self {
            layers: model.layers() as f64,
            expert_layers: model.moe_layers() as f64,
            stacked: gpu.stacked,
            link: link_seconds(model, workload, gpu)?,
            ..Self::default()
        };
        for work in model.decode_ops(1, workload.mean_context(), workload.weights) {
            load.add_decode(&work, model, workload, &rates)?;
        }
        let prompt = |tokens: u64| -> f64 {
            let works = model.prefill_ops(tokens, workload.weights);
            let flops = works.iter().filter(|work| matches!(work.op, Op::AttentionPrefill { .. }));
            flops.map(|work| work.op.flops().0 * work.times as f64).sum()
        };
        let cached = workload.isl - workload.new_tokens().min(workload.isl);
        let before = if cached == 0 { 0.0 } else { prompt(cached) };
        load.prompt_attention = (prompt(workload.isl) - before).max(0.0) / (rates.half * rates.gpus);
        if engine == Engine::Local {
            load.per_flop(gpu, notes);
        }
        Ok(load)
    }

    fn add_decode(
        &mut self,
        work: &Work,
        model: &Architecture,
        workload: Workload,
        rates: &Rates<'_>,
    ) -> Result<(), String> {
        let times = work.times as f64;
        let seconds = |peak: f64| work.op.flops().0 * times / (peak * rates.gpus);
        let kv_bytes = workload.serving.kv.bytes_per_weight();
        match work.op {
            Op::Matmul { outputs, inputs, weights, .. } => {
                let count = times * outputs as f64 * inputs as f64 / rates.gpus;
                self.weights += count * weights.bytes_per_weight() / rates.bandwidth;
                self.weights_flop += count;
                let is_output = work.times == 1 && outputs == model.vocab;
                *(if is_output { &mut self.output } else { &mut self.products }) +=
                    seconds(rates.of(weights)?);
            }
            Op::ExpertMatmul { experts, active, outputs, inputs, weights, .. } => {
                self.routing = Routing { experts, active, skew: workload.serving.expert_skew };
                let count = times * experts as f64 * outputs as f64 * inputs as f64 / rates.gpus;
                self.experts += count * weights.bytes_per_weight() / rates.bandwidth;
                self.experts_flop += count;
                self.expert_products += seconds(rates.of(weights)?);
            }
            Op::AttentionDecode { context, kv_heads, head_dim, .. } => {
                // Where there are more GPUs than heads, each head is held more than once.
                let shards = workload.serving.tp.min(kv_heads) as f64;
                let elements = times * 2.0 * (context * kv_heads * head_dim) as f64 / shards;
                self.kv_cache += elements * kv_bytes / rates.bandwidth;
                self.kv_flop += elements;
            }
            Op::LatentDecode { context, latent, rope, .. } => {
                // One vector serves all heads: every GPU reads it.
                let elements = times * (context * (latent + rope)) as f64;
                self.kv_cache += elements * kv_bytes / rates.bandwidth;
                self.kv_flop += elements;
                self.latent += seconds(rates.half);
            }
            // Elementwise work is inside the fixed time per layer.
            _ => {}
        }
        Ok(())
    }

    /// Counts become the seconds that one FLOP for each takes.
    fn per_flop(&mut self, gpu: &GpuSpec, notes: &mut Vec<String>) {
        if gpu.fp32.is_none() {
            let sentence = format!(
                "the datasheet row of {} has no 32-bit peak: unpacking of weights is left out",
                gpu.name
            );
            crate::throughput::note(notes, sentence);
        }
        let single = gpu.fp32.map_or(f64::INFINITY, |peak| peak.0);
        for count in [&mut self.weights_flop, &mut self.experts_flop, &mut self.kv_flop] {
            *count /= single;
        }
    }
}

impl Rates<'_> {
    /// The peak of products with these weights: formats without units of their own are unpacked to 16 bit.
    fn of(&self, weights: Format) -> Result<f64, String> {
        let blackwell = self.gpu.architecture.starts_with("Blackwell");
        match (weights, self.gpu.fp8) {
            (Format::F32, _) => Ok(self.gpu.fp32.ok_or_else(|| lacking(self.gpu, "32-bit peak"))?.0),
            (Format::Fp8, Some(fp8)) => Ok(fp8.0),
            // Blackwell multiplies 4-bit floats at twice the rate of 8-bit ones.
            (Format::Nvfp4 | Format::Mxfp4, Some(fp8)) if blackwell => Ok(2.0 * fp8.0),
            _ => Ok(self.half),
        }
    }
}

/// Of a token, at the rate of the link.
fn link_seconds(model: &Architecture, workload: Workload, gpu: &GpuSpec) -> Result<f64, String> {
    if workload.serving.tp == 1 {
        return Ok(0.0);
    }
    let link = workload.serving.link.ok_or_else(|| lacking(gpu, "link"))?.0;
    let moved = parallel::moved_bytes(model, 1.0, workload.serving.tp);
    Ok(parallel::sums(model) as f64 * moved / link)
}

fn half(gpu: &GpuSpec, notes: &mut Vec<String>) -> Option<f64> {
    let peak = gpu.fp16.or_else(|| {
        if gpu.fp32.is_some() {
            let sentence =
                format!("the datasheet row of {} has no 16-bit peak: its fp32 peak is used", gpu.name);
            crate::throughput::note(notes, sentence);
        }
        gpu.fp32
    });
    peak.map(|peak| peak.0)
}

fn lacking(gpu: &GpuSpec, what: &str) -> String {
    format!("the datasheet row of {} has no {what}", gpu.name)
}
