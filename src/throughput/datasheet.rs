//! Times from a datasheet: its peaks, and a few constants fitted on published measurements.
//!
//! ```text
//! t(n, P) = (read³ + multiply³)^(1/3) + the same for experts
//!         + n·KV/(eta_m·BW) + P·attention/(eta_c/2·peak) + link + L·tau + L_moe·tau_moe + q·n
//! TPOT    = (1 − f/C)·t(B, 0) + f/C·t(B, C)        f = B·ISL/OSL prompt tokens per step, C = max(2048, f)
//! ```
//! `n` sequences and `P` prompt tokens share a pass. llama.cpp at one sequence adds the time in which the plain
//! units unpack weights and KV cache. Intervals hold 80 % of the rows of their [`Population`].

mod constants;
mod load;
mod pass;
mod serving;
mod spread;

pub use constants::{Constants, FITTED};
pub use load::{Load, Setting};
pub use pass::{Pass, step};
pub use serving::{CHUNK, mixed_step, sequences_that_fit};
pub use spread::{Population, Spread};

use super::{Rates, Workload};
use crate::arch::{Architecture, KV_ELEMENT_BYTES};
use crate::hardware::GpuSpec;
use crate::op::Format;
use crate::units::{BytesPerSecond, Interval, Seconds, TokensPerSecond};

/// The kind of software that runs the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// Many requests at a time: vLLM, SGLang, TensorRT-LLM.
    Serving,
    /// One request at a time: llama.cpp and what is built on it.
    Local,
}

impl Engine {
    /// Block formats of ggml are read by llama.cpp.
    pub fn of(weights: Format) -> Self {
        match weights {
            Format::Q8_0 | Format::Q6K | Format::Q4K | Format::Q4_0 | Format::Q4_1 => Self::Local,
            _ => Self::Serving,
        }
    }
}

/// Durations and rates of a workload.
///
/// # Errors
/// A sentence naming the figure that the datasheet lacks.
pub(super) fn rates(
    gpu: &GpuSpec,
    model: &Architecture,
    workload: Workload,
    notes: &mut Vec<String>,
) -> Result<Rates, String> {
    let Workload { weights, batch, isl, osl } = workload;
    let engine = Engine::of(weights);
    if engine == Engine::Local {
        super::note(notes, format!("weights in {weights} are run as llama.cpp runs them"));
    }
    let (context, kv_bytes) = (workload.mean_context(), KV_ELEMENT_BYTES);
    let setting = Setting { model, gpu, weights, kv_bytes, gpus: 1, isl, context };
    let load = Load::of(&setting, engine, notes)?;
    let alone = Load { kv_cache: 0.0, latent: 0.0, kv_flop: 0.0, ..load };
    let (sequences, isl_tokens) = (batch as f64, isl as f64);
    let prefill = |prompts: f64| {
        let pass = Pass { sequences: prompts, prompt_tokens: prompts * (isl_tokens - 1.0) };
        step(&alone, pass, engine, &FITTED)
    };
    let decode = step(&load, Pass { sequences, prompt_tokens: 0.0 }, engine, &FITTED);
    let prompts = (CHUNK / isl_tokens).floor().clamp(1.0, sequences);
    let of = |prefill| Population::of(engine, model.moe.is_some(), prefill).spread();
    let (first, packed) = (prefill(1.0).spread(of(true)), prefill(prompts).spread(of(true)));
    let prefill_s_per_token = packed.map(|seconds| seconds * (1.0 / (prompts * isl_tokens)));
    let step_s = decode.spread(of(false));
    let arriving = sequences * isl_tokens / osl as f64;
    let tpot_s = match engine {
        Engine::Serving => mixed_step(&load, sequences, arriving, &FITTED).spread(of(false)),
        Engine::Local => step_s + prefill_s_per_token.map(|seconds| seconds * arriving),
    };
    let per_second = |interval: Interval<Seconds>, tokens: f64| {
        interval.invert(|seconds| TokensPerSecond(tokens / seconds.0))
    };
    Ok(Rates {
        step_s,
        prefill_s_per_token,
        ttft_s: first,
        tpot_s,
        prefill_tokens_per_s: per_second(prefill_s_per_token, 1.0),
        decode_tokens_per_s: per_second(step_s, sequences),
        bound: decode.bound(),
        prefill_joules_per_token: None,
        decode_joules_per_token: None,
    })
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
