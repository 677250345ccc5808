mod basis;
mod curves;
mod served;
mod serving;

use super::*;
use crate::arch::{self, Scheme, Work, read_models};
use crate::hardware::read_gpus;
use crate::measurement::{
    Cache, Identity, Measurement, Outcome, Provenance, Timing, TimingMethod, Verification,
};
use crate::op::{Format, Op};
use crate::stats::Summary;
use crate::units::{Bytes, BytesPerSecond, Interval, Joules, Seconds};
use proptest::prelude::*;

const BANDWIDTH: f64 = 100e9;
const PEAK: f64 = 1e12;

fn models() -> Vec<Architecture> {
    let text = "name,layers,hidden,heads,kv_heads,head_dim,ffn,vocab,tied_embeddings,experts,experts_active,\
        expert_ffn,shared_ffn,dense_layers,q_lora,kv_lora,qk_nope,qk_rope,v_head,window,full_attention_layers,\
        native_weights,source,date_checked\n\
        dense,32,4096,32,8,128,14336,128256,false,,,,,,,,,,,,,bf16,config.json,2026-11-21\n\
        big,80,8192,64,8,128,28672,128256,false,,,,,,,,,,,,,bf16,config.json,2026-11-21\n\
        moe,32,4096,32,8,128,,32000,false,8,2,14336,,,,,,,,,,bf16,config.json,2026-11-21\n\
        latent,61,7168,128,128,128,18432,129280,false,256,8,2048,2048,3,1536,512,128,64,128,,,fp8,config.json,\
        2026-11-21\n\
        windowed,24,2880,64,8,64,,201088,false,32,4,2880,,,,,,,,128,12,mxfp4,config.json,2026-11-21\n";
    read_models(text.as_bytes()).unwrap()
}

fn model(name: &str) -> Architecture {
    arch::find(&models(), name).unwrap().clone()
}

fn gpus() -> Vec<GpuSpec> {
    let text = "name,vendor,memory_gb,bandwidth_gb_per_s,fp32_tflops,fp16_dense_tflops,fp8_dense_tflops,aliases,\
        source,date_checked\n\
        H100 SXM,NVIDIA,80,3350,67,989,1979,NVIDIA H100 80GB HBM3,datasheet,2026-11-21\n\
        RTX 4090,NVIDIA,24,1008,82.6,165.2,330.3,NVIDIA GeForce RTX 4090,datasheet,2026-11-21\n\
        RX 6800,AMD,16,512,16.2,,,AMD Radeon RX 6800,datasheet,2026-11-21\n\
        Unknown,NVIDIA,,,,,,,datasheet,2026-11-21\n";
    read_gpus(text.as_bytes()).unwrap()
}

fn load(weights: impl Into<Scheme>, batch: u64, isl: u64, osl: u64) -> Workload {
    Workload { weights: weights.into(), batch, isl, osl, serving: Serving::default() }
}

fn timed_row(op: Op, seconds: f64) -> Measurement {
    let summary = Summary {
        min: seconds * 0.9,
        q1: seconds,
        median: seconds,
        q3: seconds * 1.2,
        mean: seconds,
        mad: 0.0,
    };
    let timing = Timing {
        seconds: summary,
        method: TimingMethod::Timestamp,
        device_median: None,
        wall_median: Seconds(seconds),
        samples: 9,
        dropped: 0,
        executions_per_sample: 1,
        ..Timing::default()
    };
    let identity = Identity {
        adapter: "NVIDIA GeForce RTX 4090".into(),
        device_type: DeviceType::DiscreteGpu,
        ..Identity::default()
    };
    Measurement {
        op,
        variant: "flat".into(),
        cache: Cache::Cold,
        run: 0,
        outcome: Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1.0, compared: 1 }),
        provenance: Provenance { identity, ..Provenance::default() },
    }
}

