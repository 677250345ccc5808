//! One transformer layer, or the output matrix behind the last one, as a single piece of work: the ops that run back to
//! back, each reading what the one before wrote.

use super::{Format, Op};

/// A layer with grouped-query attention and a gated MLP or a mixture of experts. Widths are in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// Which step runs.
    pub pass: Pass,
    /// Width of the residual stream.
    pub hidden: u64,
    /// Query heads.
    pub heads: u64,
    /// Key and value heads.
    pub kv_heads: u64,
    /// Elements per head.
    pub head_dim: u64,
    /// What follows attention.
    pub mlp: Mlp,
    /// How the matrices are stored; a router is `f16`.
    pub weights: Format,
}

/// A step through a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    /// One new token for each of `batch` sequences, which then hold `context` keys each.
    Decode {
        /// Sequences.
        batch: u64,
        /// Keys per sequence, the new one included.
        context: u64,
    },
    /// A whole prompt.
    Prefill {
        /// Its tokens.
        tokens: u64,
    },
    /// The last norm and the output matrix, for one token each of `batch` sequences.
    Head {
        /// Sequences.
        batch: u64,
        /// Rows of the matrix.
        vocab: u64,
    },
}

/// What follows attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mlp {
    /// One gated MLP.
    Dense {
        /// Its width.
        ffn: u64,
    },
    /// A router and gated MLPs of which every token visits some.
    Experts {
        /// MLPs held.
        experts: u64,
        /// Visited per token.
        active: u64,
        /// Width of each.
        ffn: u64,
    },
}

