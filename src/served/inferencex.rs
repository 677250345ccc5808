//! InferenceX result rows: served tokens per second and GPU, in total, of input and of output.
//!
//! The three rates are views of the same hour: each alone pays for all of it, so their costs are alternatives and
//! must never be added. In a disaggregated run the file divides input by the prefill GPUs and output by the decode
//! GPUs only; here both are spread over all GPUs, so that each pays for the whole deployment.

use jiff::civil::Date;
use serde::Deserialize;

use super::{Devices, Format, Outcome, Record, Source, Tokens};
use crate::json::{self, Scalar};
use crate::table::Fault;

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "inferencex", marks: &[&["tput_per_gpu"], &["output_tput_per_gpu"]], beside: None, read };

/// Said of every rate.
const ALTERNATIVES: &str =
    "input, output and total each pay for the whole hour: alternatives, never to be added";

/// Said where the rates contradict each other.
const NOT_ADDING_UP: &str =
    "input and output rates do not add up to the total: they may be of a part of the GPUs";

/// Published rates are rounded.
const ADDS_UP_WITHIN: f64 = 0.01;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    hw: Option<Scalar>,
    model: Option<Scalar>,
    infmax_model_prefix: Option<Scalar>,
    framework: Option<Scalar>,
    precision: Option<Scalar>,
    spec_decoding: Option<Scalar>,
    disagg: Option<Scalar>,
    conc: Option<Scalar>,
    isl: Option<Scalar>,
    osl: Option<Scalar>,
    tp: Option<Scalar>,
    pp: Option<Scalar>,
    num_prefill_gpu: Option<Scalar>,
    num_decode_gpu: Option<Scalar>,
    date: Option<Scalar>,
    tput_per_gpu: Option<f64>,
    input_tput_per_gpu: Option<f64>,
    output_tput_per_gpu: Option<f64>,
}

fn read(source: &Source<'_>) -> Result<Vec<Record>, Fault> {
    let rows = json::objects::<Row>(source.text)?;
    Ok(rows.iter().flat_map(|(line, row)| row.records(*line)).collect())
}

impl Row {
    /// A record for each rate that the row has; one that says so where it has none.
    fn records(&self, line: u64) -> Vec<Record> {
        let rates = [
            (Tokens::Input, "input_tput_per_gpu", self.input_tput_per_gpu),
            (Tokens::Output, "output_tput_per_gpu", self.output_tput_per_gpu),
            (Tokens::Total, "tput_per_gpu", self.tput_per_gpu),
        ];
        let here = rates.into_iter().filter_map(|(tokens, key, rate)| Some((tokens, key, rate?)));
        let mut records: Vec<Record> =
            here.map(|(tokens, key, rate)| self.record(line, tokens, key, rate)).collect();
        if records.is_empty() {
            records.push(self.common(line));
        }
        if !adds_up(&records) {
            records.iter_mut().for_each(|record| record.notes.push(NOT_ADDING_UP.into()));
        }
        records
    }

    fn record(&self, line: u64, tokens: Tokens, key: &str, rate: f64) -> Record {
        let mut record = Record { tokens: Some(tokens), ..self.common(line) };
        record.notes.push(ALTERNATIVES.into());
        match self.share_of_gpus(tokens) {
            Ok(share) => {
                record.outcome = Outcome::of(key, rate, rate * share);
                if share < 1.0 {
                    record.notes.push(format!("{key} is spread over prefill and decode GPUs"));
                }
            }
            Err(why) => record.outcome = Outcome::Failed(why),
        }
        record
    }

    /// The share of all GPUs that the file divided this rate by.
    fn share_of_gpus(&self, tokens: Tokens) -> Result<f64, String> {
        if !self.is_disaggregated() || tokens == Tokens::Total {
            return Ok(1.0);
        }
        let (Some(prefill), Some(decode)) = (number(&self.num_prefill_gpu), number(&self.num_decode_gpu))
        else {
            return Err("a disaggregated run without num_prefill_gpu and num_decode_gpu".into());
        };
        let all = prefill as f64 + decode as f64;
        match tokens {
            Tokens::Input => Ok(prefill as f64 / all),
            // Without decode GPUs of their own output was divided by all.
            _ if decode == 0 => Ok(1.0),
            _ => Ok(decode as f64 / all),
        }
    }

    fn is_disaggregated(&self) -> bool {
        label(&self.disagg).eq_ignore_ascii_case("true")
    }

    fn common(&self, line: u64) -> Record {
        let speculation = Some(label(&self.spec_decoding)).filter(|kind| !["", "none"].contains(kind));
        let length = |name, value: &Option<Scalar>| Some(format!("{name} {}", number(value)?));
        let disaggregated = self.is_disaggregated().then(|| "disaggregated".to_owned());
        let parts = [length("ISL", &self.isl), length("OSL", &self.osl)].into_iter().flatten();
        let parts = parts.chain(speculation.map(str::to_owned)).chain(disaggregated);
        let model = [&self.model, &self.infmax_model_prefix].map(label);
        Record {
            line,
            model: model.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned(),
            test: parts.collect::<Vec<_>>().join(" "),
            hardware: label(&self.hw).to_owned(),
            engine: label(&self.framework).to_owned(),
            weights: label(&self.precision).to_owned(),
            concurrency: number(&self.conc),
            gpus: self.gpus(),
            rate_of: Devices::Each,
            date: Date::strptime("%Y-%m-%d", label(&self.date)).ok(),
            ..Record::default()
        }
    }

    /// GPUs of the deployment, for the reader only: the rates are per GPU.
    fn gpus(&self) -> Option<u32> {
        let counted = if self.is_disaggregated() {
            number(&self.num_prefill_gpu)?.checked_add(number(&self.num_decode_gpu)?)?
        } else {
            number(&self.tp)?.checked_mul(number(&self.pp).unwrap_or(1))?
        };
        u32::try_from(counted).ok().filter(|gpus| *gpus > 0)
    }
}

/// Whether input and output make the total, where all three are known. Rates over all GPUs do.
fn adds_up(records: &[Record]) -> bool {
    let rates: Vec<f64> = records.iter().filter_map(|record| record.outcome.tokens_per_s()).collect();
    match rates.as_slice() {
        [input, output, total] => ((input + output) / total - 1.0).abs() <= ADDS_UP_WITHIN,
        _ => true,
    }
}

fn label(value: &Option<Scalar>) -> &str {
    value.as_ref().map_or("", |value| value.0.as_str())
}

fn number(value: &Option<Scalar>) -> Option<u64> {
    label(value).parse().ok()
}
