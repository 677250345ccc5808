//! `llama-bench -o csv|json|jsonl`: a row per test, prompt processing (`pp`) and generation (`tg`) apart.
//!
//! `avg_ts` is a mean of per-run rates. Total tokens over total time is `n·tokens / Σ samples_ns`, or, as `avg_ns`
//! is the mean time, `tokens / avg_ns`. `stddev_ns` is left alone: its integer sum of squares overflows.

use jiff::civil::Date;
use serde::Deserialize;

use super::{Format, Outcome, Record, Source, Tokens, table};
use crate::json::{self, Numbers};
use crate::op;
use crate::table::{Fault, Row};

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "llama-bench", marks: &[&["n_prompt", "n_gen"]], beside: None, read };

const NS_PER_SECOND: f64 = 1e9;

/// The columns and keys that are used, as the tool names them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Run {
    model_type: Option<String>,
    model_filename: Option<String>,
    gpu_info: Option<String>,
    cpu_info: Option<String>,
    backends: Option<String>,
    devices: Option<String>,
    split_mode: Option<String>,
    build_commit: Option<String>,
    test_time: Option<String>,
    n_gpu_layers: Option<i64>,
    n_prompt: Option<u64>,
    n_gen: Option<u64>,
    n_depth: Option<u64>,
    avg_ns: Option<f64>,
    avg_ts: Option<f64>,
    stddev_ts: Option<f64>,
    samples_ns: Option<Numbers>,
}

fn read(source: &Source<'_>) -> Result<Vec<Record>, Fault> {
    if source.text.trim_ascii_start().starts_with(['[', '{']) {
        let runs = json::objects::<Run>(source.text)?;
        return Ok(runs.iter().map(|(line, run)| run.record(*line)).collect());
    }
    let table = table(source.text, &["n_prompt", "n_gen"])?;
    table.rows().map(|row| Ok(Run::of_row(row)?.record(row.line()))).collect()
}

impl Run {
    fn of_row(row: Row<'_>) -> Result<Self, Fault> {
        let text = |column| Some(row.text(column).to_owned());
        Ok(Self {
            model_type: text("model_type"),
            model_filename: text("model_filename"),
            gpu_info: text("gpu_info"),
            cpu_info: text("cpu_info"),
            backends: text("backends"),
            devices: text("devices"),
            split_mode: text("split_mode"),
            build_commit: text("build_commit"),
            test_time: text("test_time"),
            n_gpu_layers: row.optional("n_gpu_layers")?,
            n_prompt: row.optional("n_prompt")?,
            n_gen: row.optional("n_gen")?,
            n_depth: row.optional("n_depth")?,
            avg_ns: row.optional("avg_ns")?,
            avg_ts: row.optional("avg_ts")?,
            stddev_ts: row.optional("stddev_ts")?,
            samples_ns: None,
        })
    }

    fn record(&self, line: u64) -> Record {
        let (prompt, generated) = (self.n_prompt.unwrap_or(0), self.n_gen.unwrap_or(0));
        let (test, tokens) = match (prompt, generated) {
            (0, 0) => ("no tokens".to_owned(), None),
            (_, 0) => (format!("pp{prompt}"), Some(Tokens::Input)),
            (0, _) => (format!("tg{generated}"), Some(Tokens::Output)),
            _ => (format!("pp{prompt}+tg{generated}"), Some(Tokens::Total)),
        };
        let depth = self.n_depth.filter(|depth| *depth > 0).map_or(String::new(), |at| format!(" @ d{at}"));
        let mut notes = self.cpu_note().into_iter().collect::<Vec<_>>();
        let gpus = self.gpus();
        notes.extend(gpus.filter(|gpus| *gpus > 1).map(|gpus| {
            format!("{gpus} devices are named, so {gpus} are charged (--gpus sets another number)")
        }));
        let outcome = self.outcome(prompt as f64 + generated as f64);
        if self.samples_ns.is_none() && self.avg_ns.is_none() && matches!(outcome, Outcome::Rate(_)) {
            notes.push("the rate is a mean of the rates of runs, not all tokens over all time".into());
        }
        let time = self.test_time.as_deref().unwrap_or_default();
        Record {
            line,
            model: self.model().to_owned(),
            test: test + &depth,
            tokens,
            hardware: self.hardware().to_owned(),
            engine: self.engine(),
            weights: self.weights(),
            concurrency: Some(1),
            gpus,
            date: time.get(..10).and_then(|day| Date::strptime("%Y-%m-%d", day).ok()),
            outcome,
            notes,
            ..Record::default()
        }
    }

