//! Decode steps that carry prompt tokens along, and how many sequences fit.

use super::pass::{Pass, step};
use super::{Constants, Engine, Load, Setting};
use crate::throughput::memory::Memory;
use crate::throughput::step::Step;

/// Prompt tokens of one pass: engines cut long prompts to about this size and pack short ones up to it.
pub const CHUNK: f64 = 2048.0;

/// The mean time of a decode step of `sequences` while `prompt_tokens_per_step` prompt tokens arrive per step: a
/// share of the steps carries a whole chunk, which passes through the products with the sequences, the others
/// carry none.
pub fn mixed_step(load: &Load, sequences: f64, prompt_tokens_per_step: f64, constants: &Constants) -> Step {
    let chunk = CHUNK.max(prompt_tokens_per_step);
    let share = prompt_tokens_per_step / chunk;
    let of = |prompt_tokens| step(load, Pass { sequences, prompt_tokens }, Engine::Serving, constants);
    Step::blend(&of(0.0), &of(chunk), share)
}

/// Sequences of full length that fit beside the weights, over all GPUs: `M_free·shard/T / (kv_token·(ISL+OSL))`. At
/// least one, since the row was measured.
pub fn sequences_that_fit(setting: &Setting<'_>, memory: Memory, osl: u64) -> f64 {
    let Setting { model, weights, gpus, isl, kv_bytes, .. } = *setting;
    let free = memory.usable().0 * gpus as f64 - model.weight_bytes(weights).0;
    let shards = if model.latent.is_some() { 1 } else { gpus.min(model.kv_heads) };
    let sequence = model.kv_bytes_per_token().0 * kv_bytes / crate::arch::KV_ELEMENT_BYTES * (isl + osl) as f64;
    (free * shards as f64 / gpus as f64 / sequence).floor().max(1.0)
}
