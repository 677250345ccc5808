//! Inputs of a matrix product, and its reference.

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::kernel::data;
use crate::kernel::problem::{BufferInit, Reference, dot, window};
use crate::kernel::weights::{Int8Inputs, Weights};
use crate::op::Format;

/// x, `[tokens, inputs]`.
pub(super) struct Inputs {
    inputs: usize,
    stored: Stored,
}

enum Stored {
    F32(Vec<f32>),
    F16(Vec<f16>),
    Int8(Int8Inputs),
}

impl Inputs {
    /// Random inputs with a standard deviation of about one, as they go with weights of a format.
    pub fn random(weights: Format, tokens: u64, inputs: u64, seed: u64) -> Self {
        let count = (tokens * inputs) as usize;
        let mut values = data::Random::new(seed, 0);
        let stored = match weights {
            Format::F32 => Stored::F32(values.normals(count, 1.0)),
            Format::Int8 => Stored::Int8(Int8Inputs::random(tokens, inputs, seed)),
            _ => Stored::F16(values.halves(count, 1.0)),
        };
        Self { inputs: inputs as usize, stored }
    }

    /// What the shaders call `x`, and `input_scales` in `int8`.
    pub fn buffers(&self) -> (BufferInit, Option<BufferInit>) {
        match &self.stored {
            Stored::F32(values) => (BufferInit::input(values), None),
            Stored::F16(values) => (BufferInit::input(values), None),
            Stored::Int8(inputs) => {
                let (values, scales) = inputs.buffers();
                (values, Some(scales))
            }
        }
    }

    fn row(&self, token: usize) -> Vec<f32> {
        match &self.stored {
            Stored::F32(values) => window(values, token * self.inputs, self.inputs).to_vec(),
            Stored::F16(values) => {
                let halves = window(values, token * self.inputs, self.inputs);
                let mut floats = vec![0.0; halves.len()];
                halves.convert_to_f32_slice(&mut floats);
                floats
            }
            Stored::Int8(inputs) => inputs.row(token),
        }
    }
}

/// Each output as the product of a row of x and a row of w.
pub(super) fn reference(x: Inputs, w: Weights, outputs: u64) -> Reference {
    let outputs = outputs as usize;
    Box::new(move |indices| {
        // Neighbouring outputs belong to the same token.
        let mut last = None;
        let mut cell = |index: usize| {
            let token = index / outputs;
            let (_, row) = match last.take().filter(|(of, _)| *of == token) {
                Some(same) => last.insert(same),
                None => last.insert((token, x.row(token))),
            };
            dot(row, &w.row(index % outputs))
        };
        indices.iter().map(|index| cell(*index)).collect()
    })
}
