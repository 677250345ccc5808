//! Model architectures: parameters, weight and KV bytes, and the ops of one prefill or decode step.
//!
//! Counts follow the tensors of the published checkpoints. Biases and query/key norms are left out: they are
//! below 0.1 % of any model in the table.

mod ops;
mod read;
mod scheme;

use jiff::civil::Date;

pub use ops::Work;
pub use read::read_models;
pub use scheme::Scheme;

use crate::lookup::{self, Named, NotFound};
use crate::op::Format;
use crate::units::Bytes;

/// Bytes of one KV-cache element: 16 bit.
pub const KV_ELEMENT_BYTES: f64 = 2.0;

/// One row of `models.csv`. Widths are in elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Short name, such as `llama-3.1-8b`.
    pub name: String,
    /// Other names, such as those of repositories and price lists.
    pub aliases: Vec<String>,
    /// Repository of the weights.
    pub repo: String,
    /// Transformer layers.
    pub layers: u64,
    /// Width of the residual stream.
    pub hidden: u64,
    /// Query heads.
    pub heads: u64,
    /// Key and value heads; divides `heads`.
    pub kv_heads: u64,
    /// Width of a head.
    pub head_dim: u64,
    /// Width of the gated MLP of dense layers; `None` where there are none.
    pub ffn: Option<u64>,
    /// Rows of the embedding table.
    pub vocab: u64,
    /// Whether the output matrix is the embedding table.
    pub tied_embeddings: bool,
    /// The mixture of experts, where the model is one.
    pub moe: Option<Moe>,
    /// Multi-head latent attention, where the model has it.
    pub latent: Option<Latent>,
    /// The sliding window, where some layers have one.
    pub window: Option<Window>,
    /// How the weights were published; `None` where unknown.
    pub native_weights: Option<Scheme>,
    /// Parameters as published.
    pub published_params: Option<f64>,
    /// Active parameters as published.
    pub published_active_params: Option<f64>,
    /// Where the row comes from.
    pub source: String,
    /// When it was last compared with its source.
    pub date_checked: Date,
}

/// A mixture of experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moe {
    /// Routed experts per layer.
    pub experts: u64,
    /// Experts that one token visits.
    pub active: u64,
    /// MLP width of one expert.
    pub expert_ffn: u64,
    /// Total MLP width of the experts that every token visits; 0 without any.
    pub shared_ffn: u64,
    /// Layers with a dense MLP in place of experts.
    pub dense_layers: u64,
}

/// Multi-head latent attention (DeepSeek-V2, 2024): one compressed vector per token is cached for all heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latent {
    /// Rank of the query projection; `None` where it is one matrix.
    pub q_rank: Option<u64>,
    /// Width of the cached latent.
    pub kv_rank: u64,
    /// Query and key width without position.
    pub nope: u64,
    /// Query and key width with rotary position; cached beside the latent.
    pub rope: u64,
    /// Width of a value head.
    pub v: u64,
}

/// Sliding-window attention in some layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Most keys a query sees in a windowed layer.
    pub tokens: u64,
    /// Layers without the window.
    pub full_layers: u64,
}

