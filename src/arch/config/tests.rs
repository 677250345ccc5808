use super::super::{Mixer, Scheme};
use super::*;
use crate::op::Format;
use crate::units::Bytes;
use proptest::prelude::*;

fn read(text: &str) -> Result<Architecture, String> {
    read_config(text.as_bytes(), "mine").map_err(|fault| fault.to_string())
}

/// The config that these families share, with more keys.
fn config(model_type: &str, sizes: [u64; 5], more: &str) -> String {
    let [layers, hidden, heads, kv_heads, vocab] = sizes;
    format!(
        r#"{{"model_type": "{model_type}", "num_hidden_layers": {layers}, "hidden_size": {hidden},
        "num_attention_heads": {heads}, "num_key_value_heads": {kv_heads}, "vocab_size": {vocab}{more}}}"#
    )
}

const LLAMA: [u64; 5] = [32, 4096, 32, 8, 128_256];
const DEEPSEEK: &str = r#", "intermediate_size": 18432, "moe_intermediate_size": 2048,
            "n_routed_experts": 256,
    "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 3, "moe_layer_freq": 1,
    "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128"#;
const NEXT: &str = r#", "head_dim": 256, "full_attention_interval": 4, "linear_conv_kernel_dim": 4,
    "linear_key_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32,
    "linear_value_head_dim": 128, "num_experts": 512, "num_experts_per_tok": 10, "moe_intermediate_size": 512,
    "shared_expert_intermediate_size": 512, "decoder_sparse_step": 1, "mlp_only_layers": []"#;

