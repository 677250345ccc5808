//! Which keys a family of models writes, and what its layers are.

use super::super::block::{Block, Grouped, Mixer, Mlp, Moe};
use super::super::read::NORMS;
use super::Tables;
use super::keys::{Keys, Value, fault};
use super::layers::{self, Kind, Windows};
use crate::table::Fault;

type Read = fn(Keys<'_>) -> Result<(Tables, Vec<Block>), Fault>;

/// A family and how its files are read.
pub struct Family {
    read: Read,
}

/// The `model_type` of files, of the language model inside where a model also sees.
const FAMILIES: [(&str, Read); 40] = [
    ("llama", llama),
    ("mistral", mistral),
    ("ministral", mistral),
    ("qwen2", qwen),
    ("qwen3", qwen),
    ("qwen2_vl_text", qwen),
    ("qwen2_5_vl_text", qwen),
    ("qwen3_vl_text", qwen),
    ("phi3", mistral),
    ("olmo", llama),
    ("olmo2", llama),
    ("olmo3", olmo3),
    ("granite", llama),
    ("seed_oss", llama),
    ("stablelm", llama),
    ("gemma", gemma),
    ("gemma2", gemma2),
    ("gemma3", gemma3),
    ("gemma3_text", gemma3),
    ("mixtral", mixtral),
    ("qwen2_moe", qwen_moe),
    ("qwen3_moe", qwen_moe),
    ("qwen3_vl_moe_text", qwen_moe),
    ("gpt_oss", gpt_oss),
    ("deepseek_v2", deepseek),
    ("deepseek_v3", deepseek),
    ("kimi_k2", deepseek),
    ("glm4_moe", glm_moe),
    ("llama4_text", llama4),
    ("minimax_m2", minimax_m2),
    ("qwen3_next", qwen_next),
    ("qwen3_5_text", qwen_next),
    ("qwen3_5_moe_text", qwen_next),
    ("nemotron_h", nemotron_h),
    ("falcon", falcon),
    ("starcoder2", starcoder2),
    ("gpt2", gpt2),
    ("gpt_neox", gpt_neox),
    ("opt", opt),
    ("phi", phi),
];

/// Keys that do not change which matrices there are. A file of an unknown family that has others is refused.
const HARMLESS: [&str; 58] = [
    "_name_or_path",
    "architectures",
    "attention_bias",
    "attention_dropout",
    "auto_map",
    "bos_token_id",
    "chunk_size_feed_forward",
    "dtype",
    "embd_pdrop",
    "eos_token_id",
    "head_dim",
    "hidden_act",
    "hidden_activation",
    "hidden_dropout",
    "hidden_size",
    "id2label",
    "initializer_range",
    "intermediate_size",
    "is_decoder",
    "is_encoder_decoder",
    "label2id",
    "layer_norm_eps",
    "layer_norm_epsilon",
    "max_length",
    "max_position_embeddings",
    "mlp_bias",
    "model_type",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "original_max_position_embeddings",
    "output_attentions",
    "output_hidden_states",
    "pad_token_id",
    "partial_rotary_factor",
    "pretraining_tp",
    "problem_type",
    "quantization_config",
    "resid_pdrop",
    "return_dict",
    "rms_norm_eps",
    "rope_parameters",
    "rope_scaling",
    "rope_theta",
    "sep_token_id",
    "task_specific_params",
    "temperature",
    "tie_word_embeddings",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "transformers_version",
    "unk_token_id",
    "use_cache",
    "use_qk_norm",
    "vocab_size",
    "norm_eps",
];

/// Keys that change a block in ways that no family here models, with the values that do not.
const UNMODELLED: [(&str, &str); 8] = [
    ("block_configs", "layers that differ one by one are not modelled"),
    ("index_topk", "sparse attention with an indexer is not modelled"),
    ("num_kv_shared_layers", "layers that share their cache are not modelled"),
    ("hidden_size_per_layer_input", "inputs per layer are not modelled"),
    ("cross_attention_layers", "cross-attention is not modelled"),
    ("moe_latent_size", "experts behind a projection are not modelled"),
    ("global_head_dim", "heads of another width in some layers are not modelled"),
    ("is_encoder_decoder", "an encoder beside the decoder is not modelled"),
];

impl Family {
    /// The family that a file names; a file of an unknown one is read as llama's where it has no key but hers.
    pub fn of(root: Keys<'_>, keys: Keys<'_>) -> Result<Self, Fault> {
        for (key, why) in UNMODELLED {
            keys.refuse(key, |value| matches!(value, Value::Flag(false) | Value::Whole(0)), why)?;
        }
        let Some(name) = keys.text("model_type")?.or(root.text("model_type")?) else {
            return Err(root.missing(&["model_type"]));
        };
        if let Some((_, read)) = FAMILIES.iter().find(|(known, _)| *known == name) {
            return Ok(Self { read: *read });
        }
        match keys.names().find(|key| !HARMLESS.contains(key)) {
            None => Ok(Self { read: llama }),
            Some(key) => {
                let shown = Value::Text(name.to_owned());
                let key: String = crate::text::inert(key).chars().take(60).collect();
                let known: Vec<_> = FAMILIES.iter().map(|(known, _)| *known).collect();
                Err(fault(format!(
                    "model_type {shown} is not known, and its key \"{key}\" may change what is computed; known: {}",
                    known.join(", ")
                )))
            }
        }
    }

    /// What lies outside the layers, and the layers from first to last.
    pub fn read(&self, keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
        (self.read)(keys)
    }
}

fn tables(keys: Keys<'_>, tied: bool) -> Result<Tables, Fault> {
    Ok(Tables {
        hidden: keys.size(&["hidden_size"])?,
        vocab: keys.size(&["vocab_size"])?,
        positions: 0,
        tied: keys.flag("tie_word_embeddings")?.unwrap_or(tied),
    })
}

fn blocks(mixers: Vec<Mixer>, mlps: Vec<Mlp>, norms: u64) -> Vec<Block> {
    let layer = |(mixer, mlp)| Block { mixer: Some(mixer), mlp: Some(mlp), norms };
    mixers.into_iter().zip(mlps).map(layer).collect()
}

/// Attention and a dense MLP in every layer.
fn dense(
    keys: Keys<'_>,
    tables: Tables,
    windows: Windows,
    gated: bool,
    norms: u64,
) -> Result<(Tables, Vec<Block>), Fault> {
    let layers = keys.layers(&["num_hidden_layers"])?;
    let grouped = layers::grouped(keys, tables.hidden)?;
    let mixers = layers::attention(keys, grouped, &layers::kinds(keys, layers, windows)?)?;
    let mlp = Mlp::Dense { width: keys.size(&["intermediate_size"])?, gated };
    let mlps = vec![mlp; mixers.len()];
    Ok((tables, blocks(mixers, mlps, norms)))
}

fn llama(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, false)?, Windows::Unused, true, NORMS)
}

