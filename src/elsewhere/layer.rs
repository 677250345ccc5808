//! Tables of the operators of a decoder layer by tokens and by degree of tensor parallelism.
//!
//! A row is of one number of tokens and one degree T; its shapes are those of one GPU's shard: heads and MLP width are
//! divided by T, the residual stream is not. The names are those of the profiler of Agrawal et al., "Vidur" (MLSys 2024).

use super::{Import, columns, require, size};
use crate::op::{Format, Op};
use crate::table::{Fault, Row, Table};

const SIZES: [&str; 7] = [
    "n_head",
    "n_kv_head",
    "n_embd",
    "n_expanded_embd",
    "use_gated_mlp",
    "num_tokens",
    "num_tensor_parallel_workers",
];

/// The shard that a row is of. Widths in elements.
struct Shard {
    tokens: u64,
    workers: u64,
    hidden: u64,
    heads: u64,
    kv_heads: u64,
    head_dim: u64,
    /// MLP width.
    ffn: u64,
    gated: bool,
    vocab: Option<u64>,
}

/// Adds every time of a table.
pub(super) fn add(
    import: &mut Import<'_>,
    table: &Table,
    operators: &[&str],
    file: &str,
) -> Result<(), Fault> {
    let times = operators.iter().flat_map(|operator| columns(operator)).collect::<Vec<_>>();
    require(table, SIZES.into_iter().chain(times.iter().map(String::as_str)))?;
    for row in table.rows() {
        let shard = Shard::read(row)?;
        for operator in operators {
            match shard.op(operator, import.weights) {
                Ok(op) => import.push(row, operator, op, file)?,
                Err(why) => import.leave_out(why),
            }
        }
    }
    Ok(())
}

impl Shard {
    fn read(row: Row<'_>) -> Result<Self, Fault> {
        let [heads, kv_heads, hidden, ffn] =
            ["n_head", "n_kv_head", "n_embd", "n_expanded_embd"].map(|column| size(row, column));
        let [heads, kv_heads, hidden, ffn] = [heads?, kv_heads?, hidden?, ffn?];
        let workers = size(row, "num_tensor_parallel_workers")?;
        for (column, whole, parts) in [
            ("n_embd", hidden, heads),
            ("n_head", heads, workers),
            ("n_head", heads, kv_heads),
            ("n_expanded_embd", ffn, workers),
        ] {
            if whole % parts != 0 {
                return Err(row.fault(column, format!("{column} {whole} does not divide by {parts}")));
            }
        }
        let gated = match row.required("use_gated_mlp")? {
            "True" | "true" => true,
            "False" | "false" => false,
            _ => return Err(row.fault("use_gated_mlp", "use_gated_mlp is neither True nor False")),
        };
        let vocab = if row.text("vocab_size").is_empty() { None } else { Some(size(row, "vocab_size")?) };
        Ok(Self {
            tokens: size(row, "num_tokens")?,
            workers,
            hidden,
            heads: heads / workers,
            // More GPUs than heads of keys: each holds a copy.
            kv_heads: (kv_heads / workers).max(1),
            head_dim: hidden / heads,
            ffn: ffn / workers,
            gated,
            vocab,
        })
    }

    /// The op behind an operator.
    ///
    /// # Errors
    /// Why there is none.
    fn op(&self, operator: &str, weights: Format) -> Result<Op, String> {
        let Self { tokens, hidden, heads, kv_heads, head_dim, ffn, .. } = *self;
        let matmul = |outputs, inputs| Op::Matmul { tokens, outputs, inputs, weights };
        let up = if self.gated { 2 * ffn } else { ffn };
        Ok(match operator {
            "attn_pre_proj" => matmul((heads + 2 * kv_heads) * head_dim, hidden),
            "attn_post_proj" => matmul(hidden, heads * head_dim),
            "mlp_up_proj" => matmul(up, hidden),
            "mlp_down_proj" => matmul(hidden, ffn),
            "input_layernorm" | "post_attention_layernorm" => Op::RmsNorm { rows: tokens, width: hidden },
            "attn_rope" => Op::Rope { rows: tokens, heads: heads + kv_heads, head_dim },
            "add" => Op::Add { rows: tokens, width: hidden },
            "mlp_act" if self.gated => Op::SiluMul { rows: tokens, width: ffn },
            "mlp_act" => return Err("mlp_act without a gate".into()),
            "emb" if self.workers > 1 => return Err("emb of a shard, which masks tokens too".into()),
            "emb" => match self.vocab {
                Some(vocab) => Op::Gather { rows: tokens, width: hidden, vocab },
                None => return Err("emb without vocab_size".into()),
            },
            other => return Err(crate::text::inert(other)),
        })
    }
}
