//! One op made concrete: buffers, dispatches and the f64 reference of each output element.

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::data::Random;
use crate::hash;

/// A problem ready to be run by `gpu` and checked by [`super::verify`].
pub struct Problem {
    /// The uniform at binding 0, padded to 16 bytes when uploaded; empty for shaders without one.
    pub params: Vec<u32>,
    /// Buffers, referred to by their position.
    pub buffers: Vec<BufferInit>,
    /// Dispatches of one execution, in order.
    pub stages: Vec<Stage>,
    /// How often the stages run in one execution of the op.
    pub chain: u32,
    /// Which buffer holds the result.
    pub output: usize,
    /// How to read it.
    pub element: Element,
    /// The reference of chosen output elements.
    pub reference: Reference,
    /// The largest accepted normalised mean squared error.
    pub nmse_max: f64,
    /// How the inputs are distributed.
    pub distribution: &'static str,
}

/// One buffer of a problem.
pub enum BufferInit {
    /// Uploaded once, only read.
    Input(Vec<u8>),
    /// Written and read between stages; starts as zeros and is zeroed before every sample.
    Scratch(u64),
    /// Filled with a NaN pattern before every sample.
    Output(u64),
}

/// One dispatch.
pub struct Stage {
    /// Which source of the variant.
    pub shader: usize,
    /// What is bound.
    pub bindings: Vec<Binding>,
    /// The uniform at binding 0 of this stage alone; empty where that of the problem serves.
    pub params: Vec<u32>,
    /// Workgroups in x, y, z.
    pub workgroups: [u32; 3],
    /// Pipeline constants.
    pub constants: Vec<(&'static str, f64)>,
}

/// A buffer, or a part of one, at a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The number in the shader.
    pub slot: u32,
    /// Position of the buffer in the problem.
    pub buffer: usize,
    /// First byte, a multiple of [`BINDING_ALIGNMENT`], and length; `None` for the whole buffer.
    pub range: Option<(u64, u64)>,
}

/// Bindings start at multiples of this, on every WebGPU adapter.
pub const BINDING_ALIGNMENT: u64 = 256;

/// Element type of an output buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// 32-bit float.
    F32,
    /// 16-bit float.
    F16,
    /// Compared bit by bit as 32-bit words.
    Word,
    /// Pairs of words: which one was chosen, compared exactly, and an f32 that says how likely or how heavy it is.
    Choice,
}

/// Gives the exact value of each asked output element, in f64.
pub type Reference = Box<dyn Fn(&[usize]) -> Vec<f64>>;

impl BufferInit {
    /// Plain data as input bytes.
    pub fn input<T: bytemuck::NoUninit>(values: &[T]) -> Self {
        Self::Input(bytemuck::cast_slice(values).to_vec())
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Input(bytes) => bytes.len() as u64,
            Self::Scratch(size) | Self::Output(size) => *size,
        }
    }
}

impl Problem {
    /// Hash of all input bytes.
    pub fn input_hash(&self) -> u64 {
        hash::hash(self.buffers.iter().filter_map(|buffer| match buffer {
            BufferInit::Input(bytes) => Some(bytes.as_slice()),
            _ => None,
        }))
    }

    /// Elements of the output.
    pub fn output_len(&self) -> usize {
        let bytes = self.buffers.get(self.output).map_or(0, BufferInit::size) as usize;
        bytes / self.element.size()
    }
}

impl Element {
    /// Bytes per element.
    pub fn size(self) -> usize {
        if self == Self::F16 { 2 } else { 4 }
    }

    /// Whether the element at this place of an output is exact or wrong.
    pub fn is_exact(self, index: usize) -> bool {
        self == Self::Choice && index.is_multiple_of(2)
    }
}

/// The only stage of a problem: all buffers bound in order from binding 1.
pub fn stage(buffers: usize, workgroups: [u32; 3]) -> Stage {
    let bindings = (0..buffers).map(|buffer| Binding::whole(buffer as u32 + 1, buffer)).collect();
    Stage { shader: 0, bindings, params: Vec::new(), workgroups, constants: Vec::new() }
}

impl Binding {
    /// All of a buffer.
    pub fn whole(slot: u32, buffer: usize) -> Self {
        Self { slot, buffer, range: None }
    }
}