fn mistral(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, false)?, Windows::All, true, NORMS)
}

fn olmo3(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, false)?, Windows::AllButEvery(4), true, NORMS)
}

fn qwen(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, false)?, Windows::Qwen, true, NORMS)
}

fn gemma(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, true)?, Windows::Unused, true, NORMS)
}

/// A norm before and after both halves of a layer.
fn gemma2(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, true)?, Windows::AllButEvery(2), true, 4)
}

/// Published files leave out what equals the family's defaults (transformers, configuration_gemma3.py).
fn gemma3(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let hidden = keys.size(&["hidden_size"])?;
    let vocab = keys.optional_size(&["vocab_size"])?.unwrap_or(262_208);
    let tied = keys.flag("tie_word_embeddings")?.unwrap_or(true);
    let layers = keys.layers(&["num_hidden_layers"])?;
    let heads = keys.optional_size(&["num_attention_heads"])?.unwrap_or(8);
    let kv_heads = keys.optional_size(&["num_key_value_heads"])?.unwrap_or(4);
    let head_dim = keys.optional_size(&["head_dim"])?.unwrap_or(256);
    let every = keys.optional_size(&["sliding_window_pattern"])?.unwrap_or(6);
    let grouped = layers::heads_of(keys, heads, kv_heads, head_dim)?;
    let kinds = layers::kinds(keys, layers, Windows::AllButEvery(every))?;
    let mixers = layers::attention(keys, grouped, &kinds)?;
    let mlps = vec![Mlp::Dense { width: keys.size(&["intermediate_size"])?, gated: true }; mixers.len()];
    Ok((Tables { hidden, vocab, positions: 0, tied }, blocks(mixers, mlps, 4)))
}

