//! criterion's `sample.json` and `estimates.json`: times of iterations in nanoseconds, no tokens.
//!
//! `sample.json` has every sample, so its rate is total tokens over total time. `estimates.json` has only the mean
//! over samples with its confidence interval. Names and the throughput setting stand in `benchmark.json` beside
//! either; its elements are taken as tokens where the user gives no number of tokens.

use serde::Deserialize;

use super::{Format, Outcome, Record, Source};
use crate::json::{self, Numbers, Object};
use crate::table::Fault;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "criterion",
    marks: &[&["iters", "times"], &["mean", "std_dev"]],
    beside: Some("benchmark.json"),
    read,
};

const NS_PER_SECOND: f64 = 1e9;

/// Either file: criterion writes both with fixed keys.
#[derive(Debug, Deserialize)]
struct Times {
    iters: Option<Numbers>,
    times: Option<Numbers>,
    mean: Option<Object<Estimate>>,
}

#[derive(Debug, Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Object<ConfidenceInterval>,
}

#[derive(Debug, Deserialize)]
struct ConfidenceInterval {
    lower_bound: f64,
    upper_bound: f64,
}

/// `benchmark.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Benchmark {
    full_id: Option<String>,
    group_id: Option<String>,
    throughput: Option<Object<Throughput>>,
}

/// Other throughputs, such as bytes, say nothing of tokens.
#[derive(Debug, Deserialize)]
struct Throughput {
    #[serde(rename = "Elements")]
    elements: Option<u64>,
    #[serde(rename = "ElementsAndBytes")]
    elements_and_bytes: Option<Object<Elements>>,
}

#[derive(Debug, Deserialize)]
struct Elements {
    elements: u64,
}

fn read(source: &Source<'_>) -> Result<Vec<Record>, Fault> {
    let times: Times = json::object(source.text)?;
    let benchmark = match source.beside {
        Some(text) => json::object::<Benchmark>(text).map_err(|fault| Fault {
            line: 0,
            column: 0,
            what: format!("benchmark.json:{fault}"),
        })?,
        None => Benchmark::default(),
    };
    let elements = benchmark.elements();
    let tokens = source.tokens_per_iteration.or(elements).ok_or_else(|| Fault {
        line: 0,
        column: 0,
        what: "criterion has seconds per iteration and no tokens: give --tokens-per-iteration".into(),
    })?;
    let mut notes = vec!["a kernel or function, not served tokens".to_owned()];
    if source.tokens_per_iteration.is_none() {
        notes.push(format!("{tokens} elements per iteration are taken as tokens"));
    }
    Ok(vec![Record {
        model: benchmark.full_id.or(benchmark.group_id).unwrap_or_default(),
        engine: "criterion".into(),
        outcome: outcome(&times, tokens),
        notes,
        ..Record::default()
    }])
}

impl Benchmark {
    fn elements(&self) -> Option<f64> {
        let throughput = &self.throughput.as_ref()?.0;
        let both = throughput.elements_and_bytes.as_ref().map(|both| both.0.elements);
        throughput.elements.or(both).map(|elements| elements as f64)
    }
}

fn outcome(times: &Times, tokens: f64) -> Outcome {
    match (&times.iters, &times.times, &times.mean) {
        (Some(iters), Some(total_ns), _) => of_samples(&iters.0, &total_ns.0, tokens),
        (_, _, Some(Object(mean))) => {
            let rate = |ns: f64| tokens * NS_PER_SECOND / ns;
            let Object(interval) = &mean.confidence_interval;
            Outcome::of("mean", mean.point_estimate, rate(mean.point_estimate)).with_spread(
                rate(interval.upper_bound),
                rate(interval.lower_bound),
                "confidence interval of the mean",
            )
        }
        _ => Outcome::Failed("neither iters with times nor a mean is there".into()),
    }
}

/// A sample is the time of several iterations, so the spread is of their means.
fn of_samples(iters: &[f64], total_ns: &[f64], tokens: f64) -> Outcome {
    if iters.len() != total_ns.len() || iters.is_empty() {
        return Outcome::Failed(format!("{} iters and {} times do not fit", iters.len(), total_ns.len()));
    }
    let each: Vec<f64> = total_ns.iter().zip(iters).map(|(ns, iters)| ns / iters / NS_PER_SECOND).collect();
    let rate = tokens * iters.iter().sum::<f64>() * NS_PER_SECOND / total_ns.iter().sum::<f64>();
    Outcome::of_samples("times", rate, tokens, &each)
}
