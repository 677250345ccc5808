//! What kernels and devices do wrong never becomes a speed. Skips without an adapter, as tests/kernels.rs does.
#![cfg(feature = "gpu")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod device;

use device::{PLAN, gpu};
use mtok::gpu::device::Gpu;
use mtok::gpu::program::Program;
use mtok::gpu::sampler::{Cell, Sampler, Visit};
use mtok::gpu::{Fault, adapters};
use mtok::kernel::data::Random;
use mtok::kernel::problem::Binding;
use mtok::kernel::problem::{BufferInit, Problem};
use mtok::kernel::{ALL, Capabilities, Kernel, Source, Suite, Variant, verify};
use mtok::measurement::{Identity, Measurement, Outcome};
use mtok::op::{Format, Op};

const OP: Op = Op::Matmul { tokens: 37, outputs: 132, inputs: 68, weights: Format::F32 };

/// The gemm kernel with one variant's source edited: `from` becomes `to` everywhere.
fn broken_variant(name: &str, from: &str, to: &str) -> Kernel {
    let gemm = Kernel::find("gemm").expect("listed");
    let variant = gemm.variants.iter().find(|variant| variant.name == name).expect("listed");
    let text = variant.sources[0].text;
    assert!(text.contains(from), "the source has no {from}");
    of_text(variant, text.replace(from, to))
}

fn of_text(variant: &Variant, text: String) -> Kernel {
    let sources = Box::leak(Box::new([Source { file: "broken.wgsl", text: text.leak() }]));
    let edited = Variant { sources, ..*variant };
    Kernel { variants: Box::leak(Box::new([edited])), ..*Kernel::find("gemm").expect("listed") }
}

/// The same with the naive source.
fn broken(from: &str, to: &str) -> Kernel {
    broken_variant("naive", from, to)
}

fn visit(sampler: &Sampler<'_>, kernel: &Kernel, op: Op) -> Result<Cell, (Box<Cell>, Fault)> {
    sampler.measure(&Visit::new(kernel, op, 7, PLAN), &Identity::default())
}

fn outcome(gpu: &Gpu, kernel: &Kernel) -> Measurement {
    outcome_of(gpu, kernel, OP)
}

fn outcome_of(gpu: &Gpu, kernel: &Kernel, op: Op) -> Measurement {
    let sampler = Sampler::new(gpu).expect("the device calibrates");
    let cell = visit(&sampler, kernel, op).map_err(|(_, fault)| fault).unwrap();
    let right = matches!(cell.measurement.outcome, Outcome::Ok(..));
    assert!(right || cell.samples.is_empty(), "what is not right has no speed, not even a raw one");
    assert_eq!(cell.measurement.flops_per_s().is_some(), right);
    cell.measurement
}

