//! The path behind the seam, which needs no GPU: tables and measurements in, estimates, comparisons and texts out.
#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::civil::{Date, date};
use mtok::arch::{self, Architecture};
use mtok::hardware::{self, GpuSpec};
use mtok::market::Policy;
use mtok::market::compare::{CompareInput, Rent, compare};
use mtok::market::rental::name::Catalogue;
use mtok::market::rental::{Query, track};
use mtok::market::row::Comparison;
use mtok::measurement::{
    Cache, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, TimingMethod, Verification, wire,
};
use mtok::op::{Format, Op};
use mtok::price::Mix;
use mtok::price::rental::{self, RentalQuote, offers, read_rentals};
use mtok::price::rental_csv;
use mtok::price::token::{self, Market, TokenListing, market, read_tokens};
use mtok::report::{Report, csv, json, markdown, terminal};
use mtok::stats::random::Random;
use mtok::stats::{Summary, bootstrap, median, rank, series};
use mtok::throughput::{Curves, Device, Estimate, Memory, Serving, Target, Workload, best_batch, estimate};
use mtok::units::{Bytes, Seconds};

const GPUS: &str = include_str!("../data/gpus.csv");
const MODELS: &str = include_str!("../data/models.csv");
const RENTALS: &str = include_str!("../data/rentals.csv");
const TOKENS: &str = include_str!("../data/tokens.csv");
const VALIDATION: &str = include_str!("../data/validation.csv");

const AS_OF: Date = date(2026, 10, 1);
const ESTIMATES: usize = 10_000;
const FORMATS: [Format; 3] = [Format::F16, Format::Q8_0, Format::Q4_0];
const DATASHEET_FORMATS: [Format; 3] = [Format::F16, Format::Bf16, Format::Fp8];
/// Everything fits: an estimate that stops at the memory would be cheap.
const MEMORY_BYTES: f64 = 1e15;
/// Input and output tokens.
const LENGTHS: [(u64, u64); 10] = [
    (128, 128),
    (256, 64),
    (512, 512),
    (1_024, 1_024),
    (1_024, 8_192),
    (2_048, 256),
    (4_096, 1_024),
    (8_192, 1_024),
    (16_384, 512),
    (32_768, 2_048),
];

fn models() -> Vec<Architecture> {
    arch::read_models(MODELS.as_bytes()).expect("the bundled models are readable")
}

fn gpus() -> Vec<GpuSpec> {
    hardware::read_gpus(GPUS.as_bytes()).expect("the bundled GPUs are readable")
}

fn rentals() -> Vec<RentalQuote> {
    read_rentals(RENTALS.as_bytes()).expect("the bundled rents are readable")
}

fn tokens() -> Vec<TokenListing> {
    read_tokens(TOKENS.as_bytes()).expect("the bundled token prices are readable")
}

/// A cell of an invented device of 1 TB/s and 100 TFLOP/s.
fn measured(op: Op) -> Measurement {
    let median = 5e-6 + op.bytes().0 / 1e12 + op.flops().0 / 1e14;
    let [min, q1, q3, mean] = [0.98, 0.99, 1.02, 1.01].map(|factor| factor * median);
    let timing = Timing {
        seconds: Summary { min, q1, median, q3, mean, mad: 0.01 * median },
        method: TimingMethod::Timestamp,
        device_median: Some(Seconds(median)),
        wall_median: Seconds(1.1 * median),
        samples: 50,
        dropped: 0,
        executions_per_sample: 10,
        stop_reason: "noise 0.40 % <= 0.5 %".into(),
        ..Timing::default()
    };
    let identity = Identity {
        adapter: "Invented GPU".into(),
        device_type: DeviceType::DiscreteGpu,
        backend: "vulkan".into(),
        driver: "invented".into(),
        driver_info: "1.2.3".into(),
        os: "linux x86_64".into(),
        wgpu_version: "30.0.0".into(),
        tool_version: "0.1.0".into(),
        argv: "mtok measure".into(),
        ..Identity::default()
    };
    let provenance = Provenance {
        identity,
        shader_hash: "0123456789abcdef".into(),
        distribution: "normal, sd 1 (sum of four uniforms)".into(),
        input_hash: "fedcba9876543210".into(),
        time_utc: "2026-10-01T12:00:00Z".into(),
        ..Provenance::default()
    };
    let verification = Verification { nmse: 1e-9, nmse_max: 1e-6, compared: 4_224 };
    Measurement {
        op,
        variant: "tiled".into(),
        cache: Cache::Hot,
        run: 0,
        outcome: Outcome::Ok(Box::new(timing), verification),
        provenance,
    }
}

