//! The passes of a step, each timed on its own: the products and elementwise work of some tokens, attention over the
//! cache, attention inside a prompt.

use super::basis::Term;
use super::step::{Bound, Step};
use super::workload::{Serving, Workload};
use super::{Curves, datasheet, parallel};
use crate::arch::{Architecture, Work};
use crate::op::Op;

/// Times the passes of one workload on one device.
pub(super) struct Passes<'t> {
    pub model: &'t Architecture,
    pub workload: Workload,
    pub timer: Timer<'t>,
    pub notes: &'t mut Vec<String>,
}

/// Where the times of passes come from.
pub(super) enum Timer<'t> {
    /// Each op from its measured curve.
    Curves(&'t Curves),
    /// Whole passes from the peaks of a datasheet.
    Peaks(Box<datasheet::Peaks>),
}

/// What of a list of ops is meant.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Attention,
    Rest,
}

impl Passes<'_> {
    /// One pass of `tokens` tokens through all layers without their attention, and of `sampled` of them through the
    /// output matrix; what the devices tell each other included.
    pub fn products(&mut self, tokens: f64, sampled: f64) -> Result<Step, String> {
        if let Timer::Peaks(peaks) = &self.timer {
            return Ok(peaks.products(tokens, sampled));
        }
        let mut step = self.time(self.product_works(tokens, sampled), Part::Rest)?;
        step.plus(&self.between(tokens)?, 1.0);
        Ok(step)
    }

    /// The terms of [`Passes::products`].
    pub fn product_terms(&mut self, tokens: f64, sampled: f64) -> Result<Vec<Term>, String> {
        if let Timer::Peaks(peaks) = &self.timer {
            return Ok(peaks.product_terms(tokens, sampled));
        }
        let mut terms = self.terms(self.product_works(tokens, sampled), Part::Rest)?;
        let Timer::Curves(curves) = &self.timer else { return Ok(terms) };
        let between = curves.between_ops(self.model, self.notes);
        if between > 0.0 {
            let factors = [("stated seconds", between)];
            terms.push(Term::of("between the ops", Bound::Overhead, "stated seconds", &factors, between));
        }
        let workers = self.workload.serving.tp;
        match self.measured_sums(curves, tokens) {
            Some(sums) => terms.extend(curves.terms(self.model, &[sums], 0.0)?),
            None if workers > 1 => {
                let seconds = parallel::all_reduces(self.model, &self.workload.serving, tokens);
                let factors = [("stated latency and rate of the link give seconds", seconds)];
                terms.push(Term::of("sums between devices", Bound::Link, "seconds", &factors, seconds));
            }
            None => {}
        }
        Ok(terms)
    }

    fn product_works(&self, tokens: f64, sampled: f64) -> Vec<Work> {
        let (rows, sampled_rows) = (whole(tokens), whole(sampled).min(whole(tokens)));
        let mut works = self.model.decode_ops(rows, 1, self.workload.weights);
        // The output matrix is the last op: only tokens that are followed by a new one go through it.
        if let Some(Work { op: Op::Matmul { tokens, .. }, .. }) = works.last_mut() {
            *tokens = sampled_rows;
        }
        works
    }

    /// The all-reduces of a pass, where one over as many devices was measured.
    fn measured_sums(&self, curves: &Curves, tokens: f64) -> Option<Work> {
        let workers = self.workload.serving.tp;
        let bytes = parallel::summed_bytes(self.model, tokens);
        let measured = workers > 1 && curves.all_reduce_s(bytes, workers).is_some();
        let op = Op::AllReduce { bytes: bytes as u64, workers };
        measured.then(|| Work { op, times: parallel::sums(self.model) })
    }

    /// What a pass takes beside its ops: what the devices tell each other, and what is stated of launches. Its energy is
    /// unknown, and so is then that of the step.
    fn between(&mut self, tokens: f64) -> Result<Step, String> {
        let mut step = Step::default();
        let Timer::Curves(curves) = &self.timer else { return Ok(step) };
        step.add(Bound::Overhead, curves.between_ops(self.model, self.notes));
        match self.measured_sums(curves, tokens) {
            Some(sums) => step.plus(&curves.time(self.model, &[sums], 0.0, self.notes)?, 1.0),
            None => step.add(Bound::Link, parallel::all_reduces(self.model, &self.workload.serving, tokens)),
        }
        Ok(step)
    }

    /// The attention of one decode step of `batch` sequences over their caches.
    pub fn decode_attention(&mut self, batch: u64) -> Result<Step, String> {
        if let Timer::Peaks(peaks) = &self.timer {
            return Ok(peaks.decode_attention(batch as f64));
        }
        self.time(self.decode_works(batch), Part::Attention)
    }

    /// The terms of [`Passes::decode_attention`].
    pub fn decode_attention_terms(&self, batch: u64) -> Result<Vec<Term>, String> {
        match &self.timer {
            Timer::Peaks(peaks) => Ok(peaks.decode_attention_terms(batch as f64)),
            Timer::Curves(_) => self.terms(self.decode_works(batch), Part::Attention),
        }
    }

    fn decode_works(&self, batch: u64) -> Vec<Work> {
        self.model.decode_ops(batch, self.workload.mean_context(), self.workload.weights)
    }

    /// The attention of one prompt, of which the prefix cache holds the first part: what the whole prompt takes
    /// without what that part takes.
    pub fn prefill_attention(&mut self) -> Result<Step, String> {
        if let Timer::Peaks(peaks) = &self.timer {
            return Ok(peaks.prefill_attention());
        }
        let Workload { isl, weights, .. } = self.workload;
        let whole = self.time(self.model.prefill_ops(isl, weights), Part::Attention)?;
        let cached = isl - self.workload.new_tokens();
        if cached == 0 {
            return Ok(whole);
        }
        let before = self.time(self.model.prefill_ops(cached, weights), Part::Attention)?;
        let mut rest = Step::default();
        rest.plus(&whole, (1.0 - before.seconds() / whole.seconds()).max(0.0));
        Ok(rest)
    }

    /// The terms of the attention of a whole prompt; of their time [`Passes::prefill_attention`] takes a share.
    pub fn prefill_attention_terms(&self) -> Result<Vec<Term>, String> {
        let Workload { isl, weights, .. } = self.workload;
        match &self.timer {
            Timer::Peaks(peaks) => Ok(peaks.prefill_attention_terms()),
            Timer::Curves(_) => self.terms(self.model.prefill_ops(isl, weights), Part::Attention),
        }
    }

    fn terms(&self, works: Vec<Work>, part: Part) -> Result<Vec<Term>, String> {
        let works = self.prepared(works, part);
        match &self.timer {
            Timer::Curves(curves) => curves.terms(self.model, &works, self.workload.serving.expert_skew),
            Timer::Peaks(_) => Ok(vec![]),
        }
    }

    /// The works of a part as one of the devices does them.
    fn prepared(&self, works: Vec<Work>, part: Part) -> Vec<Work> {
        let Serving { tp, kv, .. } = self.workload.serving;
        let kept = |work: &Work| (part == Part::Attention) == is_attention(&work.op);
        let prepared = |Work { op, times }: Work| {
            let mut op = parallel::part(op, tp);
            if let Op::AttentionDecode { kv: held, .. } = &mut op {
                *held = kv;
            }
            Work { op, times }
        };
        works.into_iter().filter(kept).map(prepared).collect()
    }

    fn time(&mut self, works: Vec<Work>, part: Part) -> Result<Step, String> {
        let works = self.prepared(works, part);
        let expert_skew = self.workload.serving.expert_skew;
        match &self.timer {
            Timer::Curves(curves) => curves.time(self.model, &works, expert_skew, self.notes),
            Timer::Peaks(_) => Ok(Step::default()),
        }
    }
}

fn is_attention(op: &Op) -> bool {
    matches!(op, Op::AttentionPrefill { .. } | Op::AttentionDecode { .. } | Op::LatentDecode { .. })
}

/// Ops are of whole tokens; at least one.
fn whole(tokens: f64) -> u64 {
    tokens.round().max(1.0) as u64
}