/// Which format each group of tensors has when the model is held "in" one format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Formats {
    experts: Format,
    /// Attention, dense MLP and shared experts.
    matrices: Format,
    /// Embedding table and output matrix.
    vocabulary: Format,
    /// Norms and routers.
    side: Format,
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
    /// All parameters: matrices, embeddings and the norms (two per layer and a last one).
    pub fn params(&self) -> f64 {
        let (expert, _) = self.expert_params();
        let embeddings = if self.tied_embeddings { 1.0 } else { 2.0 } * self.vocabulary_params();
        self.matrix_params() + expert + self.router_params() + embeddings + self.norm_params()
    }

    /// Parameters that one token is multiplied with: the experts it visits, every other matrix and the output
    /// matrix. The input embedding is a gather and norms are no matrices: published counts of active parameters
    /// mostly add the embedding, so they are larger by `vocab · hidden`.
    pub fn active_params(&self) -> f64 {
        let (_, active) = self.expert_params();
        self.matrix_params() + active + self.router_params() + self.vocabulary_params()
    }

    /// Bytes of all weights held in memory, tensor by tensor: which of them stay in 16 bit depends on the
    /// format (llama.cpp quantises the vocabulary, fp8 and fp4 checkpoints do not).
    pub fn weight_bytes(&self, weights: impl Into<Scheme>) -> Bytes {
        let formats = self.formats(weights.into());
        let (expert, _) = self.expert_params();
        let embeddings = if self.tied_embeddings { 1.0 } else { 2.0 } * self.vocabulary_params();
        Bytes(
            self.matrix_params() * formats.matrices.bytes_per_weight()
                + expert * formats.experts.bytes_per_weight()
                + embeddings * formats.vocabulary.bytes_per_weight()
                + (self.router_params() + self.norm_params()) * formats.side.bytes_per_weight(),
        )
    }

    /// KV-cache bytes per token with every layer keeping every token: an upper bound, and what engines reserve
    /// that page all layers alike.
    pub fn kv_bytes_per_token(&self) -> Bytes {
        Bytes(self.layers as f64 * self.kv_layer_bytes())
    }

    /// KV-cache bytes of one sequence of `context` tokens where windowed layers keep no more than their window.
    pub fn kv_bytes(&self, context: u64) -> Bytes {
        let kept: f64 =
            self.attention_spans(context).into_iter().map(|(layers, span)| layers as f64 * span as f64).sum();
        Bytes(kept * self.kv_layer_bytes())
    }

    /// Layers with experts.
    pub fn moe_layers(&self) -> u64 {
        self.moe.map_or(0, |moe| self.layers - moe.dense_layers)
    }

    /// Layers and the keys that a query sees in them, for layers without and with a window.
    fn attention_spans(&self, context: u64) -> [(u64, u64); 2] {
        match self.window {
            Some(window) => [
                (window.full_layers, context),
                (self.layers - window.full_layers, context.min(window.tokens)),
            ],
            None => [(self.layers, context), (0, context)],
        }
    }

    fn kv_layer_bytes(&self) -> f64 {
        let elements = match self.latent {
            Some(latent) => latent.kv_rank + latent.rope,
            None => 2 * self.kv_heads * self.head_dim,
        };
        elements as f64 * KV_ELEMENT_BYTES
    }

    /// Attention, dense MLPs and shared experts.
    fn matrix_params(&self) -> f64 {
        let hidden = self.hidden as f64;
        let shared = self.moe.map_or(0, |moe| moe.shared_ffn) as f64;
        let dense_layers = self.layers - self.moe_layers();
        self.layers as f64 * self.attention_params()
            + dense_layers as f64 * 3.0 * hidden * self.ffn.unwrap_or_default() as f64
            + self.moe_layers() as f64 * 3.0 * hidden * shared
    }

    fn attention_params(&self) -> f64 {
        let [hidden, heads, kv_heads, head_dim] =
            [self.hidden, self.heads, self.kv_heads, self.head_dim].map(|size| size as f64);
        let Some(latent) = self.latent else {
            return 2.0 * hidden * head_dim * (heads + kv_heads);
        };
        let [kv_rank, nope, rope, v] =
            [latent.kv_rank, latent.nope, latent.rope, latent.v].map(|size| size as f64);
        let query = match latent.q_rank {
            Some(rank) => rank as f64 * (hidden + heads * (nope + rope)),
            None => hidden * heads * (nope + rope),
        };
        query + hidden * (kv_rank + rope) + kv_rank * heads * (nope + v) + heads * v * hidden
    }

    /// All routed experts, and those that one token visits.
    fn expert_params(&self) -> (f64, f64) {
        let Some(moe) = self.moe else { return (0.0, 0.0) };
        let one = 3.0 * self.hidden as f64 * moe.expert_ffn as f64 * self.moe_layers() as f64;
        (moe.experts as f64 * one, moe.active as f64 * one)
    }

    fn router_params(&self) -> f64 {
        self.moe.map_or(0, |moe| moe.experts) as f64 * self.hidden as f64 * self.moe_layers() as f64
    }

    fn vocabulary_params(&self) -> f64 {
        self.vocab as f64 * self.hidden as f64
    }

    fn norm_params(&self) -> f64 {
        (2 * self.layers + 1) as f64 * self.hidden as f64
    }

    /// llama.cpp quantises the vocabulary too; fp8, fp4 and int4 checkpoints keep it in 16 bit, and gpt-oss
    /// publishes only its experts in mxfp4.
    fn formats(&self, scheme: Scheme) -> Formats {
        let Scheme::Plain(weights) = scheme;
        let side = match weights {
            Format::F32 | Format::Bf16 => weights,
            _ => Format::F16,
        };
        let vocabulary = match weights {
            Format::Fp8 | Format::Nvfp4 | Format::Mxfp4 | Format::Int4G128 => side,
            _ => weights,
        };
        let experts_only =
            weights == Format::Mxfp4 && self.native_weights == Some(Scheme::Plain(Format::Mxfp4));
        Formats { experts: weights, matrices: if experts_only { side } else { weights }, vocabulary, side }
    }
}

#[cfg(test)]
mod tests;
