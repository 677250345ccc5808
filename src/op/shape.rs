//! The `shape` column: sizes to text and back.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Format, Layer, Op};

impl Op {
    /// The sizes as `key=value` pairs joined by `;`, in a fixed order: the `shape` column.
    pub fn shape(&self) -> String {
        let mut shape = String::new();
        // Writing to memory cannot fail.
        let _ = self.write_shape(&mut shape);
        shape
    }

    /// Writes the same to where there is room already.
    pub(crate) fn write_shape(&self, out: &mut String) -> std::fmt::Result {
        for (place, (key, value)) in self.sizes().iter().enumerate() {
            let apart = if place == 0 { "" } else { ";" };
            write!(out, "{apart}{key}={value}")?;
        }
        Ok(())
    }

    /// Rebuilds an op from the columns `kernel`, `format` and `shape`.
    ///
    /// # Errors
    /// A sentence naming the kernel, format or size that is unknown, missing or zero.
    pub fn parse(kernel: &str, format: &str, shape: &str) -> Result<Self, String> {
        let weights: Format = format.parse()?;
        let mut sizes = parse_shape(shape)?;
        let mut take = |key: &str| {
            sizes.remove(key).ok_or_else(|| format!("shape \"{}\" lacks {key}", shape.escape_debug()))
        };
        let op = match kernel {
            "fma" => Self::Fma { flops: take("flops")?, format: weights },
            "dot4" => Self::Dot4 { flops: take("flops")? },
            "matrix_fma" => Self::MatrixFma { flops: take("flops")? },
            "copy" => Self::Copy { bytes: take("bytes")? },
            "read" => Self::Read { bytes: take("bytes")? },
            "triad" => Self::Triad { bytes: take("bytes")? },
            "gemm" | "gemv" => {
                Self::Matmul { tokens: take("m")?, outputs: take("n")?, inputs: take("k")?, weights }
            }
            "expert_gemm" => Self::ExpertMatmul {
                tokens: take("m")?,
                experts: take("experts")?,
                active: take("active")?,
                outputs: take("n")?,
                inputs: take("k")?,
                weights,
            },
            "attention_prefill" => Self::AttentionPrefill {
                tokens: take("tokens")?,
                heads: take("heads")?,
                kv_heads: take("kv_heads")?,
                qk_dim: take("qk_dim")?,
                v_dim: take("v_dim")?,
                window: take("window")?,
            },
            "attention_decode" => Self::AttentionDecode {
                batch: take("batch")?,
                context: take("context")?,
                heads: take("heads")?,
                kv_heads: take("kv_heads")?,
                head_dim: take("head_dim")?,
                kv: weights,
                page: take("page").ok(),
            },
            "latent_decode" => Self::LatentDecode {
                batch: take("batch")?,
                context: take("context")?,
                heads: take("heads")?,
                latent: take("latent")?,
                rope: take("rope")?,
            },
            "add_rmsnorm" => Self::AddRmsNorm { rows: take("rows")?, width: take("width")? },
            "add" => Self::Add { rows: take("rows")?, width: take("width")? },
            "gather" => Self::Gather { rows: take("rows")?, width: take("width")?, vocab: take("vocab")? },
            "sample" => Self::Sample { rows: take("rows")?, vocab: take("vocab")? },
            "route" => {
                Self::Route { tokens: take("tokens")?, experts: take("experts")?, active: take("active")? }
            }
            "rmsnorm" => Self::RmsNorm { rows: take("rows")?, width: take("width")? },
            "silu_mul" => Self::SiluMul { rows: take("rows")?, width: take("width")? },
            "rope" => Self::Rope { rows: take("rows")?, heads: take("heads")?, head_dim: take("head_dim")? },
            "all_reduce" => Self::AllReduce { bytes: take("bytes")?, workers: take("workers")? },
            "dispatch" => Self::Dispatch { chain: take("chain")? },
            "layer" => Self::Layer(Layer::parse(weights, &mut take)?),
            _ => return Err(format!("unknown kernel \"{}\"", kernel.escape_debug())),
        };
        if let Some(extra) = sizes.keys().next() {
            return Err(format!("shape \"{}\" has an unknown size {extra}", shape.escape_debug()));
        }
        if op.kernel() != kernel || op.format() != weights {
            return Err(format!("{kernel} in {format} with shape \"{}\" is {op}", shape.escape_debug()));
        }
        Ok(op)
    }

