//! `layer`: a transformer layer as an engine runs it. The kernels of its ops follow each other in one submission, each reading
//! the buffer that the one before wrote; what no kernel does has a shader of its own here. Every intermediate result is
//! kept, so that each op can be held against its reference on what it was really given: a chain of right steps is right.
//!
//! Which experts a token visits is drawn beforehand, as in `expert_gemm`: how many workgroups a dispatch has is fixed
//! before it is submitted. Router and `route` run, and the weights that they give are those of the sum.

mod build;
mod check;

use super::problem::Problem;
use super::{Capabilities, Kernel, Needs, Suite, Variant, any, no_preludes};
use crate::hash;
use crate::op::{Format, Layer, Op};
pub use check::{Check, Written, all as check_all};

/// The formats in which products take the 16-bit results of the op before them.
const FORMATS: [Format; 5] = [Format::F16, Format::Q8_0, Format::Q4_0, Format::Q4K, Format::Mxfp4];
/// Joins the variants of the ops to the name of the chain's.
pub const JOIN: &str = "+";

/// Not among [`super::ALL`]: its shapes are those of a model that the user names.
pub static KERNEL: Kernel = Kernel {
    name: "layer",
    formats: &FORMATS,
    variants: &[Variant {
        name: "chain",
        sources: &build::OWN,
        constants: &[],
        supports: any,
        needs: Needs::NONE,
    }],
    preludes: no_preludes,
    cases: |_: &Capabilities, _: Suite| Vec::new(),
    odd_shapes,
    problem: |_, _, _, _| None,
    streams: true,
};

/// Files and texts of the shaders that only layers have.
pub fn own_texts() -> impl Iterator<Item = (&'static str, String)> {
    build::OWN.iter().map(|source| (source.file, build::own_text(source)))
}

/// A layer ready to be run by `gpu`.
pub struct Chain {
    /// All buffers and dispatches. Its reference knows nothing: [`Chain::checks`] take its place.
    pub problem: Problem,
    /// The texts that the stages name.
    pub texts: Vec<String>,
    /// One per result, in order.
    pub checks: Vec<Check>,
}

/// The variants that run the ops of a layer, in order.
#[derive(Clone)]
pub struct Parts(Vec<(Op, &'static Kernel, &'static Variant)>);

impl Parts {
    /// For each op the named variant where there is one that the adapter can run, else the preferred one. `names` are
    /// empty or as many as there are ops, in order.
    ///
    /// # Errors
    /// The op that no kernel or variant runs, and why.
    pub fn new(layer: &Layer, names: &[&str], offered: &Capabilities) -> Result<Self, String> {
        if !FORMATS.contains(&layer.weights) {
            let known: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
            return Err(format!(
                "a layer with {} weights cannot run: its products would need inputs of another format than the op \
                 before them writes; known: {}",
                layer.weights,
                known.join(", ")
            ));
        }
        let part = |(index, op): (usize, Op)| {
            let kernel = Kernel::find(op.kernel()).ok_or_else(|| format!("no kernel runs {op}"))?;
            let named = names
                .get(index)
                .and_then(|name| kernel.runnable(&op, offered).find(|variant| variant.name == *name));
            let variant = named.map_or_else(|| kernel.choose(&op, offered), Ok);
            Ok((op, kernel, variant.map_err(|reason| format!("{op}: {reason}"))?))
        };
        layer.ops().into_iter().enumerate().map(part).collect::<Result<_, String>>().map(Self)
    }

    /// The parts that a name of [`Parts::name`] says.
    ///
    /// # Errors
    /// As [`Parts::new`].
    pub fn named(layer: &Layer, name: Option<&str>, offered: &Capabilities) -> Result<Self, String> {
        let names: Vec<&str> = name.map(|name| name.split(JOIN).collect()).unwrap_or_default();
        Self::new(layer, &names, offered)
    }

    /// The `variant` column: the variants of all ops in order.
    pub fn name(&self) -> String {
        self.0.iter().map(|(_, _, variant)| variant.name).collect::<Vec<_>>().join(JOIN)
    }

    /// Names all sources that run.
    pub fn shader_hash(&self) -> String {
        let hashes = self.0.iter().map(|(op, kernel, variant)| kernel.shader_hash(variant, op.format()));
        let own = build::OWN.iter().map(|source| source.text.to_owned());
        let texts: Vec<String> = hashes.chain(own).collect();
        hash::hexadecimal(hash::hash(texts.iter().map(String::as_bytes)))
    }
}

/// The chain of a layer with random weights.
///
/// # Errors
/// Why it cannot be built.
pub fn chain(layer: &Layer, parts: &Parts, offered: &Capabilities, seed: u64) -> Result<Chain, String> {
    build::chain(layer, parts, offered, seed)
}

fn odd_shapes() -> Vec<Op> {
    use crate::op::{Mlp, Pass};
    let dense = Mlp::Dense { ffn: 320 };
    let experts = Mlp::Experts { experts: 8, active: 3, ffn: 96 };
    let case = |pass, mlp, weights| {
        Op::Layer(Layer { pass, hidden: 384, heads: 6, kv_heads: 2, head_dim: 64, mlp, weights })
    };
    let passes = [
        Pass::Decode { batch: 1, context: 77 },
        Pass::Decode { batch: 3, context: 45 },
        Pass::Prefill { tokens: 19 },
    ];
    let mut shapes: Vec<Op> = passes
        .into_iter()
        .flat_map(|pass| [dense, experts].map(|mlp| (pass, mlp)))
        .flat_map(|(pass, mlp)| [Format::F16, Format::Q4_0].map(|weights| case(pass, mlp, weights)))
        .collect();
    shapes.extend([Format::Q8_0, Format::Mxfp4].map(|weights| case(passes[1], experts, weights)));
    // Super-blocks of 256 weights.
    let wide = |pass| Layer {
        pass,
        hidden: 256,
        heads: 4,
        kv_heads: 1,
        head_dim: 64,
        mlp: Mlp::Dense { ffn: 256 },
        weights: Format::Q4K,
    };
    shapes.push(Op::Layer(wide(passes[0])));
    shapes.push(case(Pass::Head { batch: 1, vocab: 1_002 }, dense, Format::Q4_0));
    shapes.push(case(Pass::Head { batch: 5, vocab: 1_002 }, dense, Format::F16));
    shapes
}
