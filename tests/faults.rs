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
use mtok::gpu::Fault;
use mtok::gpu::device::Gpu;
use mtok::gpu::sampler::{Cell, Sampler, Visit};
use mtok::kernel::{Kernel, Needs, Source, Variant};
use mtok::measurement::{Identity, Measurement, Outcome};
use mtok::op::{Format, Op};

const OP: Op = Op::Matmul { tokens: 37, outputs: 132, inputs: 68, weights: Format::F32 };

/// The gemm kernel with its naive source edited: `from` becomes `to`.
fn broken(from: &str, to: &str) -> Kernel {
    let gemm = Kernel::find("gemm").expect("listed");
    let naive = gemm.variants.iter().find(|variant| variant.name == "naive").expect("there is a baseline");
    let text = naive.sources[0].text;
    assert!(text.contains(from), "the source has no {from}");
    let sources =
        Box::leak(Box::new([Source { file: "broken.wgsl", text: text.replacen(from, to, 1).leak() }]));
    let variant = Variant { name: "broken", sources, supports: |_| true, needs: Needs::NONE };
    Kernel { variants: Box::leak(Box::new([variant])), ..*gemm }
}

fn visit(sampler: &Sampler<'_>, kernel: &Kernel, op: Op) -> Result<Cell, (Box<Cell>, Fault)> {
    sampler.measure(&Visit::new(kernel, op, 7, PLAN), &Identity::default())
}

fn outcome(gpu: &Gpu, kernel: &Kernel) -> Measurement {
    let sampler = Sampler::new(gpu).expect("the device calibrates");
    visit(&sampler, kernel, OP).map_err(|(_, fault)| fault).unwrap().measurement
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
        assert_eq!(measurement.flops_per_s().is_some(), what == "unedited", "{what}");
    }
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
