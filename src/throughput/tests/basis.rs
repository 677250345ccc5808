//! What the times rest on adds up to them.

use super::*;

/// Every step is the sum of its passes, every pass of its terms, and the two times of tokens follow.
fn adds_up(name: &str, workload: Workload, device: Device<'_>) {
    let model = model(name);
    let rates = estimate(&model, workload, device, None).rates.unwrap();
    let basis = basis(&model, workload, device).unwrap();
    for (seconds, passes) in [&basis.decode, &basis.prompt, &basis.mixed] {
        let of = |pass: &Pass| pass.share * pass.terms.iter().map(|term| term.seconds).sum::<f64>();
        passes.iter().for_each(|pass| close(pass.seconds, of(pass)));
        close(*seconds, passes.iter().map(|pass| pass.times * pass.seconds).sum());
    }
    close(basis.decode.0, rates.step_s.mid.0);
    let apart = basis.decode.0 + basis.begun * basis.prompt.0;
    close(basis.saved, (basis.mixed.0 / apart).min(1.0));
    close(rates.input_s_per_token.mid.0, basis.prompt.0 / workload.isl as f64 * basis.saved);
    close(rates.output_s_per_token.mid.0, basis.decode.0 / basis.yielded * basis.saved);
}

#[test]
fn the_terms_of_a_datasheet_add_up_to_the_times() {
    let gpus = gpus();
    let drafts = Some(Drafts { tokens: 3, yielded: 2.2 });
    let serving = Serving { tp: 4, link: Some(BytesPerSecond(450e9)), cached: 0.4, ..Serving::default() };
    for (name, format) in [("dense", Format::Fp8), ("moe", Format::Bf16), ("latent", Format::Fp8)] {
        for batch in [1, 7, 128] {
            let plain = load(format, batch, 1536, 512);
            adds_up(name, plain, Device::Datasheet(&gpus[0]));
            let shared = Workload { serving: Serving { drafts, ..serving }, ..plain };
            adds_up(name, shared, Device::Datasheet(&gpus[0]));
        }
    }
    adds_up("dense", load(Format::Q4_0, 1, 3000, 10), Device::Datasheet(&gpus[1]));
}

#[test]
fn the_terms_of_a_measured_device_add_up_and_name_their_cells() {
    let rows = flat_rows(1e-5);
    let curves = Curves::new(&rows).unwrap();
    let serving =
        Serving { cached: 0.25, drafts: Some(Drafts { tokens: 2, yielded: 1.5 }), ..Serving::default() };
    for batch in [1, 3, 64] {
        let plain = load(Format::F16, batch, 700, 300);
        adds_up("dense", plain, Device::Measured(&curves));
        adds_up("dense", Workload { serving, ..plain }, Device::Measured(&curves));
        let basis = basis(&model("dense"), plain, Device::Measured(&curves)).unwrap();
        for term in basis.decode.1.iter().flat_map(|pass| &pass.terms) {
            let kernels: Vec<&str> =
                term.cells.iter().map(|cell| rows[*cell as usize - 1].op.kernel()).collect();
            let read_as = |kernel: &&str| match term.op {
                Some(Op::Matmul { .. }) => ["gemv", "gemm"].contains(kernel),
                Some(op) => op.kernel() == *kernel,
                None => *kernel == "dispatch",
            };
            assert!(!kernels.is_empty() && kernels.iter().all(read_as), "{}: {kernels:?}", term.what);
        }
    }
}
