use super::*;
use crate::op::Op;
use proptest::prelude::*;

const HEADER: &str = "name,aliases,layers,hidden,heads,kv_heads,head_dim,ffn,vocab,tied_embeddings,experts,\
    experts_active,expert_ffn,shared_ffn,dense_layers,q_lora,kv_lora,qk_nope,qk_rope,v_head,window,\
    full_attention_layers,native_weights,source,date_checked\n";
const LLAMA_8B: &str =
    "llama-3.1-8b,meta/8B,32,4096,32,8,128,14336,128256,false,,,,,,,,,,,,,bf16,config.json,2026-11-21\n";
const LLAMA_70B: &str =
    "llama-3.1-70b,meta/70B,80,8192,64,8,128,28672,128256,false,,,,,,,,,,,,,bf16,config.json,2026-11-21\n";
const MIXTRAL: &str =
    "mixtral-8x7b,,32,4096,32,8,128,,32000,false,8,2,14336,,,,,,,,,,bf16,config.json,2026-11-21\n";
const DEEPSEEK: &str = "deepseek-v3,,61,7168,128,128,128,18432,129280,false,256,8,2048,2048,3,1536,512,128,64,\
    128,,,fp8,config.json,2026-11-21\n";
const GPT_OSS: &str =
    "gpt-oss-20b,,24,2880,64,8,64,,201088,false,32,4,2880,,,,,,,,128,12,mxfp4,config.json,2026-11-21\n";

fn read(rows: &str) -> Result<Vec<Architecture>, String> {
    read_models((HEADER.to_owned() + rows).as_bytes()).map_err(|fault| fault.to_string())
}

fn model(row: &str) -> Architecture {
    read(row).unwrap().remove(0)
}

fn close(actual: f64, expected: f64, relative: f64) {
    assert!((actual / expected - 1.0).abs() < relative, "{actual} is not {expected} within {relative}");
}

fn weights_read(works: &[Work]) -> f64 {
    works.iter().map(|work| work.weight_bytes().0).sum()
}

#[test]
fn parameters_are_those_that_were_published() {
    assert_eq!(model(LLAMA_8B).params(), 8_030_261_248.0);
    assert_eq!(model(LLAMA_70B).params(), 70_553_706_496.0);
    close(model(MIXTRAL).params(), 46.7e9, 1e-3);
    close(model(DEEPSEEK).params(), 671e9, 1e-3);
    close(model(GPT_OSS).params(), 20.91e9, 1e-3);
}

#[test]
fn active_parameters_are_those_of_the_reference_page() {
    // Publishers count the input embedding as active too.
    let published = |row| model(row).active_params() + model(row).vocabulary_params();
    close(published(DEEPSEEK), 37.55e9, 1e-3);
    close(published(MIXTRAL), 12.88e9, 1e-3);
}

#[test]
fn llama_8b_reads_15_gb_per_step_of_16_held() {
    let llama = model(LLAMA_8B);
    close(llama.weight_bytes(Format::Bf16).0, 16.06e9, 1e-3);
    close(weights_read(&llama.decode_ops(1, 1, Format::Bf16)), 15.01e9, 1e-3);
}

#[test]
fn kv_bytes_are_those_that_were_published() {
    assert_eq!(model(LLAMA_8B).kv_bytes_per_token(), Bytes(131_072.0));
    assert_eq!(model(DEEPSEEK).kv_bytes_per_token(), Bytes(61.0 * 576.0 * 2.0));
}

#[test]
fn windowed_layers_keep_no_more_than_their_window() {
    let model = model(GPT_OSS);
    let layer = 2.0 * 8.0 * 64.0 * 2.0;
    assert_eq!(model.kv_bytes(100), Bytes(24.0 * 100.0 * layer));
    assert_eq!(model.kv_bytes(1000), Bytes(12.0 * (1000.0 + 128.0) * layer));
    assert_eq!(model.kv_bytes_per_token(), Bytes(24.0 * layer));
    let works = model.decode_ops(1, 1000, Format::Mxfp4);
    let spans: Vec<_> = works
        .iter()
        .filter_map(|work| match work.op {
            Op::AttentionDecode { context, .. } => Some((work.times, context)),
            _ => None,
        })
        .collect();
    assert_eq!(spans, [(12, 1000), (12, 128)]);
}

#[test]
fn formats_differ_by_tensor() {
    let llama = model(LLAMA_8B);
    let vocabulary = 2.0 * 128_256.0 * 4096.0;
    let norms = 65.0 * 4096.0 * 2.0;
    let matrices = llama.params() - vocabulary - 65.0 * 4096.0;
    assert_eq!(llama.weight_bytes(Format::F32).0, llama.params() * 4.0);
    close(llama.weight_bytes(Format::Q4_0).0, (matrices + vocabulary) * 0.5625 + norms, 1e-12);
    close(llama.weight_bytes(Format::Nvfp4).0, matrices * 0.5625 + vocabulary * 2.0 + norms, 1e-12);
    // The published gpt-oss-20b checkpoint is 13.8 GB: experts in mxfp4, all else in 16 bit.
    close(model(GPT_OSS).weight_bytes(Format::Mxfp4).0, 13.76e9, 0.01);
}

