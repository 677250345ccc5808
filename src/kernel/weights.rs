//! Weight matrices as they lie on the device, and as floats for the reference.

use half::f16;

use super::data;
use super::problem::{BufferInit, WIDEN, widen, window};
use crate::op::Format;

/// Weights per quantised block.
const BLOCK: usize = 32;

/// A weight matrix as stored on the device.
pub(super) enum Weights {
    Halves(Vec<f16>),
    /// Signed values of 8 bits, or of 4 bits packed two to a byte with eight added; a scale per block.
    Blocks {
        bits: u32,
        values: Vec<u8>,
        scales: Vec<f16>,
    },
}

impl Weights {
    /// Random weights with a standard deviation of [`data::WEIGHTS_SD`]; `None` in formats that no kernel unpacks.
    pub fn random(format: Format, count: usize, seed: u64) -> Option<Self> {
        let mut random = data::Random::new(seed, 1);
        let (bits, steps) = match format {
            Format::F16 => return Some(Self::Halves(random.halves(count, data::WEIGHTS_SD))),
            Format::Q8_0 => (8, 127.0),
            Format::Q4_0 => (4, 7.0),
            _ => return None,
        };
        // Three standard deviations span the steps of a block, as when its largest weight sets the scale.
        let most = steps as i32;
        let mut step = || nearest(random.normal() * steps / 3.0).clamp(-most, most);
        let values = match bits {
            8 => (0..count).map(|_| step() as i8 as u8).collect(),
            _ => (0..count / 2).map(|_| (step() + 8) as u8 | ((step() + 8) as u8) << 4).collect(),
        };
        let scale = |normal: f32| f16::from_f32(data::WEIGHTS_SD * 3.0 / steps * (1.0 + 0.1 * normal));
        let mut random = data::Random::new(seed, 2);
        let scales = (0..count / BLOCK).map(|_| scale(random.normal())).collect();
        Some(Self::Blocks { bits, values, scales })
    }

    /// Values as the shaders read them.
    pub fn values_buffer(&self) -> BufferInit {
        match self {
            Self::Halves(values) => BufferInit::input(values),
            Self::Blocks { values, .. } => BufferInit::input(values),
        }
    }

    /// Scales as the shaders read them, in formats that have any.
    pub fn scales_buffer(&self) -> Option<BufferInit> {
        match self {
            Self::Halves(_) => None,
            Self::Blocks { scales, .. } => Some(BufferInit::input(scales)),
        }
    }

    /// Weights as floats, which is exact: at most 8 bits times a scale of 11. Rows start where a block does; one
    /// beyond the end is shorter and will not match what the device computed.
    pub fn row(&self, start: usize, len: usize) -> Vec<f32> {
        let mut row = Vec::with_capacity(len);
        match self {
            Self::Halves(values) => {
                let mut floats = [0.0; WIDEN];
                window(values, start, len)
                    .chunks(WIDEN)
                    .for_each(|halves| row.extend_from_slice(widen(halves, &mut floats)));
            }
            Self::Blocks { bits, values, scales } => {
                let bytes = |count: usize| count * *bits as usize / 8;
                let blocks = window(values, bytes(start), bytes(len)).chunks(bytes(BLOCK));
                let scales = window(scales, start / BLOCK, len / BLOCK);
                for (block, scale) in blocks.zip(scales.iter().map(|scale| scale.to_f32())) {
                    match bits {
                        8 => row.extend(block.iter().map(|byte| f32::from(*byte as i8) * scale)),
                        _ => row.extend(block.iter().flat_map(|byte| {
                            [byte & 15, byte >> 4].map(|step| (f32::from(step) - 8.0) * scale)
                        })),
                    }
                }
            }
        }
        row
    }
}

/// The nearest integer, halves away from zero.
fn nearest(value: f32) -> i32 {
    // Exact in f64, where the half does not round, and without a call for each of a hundred million weights.
    (f64::from(value) + 0.5f64.copysign(value.into())) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_integers_are_those_of_round() {
        for value in [0.0, 0.49999997, 0.5, -0.5, 1.5, -1.5, 2.4999998, 126.5, -3.2, 300.0] {
            assert_eq!(nearest(value), value.round() as i32, "{value}");
        }
    }

    #[test]
    fn rows_of_blocks_are_steps_times_scales() {
        let scales = vec![f16::from_f32(0.5), f16::from_f32(2.0)];
        let values = (0..64).map(|step| (step - 32) as i8 as u8).collect();
        let eight = Weights::Blocks { bits: 8, values, scales: scales.clone() };
        assert_eq!(eight.row(32, 32), (0..32).map(|step| 2.0 * step as f32).collect::<Vec<_>>());
        let four = Weights::Blocks { bits: 4, values: vec![0xf1; 32], scales };
        assert_eq!(four.row(0, 64), [[-3.5, 3.5].repeat(16), [-14.0, 14.0].repeat(16)].concat());
    }
}
