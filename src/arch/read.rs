//! `models.csv` to architectures, with contradictions refused where they are written.

use std::collections::HashMap;
use std::io::Read;

use super::block::{Block, Grouped, Latent, Mixer, Mlp, Moe, Recurrent, Rule, Stack};
use super::{Architecture, Scheme};
use crate::lookup;
use crate::op::Format;
use crate::table::{Fault, Row, Table};

/// Larger sizes are typing errors; the bound also keeps products of sizes from overflowing.
pub(super) const MAX_SIZE: u64 = 1 << 20;
/// More layers than any model has.
pub(super) const MAX_LAYERS: u64 = 4096;
/// Norms of a layer where nothing else is said: one before the mixer, one before the MLP.
pub(super) const NORMS: u64 = 2;

/// Reads `models.csv`.
///
/// # Errors
/// The first fault, located: a size that is zero or absurd, columns that contradict each other, a name or an
/// alias that two rows share.
pub fn read_models(input: impl Read) -> Result<Vec<Architecture>, Fault> {
    let required = ["name", "layers", "hidden", "heads", "kv_heads", "head_dim", "vocab", "tied_embeddings"];
    let table = Table::read(input, &required)?;
    let mut seen = HashMap::new();
    let mut models = Vec::new();
    for row in table.rows() {
        let model = read_row(row)?;
        lookup::claim(&mut seen, row, &model)?;
        models.push(model);
    }
    Ok(models)
}

fn read_row(row: Row<'_>) -> Result<Architecture, Fault> {
    let billions = |column: &str| Ok::<_, Fault>(row.positive(column)?.map(|value| value * 1e9));
    let native_weights = row.optional::<Scheme>("native_weights")?;
    let stack = read_stack(row)?;
    Ok(Architecture {
        name: row.required("name")?.to_owned(),
        aliases: lookup::split_list(row.text("aliases")),
        repo: row.text("repo").to_owned(),
        hidden: size(row, "hidden")?,
        vocab: size(row, "vocab")?,
        tied_embeddings: row.parse("tied_embeddings")?,
        positions: count(row, "positions")?.unwrap_or_default(),
        stack,
        native_weights,
        // The only models published in mxfp4 are OpenAI's, and theirs do.
        wide_attention: native_weights == Some(Scheme::Plain(Format::Mxfp4)),
        published_params: billions("params_published_b")?,
        published_active_params: billions("active_params_published_b")?,
        source: row.required("source")?.to_owned(),
        date_checked: Some(row.date("date_checked")?),
    })
}

fn read_stack(row: Row<'_>) -> Result<Stack, Fault> {
    let layers = size(row, "layers")?;
    if layers > MAX_LAYERS {
        return Err(row.fault("layers", format!("layers {layers} is more than {MAX_LAYERS}")));
    }
    let mlps = Mlps::read(row, layers)?;
    let mixers = Mixers::read(row, layers)?;
    let norms = count(row, "norms")?.unwrap_or(NORMS);
    Ok(Stack::new((0..layers).map(|layer| Block {
        mixer: Some(mixers.of(layer)),
        mlp: Some(mlps.of(layer)),
        norms,
    })))
}

/// The MLPs of all layers: `dense` in the first `dense_layers` and where no experts are due, which are in every
/// `every`-th layer.
struct Mlps {
    dense: Mlp,
    experts: Option<(Moe, u64, u64)>,
}

impl Mlps {
    fn of(&self, layer: u64) -> Mlp {
        match self.experts {
            Some((moe, first, every)) if layer >= first && (layer + 1).is_multiple_of(every) => {
                Mlp::Experts(moe)
            }
            _ => self.dense,
        }
    }

    fn read(row: Row<'_>, layers: u64) -> Result<Self, Fault> {
        let gated = match row.text("mlp") {
            "" | "gated" => true,
            "plain" => false,
            _ => return Err(row.fault("mlp", "mlp is neither gated nor plain")),
        };
        let experts = read_moe(row, layers, gated)?;
        let ffn = optional_size(row, "ffn")?;
        match (ffn, experts.is_none_or(|(_, first, every)| first > 0 || every > 1)) {
            (None, true) => Err(row.fault("ffn", "ffn is empty, but there are dense layers")),
            (Some(_), false) => Err(row.fault("ffn", "ffn is the width of dense layers, but there are none")),
            _ => Ok(Self { dense: Mlp::Dense { width: ffn.unwrap_or_default(), gated }, experts }),
        }
    }
}

fn read_moe(row: Row<'_>, layers: u64, gated: bool) -> Result<Option<(Moe, u64, u64)>, Fault> {
    let Some(experts) = optional_size(row, "experts")? else {
        let columns = ["experts_active", "expert_ffn", "shared_ffn", "dense_layers", "experts_every"];
        return refuse(row, &columns, "experts");
    };
    let needed = |column: &str| {
        optional_size(row, column)?
            .ok_or_else(|| row.fault(column, format!("{column} is empty, but there are experts")))
    };
    let active = needed("experts_active")?;
    let expert_ffn = needed("expert_ffn")?;
    if active > experts {
        let what = format!("experts_active {active} is more than experts {experts}");
        return Err(row.fault("experts_active", what));
    }
    let first = count(row, "dense_layers")?.unwrap_or_default();
    let every = optional_size(row, "experts_every")?.unwrap_or(1);
    if first >= layers {
        let what = format!("dense_layers {first} leaves no layer of {layers} for the experts");
        return Err(row.fault("dense_layers", what));
    }
    if every > layers {
        let what = format!("experts_every {every} leaves no layer of {layers} for the experts");
        return Err(row.fault("experts_every", what));
    }
    let shared_ffn = count(row, "shared_ffn")?.unwrap_or_default();
    Ok(Some((Moe { experts, active, expert_ffn, shared_ffn, gated }, first, every)))
}

