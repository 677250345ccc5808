//! The times of the parts of a pass.

use super::{Constants, Engine, Load};
use crate::throughput::basis::Term;
use crate::throughput::step::{Bound, Step};

/// Tokens that llama.cpp multiplies with at a time.
const LOCAL_CHUNK: f64 = 512.0;
/// Share of the products' efficiency that attention inside prompts reaches.
const ATTENTION: f64 = 0.5;

/// A number of a formula with its name.
type Factor = (&'static str, f64);

/// One term, without an allocation: estimates make millions.
#[derive(Clone, Copy)]
pub(super) struct Part<'f> {
    what: &'static str,
    formula: &'static str,
    factors: &'f [Factor],
    bound: Bound,
    seconds: f64,
}

impl Part<'_> {
    /// The same for a reader.
    pub(super) fn term(self) -> Term {
        Term::of(self.what, self.bound, self.formula, self.factors, self.seconds)
    }

    pub(super) fn add_to(self, step: &mut Step) {
        step.add(self.bound, self.seconds);
    }
}

/// Everything but attention: `tokens` tokens through all layers, `sampled` of them through the output matrix.
pub(super) fn products(
    load: &Load,
    tokens: f64,
    sampled: f64,
    engine: Engine,
    constants: &Constants,
    each: impl FnMut(Part<'_>),
) {
    match engine {
        Engine::Serving => served_products(load, tokens, sampled, constants, each),
        Engine::Local => local_products(load, tokens, sampled, constants, each),
    }
}

/// Attention of `sequences` sequences over their caches.
pub(super) fn decode_attention(
    load: &Load,
    sequences: f64,
    engine: Engine,
    constants: &Constants,
    mut each: impl FnMut(Part<'_>),
) {
    let what = "decode attention";
    let read = load.kv_cache / constants.bandwidth;
    let cache = [
        ("KV cache of a sequence at the peak, s", load.kv_cache),
        ("share of bandwidth", constants.bandwidth),
    ];
    let sequences_factor = ("sequences", sequences);
    match engine {
        Engine::Serving => {
            let latent = load.latent / constants.arithmetic;
            let (bound, factors, formula) = if read >= latent {
                (Bound::KvCache, cache, "KV cache / share · sequences")
            } else {
                let products = [
                    ("products of a sequence at the peak, s", load.latent),
                    ("share of arithmetic", constants.arithmetic),
                ];
                (Bound::Compute, products, "products / share · sequences")
            };
            let [peak, share] = factors;
            let seconds = read.max(latent) * sequences;
            each(Part { what, formula, factors: &[peak, share, sequences_factor], bound, seconds });
        }
        Engine::Local => {
            let unpack = constants.local_flops_per_kv * load.kv_flop;
            let [peak, share] = cache;
            each(Part {
                what,
                formula: "(KV cache / share + unpacking) · sequences",
                factors: &[peak, share, ("unpacking, s", unpack), sequences_factor],
                bound: Bound::KvCache,
                seconds: (read + unpack) * sequences,
            });
        }
    }
}

/// Attention inside one prompt.
pub(super) fn prefill_attention(
    load: &Load,
    engine: Engine,
    constants: &Constants,
    mut each: impl FnMut(Part<'_>),
) {
    let share = match engine {
        Engine::Serving => constants.arithmetic * ATTENTION,
        Engine::Local => constants.local_attention,
    };
    each(Part {
        what: "attention inside the prompt",
        formula: "products / share",
        factors: &[("products at the peak, s", load.prompt_attention), ("share of arithmetic", share)],
        bound: Bound::Compute,
        seconds: load.prompt_attention / share,
    });
}

fn served_products(
    load: &Load,
    tokens: f64,
    sampled: f64,
    constants: &Constants,
    mut each: impl FnMut(Part<'_>),
) {
    let Constants { bandwidth, arithmetic, .. } = *constants;
    let products = load.products * tokens + load.output * sampled;
    let [of_bandwidth, of_arithmetic] =
        [bandwidth * constants.expert_bandwidth, arithmetic * constants.expert_arithmetic];
    let visited = load.experts * load.routing.coverage(tokens);
    let of_experts = load.expert_products * tokens;
    each(at_shares("weights", [load.weights, bandwidth, products, arithmetic], &mut [("", 0.0); 4]));
    each(at_shares("experts", [visited, of_bandwidth, of_experts, of_arithmetic], &mut [("", 0.0); 4]));
    each(Part {
        what: "sums between devices",
        formula: "link of a token · tokens / share",
        factors: &[
            ("link of a token at the peak, s", load.link),
            ("tokens", tokens),
            ("share of the link", constants.link),
        ],
        bound: Bound::Link,
        seconds: load.link * tokens / constants.link,
    });
    let fixed = per_layer(load, constants);
    each(Part {
        what: "fixed time",
        formula: "layers + per sequence · sequences",
        factors: &[("layers, s", fixed), ("per sequence, s", constants.sequence.0), ("sequences", sampled)],
        bound: Bound::Overhead,
        seconds: fixed + constants.sequence.0 * sampled,
    });
}

/// One token is bound by the memory and by the plain units that unpack the weights, one after the other; long prompts go
/// through in pieces.
fn local_products(
    load: &Load,
    tokens: f64,
    sampled: f64,
    constants: &Constants,
    mut each: impl FnMut(Part<'_>),
) {
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
    let (read, multiply) = (pieces * (read + unpack), pieces * multiply / constants.local_arithmetic);
    let (bound, seconds) = overlapped(read, multiply);
    let factors = &[("read and unpack, s", read), ("multiply, s", multiply)];
    each(Part { what: "weights", formula: "(read³ + multiply³)^(1/3)", factors, bound, seconds });
    let fixed = per_layer(load, constants);
    each(Part {
        what: "fixed time",
        formula: "layers · pieces",
        factors: &[("layers, s", fixed), ("pieces", pieces)],
        bound: Bound::Overhead,
        seconds: pieces * fixed,
    });
}

/// Seconds of reading at the peak and the share of it that is reached, then of multiplying.
fn at_shares<'f>(what: &'static str, of: [f64; 4], factors: &'f mut [Factor; 4]) -> Part<'f> {
    let [read, bandwidth, multiply, arithmetic] = of;
    *factors = [
        ("read at the peak, s", read),
        ("share of bandwidth", bandwidth),
        ("multiply at the peak, s", multiply),
        ("share of arithmetic", arithmetic),
    ];
    let (bound, seconds) = overlapped(read / bandwidth, multiply / arithmetic);
    Part { what, formula: "((read / share)³ + (multiply / share)³)^(1/3)", factors, bound, seconds }
}

/// Reading and multiplying overlap; the slower hides most of the other: `(a³ + b³)^(1/3)`.
fn overlapped(read: f64, multiply: f64) -> (Bound, f64) {
    let bound = if read >= multiply { Bound::Weights } else { Bound::Compute };
    (bound, (read.powi(3) + multiply.powi(3)).cbrt())
}

fn per_layer(load: &Load, constants: &Constants) -> f64 {
    load.layers * constants.layer.0 + load.expert_layers * constants.expert_layer.0
}