/// Accepted error of a sum of `terms` products kept in f32: every addition may round by 2⁻²⁴ of the running
/// sum, and sixteen times that variance covers other orders of summation.
pub fn nmse_max_f32(terms: u64) -> f64 {
    16.0 * terms as f64 * 2f64.powi(-48)
}

/// The same with a result rounded to f16: truncation errs by up to 2⁻¹⁰ of the value (variance 2⁻²⁰/3); twice
/// that is accepted.
pub fn nmse_max_f16(terms: u64) -> f64 {
    nmse_max_f32(terms) + 2.0 / 3.0 * 2f64.powi(-20)
}

/// Accepted error of a share of a sum of `terms` exponentials: WGSL allows `exp(x)` an error of 3 + 2·|x| units in the last
/// place (section 15.7.4), here of 32, beyond which terms count for nothing.
pub fn nmse_max_exponentials(terms: u64) -> f64 {
    nmse_max_f32(terms) + (32.0 * 2f64.powi(-23)).powi(2)
}

/// Spreads a count of workgroups over x and y so that neither exceeds the limit of WebGPU, 65,535.
pub fn grid(workgroups: u64) -> [u32; 3] {
    let y = workgroups.div_ceil(65_535).max(1);
    [workgroups.div_ceil(y) as u32, y as u32, 1]
}

/// Input tensors are often both uploaded and kept for the reference.
pub fn halves(seed: u64, stream: u64, count: u64, scale: f32) -> (BufferInit, Vec<f16>) {
    let values = Random::new(seed, stream).halves(count as usize, scale);
    (BufferInit::input(&values), values)
}

/// Slice `start..start + len`, empty where it lies outside: the reference never panics.
pub fn window<T>(values: &[T], start: usize, len: usize) -> &[T] {
    values.get(start..start + len).unwrap_or_default()
}

/// Numbers as kernels store them.
pub trait Operand: Copy {
    /// Σ aᵢ·bᵢ in f64; the shorter slice decides.
    fn dot(a: &[Self], b: &[Self]) -> f64;
}

impl Operand for f32 {
    fn dot(a: &[Self], b: &[Self]) -> f64 {
        // Several sums at a time: one alone would wait for each addition.
        let mut sums = [0.0; 8];
        let (a, b) = (a.chunks(sums.len()), b.chunks(8));
        for (a, b) in a.zip(b) {
            let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
            sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        }
        sums.iter().sum()
    }
}

impl Operand for f16 {
    fn dot(a: &[Self], b: &[Self]) -> f64 {
        let (mut wide_a, mut wide_b) = ([0.0; WIDEN], [0.0; WIDEN]);
        let chunks = a.chunks(WIDEN).zip(b.chunks(WIDEN));
        chunks.map(|(a, b)| f32::dot(widen(a, &mut wide_a), widen(b, &mut wide_b))).sum()
    }
}

/// Halves converted at a time.
pub const WIDEN: usize = 256;

/// Up to [`WIDEN`] halves as floats, which is exact.
pub fn widen<'w>(halves: &[f16], floats: &'w mut [f32; WIDEN]) -> &'w [f32] {
    let (floats, _) = floats.split_at_mut(halves.len().min(WIDEN));
    halves.get(..floats.len()).unwrap_or_default().convert_to_f32_slice(floats);
    floats
}

/// Σ aᵢ·bᵢ in f64.
pub fn dot<T: Operand>(a: &[T], b: &[T]) -> f64 {
    T::dot(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_halves_and_floats_are_those_of_f64() {
        for len in [0, 1, 7, 8, 255, 256, 300, 1_025] {
            let (_, a) = halves(1, 0, len, 1.0);
            let (_, b) = halves(1, 1, len, 1.0);
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| a.to_f64() * b.to_f64()).sum();
            assert!((dot(&a, &b) - plain).abs() < 1e-12, "{len}");
            let [a, b] = [a, b].map(|halves| halves.iter().map(|half| half.to_f32()).collect::<Vec<_>>());
            assert!((dot(&a, &b) - plain).abs() < 1e-12, "{len}");
        }
    }
}
