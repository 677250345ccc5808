//! The time of one pass of a load.

use super::{Constants, Engine, Load};
use crate::throughput::step::{Bound, Step};

/// Tokens that llama.cpp multiplies with at a time.
const LOCAL_CHUNK: f64 = 512.0;
/// Share of the products' efficiency that prefill attention reaches.
const ATTENTION: f64 = 0.5;

/// The size of a pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// Sequences that each get a token.
    pub sequences: f64,
    /// Prompt tokens that go along.
    pub prompt_tokens: f64,
}

impl Pass {
    fn tokens(self) -> f64 {
        self.sequences + self.prompt_tokens
    }
}

/// The time of one pass, kept apart by what it waits for.
pub fn step(load: &Load, pass: Pass, engine: Engine, constants: &Constants) -> Step {
    match engine {
        Engine::Serving => serving(load, pass, constants),
        Engine::Local => local(load, pass, constants),
    }
}

fn serving(load: &Load, pass: Pass, constants: &Constants) -> Step {
    let Constants { bandwidth, arithmetic, .. } = *constants;
    let tokens = pass.tokens();
    let mut step = Step::default();
    let read = load.weights / bandwidth;
    let products = (load.products * tokens + load.output * pass.sequences) / arithmetic;
    add_products(&mut step, read, products);
    let read = load.experts * visited(load, tokens) / (bandwidth * constants.expert_bandwidth);
    let products = load.expert_products * tokens / (arithmetic * constants.expert_arithmetic);
    add_products(&mut step, read, products);
    let (cache, latent) = (load.kv_cache / bandwidth, load.latent / arithmetic);
    let attends = if cache >= latent { Bound::KvCache } else { Bound::Compute };
    step.add(attends, cache.max(latent) * pass.sequences);
    step.add(Bound::Compute, load.attention * pass.prompt_tokens / (arithmetic * ATTENTION));
    step.add(Bound::Link, load.link * tokens / constants.link);
    step.add(Bound::Overhead, overhead(load, constants) + constants.sequence.0 * pass.sequences);
    step
}

/// One sequence is bound by bandwidth and by the plain units that unpack the weights, one after the other; long
/// prompts go through in pieces.
fn local(load: &Load, pass: Pass, constants: &Constants) -> Step {
    let pieces = (pass.tokens() / LOCAL_CHUNK).ceil().max(1.0);
    let tokens = pass.tokens() / pieces;
    let stacked = if load.stacked { constants.local_stacked } else { 1.0 };
    let bandwidth = constants.bandwidth * stacked;
    let visited = visited(load, tokens);
    let read = (load.weights + load.experts * visited) / bandwidth;
    let unpack = constants.local_flops_per_weight * (load.weights_flop + load.experts_flop * visited);
    let mut products = load.products * tokens + load.expert_products * tokens + load.output;
    if pass.tokens() <= 1.0 {
        // The products of a single token are inside `unpack`.
        products = 0.0;
    }
    let mut step = Step::default();
    add_products(&mut step, pieces * (read + unpack), pieces * products / constants.local_arithmetic);
    let cache = load.kv_cache / constants.bandwidth + constants.local_flops_per_kv * load.kv_flop;
    step.add(Bound::KvCache, cache * pass.sequences);
    step.add(Bound::Compute, load.attention * pass.prompt_tokens / constants.local_attention);
    step.add(Bound::Overhead, pieces * overhead(load, constants));
    step
}

/// Reading and multiplying overlap, the slower hides most of the other: `(a³ + b³)^(1/3)`.
fn add_products(step: &mut Step, read: f64, products: f64) {
    let both = (read.powi(3) + products.powi(3)).cbrt();
    step.add(if read >= products { Bound::Weights } else { Bound::Compute }, both);
}

/// Expected share of the experts that a pass visits under uniform routing.
fn visited(load: &Load, tokens: f64) -> f64 {
    1.0 - load.unvisited.powf(tokens)
}

fn overhead(load: &Load, constants: &Constants) -> f64 {
    load.layers * constants.layer.0 + load.expert_layers * constants.expert_layer.0
}
