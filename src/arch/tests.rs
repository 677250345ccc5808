use super::piece::Role;
use super::*;
use crate::op::{Format, Op};
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
    assert_eq!(spans, [(12, 128), (12, 1000)]);
}

#[test]
fn formats_differ_by_tensor() {
    let llama = model(LLAMA_8B);
    let table = 128_256.0 * 4096.0;
    let norms = 65.0 * 4096.0 * 2.0;
    let matrices = llama.params() - 2.0 * table - 65.0 * 4096.0;
    assert_eq!(llama.weight_bytes(Format::F32).0, llama.params() * 4.0);
    close(llama.weight_bytes(Format::Q4_0).0, (matrices + table) * 0.5625 + table * 0.8203125 + norms, 1e-12);
    close(llama.weight_bytes(Format::Nvfp4).0, matrices * 0.5625 + table * 4.0 + norms, 1e-12);
    // The published gpt-oss-20b checkpoint is 13.8 GB: experts in mxfp4, all else in 16 bit.
    close(model(GPT_OSS).weight_bytes(Format::Mxfp4).0, 13.76e9, 0.01);
}

#[test]
fn files_of_llama_cpp_have_the_bits_per_weight_that_it_publishes() {
    // tools/quantize/README.md of llama.cpp, for Llama-3.1-8B.
    let llama = model(LLAMA_8B);
    for (scheme, bits) in [
        ("q4_K_S", 4.6672),
        ("q4_K_M", 4.8944),
        ("q5_K_S", 5.5704),
        ("q5_K_M", 5.7036),
        ("q6_K", 6.5633),
        ("q8_0", 8.5008),
    ] {
        let bytes = llama.weight_bytes(scheme.parse::<Scheme>().unwrap()).0;
        close(bytes * 8.0 / llama.params(), bits, 1e-3);
    }
}

#[test]
fn quantised_files_of_llama_2_are_as_large_as_those_published() {
    let llama =
        model("llama-2-7b,,32,4096,32,32,128,11008,32000,false,,,,,,,,,,,,,bf16,config.json,2026-11-21\n");
    let gib = |scheme: Format| llama.weight_bytes(scheme).0 / (1u64 << 30) as f64;
    assert!((gib(Format::Q4_0) - 3.56).abs() < 0.005, "{}", gib(Format::Q4_0));
    assert!((gib(Format::Q8_0) - 6.67).abs() < 0.005, "{}", gib(Format::Q8_0));
    // What a token reads of that file: all but the embedding table.
    close(weights_read(&llama.decode_ops(1, 1, Format::Q4_0)), 3.749e9, 1e-3);
}

#[test]
fn a_step_reads_every_byte_of_a_mixed_file_but_the_embedding_and_the_norms() {
    for row in [LLAMA_8B, LLAMA_70B, MIXTRAL, DEEPSEEK, GPT_OSS] {
        let model = model(row);
        for scheme in Scheme::all() {
            let read = weights_read(&model.decode_ops(1 << 20, 1, scheme));
            let held = model.weight_bytes(scheme).0;
            let table = model.vocabulary_params()
                * model.vocabulary_format(scheme, Role::Embedding).bytes_per_weight();
            let wide = model.vocabulary_format(scheme, Role::Small).bytes_per_weight();
            let norms = ((2 * model.layers() + 1) * model.hidden) as f64 * wide;
            close(read, held - table - norms, 1e-9);
        }
    }
}

#[test]
fn matrices_that_share_a_format_share_an_op() {
    let model = model(LLAMA_8B);
    let first = |scheme: Scheme| -> Vec<_> {
        let works = model.decode_ops(1, 1, scheme);
        let of = |work: &Work| match work.op {
            Op::Matmul { outputs, inputs: 4096, weights, .. } => Some((work.times, outputs, weights)),
            _ => None,
        };
        works.iter().filter_map(of).take_while(|it| it.1 <= 6144 && it.1 != 4096 || it.0 > 32).collect()
    };
    assert_eq!(first(Format::Q4_0.into()), [(32, 6144, Format::Q4_0)]);
    assert_eq!(
        first(Scheme::Q4KM),
        [(16, 5120, Format::Q4K), (16, 1024, Format::Q6K), (16, 6144, Format::Q4K)],
        "half of the layers have finer values"
    );
}