impl Layer {
    /// The kernels that run, in order. Beside these a chain runs what has no kernel of its own: the copy of new keys
    /// and values into the cache (in the same pass as `rope`), routing weights from 16 to 32 bit, and the weighted sum
    /// of experts together with the second residual add.
    pub fn ops(&self) -> Vec<Op> {
        let Self { hidden, heads, kv_heads, head_dim, weights, .. } = *self;
        let rows = self.rows();
        let matmul = |outputs, inputs, weights| Op::Matmul { tokens: rows, outputs, inputs, weights };
        let norm = Op::RmsNorm { rows, width: hidden };
        let attention = match self.pass {
            Pass::Head { vocab, .. } => return vec![norm, matmul(vocab, hidden, weights)],
            Pass::Decode { batch, context } => {
                let kv = Format::F16;
                Op::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv, page: None }
            }
            Pass::Prefill { tokens } => {
                let (qk_dim, v_dim, window) = (head_dim, head_dim, tokens);
                Op::AttentionPrefill { tokens, heads, kv_heads, qk_dim, v_dim, window }
            }
        };
        let mut ops = vec![
            norm,
            matmul((heads + 2 * kv_heads) * head_dim, hidden, weights),
            Op::Rope { rows, heads: heads + kv_heads, head_dim },
            attention,
            matmul(hidden, heads * head_dim, weights),
            Op::AddRmsNorm { rows, width: hidden },
        ];
        match self.mlp {
            Mlp::Dense { ffn } => ops.extend([
                matmul(2 * ffn, hidden, weights),
                Op::SiluMul { rows, width: ffn },
                matmul(hidden, ffn, weights),
                Op::Add { rows, width: hidden },
            ]),
            Mlp::Experts { experts, active, ffn } => {
                let tokens = rows;
                let product =
                    |outputs, inputs| Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights };
                ops.extend([
                    matmul(experts, hidden, Format::F16),
                    Op::Route { tokens, experts, active },
                    product(2 * ffn, hidden),
                    Op::SiluMul { rows: rows * active, width: ffn },
                    product(hidden, ffn),
                ]);
            }
        }
        ops
    }

    /// The ops that the list of a model's step counts for this layer: a residual add fused with a norm counts as that
    /// norm, and the second one and the choice of experts are left out.
    pub fn counted_ops(&self) -> Vec<Op> {
        let counted = |op: Op| match op {
            Op::AddRmsNorm { rows, width } => Some(Op::RmsNorm { rows, width }),
            Op::Add { .. } | Op::Route { .. } => None,
            op => Some(op),
        };
        self.ops().into_iter().filter_map(counted).collect()
    }

    /// Tokens that go through it.
    pub fn rows(&self) -> u64 {
        match self.pass {
            Pass::Decode { batch, .. } | Pass::Head { batch, .. } => batch,
            Pass::Prefill { tokens } => tokens,
        }
    }

    /// The same with widths and counts of heads divided by `scale`; heads keep their width, experts their number.
    /// `None` where something does not divide.
    pub fn scaled(self, scale: u64) -> Option<Self> {
        let divided = |size: u64| size.is_multiple_of(scale).then(|| size / scale);
        let pass = match self.pass {
            Pass::Head { batch, vocab } => Pass::Head { batch, vocab: divided(vocab)? },
            pass => pass,
        };
        let mlp = match self.mlp {
            Mlp::Dense { ffn } => Mlp::Dense { ffn: divided(ffn)? },
            Mlp::Experts { experts, active, ffn } => Mlp::Experts { experts, active, ffn: divided(ffn)? },
        };
        let [hidden, heads, kv_heads] = [self.hidden, self.heads, self.kv_heads].map(divided);
        Some(Self { pass, hidden: hidden?, heads: heads?, kv_heads: kv_heads?, mlp, ..self })
    }

    pub(super) fn sizes(&self) -> Vec<(&'static str, u64)> {
        let mut sizes = match self.pass {
            Pass::Decode { batch, context } => vec![("batch", batch), ("context", context)],
            Pass::Prefill { tokens } => vec![("tokens", tokens)],
            Pass::Head { batch, vocab } => vec![("batch", batch), ("vocab", vocab)],
        };
        let Self { hidden, heads, kv_heads, head_dim, .. } = *self;
        let widths = [("hidden", hidden), ("heads", heads), ("kv_heads", kv_heads), ("head_dim", head_dim)];
        sizes.extend(widths);
        match self.mlp {
            Mlp::Dense { ffn } => sizes.push(("ffn", ffn)),
            Mlp::Experts { experts, active, ffn } => {
                sizes.extend([("experts", experts), ("active", active), ("expert_ffn", ffn)]);
            }
        }
        sizes
    }

    pub(super) fn parse(
        weights: Format,
        mut take: impl FnMut(&str) -> Result<u64, String>,
    ) -> Result<Self, String> {
        let pass = match (take("tokens"), take("vocab")) {
            (Ok(tokens), _) => Pass::Prefill { tokens },
            (_, Ok(vocab)) => Pass::Head { batch: take("batch")?, vocab },
            _ => Pass::Decode { batch: take("batch")?, context: take("context")? },
        };
        let mlp = match take("ffn") {
            Ok(ffn) => Mlp::Dense { ffn },
            Err(_) => {
                let [experts, active, ffn] = ["experts", "active", "expert_ffn"].map(&mut take);
                Mlp::Experts { experts: experts?, active: active?, ffn: ffn? }
            }
        };
        let [hidden, heads, kv_heads, head_dim] = ["hidden", "heads", "kv_heads", "head_dim"].map(take);
        Ok(Self {
            pass,
            hidden: hidden?,
            heads: heads?,
            kv_heads: kv_heads?,
            head_dim: head_dim?,
            mlp,
            weights,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENSE: Layer = Layer {
        pass: Pass::Decode { batch: 8, context: 1_000 },
        hidden: 4_096,
        heads: 32,
        kv_heads: 8,
        head_dim: 128,
        mlp: Mlp::Dense { ffn: 14_336 },
        weights: Format::Q4_0,
    };
    const EXPERTS: Mlp = Mlp::Experts { experts: 128, active: 8, ffn: 768 };

    #[test]
    fn every_layer_reads_back_from_its_shape() {
        let passes = [DENSE.pass, Pass::Prefill { tokens: 128 }, Pass::Head { batch: 1, vocab: 128_256 }];
        for (pass, mlp) in passes.iter().flat_map(|pass| [DENSE.mlp, EXPERTS].map(|mlp| (*pass, mlp))) {
            let op = Op::Layer(Layer { pass, mlp, ..DENSE });
            assert_eq!(Op::parse("layer", "q4_0", &op.shape()), Ok(op), "{op}");
        }
    }

    #[test]
    fn work_is_that_of_the_ops() {
        let op = Op::Layer(DENSE);
        let sum: f64 = DENSE.ops().iter().map(|op| op.flops().0).sum();
        assert_eq!(op.flops().0, sum);
        // Two FLOP per weight and token are nearly all of it.
        let weights = 4_096.0 * (6_144.0 + 4_096.0 + 3.0 * 14_336.0);
        assert!((sum / (16.0 * weights) - 1.0).abs() < 0.05, "{sum}");
    }

    #[test]
    fn a_scaled_layer_keeps_what_a_head_is_and_says_when_it_cannot() {
        let half = DENSE.scaled(2).expect("divides");
        assert_eq!((half.hidden, half.heads, half.kv_heads, half.head_dim), (2_048, 16, 4, 128));
        assert_eq!(half.mlp, Mlp::Dense { ffn: 7_168 });
        assert_eq!(DENSE.scaled(16), None, "8 KV heads");
    }
}
