//! Estimates from measured kernels.

use super::*;
use crate::measurement::Energy;

#[test]
fn a_flat_device_gives_the_closed_form() {
    let (curves, model) = (flat(), model("dense"));
    for batch in [1, 16, 64, 256] {
        let workload = load(Format::F16, batch, 2048, 512);
        let estimate = estimate(&model, workload, Device::Measured(&curves), None);
        let rates = estimate.rates.unwrap();
        let step = closed_form(&model.decode_ops(batch, 2304, Format::F16));
        let prefill = closed_form(&model.prefill_ops(2048, Format::F16));
        close(rates.step_s.mid.0, step);
        close(rates.decode_tokens_per_s.mid.0, batch as f64 / step);
        close(rates.ttft_s.mid.0, prefill);
        close(rates.prefill_s_per_token.mid.0, prefill / 2048.0);
        let apart = step + batch as f64 * prefill / 512.0;
        assert!(batch as f64 / rates.output_tokens_per_s.mid.0 <= apart * (1.0 + 1e-9));
    }
}

#[test]
fn short_prompts_of_a_batch_share_a_pass_and_a_lone_one_does_not() {
    let curves = flat();
    let prefill = |batch| {
        let workload = load(Format::F16, batch, 4, 512);
        estimate(&model("dense"), workload, Device::Measured(&curves), None).rates.unwrap()
    };
    close(prefill(1).ttft_s.mid.0, prefill(64).ttft_s.mid.0);
    assert!(prefill(64).prefill_s_per_token.mid.0 < prefill(1).prefill_s_per_token.mid.0 / 3.0);
}

#[test]
fn batch_one_reads_15_gb_per_token() {
    let workload = load(Format::F16, 1, 1, 1);
    let estimate = estimate(&model("dense"), workload, Device::Measured(&flat()), None);
    let rates = estimate.rates.unwrap();
    assert!((rates.step_s.mid.0 - 0.1501).abs() < 1e-4, "{:?}", rates.step_s);
    assert_eq!(rates.bound, Bound::Weights);
}

#[test]
fn launches_are_counted_once_per_op() {
    let launch = 1e-5;
    let curves = Curves::new(&flat_rows(launch)).unwrap();
    let model = model("dense");
    let works = model.decode_ops(64, 1024, Format::F16);
    let ops: u64 = works.iter().map(|work| work.times).sum();
    let workload = load(Format::F16, 64, 1024, 1);
    let estimate = estimate(&model, workload, Device::Measured(&curves), None);
    let expected = closed_form(&works) + ops as f64 * launch;
    close(estimate.rates.unwrap().step_s.mid.0, expected);
}

#[test]
fn between_gemv_and_gemm_the_faster_of_the_two_counts() {
    let (curves, model) = (flat(), model("dense"));
    let step = |batch| {
        let workload = load(Format::F16, batch, 1, 1);
        estimate(&model, workload, Device::Measured(&curves), None).rates.unwrap().step_s.mid.0
    };
    let [one, two, eight, sixteen] = [1, 2, 8, 16].map(step);
    let bound = |batch| {
        let workload = load(Format::F16, batch, 1, 1);
        estimate(&model, workload, Device::Measured(&curves), None).rates.unwrap().bound
    };
    assert_eq!(
        (bound(16), bound(64)),
        (Bound::Weights, Bound::Compute),
        "16 tokens compute for 1.6 times the reading"
    );
    assert!((two / one - 1.6).abs() < 1e-3, "16 tokens take 1.6 times as long as one: {}", two / one);
    assert!((eight / sixteen - 1.0).abs() < 5e-3);
}

#[test]
fn a_format_that_was_measured_at_many_tokens_only_says_nothing_of_few() {
    let mut rows = flat_rows(0.0);
    let op = Op::Matmul { tokens: 512, outputs: 4096, inputs: 4096, weights: Format::Q4_0 };
    rows.push(timed_row(op, op.flops().0 / (PEAK / 4.0)));
    let (with, without) = (Curves::new(&rows).unwrap(), Curves::new(&flat_rows(0.0)).unwrap());
    let rates = |curves: &Curves, batch, prompt| {
        let workload = load(Format::Q4_0, batch, prompt, 512);
        let estimate = estimate(&model("dense"), workload, Device::Measured(curves), None);
        (estimate.rates.unwrap(), estimate.notes)
    };
    let ((own, notes), (other, _)) = (rates(&with, 32, 512), rates(&without, 32, 512));
    close(own.step_s.mid.0, other.step_s.mid.0);
    let said = "a small batch of q4_0 weights assumes the f16 gemm rate: dequantisation not included";
    assert!(notes.contains(&said.to_owned()), "{notes:?}");
    let slower = own.prefill_s_per_token.mid.0 / other.prefill_s_per_token.mid.0;
    assert!(slower > 3.0, "prefill goes at the rate of its own format: {slower}");
}