#[test]
fn recurrent_layers_keep_a_state_and_no_cache() {
    let header = "name,layers,hidden,heads,kv_heads,head_dim,ffn,vocab,tied_embeddings,full_attention_layers,recurrent,\
        recurrent_key_heads,recurrent_key_dim,recurrent_value_heads,recurrent_value_dim,recurrent_conv,source,\
        date_checked\n";
    let row = "h,8,64,4,2,16,99,1000,true,2,gated-deltanet,2,8,4,16,4,config.json,2026-11-21\n";
    let model = read_models((header.to_owned() + row).as_bytes()).unwrap().remove(0);
    assert_eq!(model.kv_bytes_per_token(), Bytes(2.0 * 2.0 * 2.0 * 16.0 * 2.0), "two layers of eight");
    let (state, inputs) = (4.0 * 8.0 * 16.0 * 4.0, (2.0 * 2.0 * 8.0 + 4.0 * 16.0) * 3.0 * 2.0);
    assert_eq!(model.state_bytes(), Bytes(6.0 * (state + inputs)));
    let said = model.unmodelled().unwrap();
    assert!(said.starts_with("6 of 8 layers are recurrent (gated-deltanet)"), "{said}");
    // Queries, keys, values, a gate as wide as these, two numbers per value head; the output.
    let projections = 64.0 * (2.0 * 16.0 + 2.0 * 64.0 + 8.0) + 64.0 * 64.0;
    let small = 96.0 * 4.0 + 12.0 + 64.0;
    let attention = 64.0 * 16.0 * (4.0 + 4.0) + 64.0 * 64.0;
    let shared = 8.0 * (3.0 * 64.0 * 99.0 + 2.0 * 64.0) + 1000.0 * 64.0 + 64.0;
    assert_eq!(model.params(), 6.0 * (projections + small) + 2.0 * attention + shared);
}

#[test]
fn a_plain_mlp_has_two_matrices() {
    let header = "name,layers,hidden,heads,kv_heads,head_dim,ffn,vocab,tied_embeddings,mlp,norms,positions,source,\
        date_checked\n";
    let row = "p,2,64,4,4,16,256,1000,true,plain,1,100,config.json,2026-11-21\n";
    let model = read_models((header.to_owned() + row).as_bytes()).unwrap().remove(0);
    let layer = 4.0 * 64.0 * 64.0 + 2.0 * 64.0 * 256.0 + 64.0;
    assert_eq!(model.params(), 2.0 * layer + 1100.0 * 64.0 + 64.0);
    let works = model.decode_ops(1, 1, Format::F16);
    let up = Op::Matmul { tokens: 1, outputs: 256, inputs: 64, weights: Format::F16 };
    assert!(works.contains(&Work { op: up, times: 2 }), "{works:?}");
    assert!(works.contains(&Work { op: Op::RmsNorm { rows: 1, width: 64 }, times: 3 }));
}

#[test]
fn experts_stand_in_every_so_many_layers() {
    let header = "name,layers,hidden,heads,kv_heads,head_dim,ffn,vocab,tied_embeddings,experts,experts_active,\
        expert_ffn,shared_ffn,experts_every,source,date_checked\n";
    let row = "e,6,64,4,4,16,256,1000,false,8,1,32,32,2,config.json,2026-11-21\n";
    let model = read_models((header.to_owned() + row).as_bytes()).unwrap().remove(0);
    assert_eq!((model.layers(), model.moe_layers()), (6, 3));
    let works = model.decode_ops(1, 1, Format::F16);
    let down = Op::Matmul { tokens: 1, outputs: 64, inputs: 256, weights: Format::F16 };
    assert!(works.contains(&Work { op: down, times: 3 }), "{works:?}");
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
    let more = "name,layers,hidden,heads,kv_heads,head_dim,ffn,vocab,tied_embeddings,experts,experts_active,expert_ffn,\
        mlp,experts_every,window,full_attention_layers,recurrent,recurrent_key_heads,recurrent_key_dim,source,date_checked\n";
    for (row, fault) in [
        ("a,4,64,4,4,16,99,99,true,,,,flat,,,,,,,x,2026-11-21", "2:13: mlp is neither gated nor plain"),
        ("a,4,64,4,4,16,99,99,true,8,2,9,,5,,,,,,x,2026-11-21", "2:14: experts_every 5 leaves no layer of 4"),
        (
            "a,4,64,4,4,16,,99,true,8,2,9,,2,,,,,,x,2026-11-21",
            "2:7: ffn is empty, but there are dense layers",
        ),
        (
            "a,4,64,4,4,16,9,99,true,,,,,2,,,,,,x,2026-11-21",
            "2:14: experts_every is given, but experts is empty",
        ),
        (
            "a,4,64,4,4,16,9,99,true,,,,,,8,1,mamba-2,1,1,x,2026-11-21",
            "2: recurrent_value_heads is empty, but recurrent is mamba-2",
        ),
        (
            "a,4,64,4,4,16,9,99,true,,,,,,,1,mamba-3,1,1,x,2026-11-21",
            "2:17: recurrent \"mamba-3\": is none of",
        ),
        (
            "a,4,64,4,4,16,9,99,true,,,,,,,,,1,,x,2026-11-21",
            "2:18: recurrent_key_heads is given, but recurrent",
        ),
        ("a,5000,64,4,4,16,9,99,true,,,,,,,,,,,x,2026-11-21", "2:2: layers 5000 is more than 4096"),
    ] {
        let shown =
            read_models((more.to_owned() + row + "\n").as_bytes()).map(|_| ()).unwrap_err().to_string();
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