/// The 30 cells of a run.
fn run() -> Vec<Measurement> {
    let matmul = |tokens, outputs, inputs, weights| Op::Matmul { tokens, outputs, inputs, weights };
    let mut ops = vec![Op::Copy { bytes: 256 << 20 }, Op::Dispatch { chain: 1 }, Op::Dispatch { chain: 100 }];
    for rows in [1, 2_047] {
        let elementwise = [
            Op::RmsNorm { rows, width: 4_096 },
            Op::SiluMul { rows, width: 14_336 },
            Op::Rope { rows, heads: 40, head_dim: 128 },
        ];
        ops.extend(elementwise);
    }
    for weights in FORMATS {
        let shapes = [(4_094, 4_096), (14_336, 4_096), (28_672, 8_192)];
        ops.extend(shapes.map(|(outputs, inputs)| matmul(1, outputs, inputs, weights)));
    }
    for tokens in [7, 32, 100, 2_048] {
        ops.extend([4_096, 14_336].map(|outputs| matmul(tokens, outputs, 4_096, Format::F16)));
    }
    ops.extend([1_000, 65_536].map(|context| Op::AttentionDecode {
        batch: 1,
        context,
        heads: 32,
        kv_heads: 8,
        head_dim: 128,
        kv: Format::F16,
        page: None,
    }));
    ops.extend([500, 2_048].map(|tokens| Op::AttentionPrefill {
        tokens,
        heads: 32,
        kv_heads: 8,
        qk_dim: 128,
        v_dim: 128,
        window: tokens,
    }));
    ops.into_iter().map(measured).collect()
}

/// A run with many more matrix products.
fn long_run(rows: usize) -> Vec<Measurement> {
    let mut run = run();
    let more = rows.saturating_sub(run.len()) as u64;
    run.extend((0..more).map(|index| {
        let (outputs, tokens) = (1_024 + 64 * (index / 1_000), 3 + index % 1_000);
        measured(Op::Matmul { tokens, outputs, inputs: 1_024, weights: Format::F16 })
    }));
    run
}

fn text_of(run: &[Measurement]) -> Vec<u8> {
    let mut text = Vec::new();
    wire::write_all(&mut text, run).expect("a vector takes all");
    text
}

/// Models by formats by batches by lengths, as many as asked for.
fn workloads(models: &[Architecture], formats: [Format; 3], count: usize) -> Vec<(&Architecture, Workload)> {
    let mut all = Vec::with_capacity(count);
    for (isl, osl) in LENGTHS {
        for power in 0..=10 {
            for weights in formats {
                let workload = Workload {
                    weights: weights.into(),
                    batch: 1 << power,
                    isl,
                    osl,
                    serving: Serving::default(),
                };
                all.extend(models.iter().map(|model| (model, workload)));
            }
        }
    }
    all.into_iter().cycle().take(count).collect()
}

fn estimates(work: &[(&Architecture, Workload)], device: Device<'_>) -> Vec<Estimate> {
    work.iter().map(|(model, workload)| estimate(model, *workload, device, memory())).collect()
}

fn memory() -> Option<Memory> {
    Some(Memory::of_gpu(Bytes(MEMORY_BYTES)))
}

fn rent() -> Rent {
    let offers = offers(&rentals(), "H100 SXM", AS_OF, rental::MAX_AGE_DAYS).expect("an H100 is rented");
    Rent::median_of(offers.on_demand().expect("an H100 is rented on demand"))
}

fn markets(models: &[Architecture]) -> BTreeMap<String, Result<Market, String>> {
    let listings = tokens();
    let mix = Mix::new(3.0).expect("a ratio of tokens");
    let of = |name: &str| {
        market(&listings, name, AS_OF, mix, token::MAX_AGE_DAYS).map_err(|missing| missing.to_string())
    };
    models.iter().map(|model| (model.name.clone(), of(&model.name))).collect()
}

