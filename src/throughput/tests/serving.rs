//! How an engine serves: mixed steps, several devices, the prefix cache, drafts, targets.

use super::*;

fn rates_of(model: &Architecture, workload: Workload) -> Rates {
    estimate(model, workload, Device::Measured(&flat()), None).rates.unwrap()
}

fn served(batch: u64, serving: Serving) -> Workload {
    Workload { serving, ..load(Format::F16, batch, 2048, 512) }
}

#[test]
fn the_tokens_of_a_request_cost_the_time_that_it_takes() {
    let gpus = gpus();
    for batch in [1, 8, 200] {
        for device in [Device::Measured(&flat()), Device::Datasheet(&gpus[0])] {
            let workload = served(batch, Serving::default());
            let rates = estimate(&model("dense"), workload, device, None).rates.unwrap();
            let request = 2048.0 * rates.input_s_per_token.mid.0 + 512.0 * rates.output_s_per_token.mid.0;
            close(1.0 / rates.requests_per_s.mid, request);
        }
    }
}

#[test]
fn prompts_that_ride_along_spare_their_reading_of_the_weights() {
    let model = model("dense");
    let apart = |rates: Rates, batch: f64| {
        rates.step_s.mid.0 + batch * (2048.0 / 512.0) * rates.prefill_s_per_token.mid.0
    };
    // Half of the steps carry 64 tokens of prompts and pay for reading the weights anyway.
    let small = Serving { chunk: 64, ..Serving::default() };
    let rates = rates_of(&model, served(8, small));
    assert!(8.0 / rates.output_tokens_per_s.mid.0 < 0.95 * apart(rates, 8.0));
    let rates = rates_of(&model, served(8, Serving::default()));
    assert!(8.0 / rates.output_tokens_per_s.mid.0 > 0.97 * apart(rates, 8.0));
}

#[test]
fn a_lone_request_waits_for_nobody() {
    let rates = rates_of(&model("dense"), served(1, Serving::default()));
    close(rates.tpot_s.mid.0, rates.step_s.mid.0);
}

#[test]
fn devices_share_the_work_and_pay_for_the_link() {
    let model = model("dense");
    let with = |tp, link: f64| Serving { tp, link: Some(BytesPerSecond(link)), ..Serving::default() };
    let one = rates_of(&model, served(64, Serving::default()));
    let four = rates_of(&model, served(64, with(4, 1e30)));
    let latency = 2.0 * 32.0 * 38e-6;
    assert!((four.step_s.mid.0 - latency) / one.step_s.mid.0 < 0.26);
    let slow = rates_of(&model, served(64, with(4, 1e9)));
    let moved = 2.0 * 32.0 * 2.0 * 0.75 * 64.0 * 4096.0 * 2.0 / (0.63 * 1e9);
    close(slow.step_s.mid.0 - four.step_s.mid.0, moved);
    assert_eq!(rates_of(&model, served(64, with(4, 1e6))).bound, Bound::Link);
}

#[test]
fn what_cannot_be_cut_is_said() {
    let said = |tp, link| {
        let serving = Serving { tp, link, ..Serving::default() };
        let estimate = estimate(&model("dense"), served(1, serving), Device::Measured(&flat()), None);
        assert_eq!(estimate.rates, None);
        estimate.notes.concat()
    };
    assert_eq!(said(3, Some(BytesPerSecond(1e11))), "tp 3 does not divide the 32 heads of dense");
    assert!(said(2, None).contains("--link-gb-per-s"));
    assert!(said(0, None).contains("tp 0"));
}

#[test]
fn memory_of_several_devices_adds_up_and_copies_of_the_cache_count() {
    let dense = model("dense");
    let h100 = Memory::of_gpu(Bytes(80e9));
    let most = |tp, kv| {
        let serving = Serving { tp, kv, ..Serving::default() };
        max_batch(&dense, Workload { serving, ..load(Format::Bf16, 1, 1024, 1024) }, h100, 1.0)
    };
    assert_eq!(most(1, Format::F16), 195);
    assert_eq!(most(1, Format::Fp8), 390);
    // 8 KV heads: 16 devices hold each head twice.
    let (free, sequence) = (16.0 * 68.5e9 - 16.06e9, 2.0 * 131_072.0 * 2048.0);
    assert_eq!(most(16, Format::F16), (free / sequence) as u64);
}

