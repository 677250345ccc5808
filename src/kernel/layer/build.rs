//! Puts the chain together: the dispatches of each op with the buffers of its neighbours in place of its own.

use half::f16;

use super::check::{Check, Composed, Written};
use super::{Chain, Parts};
use crate::kernel::attention::{Attention, Lookup, widen};
use crate::kernel::expert_gemm::{self, Grouped};
use crate::kernel::problem::{
    BufferInit, Element, Problem, Stage, dot, grid, halves, nmse_max_exponentials, nmse_max_f16, stage,
    window,
};
use crate::kernel::weights::Weights;
use crate::kernel::{Capabilities, Kernel, Source, Variant, data, gemm, gemv, norm, rope, route, shader};
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

    /// Rotary embedding with the copy into the cache, and attention.
    fn attention(&mut self, qkv: Tensor) -> Result<Tensor, String> {
        let rotated = self.part()?;
        let part = self.part()?;
        let Layer { pass, heads, kv_heads, head_dim, .. } = *self.layer;
        let (rows, context) = match pass {
            Pass::Decode { batch, context } => (batch, context),
            Pass::Prefill { tokens } => (tokens, tokens),
            Pass::Head { .. } => return Err("no attention behind the last layer".into()),
        };
        let is_decode = matches!(pass, Pass::Decode { .. });
        let mut piece = self.piece(part)?;
        // The buffers of both kernels: queries; parts or none; the result; keys and values.
        let [own_q, own_output, own_keys, own_values] = if is_decode { [0, 2, 3, 4] } else { [0, 3, 1, 2] };
        if is_decode && piece.stages.len() > 2 {
            let limit = self.offered.binding_bytes as f64 / 1048576.0;
            return Err(format!(
                "a KV cache of {batch_context} does not fit a binding of {limit:.0} MiB",
                batch_context = format_args!("{rows} x {context} tokens")
            ));
        }
        let width = kv_heads * head_dim;
        if !is_decode {
            for own in [own_keys, own_values] {
                if let Some(buffer) = piece.buffers.get_mut(own) {
                    *buffer = BufferInit::Output(2 * rows * width);
                }
            }
        }
        if let Some(buffer) = piece.buffers.get_mut(own_q) {
            *buffer = BufferInit::Output(2 * rows * heads * head_dim);
        }
        let attention_stages = std::mem::take(&mut piece.stages);
        let (texts, params) = (std::mem::take(&mut piece.texts), std::mem::take(&mut piece.params));
        let places = self.splice(piece, &[]);
        let place = |own: usize| places.get(own).copied().unwrap_or_default();
        let [q, output, keys, values] = [own_q, own_output, own_keys, own_values].map(place);
        self.rope(rotated.0, qkv, [q, keys, values], is_decode.then_some(context))?;
        // Behind the rotation in the order of the dispatches.
        let tensors: Vec<_> = places.iter().map(|place| Some(Tensor::whole(*place, 0, 0))).collect();
        let buffers = places.iter().map(|_| BufferInit::Scratch(0)).collect();
        self.splice(Piece { texts, params, buffers, stages: attention_stages }, &tensors);
        let scale = f64::from((head_dim as f32).sqrt().recip());
        let reference: Composed = Box::new(move |written| {
            let lookup = |buffer: usize| -> Lookup {
                let halves = written.halves(buffer).to_vec();
                Box::new(move |query, key, kv_head, floats| {
                    let sequence = if is_decode { query * context as usize } else { 0 };
                    let at = ((sequence + key) * kv_heads as usize + kv_head) * head_dim as usize;
                    widen(&halves, at, floats);
                })
            };
            let (qk_dim, v_dim) = (head_dim, head_dim);
            let (key, value) = (lookup(keys), lookup(values));
            let q = written.halves(q).to_vec();
            let attention = Attention { q, heads, kv_heads, qk_dim, v_dim, scale, key, value };
            Box::new(move |indices| {
                attention.outputs(indices, |query| (0, if is_decode { context as usize } else { query + 1 }))
            })
        });
        let len = rows * heads * head_dim;
        let nmse_max = nmse_max_f16(context + head_dim);
        self.check(part.0.to_string(), (output, len, nmse_max), &[q, keys, values], reference);
        Ok(Tensor::whole(output, rows, heads * head_dim))
    }

    /// In decode, new keys and values go behind those of `context - 1` tokens; in prefill the cache begins with them.
    fn rope(
        &mut self,
        op: Op,
        qkv: Tensor,
        [q, keys, values]: [usize; 3],
        context: Option<u64>,
    ) -> Result<(), String> {
        let Layer { heads, kv_heads, head_dim, .. } = *self.layer;
        let rows = qkv.rows;
        let position = move |row: u64| context.map_or(row, |context| context - 1) as usize;
        let table = rope::angles((0..rows).map(position), head_dim as usize / 2);
        let (stride, first) = context.map_or((1, 0), |context| (context, context - 1));
        let params = [rows, heads, kv_heads, head_dim, stride, first].map(|size| size as u32).to_vec();
        let buffers = std::iter::once(qkv.stand_in())
            .chain([BufferInit::input(&table)])
            .chain((0..3).map(|_| BufferInit::Scratch(0)));
        // An invocation turns eight elements.
        let piece = Self::own(ROPE, params, qkv.rows * qkv.width / 8, buffers.collect());
        let whole = |buffer: usize| Some(Tensor::whole(buffer, 0, 0));
        self.splice(piece, &[Some(qkv), None, whole(q), whole(keys), whole(values)]);
        let half = head_dim as usize / 2;
        let dim = head_dim as usize;
        // Element `at` of head `head` of a row of the fused product, turned by the angles of its row.
        let turned = move |written: &Written, row: usize, head: usize, at: usize| {
            let from = row * qkv.width as usize + head * dim;
            let pair = at % half;
            let (a, b) = (qkv.at(written, from + pair)?, qkv.at(written, from + pair + half)?);
            let [cosine, sine] = table.get(row * half + pair)?.map(f64::from);
            Some(if at < half { a * cosine - b * sine } else { b * cosine + a * sine })
        };
        let turned = std::rc::Rc::new(turned);
        let in_row = |count: u64| (count as usize, count as usize * dim);
        let split =
            move |index: usize, (_, width): (usize, usize)| (index / width, index % width / dim, index % dim);
        let (of_queries, of_keys) = (in_row(heads), in_row(kv_heads));
        let queries = {
            let turned = std::rc::Rc::clone(&turned);
            by_element(move |written, index| {
                let (row, head, at) = split(index, of_queries);
                turned(written, row, head, at)
            })
        };
        let new_keys = by_element(move |written, index| {
            let (row, head, at) = split(index, of_keys);
            turned(written, row, heads as usize + head, at)
        });
        let new_values = by_element(move |written, index| {
            let (row, head, at) = split(index, of_keys);
            qkv.at(written, row * qkv.width as usize + (heads as usize + kv_heads as usize + head) * dim + at)
        });
        let cached = move |index: usize| {
            let (row, rest) = (index / of_keys.1, index % of_keys.1);
            (row * stride as usize + first as usize) * of_keys.1 + rest
        };
        let nmse_max = nmse_max_f16(2);
        let what = op.kernel();
        self.check(what, (q, rows * heads * head_dim, nmse_max), &[qkv.buffer], queries);
        let len = rows * kv_heads * head_dim;
        self.check("new keys", (keys, len, nmse_max), &[qkv.buffer], new_keys).place = Box::new(cached);
        self.check("new values", (values, len, nmse_max), &[qkv.buffer], new_values).place = Box::new(cached);
        Ok(())
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

    /// The experts of each token and their weights, from logits in 16 bit.
    fn route(&mut self, logits: Tensor) -> Result<usize, String> {
        let part = self.part()?;
        let Op::Route { tokens, experts, active } = part.0 else { return Err("no routing".into()) };
        let vectors = tokens * experts / 4;
        if !(tokens * experts).is_multiple_of(4) {
            return Err(format!("{tokens} x {experts} logits are no whole number of vectors"));
        }
        let buffers = vec![logits.stand_in(), BufferInit::Output(4 * tokens * experts)];
        let piece = Self::own(WIDEN, vec![vectors as u32], vectors, buffers);
        let places = self.splice(piece, &[Some(logits)]);
        let wide = *places.get(1).ok_or("routing has two buffers")?;
        let reference = by_element(move |written, index| logits.at(written, index));
        let check = self.check("widen", (wide, tokens * experts, 1e-12), &[logits.buffer], reference);
        check.element = Element::F32;
        let piece = self.piece(part)?;
        let places = self.splice(piece, &[Some(Tensor::whole(wide, tokens, experts))]);
        let chosen = *places.get(1).ok_or("routing has two buffers")?;
        let (experts, choices) = (experts as usize, active as usize);
        let reference = by_element(move |written, index| {
            let token = index / (2 * choices);
            let logits = window(written.floats(wide), token * experts, experts);
            route::choices(logits, choices).get(index / 2 % choices)?.get(index % 2).copied()
        });
        let nmse_max = nmse_max_exponentials(active);
        let check = self.check(part.0.kernel(), (chosen, 2 * tokens * active, nmse_max), &[wide], reference);
        check.element = Element::Choice;
        Ok(chosen)
    }

    /// A product of which every token visits some matrices: its row of x for all of them, or one row for each.
    fn expert_matmul(&mut self, x: Tensor) -> Result<Tensor, String> {
        let (op, kernel, variant) = self.part()?;
        let Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } = op else {
            return Err(format!("{op} is no product of experts"));
        };
        let matrix = self.matrix(weights, experts * outputs, inputs)?;
        let (w, scales) = matrix.buffers();
        let rows_per_token = x.rows / tokens;
        let Grouped { visited, offsets, pairs, params, stage } =
            expert_gemm::grouped(&op, variant, self.seed, scales.is_some(), rows_per_token).ok_or_else(
                || format!("internal error (please report): {} cannot build {op}", kernel.name),
            )?;
        let y = BufferInit::Output(2 * tokens * active * outputs);
        let mut buffers = vec![x.stand_in(), w, y, offsets, pairs];
        buffers.extend(scales);
        let texts = kernel.texts(variant, weights);
        let places = self.splice(Piece { texts, params, buffers, stages: vec![stage] }, &[Some(x)]);
        let output = *places.get(2).ok_or("a product has three buffers")?;
        let choices = (active / rows_per_token) as usize;
        let reference = by_element(move |written, index| {
            let (pair, at) = (index / outputs as usize, index % outputs as usize);
            let expert = *visited.get(pair)? as usize;
            Some(product(x.row(written, pair / choices), &matrix, expert * outputs as usize + at))
        });
        let of = (output, tokens * active * outputs, nmse_max_f16(inputs));
        self.check(op.to_string(), of, &[x.buffer], reference);
        Ok(Tensor::whole(output, tokens * active, outputs))
    }

    /// The end of a routed layer.
    fn combine(&mut self, x: Tensor, chosen: usize, residual: Tensor) -> Result<usize, String> {
        let (rows, width) = (residual.rows, residual.width);
        let choices = x.rows / rows;
        let vectors = rows * width / 4;
        let params = [vectors, width / 4, choices].map(|size| size as u32).to_vec();
        let output = BufferInit::Output(2 * rows * width);
        let buffers = vec![x.stand_in(), BufferInit::Scratch(0), residual.stand_in(), output];
        let piece = Self::own(COMBINE, params, vectors, buffers);
        let weights = Tensor::whole(chosen, 0, 0);
        let places = self.splice(piece, &[Some(x), Some(weights), Some(residual)]);
        let output = *places.get(3).ok_or("a weighted sum has four buffers")?;
        let (width, choices) = (width as usize, choices as usize);
        let reference = by_element(move |written, index| {
            let (token, column) = (index / width, index % width);
            (0..choices).try_fold(residual.at(written, index)?, |sum, choice| {
                let pair = token * choices + choice;
                let weight = written.floats(chosen).get(2 * pair + 1)?;
                Some(sum + f64::from(*weight) * x.at(written, pair * width + column)?)
            })
        });
        let read = [x.buffer, chosen, residual.buffer];
        self.check(
            "weighted sum",
            (output, residual.rows * residual.width, nmse_max_f16(9)),
            &read,
            reference,
        );
        Ok(output)
    }
}

/// A row of x times a row of the matrix.
fn product(x: &[f16], matrix: &Weights, row: usize) -> f64 {
    let x: Vec<f32> = x.iter().map(|half| half.to_f32()).collect();
    dot(&x, &matrix.row(row))
}
