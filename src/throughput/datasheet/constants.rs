//! The constants of the datasheet model. `validate --leave-out` and a test find them again from published rows.

use crate::units::Seconds;

/// What engines reach of a datasheet's peaks, and what they pay beside them. No constant belongs to a GPU or a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constants {
    /// Share of peak bandwidth at which weights and KV cache are read.
    pub bandwidth: f64,
    /// Share of peak arithmetic of matrix products in a serving engine; prefill attention reaches half of it.
    pub arithmetic: f64,
    /// Share of the link that sums between GPUs reach.
    pub link: f64,
    /// Fixed time per layer: launches, norms, elementwise work, the latency of sums between GPUs.
    pub layer: Seconds,
    /// Fixed time per sequence and step: scheduling, sampling, answering.
    pub sequence: Seconds,
    /// Share of `bandwidth` that llama.cpp reaches on stacked memory (HBM).
    pub local_stacked: f64,
    /// FLOP per weight with which llama.cpp unpacks and multiplies at one token, outside the matrix units.
    pub local_flops_per_weight: f64,
    /// The same per element of the KV cache.
    pub local_flops_per_kv: f64,
    /// Share of peak arithmetic that llama.cpp reaches in the products of a prefill.
    pub local_arithmetic: f64,
    /// The same in the attention of a prefill.
    pub local_attention: f64,
    /// Share of `bandwidth` at which experts are read.
    pub expert_bandwidth: f64,
    /// Share of `arithmetic` of the products of experts.
    pub expert_arithmetic: f64,
    /// Further fixed time per layer with experts: routing, sorting, gathering.
    pub expert_layer: Seconds,
}

/// Found by [`crate::validate::refit`] from 1,066 published rows: llama.cpp at one sequence (400, of May 2024 to May 2026),
/// TensorRT-LLM 1.0 at full batches (170), and served requests that AIConfigurator collected (496). Prefill attention at half of
/// `arithmetic` is a choice: found freely it is 0.51.
pub const FITTED: Constants = Constants {
    bandwidth: 0.913,
    arithmetic: 0.695,
    link: 0.576,
    layer: Seconds(61.8e-6),
    sequence: Seconds(21.0e-6),
    local_stacked: 0.688,
    local_flops_per_weight: 3.51,
    local_flops_per_kv: 302.0,
    local_arithmetic: 0.54,
    local_attention: 0.085,
    expert_bandwidth: 0.793,
    expert_arithmetic: 0.799,
    expert_layer: Seconds(51.0e-6),
};