    fn outcome(&self, tokens: f64) -> Outcome {
        let samples = self.samples_ns.as_ref().map_or(&[][..], |samples| samples.0.as_slice());
        if tokens == 0.0 {
            return Outcome::Failed("n_prompt and n_gen are 0 or absent: there are no tokens".into());
        }
        if !samples.is_empty() {
            let seconds: Vec<f64> = samples.iter().map(|ns| ns / NS_PER_SECOND).collect();
            let rate = tokens * seconds.len() as f64 / seconds.iter().sum::<f64>();
            return Outcome::of_samples("samples_ns", rate, tokens, &seconds);
        }
        let outcome = match (self.avg_ns, self.avg_ts) {
            (Some(ns), _) => Outcome::of("avg_ns", ns, tokens * NS_PER_SECOND / ns),
            (None, Some(rate)) => Outcome::of("avg_ts", rate, rate),
            (None, None) => Outcome::Failed("samples_ns, avg_ns and avg_ts are all absent".into()),
        };
        match (&outcome, self.stddev_ts) {
            (Outcome::Rate(rate), Some(deviation)) if deviation > 0.0 => {
                let mid = rate.tokens_per_s.0;
                outcome.with_spread(mid - deviation, mid + deviation, "one standard deviation of the runs")
            }
            _ => outcome,
        }
    }

    fn model(&self) -> &str {
        let file = self.model_filename.as_deref().and_then(|path| path.rsplit(['/', '\\']).next());
        filled(&self.model_type).or(file).unwrap_or_default()
    }

    /// The last word of the model type that is a format which the tables know, such as `llama 8B Q4_0`.
    fn weights(&self) -> String {
        let known =
            |word: &&str| op::Format::ALL.iter().any(|format| format.name().eq_ignore_ascii_case(word));
        let words = filled(&self.model_type).unwrap_or_default().split(' ');
        words.rev().find(known).unwrap_or_default().to_owned()
    }

    fn engine(&self) -> String {
        let parts = ["llama.cpp", filled(&self.build_commit).unwrap_or_default()];
        let named = parts.into_iter().chain(filled(&self.backends));
        named.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn hardware(&self) -> &str {
        let (gpu, cpu) = (filled(&self.gpu_info), filled(&self.cpu_info));
        if self.has_no_gpu_backend() { cpu.or(gpu) } else { gpu.or(cpu) }.unwrap_or_default()
    }

    /// Every backend is one that computes on the CPU.
    fn has_no_gpu_backend(&self) -> bool {
        let on_cpu =
            |backend: &str| ["CPU", "BLAS"].iter().any(|name| backend.trim().eq_ignore_ascii_case(name));
        filled(&self.backends).is_some_and(|backends| backends.split(',').all(on_cpu))
    }

    fn cpu_note(&self) -> Option<String> {
        let on_cpu = self.has_no_gpu_backend() || filled(&self.devices) == Some("none");
        match self.n_gpu_layers {
            _ if on_cpu => Some("ran on the CPU: the speed of no GPU".into()),
            Some(0) => {
                Some("n_gpu_layers is 0: the layers ran on the CPU, with a GPU at most beside it".into())
            }
            _ => None,
        }
    }

    /// Devices that worked together: those chosen, or all that are named unless the split mode is `none`. Names
    /// are joined by `, ` (older versions: `/`).
    fn gpus(&self) -> Option<u32> {
        let count = |names: &str, between: &str| u32::try_from(names.split(between).count()).ok();
        if self.has_no_gpu_backend() || filled(&self.split_mode) == Some("none") {
            return Some(1);
        }
        match (filled(&self.devices), filled(&self.gpu_info)) {
            (Some("none"), _) => Some(1),
            (Some(chosen), _) if chosen != "auto" => count(chosen, "/"),
            (_, Some(named)) => count(&named.replace('/', ", "), ", "),
            _ => None,
        }
    }
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}