/// The mixers of all layers: `full` in so many of them, spread evenly with the last at the end, `other` between.
struct Mixers {
    full: Mixer,
    other: Mixer,
    full_layers: u64,
    layers: u64,
}

impl Mixers {
    fn of(&self, layer: u64) -> Mixer {
        let up_to = |layers: u64| layers * self.full_layers / self.layers;
        if up_to(layer + 1) > up_to(layer) { self.full } else { self.other }
    }

    fn read(row: Row<'_>, layers: u64) -> Result<Self, Fault> {
        let heads = size(row, "heads")?;
        let kv_heads = size(row, "kv_heads")?;
        let head_dim = size(row, "head_dim")?;
        if !heads.is_multiple_of(kv_heads) {
            return Err(row.fault("kv_heads", format!("kv_heads {kv_heads} does not divide heads {heads}")));
        }
        let output_gate = row.optional("output_gate")?.unwrap_or_default();
        let grouped = Grouped { heads, kv_heads, head_dim, window: None, output_gate };
        let latent = read_latent(row, heads)?;
        let full = latent.map_or(Mixer::Grouped(grouped), Mixer::Latent);
        let window = optional_size(row, "window")?;
        let other = match (window, read_recurrent(row)?) {
            (Some(_), _) if latent.is_some() => {
                let what = "window beside kv_lora: windowed latent attention is not modelled";
                return Err(row.fault("window", what));
            }
            (Some(_), Some(_)) => {
                let what = "window beside recurrent: windowed attention in hybrids is not modelled";
                return Err(row.fault("window", what));
            }
            (Some(_), None) => Mixer::Grouped(Grouped { window, ..grouped }),
            (None, Some(recurrent)) => Mixer::Recurrent(recurrent),
            (None, None) => {
                refuse::<()>(row, &["full_attention_layers"], "window")?;
                return Ok(Self { full, other: full, full_layers: layers, layers });
            }
        };
        let others = if window.is_some() { "window" } else { "recurrence" };
        let full_layers = read_full_layers(row, layers, others)?;
        Ok(Self { full, other, full_layers, layers })
    }
}

/// `others` is what the layers without full attention have.
fn read_full_layers(row: Row<'_>, layers: u64, others: &str) -> Result<u64, Fault> {
    let column = "full_attention_layers";
    match count(row, column)? {
        None => Err(row.fault(column, format!("{column} is empty, but there is a {others}"))),
        Some(full_layers) if full_layers >= layers => {
            let what = format!("{column} {full_layers} leaves no layer of {layers} for the {others}");
            Err(row.fault(column, what))
        }
        Some(full_layers) => Ok(full_layers),
    }
}

fn read_latent(row: Row<'_>, heads: u64) -> Result<Option<Latent>, Fault> {
    let Some(kv_rank) = optional_size(row, "kv_lora")? else {
        return refuse(row, &["q_lora", "qk_nope", "qk_rope", "v_head"], "kv_lora");
    };
    let needed = |column: &str| {
        optional_size(row, column)?
            .ok_or_else(|| row.fault(column, format!("{column} is empty, but kv_lora is {kv_rank}")))
    };
    Ok(Some(Latent {
        heads,
        q_rank: optional_size(row, "q_lora")?,
        kv_rank,
        nope: needed("qk_nope")?,
        rope: needed("qk_rope")?,
        v: needed("v_head")?,
    }))
}

const RECURRENT: [&str; 5] = [
    "recurrent_key_heads",
    "recurrent_key_dim",
    "recurrent_value_heads",
    "recurrent_value_dim",
    "recurrent_conv",
];

fn read_recurrent(row: Row<'_>) -> Result<Option<Recurrent>, Fault> {
    let Some(rule) = row.optional::<Rule>("recurrent")? else {
        return refuse(row, &RECURRENT, "recurrent");
    };
    let needed = |column: &str| {
        optional_size(row, column)?
            .ok_or_else(|| row.fault(column, format!("{column} is empty, but recurrent is {rule}")))
    };
    let [key_heads, key_dim, value_heads, value_dim, conv] = RECURRENT.map(needed);
    Ok(Some(Recurrent {
        rule,
        key_heads: key_heads?,
        key_dim: key_dim?,
        value_heads: value_heads?,
        value_dim: value_dim?,
        conv: conv?,
    }))
}

/// `None`, unless a column is filled that says nothing without `head`.
fn refuse<T>(row: Row<'_>, columns: &[&str], head: &str) -> Result<Option<T>, Fault> {
    match columns.iter().find(|column| !row.text(column).is_empty()) {
        Some(column) => Err(row.fault(column, format!("{column} is given, but {head} is empty"))),
        None => Ok(None),
    }
}

fn size(row: Row<'_>, column: &str) -> Result<u64, Fault> {
    optional_size(row, column)?.ok_or_else(|| row.fault(column, format!("{column} is empty")))
}

fn optional_size(row: Row<'_>, column: &str) -> Result<Option<u64>, Fault> {
    match count(row, column)? {
        Some(0) => Err(row.fault(column, format!("{column} is 0"))),
        size => Ok(size),
    }
}

fn count(row: Row<'_>, column: &str) -> Result<Option<u64>, Fault> {
    match row.optional(column)? {
        Some(value) if value > MAX_SIZE => {
            Err(row.fault(column, format!("{column} {value} is more than {MAX_SIZE}")))
        }
        value => Ok(value),
    }
}
