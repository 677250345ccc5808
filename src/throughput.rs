//! Tokens per second of a model on a device, with an interval and the limit that binds.
//!
//! A device is either measured ([`Curves`]) or a row of a datasheet; both give the time of a list of ops, and
//! the rest is the same. Estimates are for one device; the KV cache is 16 bit.

mod curve;
mod datasheet;
mod measured;
mod memory;
mod mixed;
mod step;

use std::fmt;

use serde::Serialize;

pub use datasheet::bandwidth_bound;
pub use measured::Curves;
pub use memory::{Fit, Memory, max_batch};
pub use step::Bound;

use crate::arch::{Architecture, Work};
use crate::hardware::GpuSpec;
use crate::measurement::DeviceType;
use crate::op::Format;
use crate::units::{Interval, Joules, Seconds, TokensPerSecond};
use step::Step;

/// Prompt tokens of one prefill step: short prompts of a batch are packed up to it, as engines do.
const PREFILL_CHUNK: u64 = 2048;
/// The largest batch that [`batches`] offers.
const MOST_SEQUENCES: u64 = 256;
/// Larger workloads are typing errors.
const MAX_TOKENS: u64 = 1 << 30;

/// What is asked of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// How the weights are held.
    pub weights: Format,
    /// Sequences that decode together.
    pub batch: u64,
    /// Input tokens per request.
    pub isl: u64,
    /// Output tokens per request.
    pub osl: u64,
}

impl Workload {
    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// A sentence naming the number that is zero or absurd.
    pub fn check(&self) -> Result<(), String> {
        for (name, value) in [("batch", self.batch), ("isl", self.isl), ("osl", self.osl)] {
            if !(1..=MAX_TOKENS).contains(&value) {
                return Err(format!("{name} {value} is not between 1 and {MAX_TOKENS}"));
            }
        }
        Ok(())
    }

    /// Tokens in the KV cache of a sequence, averaged over its output.
    pub fn mean_context(&self) -> u64 {
        self.isl + self.osl / 2
    }
}

/// Where rates come from.
#[derive(Clone, Copy, Debug)]
pub enum Device<'d> {
    /// Measured kernels.
    Measured(&'d Curves),
    /// A datasheet row.
    Datasheet(&'d GpuSpec),
}

/// The origin of an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Measured kernels.
    #[default]
    Measured,
    /// Kernels that another tool measured.
    MeasuredElsewhere,
    /// A datasheet row.
    Datasheet,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Measured => "measured",
            Self::MeasuredElsewhere => "measured-elsewhere",
            Self::Datasheet => "datasheet",
        })
    }
}

/// The answer for one model, workload and device.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Name of the model.
    pub model: String,
    /// What was asked.
    pub workload: Workload,
    /// Whether it fits.
    pub fit: Fit,
    /// The rates; `None` where it does not fit or cannot be estimated, and `notes` say why.
    pub rates: Option<Rates>,
    /// Most sequences of this length that fit; `None` where the memory is unknown.
    pub max_batch: Option<u64>,
    /// Where the rates come from.
    pub source: Source,
    /// Adapter or GPU.
    pub device: String,
    /// Assumptions and reasons, one sentence each, in a fixed order.
    pub notes: Vec<String>,
}

/// Durations and rates with their intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// One decode step of the whole batch at its mean context.
    pub step_s: Interval<Seconds>,
    /// Prefill per prompt token, short prompts of the batch packed together.
    pub prefill_s_per_token: Interval<Seconds>,
    /// Time to first token of one request on an idle device.
    pub ttft_s: Interval<Seconds>,
    /// Time per output token of one request when prefill and decode share the device, without the time to first
    /// token. Of measured devices both share a pass ([`mixed`]); of a datasheet, whose constants were fitted so, it is
    /// `t_step + B·(isl/osl)·t_pre`.
    pub tpot_s: Interval<Seconds>,
    /// Prompt tokens per second while only prefilling.
    pub prefill_tokens_per_s: Interval<TokensPerSecond>,
    /// Output tokens per second of the whole batch while only decoding: `B / t_step`.
    pub decode_tokens_per_s: Interval<TokensPerSecond>,
    /// What most of a decode step waits for.
    pub bound: Bound,
    /// Energy of one prompt token while only prefilling; `None` unless the power of every kernel of the step was
    /// measured.
    pub prefill_joules_per_token: Option<Joules>,
    /// Energy of one output token of one sequence while only decoding, likewise.
    pub decode_joules_per_token: Option<Joules>,
}