fn compared(
    estimates: &[Estimate],
    rent: &Rent,
    markets: &BTreeMap<String, Result<Market, String>>,
) -> Vec<Comparison> {
    let row = |estimate: &Estimate| {
        let market = markets.get(&estimate.model).expect("every model was looked up");
        compare(&CompareInput {
            estimate,
            software: false,
            gpus: 1,
            utilisation: 1.0,
            utilisation_stated: true,
            rent: Ok(rent.clone()),
            market: market.as_ref().map_err(Clone::clone),
            policy: Policy::Median,
            drift: None,
            as_of: AS_OF,
        })
        .expect("numbers are finite")
        .row
    };
    estimates.iter().map(row).collect()
}

fn tables(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse table");
    let sized = |text: &str| Throughput::Bytes(text.len() as u64);
    group.throughput(sized(MODELS)).bench_function("models", |b| b.iter(models));
    group.throughput(sized(GPUS)).bench_function("gpus", |b| b.iter(gpus));
    group.throughput(sized(RENTALS)).bench_function("rentals", |b| b.iter(rentals));
    group.throughput(sized(TOKENS)).bench_function("tokens", |b| b.iter(tokens));
    group.finish();
}

fn measurements(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("measurements");
    for rows in [30, 10_000] {
        let run = long_run(rows);
        assert_eq!(run.len(), rows);
        let text = text_of(&run);
        assert_eq!(wire::read(text.as_slice()).expect("what was written is readable"), run);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::new("parse", rows), |b| b.iter(|| wire::read(black_box(&*text))));
        group.bench_function(BenchmarkId::new("write", rows), |b| b.iter(|| text_of(black_box(&run))));
        group.bench_function(BenchmarkId::new("curves", rows), |b| b.iter(|| Curves::new(black_box(&run))));
    }
    group.finish();
}

fn throughputs(criterion: &mut Criterion) {
    let (models, gpus) = (models(), gpus());
    let (short, long) = (curves(30), curves(10_000));
    let h100 = hardware::find(&gpus, "H100 SXM").expect("it is bundled");
    let mut group = criterion.benchmark_group("estimate");
    group.throughput(Throughput::Elements(ESTIMATES as u64));
    let devices = [
        ("30 measured cells", Device::Measured(&short), FORMATS),
        ("10000 measured cells", Device::Measured(&long), FORMATS),
        ("datasheet", Device::Datasheet(h100), DATASHEET_FORMATS),
    ];
    for (name, device, formats) in devices {
        let work = workloads(&models, formats, ESTIMATES);
        assert!(estimates(&work, device).iter().all(|estimate| estimate.rates.is_some()), "{name}");
        group.bench_function(BenchmarkId::new("10000 estimates", name), |b| {
            b.iter(|| estimates(&work, device));
        });
    }
    let workload =
        Workload { weights: Format::F16.into(), batch: 1, isl: 1_024, osl: 512, serving: Serving::default() };
    group.throughput(Throughput::Elements(models.len() as u64));
    group.bench_function("best batch of every model", |b| {
        let best = |model| best_batch(model, workload, Device::Measured(&short), memory(), Target::default());
        b.iter(|| models.iter().map(best).collect::<Vec<_>>());
    });
    group.finish();
}

fn curves(rows: usize) -> Curves {
    Curves::new(&long_run(rows)).expect("the run covers every kernel")
}

fn prices(criterion: &mut Criterion) {
    let models = models();
    let (quotes, listings) = (rentals(), tokens());
    let mix = Mix::new(3.0).expect("a ratio of tokens");
    let curves = curves(30);
    let estimates = estimates(&workloads(&models, FORMATS, ESTIMATES), Device::Measured(&curves));
    let (rent, markets) = (rent(), markets(&models));
    let mut group = criterion.benchmark_group("compare");
    group.bench_function("rent of one GPU", |b| {
        b.iter(|| offers(&quotes, "H100 SXM", AS_OF, rental::MAX_AGE_DAYS));
    });
    group.bench_function("market of one model", |b| {
        b.iter(|| market(&listings, "llama-3.1-8b", AS_OF, mix, token::MAX_AGE_DAYS));
    });
    group.throughput(Throughput::Elements(ESTIMATES as u64));
    group.bench_function("10000 rows", |b| b.iter(|| compared(&estimates, &rent, &markets)));
    group.finish();
}