/// Attention, and experts in every layer or in those that `has_experts` names.
fn experts(
    keys: Keys<'_>,
    windows: Windows,
    moe: Moe,
    dense_names: &[&str],
    has_experts: impl Fn(u64) -> bool,
) -> Result<(Tables, Vec<Block>), Fault> {
    let tables = tables(keys, false)?;
    let layers = keys.layers(&["num_hidden_layers"])?;
    let grouped = layers::grouped(keys, tables.hidden)?;
    let mixers = layers::attention(keys, grouped, &layers::kinds(keys, layers, windows)?)?;
    let mlps = layers::mlps(keys, layers, moe, dense_names, has_experts)?;
    Ok((tables, blocks(mixers, mlps, NORMS)))
}

fn mixtral(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let moe = layers::moe(keys, keys.size(&["intermediate_size"])?, 0, true)?;
    experts(keys, Windows::All, moe, &[], |_| true)
}

fn gpt_oss(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let moe = layers::moe(keys, keys.size(&["intermediate_size"])?, 0, true)?;
    experts(keys, Windows::AllButEvery(2), moe, &[], |_| true)
}

fn minimax_m2(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let linear = |value: &Value| !matches!(value, Value::Whole(1));
    if keys.list("attn_type_list")?.unwrap_or_default().iter().any(linear) {
        return Err(keys.fault("attn_type_list", "has layers that are no attention: not modelled"));
    }
    let shared = keys.count("shared_intermediate_size")?;
    let moe = layers::moe(keys, keys.size(&["intermediate_size"])?, shared, true)?;
    experts(keys, Windows::Unused, moe, &[], |_| true)
}

fn qwen_moe(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let (moe, has_experts) = qwen_experts(keys)?;
    experts(keys, Windows::Qwen, moe, &["intermediate_size"], has_experts)
}

/// The experts of Qwen models, and which layers have them.
fn qwen_experts(keys: Keys<'_>) -> Result<(Moe, impl Fn(u64) -> bool), Fault> {
    let shared = keys.count("shared_expert_intermediate_size")?;
    let moe = layers::moe(keys, keys.size(&["moe_intermediate_size"])?, shared, true)?;
    let every = keys.optional_size(&["decoder_sparse_step"])?.unwrap_or(1);
    let layers = keys.layers(&["num_hidden_layers"])?;
    let dense = layers::numbers(keys, "mlp_only_layers", layers)?;
    Ok((moe, move |layer: u64| (layer + 1).is_multiple_of(every) && !dense.contains(&layer)))
}

/// The experts behind the leading dense layers, in the words of DeepSeek.
fn after_dense(keys: Keys<'_>) -> Result<(Moe, impl Fn(u64) -> bool + use<>), Fault> {
    let width = keys.size(&["moe_intermediate_size"])?;
    let shared = keys.count("n_shared_experts")?;
    let moe = layers::moe(keys, width, shared.saturating_mul(width), true)?;
    let first = keys.count("first_k_dense_replace")?;
    let every = keys.optional_size(&["moe_layer_freq"])?.unwrap_or(1);
    Ok((moe, move |layer: u64| layer >= first && layer.is_multiple_of(every)))
}

