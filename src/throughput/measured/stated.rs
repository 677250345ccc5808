//! What stands in for kernels that nobody measured: constants, each said in a note.
//!
//! The four are those of the model that predicted 42 served points of an H100 from kernel curves with a median error of
//! 12.1 % when the prefill counted as a pass of its own.

use super::super::curve::Reading;
use super::note;
use crate::hardware::GpuSpec;

/// Share of the datasheet's bandwidth at which decode attention reads the KV cache.
const KV_SHARE: f64 = 0.75;
/// Share of the datasheet's 16-bit peak at which prefill attention computes.
const PREFILL_SHARE: f64 = 0.45;
/// Seconds between the kernels of one layer, all together.
const PER_LAYER: f64 = 5e-6;
/// Seconds of the host between two steps.
const PER_STEP: f64 = 0.3e-3;

/// Rates of attention from a datasheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    /// Bytes per second of decode attention.
    kv: f64,
    /// FLOP/s of prefill attention.
    prefill: f64,
}

impl Stated {
    /// `None` where the datasheet lacks a figure.
    pub(super) fn of(gpu: &GpuSpec) -> Option<Self> {
        let (bandwidth, peak) = (gpu.bandwidth?, gpu.fp16?);
        Some(Self { kv: KV_SHARE * bandwidth.0, prefill: PREFILL_SHARE * peak.0 })
    }

    /// Decode attention, in bytes per second.
    pub(super) fn decode(self, notes: &mut Vec<String>) -> Reading {
        note(notes, format!("no measured attention_decode: {KV_SHARE} of the datasheet's bandwidth"));
        Reading::stated(self.kv)
    }

    /// Prefill attention, in FLOP/s.
    pub(super) fn prefill(self, notes: &mut Vec<String>) -> Reading {
        note(notes, format!("no measured attention_prefill: {PREFILL_SHARE} of the datasheet's 16-bit peak"));
        Reading::stated(self.prefill)
    }
}

/// What the spaces between kernels take.
#[derive(Clone, Copy, Debug)]
pub(super) enum Launch {
    /// Seconds of one dispatch that waits for the one before.
    Chain(f64),
    /// No chain was measured.
    Stated,
}

impl Launch {
    /// Seconds of each op.
    pub(super) fn per_op(self) -> f64 {
        match self {
            Self::Chain(seconds) => seconds,
            Self::Stated => 0.0,
        }
    }

    /// Seconds of a step beside its ops.
    pub(super) fn per_step(self, layers: u64, notes: &mut Vec<String>) -> f64 {
        match self {
            Self::Chain(_) => 0.0,
            Self::Stated => {
                let (layer, step) = (PER_LAYER * 1e6, PER_STEP * 1e3);
                note(
                    notes,
                    format!("no measured chain of dispatches: {layer} µs per layer and {step} ms per step"),
                );
                PER_STEP + PER_LAYER * layers as f64
            }
        }
    }
}
