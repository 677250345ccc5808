//! Weight matrices as they lie on the device, and as floats for the reference.
//!
//! Blocks hold what ggml's do, value by value. Values and scales lie in arrays of their own, so that every load is
//! aligned; together they are as large as the format's blocks.

mod blocks;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::problem::{BufferInit, window};
use super::{Source, data, shader};
use crate::op::Format;
use blocks::{BLOCK, SUPER_BLOCK, SuperScales};

/// A weight matrix as stored on the device, `[rows, inputs]`.
pub(super) struct Weights {
    inputs: usize,
    stored: Stored,
}

/// Values, and what scales them.
enum Stored {
    F32(Vec<f32>),
    F16(Vec<f16>),
    /// Signed bytes; a scale per row.
    Int8(Vec<u8>, Vec<f32>),
    /// Signed bytes; a scale per block.
    Q8_0(Vec<u8>, Vec<f16>),
    /// Nibbles with eight added; a scale per block.
    Q4_0(Vec<u8>, Vec<f16>),
    /// Nibbles; scales and minima of eight blocks.
    Q4K(Vec<u8>, Vec<SuperScales>),
    /// Nibbles that are codes of [`blocks::E2M1_DOUBLED`]; a power of two per block, with 127 added.
    Mxfp4(Vec<u8>, Vec<u8>),
}

impl Weights {
    /// Random weights with a standard deviation of about [`data::WEIGHTS_SD`]; `None` in formats that no kernel
    /// unpacks, and where a row is no whole number of blocks.
    pub fn random(format: Format, rows: u64, inputs: u64, seed: u64) -> Option<Self> {
        let (block, _) = format.block();
        if !inputs.is_multiple_of(block.into()) {
            return None;
        }
        let (count, inputs) = ((rows * inputs) as usize, inputs as usize);
        let [mut values, mut scales] = [1, 2].map(|stream| data::Random::new(seed, stream));
        // The largest weight of a block is three standard deviations.
        let scale = |steps: f32, normal: f32| data::WEIGHTS_SD * 3.0 / steps * (1.0 + 0.1 * normal);
        let halves = |steps: f32, scales: &mut data::Random| {
            (0..count / BLOCK).map(|_| f16::from_f32(scale(steps, scales.normal()))).collect()
        };
        let stored = match format {
            Format::F32 => Stored::F32(values.normals(count, data::WEIGHTS_SD)),
            Format::F16 => Stored::F16(values.halves(count, data::WEIGHTS_SD)),
            Format::Int8 => {
                // Of no more digits than an f16, so that weights are exact in f32.
                let scale = |_| f16::from_f32(scale(127.0, scales.normal())).to_f32();
                Stored::Int8(blocks::signed_bytes(&mut values, count), (0..rows).map(scale).collect())
            }
            Format::Q8_0 => {
                Stored::Q8_0(blocks::signed_bytes(&mut values, count), halves(127.0, &mut scales))
            }
            Format::Q4_0 => Stored::Q4_0(
                blocks::nibbles(&mut values, count, blocks::offset_step),
                halves(7.0, &mut scales),
            ),
            Format::Q4K => {
                let super_scales = (0..count / SUPER_BLOCK).map(|_| SuperScales::random(&mut scales));
                Stored::Q4K(blocks::nibbles(&mut values, count, blocks::offset_step), super_scales.collect())
            }
            Format::Mxfp4 => {
                // Half of the blocks with a deviation of 2/64, half with 2/32: together 0.049.
                let exponents = (0..count / BLOCK).map(|_| 121 + scales.below(2) as u8).collect();
                Stored::Mxfp4(blocks::nibbles(&mut values, count, blocks::e2m1_code), exponents)
            }
            _ => return None,
        };
        Some(Self { inputs, stored })
    }

    /// The buffers that the shaders call `w` and, in formats that have any, `scales`.
    pub fn buffers(&self) -> (BufferInit, Option<BufferInit>) {
        let input = BufferInit::input::<u8>;
        match &self.stored {
            Stored::F32(values) => (BufferInit::input(values), None),
            Stored::F16(values) => (BufferInit::input(values), None),
            Stored::Int8(values, scales) => (input(values), Some(BufferInit::input(scales))),
            Stored::Q8_0(values, scales) | Stored::Q4_0(values, scales) => {
                (input(values), Some(BufferInit::input(scales)))
            }
            Stored::Q4K(values, scales) => {
                (input(values), Some(BufferInit::Input(scales.iter().flat_map(SuperScales::bytes).collect())))
            }
            Stored::Mxfp4(values, scales) => (input(values), Some(input(scales))),
        }
    }