fn glm_moe(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let (moe, has_experts) = after_dense(keys)?;
    experts(keys, Windows::Unused, moe, &["intermediate_size"], has_experts)
}

fn deepseek(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let (moe, has_experts) = after_dense(keys)?;
    let tables = tables(keys, false)?;
    let layers = keys.layers(&["num_hidden_layers"])?;
    let mlps = layers::mlps(keys, layers, moe, &["intermediate_size"], has_experts)?;
    let mixers = vec![Mixer::Latent(layers::latent(keys)?); mlps.len()];
    Ok((tables, blocks(mixers, mlps, NORMS)))
}

/// Experts in every so many layers, a shared one beside them; three of four layers see their chunk only.
fn llama4(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let width = keys.size(&["intermediate_size"])?;
    let moe = layers::moe(keys, width, width, true)?;
    let every = keys.size(&["interleave_moe_layer_step"])?;
    experts(keys, Windows::AllButEvery(4), moe, &["intermediate_size_mlp"], |layer| {
        (layer + 1).is_multiple_of(every)
    })
}

/// Gated DeltaNet in most layers, gated attention in every `full_attention_interval`-th.
fn qwen_next(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let tables = tables(keys, false)?;
    let layers = keys.layers(&["num_hidden_layers"])?;
    let output_gate = keys.flag("attn_output_gate")?.unwrap_or(true);
    let grouped = Grouped { output_gate, ..layers::grouped(keys, tables.hidden)? };
    let kinds = match keys.list("layer_types")? {
        Some(_) => layers::kinds(keys, layers, Windows::Unused)?,
        None => {
            let every = keys.size(&["full_attention_interval"])?;
            let full = |layer: u64| (layer + 1).is_multiple_of(every);
            (0..layers).map(|layer| if full(layer) { Kind::Full } else { Kind::Recurrent }).collect()
        }
    };
    let recurrent = layers::delta_net(keys)?;
    let mixer = |kind: &Kind| match kind {
        Kind::Full => Ok(Mixer::Grouped(grouped)),
        Kind::Recurrent => Ok(Mixer::Recurrent(recurrent)),
        Kind::Windowed => {
            Err(keys.fault("layer_types", "has sliding_attention beside linear_attention: not modelled"))
        }
    };
    let mixers = kinds.iter().map(mixer).collect::<Result<Vec<_>, _>>()?;
    let mlps = if keys.value("num_experts").is_some() {
        let (moe, has_experts) = qwen_experts(keys)?;
        layers::mlps(keys, layers, moe, &["intermediate_size"], has_experts)?
    } else {
        vec![Mlp::Dense { width: keys.size(&["intermediate_size"])?, gated: true }; mixers.len()]
    };
    Ok((tables, blocks(mixers, mlps, NORMS)))
}

/// One letter per layer, each a mixer or an MLP alone: M Mamba-2, * attention, - MLP, E experts.
fn nemotron_h(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let tables = tables(keys, false)?;
    let layers = keys.layers(&["num_hidden_layers"])?;
    let key = "hybrid_override_pattern";
    let pattern = keys.text(key)?.ok_or_else(|| keys.missing(&[key]))?;
    layers::same_length(keys, key, pattern.chars().count(), layers)?;
    let grouped = layers::grouped(keys, tables.hidden);
    let layer = |letter: char| {
        let (mixer, mlp) = match letter {
            'M' => (Some(Mixer::Recurrent(layers::mamba(keys)?)), None),
            '*' => (Some(Mixer::Grouped(grouped.clone()?)), None),
            '-' => (None, Some(Mlp::Dense { width: keys.size(&["intermediate_size"])?, gated: false })),
            'E' => (None, Some(Mlp::Experts(nemotron_experts(keys)?))),
            other => {
                let what = format_args!("has '{}': such a block is not modelled", other.escape_debug());
                return Err(keys.fault(key, what));
            }
        };
        Ok(Block { mixer, mlp, norms: 1 })
    };
    let blocks = pattern.chars().map(layer).collect::<Result<_, _>>()?;
    Ok((tables, blocks))
}

