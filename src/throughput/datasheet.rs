//! Times from a datasheet: its peaks, and a few constants fitted on published measurements.
//!
//! ```text
//! t(n, P) = (read³ + multiply³)^(1/3) + the same for experts
//!         + n·KV/(eta_m·BW) + P·attention/(eta_c/2·peak) + P·sums/(eta_l·link) + L·tau + L_moe·tau_moe + q·n
//! ```
//! `n` sequences and `P` prompt tokens share a pass; how passes make a request is the same as for measured devices.
//! llama.cpp at one sequence adds the time in which the plain units unpack weights and KV cache. Intervals hold 80 % of
//! the published measurements of their [`Population`].

mod constants;
mod load;
mod pass;
mod spread;

pub use constants::{Constants, FITTED};
pub use load::Load;
pub use spread::{Population, Spread};

use super::Workload;
use super::basis::Term;
use super::passes::{Passes, Timer};
use super::rates::{Errors, Served, served};
use super::step::Step;
use crate::arch::{Architecture, KV_ELEMENT_BYTES, Scheme};
use crate::hardware::GpuSpec;
use crate::units::{BytesPerSecond, Interval, TokensPerSecond};
use pass::Part;

/// The kind of software that runs the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// Many requests at a time: vLLM, SGLang, TensorRT-LLM.
    Serving,
    /// One request at a time: llama.cpp and what is built on it.
    Local,
}

impl Engine {
    /// The block formats of ggml, whose names begin with a q, are read by llama.cpp.
    pub fn of(weights: Scheme) -> Self {
        if weights.name().starts_with('q') { Self::Local } else { Self::Serving }
    }
}

/// The passes of a workload at the peaks of a GPU.
#[derive(Clone, Copy, Debug)]
pub struct Peaks {
    load: Load,
    engine: Engine,
    constants: Constants,
}

impl Peaks {
    /// The passes of a workload, by the engine that its weights are made for.
    ///
    /// # Errors
    /// A sentence naming the figure that the datasheet lacks.
    pub fn of(
        model: &Architecture,
        workload: Workload,
        gpu: &GpuSpec,
        notes: &mut Vec<String>,
    ) -> Result<Self, String> {
        let engine = Engine::of(workload.weights);
        if engine == Engine::Local {
            super::note(notes, format!("weights in {} run as llama.cpp runs them", workload.weights));
            if workload.batch > 1 {
                super::note(
                    notes,
                    "several sequences in llama.cpp: no published row says how close that is".into(),
                );
            }
        }
        Ok(Self { load: Load::of(model, workload, gpu, engine, notes)?, engine, constants: FITTED })
    }

    /// The passes of a load by given constants.
    pub fn with(load: Load, engine: Engine, constants: Constants) -> Self {
        Self { load, engine, constants }
    }

    /// Seconds of a pass without prompts: `sequences` sequences get a token each.
    pub fn decode_s(&self, sequences: f64) -> f64 {
        self.products(sequences, sequences).seconds() + self.decode_attention(sequences).seconds()
    }

    /// Seconds of one prompt of `tokens` tokens alone.
    pub fn prefill_s(&self, tokens: f64) -> f64 {
        self.products(tokens, 1.0).seconds() + self.prefill_attention().seconds()
    }

    /// Time per output token of one request among others, and per output token of all.
    pub(crate) fn served(self, model: &Architecture, workload: Workload) -> Result<Served, String> {
        served(&mut Passes { model, workload, timer: Timer::Peaks(Box::new(self)), notes: &mut Vec::new() })
    }

    pub(super) fn products(&self, tokens: f64, sampled: f64) -> Step {
        let mut step = Step::default();
        self.each_product(tokens, sampled, |part| part.add_to(&mut step));
        step
    }

    pub(super) fn decode_attention(&self, sequences: f64) -> Step {
        let mut step = Step::default();
        self.each_decode_attention(sequences, |part| part.add_to(&mut step));
        step
    }

    pub(super) fn prefill_attention(&self) -> Step {
        let mut step = Step::default();
        self.each_prefill_attention(|part| part.add_to(&mut step));
        step
    }

    pub(super) fn product_terms(&self, tokens: f64, sampled: f64) -> Vec<Term> {
        let mut terms = Vec::new();
        self.each_product(tokens, sampled, |part| terms.push(part.term()));
        terms
    }

    pub(super) fn decode_attention_terms(&self, sequences: f64) -> Vec<Term> {
        let mut terms = Vec::new();
        self.each_decode_attention(sequences, |part| terms.push(part.term()));
        terms
    }

    pub(super) fn prefill_attention_terms(&self) -> Vec<Term> {
        let mut terms = Vec::new();
        self.each_prefill_attention(|part| terms.push(part.term()));
        terms
    }

    fn each_product(&self, tokens: f64, sampled: f64, each: impl FnMut(Part<'_>)) {
        pass::products(&self.load, tokens, sampled, self.engine, &self.constants, each);
    }

    fn each_decode_attention(&self, sequences: f64, each: impl FnMut(Part<'_>)) {
        pass::decode_attention(&self.load, sequences, self.engine, &self.constants, each);
    }

    fn each_prefill_attention(&self, each: impl FnMut(Part<'_>)) {
        pass::prefill_attention(&self.load, self.engine, &self.constants, each);
    }

    /// What published measurements of the same kind lie within.
    pub(super) fn errors(&self, model: &Architecture) -> Errors {
        let of = |prefill| {
            let Spread { low, high } = Population::of(self.engine, model.moe_layers() > 0, prefill).spread();
            Interval { low, mid: 1.0, high }
        };
        Errors { decode: of(false), prefill: of(true) }
    }
}

/// What no devices of this bandwidth can exceed: every step reads the weights it visits and the KV cache once, and yields
/// no more tokens than it checks.
pub fn bandwidth_bound(
    model: &Architecture,
    workload: Workload,
    bandwidth: BytesPerSecond,
) -> TokensPerSecond {
    let Workload { batch, serving, .. } = workload;
    let works = model.decode_ops(batch, workload.mean_context(), workload.weights);
    let weights: f64 = works.iter().map(|work| work.visited_weight_bytes(serving.expert_skew).0).sum();
    let element = serving.kv.bytes_per_weight() / KV_ELEMENT_BYTES;
    let kv = model.kv_bytes(workload.mean_context()).0 * batch as f64 * element;
    let yielded = batch as f64 * serving.drafts.map_or(1.0, |drafts| drafts.yielded);
    TokensPerSecond(yielded * serving.tp as f64 * bandwidth.0 / (weights + kv))
}
