//! What a model asks of a GPU, as times at the datasheet's peaks: everything about a pass but its size.

use super::Engine;
use crate::arch::{Architecture, Work};
use crate::hardware::GpuSpec;
use crate::op::{Format, Op};

/// The model, the device and the lengths of one estimate.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'s> {
    /// The model.
    pub model: &'s Architecture,
    /// The GPU, of which there are `gpus`.
    pub gpu: &'s GpuSpec,
    /// How the weights are held.
    pub weights: Format,
    /// Bytes per element of the KV cache.
    pub kv_bytes: f64,
    /// GPUs that share every layer.
    pub gpus: u64,
    /// Input tokens per request.
    pub isl: u64,
    /// Tokens in the cache of a sequence while it decodes, on average.
    pub context: u64,
}

/// Seconds at peak rates, on each of the GPUs that share the layers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Reading every weight but the experts'.
    pub weights: f64,
    /// Reading all experts.
    pub experts: f64,
    /// Share of the experts that one token does not visit.
    pub unvisited: f64,
    /// Products per token, experts and output matrix apart.
    pub products: f64,
    /// Products with experts per token.
    pub expert_products: f64,
    /// The output matrix per sequence.
    pub output: f64,
    /// Prefill attention per prompt token.
    pub attention: f64,
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

/// Peaks in use.
struct Peaks<'g> {
    gpu: &'g GpuSpec,
    bandwidth: f64,
    half: f64,
    /// Divides what is shared evenly.
    gpus: f64,
}

impl Load {
    /// The load of a setting.
    ///
    /// # Errors
    /// A sentence naming the figure that the datasheet lacks.
    pub fn of(setting: &Setting<'_>, engine: Engine, notes: &mut Vec<String>) -> Result<Self, String> {
        let Setting { model, gpu, weights, isl, context, .. } = *setting;
        let peaks = Peaks {
            gpu,
            bandwidth: gpu.bandwidth.ok_or_else(|| lacking(gpu, "bandwidth"))?.0,
            half: half(gpu, notes).ok_or_else(|| lacking(gpu, "16-bit peak"))?,
            gpus: setting.gpus as f64,
        };
        let mut load = Self {
            layers: model.layers as f64,
            expert_layers: model.moe_layers() as f64,
            unvisited: model.moe.map_or(0.0, |moe| 1.0 - moe.active as f64 / moe.experts as f64),
            stacked: gpu.stacked,
            ..Self::default()
        };
        for work in model.decode_ops(1, context, weights) {
            load.add_decode(&work, setting, &peaks)?;
        }
        for work in model.prefill_ops(isl, weights) {
            if let Op::AttentionPrefill { .. } = work.op {
                let flops = work.op.flops().0 * work.times as f64 / isl as f64;
                load.attention += flops / (peaks.half * peaks.gpus);
            }
        }
        if engine == Engine::Local {
            let single = gpu.fp32.ok_or_else(|| lacking(gpu, "32-bit peak"))?.0;
            load.per_flop(single);
        }
        load.link = link_seconds(setting)?;
        Ok(load)
    }

    fn add_decode(&mut self, work: &Work, setting: &Setting<'_>, peaks: &Peaks<'_>) -> Result<(), String> {
        let times = work.times as f64;
        let flops = work.op.flops().0 * times;
        let read = |bytes: f64| bytes / (peaks.bandwidth * peaks.gpus);
        match work.op {
            Op::Matmul { outputs, inputs, weights, .. } => {
                let count = times * outputs as f64 * inputs as f64;
                self.weights += read(count * weights.bytes_per_weight());
                self.weights_flop += count / peaks.gpus;
                let seconds = flops / (peaks.of(weights)? * peaks.gpus);
                let is_output = work.times == 1 && outputs == setting.model.vocab;
                *(if is_output { &mut self.output } else { &mut self.products }) += seconds;
            }
            Op::ExpertMatmul { experts, outputs, inputs, weights, .. } => {
                let count = times * experts as f64 * outputs as f64 * inputs as f64;
                self.experts += read(count * weights.bytes_per_weight());
                self.experts_flop += count / peaks.gpus;
                self.expert_products += flops / (peaks.of(weights)? * peaks.gpus);
            }
            Op::AttentionDecode { context, kv_heads, head_dim, .. } => {
                // Where there are more GPUs than heads, each head is held more than once.
                let elements = times * 2.0 * (context * kv_heads * head_dim) as f64;
                self.add_kv(elements, setting.kv_bytes, setting.gpus.min(kv_heads) as f64, peaks);
            }
            Op::LatentDecode { context, latent, rope, .. } => {
                self.add_kv(times * (context * (latent + rope)) as f64, setting.kv_bytes, 1.0, peaks);
                self.latent += flops / (peaks.half * peaks.gpus);
            }
            // Elementwise work is inside the fixed time per layer.
            _ => {}
        }
        Ok(())
    }

    fn add_kv(&mut self, elements: f64, kv_bytes: f64, shards: f64, peaks: &Peaks<'_>) {
        self.kv_cache += elements * kv_bytes / (peaks.bandwidth * shards);
        self.kv_flop += elements / shards;
    }

    /// Counts become the seconds that one FLOP for each takes.
    fn per_flop(&mut self, single: f64) {
        for count in [&mut self.weights_flop, &mut self.experts_flop, &mut self.kv_flop] {
            *count /= single;
        }
    }
}

impl Peaks<'_> {
    /// The peak that products with these weights run at: formats without units of their own are unpacked to 16 bit.
    fn of(&self, weights: Format) -> Result<f64, String> {
        let single = || self.gpu.fp32.ok_or_else(|| lacking(self.gpu, "32-bit peak"));
        Ok(match (weights, self.gpu.fp8) {
            (Format::F32, _) => single()?.0,
            (Format::Fp8, Some(fp8)) => fp8.0,
            // Blackwell multiplies 4-bit floats at twice the rate of 8-bit ones.
            (Format::Nvfp4 | Format::Mxfp4, Some(fp8)) if self.gpu.architecture.starts_with("Blackwell") => {
                2.0 * fp8.0
            }
            _ => self.half,
        })
    }
}

/// Two sums per layer, each of which sends `2·(T−1)/T` of its 16-bit elements through a link.
fn link_seconds(setting: &Setting<'_>) -> Result<f64, String> {
    if setting.gpus == 1 {
        return Ok(0.0);
    }
    let link = setting.gpu.link.ok_or_else(|| lacking(setting.gpu, "link"))?.0;
    let gpus = setting.gpus as f64;
    let bytes = 2.0 * 2.0 * (gpus - 1.0) / gpus * (setting.model.layers * setting.model.hidden) as f64 * 2.0;
    Ok(bytes / link)
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
