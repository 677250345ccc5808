//! Puts the chain together: the dispatches of each op with the buffers of its neighbours in place of its own.

mod attention;
mod experts;

use half::f16;

use super::check::{Check, Composed, Written};
use super::{Chain, Parts};
use crate::kernel::problem::{
    BufferInit, Element, Problem, Stage, dot, grid, halves, nmse_max_f16, stage, window,
};
use crate::kernel::weights::Weights;
use crate::kernel::{Capabilities, Kernel, Source, Variant, data, gemm, gemv, norm, shader};
use crate::op::{Layer, Mlp, Op, Pass};

/// Invocations of the layer's own shaders.
const WORKGROUP: u64 = 64;

const ROPE: usize = 0;
const SILU_MUL: usize = 1;
const WIDEN: usize = 2;
const COMBINE: usize = 3;
/// The layer's own shaders.
pub(super) const OWN: [Source; 4] =
    [shader!("layer_rope"), shader!("layer_silu_mul"), shader!("layer_widen"), shader!("layer_combine")];

/// The whole text of one of them.
pub(super) fn own_text(source: &Source) -> String {
    format!("{}\n{}", shader!("elements_f16").text, source.text)
}

/// A matrix `[rows, width]` of halves, or part of a buffer that holds one behind another.
#[derive(Clone, Copy)]
struct Tensor {
    buffer: usize,
    /// Its first element.
    first: usize,
    rows: u64,
    width: u64,
    /// Whether the buffer holds more.
    is_part: bool,
}

/// Dispatches with buffers of their own, some of which stand for those of neighbours.
struct Piece {
    texts: Vec<String>,
    params: Vec<u32>,
    buffers: Vec<BufferInit>,
    stages: Vec<Stage>,
}

struct Builder<'a> {
    layer: &'a Layer,
    offered: &'a Capabilities,
    seed: u64,
    parts: std::slice::Iter<'a, (Op, &'static Kernel, &'static Variant)>,
    buffers: Vec<BufferInit>,
    stages: Vec<Stage>,
    texts: Vec<String>,
    checks: Vec<Check>,
    /// Matrices so far: each has a seed of its own.
    matrices: u64,
}

type Part = (Op, &'static Kernel, &'static Variant);

pub(super) fn chain(
    layer: &Layer,
    parts: &Parts,
    offered: &Capabilities,
    seed: u64,
) -> Result<Chain, String> {
    let mut builder = Builder {
        layer,
        offered,
        seed,
        parts: parts.0.iter(),
        buffers: Vec::new(),
        stages: Vec::new(),
        texts: Vec::new(),
        checks: Vec::new(),
        matrices: 0,
    };
    let output = builder.layer()?;
    let Builder { buffers, stages, texts, checks, .. } = builder;
    let problem = Problem {
        params: Vec::new(),
        buffers,
        stages,
        chain: 1,
        output,
        element: Element::F16,
        reference: Box::new(|indices| vec![f64::NAN; indices.len()]),
        nmse_max: 0.0,
        distribution: data::NORMAL_WEIGHTS,
    };
    Ok(Chain { problem, texts, checks })
}

impl Tensor {
    fn whole(buffer: usize, rows: u64, width: u64) -> Self {
        Self { buffer, first: 0, rows, width, is_part: false }
    }

    /// First byte and length in the buffer; `None` for all of it.
    fn range(&self) -> Option<(u64, u64)> {
        self.is_part.then_some((2 * self.first as u64, 2 * self.rows * self.width))
    }

    fn row<'w>(&self, written: &'w Written, row: usize) -> &'w [f16] {
        let width = self.width as usize;
        window(written.halves(self.buffer), self.first + row * width, width)
    }

    fn at(&self, written: &Written, index: usize) -> Option<f64> {
        written.halves(self.buffer).get(self.first + index).map(|half| half.to_f64())
    }

    /// A piece's own stand-in for it.
    fn stand_in(&self) -> BufferInit {
        BufferInit::Scratch(2 * self.rows * self.width)
    }
}

/// A reference that knows each element from what the device holds.
fn by_element(value: impl Fn(&Written, usize) -> Option<f64> + 'static) -> Composed {
    // Shared by all that are made of it.
    let value = std::rc::Rc::new(value);
    Box::new(move |written| {
        let value = std::rc::Rc::clone(&value);
        Box::new(move |indices| {
            indices.iter().map(|index| value(written, *index).unwrap_or(f64::NAN)).collect()
        })
    })
}

impl From<(Problem, Vec<String>)> for Piece {
    fn from((problem, texts): (Problem, Vec<String>)) -> Self {
        let Problem { params, buffers, stages, .. } = problem;
        Self { texts, params, buffers, stages }
    }
}