/// Which kind of pass a list of ops is.
#[derive(Clone, Copy)]
enum Pass {
    Decode { batch: u64 },
    Prefill,
}

impl Device<'_> {
    /// The name of the adapter or the GPU.
    pub fn name(&self) -> &str {
        match self {
            Self::Measured(curves) => curves.adapter(),
            Self::Datasheet(gpu) => &gpu.name,
        }
    }

    /// Where its rates come from.
    pub fn source(&self) -> Source {
        match self {
            Self::Measured(curves) => curves.source(),
            Self::Datasheet(_) => Source::Datasheet,
        }
    }

    fn time(
        &self,
        model: &Architecture,
        works: &[Work],
        pass: Pass,
        notes: &mut Vec<String>,
    ) -> Result<Step, String> {
        match self {
            Self::Measured(curves) => curves.time(model, works, notes),
            Self::Datasheet(gpu) => datasheet::time(gpu, model, works, pass, notes),
        }
    }

    fn error(&self, model: &Architecture) -> f64 {
        match self {
            Self::Measured(curves) => curves.error(model),
            Self::Datasheet(_) => datasheet::error(model),
        }
    }
}

/// Estimates one workload. `memory` is what [`Device::memory`] says, or an override.
pub fn estimate(
    model: &Architecture,
    workload: Workload,
    device: Device<'_>,
    memory: Option<Memory>,
) -> Estimate {
    let mut notes = Vec::new();
    let mut answer = (Fit::Unknown, None, None);
    match workload.check() {
        Err(reason) => notes.push(reason),
        Ok(()) => {
            let fit = memory::fit(model, workload, memory);
            let most = memory.map(|memory| max_batch(model, workload, memory, 1.0));
            note_fit(&mut notes, model, workload, fit, most);
            answer = (fit, rates(model, workload, device, fit, &mut notes), most);
        }
    }
    let (fit, rates, max_batch) = answer;
    Estimate {
        model: model.name.clone(),
        workload,
        fit,
        rates,
        max_batch,
        source: device.source(),
        device: device.name().to_owned(),
        notes,
    }
}

/// Batch sizes worth trying: powers of two up to what fits, at most 256.
pub fn batches(max_batch: Option<u64>) -> Vec<u64> {
    let most = max_batch.unwrap_or(MOST_SEQUENCES).min(MOST_SEQUENCES);
    (0..=MOST_SEQUENCES.ilog2()).map(|power| 1 << power).take_while(|batch| *batch <= most).collect()
}

/// The estimate at the batch of [`batches`] with the most output tokens per second when prefill and decode share
/// the device (`B / TPOT`, with the prompt of each sequence itself where TPOT leaves it out): the lowest cost per token whatever the price. The smallest batch of equals; `None`
/// where no batch has rates. The batch in `workload` is not looked at.
pub fn best_batch(
    model: &Architecture,
    workload: Workload,
    device: Device<'_>,
    memory: Option<Memory>,
) -> Option<Estimate> {
    let most = memory.map(|memory| max_batch(model, Workload { batch: 1, ..workload }, memory, 1.0));
    let mut best: Option<(f64, Estimate)> = None;
    for batch in batches(most) {
        let candidate = estimate(model, Workload { batch, ..workload }, device, memory);
        let Some(rates) = candidate.rates else { continue };
        let own = match device {
            Device::Measured(_) => {
                rates.prefill_s_per_token.mid.0 * workload.isl as f64 / workload.osl as f64
            }
            Device::Datasheet(_) => 0.0,
        };
        let throughput = batch as f64 / (rates.tpot_s.mid.0 + own);
        if best.as_ref().is_none_or(|(most, _)| throughput > *most) {
            best = Some((throughput, candidate));
        }
    }
    best.map(|(_, estimate)| estimate)
}

fn rates(
    model: &Architecture,
    workload: Workload,
    device: Device<'_>,
    fit: Fit,
    notes: &mut Vec<String>,
) -> Option<Rates> {
    if let Fit::DoesNotFit { .. } = fit {
        return None;
    }
    note_device(notes, model, device);
    match timed(model, workload, device, notes) {
        Ok(rates) => Some(rates),
        Err(reason) => {
            note(notes, reason);
            None
        }
    }
}

