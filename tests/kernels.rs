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

fn odd_shapes() -> Vec<Op> {
    let prefill = |tokens, heads, kv_heads, dim, window| Op::AttentionPrefill {
        tokens,
        heads,
        kv_heads,
        qk_dim: dim,
        v_dim: dim,
        window,
    };
    let decode = |batch, context, heads, kv_heads, head_dim| Op::AttentionDecode {
        batch,
        context,
        heads,
        kv_heads,
        head_dim,
    };
    let matmul = |tokens, outputs, inputs, weights| Op::Matmul { tokens, outputs, inputs, weights };
    let mut ops = vec![
        Op::Copy { bytes: 16 },
        Op::Copy { bytes: 1_000_016 },
        Op::Dispatch { chain: 1 },
        Op::Dispatch { chain: 7 },
        Op::RmsNorm { rows: 3, width: 1_756 },
        Op::RmsNorm { rows: 1, width: 4 },
        Op::SiluMul { rows: 3, width: 104 },
        Op::Rope { rows: 5, heads: 3, head_dim: 64 },
        Op::Rope { rows: 2, heads: 7, head_dim: 128 },
        prefill(1, 1, 1, 128, 1),
        prefill(37, 3, 1, 128, 37),
        prefill(61, 4, 2, 64, 61),
        prefill(100, 2, 1, 128, 19),
        decode(1, 1, 1, 1, 64),
        decode(2, 259, 6, 2, 128),
        decode(1, 1_023, 8, 1, 64),
        decode(3, 512, 4, 4, 128),
    ];
    for format in [Format::F32, Format::F16] {
        let shapes = [(2, 4, 4), (17, 36, 20), (67, 132, 516), (130, 68, 100), (3, 1_000, 64)];
        ops.extend(shapes.map(|(m, n, k)| matmul(m, n, k, format)));
    }
    for format in [Format::F16, Format::Q8_0, Format::Q4_0] {
        ops.extend([(2, 64), (10, 192), (262, 1_088)].map(|(n, k)| matmul(1, n, k, format)));
    }
    ops
}

/// The kernel with only this variant, so that the test and not the adapter chooses.
fn only(kernel: &'static Kernel, variant: &'static Variant) -> Kernel {
    Kernel { variants: std::slice::from_ref(variant), ..*kernel }
}

#[test]
fn every_variant_agrees_with_its_reference_at_odd_sizes() {
    let Some(gpu) = gpu() else { return };
    let sampler = Sampler::new(&gpu).expect("the device calibrates");
    let (mut ran, mut faults) = (BTreeMap::new(), Vec::new());
    for op in odd_shapes() {
        let kernel = Kernel::find(op.kernel()).expect("listed");
        let fits =
            |variant: &&Variant| (variant.supports)(&op) && variant.needs.unmet(&gpu.capabilities).is_none();
        for variant in kernel.variants.iter().filter(fits) {
            let only = only(kernel, variant);
            let cell = sampler.measure(&Visit::new(&only, op, 42, PLAN), &Identity::default());
            let measurement = cell.map_err(|(_, fault)| fault).expect("the device lives").measurement;
            match &measurement.outcome {
                Outcome::Ok(..) => *ran.entry((kernel.name, variant.name)).or_insert(0) += 1,
                bad => faults.push(format!("{}: {} {}", measurement.cell(), bad.status(), bad.reason())),
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for kernel in ALL {
        assert!(ran.keys().any(|(name, _)| *name == kernel.name), "no variant of {} ran", kernel.name);
    }
}
