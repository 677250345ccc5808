//! Whole layers on a real adapter: every result of the chain against its reference, at sizes that are no multiple of any
//! tile. Without an adapter these tests skip with a message, unless MTOK_REQUIRE_ADAPTER is set (CI sets it).
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
use mtok::gpu::sampler::{Sampler, Visit};
use mtok::kernel::layer::{KERNEL, Parts};
use mtok::measurement::{Cache, Identity, Measurement, Outcome};
use mtok::op::Op;

fn measured(sampler: &Sampler<'_>, visit: &Visit<'_>) -> Measurement {
    sampler
        .measure(visit, &Identity::default())
        .map_err(|(_, fault)| fault)
        .expect("the device lives")
        .measurement
}

#[test]
fn every_result_of_a_layer_is_right_at_odd_sizes() {
    let Some(gpu) = gpu() else { return };
    let sampler = Sampler::new(&gpu).expect("the device calibrates");
    let mut faults = Vec::new();
    for op in (KERNEL.odd_shapes)() {
        // Inputs in rotation: a new key must be in the cache that is read.
        for cache in [Cache::Hot, Cache::Cold] {
            let row = measured(&sampler, &Visit { cache, ..Visit::new(&KERNEL, op, 42, PLAN) });
            if !matches!(row.outcome, Outcome::Ok(..)) {
                faults.push(format!("{}: {} {}", row.cell(), row.outcome.status(), row.outcome.reason()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_layer_runs_the_variants_that_it_is_told() {
    let Some(gpu) = gpu() else { return };
    let sampler = Sampler::new(&gpu).expect("the device calibrates");
    for op in (KERNEL.odd_shapes)().into_iter().take(3) {
        let Op::Layer(layer) = op else { panic!("{op} is no layer") };
        let modest = vec!["naive"; layer.ops().len()];
        let parts = Parts::new(&layer, &modest, &gpu.capabilities).expect("runs");
        let name = parts.name();
        let row = measured(&sampler, &Visit { parts: Some(&name), ..Visit::new(&KERNEL, op, 42, PLAN) });
        assert!(matches!(row.outcome, Outcome::Ok(..)), "{}: {}", row.cell(), row.outcome.reason());
        assert_eq!(row.variant, name);
        assert!(name.starts_with("naive+naive+naive"), "{name}");
        let preferred = Parts::new(&layer, &[], &gpu.capabilities).expect("runs");
        assert_ne!(preferred.shader_hash(), parts.shader_hash());
    }
}
