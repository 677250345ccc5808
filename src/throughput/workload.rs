//! What is asked of a model, and how an engine serves it.

use super::speculative::Drafts;
use crate::arch::{Architecture, Scheme};
use crate::op::Format;
use crate::units::BytesPerSecond;

/// Larger workloads are typing errors.
const MAX_TOKENS: u64 = 1 << 30;
/// More devices than one link joins.
const MAX_TP: u64 = 1024;
/// Nearly all tokens visit the same experts then.
const MAX_SKEW: f64 = 4.0;
/// Tokens of one pass of prefill: short prompts are packed up to it and long ones are cut, as engines do.
pub const CHUNK: u64 = 2048;

/// Requests of one size, and what serves them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// How the weights are held.
    pub weights: Scheme,
    /// Sequences that decode together.
    pub batch: u64,
    /// Input tokens per request.
    pub isl: u64,
    /// Output tokens per request.
    pub osl: u64,
    /// How the engine serves them.
    pub serving: Serving,
}

/// How an engine serves: all that is not in the request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Serving {
    /// Devices that share every layer (tensor parallel).
    pub tp: u64,
    /// Rate of the link between two of them, one direction; `None` where it is unknown, and then `tp` above 1 has no
    /// estimate.
    pub link: Option<BytesPerSecond>,
    /// How keys and values are held.
    pub kv: Format,
    /// Share of the input tokens that the prefix cache holds already: from 0 to below 1.
    pub cached: f64,
    /// Tokens of one pass of prefill.
    pub chunk: u64,
    /// How unevenly experts are visited: the i-th in proportion to `i^-expert_skew`; 0 is evenly.
    pub expert_skew: f64,
    /// Speculative decoding.
    pub drafts: Option<Drafts>,
}

impl Default for Serving {
    fn default() -> Self {
        Self { tp: 1, link: None, kv: Format::F16, cached: 0.0, chunk: CHUNK, expert_skew: 0.0, drafts: None }
    }
}

impl Workload {
    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// A sentence naming the number that is zero or absurd.
    pub fn check(&self) -> Result<(), String> {
        let sizes =
            [("batch", self.batch), ("isl", self.isl), ("osl", self.osl), ("chunk", self.serving.chunk)];
        for (name, value) in sizes {
            if !(1..=MAX_TOKENS).contains(&value) {
                return Err(format!("{name} {value} is not between 1 and {MAX_TOKENS}"));
            }
        }
        let Serving { tp, cached, kv, expert_skew, drafts, .. } = self.serving;
        if !(1..=MAX_TP).contains(&tp) {
            return Err(format!("tp {tp} is not between 1 and {MAX_TP}"));
        }
        if !(0.0..1.0).contains(&cached) {
            return Err(format!("a cached share of {cached} is not from 0 to below 1"));
        }
        if !(0.0..=MAX_SKEW).contains(&expert_skew) {
            return Err(format!("an expert skew of {expert_skew} is not from 0 to {MAX_SKEW}"));
        }
        if !matches!(kv, Format::F16 | Format::Bf16 | Format::Fp8 | Format::Q8_0) {
            return Err(format!("a KV cache in {kv} is none of f16, bf16, fp8, q8_0"));
        }
        drafts.map_or(Ok(()), |drafts| drafts.check())
    }

    /// Whether the model can be cut for these devices.
    ///
    /// # Errors
    /// A sentence naming what does not divide.
    pub fn check_for(&self, model: &Architecture) -> Result<(), String> {
        let tp = self.serving.tp;
        if let Some(heads) = model.heads().find(|heads| !heads.is_multiple_of(tp)) {
            return Err(format!("tp {tp} does not divide the {heads} heads of {}", model.name));
        }
        if tp > 1 && self.serving.link.is_none() {
            return Err("the rate of the link between the devices is unknown: say --link-gb-per-s".into());
        }
        Ok(())
    }

    /// Tokens in the KV cache of a sequence, averaged over its output.
    pub fn mean_context(&self) -> u64 {
        self.isl + self.osl / 2
    }

    /// Input tokens that are not in the prefix cache: at least one, for its logits.
    pub fn new_tokens(&self) -> u64 {
        let cached = (self.isl as f64 * self.serving.cached).floor() as u64;
        self.isl.saturating_sub(cached).max(1)
    }
}