fn reports(criterion: &mut Criterion) {
    let models = models();
    let run = run();
    let curves = Curves::new(&run).expect("the run covers every kernel");
    let work = workloads(&models, FORMATS, 1_000);
    let costs = compared(&estimates(&work, Device::Measured(&curves)), &rent(), &markets(&models));
    let mut group = criterion.benchmark_group("report");
    for rows in [30, 1_000] {
        let report = Report {
            title: "Invented GPU beside the market".into(),
            device: vec!["adapter Invented GPU".into()],
            as_of: AS_OF,
            costs: costs.iter().take(rows).cloned().collect(),
            measured: run.clone(),
            datasheet: None,
            warnings: vec!["costs are at full load in every paid hour".into()],
            command: "mtok compare".into(),
        };
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::new("csv", rows), |b| b.iter(|| csv::costs_csv(&report.costs)));
        group.bench_function(BenchmarkId::new("json", rows), |b| b.iter(|| json::json(&report)));
        group.bench_function(BenchmarkId::new("markdown", rows), |b| b.iter(|| markdown::markdown(&report)));
        group.bench_function(BenchmarkId::new("terminal", rows), |b| {
            b.iter(|| terminal::terminal(&report, 120, false));
        });
    }
    group.finish();
}

/// Times around a millisecond that differ by up to 1 %.
fn times(seed: u64, count: usize) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..count).map(|_| 1e-3 * (1.0 + 0.01 * random.unit())).collect()
}

fn statistics(criterion: &mut Criterion) {
    let samples = times(1, 200);
    let differences: Vec<f64> = times(2, 50).iter().map(|time| time - 1.004e-3).collect();
    let (a, b) = (times(3, 30), times(4, 30));
    let mut group = criterion.benchmark_group("statistics");
    group.bench_function("signs of 200 samples", |bench| bench.iter(|| series::signs(black_box(&samples))));
    group.bench_function("1000 resamples of the median of 200", |bench| {
        bench.iter(|| bootstrap::interval(black_box(&samples), median, 0.95, 1_000, 1));
    });
    group.bench_function("exact signed ranks of 50", |bench| {
        bench.iter(|| rank::wilcoxon_signed_rank(black_box(&differences)));
    });
    group.bench_function("exact rank sum of 30 and 30", |bench| {
        bench.iter(|| rank::mann_whitney(black_box(&a), black_box(&b)));
    });
    group.finish();
}

/// A plain table of rents over four years.
fn rents(rows: usize) -> String {
    let mut text = "date,provider,gpu,gpu_memory,kind,region,usd_per_gpu_hour,source\n".to_owned();
    let gpus =
        [("H100 SXM", 80), ("H100 PCIe", 80), ("A100 SXM 80GB", 80), ("A100 SXM 40GB", 40), ("RTX 4090", 24)];
    let mut random = Random::new(7);
    for row in 0..rows {
        let days = row * 48 * 28 / rows;
        let (year, month, day) = (2023 + days / 28 / 12, 1 + days / 28 % 12, 1 + days % 28);
        let (gpu, memory) = gpus.get(row % gpus.len()).copied().unwrap_or_default();
        let kind = if row % 3 == 0 { "spot" } else { "on-demand" };
        let cents = 100 + random.below(700);
        text += &format!(
            "{year}-{month:02}-{day:02},provider-{},{gpu},{memory},{kind},region-{},{}.{:02},a table\n",
            row % 31,
            row % 37,
            cents / 100,
            cents % 100
        );
    }
    text
}

/// From the bytes of a plain table of rents to the series of one GPU beside another.
fn rental_series(criterion: &mut Criterion) {
    let catalogue = Catalogue::of(&gpus());
    let query = Query { ratio: Some("a100"), ..Query::of("h100") };
    let mut group = criterion.benchmark_group("market/rental");
    group.sample_size(10);
    for rows in [10_000, 100_000, 1_000_000] {
        let text = rents(rows);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::from_parameter(rows), |bench| {
            bench.iter(|| {
                let mut points = Vec::new();
                let keep = |point| {
                    points.push(point);
                    Ok(())
                };
                rental_csv::read(text.as_bytes(), keep).expect("the rents are readable");
                track(&points, &catalogue, VALIDATION, &query).expect("both GPUs are in the table")
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = tables, measurements, throughputs, prices, rental_series, reports, statistics
}
criterion_main!(benches);
