//! What a rate or a workload costs at an hour of any kind, as a table, CSV, Markdown and JSON.

use serde::Serialize;

use super::hour::Hour;
use super::sheet::{DEVICES, Line, Sheet};
use super::significant;
use crate::cost::presets::Used;
use crate::cost::request::{RequestCost, ServedCost};

/// A workload as it was asked for. What was not given is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Workload {
    /// One decode step of the whole batch.
    pub step_ms: Option<f64>,
    /// Sequences that decode together.
    pub batch: Option<u32>,
    /// Prefill per prompt token.
    pub prefill_us_per_token: Option<f64>,
    /// Prompt tokens per second of devices that do nothing else.
    pub input_tokens_per_s: Option<f64>,
    /// Generated tokens per second of devices that do nothing else.
    pub output_tokens_per_s: Option<f64>,
    /// Input tokens per request.
    pub isl: Option<u64>,
    /// Output tokens per request.
    pub osl: Option<u64>,
    /// Input tokens per output token.
    pub input_output_ratio: f64,
    /// Share of the input that a cache holds.
    pub cached: f64,
    /// What a cached input token costs, as a share of a fresh one.
    pub cached_cost: f64,
}

/// What a workload costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkloadCost {
    /// What was asked for.
    #[serde(flatten)]
    pub workload: Workload,
    /// Per million tokens.
    pub cost: ServedCost,
    /// Time per output token of a sequence, the prefills of others between; `None` where the batch is not
    /// known.
    pub tpot_ms: Option<f64>,
    /// One request; `None` where only the ratio is known.
    pub request: Option<RequestCost>,
}

/// A part of the utilisation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// The share that it leaves.
    pub share: f64,
}

/// A rate or a workload, priced at an hour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Costing {
    /// The hour, per device.
    pub hour: Hour,
    /// Devices that work together.
    pub gpus: u32,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// What it is the product of; empty where it was given whole.
    pub utilisation_parts: Vec<Part>,
    /// The rate of all devices together.
    pub tokens_per_s: Option<f64>,
    /// The cost of its tokens.
    pub usd_per_mtok: Option<f64>,
    /// The part of it that pays for power, where the device is owned.
    pub power_usd_per_mtok: Option<f64>,
    /// The workload and its costs.
    pub workload: Option<WorkloadCost>,
    /// What the reader should doubt; the verb puts them last.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

impl Costing {
    /// For people.
    pub fn sheet(&self) -> Sheet {
        let mut lines = Vec::new();
        let usd = |figure, value, from: &str| Line::new(figure, value, "USD/Mtok", from);
        lines.extend(self.usd_per_mtok.map(|cost| usd("usd_per_mtok", cost, "g * n * 1e6 / (3600 * u * R)")));
        lines.extend(
            self.power_usd_per_mtok.map(|cost| usd("power_usd_per_mtok", cost, "the same of the power")),
        );
        lines.extend(self.workload.iter().flat_map(workload));
        lines.extend(self.hour.lines());
        lines.push(Line::new("gpus", f64::from(self.gpus), DEVICES, "work together"));
        let product = if self.utilisation_parts.is_empty() { "as given" } else { "the product of its parts" };
        lines.push(Line::new("utilisation", self.utilisation, "of paid hours", product));
        let parts = self.utilisation_parts.iter();
        lines.extend(parts.map(|part| Line::new(part.name, part.share, "", "a part of the utilisation")));
        let notes = self.hour.preset.iter().map(Used::sentence).collect();
        Sheet { answer: self.answer(), lines, notes, warnings: self.warnings.clone() }
    }

    fn answer(&self) -> String {
        let what = match (&self.workload, self.usd_per_mtok.zip(self.tokens_per_s)) {
            (Some(WorkloadCost { cost, workload, request, .. }), _) => {
                let request = request.map_or(String::new(), |request| {
                    format!("; a request costs {} USD", significant(request.request_usd))
                });
                format!(
                    "{} USD/Mtok in, {} out, {} blended at {} input tokens per output token{request}",
                    significant(cost.usd_per_mtok_in),
                    significant(cost.usd_per_mtok_out),
                    significant(cost.usd_per_mtok_blended),
                    significant(workload.input_output_ratio),
                )
            }
            (None, Some((cost, rate))) => {
                format!("{} USD/Mtok at {} tokens/s", significant(cost), significant(rate))
            }
            (None, None) => String::new(),
        };
        let devices = if self.gpus == 1 { "device" } else { "devices" };
        format!(
            "{what}; {}, {} {devices}, utilisation {}",
            self.hour.words(),
            self.gpus,
            significant(self.utilisation)
        )
    }
}

fn workload(WorkloadCost { workload, cost, tpot_ms, request }: &WorkloadCost) -> Vec<Line> {
    let usd = |figure, value, from: &str| Line::new(figure, value, "USD/Mtok", from);
    let mut lines = Vec::new();
    if workload.cached > 0.0 {
        lines.push(usd(
            "usd_per_mtok_in_fresh",
            cost.usd_per_mtok_in_fresh,
            "g * n * 1e6 / (3600 u) * t_pre",
        ));
        lines.push(usd("usd_per_mtok_in", cost.usd_per_mtok_in, "(1 - hit) * fresh + hit * its own cost"));
        lines.push(Line::new("cached", workload.cached, "of the input", "hit"));
        let own = Line::new("cached_cost", workload.cached_cost, "of the input's cost", "own cost of a hit");
        lines.push(own);
    } else {
        lines.push(usd("usd_per_mtok_in", cost.usd_per_mtok_in, "g * n * 1e6 / (3600 u) * t_pre"));
    }
    lines.push(usd("usd_per_mtok_out", cost.usd_per_mtok_out, "g * n * 1e6 / (3600 u) * t_step / B"));
    lines.push(usd("usd_per_mtok_blended", cost.usd_per_mtok_blended, "(r * in + out) / (r + 1)"));
    lines.push(Line::new("input_output_ratio", workload.input_output_ratio, "", "r"));
    lines.push(Line::new(
        "output_tokens_per_s",
        cost.output_tokens_per_s,
        "tokens/s",
        "1 / (r * t_in + t_out): all devices, doing both",
    ));
    lines.extend(tpot_ms.map(|tpot| Line::new("tpot_ms", tpot, "ms", "t_step + B * r * t_in")));
    if let Some(request) = request {
        let usd = |figure, value, from: &str| Line::new(figure, value, "USD", from);
        lines.push(usd("input_usd", request.input_usd, "ISL * in"));
        lines.push(usd("output_usd", request.output_usd, "OSL * out"));
        lines.push(usd("request_usd", request.request_usd, "both sides"));
        lines.push(usd("device_time_usd", request.device_time_usd, "its time on the devices: the same"));
        lines.push(Line::new("device_s", request.device_s, "s", "ISL * t_in + OSL * t_out"));
    }
    let view = "g * n * 1e6 / (3600 u) over that rate alone: a view, never added to the other";
    lines.extend(cost.whole_hour_usd_per_mtok_in.map(|cost| usd("whole_hour_usd_per_mtok_in", cost, view)));
    lines.push(usd("whole_hour_usd_per_mtok_out", cost.whole_hour_usd_per_mtok_out, view));
    lines
}
