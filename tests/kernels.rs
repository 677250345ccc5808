//! Every kernel, variant and format against its f64 reference on a real adapter, at sizes that are no multiple of
//! any tile. Without an adapter these tests skip with a message, unless MTOK_REQUIRE_ADAPTER is set (CI sets it).
#![cfg(feature = "gpu")]

mod device;

use std::collections::BTreeMap;

use device::{PLAN, gpu};
use mtok::gpu::sampler::{Sampler, Visit};
use mtok::kernel::{ALL, Kernel, Variant};
use mtok::measurement::{Identity, Outcome};
use mtok::op::{Format, Op};

/// The kernel with only this variant, so that the test and not the adapter chooses.
fn only(kernel: &'static Kernel, variant: &'static Variant) -> Kernel {
    Kernel { variants: std::slice::from_ref(variant), ..*kernel }
}

#[test]
fn every_variant_agrees_with_its_reference_at_odd_sizes() {
    let Some(gpu) = gpu() else { return };
    let sampler = Sampler::new(&gpu).expect("the device calibrates");
    let (mut ran, mut faults) = (BTreeMap::new(), Vec::new());
    for (kernel, op) in
        ALL.iter().flat_map(|kernel| (kernel.odd_shapes)().into_iter().map(move |op| (*kernel, op)))
    {
        for variant in kernel.runnable(&op, &gpu.capabilities) {
            let only = only(kernel, variant);
            let cell = sampler.measure(&Visit::new(&only, op, 42, PLAN), &Identity::default());
            let measurement = cell.map_err(|(_, fault)| fault).expect("the device lives").measurement;
            match &measurement.outcome {
                Outcome::Ok(..) => {
                    *ran.entry((kernel.name, variant.name, op.format().name())).or_insert(0) += 1
                }
                bad => faults.push(format!("{}: {} {}", measurement.cell(), bad.status(), bad.reason())),
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (kernel, format) in ALL.iter().flat_map(|kernel| kernel.formats.iter().map(move |f| (kernel, f))) {
        let needed = !matches!(kernel.name, "matrix_fma") && (format.name(), kernel.name) != ("f16", "fma");
        let some = ran.keys().any(|(name, _, of)| (*name, *of) == (kernel.name, format.name()));
        assert!(some || !needed, "no variant of {} in {format} ran", kernel.name);
    }
}

#[test]
fn a_cache_larger_than_a_binding_is_read_in_pieces() {
    let Some(mut gpu) = gpu() else { return };
    gpu.capabilities.binding_bytes = 1 << 20;
    let sampler = Sampler::new(&gpu).expect("the device calibrates");
    let kernel = Kernel::find("attention_decode").expect("listed");
    for (kv, page) in [(Format::F16, None), (Format::F16, Some(16)), (Format::Q8_0, None)] {
        let (batch, context, heads, kv_heads, head_dim) = (2, 2_500, 8, 2, 128);
        let op = Op::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv, page };
        // The naive variant would take longer than a submission may.
        let split = |variant: &&Variant| variant.constant("PART_KEYS").is_some();
        for variant in kernel.runnable(&op, &gpu.capabilities).filter(split) {
            let only = only(kernel, variant);
            let cell = sampler.measure(&Visit::new(&only, op, 42, PLAN), &Identity::default());
            let measurement = cell.map_err(|(_, fault)| fault).expect("the device lives").measurement;
            let outcome = &measurement.outcome;
            assert!(matches!(outcome, Outcome::Ok(..)), "{op} {}: {}", variant.name, outcome.reason());
        }
    }
}