#[test]
fn wrong_kernels_are_called_wrong_and_have_no_speed() {
    let Some(gpu) = gpu() else { return };
    let store = "y[row * params.outputs + column] = sum;";
    for (what, from, to, reason) in [
        ("unedited", "", "", ""),
        ("writes nothing", store, "if row > 9999 { y[0] = sum; }", "output words were never written"),
        ("writes zeros", store, "y[row * params.outputs + column] = 0.0 * sum;", "error "),
        ("misses the last row", "row >= params.tokens", "row + 1 >= params.tokens", "never written"),
        ("is off by one input", "i < params.inputs", "i + 1 < params.inputs", "error "),
        ("transposes", store, "y[column * params.tokens + row] = sum;", "error "),
        ("overflows", "var sum = 0.0;", "var sum = 3e38 * (3.0 + x[0] * x[0]);", ""),
    ] {
        let measurement = outcome(&gpu, &broken(from, to));
        match &measurement.outcome {
            Outcome::Ok(..) => assert_eq!(what, "unedited"),
            Outcome::Wrong(said, _) => assert!(said.contains(reason), "{what}: {said}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn wrong_tiled_kernels_are_called_wrong_and_have_no_speed() {
    let Some(gpu) = gpu() else { return };
    let store = "pack4(sums[i]);";
    for (what, from, to, format) in [
        ("unedited", "x", "x", Format::F32),
        ("unedited", "x", "x", Format::F16),
        ("is off by one tile", "group.y * TILE;", "group.y * (TILE - 1);", Format::F32),
        ("is off by one column of tiles", "group.y * TILE;", "(group.y + 1) * TILE;", Format::F16),
        ("leaves out the last row of a tile", "i < DEPTH; i++", "i < DEPTH - 1; i++", Format::F16),
        ("transposes a tile", "tile_w[i][local.x]", "tile_w[i][local.y]", Format::F16),
        ("overflows in halves", store, "pack4(unpack4(pack4(sums[i] * 65536.0)) / 65536.0);", Format::F16),
        // llvmpipe runs eight invocations of a workgroup at a time up to the next barrier, so that it never gets away
        // with this; a device that runs them all in step may.
        ("has no barriers", "workgroupBarrier();", "", Format::F32),
        ("lacks the second barrier", "        workgroupBarrier();\n    }", "    }", Format::F32),
    ] {
        let op = Op::Matmul { tokens: 100, outputs: 132, inputs: 516, weights: format };
        let may_pass = |what: &str| what.contains("barrier") && !gpu.capabilities.software;
        match outcome_of(&gpu, &broken_variant("tiled", from, to), op).outcome {
            Outcome::Ok(..) => assert!(what == "unedited" || may_pass(what), "{what}"),
            Outcome::Wrong(said, _) => assert!(what != "unedited" && !said.is_empty(), "{what}: {said}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// Writes its result once, as if it were kept from then on: right in the first sample and never again.
fn stale_problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let gemm = Kernel::find("gemm")?;
    let mut problem = (gemm.problem)(op, variant, offered, seed)?;
    problem.stages[0].bindings.push(Binding::whole(4, problem.buffers.len()));
    problem.buffers.push(BufferInit::input(&vec![0u32; problem.output_len()]));
    Some(problem)
}

#[test]
fn a_result_that_is_left_from_an_earlier_sample_is_wrong() {
    let Some(gpu) = gpu() else { return };
    let store = "y[row * params.outputs + column] = sum;";
    let once = "if done[row * params.outputs + column] == 0u { y[row * params.outputs + column] = sum; } \
        done[row * params.outputs + column] = 1u;";
    let edited = broken(store, once);
    let text = edited.variants[0].sources[0].text;
    let done = "@group(0) @binding(4) var<storage, read_write> done: array<u32>;";
    let stale = Kernel { problem: stale_problem, ..of_text(&edited.variants[0], format!("{text}{done}")) };

    let variant = &stale.variants[0];
    let problem = stale_problem(&OP, variant, &gpu.capabilities, 7).unwrap();
    let program = Program::new(&gpu, &stale.texts(variant, OP.format()), &problem, 1).unwrap();
    program.sample(1).unwrap();
    assert!(verify::check(&problem, &program.output().unwrap(), 7).is_ok(), "the first time it is right");

    let said = outcome(&gpu, &stale).outcome.reason().to_owned();
    assert_eq!(said, "4884 of 4884 output words were never written");
}

#[test]
fn a_source_that_the_driver_rejects_is_a_failed_cell_and_the_next_one_runs() {
    let Some(gpu) = gpu() else { return };
    let rejected = outcome(&gpu, &broken("var sum = 0.0;", "var sum = nonsense;"));
    match &rejected.outcome {
        Outcome::Failed(reason) => {
            assert!(reason.starts_with("internal error (please report): "), "{reason}");
            assert!(!reason.contains('\n'), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(outcome(&gpu, &broken("", "")).outcome, Outcome::Ok(..)));
}

#[test]
fn a_limit_that_is_too_small_is_a_skipped_cell_with_its_numbers() {
    let Some(mut gpu) = gpu() else { return };
    gpu.capabilities.binding_bytes = 1 << 20;
    let copy = Kernel::find("copy").expect("listed");
    let sampler = Sampler::new(&gpu).expect("the device calibrates");
    let cell = visit(&sampler, copy, Op::Copy { bytes: 4 << 20 });
    let outcome = cell.map_err(|(_, fault)| fault).unwrap().measurement.outcome;
    assert_eq!(outcome, Outcome::Skipped("needs a binding of 4.0 MiB, the adapter allows 1.0 MiB".into()));
}

#[test]
fn a_lost_device_is_never_fast() {
    let Some(gpu) = gpu() else { return };
    let sampler = Sampler::new(&gpu).expect("the device calibrates");
    assert!(visit(&sampler, &broken("", ""), OP).is_ok_and(|cell| cell.measurement.timing().is_some()));
    gpu.destroy();
    let lost = visit(&sampler, &broken("", ""), OP);
    let (cell, fault) = match lost {
        Err(gone) => gone,
        Ok(cell) => panic!("{:?}", cell.measurement.outcome),
    };
    assert!(matches!(&fault, Fault::DeviceGone(reason) if reason.contains("device lost")), "{fault}");
    assert!(matches!(cell.measurement.outcome, Outcome::Failed(_)));
}

/// Adapters with smaller limits than this one, none below the 1 MiB of the self-test: each opens with them, and then wgpu itself watches over them.
fn run_or_skip_within_random_limits(sets: usize) {
    let listing = adapters::list(false);
    let Some(mut adapter) = listing.adapters.into_iter().next() else { return };
    let (mut random, whole) = (Random::new(6, 0), adapter.facts.clone());
    let (mut ran, mut skipped) = (0, 0);
    for set in 0..sets {
        let mut below = |least: u64, most: u64| least << random.below(1 + (most / least).ilog2() as usize);
        let limits = &mut adapter.facts.limits;
        limits.buffer_bytes = below(1 << 20, whole.limits.buffer_bytes);
        limits.binding_bytes = below(1 << 20, whole.limits.binding_bytes).min(limits.buffer_bytes);
        limits.workgroup_bytes = below(512, whole.limits.workgroup_bytes.into()) as u32;
        limits.invocations_per_workgroup = below(64, whole.limits.invocations_per_workgroup.into()) as u32;
        adapter.facts.features.subgroups = whole.features.subgroups && random.below(2) == 1;
        let gpu = Gpu::open(&adapter).expect("smaller limits open");
        let sampler = Sampler::new(&gpu).expect("the device calibrates");
        for op in [small_ops()[set % small_ops().len()], small_ops()[set / 7 % small_ops().len()]] {
            let kernel = Kernel::find(op.kernel()).expect("listed");
            let cell = visit(&sampler, kernel, op).map_err(|(_, fault)| fault).unwrap();
            match cell.measurement.outcome {
                Outcome::Ok(..) => ran += 1,
                Outcome::Skipped(reason) if is_a_limit(&reason) => skipped += 1,
                other => panic!("{op} within {:?}: {other:?}", adapter.facts.limits),
            }
        }
        for (op, _) in ALL.iter().flat_map(|kernel| kernel.cells(&gpu.capabilities, Suite::Standard)) {
            let chosen = Kernel::find(op.kernel()).expect("listed").choose(&op, &gpu.capabilities);
            assert!(
                chosen.as_ref().err().is_none_or(|reason| is_a_limit(reason)),
                "{op}: {:?}",
                chosen.err()
            );
        }
    }
    assert!(
        ran > sets / 2 && skipped > sets / 10,
        "{ran} ran, {skipped} were skipped: the limits are no test"
    );
}

#[test]
fn any_limits_let_every_cell_run_or_be_skipped_with_the_number() {
    run_or_skip_within_random_limits(20);
}

#[test]
#[ignore = "minutes"]
fn two_hundred_sets_of_limits_let_every_cell_run_or_be_skipped() {
    run_or_skip_within_random_limits(200);
}

/// Whether a reason names what is needed and what there is.
fn is_a_limit(reason: &str) -> bool {
    let lacks = reason.starts_with("needs ") && reason.ends_with(", the adapter has none")
        || reason == "needs a software adapter with subgroups of 8";
    let numbers = reason.matches(|digit: char| digit.is_ascii_digit()).count();
    lacks || reason.starts_with("needs ") && reason.contains("the adapter allows ") && numbers >= 2
}

/// One of every kernel, small, with buffers of up to 4 MiB.
fn small_ops() -> Vec<Op> {
    let matmul = |tokens, outputs, inputs, weights| Op::Matmul { tokens, outputs, inputs, weights };
    let decode = |context| Op::AttentionDecode {
        batch: 1,
        context,
        heads: 8,
        kv_heads: 2,
        head_dim: 128,
        kv: Format::F16,
        page: None,
    };
    vec![
        Op::Dispatch { chain: 3 },
        Op::Copy { bytes: 4 << 20 },
        Op::RmsNorm { rows: 3, width: 1_756 },
        Op::Rope { rows: 5, heads: 3, head_dim: 64 },
        Op::SiluMul { rows: 3, width: 104 },
        matmul(1, 262, 1_088, Format::F16),
        matmul(1, 64, 1_088, Format::Q4_0),
        decode(259),
        Op::AttentionPrefill { tokens: 37, heads: 3, kv_heads: 1, qk_dim: 128, v_dim: 128, window: 37 },
        matmul(67, 132, 516, Format::F16),
        matmul(17, 36, 20, Format::F32),
    ]
}