/// Configs typed from those of the publishers, and the parameters that these publish.
fn families() -> Vec<(&'static str, String, f64)> {
    let of = config;
    let nested = |outer: &str, text: String| {
        format!(
            r#"{{"model_type": "{outer}",
            "text_config": {text}}}"#
        )
    };
    vec![
        ("Llama-3.1-8B", of("llama", LLAMA, r#", "intermediate_size": 14336"#), 8.03e9),
        ("Mistral-7B-v0.1", of("mistral", [32, 4096, 32, 8, 32_000], r#", "intermediate_size": 14336,
            "sliding_window": 4096"#), 7.24e9),
        ("Mixtral-8x7B", of("mixtral", [32, 4096, 32, 8, 32_000], r#", "intermediate_size": 14336,
            "num_local_experts": 8, "num_experts_per_tok": 2"#), 46.7e9),
        ("Qwen2.5-0.5B", of("qwen2", [24, 896, 14, 2, 151_936], r#", "intermediate_size": 4864,
            "tie_word_embeddings": true, "use_sliding_window": false, "sliding_window": 32768, "max_window_layers": 21"#), 0.494e9),
        ("Qwen3-8B", of("qwen3", [36, 4096, 32, 8, 151_936], r#", "intermediate_size": 12288,
            "head_dim": 128"#), 8.19e9),
        ("Qwen1.5-MoE-A2.7B", of("qwen2_moe", [24, 2048, 16, 16, 151_936], r#",
            "intermediate_size": 5632, "moe_intermediate_size": 1408, "shared_expert_intermediate_size": 5632, "num_experts": 60, "num_experts_per_tok": 4, "decoder_sparse_step": 1"#), 14.3e9),
        ("Qwen3-30B-A3B", of("qwen3_moe", [48, 2048, 32, 4, 151_936], r#", "head_dim": 128,
            "intermediate_size": 6144, "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8, "mlp_only_layers": []"#), 30.5e9),
        ("gemma-2-9b", of("gemma2", [42, 3584, 16, 8, 256_000], r#", "head_dim": 256,
            "intermediate_size": 14336, "sliding_window": 4096"#), 9.24e9),
        ("gemma-3-27b", nested("gemma3", r#"{"model_type": "gemma3_text", "num_hidden_layers": 62,
            "hidden_size": 5376, "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128, "intermediate_size": 21504, "sliding_window": 1024}"#.to_owned()), 27.0e9),
        ("Phi-3-mini", of("phi3", [32, 3072, 32, 32, 32_064], r#", "intermediate_size": 8192,
            "sliding_window": 2047"#), 3.82e9),
        ("gpt-oss-20b", of("gpt_oss", [24, 2880, 64, 8, 201_088], r#", "head_dim": 64,
            "intermediate_size": 2880, "num_local_experts": 32, "num_experts_per_tok": 4, "sliding_window": 128"#), 20.9e9),
        ("DeepSeek-V3", of("deepseek_v3", [61, 7168, 128, 128, 129_280], DEEPSEEK), 671e9),
        ("DeepSeek-V2-Lite", of("deepseek_v2", [27, 2048, 16, 16, 102_400], r#",
            "intermediate_size": 10944, "moe_intermediate_size": 1408, "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1, "q_lora_rank": null, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128"#), 15.7e9),
        ("GLM-4.5-Air", of("glm4_moe", [46, 4096, 96, 8, 151_552], r#", "head_dim": 128,
            "intermediate_size": 10944, "moe_intermediate_size": 1408, "n_routed_experts": 128, "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 1"#), 106e9),
        ("Llama-4-Maverick", nested("llama4", of("llama4_text", [48, 5120, 40, 8, 202_048], r#",
            "head_dim": 128, "intermediate_size": 8192, "intermediate_size_mlp": 16384, "num_local_experts": 128, "num_experts_per_tok": 1, "interleave_moe_layer_step": 2, "attention_chunk_size": 8192"#)), 400e9),
        ("MiniMax-M2", of("minimax_m2", [62, 3072, 48, 8, 200_064], r#", "head_dim": 128,
            "intermediate_size": 1536, "num_local_experts": 256, "num_experts_per_tok": 8, "attn_type_list": [1, 1]"#), 229e9),
        ("Qwen3-Next-80B-A3B", of("qwen3_next", [48, 2048, 16, 2, 151_936], NEXT), 79.7e9),
        ("falcon-7b", r#"{"model_type": "falcon", "num_hidden_layers": 32, "hidden_size": 4544,
            "num_attention_heads": 71, "vocab_size": 65024, "multi_query": true, "new_decoder_architecture": false}"#.to_owned(), 6.92e9),
        ("starcoder2-3b", of("starcoder2", [30, 3072, 24, 2, 49_152], r#", "intermediate_size": 12288,
            "sliding_window": 4096"#), 3.03e9),
        ("gpt2", r#"{"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12,
            "n_positions": 1024, "vocab_size": 50257, "n_inner": null}"#.to_owned(), 124.4e6),
        ("opt-6.7b", of("opt", [32, 4096, 32, 32, 50_272], r#", "ffn_dim": 16384,
            "max_position_embeddings": 2048, "word_embed_proj_dim": 4096"#), 6.66e9),
        ("phi-2", of("phi", [32, 2560, 32, 32, 51_200], r#", "intermediate_size": 10240"#), 2.78e9),
        ("pythia-6.9b", of("gpt_neox", [32, 4096, 32, 32, 50_432], r#",
            "intermediate_size": 16384"#), 6.86e9),
        ("Nemotron-3-Nano-30B-A3B", of("nemotron_h", [52, 2688, 32, 2, 131_072], r#", "head_dim": 128,
            "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME", "mamba_num_heads": 64, "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128, "conv_kernel": 4, "n_routed_experts": 128, "num_experts_per_tok": 6, "moe_intermediate_size": 1856, "n_shared_experts": 1, "moe_shared_expert_intermediate_size": 3712, "intermediate_size": 1856"#), 31.6e9),
    ]
}

#[test]
fn every_family_has_the_parameters_that_its_publisher_counts() {
    for (name, text, published) in families() {
        let model = read(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let ratio = model.params() / published;
        assert!((ratio - 1.0).abs() < 0.01, "{name}: {:.4e} is not {published:e}", model.params());
    }
}

#[test]
fn a_config_is_the_row_of_the_table() {
    let table = super::super::read_models(&include_bytes!("../../../data/models.csv")[..]).unwrap();
    for (name, row) in [
        ("Llama-3.1-8B", "llama-3.1-8b"),
        ("Mixtral-8x7B", "mixtral-8x7b"),
        ("Qwen3-30B-A3B", "qwen3-30b-a3b"),
        ("DeepSeek-V3", "deepseek-v3"),
        ("gpt-oss-20b", "gpt-oss-20b"),
        ("GLM-4.5-Air", "glm-4.5-air"),
        ("Llama-4-Maverick", "llama-4-maverick"),
        ("Qwen3-Next-80B-A3B", "qwen3-next-80b-a3b"),
        ("DeepSeek-V2-Lite", "deepseek-v2-lite"),
        ("phi-2", "phi-2"),
        ("starcoder2-3b", "starcoder2-3b"),
        ("gpt2", "gpt2"),
        ("gemma-2-9b", "gemma-2-9b"),
    ] {
        let (_, text, _) = families().into_iter().find(|family| family.0 == name).unwrap();
        let (of_config, of_table) = (read(&text).unwrap(), super::super::find(&table, row).unwrap().clone());
        assert_eq!(of_config.stack, of_table.stack, "{name}");
        assert_eq!(of_config.params(), of_table.params(), "{name}");
    }
}

#[test]
fn windows_are_where_the_family_has_them() {
    let windowed = |name: &str| {
        let (_, text, _) = families().into_iter().find(|family| family.0 == name).unwrap();
        read(&text).unwrap().windowed_layers()
    };
    for (name, layers) in [
        ("Llama-3.1-8B", 0),
        ("Mistral-7B-v0.1", 32),
        ("Qwen2.5-0.5B", 0),
        ("gemma-2-9b", 21),
        ("gemma-3-27b", 52),
        ("gpt-oss-20b", 12),
        ("Llama-4-Maverick", 36),
    ] {
        assert_eq!(windowed(name), layers, "{name}");
    }
    let late = config(
        "qwen2",
        LLAMA,
        r#", "intermediate_size": 9, "use_sliding_window": true, "sliding_window": 8,
            "max_window_layers": 28"#,
    );
    assert_eq!(read(&late).unwrap().windowed_layers(), 4);
}

#[test]
fn hybrids_keep_keys_in_their_attention_layers_only() {
    let model = read(&config("qwen3_next", [48, 2048, 16, 2, 151_936], NEXT)).unwrap();
    assert_eq!(model.kv_bytes_per_token(), Bytes(12.0 * 2.0 * 2.0 * 256.0 * 2.0));
    let state = 32.0 * 128.0 * 128.0 * 4.0 + 3.0 * 8192.0 * 2.0;
    assert_eq!(model.state_bytes(), Bytes(36.0 * state));
    assert!(model.unmodelled().unwrap().starts_with("36 of 48 layers are recurrent"));
}

#[test]
fn published_quantisation_is_the_native_format() {
    let native = |more: &str| {
        let text = config("llama", LLAMA, &format!(r#", "intermediate_size": 14336, {more}"#));
        let model = read(&text).unwrap();
        (model.native_weights, model.wide_attention)
    };
    let plain = |format| Some(Scheme::Plain(format));
    assert_eq!(native(r#""torch_dtype": "bfloat16""#), (plain(Format::Bf16), false));
    assert_eq!(native(r#""dtype": "float32""#), (plain(Format::F32), false));
    assert_eq!(native(r#""use_cache": true"#), (None, false));
    let quantised =
        |inner: &str| native(&format!(r#""torch_dtype": "bfloat16", "quantization_config": {{{inner}}}"#));
    assert_eq!(
        quantised(
            r#""quant_method": "fp8",
            "weight_block_size": [128, 128]"#
        )
        .0,
        plain(Format::Fp8)
    );
    assert_eq!(
        quantised(r#""quant_method": "awq", "bits": 4, "group_size": 128"#).0,
        plain(Format::Int4G128)
    );
    assert_eq!(quantised(r#""quant_method": "awq", "bits": 4, "group_size": 64"#).0, None);
    assert_eq!(quantised(r#""quant_method": "modelopt", "quant_algo": "NVFP4""#).0, plain(Format::Nvfp4));
    assert_eq!(
        quantised(r#""quant_method": "compressed-tensors", "format": "float-quantized""#).0,
        plain(Format::Fp8)
    );
    let kept =
        r#""quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]"#;
    assert_eq!(quantised(kept), (plain(Format::Mxfp4), true));
    let by_layer = |layers: u64| {
        let names: Vec<_> = (0..layers).map(|layer| format!("\"model.layers.{layer}.self_attn*\"")).collect();
        quantised(&format!(r#""quant_algo": "NVFP4", "ignore": ["lm_head", {}]"#, names.join(", ")))
    };
    assert_eq!(by_layer(32), (plain(Format::Nvfp4), true));
    assert_eq!(by_layer(31), (plain(Format::Nvfp4), false), "all but one");
    let text = config("llama", LLAMA, r#", "intermediate_size": 14336, "quantization_config": {"bits": 4}"#);
    assert_eq!(read(&text).unwrap_err(), "quantization_config.quant_method is missing");
}

#[test]
fn what_is_missing_or_contradicts_itself_is_named() {
    let llama = |more: &str| config("llama", LLAMA, more);
    let moe = |more: &str| {
        config("mixtral", LLAMA, &format!(r#", "intermediate_size": 9, "num_local_experts": 8{more}"#))
    };
    let ffn = r#", "intermediate_size": 14336"#;
    for (text, fault) in [
        (String::new(), "1:1: is not JSON: it ends where an object was expected"),
        ("[]".into(), "1:1: invalid type: sequence, expected a JSON object"),
        ("{} {}".into(), "1:4: one JSON object was expected"),
        ("{}".into(), "model_type is missing"),
        (r#"{"model_type": 7}"#.into(), "model_type is 7, not a text"),
        (r#"{"model_type": "llama"}"#.into(), "hidden_size is missing"),
        (llama(""), "intermediate_size is missing"),
        (llama(r#", "intermediate_size": null"#), "intermediate_size is missing"),
        (llama(r#", "intermediate_size": 0"#), "intermediate_size is 0"),
        (llama(r#", "intermediate_size": -1"#), "intermediate_size is -1, not a whole number"),
        (llama(r#", "intermediate_size": 1.5"#), "intermediate_size is 1.5, not a whole number"),
        (llama(r#", "intermediate_size": "9""#), "intermediate_size is \"9\", not a whole number"),
        (llama(r#", "intermediate_size": [9]"#), "intermediate_size is a list of 1, not a whole number"),
        (llama(r#", "intermediate_size": 1048577"#), "intermediate_size is 1048577, more than 1048576"),
        (llama(r#", "vocab_size": 5"#), "2:99: key \"vocab_size\" is there twice"),
        (
            llama(&format!(r#"{ffn}, "tie_word_embeddings": "no""#)),
            "tie_word_embeddings is \"no\", not true or false",
        ),
        (llama(&format!(r#"{ffn}, "text_config": 3"#)), "text_config is not an object"),
        (
            config("llama", [32, 4096, 32, 7, 99], ffn),
            "num_key_value_heads 7 does not divide num_attention_heads 32",
        ),
        (
            config("llama", [32, 4097, 32, 8, 99], ffn),
            "head_dim is missing, and hidden_size 4097 is no multiple of 32",
        ),
        (config("llama", [5000, 64, 4, 4, 99], ffn), "num_hidden_layers is 5000, more than 4096"),
        (
            llama(&format!(r#"{ffn}, "layer_types": ["full_attention"]"#)),
            "layer_types names 1 layers, but num_hidden_layers is 32",
        ),
        (
            config("llama", [1, 64, 4, 4, 99], &format!(r#"{ffn}, "layer_types": ["sliding_attention"]"#)),
            "sliding_window is missing",
        ),
        (
            config("llama", [1, 64, 4, 4, 99], &format!(r#"{ffn}, "layer_types": ["mamba"]"#)),
            "layer_types [0] is \"mamba\": such a block is not modelled",
        ),
        (
            config("llama", [1, 64, 4, 4, 99], &format!(r#"{ffn}, "layer_types": ["linear_attention"]"#)),
            "layer_types has linear_attention",
        ),
        (
            llama(&format!(r#"{ffn}, "index_topk": 2048"#)),
            "index_topk is 2048: sparse attention with an indexer is not modelled",
        ),
        (moe(""), "num_experts_per_tok is missing"),
        (moe(r#", "num_experts_per_tok": 9"#), "num_experts_per_tok 9 is more than the 8 experts"),
        (
            config(
                "qwen3_moe",
                LLAMA,
                r#", "moe_intermediate_size": 9, "num_experts": 8, "num_experts_per_tok": 2,
            "decoder_sparse_step": 2"#,
            ),
            "intermediate_size is missing",
        ),
        (
            config(
                "qwen3_moe",
                LLAMA,
                r#", "moe_intermediate_size": 9, "num_experts": 8, "num_experts_per_tok": 2,
            "mlp_only_layers": [32]"#,
            ),
            "mlp_only_layers has 32, which is no layer of 32",
        ),
        (
            config("minimax_m2", LLAMA, r#", "attn_type_list": [1, 0]"#),
            "attn_type_list has layers that are no attention",
        ),
        (
            config("nemotron_h", [2, 64, 4, 4, 99], r#", "hybrid_override_pattern": "*X""#),
            "hybrid_override_pattern has 'X'",
        ),
        (
            config(
                "opt",
                LLAMA,
                r#", "ffn_dim": 9, "max_position_embeddings": 9, "word_embed_proj_dim": 512"#,
            ),
            "word_embed_proj_dim is 512: an embedding of another width",
        ),
        (llama(r#", "intermediate_size": NaN"#), "2:105: is not JSON"),
        (llama(r#", "intermediate_size": 1e999"#), "2:"),
    ] {
        let shown = read(&text).map(|_| ()).unwrap_err();
        assert!(shown.starts_with(fault), "{text}\n{shown}\nis not {fault}");
    }
    let nested = r#"{"model_type": "llama4", "text_config": {"model_type": "llama4_text"}}"#;
    assert_eq!(read(nested).unwrap_err(), "text_config.intermediate_size is missing");
}

#[test]
fn an_unknown_family_is_read_only_where_no_key_of_it_is_unknown() {
    let plain = config("newcomer", LLAMA, r#", "intermediate_size": 14336, "rope_theta": 500000.0"#);
    assert_eq!(read(&plain).unwrap().params(), 8_030_261_248.0);
    let odd = config("newcomer", LLAMA, r#", "intermediate_size": 14336, "fancy_mixer": 3"#);
    let fault = read(&odd).unwrap_err();
    let said = "model_type \"newcomer\" is not known, and its key \"fancy_mixer\" may change what is computed; known: llama";
    assert!(fault.starts_with(said), "{fault}");
}

#[test]
fn hostile_files_are_refused_without_a_panic() {
    let large = format!("{{\"model_type\": \"{}\"}}", "x".repeat(5 << 20));
    assert_eq!(read(&large).unwrap_err(), "is larger than 4 MiB: no config.json is");
    let endless = read_config(std::io::repeat(b' '), "mine").unwrap_err();
    assert!(endless.what.starts_with("is larger"), "{endless}");
    let deep = format!("{{\"model_type\": {}", "[".repeat(500_000));
    assert!(read(&deep).unwrap_err().contains("recursion limit"), "{}", read(&deep).unwrap_err());
    assert_eq!(read_config(&b"\xff\xfe{}"[..], "mine").unwrap_err().to_string(), "is not UTF-8");
    let most = config(
        "mixtral",
        [4096, 1 << 20, 1 << 20, 1 << 20, 1 << 20],
        r#", "head_dim": 1048576, "intermediate_size": 1048576, "num_local_experts": 1048576,
            "num_experts_per_tok": 1048576"#,
    );
    assert_eq!(read(&most).unwrap_err(), "describes more than 1e15 parameters: no model has so many");
    let escaped = read("{\"model_type\": \"\u{7f}\\u001b[31m\", \"x\\u001b\": 1}").unwrap_err();
    assert!(!escaped.contains('\u{1b}'), "{escaped:?}");
}

fn sizes() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..5, 1u64..5000, any::<u64>()]
}

proptest! {
    #[test]
    fn no_sizes_make_a_panic_and_what_is_read_has_finite_counts(
        family in 0usize..40, a in sizes(), b in sizes(), c in sizes(), d in sizes(), e in sizes(), f in sizes(),
    ) {
        let model_type = families::names().nth(family).unwrap();
        let more = format!(
            r#", "intermediate_size": {a}, "moe_intermediate_size": {b}, "num_experts": {c},
            "num_experts_per_tok": 1,
            "head_dim": {d}, "kv_lora_rank": {e}, "qk_nope_head_dim": {f}, "qk_rope_head_dim": 8, "v_head_dim": {a},
            "interleave_moe_layer_step": {b}, "intermediate_size_mlp": {c}, "sliding_window": {d},
            "full_attention_interval": {e}, "linear_conv_kernel_dim": {f}, "linear_key_head_dim": 8,
            "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_value_head_dim": {a}, "n_positions": {b},
            "max_position_embeddings": {c}, "ffn_dim": {d}, "first_k_dense_replace": {e}, "n_embd": {a}, "n_layer": 2,
            "hybrid_override_pattern": "M*-E", "mamba_num_heads": 4, "mamba_head_dim": {f}, "n_groups": 2,
            "ssm_state_size": {e}, "conv_kernel": {d}"#
        );
        let text = config(model_type, [4, a.min(512), 4, 2, f], &more);
        if let Ok(model) = read(&text) {
            for scheme in Scheme::all() {
                let bytes = model.weight_bytes(scheme).0;
                prop_assert!(bytes.is_finite() && bytes > 0.0);
                let works = model.decode_ops(3, 100, scheme);
                prop_assert!(works.iter().all(|work| work.op.flops().0.is_finite()));
            }
            prop_assert!(model.active_params() <= model.params() * 2.0);
            let cached = |mixer: &Mixer| mixer.attends();
            let caches = model.stack.count(|block| block.mixer.as_ref().is_some_and(cached)) > 0;
            prop_assert_eq!(model.kv_bytes_per_token().0 > 0.0, caches);
        }
    }

    #[test]
    fn no_text_makes_a_panic(text in "[\\[\\]{}\",:n1 \n\\\\u]{0,40}") {
        let _ = read(&text);
    }

    #[test]
    fn no_change_of_a_byte_makes_a_panic(place in 0usize..400, byte in any::<u8>()) {
        let mut text = config("qwen3_next", [48, 2048, 16, 2, 151_936], NEXT).into_bytes();
        if let Some(old) = text.get_mut(place) {
            *old = byte;
        }
        let _ = read_config(&text[..], "mine");
    }
}
