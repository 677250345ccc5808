//! Datasheet estimates against published measurements, so that a change cannot quietly make them worse. The
//! measurements are not part of the project: they are read from `../shared/data/model` and the tests skip with a
//! message where that folder is absent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::fs::File;
use std::path::Path;

use mtok::arch::{self, Architecture};
use mtok::hardware::{self, GpuSpec};
use mtok::stats::quantile_sorted;
use mtok::table::{Row, Table};
use mtok::throughput::{Device, Rates, Serving, Workload, estimate};
use mtok::units::Interval;

fn table(name: &str) -> Option<Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/model").join(name);
    match File::open(&path) {
        Ok(file) => Some(Table::read(file, &[]).unwrap()),
        Err(error) => {
            eprintln!("skipped: {}: {error}", path.display());
            None
        }
    }
}

/// The tables that estimates need.
struct Bundled {
    models: Vec<Architecture>,
    gpus: Vec<GpuSpec>,
}

impl Bundled {
    fn new() -> Self {
        Self {
            models: arch::read_models(&include_bytes!("../data/models.csv")[..]).unwrap(),
            gpus: hardware::read_gpus(&include_bytes!("../data/gpus.csv")[..]).unwrap(),
        }
    }

    /// What one device is estimated to do, whatever its memory; `None` for what the tables do not know.
    fn rates(&self, model: &str, gpu: &str, workload: Workload) -> Option<Rates> {
        let model = arch::find(&self.models, model).ok()?;
        let gpu = hardware::find(&self.gpus, gpu).ok()?;
        estimate(model, workload, Device::Datasheet(gpu), None).rates
    }
}

/// Relative errors of a set of estimates.
#[derive(Default)]
struct Errors {
    relative: Vec<f64>,
    inside: usize,
}

impl Errors {
    fn add(&mut self, measured: f64, estimated: Interval<f64>) {
        self.relative.push(estimated.mid / measured - 1.0);
        self.inside += usize::from((estimated.low..=estimated.high).contains(&measured));
    }

    /// Median and 90th percentile of the absolute error, and the share inside the interval.
    fn summary(&self, what: &str) -> [f64; 3] {
        let mut absolute: Vec<f64> = self.relative.iter().map(|error| error.abs()).collect();
        absolute.sort_by(f64::total_cmp);
        let [median, p90] = [0.5, 0.9].map(|p| quantile_sorted(&absolute, p).unwrap());
        let share = self.inside as f64 / absolute.len() as f64;
        let count = absolute.len();
        println!(
            "{what}: {count} points, median error {median:.3}, p90 {p90:.3}, inside the interval {share:.2}"
        );
        [median, p90, share]
    }
}

fn size(row: Row<'_>, column: &str) -> u64 {
    row.parse(column).unwrap()
}

#[test]
fn served_time_per_token_on_one_gpu_stays_as_close_as_it_is() {
    let Some(published) = table("served_latency.csv") else { return };
    let bundled = Bundled::new();
    let mut errors = Errors::default();
    for row in published.rows().filter(|row| row.text("tp_size") == "1") {
        let model = row.text("model_path");
        let gpu = if row.text("system") == "h100_sxm" { "H100 SXM" } else { "H200 SXM" };
        // A blank precision is presumed to be bf16, as the data's notes say.
        let weights = row.optional("precision").unwrap().unwrap_or(mtok::op::Format::Bf16.into());
        let [batch, isl, osl] = ["batch_size", "isl", "osl"].map(|column| size(row, column));
        let Some(rates) =
            bundled.rates(model, gpu, Workload { weights, batch, isl, osl, serving: Serving::default() })
        else {
            continue;
        };
        errors.add(row.parse("silicon_tpot_ms").unwrap(), rates.tpot_s.map(|seconds| seconds.0 * 1e3));
    }
    let [median, p90, inside] = errors.summary("served TPOT, one H100 or H200");
    assert!(errors.relative.len() >= 80 && median <= 0.07 && p90 <= 0.17 && inside >= 0.9);
}

#[test]
fn decoding_alone_on_cards_of_all_kinds_stays_as_close_as_it_is() {
    let Some(published) = table("validation.csv") else { return };
    let bundled = Bundled::new();
    let mut errors = Errors::default();
    let wanted = [("model", "Llama-2-7B"), ("precision_weights", "q4_0"), ("phase", "decode"), ("gpus", "1")];
    for row in published.rows().filter(|row| wanted.iter().all(|(column, text)| row.text(column) == *text)) {
        let workload = Workload {
            weights: mtok::op::Format::Q4_0.into(),
            batch: 1,
            isl: 1,
            osl: 128,
            serving: Serving::default(),
        };
        let Some(rates) = bundled.rates("llama-2-7b", row.text("hardware"), workload) else { continue };
        errors.add(row.parse("value").unwrap(), rates.decode_tokens_per_s.map(|rate| rate.0));
    }
    let [median, p90, inside] = errors.summary("decode at batch 1, llama.cpp");
    assert!(errors.relative.len() >= 25 && median <= 0.11 && p90 <= 0.35 && inside >= 0.8);
}
