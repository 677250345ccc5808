//! How the weights beside a config.json are held: its `quantization_config`, else the type of its tensors.

use super::super::Scheme;
use super::keys::{Keys, Value};
use crate::op::Format;
use crate::table::Fault;

/// The scheme of the weights of so many layers with attention, and whether these keep it in 16 bit. `None` where the file says nothing
/// of it or names a format that is not modelled: estimates then name theirs.
pub fn read(root: Keys<'_>, keys: Keys<'_>, layers: u64) -> Result<(Option<Scheme>, bool), Fault> {
    let key = "quantization_config";
    let Some(quantised) = root.inner(key)?.or(keys.inner(key)?) else {
        return Ok((dtype(root, keys)?, false));
    };
    let algorithm = quantised.text("quant_algo")?;
    // Only ModelOpt names an algorithm, and its older files not the method.
    let by_algorithm = if algorithm.is_some() { "modelopt" } else { "" };
    let method = quantised.text("quant_method")?.unwrap_or(by_algorithm);
    let bits = match quantised.value("bits") {
        Some(Value::Whole(bits)) => Some(*bits),
        Some(other) => return Err(quantised.fault("bits", format_args!("is {other}, not a number of bits"))),
        None => None,
    };
    let group = match quantised.value("group_size") {
        Some(Value::Whole(group)) => Some(*group),
        _ => None,
    };
    let format = match (method, bits, group) {
        ("fp8" | "fbgemm_fp8", ..) => Some(Format::Fp8),
        ("mxfp4", ..) => Some(Format::Mxfp4),
        ("awq" | "gptq", Some(4), Some(128)) => Some(Format::Int4G128),
        ("modelopt", ..) => match algorithm {
            Some("NVFP4") => Some(Format::Nvfp4),
            Some("FP8") => Some(Format::Fp8),
            _ => None,
        },
        ("modelopt_fp4", ..) => Some(Format::Nvfp4),
        ("compressed-tensors", ..) => compressed(quantised)?,
        ("", ..) => return Err(quantised.missing(&["quant_method"])),
        _ => None,
    };
    Ok((format.map(Scheme::Plain), attention_is_kept(quantised, layers)?))
}

/// By the name of its format; packed 4-bit integers come in groups of several sizes.
fn compressed(quantised: Keys<'_>) -> Result<Option<Format>, Fault> {
    Ok(match quantised.text("format")? {
        Some("float-quantized" | "naive-quantized") => Some(Format::Fp8),
        Some("nvfp4-pack-quantized") => Some(Format::Nvfp4),
        Some("int-quantized") => Some(Format::Int8),
        _ => None,
    })
}

/// Whether attention stays in 16 bit: all of it at once, or layer by layer.
fn attention_is_kept(quantised: Keys<'_>, layers: u64) -> Result<bool, Fault> {
    for key in ["modules_to_not_convert", "ignore"] {
        let list = quantised.list(key)?.unwrap_or_default();
        let names = list.iter().filter_map(|value| match value {
            Value::Text(name) => Some(name.as_str()),
            _ => None,
        });
        let of_layers =
            names.clone().filter(|name| name.trim_end_matches('*').ends_with(".self_attn")).count();
        if of_layers as u64 >= layers.max(1) || names.clone().any(|name| EVERY_ATTENTION.contains(&name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How configs write "the attention of every layer".
const EVERY_ATTENTION: [&str; 3] = ["model.layers.*.self_attn", "re:.*self_attn.*", "*self_attn*"];

fn dtype(root: Keys<'_>, keys: Keys<'_>) -> Result<Option<Scheme>, Fault> {
    for keys in [root, keys] {
        for key in ["dtype", "torch_dtype"] {
            let format = match keys.text(key)? {
                Some("bfloat16") => Format::Bf16,
                Some("float16") => Format::F16,
                Some("float32") => Format::F32,
                _ => continue,
            };
            return Ok(Some(Scheme::Plain(format)));
        }
    }
    Ok(None)
}
