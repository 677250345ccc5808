//! Model architectures: parameters, weight, KV and state bytes, and the ops of one prefill or decode step.
//!
//! A model is a stack of [`Block`]s. Each block is a list of pieces (matrices, attention, norms …), and parameters,
//! bytes and ops are all read off that list. Counts follow the tensors of the published checkpoints. Biases and
//! query/key norms are left out: they are below 0.1 % of any model in the table. So are towers for images and
//! sound, and heads that draft tokens.

mod block;
mod bytes;
mod config;
mod ops;
mod piece;
mod read;
mod scheme;

use jiff::civil::Date;

pub use block::{Block, Grouped, Latent, Mixer, Mlp, Moe, Recurrent, Rule, Stack};
pub use config::read_config;
pub use ops::Work;
pub use read::read_models;
pub use scheme::Scheme;

use crate::lookup::{self, Named, NotFound};
use crate::units::Bytes;
use block::Group;
use piece::Piece;

/// Bytes of one KV-cache element: 16 bit.
pub const KV_ELEMENT_BYTES: f64 = 2.0;
/// Bytes of one element of a recurrent state: 32 bit, as checkpoints ask for.
const STATE_ELEMENT_BYTES: f64 = 4.0;

/// A model. Widths are in elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Short name, such as `llama-3.1-8b`.
    pub name: String,
    /// Other names, such as those of repositories and price lists.
    pub aliases: Vec<String>,
    /// Repository of the weights.
    pub repo: String,
    /// Width of the residual stream.
    pub hidden: u64,
    /// Rows of the embedding table.
    pub vocab: u64,
    /// Whether the output matrix is the embedding table.
    pub tied_embeddings: bool,
    /// Rows of a learned table of positions; 0 where positions are computed.
    pub positions: u64,
    /// The layers.
    pub stack: Stack,
    /// How the weights were published; `None` where unknown.
    pub native_weights: Option<Scheme>,
    /// Whether the published weights keep attention in 16 bit and quantise MLPs only, as those of gpt-oss do.
    pub wide_attention: bool,
    /// Parameters as published.
    pub published_params: Option<f64>,
    /// Active parameters as published.
    pub published_active_params: Option<f64>,
    /// Where the facts come from.
    pub source: String,
    /// When they were last compared with their source; `None` for a file of the user's own.
    pub date_checked: Option<Date>,
}

impl Named for Architecture {
    const KIND: &'static str = "model";

    fn name(&self) -> &str {
        &self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }
}

/// The model with this name or alias, in any case.
///
/// # Errors
/// The name with its nearest neighbours.
pub fn find<'m>(models: &'m [Architecture], name: &str) -> Result<&'m Architecture, NotFound> {
    lookup::find(models, name)
}

impl Architecture {
    /// All parameters: matrices, embeddings and norms.
    pub fn params(&self) -> f64 {
        let layers: f64 = self.params_by(|(held, _)| held);
        let tables = if self.tied_embeddings { 1.0 } else { 2.0 } * self.vocabulary_params();
        layers + tables + (self.positions * self.hidden) as f64 + self.hidden as f64
    }

    /// Parameters that one token is multiplied with: the experts it visits, every other matrix and the output
    /// matrix. The input embedding is a gather and norms are no matrices: published counts of active parameters
    /// mostly add the embedding, so they are larger by `vocab · hidden`.
    pub fn active_params(&self) -> f64 {
        self.params_by(|(_, active)| active) + self.vocabulary_params()
    }

    /// KV-cache bytes per token with every attention layer keeping every token: an upper bound, and what engines
    /// reserve that page all layers alike.
    pub fn kv_bytes_per_token(&self) -> Bytes {
        self.kv_bytes_by(|_| 1.0)
    }

    /// KV-cache bytes of one sequence of `context` tokens where windowed layers keep no more than their window.
    pub fn kv_bytes(&self, context: u64) -> Bytes {
        self.kv_bytes_by(|mixer| mixer.span(context) as f64)
    }