    /// A row as floats: exact in all formats but `q4_K`, where the difference of two products is rounded once. Empty
    /// beyond the end.
    pub fn row(&self, row: usize) -> Vec<f32> {
        let per_row = |count: usize| self.inputs / count;
        match &self.stored {
            Stored::F32(values) => part(values, row, self.inputs).to_vec(),
            Stored::F16(values) => {
                let halves = part(values, row, self.inputs);
                let mut floats = vec![0.0; halves.len()];
                halves.convert_to_f32_slice(&mut floats);
                floats
            }
            Stored::Int8(values, scales) => {
                let scale = scales.get(row).copied().unwrap_or_default();
                part(values, row, self.inputs).iter().map(|byte| f32::from(*byte as i8) * scale).collect()
            }
            Stored::Q8_0(values, scales) => {
                let blocks =
                    part(values, row, self.inputs).chunks(BLOCK).zip(part(scales, row, per_row(BLOCK)));
                let weights = blocks.flat_map(|(bytes, scale)| {
                    let scale = scale.to_f32();
                    bytes.iter().map(move |byte| f32::from(*byte as i8) * scale)
                });
                weights.collect()
            }
            Stored::Q4_0(values, scales) => {
                let scale = |scale: &f16| scale.to_f32();
                self.of_nibbles(
                    values,
                    row,
                    part(scales, row, per_row(BLOCK)).iter().map(scale),
                    |step, scale| (f32::from(step) - 8.0) * scale,
                )
            }
            Stored::Q4K(values, scales) => {
                let scales = part(scales, row, per_row(SUPER_BLOCK)).iter().flat_map(SuperScales::unpacked);
                self.of_nibbles(values, row, scales, |step, (scale, minimum)| {
                    (f64::from(step) * scale - minimum) as f32
                })
            }
            Stored::Mxfp4(values, scales) => {
                let scale = |exponent: &u8| (f32::from(*exponent) - 127.0 - 1.0).exp2();
                let scales = part(scales, row, per_row(BLOCK)).iter().map(scale);
                self.of_nibbles(values, row, scales, |code, scale| blocks::e2m1_doubled(code) * scale)
            }
        }
    }

    fn of_nibbles<S: Copy>(
        &self,
        values: &[u8],
        row: usize,
        scales: impl Iterator<Item = S>,
        weight: impl Fn(u8, S) -> f32,
    ) -> Vec<f32> {
        let mut weights = Vec::with_capacity(self.inputs);
        for (bytes, scale) in part(values, row, self.inputs / 2).chunks(BLOCK / 2).zip(scales) {
            weights.extend(bytes.iter().map(|byte| weight(byte & 15, scale)));
            weights.extend(bytes.iter().map(|byte| weight(byte >> 4, scale)));
        }
        weights
    }
}

/// How shaders read a weight matrix: `w`, `scales`, `weights4` and `dot_chunk`, behind the prelude of the inputs.
pub(super) fn preludes(format: Format) -> Vec<Source> {
    match format {
        Format::F32 => vec![shader!("elements_f32"), shader!("weights_f32")],
        Format::F16 => vec![shader!("elements_f16"), shader!("weights_f16")],
        Format::Int8 => vec![shader!("elements_int8"), shader!("weights_int8")],
        Format::Q8_0 => vec![shader!("elements_f16"), shader!("weights_q8_0")],
        Format::Q4_0 => vec![shader!("elements_f16"), shader!("nibbles"), shader!("weights_q4_0")],
        Format::Q4K => vec![shader!("elements_f16"), shader!("nibbles"), shader!("weights_q4_K")],
        Format::Mxfp4 => vec![shader!("elements_f16"), shader!("nibbles"), shader!("weights_mxfp4")],
        _ => Vec::new(),
    }
}

/// Part `index` of parts that are all `len` long.
fn part<T>(values: &[T], index: usize, len: usize) -> &[T] {
    window(values, index * len, len)
}

/// Inputs of a product with `int8` weights, `[tokens, inputs]`: signed bytes, and a scale per token.
pub(super) struct Int8Inputs {
    inputs: usize,
    values: Vec<u8>,
    scales: Vec<f32>,
}

impl Int8Inputs {
    /// Random inputs with a standard deviation of about one.
    pub fn random(tokens: u64, inputs: u64, seed: u64) -> Self {
        let [mut values, mut scales] = [3, 4].map(|stream| data::Random::new(seed, stream));
        let scale = |_| f16::from_f32(3.0 / 127.0 * (1.0 + 0.1 * scales.normal())).to_f32();
        Self {
            inputs: inputs as usize,
            values: blocks::signed_bytes(&mut values, (tokens * inputs) as usize),
            scales: (0..tokens).map(scale).collect(),
        }
    }

    /// The buffers that the shaders call `x` and `input_scales`.
    pub fn buffers(&self) -> (BufferInit, BufferInit) {
        (BufferInit::input(&self.values), BufferInit::input(&self.scales))
    }