#[test]
fn the_spread_of_the_samples_and_the_error_of_the_model_make_the_interval() {
    // Everything inside the measured sizes.
    let model = Architecture { vocab: 16384, ..model("dense") };
    let workload = load(Format::F16, 64, 1024, 1);
    let rates = estimate(&model, workload, Device::Measured(&flat()), None).rates.unwrap();
    close(rates.step_s.low.0, rates.step_s.mid.0 * 0.9 * (1.0 - measured::ERROR));
    close(rates.step_s.high.0, rates.step_s.mid.0 * 1.2 * (1.0 + measured::ERROR));
}

#[test]
fn what_stands_in_for_a_measurement_is_said() {
    let curves = flat();
    let notes = |model_name, weights| {
        let workload = load(weights, 64, 512, 512);
        // An output matrix inside the measured sizes.
        let model = Architecture { vocab: 16384, ..model(model_name) };
        let estimate = estimate(&model, workload, Device::Measured(&curves), None);
        (estimate.rates.is_some(), estimate.notes)
    };
    let unknown = "the memory of the device is unknown: whether it fits is not checked".to_owned();
    assert_eq!(notes("dense", Format::F16), (true, vec![unknown.clone()]));
    let bf16 = "bf16 weights are assumed to run at the measured f16 rates".to_owned();
    assert_eq!(notes("dense", Format::Bf16), (true, vec![unknown.clone(), bf16]));
    let q4_0 = "prefill of q4_0 weights assumes the f16 gemm rate: dequantisation not included".to_owned();
    let [read, product] = [
        "q6_K weights are assumed to be read at the measured q4_0 rate",
        "prefill of q6_K weights assumes the f16 gemm rate: dequantisation not included",
    ]
    .map(str::to_owned);
    assert_eq!(notes("dense", Format::Q4_0), (true, vec![unknown.clone(), q4_0, read, product]));
    let fp8 = "no measured gemv in fp8: measure it, or use --gpu for the datasheet".to_owned();
    assert_eq!(notes("dense", Format::Fp8), (false, vec![unknown, fp8]));
    assert!(notes("latent", Format::F16).1.iter().any(|note| note.starts_with("latent attention: KV at")));
    assert!(notes("moe", Format::F16).1.contains(&"the interval was validated on dense models only".into()));
}

#[test]
fn sizes_far_outside_the_measured_ones_are_said() {
    let workload = load(Format::F16, 1, 4_000_000, 2);
    let estimate = estimate(&model("dense"), workload, Device::Measured(&flat()), None);
    let said =
        |kernel: &str| estimate.notes.contains(&format!("extrapolated: {kernel} outside its measured sizes"));
    assert!(said("attention_decode") && said("attention_prefill"), "{:?}", estimate.notes);
    // The output matrix is larger than any that was measured.
    assert!(said("gemv"));
    assert_eq!(estimate.notes.len(), 4, "nothing else: {:?}", estimate.notes);
}

#[test]
fn beyond_the_measured_sizes_the_interval_is_wider() {
    let width = |vocab| {
        let model = Architecture { vocab, ..model("dense") };
        let workload = load(Format::F16, 64, 1024, 1);
        let step = estimate(&model, workload, Device::Measured(&flat()), None).rates.unwrap().step_s;
        step.high.0 / step.low.0
    };
    // The largest measured matrix has 28,672 x 8,192 elements.
    close(width(57_344), width(16_384));
    assert!(width(8 * 57_344) > 1.02 * width(57_344));
}

#[test]
fn experts_that_no_token_visits_are_not_read() {
    let (curves, model) = (flat(), model("moe"));
    let workload = load(Format::F16, 1, 1, 1);
    let step = estimate(&model, workload, Device::Measured(&curves), None).rates.unwrap().step_s.mid.0;
    close(step, closed_form(&model.decode_ops(1, 1, Format::F16)));
    assert!(step < model.weight_bytes(Format::F16).0 / BANDWIDTH / 3.0);
}

