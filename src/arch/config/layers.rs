//! What families share: attention heads, which layers see a window, which layers have experts.

use super::super::block::{Grouped, Latent, Mixer, Mlp, Moe, Recurrent, Rule};
use super::keys::{Keys, Value};
use crate::table::Fault;

/// Which layers see no more than a window where no `layer_types` says it.
#[derive(Clone, Copy)]
pub enum Windows {
    /// None: a window that is given is not used.
    Unused,
    /// All, where a window is given.
    All,
    /// Those from `max_window_layers` on, where `use_sliding_window` is true.
    Qwen,
    /// All but the last of so many.
    AllButEvery(u64),
}

/// What a layer's `layer_types` calls its mixer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Full,
    Windowed,
    Recurrent,
}

/// Heads of keys, queries and values without a window.
pub fn grouped(keys: Keys<'_>, hidden: u64) -> Result<Grouped, Fault> {
    let heads = keys.size(&["num_attention_heads", "n_head"])?;
    let kv_heads = keys.optional_size(&["num_key_value_heads"])?.unwrap_or(heads);
    let head_dim = match keys.optional_size(&["head_dim", "attention_head_dim"])? {
        Some(head_dim) => head_dim,
        None if hidden.is_multiple_of(heads) => hidden / heads,
        None => {
            let what = format_args!("is missing, and hidden_size {hidden} is no multiple of {heads} heads");
            return Err(keys.fault("head_dim", what));
        }
    };
    heads_of(keys, heads, kv_heads, head_dim)
}

/// Heads of which those of keys divide those of queries.
pub fn heads_of(keys: Keys<'_>, heads: u64, kv_heads: u64, head_dim: u64) -> Result<Grouped, Fault> {
    if heads.is_multiple_of(kv_heads) {
        return Ok(Grouped { heads, kv_heads, head_dim, window: None, output_gate: false });
    }
    let what = format_args!("{kv_heads} does not divide num_attention_heads {heads}");
    Err(keys.fault("num_key_value_heads", what))
}

/// Latent attention; its keys are those of DeepSeek-V2.
pub fn latent(keys: Keys<'_>) -> Result<Latent, Fault> {
    Ok(Latent {
        heads: keys.size(&["num_attention_heads"])?,
        q_rank: keys.optional_size(&["q_lora_rank"])?,
        kv_rank: keys.size(&["kv_lora_rank"])?,
        nope: keys.size(&["qk_nope_head_dim"])?,
        rope: keys.size(&["qk_rope_head_dim"])?,
        v: keys.size(&["v_head_dim"])?,
    })
}

/// The gated DeltaNet of Qwen3-Next and Qwen3.5.
pub fn delta_net(keys: Keys<'_>) -> Result<Recurrent, Fault> {
    let it = Recurrent {
        rule: Rule::GatedDeltaNet,
        key_heads: keys.size(&["linear_num_key_heads"])?,
        key_dim: keys.size(&["linear_key_head_dim"])?,
        value_heads: keys.size(&["linear_num_value_heads"])?,
        value_dim: keys.size(&["linear_value_head_dim"])?,
        conv: keys.size(&["linear_conv_kernel_dim"])?,
    };
    divides(keys, "linear_num_key_heads", it)
}

/// The Mamba-2 of Nemotron-H.
pub fn mamba(keys: Keys<'_>) -> Result<Recurrent, Fault> {
    let it = Recurrent {
        rule: Rule::Mamba2,
        key_heads: keys.size(&["n_groups"])?,
        key_dim: keys.size(&["ssm_state_size"])?,
        value_heads: keys.size(&["mamba_num_heads"])?,
        value_dim: keys.size(&["mamba_head_dim"])?,
        conv: keys.size(&["conv_kernel"])?,
    };
    divides(keys, "n_groups", it)
}

fn divides(keys: Keys<'_>, key: &str, it: Recurrent) -> Result<Recurrent, Fault> {
    if it.value_heads.is_multiple_of(it.key_heads) {
        return Ok(it);
    }
    Err(keys.fault(key, format_args!("{} does not divide the {} value heads", it.key_heads, it.value_heads)))
}

