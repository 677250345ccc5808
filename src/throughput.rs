//! Tokens per second of a model on a device, with an interval and the limit that binds.
//!
//! A device is either measured ([`Curves`]) or a row of a datasheet; both give the time of a list of ops, and
//! the rest is the same.

mod basis;
mod curve;
pub mod datasheet;
pub mod fit;
mod layer;
mod measured;
mod memory;
mod parallel;
mod passes;
mod rates;
mod speculative;
mod step;
mod target;
mod workload;

use std::fmt;

use serde::Serialize;

pub use basis::{Basis, Pass, Term, basis};
pub use datasheet::bandwidth_bound;
pub use layer::{LayerRatio, LayerTime, layer_of};
pub use measured::Curves;
pub use memory::{Fit, Memory, max_batch};
pub use rates::Rates;
pub use speculative::{Acceptance, Drafts, read_acceptances};
pub use step::Bound;
pub use target::{Target, batches, best_batch};
pub use workload::{CHUNK, Serving, Workload};

use crate::arch::Architecture;
use crate::hardware::{self, GpuSpec};
use crate::measurement::DeviceType;
use crate::units::BytesPerSecond;
use passes::{Passes, Timer};
use rates::Errors;

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
    /// How the same model of this device agreed with whole layers; `None` where none was measured.
    pub layer_ratio: Option<LayerRatio>,
    /// Assumptions and reasons, one sentence each, in a fixed order.
    pub notes: Vec<String>,
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

    /// Of the memory, by the datasheet.
    fn bandwidth(&self) -> Option<BytesPerSecond> {
        match self {
            Self::Measured(curves) => curves.bandwidth(),
            Self::Datasheet(gpu) => gpu.bandwidth,
        }
    }

    /// Predicted over measured time of the layers that were measured on it.
    pub fn layer_ratio(&self) -> Option<LayerRatio> {
        match self {
            Self::Measured(curves) => curves.layer_ratio(),
            Self::Datasheet(_) => None,
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
    match workload.check().and_then(|()| workload.check_for(model)) {
        Err(reason) => notes.push(reason),
        Ok(()) => {
            let fit = memory::fit(model, workload, memory);
            let most = memory.map(|memory| max_batch(model, workload, memory, 1.0));
            note_fit(&mut notes, model, workload, fit, most);
            answer = (fit, rates(model, workload, device, fit, &mut notes), most);
        }
    }
    let (fit, rates, max_batch) = answer;
    let layer_ratio = device.layer_ratio().filter(|_| rates.is_some());
    notes.extend(layer_ratio.map(|ratio| ratio.to_string()));
    Estimate {
        model: model.name.clone(),
        workload,
        fit,
        rates,
        max_batch,
        source: device.source(),
        device: device.name().to_owned(),
        layer_ratio,
        notes,
    }
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
    if let Some(reason) = model.unmodelled() {
        note(notes, reason);
        return None;
    }
    note_device(notes, model, device);
    match timed(model, workload, device, notes).and_then(|rates| possible(model, workload, device, rates)) {
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
    with_passes(model, workload, device, notes, rates::rates)
}

/// Asks something of the passes of a workload.
fn with_passes<T>(
    model: &Architecture,
    workload: Workload,
    device: Device<'_>,
    notes: &mut Vec<String>,
    ask: impl FnOnce(&mut Passes<'_>, Errors) -> Result<T, String>,
) -> Result<T, String> {
    let (timer, errors) = match device {
        Device::Measured(curves) => (Timer::Curves(curves), Errors::both(curves.error(model))),
        Device::Datasheet(gpu) => {
            let peaks = datasheet::Peaks::of(model, workload, gpu, notes)?;
            let errors = peaks.errors(model);
            (Timer::Peaks(Box::new(peaks)), errors)
        }
    };
    ask(&mut Passes { model, workload, timer, notes }, errors)
}

/// The rates, unless they read faster than the memory can.
fn possible(
    model: &Architecture,
    workload: Workload,
    device: Device<'_>,
    rates: Rates,
) -> Result<Rates, String> {
    let (claimed, bandwidth) = (rates.decode_tokens_per_s.mid.0, device.bandwidth());
    let bound = bandwidth.map(|bandwidth| bandwidth_bound(model, workload, bandwidth).0);
    match bound {
        Some(bound) if claimed > hardware::PEAK_MARGIN * bound => Err(format!(
            "impossible: {claimed:.1} decoded tokens/s would read the weights and the KV cache faster than the memory of \
             {}, which bounds it at {bound:.1}",
            device.name()
        )),
        _ => Ok(rates),
    }
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
    if fit != Fit::Unknown {
        let [least, most] = [model.kv_bytes(context).0, model.kv_bytes_per_token().0 * context as f64];
        if least < most {
            notes.push(format!(
                "fit counts {:.3} GB of KV cache per sequence, an engine that frees what {} windowed layers \
                 forget needs {:.3} GB",
                most / 1e9,
                model.windowed_layers(),
                least / 1e9
            ));
        }
    }
}

fn note_device(notes: &mut Vec<String>, model: &Architecture, device: Device<'_>) {
    let Device::Measured(curves) = device else { return };
    if model.moe_layers() > 0 && curves.device_type() != DeviceType::Software {
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