#[test]
fn runs_that_lack_a_kernel_are_refused_with_its_name() {
    let mut rows = flat_rows(0.0);
    rows.retain(|row| !matches!(row.op, Op::Rope { .. } | Op::Matmul { tokens: 1, .. }));
    assert_eq!(
        Curves::new(&rows).map(|_| ()).unwrap_err(),
        "no verified measurement of gemv, rope: an estimate needs them all"
    );
    assert_eq!(Curves::new(&[]).map(|_| ()).unwrap_err(), "there are no measurements");
    let mut failed = flat_rows(0.0);
    for row in &mut failed {
        if let Op::SiluMul { .. } = row.op {
            row.outcome = Outcome::Failed("device lost".into());
        }
    }
    assert!(Curves::new(&failed).map(|_| ()).unwrap_err().contains("silu_mul"));
    let mut mixed = flat_rows(0.0);
    mixed[3].provenance.identity.adapter = "other".into();
    assert!(Curves::new(&mixed).map(|_| ()).unwrap_err().starts_with("the measurements are of two adapters"));
}

#[test]
fn the_fastest_variant_counts_and_cold_caches_count_before_hot_ones() {
    let op = Op::Matmul { tokens: 1, outputs: 4096, inputs: 4096, weights: Format::F16 };
    let workload = load(Format::F16, 1, 1, 1);
    let step = |mut extra: Measurement| {
        // Rows of one variant would be runs of one cell.
        extra.variant = "other".into();
        let mut rows = flat_rows(0.0);
        rows.push(extra);
        let curves = Curves::new(&rows).unwrap();
        estimate(&model("dense"), workload, Device::Measured(&curves), None).rates.unwrap().step_s.mid.0
    };
    let plain = step(timed_row(op, 1.0));
    close(plain, closed_form(&model("dense").decode_ops(1, 1, Format::F16)));
    assert!(step(timed_row(op, 1e-9)) < plain);
    let mut hot = timed_row(op, 1e-9);
    hot.cache = Cache::Hot;
    close(step(hot), plain);
}

/// The rows of a flat device with the power of each kernel; `None` for a kernel whose sensor was silent.
fn powered(launch: f64, power_w: impl Fn(&Op) -> Option<f64>) -> Curves {
    let mut rows = flat_rows(launch);
    for row in &mut rows {
        let Outcome::Ok(timing, _) = &mut row.outcome else { unreachable!() };
        timing.sensed.energy = power_w(&row.op).map(|watts| Energy {
            joules: Joules(watts * 0.5),
            window: Seconds(0.5),
            source: "nvml".into(),
        });
    }
    Curves::new(&rows).unwrap()
}

fn spent(curves: &Curves, batch: u64) -> (Rates, Option<f64>, Option<f64>) {
    let workload = load(Format::F16, batch, 2048, 512);
    let rates = estimate(&model("dense"), workload, Device::Measured(curves), None).rates.unwrap();
    let joules = |joules: Option<Joules>| joules.map(|joules| joules.0);
    (rates, joules(rates.prefill_joules_per_token), joules(rates.decode_joules_per_token))
}

#[test]
fn a_device_of_one_power_takes_it_for_the_time_of_a_token() {
    for (launch, batch) in [(0.0, 1), (0.0, 64), (5e-6, 16)] {
        let (rates, prefill, decode) = spent(&powered(launch, |_| Some(300.0)), batch);
        close(prefill.unwrap(), 300.0 * rates.prefill_s_per_token.mid.0);
        close(decode.unwrap(), 300.0 * rates.step_s.mid.0 / batch as f64);
    }
}

#[test]
fn kernels_of_a_step_count_with_their_own_power_by_their_time() {
    let of_attention = |op: &Op| Some(if matches!(op, Op::AttentionDecode { .. }) { 100.0 } else { 400.0 });
    let (rates, _, decode) = spent(&powered(0.0, of_attention), 64);
    let works = model("dense").decode_ops(64, 2304, Format::F16);
    let (attention, others): (Vec<Work>, Vec<Work>) =
        works.into_iter().partition(|work| matches!(work.op, Op::AttentionDecode { .. }));
    let joules = 100.0 * closed_form(&attention) + 400.0 * closed_form(&others);
    close(decode.unwrap(), joules / 64.0);
    assert!(joules / rates.step_s.mid.0 > 100.0 && joules / rates.step_s.mid.0 < 400.0);
}