    fn sizes(&self) -> Vec<(&'static str, u64)> {
        match *self {
            Self::Fma { flops, .. } | Self::Dot4 { flops } | Self::MatrixFma { flops } => {
                vec![("flops", flops)]
            }
            Self::Copy { bytes } | Self::Read { bytes } | Self::Triad { bytes } => vec![("bytes", bytes)],
            Self::Matmul { tokens, outputs, inputs, .. } => {
                vec![("m", tokens), ("n", outputs), ("k", inputs)]
            }
            Self::ExpertMatmul { tokens, experts, active, outputs, inputs, .. } => {
                vec![("m", tokens), ("experts", experts), ("active", active), ("n", outputs), ("k", inputs)]
            }
            Self::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window } => vec![
                ("tokens", tokens),
                ("heads", heads),
                ("kv_heads", kv_heads),
                ("qk_dim", qk_dim),
                ("v_dim", v_dim),
                ("window", window),
            ],
            Self::AttentionDecode { batch, context, heads, kv_heads, head_dim, page, .. } => {
                let mut sizes = vec![
                    ("batch", batch),
                    ("context", context),
                    ("heads", heads),
                    ("kv_heads", kv_heads),
                    ("head_dim", head_dim),
                ];
                sizes.extend(page.map(|tokens| ("page", tokens)));
                sizes
            }
            Self::LatentDecode { batch, context, heads, latent, rope } => vec![
                ("batch", batch),
                ("context", context),
                ("heads", heads),
                ("latent", latent),
                ("rope", rope),
            ],
            Self::RmsNorm { rows, width }
            | Self::AddRmsNorm { rows, width }
            | Self::Add { rows, width }
            | Self::SiluMul { rows, width } => vec![("rows", rows), ("width", width)],
            Self::Gather { rows, width, vocab } => vec![("rows", rows), ("width", width), ("vocab", vocab)],
            Self::Sample { rows, vocab } => vec![("rows", rows), ("vocab", vocab)],
            Self::Route { tokens, experts, active } => {
                vec![("tokens", tokens), ("experts", experts), ("active", active)]
            }
            Self::Rope { rows, heads, head_dim } => {
                vec![("rows", rows), ("heads", heads), ("head_dim", head_dim)]
            }
            Self::AllReduce { bytes, workers } => vec![("bytes", bytes), ("workers", workers)],
            Self::Dispatch { chain } => vec![("chain", chain)],
            Self::Layer(layer) => layer.sizes(),
        }
    }
}

fn parse_shape(shape: &str) -> Result<BTreeMap<&str, u64>, String> {
    let mut sizes = BTreeMap::new();
    for pair in shape.split(';') {
        let size = pair.split_once('=').and_then(|(key, value)| Some((key, value.parse().ok()?)));
        match size {
            Some((key, value)) if value > 0 && value <= MAX_SIZE => {
                if sizes.insert(key, value).is_some() {
                    return Err(format!("shape \"{}\" names {key} twice", shape.escape_debug()));
                }
            }
            _ => return Err(format!("shape \"{}\" is not key=positive integer;…", shape.escape_debug())),
        }
    }
    Ok(sizes)
}

/// Larger sizes are typing errors; the bound also keeps integer sums of sizes from overflowing.
const MAX_SIZE: u64 = 1 << 40;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_shapes_are_refused_with_a_sentence() {
        for shape in
            ["", "m=1", "m=1;n=2;k=0", "m=1;n=2;k=-3", "m=1;n=2;k=3;k=3", "m=1;n=2;k=3;z=1", "m=1;n=2;k=NaN"]
        {
            assert!(Op::parse("gemv", "f16", shape).is_err(), "{shape}");
        }
        assert!(Op::parse("gemv", "f16", "m=2;n=2;k=3").is_err(), "a gemv has one token");
        assert!(Op::parse("copy", "q4_0", "bytes=4").is_err(), "a copy has no weights");
        assert!(Op::parse("gemm", "f16", "m=99999999999999999999;n=2;k=3").is_err());
    }

    proptest! {
        #[test]
        fn columns_parse_back(m in 1u64..9999, n in 1u64..9999, k in 1u64..9999, f in 0usize..16, page in 1u64..99) {
            let op = Op::Matmul { tokens: m, outputs: n, inputs: k, weights: Format::ALL[f] };
            prop_assert_eq!(Op::parse(op.kernel(), op.format().name(), &op.shape()), Ok(op));
            let op = Op::AllReduce { bytes: m, workers: n };
            prop_assert_eq!(Op::parse(op.kernel(), op.format().name(), &op.shape()), Ok(op));
            for (kv, page) in [(Format::F16, None), (Format::Q8_0, Some(page))] {
                let op = Op::AttentionDecode { batch: m, context: n, heads: k, kv_heads: m, head_dim: n, kv, page };
                prop_assert_eq!(Op::parse(op.kernel(), op.format().name(), &op.shape()), Ok(op));
            }
        }
    }
}
