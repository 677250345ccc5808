//! Whether a model and its KV cache fit, and how many sequences do.

use serde::Serialize;

use super::{Device, Serving, Workload};
use crate::arch::{Architecture, KV_ELEMENT_BYTES};
use crate::hardware::{self, GpuSpec};
use crate::measurement::DeviceType;
use crate::units::Bytes;

/// Share of the memory that an engine takes: vLLM's default `gpu_memory_utilization`.
const UTILISATION: f64 = 0.90;
/// Activations, graphs and the engine itself on a GPU: AIConfigurator's reserve.
const GPU_RESERVE: Bytes = Bytes(3.5e9);
/// Share of the host's memory that an integrated GPU may take: the low end of 70–78 % seen on Apple GPUs.
const UNIFIED_UTILISATION: f64 = 0.70;

/// The memory of a device, and what of it weights and KV cache may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// All of it.
    pub total: Bytes,
    /// Share that an engine takes.
    pub utilisation: f64,
    /// Kept for other things than weights and KV cache.
    pub reserve: Bytes,
}

impl Memory {
    /// A GPU's own memory.
    pub fn of_gpu(total: Bytes) -> Self {
        Self { total, utilisation: UTILISATION, reserve: GPU_RESERVE }
    }

    /// The host's memory under a software adapter.
    pub fn of_host(total: Bytes) -> Self {
        Self { total, utilisation: UTILISATION, reserve: Bytes(0.0) }
    }

    /// The host's memory shared with an integrated GPU.
    pub fn of_integrated(total: Bytes) -> Self {
        Self { total, utilisation: UNIFIED_UTILISATION, reserve: Bytes(0.0) }
    }

    /// What weights and KV cache may take: `util · M − reserve`, not below zero.
    pub fn usable(&self) -> Bytes {
        Bytes((self.utilisation * self.total.0 - self.reserve.0).max(0.0))
    }
}

impl Device<'_> {
    /// The device's memory: as given, else the datasheet's (of the matching GPU for a measured adapter), else
    /// the host's where the device computes in it. `None` where nobody knows.
    pub fn memory(&self, gpus: &[GpuSpec], given: Option<Bytes>) -> Option<Memory> {
        let (datasheet, host, kind) = match self {
            Self::Datasheet(gpu) if gpu.form_factor == "Integrated" => {
                (gpu.memory, None, DeviceType::IntegratedGpu)
            }
            Self::Datasheet(gpu) => (gpu.memory, None, DeviceType::DiscreteGpu),
            Self::Measured(curves) => {
                let matched = hardware::of_rates(gpus, curves.adapter());
                (matched.and_then(|gpu| gpu.memory), curves.host_memory(), curves.device_type())
            }
        };
        match kind {
            DeviceType::Software => given.or(host).map(Memory::of_host),
            DeviceType::IntegratedGpu => given.or(datasheet).or(host).map(Memory::of_integrated),
            _ => given.or(datasheet).map(Memory::of_gpu),
        }
    }
}

/// Whether a workload fits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "fit")]
pub enum Fit {
    /// It fits.
    Fits {
        /// Weights.
        weights_bytes: Bytes,
        /// KV cache of all sequences at their full length, and the states of recurrent layers.
        kv_bytes: Bytes,
        /// What is left of the usable memory.
        free_bytes: Bytes,
    },
    /// It does not fit.
    DoesNotFit {
        /// Needed.
        need_bytes: Bytes,
        /// Usable.
        have_bytes: Bytes,
        /// What does not fit: `weights`, or `weights and KV cache`.
        what: &'static str,
    },
    /// The memory of the device is unknown.
    Unknown,
}

impl Fit {
    /// Yes, no, or unknown.
    pub fn fits(&self) -> Option<bool> {
        match self {
            Self::Fits { .. } => Some(true),
            Self::DoesNotFit { .. } => Some(false),
            Self::Unknown => None,
        }
    }
}

/// KV-cache and state bytes of a sequence of `tokens` tokens over all devices. Devices beyond the KV heads hold copies; a
/// latent vector has no heads to cut, so all hold it.
fn sequence_bytes(model: &Architecture, workload: Workload, tokens: f64) -> f64 {
    let Serving { tp, kv, .. } = workload.serving;
    let element = kv.bytes_per_weight() / KV_ELEMENT_BYTES;
    let copies = tp as f64 / tp.min(model.kv_heads()) as f64;
    model.kv_bytes_per_token().0 * element * copies * tokens + model.state_bytes().0
}

/// Whether the workload fits with every sequence at its full length and no layer windowed: the safe answer. Memory is that
/// of one device, the answer is about all of them.
pub(super) fn fit(model: &Architecture, workload: Workload, memory: Option<Memory>) -> Fit {
    let Some(memory) = memory else { return Fit::Unknown };
    let weights = model.weight_bytes(workload.weights);
    let tokens = (workload.isl + workload.osl) as f64;
    let kv_bytes = Bytes(workload.batch as f64 * sequence_bytes(model, workload, tokens));
    let need = weights + kv_bytes;
    let have = Bytes(memory.usable().0 * workload.serving.tp as f64);
    if weights > have {
        Fit::DoesNotFit { need_bytes: weights, have_bytes: have, what: "weights" }
    } else if need > have {
        Fit::DoesNotFit { need_bytes: need, have_bytes: have, what: "weights and KV cache" }
    } else {
        Fit::Fits { weights_bytes: weights, kv_bytes, free_bytes: Bytes(have.0 - need.0) }
    }
}

/// `B_max = floor(M_free / (kv_token · (ISL + phi·OSL) + state))` with `M_free = T·(util·M − reserve) − W`. `phi` is the
/// share of the output that sequences hold on average: 1 is safe, 0.5 the steady state.
pub fn max_batch(model: &Architecture, workload: Workload, memory: Memory, phi: f64) -> u64 {
    let usable = memory.usable().0 * workload.serving.tp as f64;
    let free = usable - model.weight_bytes(workload.weights).0;
    let tokens = workload.isl as f64 + phi * workload.osl as f64;
    // A float to integer cast saturates: a negative amount of free memory holds no sequence.
    (free / sequence_bytes(model, workload, tokens)).floor() as u64
}
