//! nvbench's `--json`: a state per device and point of the axes, its summaries found by tag.
//!
//! Times are seconds of one launch, on the GPU's clock. `nv/cold` is with a flushed L2 cache and a launch at a time,
//! `nv/batch` back to back. A state that was skipped stays a record with its reason. There are no tokens: the
//! element rate counts what the author of the benchmark called an element.

use serde::Deserialize;

use super::{Format, Outcome, QUARTILE_TO_FASTEST, Record, Source};
use crate::json::{self, Object, Scalar};
use crate::table::Fault;

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "nvbench", marks: &[&["benchmarks", "devices"]], beside: None, read };

/// Where times come from, the best first, and what they are.
const CLOCKS: [(&str, &str); 2] =
    [("nv/cold", "cold: one launch at a time, L2 cache flushed"), ("nv/batch", "hot: launches back to back")];

#[derive(Debug, Deserialize)]
struct Run {
    devices: Option<Vec<Object<Device>>>,
    benchmarks: Vec<Object<Benchmark>>,
}

#[derive(Debug, Deserialize)]
struct Device {
    id: i64,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Benchmark {
    name: String,
    states: Option<Vec<Object<State>>>,
}

#[derive(Debug, Deserialize)]
struct State {
    device: Option<i64>,
    axis_values: Option<Vec<Object<Value>>>,
    summaries: Option<Vec<Object<Summary>>>,
    #[serde(default)]
    is_skipped: bool,
    skip_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Summary {
    tag: String,
    #[serde(default)]
    data: Vec<Object<Value>>,
}

#[derive(Debug, Deserialize)]
struct Value {
    name: String,
    value: Option<Scalar>,
}

fn read(source: &Source<'_>) -> Result<Vec<Record>, Fault> {
    let run: Run = json::object(source.text)?;
    let mut records = Vec::new();
    for Object(benchmark) in &run.benchmarks {
        for Object(state) in benchmark.states.iter().flatten() {
            let (outcome, notes) = state.outcome(source.tokens_per_iteration)?;
            records.push(Record {
                model: benchmark.name.clone(),
                test: state.axes(),
                hardware: run.device(state.device),
                engine: "nvbench".into(),
                gpus: Some(1),
                outcome,
                notes,
                ..Record::default()
            });
        }
    }
    Ok(records)
}

impl Run {
    fn device(&self, id: Option<i64>) -> String {
        let found = self.devices.iter().flatten().find(|device| Some(device.0.id) == id);
        found.map(|device| device.0.name.clone()).unwrap_or_default()
    }
}

impl State {
    fn axes(&self) -> String {
        let text = |value: &Object<Value>| {
            let held = value.0.value.as_ref().map_or("", |value| value.0.as_str());
            format!("{}={held}", value.0.name)
        };
        self.axis_values.iter().flatten().map(text).collect::<Vec<_>>().join(" ")
    }

    /// The number under a tag; `None` where there is none, not a number where it is no number.
    fn summary(&self, tag: &str) -> Option<f64> {
        let summary = self.summaries.iter().flatten().find(|summary| summary.0.tag == tag)?;
        let value = summary.0.data.iter().find(|value| value.0.name == "value")?;
        Some(value.0.value.as_ref()?.0.parse().unwrap_or(f64::NAN))
    }

    fn outcome(&self, tokens: Option<f64>) -> Result<(Outcome, Vec<String>), Fault> {
        if self.is_skipped {
            let reason = self.skip_reason.clone().filter(|reason| !reason.is_empty());
            return Ok((Outcome::Skipped(reason.unwrap_or_else(|| "no reason given".into())), vec![]));
        }
        let timed = CLOCKS.iter().find_map(|(clock, meaning)| {
            Some((*clock, *meaning, self.summary(&format!("{clock}/time/gpu/mean"))?))
        });
        let Some((clock, meaning, mean_s)) = timed else {
            return Ok((Outcome::Failed("it has no mean time on the GPU's clock".into()), vec![]));
        };
        let mut notes = vec!["a kernel or function, not served tokens".to_owned(), meaning.to_owned()];
        let elements = || self.summary(&format!("{clock}/bw/item_rate")).map(|rate| rate * mean_s);
        let tokens = match (tokens, elements()) {
            (Some(tokens), _) => tokens,
            (None, Some(elements)) => {
                notes.push("elements are taken as tokens".into());
                elements
            }
            (None, None) => {
                return Err(Fault {
                    line: 0,
                    column: 0,
                    what: "nvbench has seconds per launch and no tokens: give --tokens-per-iteration".into(),
                });
            }
        };
        Ok((self.spread(clock, tokens, mean_s), notes))
    }

    /// The fastest sample to the third quartile where both are there, else one standard deviation.
    fn spread(&self, clock: &str, tokens: f64, mean_s: f64) -> Outcome {
        let time = |name: &str| self.summary(&format!("{clock}/time/gpu/{name}"));
        let mut outcome = Outcome::of("a mean time of", mean_s, tokens / mean_s);
        if let Some(samples) = self.summary(&format!("{clock}/sample_size")).filter(|samples| *samples >= 1.0)
        {
            outcome = outcome.with_samples(samples as u64);
        }
        match (time("min"), time("q3"), time("stdev/relative")) {
            (Some(min), Some(q3), _) => outcome.with_spread(tokens / q3, tokens / min, QUARTILE_TO_FASTEST),
            (.., Some(relative)) => {
                let (slow, fast) = (mean_s * (1.0 + relative), mean_s * (1.0 - relative));
                outcome.with_spread(tokens / slow, tokens / fast, "one standard deviation of the samples")
            }
            _ => outcome,
        }
    }
}