    /// Bytes of one sequence that do not grow with it: the states of recurrent layers in 32 bit and the last inputs of
    /// their convolutions in 16 bit. 0 for all other models.
    pub fn state_bytes(&self) -> Bytes {
        Bytes(self.sum_mixers(|mixer| match mixer {
            Mixer::Recurrent(it) => {
                let inputs = it.channels() * it.conv.saturating_sub(1);
                it.state_elements() as f64 * STATE_ELEMENT_BYTES + inputs as f64 * KV_ELEMENT_BYTES
            }
            Mixer::Grouped(_) | Mixer::Latent(_) => 0.0,
        }))
    }

    /// Layers of all kinds.
    pub fn layers(&self) -> u64 {
        self.stack.count(|_| true)
    }

    /// Layers with experts.
    pub fn moe_layers(&self) -> u64 {
        self.stack.count(|block| matches!(block.mlp, Some(Mlp::Experts(_))))
    }

    /// Layers whose attention sees no more than a window.
    pub fn windowed_layers(&self) -> u64 {
        self.stack.count(|block| matches!(block.mixer, Some(Mixer::Grouped(Grouped { window: Some(_), .. }))))
    }

    /// The mixture of experts of the first layer that has one.
    pub fn moe(&self) -> Option<Moe> {
        self.stack.blocks().find_map(|(block, _)| match block.mlp {
            Some(Mlp::Experts(moe)) => Some(moe),
            _ => None,
        })
    }

    /// Devices over which the KV cache of every layer can be split by heads: the fewest KV heads of a layer, 1 with
    /// latent attention, whose cache all heads share.
    pub fn kv_heads(&self) -> u64 {
        let heads = self.stack.blocks().filter_map(|(block, _)| match block.mixer? {
            Mixer::Grouped(it) => Some(it.kv_heads),
            Mixer::Latent(_) => Some(1),
            Mixer::Recurrent(_) => None,
        });
        heads.min().unwrap_or(1)
    }

    /// Query heads of each kind of attention layer.
    pub fn heads(&self) -> impl Iterator<Item = u64> {
        self.stack.blocks().filter_map(|(block, _)| match block.mixer? {
            Mixer::Grouped(it) => Some(it.heads),
            Mixer::Latent(it) => Some(it.heads),
            Mixer::Recurrent(_) => None,
        })
    }

    /// The block whose time no formula here tells, in a sentence: such a model has sizes but no rates.
    pub fn unmodelled(&self) -> Option<String> {
        let (rule, times) = self.stack.blocks().find_map(|(block, _)| match block.mixer? {
            Mixer::Recurrent(it) => Some((it.rule, self.recurrent_layers())),
            _ => None,
        })?;
        Some(format!(
            "{times} of {} layers are recurrent ({rule}), which the formulas for attention do not describe: sizes \
             are computed, rates are not",
            self.layers()
        ))
    }

    fn recurrent_layers(&self) -> u64 {
        self.stack.count(|block| matches!(block.mixer, Some(Mixer::Recurrent(_))))
    }

    /// Layers that are alike, with their pieces.
    fn pieces(&self) -> impl Iterator<Item = (&Group, Vec<Piece>)> {
        self.stack.groups().iter().map(|group| (group, piece::pieces(&group.block, self.hidden)))
    }

    fn params_by(&self, pick: impl Fn((f64, f64)) -> f64) -> f64 {
        let of_group = |(group, pieces): (&Group, Vec<Piece>)| {
            let one: f64 = pieces.iter().map(|piece| pick(piece.params(self.hidden))).sum();
            group.places.len() as f64 * one
        };
        self.pieces().map(of_group).sum()
    }

    fn sum_mixers(&self, of: impl Fn(&Mixer) -> f64) -> f64 {
        let mixers = self.stack.blocks().filter_map(|(block, times)| Some((block.mixer.as_ref()?, times)));
        mixers.map(|(mixer, times)| times as f64 * of(mixer)).sum()
    }

    fn kv_bytes_by(&self, kept: impl Fn(&Mixer) -> f64) -> Bytes {
        Bytes(self.sum_mixers(|mixer| mixer.kv_elements() as f64 * kept(mixer)) * KV_ELEMENT_BYTES)
    }

    fn vocabulary_params(&self) -> f64 {
        self.vocab as f64 * self.hidden as f64
    }
}

#[cfg(test)]
mod tests;
