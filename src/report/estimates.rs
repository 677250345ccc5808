//! Estimates as a table, CSV and JSON: one flat row per model, format and batch.

use serde::Serialize;

use super::columns::{Column, common, number, text, wide, widest};
use super::{Safe, UNKNOWN, csv as rows_csv, markdown, terminal as page};
use crate::measurement::SOFTWARE_LABEL;
use crate::text::{inert, markdown_cell};
use crate::throughput::{Estimate, Fit, Source};

/// One estimate, flat, as CSV and JSON show it. Unknown is `None`, never 0; intervals are those of METHODOLOGY.md.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EstimateRow {
    /// The open weights.
    pub model: String,
    /// How they are stored.
    pub weights: String,
    /// The device.
    pub device: String,
    /// Where the rates come from.
    pub source: Source,
    /// Whether the device is a software adapter.
    pub software: bool,
    /// Devices that share every layer.
    pub tp: u64,
    /// How keys and values are held.
    pub kv: String,
    /// Sequences that decode together.
    pub batch: u64,
    /// Input tokens per request.
    pub isl: u64,
    /// Output tokens per request.
    pub osl: u64,
    /// Whether weights and KV cache fit the memory; unknown where the memory is.
    pub fits: Option<bool>,
    /// Most sequences of this length that fit.
    pub max_batch: Option<u64>,
    /// Weights in memory.
    pub weights_gb: Option<f64>,
    /// KV cache of the whole batch at full length.
    pub kv_cache_gb: Option<f64>,
    /// Time to first token of one request on an idle device.
    pub ttft_ms: Option<f64>,
    /// Its low end.
    pub ttft_ms_low: Option<f64>,
    /// Its high end.
    pub ttft_ms_high: Option<f64>,
    /// Mean time between the output tokens of a request, with the prompts of the others riding along.
    pub tpot_ms: Option<f64>,
    /// Its low end.
    pub tpot_ms_low: Option<f64>,
    /// Its high end.
    pub tpot_ms_high: Option<f64>,
    /// Prompt tokens per second while only prefilling.
    pub prefill_tokens_per_s: Option<f64>,
    /// Its low end.
    pub prefill_tokens_per_s_low: Option<f64>,
    /// Its high end.
    pub prefill_tokens_per_s_high: Option<f64>,
    /// Output tokens per second of the whole batch while only decoding.
    pub decode_tokens_per_s: Option<f64>,
    /// Its low end.
    pub decode_tokens_per_s_low: Option<f64>,
    /// Its high end.
    pub decode_tokens_per_s_high: Option<f64>,
    /// Output tokens per second of one request: `1000 / tpot_ms`.
    pub sequence_tokens_per_s: Option<f64>,
    /// Its low end.
    pub sequence_tokens_per_s_low: Option<f64>,
    /// Its high end.
    pub sequence_tokens_per_s_high: Option<f64>,
    /// Output tokens per second of the whole batch while it prefills as many requests as it finishes.
    pub output_tokens_per_s: Option<f64>,
    /// Its low end.
    pub output_tokens_per_s_low: Option<f64>,
    /// Its high end.
    pub output_tokens_per_s_high: Option<f64>,
    /// Requests finished per second, likewise.
    pub requests_per_s: Option<f64>,
    /// Its low end.
    pub requests_per_s_low: Option<f64>,
    /// Its high end.
    pub requests_per_s_high: Option<f64>,
    /// What most of a decode step waits for.
    pub bound: Option<String>,
    /// Energy of a prompt token while only prefilling; unknown unless the power of every kernel was measured.
    pub prefill_joules_per_token: Option<f64>,
    /// Energy of an output token while only decoding, likewise.
    pub decode_joules_per_token: Option<f64>,
    /// Predicted over measured time of whole layers on this device, geometric median; unknown where none was measured.
    pub layer_ratio: Option<f64>,
    /// Assumptions and reasons; several joined by `; `.
    pub note: String,
}

impl EstimateRow {
    /// The row of an estimate; `software` says that the device is a software adapter.
    pub fn of(estimate: &Estimate, software: bool) -> Self {
        let mut row = Self {
            model: estimate.model.clone(),
            weights: estimate.workload.weights.to_string(),
            device: estimate.device.clone(),
            source: estimate.source,
            software,
            tp: estimate.workload.serving.tp,
            kv: estimate.workload.serving.kv.to_string(),
            batch: estimate.workload.batch,
            isl: estimate.workload.isl,
            osl: estimate.workload.osl,
            max_batch: estimate.max_batch,
            layer_ratio: estimate.layer_ratio.map(|ratio| ratio.mid),
            note: estimate.notes.join("; "),
            ..Self::default()
        };
        row.set_fit(estimate.fit);
        row.set_rates(estimate);
        row
    }

    fn set_fit(&mut self, fit: Fit) {
        self.fits = fit.fits();
        if let Fit::Fits { weights_bytes, kv_bytes, .. } = fit {
            self.weights_gb = Some(weights_bytes.0 / 1e9);
            self.kv_cache_gb = Some(kv_bytes.0 / 1e9);
        }
    }

