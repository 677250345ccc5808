//! How the weights beside a config.json are held: its `quantization_config`, else the type of its tensors.

use super::super::Scheme;
use super::keys::{Keys, Value, fault};
use crate::op::Format;
use crate::table::Fault;

/// The scheme of the weights, and whether it is that of the routed experts alone. `None` where the file says nothing
/// of it or names a format that is not modelled: estimates then name theirs.
pub fn read(root: Keys<'_>, keys: Keys<'_>) -> Result<(Option<Scheme>, bool), Fault> {
    let key = "quantization_config";
    let Some(quantised) = root.inner(key)?.or(keys.inner(key)?) else {
        return Ok((dtype(root, keys)?, false));
    };
    let method = quantised.text("quant_method")?.unwrap_or_default();
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
        ("modelopt", ..) => match quantised.text("quant_algo")? {
            Some("NVFP4") => Some(Format::Nvfp4),
            Some("FP8") => Some(Format::Fp8),
            _ => None,
        },
        ("modelopt_fp4", ..) => Some(Format::Nvfp4),
        ("compressed-tensors", ..) => compressed(quantised)?,
        ("", ..) => return Err(fault(format!("{key}.quant_method is missing"))),
        _ => None,
    };
    Ok((format.map(Scheme::Plain), attention_is_kept(quantised)?))
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

/// Whether the modules that stay in 16 bit are all but the experts: attention is among them as a whole.
fn attention_is_kept(quantised: Keys<'_>) -> Result<bool, Fault> {
    for key in ["modules_to_not_convert", "ignore"] {
        let list = quantised.list(key)?.unwrap_or_default();
        let all =
            |value: &Value| matches!(value, Value::Text(text) if EVERY_ATTENTION.contains(&text.as_str()));
        if list.iter().any(all) {
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