/// The rows of a device with exactly one bandwidth, one peak and one launch time.
fn flat_rows(launch: f64) -> Vec<Measurement> {
    let mut rows = Vec::new();
    let mut add = |op: Op, work_s: f64| rows.push(timed_row(op, work_s + launch));
    for weights in [Format::F16, Format::Q4_0] {
        for (outputs, inputs) in [(4096, 4096), (14336, 4096), (28672, 8192)] {
            let bytes = (outputs * inputs) as f64 * weights.bytes_per_weight();
            add(Op::Matmul { tokens: 1, outputs, inputs, weights }, bytes / BANDWIDTH);
        }
    }
    for tokens in [16, 64, 512, 2048] {
        for (outputs, inputs) in [(4096, 4096), (14336, 4096), (28672, 8192)] {
            let op = Op::Matmul { tokens, outputs, inputs, weights: Format::F16 };
            add(op, op.flops().0 / PEAK);
        }
    }
    for context in [1024, 16384, 262_144] {
        let op = Op::AttentionDecode {
            batch: 1,
            context,
            heads: 32,
            kv_heads: 8,
            head_dim: 128,
            kv: Format::F16,
            page: None,
        };
        add(op, op.bytes().0 / BANDWIDTH);
    }
    for tokens in [512, 2048] {
        let (heads, kv_heads, window) = (32, 8, tokens);
        let op = Op::AttentionPrefill { tokens, heads, kv_heads, qk_dim: 128, v_dim: 128, window };
        add(op, op.flops().0 / PEAK);
    }
    for rows in [64, 2048] {
        let ops = [
            Op::RmsNorm { rows, width: 4096 },
            Op::SiluMul { rows, width: 14336 },
            Op::Rope { rows, heads: 40, head_dim: 128 },
        ];
        ops.into_iter().for_each(|op| add(op, op.bytes().0 / BANDWIDTH));
    }
    rows.push(timed_row(Op::Dispatch { chain: 1 }, 5e-6 + launch));
    rows.push(timed_row(Op::Dispatch { chain: 100 }, 5e-6 + 100.0 * launch));
    rows
}

fn flat() -> Curves {
    Curves::new(&flat_rows(0.0)).unwrap()
}

fn close(actual: f64, expected: f64) {
    assert!((actual / expected - 1.0).abs() < 1e-9, "{actual} is not {expected}");
}

/// What the ops of a flat device take, by the formulas alone.
fn closed_form(works: &[Work]) -> f64 {
    let seconds = works.iter().map(|work| {
        let times = work.times as f64;
        match work.op {
            Op::Matmul { .. } | Op::ExpertMatmul { .. } => {
                (work.weight_bytes().0 / BANDWIDTH).max(times * work.op.flops().0 / PEAK)
            }
            Op::AttentionPrefill { .. } => times * work.op.flops().0 / PEAK,
            _ => times * work.op.bytes().0 / BANDWIDTH,
        }
    });
    seconds.sum()
}

#[test]
fn what_fits_is_what_the_worked_example_says() {
    let dense = model("dense");
    let h100 = Memory::of_gpu(Bytes(80e9));
    let workload = load(Format::Bf16, 1, 1024, 1024);
    assert!((h100.usable().0 - dense.weight_bytes(Format::Bf16).0 - 52.44e9).abs() < 0.01e9);
    assert_eq!(max_batch(&dense, workload, h100, 0.5), 260);
    assert_eq!(max_batch(&dense, workload, h100, 1.0), 195);
    let gpus = gpus();
    let device = Device::Datasheet(&gpus[0]);
    for (batch, fits) in [(195, true), (196, false)] {
        let estimate = estimate(&dense, Workload { batch, ..workload }, device, device.memory(&gpus, None));
        assert_eq!(matches!(estimate.fit, Fit::Fits { .. }), fits, "{batch}");
        assert_eq!((estimate.rates.is_some(), estimate.max_batch), (fits, Some(195)));
    }
}