#[test]
fn a_prefix_in_the_cache_spares_its_products_and_its_own_attention() {
    let model = model("dense");
    let half = rates_of(&model, served(1, Serving { cached: 0.5, ..Serving::default() }));
    let attention = |tokens| {
        let works = model.prefill_ops(tokens, Format::F16);
        let attends = |work: &Work| matches!(work.op, Op::AttentionPrefill { .. });
        closed_form(&works.into_iter().filter(attends).collect::<Vec<_>>())
    };
    let all = closed_form(&model.prefill_ops(1024, Format::F16));
    close(half.ttft_s.mid.0, all - attention(1024) + attention(2048) - attention(1024));
}

#[test]
fn smaller_chunks_read_the_weights_more_often() {
    let ttft =
        |chunk| rates_of(&model("dense"), served(1, Serving { chunk, ..Serving::default() })).ttft_s.mid.0;
    assert!(ttft(4096) == ttft(2048) && ttft(8) > 1.5 * ttft(2048));
}

#[test]
fn drafts_pay_while_reading_the_weights_binds() {
    let model = model("dense");
    let drafts = Some(Drafts::of_acceptance(3, 0.7));
    let gain = |batch| {
        let plain = rates_of(&model, served(batch, Serving::default()));
        let drafted = rates_of(&model, served(batch, Serving { drafts, ..Serving::default() }));
        drafted.decode_tokens_per_s.mid.0 / plain.decode_tokens_per_s.mid.0
    };
    assert!(gain(1) > 1.5 && gain(256) < 1.0, "{} {}", gain(1), gain(256));
}

#[test]
fn the_best_batch_answers_within_the_target() {
    let (model, curves) = (model("dense"), flat());
    let best = |tpot: f64| {
        let target = Target { tpot: Some(Seconds(tpot)) };
        best_batch(&model, served(1, Serving::default()), Device::Measured(&curves), None, target).unwrap()
    };
    let [slow, fast] = [best(10.0), best(0.5)];
    assert!(fast.workload.batch < slow.workload.batch && fast.rates.unwrap().tpot_s.mid.0 <= 0.5);
    let none = best(1e-3);
    assert_eq!(none.workload.batch, 1);
    assert_eq!(none.notes.last().unwrap(), "no batch answers within 1.0 ms per output token");
}

#[test]
fn a_rate_above_the_bandwidth_of_the_memory_is_refused() {
    let gpus = gpus();
    let fast: Vec<Measurement> = (flat_rows(0.0).into_iter())
        .map(|mut row| {
            let Outcome::Ok(timing, _) = &mut row.outcome else { unreachable!() };
            let Summary { min, q1, median, q3, mean, mad } = timing.seconds;
            let [min, q1, median, q3, mean, mad] = [min, q1, median, q3, mean, mad].map(|it| it / 100.0);
            timing.seconds = Summary { min, q1, median, q3, mean, mad };
            row
        })
        .collect();
    let curves = Curves::on(&fast, Some(&gpus[1])).unwrap();
    let said = estimate(&model("dense"), load(Format::F16, 1, 8, 8), Device::Measured(&curves), None);
    assert_eq!(said.rates, None);
    let reason = said.notes.last().unwrap();
    assert!(reason.starts_with("impossible: 665") && reason.contains("bounds it at 67."), "{reason}");
}

#[test]
fn uneven_routing_spares_reading_on_every_kind_of_device() {
    let (gpus, curves, moe) = (gpus(), flat(), model("latent"));
    for device in [Device::Measured(&curves), Device::Datasheet(&gpus[0])] {
        let step = |expert_skew| {
            let workload = served(8, Serving { expert_skew, ..Serving::default() });
            estimate(&moe, workload, device, None).rates.unwrap().step_s.mid.0
        };
        assert!(step(1.0) < 0.995 * step(0.0), "{} {}", step(1.0), step(0.0));
    }
    assert!(served(8, Serving { expert_skew: f64::NAN, ..Serving::default() }).check().is_err());
}