#[test]
fn a_step_with_a_kernel_of_unknown_power_has_no_energy() {
    let silent = |kernel: &'static str| powered(0.0, move |op| (op.kernel() != kernel).then_some(300.0));
    let known = |kernel| {
        let (_, prefill, decode) = spent(&silent(kernel), 1);
        (prefill.is_some(), decode.is_some())
    };
    assert_eq!(known("attention_prefill"), (false, true));
    assert_eq!(known("attention_decode"), (true, false));
    assert_eq!(known("rmsnorm"), (false, false));
    // No op of a model is a chain of dispatches.
    assert_eq!(known("dispatch"), (true, true));
    let gpus = gpus();
    let datasheet = Device::Datasheet(&gpus[0]);
    let rates = estimate(&model("dense"), load(Format::F16, 1, 64, 64), datasheet, None).rates.unwrap();
    assert_eq!((rates.prefill_joules_per_token, rates.decode_joules_per_token), (None, None));
}

/// The rows of a flat device with `expert_gemm` at half its rates.
fn with_experts() -> Vec<Measurement> {
    let mut rows = flat_rows(0.0);
    for tokens in [1, 16, 256, 4096] {
        for (outputs, inputs) in [(28_672, 4096), (4096, 14_336)] {
            let (experts, active, weights) = (8, 2, Format::F16);
            let op = Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights };
            let visited = Work { op, times: 1 }.weight_bytes().0;
            rows.push(timed_row(op, (visited / BANDWIDTH).max(op.flops().0 / PEAK) * 2.0));
        }
    }
    rows
}

#[test]
fn experts_run_at_the_rate_of_their_own_kernel_where_it_was_measured() {
    let (own, plain) = (Curves::new(&with_experts()).unwrap(), flat());
    let model = model("moe");
    for tokens in [1, 16, 256] {
        let op = Op::ExpertMatmul {
            tokens,
            experts: 8,
            active: 2,
            outputs: 28_672,
            inputs: 4096,
            weights: Format::F16,
        };
        let works = [Work { op, times: 1 }];
        let seconds = |curves: &Curves| curves.time(&model, &works, 0.0, &mut vec![]).unwrap().seconds();
        let expected = 2.0 * (works[0].weight_bytes().0 / BANDWIDTH).max(op.flops().0 / PEAK);
        close(seconds(&own), expected);
        assert!(seconds(&plain) < 0.9 * expected, "{tokens}");
    }
}

#[test]
fn uneven_routing_reads_fewer_experts() {
    let workload = load(Format::F16, 16, 512, 512);
    let step = |zipf| {
        let curves = Curves::new(&with_experts()).unwrap();
        let workload = Workload { serving: Serving { expert_skew: zipf, ..Serving::default() }, ..workload };
        estimate(&model("moe"), workload, Device::Measured(&curves), None).rates.unwrap().step_s.mid.0
    };
    assert!(step(2.0) < step(1.0) && step(1.0) <= step(0.0), "{} {} {}", step(2.0), step(1.0), step(0.0));
    close(step(0.0), {
        let curves = Curves::new(&with_experts()).unwrap();
        estimate(&model("moe"), workload, Device::Measured(&curves), None).rates.unwrap().step_s.mid.0
    });
}

#[test]
fn latent_attention_runs_at_the_rate_of_its_own_kernel_where_it_was_measured() {
    let mut rows = flat_rows(0.0);
    let op = |batch, context| Op::LatentDecode { batch, context, heads: 128, latent: 512, rope: 64 };
    for context in [1024, 65_536] {
        rows.push(timed_row(op(1, context), op(1, context).flops().0 / (PEAK / 8.0)));
    }
    let (own, plain) = (Curves::new(&rows).unwrap(), flat());
    let works = [Work { op: op(4, 4096), times: 61 }];
    let time = |curves: &Curves| {
        let mut notes = vec![];
        (curves.time(&model("latent"), &works, 0.0, &mut notes).unwrap().seconds(), notes)
    };
    let ((seconds, notes), (_, stand_in)) = (time(&own), time(&plain));
    close(seconds, 61.0 * 8.0 * op(4, 4096).flops().0 / PEAK);
    assert!(notes.is_empty() && stand_in[0].starts_with("latent attention: KV at"), "{notes:?} {stand_in:?}");
}