#[test]
fn a_model_that_does_not_fit_has_no_rates_and_says_the_numbers() {
    let gpus = gpus();
    let device = Device::Datasheet(&gpus[1]);
    let workload = load(Format::F16, 1, 1024, 1024);
    let estimate = estimate(&model("big"), workload, device, device.memory(&gpus, None));
    assert_eq!((estimate.rates, estimate.max_batch), (None, Some(0)));
    assert_eq!(estimate.notes, ["does not fit: weights need 141.1 GB of 18.1 GB usable memory"]);
    assert!(matches!(estimate.fit, Fit::DoesNotFit { what: "weights", .. }));
    assert_eq!(
        best_batch(&model("big"), workload, device, device.memory(&gpus, None), Target::default()),
        None
    );
}

#[test]
fn memory_comes_from_the_override_the_datasheet_or_the_host() {
    let gpus = gpus();
    let curves = flat();
    let device = Device::Measured(&curves);
    assert_eq!(device.memory(&gpus, None), Some(Memory::of_gpu(Bytes(24e9))), "the matching card");
    assert_eq!(device.memory(&gpus, Some(Bytes(48e9))), Some(Memory::of_gpu(Bytes(48e9))));
    assert_eq!(device.memory(&[], None), None);
    let mut shared = gpus[0].clone();
    shared.form_factor = "Integrated".into();
    let memory = Device::Datasheet(&shared).memory(&gpus, Some(Bytes(64e9)));
    assert_eq!(memory, Some(Memory::of_integrated(Bytes(64e9))), "its memory is the host's");
    let of = |kind, host| {
        let mut rows = flat_rows(0.0);
        for row in &mut rows {
            row.provenance.identity.adapter = "llvmpipe (LLVM 15.0.7, 256 bits)".into();
            row.provenance.identity.device_type = kind;
            row.provenance.identity.host_memory = host;
        }
        let curves = Curves::new(&rows).unwrap();
        Device::Measured(&curves).memory(&gpus, None)
    };
    let memory = of(DeviceType::Software, Some(Bytes(24e9)));
    assert_eq!(memory, Some(Memory::of_host(Bytes(24e9))));
    assert_eq!(memory.unwrap().usable(), Bytes(0.9 * 24e9));
    assert_eq!(of(DeviceType::IntegratedGpu, Some(Bytes(24e9))), Some(Memory::of_integrated(Bytes(24e9))));
    assert_eq!(of(DeviceType::DiscreteGpu, Some(Bytes(24e9))), None);
}

#[test]
fn a_datasheet_estimate_follows_its_formula() {
    let gpus = gpus();
    let dense = model("dense");
    let workload = load(Format::Bf16, 8, 1024, 1024);
    let estimate = estimate(&dense, workload, Device::Datasheet(&gpus[0]), None);
    let rates = estimate.rates.unwrap();
    let found = datasheet::FITTED;
    let memory: f64 = 15.01e9 / (found.bandwidth * 3350e9);
    let compute: f64 = 2.0 * 7.505e9 * 8.0 / (found.arithmetic * 989e12);
    let kv = 8.0 * 1536.0 * 131_072.0 / (found.bandwidth * 3350e9);
    let fixed = 32.0 * found.layer.0 + 8.0 * found.sequence.0;
    let step = (memory.powi(3) + compute.powi(3)).cbrt() + kv + fixed;
    assert!((rates.step_s.mid.0 / step - 1.0).abs() < 1e-3, "{} {step}", rates.step_s.mid.0);
    close(rates.step_s.high.0, rates.step_s.mid.0 * datasheet::Population::Dense.spread().high);
    assert_eq!((estimate.source.to_string(), estimate.device.as_str()), ("datasheet".into(), "H100 SXM"));
}