/// The kind of every layer: `layer_types` where it is there, else the family's rule.
pub fn kinds(keys: Keys<'_>, layers: u64, rule: Windows) -> Result<Vec<Kind>, Fault> {
    if let Some(types) = keys.list("layer_types")? {
        same_length(keys, "layer_types", types.len(), layers)?;
        return types.iter().enumerate().map(|(layer, value)| kind(keys, layer, value)).collect();
    }
    let given = keys.value("sliding_window").is_some() || keys.value("attention_chunk_size").is_some();
    let first = match rule {
        Windows::Qwen if keys.flag("use_sliding_window")? == Some(true) => keys.count("max_window_layers")?,
        _ => 0,
    };
    let windowed = |layer: u64| match rule {
        Windows::Unused => false,
        Windows::All => given,
        Windows::Qwen => given && layer >= first,
        Windows::AllButEvery(every) => given && !(layer + 1).is_multiple_of(every),
    };
    let used = !matches!(rule, Windows::Qwen) || keys.flag("use_sliding_window")? == Some(true);
    Ok((0..layers).map(|layer| if used && windowed(layer) { Kind::Windowed } else { Kind::Full }).collect())
}

fn kind(keys: Keys<'_>, layer: usize, value: &Value) -> Result<Kind, Fault> {
    let name = match value {
        Value::Text(name) => name.as_str(),
        _ => "",
    };
    match name {
        "full_attention" | "attention" => Ok(Kind::Full),
        "sliding_attention" | "chunked_attention" => Ok(Kind::Windowed),
        "linear_attention" => Ok(Kind::Recurrent),
        _ => {
            Err(keys.fault("layer_types", format_args!("[{layer}] is {value}: such a block is not modelled")))
        }
    }
}

/// A list that must name every layer.
pub fn same_length(keys: Keys<'_>, key: &str, found: usize, layers: u64) -> Result<(), Fault> {
    if found as u64 == layers {
        return Ok(());
    }
    Err(keys.fault(key, format_args!("names {found} layers, but num_hidden_layers is {layers}")))
}

/// The mixers of all layers, of which those that are not full are windowed.
pub fn attention(keys: Keys<'_>, grouped: Grouped, kinds: &[Kind]) -> Result<Vec<Mixer>, Fault> {
    let window = || keys.size(&["sliding_window", "attention_chunk_size"]);
    let mixer = |kind: &Kind| match kind {
        Kind::Full => Ok(Mixer::Grouped(grouped)),
        Kind::Windowed => Ok(Mixer::Grouped(Grouped { window: Some(window()?), ..grouped })),
        Kind::Recurrent => {
            Err(keys.fault("layer_types", "has linear_attention: this family is not modelled with it"))
        }
    };
    kinds.iter().map(mixer).collect()
}

/// The experts: how many there are, how many a token visits, and their widths.
pub fn moe(keys: Keys<'_>, expert_ffn: u64, shared_ffn: u64, gated: bool) -> Result<Moe, Fault> {
    let experts = keys.size(&["num_experts", "num_local_experts", "n_routed_experts"])?;
    let active = keys.size(&["num_experts_per_tok", "experts_per_token"])?;
    if active > experts {
        let what = format_args!("{active} is more than the {experts} experts");
        return Err(keys.fault("num_experts_per_tok", what));
    }
    Ok(Moe { experts, active, expert_ffn, shared_ffn, gated })
}

/// The MLPs of all layers, with experts where `has_experts` says so.
pub fn mlps(
    keys: Keys<'_>,
    layers: u64,
    moe: Moe,
    dense_names: &[&str],
    has_experts: impl Fn(u64) -> bool,
) -> Result<Vec<Mlp>, Fault> {
    let mlp = |layer| {
        if has_experts(layer) {
            return Ok(Mlp::Experts(moe));
        }
        Ok(Mlp::Dense { width: keys.size(dense_names)?, gated: moe.gated })
    };
    (0..layers).map(mlp).collect()
}

/// The layers that a list of numbers names.
pub fn numbers(keys: Keys<'_>, key: &str, layers: u64) -> Result<Vec<u64>, Fault> {
    let number = |value: &Value| match value {
        Value::Whole(layer) if *layer < layers => Ok(*layer),
        other => Err(keys.fault(key, format_args!("has {other}, which is no layer of {layers}"))),
    };
    keys.list(key)?.unwrap_or_default().iter().map(number).collect()
}
