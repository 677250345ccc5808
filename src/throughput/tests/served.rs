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

/// The shard of a dense model on one of so many GPUs: heads, MLP width and vocabulary are divided, the residual stream
/// is not.
fn shard(model: &Architecture, gpus: u64) -> Architecture {
    Architecture {
        heads: model.heads / gpus,
        kv_heads: (model.kv_heads / gpus).max(1),
        ffn: model.ffn.map(|width| width / gpus),
        vocab: model.vocab / gpus,
        ..model.clone()
    }
}

/// Whether the prompts of others share the passes of decoding, or have passes of their own.
#[derive(Clone, Copy, Debug)]
enum Prefill {
    Shared,
    Apart,
}

/// The time per output token on so many GPUs, with two all-reduces per layer and pass.
fn tpot(curves: &Curves, model: &Architecture, point: &Point, prefill: Prefill) -> Interval<f64> {
    let Point { gpus, workload, .. } = *point;
    let Workload { weights, batch, isl, osl } = workload;
    let own = shard(model, gpus);
    let mut notes = Vec::new();
    let mut time = |works: &[Work], tokens: u64| {
        let mut works = works.to_vec();
        if gpus > 1 {
            let bytes = tokens * model.hidden * 2;
            works.push(Work { op: Op::AllReduce { bytes, workers: gpus }, times: 2 * model.layers });
        }
        curves.time(&own, &works, &mut notes).unwrap().widened(curves.error(model))
    };
    let prompts = (PREFILL_CHUNK / isl).clamp(1, batch);
    let decode = own.decode_ops(batch, workload.mean_context(), weights);
    let prompt_ops = own.packed_prefill_ops(prompts, isl, weights);
    let alone = time(&decode, batch);
    match prefill {
        Prefill::Shared => {
            let beside = time(&mixed::works(&decode, &prompt_ops), batch + prompts * isl);
            mixed::time_per_output_token(workload, alone, beside, prompts).map(|seconds| seconds.0)
        }
        Prefill::Apart => {
            let passes = batch as f64 / (osl * prompts) as f64;
            let apart = time(&prompt_ops, prompts * isl);
            (alone + apart.map(|seconds| seconds * passes)).map(|seconds| seconds.0)
        }
    }
}

/// What errors come to: count, median and 90th percentile of their size, mean, share inside the interval.
fn summary(what: &str, curves: &Curves, points: &[Point], gpus: &[u64], prefill: Prefill) -> [f64; 5] {
    let models = read_models(&include_bytes!("../../../data/models.csv")[..]).unwrap();
    let model = arch::find(&models, "llama-3.1-8b").unwrap();
    let (mut errors, mut inside) = (Vec::new(), 0);
    for point in points.iter().filter(|point| gpus.contains(&point.gpus)) {
        let estimated = tpot(curves, model, point, prefill);
        errors.push(estimated.mid / point.tpot_s - 1.0);
        inside += usize::from((estimated.low..=estimated.high).contains(&point.tpot_s));
    }
    let mut sizes: Vec<f64> = errors.iter().map(|error: &f64| error.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let count = errors.len() as f64;
    let [median, p90] = [0.5, 0.9].map(|p| quantile_sorted(&sizes, p).unwrap());
    let (bias, share) = (errors.iter().sum::<f64>() / count, inside as f64 / count);
    println!(
        "{what} {gpus:?} {prefill:?}: n {count}, median {median:.3}, p90 {p90:.3}, bias {bias:+.3}, inside {share:.2}"
    );
    [count, median, p90, bias, share]
}

const H100: [&str; 2] = ["vidur/h100_llama2-7b_mlp.csv", "vidur/h100_dgx_all_reduce.csv"];

#[test]
fn curves_of_others_predict_served_points_of_others_with_nothing_fitted() {
    let gpus = bundled_gpus();
    let h100 = hardware::find(&gpus, "H100 SXM").unwrap();
    let (Some(curves), Some(points)) = (imported(h100, &H100), served()) else { return };
    for (gpus, most) in [(1, 0.07), (2, 0.065), (4, 0.13), (8, 0.16)] {
        let [count, median, ..] = summary("H100 curves", &curves, &points, &[gpus], Prefill::Shared);
        assert!(count >= 42.0 && median <= most, "{gpus}: {median}");
        let [_, apart, ..] = summary("H100 curves", &curves, &points, &[gpus], Prefill::Apart);
        assert!(median < apart, "{gpus}: a pass of its own explains the points better: {apart}, {median}");
    }
    let [_, median, p90, _, inside] =
        summary("H100 curves", &curves, &points, &[1, 2, 4, 8], Prefill::Shared);
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
    let [_, median, _, _, inside] =
        summary("A100 curves lent to an H100", &lent, &points, &[1], Prefill::Shared);
    assert!(median <= 0.14 && (0.75..=0.88).contains(&inside), "{median} {inside}");
}
