//! Device seconds of every kernel, one case per format, and of the variants of one matrix product side by side.
//! `cargo bench --bench ratio` compares those with each other: here one is finished before the next starts.
#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot run says why and ends")]

#[allow(dead_code, reason = "benches on a device share it, each uses its part")]
mod device;

use std::collections::BTreeMap;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use device::Case;
use mtok::gpu::device::Gpu;
use mtok::kernel::{ALL, Capabilities, Kernel};
use mtok::op::{Format, Op};

fn kernels(criterion: &mut Criterion) {
    let Some(gpu) = device::open() else { return };
    for kernel in ALL {
        let mut group = criterion.benchmark_group(kernel.name);
        for op in representatives(kernel, &gpu.capabilities) {
            let id = |case: &Case| BenchmarkId::new(format!("{} {}", op.format(), op.shape()), case.variant);
            timed(&mut group, gpu, kernel, op, id);
        }
        group.finish();
    }
    let mut group = criterion.benchmark_group("gemm f32 1024");
    for case in Case::all(gpu, device::gemm(), device::PRODUCT) {
        bench(&mut group, device::PRODUCT, &case, BenchmarkId::from_parameter(case.variant));
    }
    group.finish();
}

/// The middle one of the shapes that `measure` runs, for each format.
fn representatives(kernel: &Kernel, offered: &Capabilities) -> Vec<Op> {
    let mut by_format: BTreeMap<Format, Vec<Op>> = BTreeMap::new();
    for op in (kernel.cases)(offered, mtok::kernel::Suite::Standard) {
        by_format.entry(op.format()).or_default().push(op);
    }
    by_format.values().filter_map(|ops| ops.get(ops.len() / 2).copied()).collect()
}

fn timed(
    group: &mut BenchmarkGroup<'_, WallTime>,
    gpu: &'static Gpu,
    kernel: &'static Kernel,
    op: Op,
    id: impl Fn(&Case) -> BenchmarkId,
) {
    let case = Case::new(gpu, kernel, op);
    bench(group, op, &case, id(&case));
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, op: Op, case: &Case, id: BenchmarkId) {
    group.sampling_mode(SamplingMode::Flat);
    match op {
        Op::Dispatch { chain } => group.throughput(Throughput::Elements(chain)),
        Op::Matmul { tokens: 2.., .. } | Op::AttentionPrefill { .. } => {
            group.throughput(Throughput::Elements(op.flops().0 as u64))
        }
        _ => group.throughput(Throughput::Bytes(op.bytes().0 as u64)),
    };
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|executions| Duration::from_secs_f64(case.seconds(executions)));
    });
    case.verify();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = kernels
}
criterion_main!(benches);
