//! What a layer is made of, and layers that are alike.

/// One layer: what mixes the tokens, a multi-layer perceptron, or both. Widths are in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// What moves information between tokens; `None` in hybrids whose layers are an MLP alone.
    pub mixer: Option<Mixer>,
    /// What works on each token alone; `None` in hybrids whose layers are a mixer alone.
    pub mlp: Option<Mlp>,
    /// Normalisations, each with one weight per element of the residual stream.
    pub norms: u64,
}

/// What moves information between tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixer {
    /// Multi-head and grouped-query attention.
    Grouped(Grouped),
    /// Multi-head latent attention.
    Latent(Latent),
    /// A recurrence with a state of constant size in place of a cache.
    Recurrent(Recurrent),
}

/// Attention with a cache of keys and values; multi-head where there are as many of both as of queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouped {
    /// Query heads.
    pub heads: u64,
    /// Key and value heads; divides `heads`.
    pub kv_heads: u64,
    /// Width of a head.
    pub head_dim: u64,
    /// Most keys a query sees; `None` where it sees all. Chunked attention sees at most its chunk.
    pub window: Option<u64>,
    /// Whether a gate as wide as the queries is computed beside them (Qwen3-Next).
    pub output_gate: bool,
}

/// Multi-head latent attention (DeepSeek-V2, 2024): one compressed vector per token is cached for all heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latent {
    /// Query heads.
    pub heads: u64,
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

/// A linear recurrence: each value head keeps a matrix of `key_dim × value_dim`, and a short convolution keeps its
/// last inputs. In the words of Mamba-2 a key head is a group and `key_dim` the size of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recurrent {
    /// Which recurrence.
    pub rule: Rule,
    /// Heads of queries and keys; divides `value_heads`.
    pub key_heads: u64,
    /// Width of a key.
    pub key_dim: u64,
    /// Heads of values.
    pub value_heads: u64,
    /// Width of a value.
    pub value_dim: u64,
    /// Tokens under the convolution.
    pub conv: u64,
}

crate::named::named!(Rule {
    GatedDeltaNet = "gated-deltanet",
    Mamba2 = "mamba-2",
});

/// How the state of a [`Recurrent`] layer is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Gated delta rule (Yang et al., 2024): a gate and a learning rate per value head.
    GatedDeltaNet,
    /// Mamba-2 (Dao and Gu, 2024): a step size per value head.
    Mamba2,
}

/// What works on each token alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mlp {
    /// One MLP for all tokens.
    Dense {
        /// Its width.
        width: u64,
        /// Whether a gate is computed beside the width: three matrices in place of two.
        gated: bool,
    },
    /// A mixture of experts.
    Experts(Moe),
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
    /// Whether the experts have a gate.
    pub gated: bool,
}

/// Where a layer stands: rules of mixed formats count layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number among the layers with attention, from 0.
    pub attention: u64,
    /// Its number among the layers with an MLP, from 0.
    pub mlp: u64,
}

/// Layers that are alike.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub block: Block,
    pub places: Vec<Place>,
}

/// The layers of a model, those that are alike together: a step then has one op for all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    groups: Vec<Group>,
    attention: u64,
    mlps: u64,
}

impl Mixer {
    /// Whether every token of a sequence is cached, all of them or a window.
    pub(super) fn attends(&self) -> bool {
        !matches!(self, Self::Recurrent(_))
    }

    /// Elements of the cache per token kept.
    pub(super) fn kv_elements(&self) -> u64 {
        match self {
            Self::Grouped(it) => 2 * it.kv_heads * it.head_dim,
            Self::Latent(it) => it.kv_rank + it.rope,
            Self::Recurrent(_) => 0,
        }
    }

    /// Keys that a query sees of `context`.
    pub(super) fn span(&self, context: u64) -> u64 {
        match self {
            Self::Grouped(Grouped { window: Some(window), .. }) => context.min(*window),
            Self::Grouped(_) | Self::Latent(_) => context,
            Self::Recurrent(_) => 0,
        }
    }
}

impl Recurrent {
    /// Channels of the convolution: queries, keys and values.
    pub(super) fn channels(&self) -> u64 {
        2 * self.key_heads * self.key_dim + self.inner()
    }

    /// Width of the values of all heads.
    pub(super) fn inner(&self) -> u64 {
        self.value_heads * self.value_dim
    }

    /// Elements of the matrices that the heads keep.
    pub(super) fn state_elements(&self) -> u64 {
        self.key_dim * self.inner()
    }
}

impl Stack {
    /// The layers from first to last.
    pub fn new(blocks: impl IntoIterator<Item = Block>) -> Self {
        let mut stack = Self { groups: Vec::new(), attention: 0, mlps: 0 };
        for block in blocks {
            let place = Place { attention: stack.attention, mlp: stack.mlps };
            stack.attention += u64::from(block.mixer.is_some_and(|mixer| mixer.attends()));
            stack.mlps += u64::from(block.mlp.is_some());
            match stack.groups.iter_mut().find(|group| group.block == block) {
                Some(group) => group.places.push(place),
                None => stack.groups.push(Group { block, places: vec![place] }),
            }
        }
        stack
    }

    /// The different layers, each with how many there are of it; in the order of their first.
    pub fn blocks(&self) -> impl Iterator<Item = (&Block, u64)> {
        self.groups.iter().map(|group| (&group.block, group.places.len() as u64))
    }

    /// How many layers there are with this property.
    pub fn count(&self, wanted: impl Fn(&Block) -> bool) -> u64 {
        self.blocks().filter(|(block, _)| wanted(block)).map(|(_, times)| times).sum()
    }

    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Layers with attention.
    pub(super) fn attention(&self) -> u64 {
        self.attention
    }

    /// Layers with an MLP.
    pub(super) fn mlps(&self) -> u64 {
        self.mlps
    }
}