impl Builder<'_> {
    fn layer(&mut self) -> Result<usize, String> {
        let Layer { pass, hidden, heads, kv_heads, head_dim, mlp, .. } = *self.layer;
        let rows = self.layer.rows();
        let (input, _) = halves(self.seed, 100, rows * hidden, 1.0);
        let x = Tensor::whole(self.add_buffer(input), rows, hidden);
        let normed = self.norm(x, None)?;
        if let Pass::Head { vocab, .. } = pass {
            return Ok(self.matmul(normed, vocab)?.buffer);
        }
        let qkv = self.matmul(normed, (heads + 2 * kv_heads) * head_dim)?;
        let attended = self.attention(qkv)?;
        let projected = self.matmul(attended, hidden)?;
        let normed = self.norm(projected, Some(x))?;
        let sum = Tensor { first: 0, ..normed };
        match mlp {
            Mlp::Dense { ffn } => {
                let gates_and_ups = self.matmul(normed, 2 * ffn)?;
                let activated = self.silu_mul(gates_and_ups)?;
                let down = self.matmul(activated, hidden)?;
                self.add(down, sum)
            }
            Mlp::Experts { experts, .. } => {
                let logits = self.matmul(normed, experts)?;
                let chosen = self.route(logits)?;
                let gates_and_ups = self.expert_matmul(normed)?;
                let activated = self.silu_mul(gates_and_ups)?;
                let down = self.expert_matmul(activated)?;
                self.combine(down, chosen, sum)
            }
        }
    }

    fn part(&mut self) -> Result<Part, String> {
        self.parts.next().copied().ok_or_else(|| "a layer has more ops than parts".into())
    }

    fn add_buffer(&mut self, buffer: BufferInit) -> usize {
        self.buffers.push(buffer);
        self.buffers.len() - 1
    }

    /// Adds dispatches. `given` names the tensors that take the place of the piece's first buffers, where they do; the
    /// others become buffers of the chain. Gives the place of each.
    fn splice(&mut self, piece: Piece, given: &[Option<Tensor>]) -> Vec<usize> {
        let mut places = Vec::new();
        for (index, buffer) in piece.buffers.into_iter().enumerate() {
            let place = match given.get(index).copied().flatten() {
                Some(tensor) => tensor.buffer,
                None => self.add_buffer(buffer),
            };
            places.push(place);
        }
        let first_text = self.texts.len();
        self.texts.extend(piece.texts);
        for mut stage in piece.stages {
            stage.shader += first_text;
            if stage.params.is_empty() {
                stage.params.clone_from(&piece.params);
            }
            for binding in &mut stage.bindings {
                let range = given.get(binding.buffer).copied().flatten().and_then(|tensor| tensor.range());
                binding.range = match (range, binding.range) {
                    (Some((start, _)), Some((inner, length))) => Some((start + inner, length)),
                    (outer, inner) => inner.or(outer),
                };
                if let Some(place) = places.get(binding.buffer) {
                    binding.buffer = *place;
                }
            }
            self.stages.push(stage);
        }
        places
    }

    /// The dispatches of a kernel that has no weights.
    fn piece(&self, (op, kernel, variant): Part) -> Result<Piece, String> {
        let problem = (kernel.problem)(&op, variant, self.offered, self.seed)
            .ok_or_else(|| format!("internal error (please report): {} cannot build {op}", kernel.name))?;
        Ok((problem, kernel.texts(variant, op.format())).into())
    }

    /// Dispatches of one of the layer's own shaders over so many vectors of four; the number of workgroups along x is the
    /// last parameter.
    fn own(which: usize, mut params: Vec<u32>, vectors: u64, buffers: Vec<BufferInit>) -> Piece {
        let workgroups = grid(vectors.div_ceil(WORKGROUP));
        params.push(workgroups[0]);
        let texts = OWN.get(which).map(own_text).into_iter().collect();
        Piece { texts, params, stages: vec![stage(buffers.len(), workgroups)], buffers }
    }

    fn check(
        &mut self,
        what: impl Into<String>,
        (buffer, len, nmse_max): (usize, u64, f64),
        inputs: &[usize],
        reference: Composed,
    ) -> &mut Check {
        self.checks.push(Check {
            what: what.into(),
            buffer,
            inputs: inputs.to_vec(),
            element: Element::F16,
            len: len as usize,
            place: Box::new(|index| index),
            nmse_max,
            reference,
        });
        let last = self.checks.len() - 1;
        // Just pushed.
        #[allow(clippy::indexing_slicing, reason = "the last of a list that is not empty")]
        &mut self.checks[last]
    }

    /// The norm of x, or of x + residual: then sums come first in its buffer.
    fn norm(&mut self, x: Tensor, residual: Option<Tensor>) -> Result<Tensor, String> {
        let part = self.part()?;
        let piece = self.piece(part)?;
        let places = self.splice(piece, &[Some(x), None, None, residual]);
        let [_, scale, output, ..] = *places else { return Err("a norm has three buffers".into()) };
        let count = x.rows * x.width;
        let (kept, width) = (if residual.is_some() { count as usize } else { 0 }, x.width as usize);
        let value = move |written: &Written, index: usize| {
            let other = residual.map_or(Some(0.0), |residual| residual.at(written, index));
            Some(x.at(written, index)? + other?)
        };
        let reference = by_element(move |written, index| {
            let Some(at) = index.checked_sub(kept) else { return value(written, index) };
            let row = at / width * width;
            let squares: Option<f64> =
                (row..row + width).map(|at| value(written, at).map(|it| it * it)).sum();
            let factor = 1.0 / (squares? / width as f64 + norm::EPSILON).sqrt();
            let scale = written.halves(scale).get(at % width)?.to_f64();
            Some(value(written, at)? * factor * scale)
        });
        let read: Vec<usize> = [x.buffer, scale].into_iter().chain(residual.map(|it| it.buffer)).collect();
        self.check(part.0.kernel(), (output, count + kept as u64, nmse_max_f16(x.width)), &read, reference);
        Ok(Tensor { buffer: output, first: kept, is_part: kept > 0, ..x })
    }

    /// A random matrix with a seed of its own.
    fn matrix(&mut self, weights: crate::op::Format, rows: u64, inputs: u64) -> Result<Weights, String> {
        self.matrices += 1;
        let seed = self.seed.wrapping_add(self.matrices << 32);
        Weights::random(weights, rows, inputs, seed)
            .ok_or_else(|| format!("{inputs} inputs are no whole number of {weights} blocks"))
    }

    fn matmul(&mut self, x: Tensor, outputs: u64) -> Result<Tensor, String> {
        let (op, kernel, variant) = self.part()?;
        let Op::Matmul { tokens, inputs, weights, .. } = op else {
            return Err(format!("{op} is no product"));
        };
        let matrix = self.matrix(weights, outputs, inputs)?;
        let (w, scales) = matrix.buffers();
        let by_row = 1..3 + scales.iter().len();
        let y = BufferInit::Output(2 * tokens * outputs);
        let buffers: Vec<_> = [x.stand_in(), w, y].into_iter().chain(scales).collect();
        let (stages, nmse_max) = match tokens {
            1 => (gemv::stages(&op, variant, self.offered, &buffers, by_row), Some(nmse_max_f16(inputs))),
            _ => (gemm::stages(&op, variant, self.offered, &buffers), gemm::nmse_max(&op, variant)),
        };
        let (Some(stages), Some(nmse_max)) = (stages, nmse_max) else {
            return Err(format!("internal error (please report): {} cannot build {op}", kernel.name));
        };
        let texts = kernel.texts(variant, weights);
        let piece = Piece { texts, params: Vec::new(), buffers, stages };
        let places = self.splice(piece, &[Some(x)]);
        let output = *places.get(2).ok_or("a product has three buffers")?;
        let reference = by_element(move |written, index| {
            let index = index as u64;
            Some(product(x.row(written, (index / outputs) as usize), &matrix, (index % outputs) as usize))
        });
        self.check(op.to_string(), (output, tokens * outputs, nmse_max), &[x.buffer], reference);
        Ok(Tensor::whole(output, tokens, outputs))
    }

    /// Of a row of gates and ups.
    fn silu_mul(&mut self, gates_and_ups: Tensor) -> Result<Tensor, String> {
        let (op, ..) = self.part()?;
        let (rows, width) = (gates_and_ups.rows, gates_and_ups.width / 2);
        let vectors = rows * width / 4;
        let params = vec![vectors as u32, (width / 4) as u32];
        let buffers = vec![gates_and_ups.stand_in(), BufferInit::Output(2 * rows * width)];
        let piece = Self::own(SILU_MUL, params, vectors, buffers);
        let places = self.splice(piece, &[Some(gates_and_ups)]);
        let output = *places.get(1).ok_or("an activation has two buffers")?;
        let reference = by_element(move |written, index| {
            let (row, at) = (index / width as usize, index % width as usize);
            let first = row * 2 * width as usize + at;
            let gate = gates_and_ups.at(written, first)?;
            Some(gate / (1.0 + (-gate).exp()) * gates_and_ups.at(written, first + width as usize)?)
        });
        self.check(op.kernel(), (output, rows * width, nmse_max_f16(8)), &[gates_and_ups.buffer], reference);
        Ok(Tensor::whole(output, rows, width))
    }

    /// The end of a dense layer.
    fn add(&mut self, x: Tensor, residual: Tensor) -> Result<usize, String> {
        let part = self.part()?;
        let piece = self.piece(part)?;
        let places = self.splice(piece, &[Some(x), Some(residual)]);
        let output = *places.get(2).ok_or("a sum has three buffers")?;
        let reference =
            by_element(move |written, index| Some(x.at(written, index)? + residual.at(written, index)?));
        let read = [x.buffer, residual.buffer];
        self.check(part.0.kernel(), (output, x.rows * x.width, nmse_max_f16(1)), &read, reference);
        Ok(output)
    }
}

/// A row of x times a row of the matrix.
fn product(x: &[f16], matrix: &Weights, row: usize) -> f64 {
    let x: Vec<f32> = x.iter().map(|half| half.to_f32()).collect();
    dot(&x, &matrix.row(row))
}