fn timed(
    model: &Architecture,
    workload: Workload,
    device: Device<'_>,
    notes: &mut Vec<String>,
) -> Result<Rates, String> {
    let Workload { weights, batch, isl, osl } = workload;
    let error = device.error(model);
    let decode_ops = model.decode_ops(batch, workload.mean_context(), weights);
    let decode = device.time(model, &decode_ops, Pass::Decode { batch }, notes)?;
    let mut prefill = |prompts: u64| {
        let works = model.packed_prefill_ops(prompts, isl, weights);
        device.time(model, &works, Pass::Prefill, notes)
    };
    let prompts = (PREFILL_CHUNK / isl).clamp(1, batch);
    let first = prefill(1)?;
    let packed = if prompts == 1 { first } else { prefill(prompts)? };
    let shared = match device {
        Device::Measured(_) if batch > 1 => {
            let works = mixed::works(&decode_ops, &model.packed_prefill_ops(prompts, isl, weights));
            Some(device.time(model, &works, Pass::Decode { batch }, notes)?)
        }
        _ => None,
    };
    let share = 1.0 / (prompts * isl) as f64;
    let scale = |interval: Interval<Seconds>, factor: f64| interval.map(|seconds| seconds * factor);
    let per_second = |interval: Interval<Seconds>, tokens: f64| {
        interval.invert(|seconds| TokensPerSecond(tokens / seconds.0))
    };
    let step_s = decode.widened(error);
    let prefill_s_per_token = scale(packed.widened(error), share);
    let tpot_s = match (device, shared) {
        (Device::Measured(_), None) => step_s,
        (_, Some(shared)) => mixed::time_per_output_token(workload, step_s, shared.widened(error), prompts),
        (Device::Datasheet(_), None) => {
            step_s + scale(prefill_s_per_token, batch as f64 * isl as f64 / osl as f64)
        }
    };
    Ok(Rates {
        step_s,
        prefill_s_per_token,
        ttft_s: first.widened(error),
        tpot_s,
        prefill_tokens_per_s: per_second(prefill_s_per_token, 1.0),
        decode_tokens_per_s: per_second(step_s, batch as f64),
        bound: decode.bound(),
        prefill_joules_per_token: packed.joules.map(|joules| joules * share),
        decode_joules_per_token: decode.joules.map(|joules| joules * (1.0 / batch as f64)),
    })
}

fn note_fit(notes: &mut Vec<String>, model: &Architecture, workload: Workload, fit: Fit, most: Option<u64>) {
    match fit {
        Fit::DoesNotFit { need_bytes, have_bytes, what } => {
            let (need, have) = (need_bytes.0 / 1e9, have_bytes.0 / 1e9);
            let most = match most {
                Some(most) if most > 0 => format!("; at most {most} sequences of this length"),
                _ => String::new(),
            };
            notes.push(format!("does not fit: {what} need {need:.1} GB of {have:.1} GB usable memory{most}"));
        }
        Fit::Unknown => {
            notes.push("the memory of the device is unknown: whether it fits is not checked".into())
        }
        Fit::Fits { .. } => {}
    }
    let context = workload.isl + workload.osl;
    if let (Some(window), true) = (model.window, fit != Fit::Unknown) {
        let [least, most] = [model.kv_bytes(context).0, model.kv_bytes_per_token().0 * context as f64];
        if least < most {
            notes.push(format!(
                "fit counts {:.3} GB of KV cache per sequence, an engine that frees what {} windowed layers \
                 forget needs {:.3} GB",
                most / 1e9,
                model.layers - window.full_layers,
                least / 1e9
            ));
        }
    }
}

fn note_device(notes: &mut Vec<String>, model: &Architecture, device: Device<'_>) {
    let Device::Measured(curves) = device else { return };
    if model.moe.is_some() && curves.device_type() != DeviceType::Software {
        notes.push("the interval was validated on dense models only".into());
    }
}

/// Adds a sentence once.
fn note(notes: &mut Vec<String>, sentence: String) {
    if !notes.contains(&sentence) {
        notes.push(sentence);
    }
}

#[cfg(test)]
mod tests;