#[test]
fn llama_cpp_pays_for_unpacking_and_for_stacked_memory() {
    let gpus = gpus();
    let step = |gpu: &GpuSpec| {
        let workload = load(Format::Q4_0, 1, 1, 1);
        estimate(&model("dense"), workload, Device::Datasheet(gpu), None).rates.unwrap().step_s.mid.0
    };
    let found = datasheet::FITTED;
    let plain = GpuSpec { stacked: false, ..gpus[1].clone() };
    let stacked = GpuSpec { stacked: true, ..plain.clone() };
    let works = model("dense").decode_ops(1, 1, Format::Q4_0);
    let read: f64 = works.iter().map(|work| work.weight_bytes().0).sum();
    let more = read / (1008e9 * found.bandwidth) * (1.0 / found.local_stacked - 1.0);
    assert!(((step(&stacked) - step(&plain)) / more - 1.0).abs() < 0.01);
    let slow = GpuSpec { fp32: plain.fp32.map(|peak| peak * 0.5), ..plain.clone() };
    let more = found.local_flops_per_weight * 7.505e9 / 82.6e12;
    assert!(((step(&slow) - step(&plain)) / more - 1.0).abs() < 0.01);
}

#[test]
fn gpus_that_share_layers_pay_for_their_link() {
    let gpus = gpus();
    let step = |tp, link: f64| {
        let serving = Serving { tp, link: Some(BytesPerSecond(link)), ..Serving::default() };
        let workload = Workload { serving, ..load(Format::Bf16, 64, 1024, 1024) };
        let estimate = estimate(&model("big"), workload, Device::Datasheet(&gpus[0]), None);
        estimate.rates.unwrap().step_s.mid.0
    };
    let found = datasheet::FITTED;
    let fixed = 80.0 * found.layer.0 + 64.0 * found.sequence.0;
    close((step(1, 1e30) - fixed) / 4.0, step(4, 1e30) - fixed);
    // Two sums per layer, each a ring over 1.5 times its bytes.
    let moved = 2.0 * 80.0 * 1.5 * 64.0 * 8192.0 * 2.0 / (found.link * 450e9);
    close(step(4, 450e9) - step(4, 1e30), moved);
}

#[test]
fn a_datasheet_that_lacks_a_figure_says_which() {
    let gpus = gpus();
    let notes = |index: usize, weights| {
        let workload = load(weights, 1, 8, 8);
        let estimate = estimate(&model("dense"), workload, Device::Datasheet(&gpus[index]), None);
        (estimate.rates.is_some(), estimate.notes.last().unwrap().clone())
    };
    assert_eq!(notes(3, Format::F16), (false, "the datasheet row of Unknown has no bandwidth".into()));
    let stand_in = "the datasheet row of RX 6800 has no 16-bit peak: its fp32 peak is used".to_owned();
    assert_eq!(notes(2, Format::Q4_0), (true, stand_in));
}

#[test]
fn the_bound_is_the_worked_example() {
    let workload = load(Format::Bf16, 1, 1, 1);
    let bound = bandwidth_bound(&model("dense"), workload, BytesPerSecond(1008e9));
    assert!((bound.0 - 67.2).abs() < 0.05, "{bound:?}");
    let at_4096 = bandwidth_bound(&model("dense"), load(Format::Bf16, 1, 4096, 1), BytesPerSecond(1008e9));
    assert!((at_4096.0 - 64.8).abs() < 0.05, "{at_4096:?}");
}

#[test]
fn batches_are_powers_of_two_that_fit() {
    assert_eq!(batches(Some(0)), [0; 0]);
    assert_eq!(batches(Some(5)), [1, 2, 4]);
    assert_eq!(batches(Some(256)).last(), Some(&256));
    assert_eq!(batches(None), batches(Some(100_000)));
}

#[test]
fn the_best_batch_has_the_most_tokens_per_second() {
    let gpus = gpus();
    let (dense, device) = (model("dense"), Device::Datasheet(&gpus[0]));
    let memory = device.memory(&gpus, None);
    let workload = load(Format::Bf16, 1, 1024, 1024);
    let best = best_batch(&dense, workload, device, memory, Target::default()).unwrap();
    assert_eq!((best.workload.batch, best.max_batch), (128, Some(195)));
}

