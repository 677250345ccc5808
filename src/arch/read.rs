//! `models.csv` to architectures, with contradictions refused where they are written.

use std::collections::HashMap;
use std::io::Read;

use super::{Architecture, Latent, Moe, Window};
use crate::lookup;
use crate::table::{Fault, Row, Table};

/// Larger sizes are typing errors; the bound also keeps products of sizes from overflowing.
const MAX_SIZE: u64 = 1 << 20;

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
    let layers = size(row, "layers")?;
    let heads = size(row, "heads")?;
    let kv_heads = size(row, "kv_heads")?;
    if !heads.is_multiple_of(kv_heads) {
        return Err(row.fault("kv_heads", format!("kv_heads {kv_heads} does not divide heads {heads}")));
    }
    let moe = read_moe(row, layers)?;
    let latent = read_latent(row)?;
    Ok(Architecture {
        name: row.required("name")?.to_owned(),
        aliases: lookup::split_list(row.text("aliases")),
        repo: row.text("repo").to_owned(),
        layers,
        hidden: size(row, "hidden")?,
        heads,
        kv_heads,
        head_dim: size(row, "head_dim")?,
        ffn: read_ffn(row, moe)?,
        vocab: size(row, "vocab")?,
        tied_embeddings: row.parse("tied_embeddings")?,
        moe,
        latent,
        window: read_window(row, layers, latent.is_some())?,
        native_weights: row.optional("native_weights")?,
        published_params: billions("params_published_b")?,
        published_active_params: billions("active_params_published_b")?,
        source: row.required("source")?.to_owned(),
        date_checked: row.date("date_checked")?,
    })
}

fn read_ffn(row: Row<'_>, moe: Option<Moe>) -> Result<Option<u64>, Fault> {
    let ffn = optional_size(row, "ffn")?;
    match (ffn, moe.is_none_or(|moe| moe.dense_layers > 0)) {
        (None, true) => Err(row.fault("ffn", "ffn is empty, but there are dense layers")),
        (Some(_), false) => Err(row.fault("ffn", "ffn is the width of dense layers, but there are none")),
        _ => Ok(ffn),
    }
}

fn read_moe(row: Row<'_>, layers: u64) -> Result<Option<Moe>, Fault> {
    let Some(experts) = optional_size(row, "experts")? else {
        return refuse(row, &["experts_active", "expert_ffn", "shared_ffn", "dense_layers"], "experts");
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
    let dense_layers = count(row, "dense_layers")?.unwrap_or_default();
    if dense_layers >= layers {
        let what = format!("dense_layers {dense_layers} leaves no layer of {layers} for the experts");
        return Err(row.fault("dense_layers", what));
    }
    let shared_ffn = count(row, "shared_ffn")?.unwrap_or_default();
    Ok(Some(Moe { experts, active, expert_ffn, shared_ffn, dense_layers }))
}

fn read_latent(row: Row<'_>) -> Result<Option<Latent>, Fault> {
    let Some(kv_rank) = optional_size(row, "kv_lora")? else {
        return refuse(row, &["q_lora", "qk_nope", "qk_rope", "v_head"], "kv_lora");
    };
    let needed = |column: &str| {
        optional_size(row, column)?
            .ok_or_else(|| row.fault(column, format!("{column} is empty, but kv_lora is {kv_rank}")))
    };
    Ok(Some(Latent {
        q_rank: optional_size(row, "q_lora")?,
        kv_rank,
        nope: needed("qk_nope")?,
        rope: needed("qk_rope")?,
        v: needed("v_head")?,
    }))
}

fn read_window(row: Row<'_>, layers: u64, latent: bool) -> Result<Option<Window>, Fault> {
    let Some(tokens) = optional_size(row, "window")? else {
        return refuse(row, &["full_attention_layers"], "window");
    };
    if latent {
        return Err(row.fault("window", "window beside kv_lora: windowed latent attention is not modelled"));
    }
    let column = "full_attention_layers";
    match count(row, column)? {
        None => Err(row.fault(column, format!("{column} is empty, but there is a window"))),
        Some(full_layers) if full_layers >= layers => {
            let what = format!("{column} {full_layers} leaves no layer of {layers} for the window");
            Err(row.fault(column, what))
        }
        Some(full_layers) => Ok(Some(Window { tokens, full_layers })),
    }
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