fn nemotron_experts(keys: Keys<'_>) -> Result<Moe, Fault> {
    let shared = keys.count("moe_shared_expert_intermediate_size")?;
    let count = keys.optional_size(&["n_shared_experts"])?.unwrap_or(1);
    layers::moe(keys, keys.size(&["moe_intermediate_size"])?, shared.saturating_mul(count), false)
}

fn starcoder2(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, true)?, Windows::All, false, NORMS)
}

fn gpt_neox(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, false)?, Windows::Unused, false, NORMS)
}

/// Attention and MLP read the same normalised input.
fn phi(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    dense(keys, tables(keys, false)?, Windows::Unused, false, 1)
}

/// One key head for all, or so many for the larger models; its older files have names of their own.
fn falcon(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let tables = tables(keys, true)?;
    let layers = keys.layers(&["num_hidden_layers", "n_layer"])?;
    let own = layers::grouped(keys, tables.hidden)?;
    let grouped_heads = keys.flag("new_decoder_architecture")?.unwrap_or(false);
    let kv_heads = match (grouped_heads, keys.flag("multi_query")?.unwrap_or(true)) {
        (true, _) => keys.size(&["num_kv_heads", "n_head_kv"])?,
        (false, true) => 1,
        (false, false) => own.heads,
    };
    if !own.heads.is_multiple_of(kv_heads) {
        return Err(
            keys.fault("num_kv_heads", format_args!("{kv_heads} does not divide {} heads", own.heads))
        );
    }
    let width = keys.optional_size(&["ffn_hidden_size"])?.unwrap_or(4 * tables.hidden);
    let mixer = Mixer::Grouped(Grouped { kv_heads, ..own });
    // The smaller models feed attention and MLP the same normalised input.
    let norms = if grouped_heads { 2 } else { 1 };
    let block = Block { mixer: Some(mixer), mlp: Some(Mlp::Dense { width, gated: false }), norms };
    Ok((tables, vec![block; layers as usize]))
}

fn gpt2(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let hidden = keys.size(&["n_embd", "hidden_size"])?;
    let layers = keys.layers(&["n_layer", "num_hidden_layers"])?;
    let positions = keys.size(&["n_positions", "n_ctx", "max_position_embeddings"])?;
    let width = keys.optional_size(&["n_inner"])?.unwrap_or(4 * hidden);
    let mixer = Mixer::Grouped(layers::grouped(keys, hidden)?);
    let block = Block { mixer: Some(mixer), mlp: Some(Mlp::Dense { width, gated: false }), norms: NORMS };
    let tied = keys.flag("tie_word_embeddings")?.unwrap_or(true);
    let tables = Tables { hidden, vocab: keys.size(&["vocab_size"])?, positions, tied };
    Ok((tables, vec![block; layers as usize]))
}

/// Its table of positions has two rows more than it has positions.
fn opt(keys: Keys<'_>) -> Result<(Tables, Vec<Block>), Fault> {
    let tables = tables(keys, true)?;
    let positions = keys.size(&["max_position_embeddings"])? + 2;
    let embedding = keys.optional_size(&["word_embed_proj_dim"])?.unwrap_or(tables.hidden);
    if embedding != tables.hidden {
        let what = format_args!("is {embedding}: an embedding of another width is not modelled");
        return Err(keys.fault("word_embed_proj_dim", what));
    }
    let layers = keys.layers(&["num_hidden_layers"])?;
    let mixer = Mixer::Grouped(layers::grouped(keys, tables.hidden)?);
    let mlp = Mlp::Dense { width: keys.size(&["ffn_dim"])?, gated: false };
    let block = Block { mixer: Some(mixer), mlp: Some(mlp), norms: NORMS };
    Ok((Tables { positions, ..tables }, vec![block; layers as usize]))
}

/// The families that are known.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|(name, _)| *name)
}
