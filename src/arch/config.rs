//! A Hugging Face `config.json` to an architecture.
//!
//! Files are strangers' and half of their keys do not change the maths, so this reader is strict where it counts: a
//! key that a family needs must be there and be a size, and a key that is known to change the shape of a block in a
//! way that is not modelled is refused by name. A default is taken only where the family's own code has it and its
//! published files rely on it.

mod families;
mod keys;
mod layers;
mod quantisation;

use std::io::Read;

use super::{Architecture, Block, Stack};
use crate::json;
use crate::table::Fault;
use families::Family;
use keys::{Keys, Members, fault};

/// Larger files are no config.json: the largest that quantisers write name every module in 3 MB.
const MAX_BYTES: u64 = 4 << 20;

/// What families say of the model outside its layers, beside their own names for it.
struct Tables {
    hidden: u64,
    vocab: u64,
    positions: u64,
    tied: bool,
}

/// Reads a `config.json` as an architecture called `name`.
///
/// # Errors
/// The first fault: larger than 4 MiB, not JSON, a doubled key; a `model_type` that is not known and has keys that are not;
/// a key that is missing, is no size, contradicts another or describes a block that is not modelled.
pub fn read_config(input: impl Read, name: &str) -> Result<Architecture, Fault> {
    let text = read_text(input)?;
    let members: Members = json::object(&text)?;
    let root = Keys::new(&members);
    // Models that see have their language model inside.
    let keys = root.inner("text_config")?.unwrap_or(root);
    let family = Family::of(root, keys)?;
    let (tables, blocks) = family.read(keys)?;
    check_sizes(&tables, &blocks)?;
    let stack = Stack::new(blocks);
    let (native_weights, wide_attention) = quantisation::read(root, keys, stack.attention())?;
    // A nested model may say it once for both.
    let tied = match root.flag("tie_word_embeddings")? {
        Some(tied) if keys.flag("tie_word_embeddings")?.is_none() => tied,
        _ => tables.tied,
    };
    Ok(Architecture {
        name: name.to_owned(),
        aliases: Vec::new(),
        repo: String::new(),
        hidden: tables.hidden,
        vocab: tables.vocab,
        tied_embeddings: tied,
        positions: tables.positions,
        stack,
        native_weights,
        wide_attention,
        published_params: None,
        published_active_params: None,
        source: "config.json".to_owned(),
        date_checked: None,
    })
}

fn read_text(input: impl Read) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    let read = input.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| fault(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fault(format!("is larger than {} MiB: no config.json is", MAX_BYTES >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| fault("is not UTF-8".to_owned()))
}

/// Sizes are bounded one by one, their product here: beyond it no model is, and counts would lose digits.
fn check_sizes(tables: &Tables, blocks: &[Block]) -> Result<(), Fault> {
    const MOST_PARAMS: f64 = 1e15;
    let layers: f64 = blocks
        .iter()
        .flat_map(|block| super::piece::pieces(block, tables.hidden))
        .map(|piece| piece.params(tables.hidden).0)
        .sum();
    if layers + tables.vocab as f64 * tables.hidden as f64 > MOST_PARAMS {
        return Err(fault(format!("describes more than {MOST_PARAMS:e} parameters: no model has so many")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
