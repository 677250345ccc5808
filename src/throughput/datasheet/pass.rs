//! The times of the parts of a pass.

use super::{Constants, Engine, Load};
use crate::throughput::step::{Bound, Step};

/// Tokens that llama.cpp multiplies with at a time.
const LOCAL_CHUNK: f64 = 512.0;
/// Share of the products' efficiency that attention inside prompts reaches.
const ATTENTION: f64 = 0.5;

/// Everything but attention: `tokens` tokens through all layers, `sampled` of them through the output matrix.
pub(super) fn products(
    load: &Load,
    tokens: f64,
    sampled: f64,
    engine: Engine,
    constants: &Constants,
) -> Step {
    let mut step = Step::default();
    match engine {
        Engine::Serving => served_products(&mut step, load, tokens, sampled, constants),
        Engine::Local => local_products(&mut step, load, tokens, sampled, constants),
    }
    step
}

/// Attention of `sequences` sequences over their caches.
pub(super) fn decode_attention(load: &Load, sequences: f64, engine: Engine, constants: &Constants) -> Step {
    let mut step = Step::default();
    let read = load.kv_cache / constants.bandwidth;
    match engine {
        Engine::Serving => {
            let latent = load.latent / constants.arithmetic;
            let bound = if read >= latent { Bound::KvCache } else { Bound::Compute };
            step.add(bound, read.max(latent) * sequences);
        }
        Engine::Local => {
            step.add(Bound::KvCache, (read + constants.local_flops_per_kv * load.kv_flop) * sequences);
        }
    }
    step
}

/// Attention inside one prompt.
pub(super) fn prefill_attention(load: &Load, engine: Engine, constants: &Constants) -> Step {
    let mut step = Step::default();
    let share = match engine {
        Engine::Serving => constants.arithmetic * ATTENTION,
        Engine::Local => constants.local_attention,
    };
    step.add(Bound::Compute, load.prompt_attention / share);
    step
}

fn served_products(step: &mut Step, load: &Load, tokens: f64, sampled: f64, constants: &Constants) {
    let Constants { bandwidth, arithmetic, .. } = *constants;
    let multiply = (load.products * tokens + load.output * sampled) / arithmetic;
    add_overlapped(step, load.weights / bandwidth, multiply);
    let read = load.experts * load.routing.coverage(tokens) / (bandwidth * constants.expert_bandwidth);
    let multiply = load.expert_products * tokens / (arithmetic * constants.expert_arithmetic);
    add_overlapped(step, read, multiply);
    step.add(Bound::Link, load.link * tokens / constants.link);
    step.add(Bound::Overhead, per_layer(load, constants) + constants.sequence.0 * sampled);
}

/// One token is bound by the memory and by the plain units that unpack the weights, one after the other; long prompts go
/// through in pieces.
fn local_products(step: &mut Step, load: &Load, tokens: f64, sampled: f64, constants: &Constants) {
    let pieces = (tokens / LOCAL_CHUNK).ceil().max(1.0);
    let tokens = tokens / pieces;
    let stacked = if load.stacked { constants.local_stacked } else { 1.0 };
    let visited = load.routing.coverage(tokens);
    let read = (load.weights + load.experts * visited) / (constants.bandwidth * stacked);
    let unpack = constants.local_flops_per_weight * (load.weights_flop + load.experts_flop * visited);
    // The products of a single token are inside `unpack`.
    let multiply = if tokens > 1.0 {
        (load.products + load.expert_products) * tokens + load.output * sampled / pieces
    } else {
        0.0
    };
    add_overlapped(step, pieces * (read + unpack), pieces * multiply / constants.local_arithmetic);
    step.add(Bound::Overhead, pieces * per_layer(load, constants));
}

/// Reading and multiplying overlap; the slower hides most of the other: `(a³ + b³)^(1/3)`.
fn add_overlapped(step: &mut Step, read: f64, multiply: f64) {
    let both = (read.powi(3) + multiply.powi(3)).cbrt();
    step.add(if read >= multiply { Bound::Weights } else { Bound::Compute }, both);
}

fn per_layer(load: &Load, constants: &Constants) -> f64 {
    load.layers * constants.layer.0 + load.expert_layers * constants.expert_layer.0
}