    /// A token's inputs as floats, exactly.
    pub fn row(&self, token: usize) -> Vec<f32> {
        let scale = self.scales.get(token).copied().unwrap_or_default();
        part(&self.values, token, self.inputs).iter().map(|byte| f32::from(*byte as i8) * scale).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [Format; 7] =
        [Format::F32, Format::F16, Format::Int8, Format::Q8_0, Format::Q4_0, Format::Q4K, Format::Mxfp4];

    fn row(stored: Stored, inputs: usize, row: usize) -> Vec<f32> {
        Weights { inputs, stored }.row(row)
    }

    fn halves(values: [f32; 2]) -> Vec<f16> {
        values.map(f16::from_f32).to_vec()
    }

    #[test]
    fn rows_of_signed_bytes_are_steps_times_scales() {
        let steps: Vec<u8> = (0..64).map(|step| (step - 32) as i8 as u8).collect();
        let rising: Vec<f32> = (0..32).map(|step| 2.0 * step as f32).collect();
        assert_eq!(row(Stored::Q8_0(steps.clone(), halves([0.5, 2.0])), 32, 1), rising);
        assert_eq!(row(Stored::Int8(steps, vec![0.5, 2.0]), 32, 1), rising);
    }

    #[test]
    fn low_nibbles_come_before_high_ones() {
        let weights = row(Stored::Q4_0(vec![0xf1; 32], halves([0.5, 2.0])), 64, 0);
        let block = |low, high| [vec![low; 16], vec![high; 16]].concat();
        assert_eq!(weights, [block(-3.5, 3.5), block(-14.0, 14.0)].concat());
    }

    #[test]
    fn mxfp4_codes_are_those_of_the_standard() {
        // OCP Microscaling Formats 1.0: E2M1 has the magnitudes 0, 0.5, 1, 1.5, 2, 3, 4, 6.
        let codes = (0..16).map(|code| code | (15 - code) << 4).collect();
        let weights = row(Stored::Mxfp4(codes, vec![128]), 32, 0);
        let magnitudes = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0];
        for (code, weight) in weights.iter().take(16).enumerate() {
            let sign = if code < 8 { 2.0 } else { -2.0 };
            assert_eq!(*weight, sign * magnitudes[code % 8], "{code}");
            assert_eq!(weights[31 - code], *weight, "{code}");
        }
    }

    #[test]
    fn a_super_block_scales_and_shifts_each_of_its_blocks() {
        let (scales, minima) = ([1, 2, 3, 4, 15, 16, 47, 63], [63, 32, 31, 16, 8, 4, 33, 0]);
        let scales = SuperScales::new(f16::from_f32(0.25), f16::from_f32(0.5), scales, minima);
        let weights = row(Stored::Q4K(vec![0x72; 128], vec![scales]), 256, 0);
        assert_eq!(weights[0], 0.25 * 1.0 * 2.0 - 0.5 * 63.0);
        assert_eq!(weights[16], 0.25 * 1.0 * 7.0 - 0.5 * 63.0);
        assert_eq!(weights[6 * 32], 0.25 * 47.0 * 2.0 - 0.5 * 33.0);
        assert_eq!(weights[255], 0.25 * 63.0 * 7.0);
    }

    #[test]
    fn buffers_are_as_large_as_the_blocks_of_the_format() {
        for format in FORMATS {
            let (values, scales) = Weights::random(format, 8, 512, 1).unwrap().buffers();
            let scales = scales.filter(|_| format != Format::Int8).map_or(0, |scales| scales.size());
            assert_eq!((values.size() + scales) as f64, 8.0 * 512.0 * format.bytes_per_weight(), "{format}");
        }
    }

    #[test]
    fn random_weights_have_mean_zero_and_the_announced_deviation() {
        for format in FORMATS {
            let weights = Weights::random(format, 64, 1_024, 7).unwrap();
            let all: Vec<f64> = (0..64).flat_map(|row| weights.row(row)).map(f64::from).collect();
            assert_eq!(all.len(), 65_536, "{format}");
            let mean = all.iter().sum::<f64>() / 65_536.0;
            let deviation = (all.iter().map(|weight| weight * weight).sum::<f64>() / 65_536.0).sqrt();
            assert!(mean.abs() < 0.005 && (deviation - 0.05).abs() < 0.005, "{format}: {mean} {deviation}");
        }
    }

    #[test]
    fn a_row_beyond_the_end_is_empty() {
        for format in FORMATS {
            assert!(Weights::random(format, 2, 256, 1).unwrap().row(2).is_empty(), "{format}");
        }
        assert!(Weights::random(Format::Q4K, 2, 128, 1).is_none());
        assert!(Weights::random(Format::Nvfp4, 2, 256, 1).is_none());
    }
}
