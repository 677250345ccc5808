//! Kernel curves that others measured against served points that others measured. Neither is part of the project: they
//! are read from `../shared/data/model`, and the tests skip with a message where that folder is absent.

use std::fs::File;
use std::path::PathBuf;

use super::*;
use crate::elsewhere::Import;
use crate::hardware::{self, read_gpus};
use crate::stats::quantile_sorted;
use crate::table::Table;

fn data(name: &str) -> Option<File> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/model").join(name);
    File::open(&path).inspect_err(|error| eprintln!("skipped: {}: {error}", path.display())).ok()
}

fn bundled_gpus() -> Vec<GpuSpec> {
    read_gpus(&include_bytes!("../../../data/gpus.csv")[..]).unwrap()
}

/// Imported curves of a GPU from tables of others.
fn imported(gpu: &GpuSpec, files: &[&str]) -> Option<Curves> {
    let mut import = Import::new(gpu, Format::F16, "test", "test");
    for name in files {
        import.add(data(name)?, name).unwrap();
    }
    Some(Curves::on(import.rows(), Some(gpu)).unwrap())
}

/// One served point of a dense model.
struct Point {
    gpus: u64,
    workload: Workload,
    tpot_s: f64,
}

fn served() -> Option<Vec<Point>> {
    let table = Table::read(data("served_latency.csv")?, &[]).unwrap();
    let wanted = [("system", "h100_sxm"), ("model_path", "meta-llama/Llama-3.1-8B-Instruct")];
    let rows = table.rows().filter(|row| wanted.iter().all(|(column, text)| row.text(column) == *text));
    Some(
        rows.map(|row| {
            let size = |column: &str| row.parse::<u64>(column).unwrap();
            // A blank precision is presumed to be bf16, as the data's notes say.
            assert_eq!(row.text("precision"), "");
            Point {
                gpus: size("tp_size"),
                workload: load(Format::Bf16, size("batch_size"), size("isl"), size("osl")),
                tpot_s: row.parse::<f64>("silicon_tpot_ms").unwrap() / 1e3,
            }
        })
        .collect(),
    )
}

/// The time per output token on so many GPUs, with the prompts of others in the steps; and with passes of their own.
fn tpot(curves: &Curves, model: &Architecture, point: &Point) -> [Interval<f64>; 2] {
    let Point { gpus, workload, .. } = *point;
    let link = Some(BytesPerSecond(450e9));
    let workload = Workload { serving: Serving { tp: gpus, link, ..Serving::default() }, ..workload };
    let rates = estimate(model, workload, Device::Measured(curves), None).rates.unwrap();
    let prompts = workload.batch as f64 * workload.isl as f64 / workload.osl as f64;
    let apart = rates.step_s + rates.prefill_s_per_token.map(|seconds| seconds * prompts);
    [rates.tpot_s, apart].map(|interval| interval.map(|seconds| seconds.0))
}

/// What errors come to: count, median and 90th percentile of their size, mean, share inside the interval.
fn summary(what: &str, curves: &Curves, points: &[Point], gpus: &[u64]) -> [f64; 6] {
    let models = read_models(&include_bytes!("../../../data/models.csv")[..]).unwrap();
    let model = arch::find(&models, "llama-3.1-8b").unwrap();
    let (mut errors, mut apart, mut inside) = (Vec::new(), Vec::new(), 0);
    for point in points.iter().filter(|point| gpus.contains(&point.gpus)) {
        let [estimated, own_pass] = tpot(curves, model, point);
        apart.push((own_pass.mid / point.tpot_s - 1.0).abs());
        errors.push(estimated.mid / point.tpot_s - 1.0);
        inside += usize::from((estimated.low..=estimated.high).contains(&point.tpot_s));
    }
    apart.sort_by(f64::total_cmp);
    let apart = quantile_sorted(&apart, 0.5).unwrap();
    let mut sizes: Vec<f64> = errors.iter().map(|error: &f64| error.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let count = errors.len() as f64;
    let [median, p90] = [0.5, 0.9].map(|p| quantile_sorted(&sizes, p).unwrap());
    let (bias, share) = (errors.iter().sum::<f64>() / count, inside as f64 / count);
    println!(
        "{what} {gpus:?}: n {count}, median {median:.3}, p90 {p90:.3}, bias {bias:+.3}, inside {share:.2}, apart {apart:.3}"
    );
    [count, median, p90, bias, share, apart]
}

const H100: [&str; 2] = ["vidur/h100_llama2-7b_mlp.csv", "vidur/h100_dgx_all_reduce.csv"];

#[test]
fn curves_of_others_predict_served_points_of_others_with_nothing_fitted() {
    let gpus = bundled_gpus();
    let h100 = hardware::find(&gpus, "H100 SXM").unwrap();
    let (Some(curves), Some(points)) = (imported(h100, &H100), served()) else { return };
    for (gpus, most) in [(1, 0.07), (2, 0.065), (4, 0.13), (8, 0.17)] {
        let [count, median, .., apart] = summary("H100 curves", &curves, &points, &[gpus]);
        assert!(count >= 42.0 && median <= most, "{gpus}: {median}");
        assert!(median < apart, "{gpus}: a pass of its own explains the points better: {apart}, {median}");
    }
    let [_, median, p90, _, inside, _] = summary("H100 curves", &curves, &points, &[1, 2, 4, 8]);
    assert!(median <= 0.10 && p90 <= 0.25, "{median} {p90}");
    assert!((0.75..=0.88).contains(&inside), "{inside}");
}

#[test]
fn rates_lent_across_a_generation_miss_by_what_their_interval_allows() {
    let gpus = bundled_gpus();
    let [h100, a100] = ["H100 SXM", "A100 SXM 80GB"].map(|name| hardware::find(&gpus, name).unwrap());
    let files = ["vidur/a100_llama3-8b_mlp.csv"];
    let (Some(curves), Some(points)) = (imported(a100, &files), served()) else { return };
    assert!(curves.clone().lent(a100, h100).unwrap_err().contains("cannot lend"), "another family");
    let lent = curves.scaled(a100, h100).unwrap();
    let [_, median, _, _, inside, _] = summary("A100 curves lent to an H100", &lent, &points, &[1]);
    assert!(median <= 0.14 && (0.75..=0.88).contains(&inside), "{median} {inside}");
}
