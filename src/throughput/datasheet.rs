//! Step times from a datasheet: peaks, and constants fitted on served points.
//!
//! ```text
//! t_gemm    = (t_mem³ + t_cmp³)^(1/3)    t_mem = W/(eta_m·BW)    t_cmp = FLOP/(eta_c·peak)
//! t_step(B) = t_gemm + KV/(eta_kv·BW) + L·tau + L_moe·tau_moe + q·B
//! t_pre     = [t_gemm + attention + L·tau] / tokens
//! ```
//! The constants were fitted on about 1,000 dense and 1,900 MoE points of engines on datacentre GPUs; the error
//! bands are their 90th percentiles in that sample, so an unseen system or model may be worse.

use super::step::{Bound, Step};
use super::{Pass, Workload};
use crate::arch::{Architecture, Work};
use crate::hardware::GpuSpec;
use crate::op::{Format, Op};
use crate::units::{BytesPerSecond, FlopsPerSecond, TokensPerSecond};

/// What depends on whether the model is a mixture of experts.
struct Constants {
    /// Share of peak arithmetic that matrix products reach.
    eta_c: f64,
    /// Share of peak bandwidth that reading weights reaches.
    eta_m: f64,
    /// 90th percentile of the relative error of the time per output token.
    error: f64,
}

/// Fit on dense points; `eta_m` stands at the limit of its range.
const DENSE: Constants = Constants { eta_c: 0.81, eta_m: 0.95, error: 0.276 };
/// Fit on MoE points.
const MOE: Constants = Constants { eta_c: 0.58, eta_m: 0.83, error: 0.48 };
/// Share of peak bandwidth that reading the KV cache reaches; same fit, at the limit of its range.
const ETA_KV: f64 = 0.95;
/// Share of peak arithmetic in prefill attention; a guess that the validated kernel-curve model used too.
const ETA_PREFILL_ATTENTION: f64 = 0.45;
/// Fixed seconds per layer; same fit.
const TAU: f64 = 65e-6;
/// Further fixed seconds per layer with experts; same fit.
const TAU_MOE: f64 = 66e-6;
/// Seconds per sequence and decode step; same fit.
const PER_SEQUENCE: f64 = 25e-6;

fn constants(model: &Architecture) -> &'static Constants {
    if model.moe_layers() > 0 { &MOE } else { &DENSE }
}

/// Relative error of the step time, for the interval.
pub(super) fn error(model: &Architecture) -> f64 {
    constants(model).error
}

/// The time of one pass of `works`.
///
/// # Errors
/// A sentence naming the figure that the datasheet lacks.
pub(super) fn time(
    gpu: &GpuSpec,
    model: &Architecture,
    works: &[Work],
    pass: Pass,
    notes: &mut Vec<String>,
) -> Result<Step, String> {
    let Constants { eta_c, eta_m, .. } = constants(model);
    let lacking = |what: &str| format!("the datasheet row of {} has no {what}", gpu.name);
    let bandwidth = gpu.bandwidth.ok_or_else(|| lacking("bandwidth"))?.0;
    let half = peak(gpu, Format::F16, notes).ok_or_else(|| lacking("16-bit peak"))?.0;
    let (mut memory, mut compute, mut step) = (0.0, 0.0, Step::default());
    for work in works {
        let times = work.times as f64;
        let flops = work.op.flops().0 * times;
        match work.op {
            Op::Matmul { weights, .. } | Op::ExpertMatmul { weights, .. } => {
                let peak = peak(gpu, weights, notes).ok_or_else(|| lacking(&format!("{weights} peak")))?.0;
                memory += work.weight_bytes().0 / (eta_m * bandwidth);
                compute += flops / (eta_c * peak);
            }
            Op::AttentionPrefill { .. } => step.add(Bound::Compute, flops / (ETA_PREFILL_ATTENTION * half)),
            Op::AttentionDecode { .. } | Op::LatentDecode { .. } => {
                let read = work.op.bytes().0 * times / (ETA_KV * bandwidth);
                let compute = flops / (eta_c * half);
                let bound = if read >= compute { Bound::KvCache } else { Bound::Compute };
                step.add(bound, read.max(compute));
            }
            // Elementwise work is inside the fitted time per layer.
            _ => {}
        }
    }
    let products = (memory.powi(3) + compute.powi(3)).cbrt();
    step.add(if memory >= compute { Bound::Weights } else { Bound::Compute }, products);
    step.add(Bound::Overhead, model.layers() as f64 * TAU);
    if let Pass::Decode { batch } = pass {
        step.add(Bound::Overhead, model.moe_layers() as f64 * TAU_MOE + batch as f64 * PER_SEQUENCE);
    }
    Ok(step)
}

/// The peak that matrix products with these weights run at. Formats below 16 bit are unpacked to 16 bit, except
/// where there are 8-bit units.
fn peak(gpu: &GpuSpec, weights: Format, notes: &mut Vec<String>) -> Option<FlopsPerSecond> {
    match weights {
        Format::F32 => gpu.fp32,
        Format::Fp8 if gpu.fp8.is_some() => gpu.fp8,
        _ => gpu.fp16.or_else(|| {
            if gpu.fp32.is_some() {
                let sentence =
                    format!("the datasheet row of {} has no 16-bit peak: its fp32 peak is used", gpu.name);
                super::note(notes, sentence);
            }
            gpu.fp32
        }),
    }
}

/// What no device with this bandwidth can exceed: every step reads the weights it visits and the KV cache once.
pub fn bandwidth_bound(
    model: &Architecture,
    workload: Workload,
    bandwidth: BytesPerSecond,
) -> TokensPerSecond {
    let works = model.decode_ops(workload.batch, workload.mean_context(), workload.weights);
    let weights: f64 = works.iter().map(|work| work.weight_bytes().0).sum();
    let kv = model.kv_bytes(workload.mean_context()).0 * workload.batch as f64;
    TokensPerSecond(workload.batch as f64 * bandwidth.0 / (weights + kv))
}