#[test]
fn nonsense_is_answered_with_a_sentence() {
    let gpus = gpus();
    for (batch, isl, osl, what) in
        [(0, 1, 1, "batch 0"), (1, 0, 1, "isl 0"), (1, 1, u64::MAX, "osl 18446744073709551615")]
    {
        let workload = load(Format::F16, batch, isl, osl);
        let estimate = estimate(&model("dense"), workload, Device::Datasheet(&gpus[0]), None);
        assert_eq!(estimate.rates, None);
        assert_eq!(estimate.notes, [format!("{what} is not between 1 and 1073741824")]);
        assert_eq!(
            best_batch(&model("dense"), workload, Device::Datasheet(&gpus[0]), None, Target::default())
                .is_some(),
            batch == 0
        );
    }
}

#[test]
fn a_window_makes_the_fit_a_range() {
    let gpus = gpus();
    let device = Device::Datasheet(&gpus[0]);
    let workload = load(Format::Mxfp4, 1, 4096, 1024);
    let estimate = estimate(&model("windowed"), workload, device, device.memory(&gpus, None));
    assert_eq!(
        estimate.notes,
        [
            "fit counts 0.252 GB of KV cache per sequence, an engine that frees what 12 windowed layers forget \
          needs 0.129 GB"
        ]
    );
}

fn ordered(interval: Interval<f64>) -> bool {
    interval.low.is_finite()
        && interval.high.is_finite()
        && 0.0 < interval.low
        && interval.low <= interval.mid
        && interval.mid <= interval.high
}

proptest! {
    #[test]
    fn every_number_is_positive_and_every_interval_ordered(
        model in 0usize..5, format in 0usize..12, batch in 1u64..5000, isl in 1u64..200_000, osl in 1u64..200_000,
    ) {
        let (models, gpus, curves) = (models(), gpus(), flat());
        let workload = load(Format::ALL[format], batch, isl, osl);
        for device in [Device::Measured(&curves), Device::Datasheet(&gpus[0]), Device::Datasheet(&gpus[2])] {
            let estimate = estimate(&models[model], workload, device, None);
            let Some(rates) = estimate.rates else { continue };
            for seconds in [rates.step_s, rates.prefill_s_per_token, rates.ttft_s, rates.tpot_s] {
                prop_assert!(ordered(seconds.map(|seconds| seconds.0)), "{seconds:?}");
            }
            for rate in [rates.prefill_tokens_per_s, rates.decode_tokens_per_s] {
                prop_assert!(ordered(rate.map(|rate| rate.0)), "{rate:?}");
            }
        }
    }

    #[test]
    fn no_datasheet_estimate_beats_its_bandwidth(
        model in 0usize..5, format in 0usize..12, batch in 1u64..5000, isl in 1u64..200_000, osl in 1u64..2000,
    ) {
        let (models, gpus) = (models(), gpus());
        let workload = load(Format::ALL[format], batch, isl, osl);
        for gpu in &gpus[..3] {
            let rates = estimate(&models[model], workload, Device::Datasheet(gpu), None).rates;
            let bound = bandwidth_bound(&models[model], workload, gpu.bandwidth.unwrap());
            prop_assert!(rates.unwrap().decode_tokens_per_s.mid.0 < bound.0);
        }
    }

    #[test]
    fn longer_contexts_never_speed_decoding_and_larger_batches_never_slow_it(
        model in 0usize..5, batch in 1u64..1000, isl in 1u64..100_000, more in 1u64..1000,
    ) {
        let (models, gpus, curves) = (models(), gpus(), flat());
        let rate = |device, batch, isl| {
            let estimate = estimate(&models[model], load(Format::F16, batch, isl, 2), device, None);
            estimate.rates.unwrap().decode_tokens_per_s.mid.0
        };
        for device in [Device::Measured(&curves), Device::Datasheet(&gpus[0])] {
            let base = rate(device, batch, isl) * (1.0 + 1e-9);
            prop_assert!(rate(device, batch, isl + more) <= base);
            prop_assert!(rate(device, batch + more, isl) * (1.0 + 2e-9) >= base);
        }
    }
}