#[test]
fn a_cache_is_read_at_the_rate_of_its_format_and_else_a_note_says_whose() {
    let cache = |context, kv| Op::AttentionDecode {
        batch: 1,
        context,
        heads: 32,
        kv_heads: 8,
        head_dim: 128,
        kv,
        page: None,
    };
    let mut rows = flat_rows(0.0);
    for context in [1024, 262_144] {
        let op = cache(context, Format::Q8_0);
        rows.push(timed_row(op, 3.0 * op.bytes().0 / BANDWIDTH));
    }
    let works = [Work { op: cache(8192, Format::Q8_0), times: 1 }];
    let time = |rows: &[Measurement]| {
        let mut notes = vec![];
        let curves = Curves::new(rows).unwrap();
        (curves.time(&model("dense"), &works, 0.0, &mut notes).unwrap().seconds(), notes)
    };
    let bytes = works[0].op.bytes().0;
    let ((own, notes), (other, said)) = (time(&rows), time(&flat_rows(0.0)));
    close(own, 3.0 * bytes / BANDWIDTH);
    close(other, bytes / BANDWIDTH);
    assert!(notes.is_empty());
    assert_eq!(said, ["a KV cache in q8_0 is assumed to be read at the f16 rate"]);
}

#[test]
fn what_surrounds_the_layers_counts_where_it_was_measured() {
    let model = model("dense");
    let works = model.decode_ops(64, 1024, Format::F16);
    let seconds = |extra: &[Op]| {
        let mut rows = flat_rows(0.0);
        rows.extend(extra.iter().map(|op| timed_row(*op, op.bytes().0 / BANDWIDTH)));
        Curves::new(&rows).unwrap().time(&model, &works, 0.0, &mut vec![]).unwrap().seconds()
    };
    let bytes = |op: Op| op.bytes().0 / BANDWIDTH;
    let plain = seconds(&[]);
    let (rows, width, vocab) = (64, model.hidden, model.vocab);
    let added = |op: Op| seconds(&[op]) - plain;
    let about = |actual: f64, expected: f64| {
        assert!((actual / expected - 1.0).abs() < 1e-6, "{actual} is not {expected}");
    };
    about(added(Op::Gather { rows, width, vocab }), bytes(Op::Gather { rows, width, vocab }));
    about(added(Op::Sample { rows, vocab }), bytes(Op::Sample { rows, vocab }));
    let norms = (2 * model.layers()) as f64;
    about(added(Op::Add { rows, width }), norms * bytes(Op::Add { rows, width }));
    // Fused, the norm's own traffic goes and that of both comes; the first norm has no residual.
    let fused = bytes(Op::AddRmsNorm { rows, width }) - bytes(Op::RmsNorm { rows, width });
    about(added(Op::AddRmsNorm { rows, width }), norms * fused);
    let both = seconds(&[Op::Add { rows, width }, Op::AddRmsNorm { rows, width }]);
    about(both - plain, norms * fused);
}

#[test]
fn a_borrower_goes_by_its_bandwidth_where_the_lender_reads_and_by_its_peak_where_it_computes() {
    let gpus = gpus();
    let mut faster = gpus[1].clone();
    faster.name = "RTX 4090 with a wider bus".into();
    faster.architecture = "Ada".into();
    faster.bandwidth = faster.bandwidth.map(|it| BytesPerSecond(2.0 * it.0));
    let lender = GpuSpec { architecture: "Ada".into(), ..gpus[1].clone() };
    let lent = flat().lent(&lender, &faster).unwrap();
    let ratio = |batch, prompt| {
        let workload = load(Format::F16, batch, prompt, 2);
        let rates = |curves: &Curves| {
            estimate(&model("dense"), workload, Device::Measured(curves), None).rates.unwrap()
        };
        let (own, other) = (rates(&flat()), rates(&lent));
        (own.step_s.mid.0 / other.step_s.mid.0, own.ttft_s.mid.0 / other.ttft_s.mid.0)
    };
    let (step, _) = ratio(1, 64);
    assert!((step - 2.0).abs() < 1e-6, "one sequence reads: {step}");
    let (_, first) = ratio(1, 2048);
    assert!((1.0..1.02).contains(&first), "a long prompt computes: {first}");
    let unnamed = gpus[0].clone();
    assert!(
        flat().lent(&gpus[1], &unnamed).unwrap_err().contains("cannot lend"),
        "no family is none in common"
    );
}