#[test]
fn a_step_multiplies_every_active_parameter_once_per_token() {
    for row in [LLAMA_8B, MIXTRAL, DEEPSEEK, GPT_OSS] {
        let model = model(row);
        let flops: f64 = (model.decode_ops(3, 1, Format::F16).iter())
            .filter(|work| matches!(work.op, Op::Matmul { .. } | Op::ExpertMatmul { .. }))
            .map(|work| work.op.flops().0 * work.times as f64)
            .sum();
        close(flops, 2.0 * 3.0 * model.active_params(), 1e-12);
    }
}

#[test]
fn prefill_asks_the_output_matrix_for_the_last_token_only() {
    let model = model(LLAMA_8B);
    let works = model.packed_prefill_ops(2, 512, Format::F16);
    let Some(Work { op: Op::Matmul { tokens, outputs, .. }, times }) = works.last() else { panic!() };
    assert_eq!((*tokens, *outputs, *times), (2, 128_256, 1));
    let attention = works.iter().find(|work| matches!(work.op, Op::AttentionPrefill { .. })).unwrap();
    assert_eq!(attention.times, 64, "each prompt attends to itself in each of 32 layers");
}

#[test]
fn latent_attention_is_wide_in_prefill_and_absorbed_in_decode() {
    let model = model(DEEPSEEK);
    assert!(model.prefill_ops(64, Format::Fp8).iter().any(|work| matches!(
        work.op,
        Op::AttentionPrefill { qk_dim: 192, v_dim: 128, kv_heads: 128, window: 64, .. }
    )));
    assert!(model.decode_ops(2, 64, Format::Fp8).contains(&Work {
        op: Op::LatentDecode { batch: 2, context: 64, heads: 128, latent: 512, rope: 64 },
        times: 61
    }));
}

#[test]
fn contradictions_are_refused_where_they_are() {
    for (row, from, to, fault) in [
        (LLAMA_8B, ",32,8,", ",32,7,", "2:6: kv_heads 7 does not divide heads 32"),
        (LLAMA_8B, ",4096,", ",0,", "2:4: hidden is 0"),
        (LLAMA_8B, ",4096,", ",-1,", "2:4: hidden \"-1\": invalid digit found in string"),
        (LLAMA_8B, ",4096,", ",99999999,", "2:4: hidden 99999999 is more than 1048576"),
        (LLAMA_8B, ",14336,", ",,", "2:8: ffn is empty, but there are dense layers"),
        (LLAMA_8B, "false,,", "false,,2", "2:12: experts_active is given, but experts is empty"),
        (LLAMA_8B, "false", "no", "2:10: tied_embeddings \"no\": provided string was not `true` or `false`"),
        (LLAMA_8B, ",bf16,", ",bf17,", "2:23: native_weights \"bf17\": unknown format \"bf17\"; known: f32"),
        (MIXTRAL, ",14336,", ",,", "2:13: expert_ffn is empty, but there are experts"),
        (MIXTRAL, ",8,2,", ",8,9,", "2:12: experts_active 9 is more than experts 8"),
        (MIXTRAL, ",128,,", ",128,14336,", "2:8: ffn is the width of dense layers, but there are none"),
        (DEEPSEEK, ",2048,3,", ",2048,61,", "2:15: dense_layers 61 leaves no layer of 61 for the experts"),
        (DEEPSEEK, ",512,", ",,", "2:16: q_lora is given, but kv_lora is empty"),
        (DEEPSEEK, ",64,", ",,", "2:19: qk_rope is empty, but kv_lora is 512"),
        (GPT_OSS, ",128,12,", ",128,,", "2:22: full_attention_layers is empty, but there is a window"),
        (GPT_OSS, ",128,12,", ",,12,", "2:22: full_attention_layers is given, but window is empty"),
    ] {
        let shown = read(&row.replacen(from, to, 1)).map(|_| ()).unwrap_err();
        assert!(shown.starts_with(fault), "{shown}");
    }
    let doubled = LLAMA_8B.to_owned() + &LLAMA_70B.replace("meta/70B", "x;META/8b");
    assert_eq!(read(&doubled).map(|_| ()).unwrap_err(), "3:2: \"META/8b\" is on line 2 already");
}

#[test]
fn models_are_found_by_any_name() {
    let models = read(&(LLAMA_8B.to_owned() + LLAMA_70B)).unwrap();
    assert_eq!(find(&models, "META/70b").map(|model| model.name.as_str()), Ok("llama-3.1-70b"));
    assert!(find(&models, "llama-3.1-9b").is_err());
}

proptest! {
    #[test]
    fn windows_never_keep_more_than_the_bound(context in 1u64..1 << 30) {
        for row in [LLAMA_8B, GPT_OSS, DEEPSEEK] {
            let model = model(row);
            prop_assert!(model.kv_bytes(context).0 <= model.kv_bytes_per_token().0 * context as f64);
        }
    }

    #[test]
    fn more_tokens_never_read_fewer_weights(batch in 1u64..4096) {
        for row in [LLAMA_8B, MIXTRAL, DEEPSEEK] {
            let model = model(row);
            let read = |batch| weights_read(&model.decode_ops(batch, 8, Format::Q8_0));
            prop_assert!(read(batch) <= read(batch + 1) * (1.0 + 1e-12));
            prop_assert!(read(batch) <= model.weight_bytes(Format::Q8_0).0);
        }
    }
}