    fn set_rates(&mut self, estimate: &Estimate) {
        let Some(rates) = &estimate.rates else { return };
        let ms = |time: crate::units::Seconds| Some(time.0 * 1e3);
        let per_s = |rate: crate::units::TokensPerSecond| Some(rate.0);
        let (ttft, tpot) = (rates.ttft_s.map(ms), rates.tpot_s.map(ms));
        let (prefill, decode) = (rates.prefill_tokens_per_s.map(per_s), rates.decode_tokens_per_s.map(per_s));
        (self.ttft_ms, self.ttft_ms_low, self.ttft_ms_high) = (ttft.mid, ttft.low, ttft.high);
        (self.tpot_ms, self.tpot_ms_low, self.tpot_ms_high) = (tpot.mid, tpot.low, tpot.high);
        (self.prefill_tokens_per_s, self.prefill_tokens_per_s_low, self.prefill_tokens_per_s_high) =
            (prefill.mid, prefill.low, prefill.high);
        (self.decode_tokens_per_s, self.decode_tokens_per_s_low, self.decode_tokens_per_s_high) =
            (decode.mid, decode.low, decode.high);
        let sequence = rates.tpot_s.invert(|tpot| Some(1.0 / tpot.0));
        let (output, requests) = (rates.output_tokens_per_s.map(per_s), rates.requests_per_s.map(Some));
        (self.sequence_tokens_per_s_low, self.sequence_tokens_per_s, self.sequence_tokens_per_s_high) =
            (sequence.low, sequence.mid, sequence.high);
        (self.output_tokens_per_s_low, self.output_tokens_per_s, self.output_tokens_per_s_high) =
            (output.low, output.mid, output.high);
        (self.requests_per_s_low, self.requests_per_s, self.requests_per_s_high) =
            (requests.low, requests.mid, requests.high);
        self.bound = Some(rates.bound.to_string());
        self.prefill_joules_per_token = rates.prefill_joules_per_token.map(|joules| joules.0);
        self.decode_joules_per_token = rates.decode_joules_per_token.map(|joules| joules.0);
    }
}

/// The columns; those of energy where it is known.
fn columns(rows: &[&EstimateRow]) -> Vec<Column<EstimateRow>> {
    COLUMNS.into_iter().chain(super::columns::known(&ENERGY, rows)).collect()
}

const ENERGY: [Column<EstimateRow>; 2] = [
    common(number("prefill J/tok", |row| super::number(row.prefill_joules_per_token))),
    common(number("decode J/tok", |row| super::number(row.decode_joules_per_token))),
];

const COLUMNS: [Column<EstimateRow>; 18] = [
    text("model", |row| row.model.clone()),
    text("weights", |row| row.weights.clone()),
    number("batch", |row| row.batch.to_string()),
    wide(number("prefill tok/s", |row| super::number(row.prefill_tokens_per_s))),
    number("decode tok/s", |row| super::number(row.decode_tokens_per_s)),
    wide(text("decode low to high", |row| {
        super::columns::range(row.decode_tokens_per_s_low, row.decode_tokens_per_s_high)
    })),
    common(number("output tok/s", |row| super::number(row.output_tokens_per_s))),
    widest(text("output low to high", |row| {
        super::columns::range(row.output_tokens_per_s_low, row.output_tokens_per_s_high)
    })),
    widest(number("requests/s", |row| super::number(row.requests_per_s))),
    common(number("TTFT ms", |row| super::number(row.ttft_ms))),
    common(number("TPOT ms", |row| super::number(row.tpot_ms))),
    widest(text("TPOT low to high", |row| super::columns::range(row.tpot_ms_low, row.tpot_ms_high))),
    widest(number("tok/s of a sequence", |row| super::number(row.sequence_tokens_per_s))),
    common(text("bound by", |row| row.bound.clone().unwrap_or_else(|| UNKNOWN.into()))),
    text("fits", |row| row.fits.map_or(UNKNOWN, |fits| if fits { "yes" } else { "no" }).to_owned()),
    widest(number("weights GB", |row| super::number(row.weights_gb))),
    widest(number("KV cache GB", |row| super::number(row.kv_cache_gb))),
    number("max batch", |row| row.max_batch.map_or(UNKNOWN.into(), |most| most.to_string())),
];

/// The rows for a terminal: what they are, the table, then each note once.
pub fn terminal(rows: &[EstimateRow], width: u16) -> String {
    let mut out = page::wrapped(&caption(rows, inert), width);
    let shown: Vec<&EstimateRow> = rows.iter().collect();
    out += &page::table(&columns(&shown), &shown, width, false);
    out.push('\n');
    let remarks = rows.iter().map(|row| (row.model.as_str(), row.weights.as_str(), row.note.as_str()));
    for remark in super::each_once(remarks, inert) {
        out += &page::wrapped(&remark, width);
    }
    out
}

/// The rows as a Markdown table under its caption.
pub fn markdown(rows: &[EstimateRow]) -> String {
    let shown: Vec<&EstimateRow> = rows.iter().collect();
    let table = markdown::table(&columns(&shown), &shown);
    format!("{}\n\n{table}", caption(rows, markdown_cell))
}

/// What all rows have in common.
fn caption(rows: &[EstimateRow], safe: Safe) -> String {
    let Some(first) = rows.first() else { return "no model was asked for".into() };
    let label = if first.software { format!(", {SOFTWARE_LABEL}") } else { String::new() };
    let origin = match first.source {
        Source::Measured => "measured kernels",
        Source::MeasuredElsewhere => "kernels measured elsewhere",
        Source::Datasheet => "its datasheet, not measured",
    };
    format!(
        "{}{}{label}: estimated from {origin}; {} input and {} output tokens per request",
        if first.tp > 1 { format!("{} x ", first.tp) } else { String::new() },
        safe(&first.device),
        first.isl,
        first.osl
    )
}

/// The rows as CSV with a header.
pub fn csv(rows: &[EstimateRow]) -> String {
    rows_csv::rows_csv(rows)
}
