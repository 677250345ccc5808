//! The options that say how an engine serves.

use clap::Args;
use mtok::op::Format;
use mtok::throughput::{CHUNK, Target};
use mtok::units::Seconds;

use super::{positive, share};

/// How an engine serves the requests.
#[derive(Args, Clone, Debug)]
pub struct ServingArgs {
    /// Devices that share every layer (tensor parallel).
    #[arg(long, value_name = "DEVICES", default_value_t = 1)]
    pub tp: u64,
    /// Rate of the link between two devices, one direction [default: the datasheet's].
    #[arg(long, value_name = "GB_PER_S", value_parser = positive, allow_negative_numbers = true)]
    pub link_gb_per_s: Option<f64>,
    /// How keys and values are held: f16, bf16, fp8 or q8_0.
    #[arg(long, value_name = "FORMAT", default_value_t = Format::F16)]
    pub kv: Format,
    /// Share of the input tokens that the prefix cache holds already, from 0 to below 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_negative_numbers = true)]
    pub cached: f64,
    /// Tokens of one pass of prefill.
    #[arg(long, value_name = "TOKENS", default_value_t = CHUNK)]
    pub chunk: u64,
    /// How unevenly the experts of a mixture are visited: the i-th in proportion to i to the power of minus this; 0 is
    /// evenly, which reads the most.
    #[arg(long, value_name = "EXPONENT", default_value_t = 0.0, allow_negative_numbers = true)]
    pub expert_skew: f64,
    /// Speculative decoding: tokens drafted per step; needs one of the three options below.
    #[arg(long, value_name = "TOKENS", requires = "yield")]
    pub drafts: Option<u64>,
    #[command(flatten)]
    pub yielded: YieldArgs,
    /// With --batch auto: the batch with the most tokens per second that answers within this time per output token.
    #[arg(long, value_name = "MS", value_parser = positive, allow_negative_numbers = true)]
    pub tpot_max_ms: Option<f64>,
}

/// What a step of speculative decoding yields.
#[derive(Args, Clone, Debug)]
#[group(id = "yield", multiple = false, requires = "drafts")]
pub struct YieldArgs {
    /// Chance that a drafted token is accepted.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub acceptance: Option<f64>,
    /// Tokens that a step yields on average, as measured.
    #[arg(long, value_name = "TOKENS", value_parser = positive, allow_negative_numbers = true)]
    pub tokens_per_step: Option<f64>,
    /// What was measured for these, by name in acceptance.csv, such as "qwen3.5-397b coding".
    #[arg(long, value_name = "NAME")]
    pub acceptance_of: Option<String>,
}

impl ServingArgs {
    /// What a batch must reach.
    pub fn target(&self) -> Target {
        Target { tpot: self.tpot_max_ms.map(|ms| Seconds(ms / 1e3)) }
    }

    /// The options that ask the same again, each with a space before it; defaults are left out.
    pub fn words(&self) -> Vec<String> {
        let Self { tp, link_gb_per_s, kv, cached, chunk, expert_skew, drafts, yielded, tpot_max_ms } = self;
        let own = [
            (*tp != 1).then(|| format!(" --tp {tp}")),
            link_gb_per_s.map(|rate| format!(" --link-gb-per-s {rate}")),
            (*kv != Format::F16).then(|| format!(" --kv {kv}")),
            (*cached > 0.0).then(|| format!(" --cached {cached}")),
            (*chunk != CHUNK).then(|| format!(" --chunk {chunk}")),
            (*expert_skew > 0.0).then(|| format!(" --expert-skew {expert_skew}")),
            drafts.map(|drafts| format!(" --drafts {drafts}")),
            yielded.acceptance.map(|share| format!(" --acceptance {share}")),
            yielded.tokens_per_step.map(|tokens| format!(" --tokens-per-step {tokens}")),
            yielded.acceptance_of.as_ref().map(|name| format!(" --acceptance-of \"{name}\"")),
            tpot_max_ms.map(|ms| format!(" --tpot-max-ms {ms}")),
        ];
        own.into_iter().flatten().collect()
    }
}
