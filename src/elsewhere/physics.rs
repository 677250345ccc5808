//! What a time implies, held against the datasheet of the device.

use crate::hardware::GpuSpec;
use crate::op::Op;
use crate::units::{Bytes, BytesPerSecond, Seconds};

/// The step of the timers behind such files: a time may be this much longer than what it says.
const GRAIN: Seconds = Seconds(1e-6);
/// No cache of a GPU in `gpus.csv` holds more: what is larger comes from memory.
const CACHE: Bytes = Bytes(256.0 * 1024.0 * 1024.0);
/// Caches are faster than memory by less than this factor on every GPU in `gpus.csv`.
const CACHE_FACTOR: f64 = 10.0;
/// As for other rates: links clock no higher than this above their datasheet.
const LINK_MARGIN: f64 = 1.05;

/// Why an op cannot have taken so short a time on a GPU; `None` where it can.
///
/// Arithmetic is held against the peak and weights against the memory bus: a step reads them all, so a rate that only
/// a cache gives is of no use. Activations may stay in a cache.
pub(super) fn impossible(gpu: &GpuSpec, op: &Op, seconds: f64) -> Option<String> {
    let time = Seconds(seconds) + GRAIN;
    if let Op::AllReduce { bytes, .. } = op {
        // Switches that add up take the buffer from each GPU once; rings need nearly twice that.
        let rate = Bytes(*bytes as f64) / time;
        let link = gpu.link.filter(|link| rate.0 > LINK_MARGIN * link.0)?;
        let [rate, link] = [rate, link].map(|rate| crate::text::significant(rate.0 / 1e9));
        return Some(format!("implies {rate} GB/s, the link of {} has {link}", gpu.name));
    }
    let flops = Some(op.flops() / time).filter(|rate| rate.0 > 0.0);
    let traffic = match op {
        Op::Matmul { outputs, inputs, weights, .. } => {
            Bytes(*outputs as f64 * *inputs as f64 * weights.bytes_per_weight()) / time
        }
        _ if op.bytes() > CACHE => op.bytes() / time,
        _ => BytesPerSecond((op.bytes() / time).0 / CACHE_FACTOR),
    };
    gpu.impossible(op.format(), flops, Some(traffic))
}
