//! Blocks of quantised weights: how their values are drawn, packed and unpacked.

use half::f16;

use crate::kernel::data::{Random, WEIGHTS_SD};

/// Weights per scale in all quantised formats.
pub(super) const BLOCK: usize = 32;

/// Weights per super-block of the K formats.
pub(super) const SUPER_BLOCK: usize = 256;

/// Magnitudes of E2M1 (OCP Microscaling Formats 1.0, 2023), doubled so that they are whole numbers.
pub(super) const E2M1_DOUBLED: [u8; 8] = [0, 1, 2, 3, 4, 6, 8, 12];

/// Scales and minima of a super-block of `q4_K`: a weight is `d · scale · step − dmin · minimum`, with a scale and a
/// minimum of six bits for each of its blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct SuperScales {
    d: f16,
    dmin: f16,
    packed: [u8; 12],
}

impl SuperScales {
    /// Packs scales and minima below 64 as ggml's `block_q4_K` does: four of each in the low six bits of a byte; of
    /// the other four the low nibbles side by side, and the two high bits where the first have theirs free.
    pub fn new(d: f16, dmin: f16, scales: [u8; 8], minima: [u8; 8]) -> Self {
        let mut packed = [0; 12];
        let (first, rest) = packed.split_at_mut(4);
        let (second, third) = rest.split_at_mut(4);
        let ([s0, s1, s2, s3, high_scales @ ..], [m0, m1, m2, m3, high_minima @ ..]) = (scales, minima);
        let low = [s0, s1, s2, s3].into_iter().zip([m0, m1, m2, m3]);
        let high = high_scales.into_iter().zip(high_minima);
        let bytes = first.iter_mut().zip(second).zip(third);
        for (((first, second), third), ((scale, minimum), (high_scale, high_minimum))) in
            bytes.zip(low.zip(high))
        {
            *first = scale | high_scale >> 4 << 6;
            *second = minimum | high_minimum >> 4 << 6;
            *third = high_scale & 15 | high_minimum << 4;
        }
        Self { d, dmin, packed }
    }

    /// Random ones for [`offset_step`]: the minimum is near the middle of the steps, so that weights have both signs.
    pub fn random(random: &mut Random) -> Self {
        let scales: [u8; 8] = std::array::from_fn(|_| 36 + random.below(25) as u8);
        let minima = scales.map(|scale| scale - 2 + random.below(5) as u8);
        // Steps deviate by 7/3 and scales are 48 on average.
        let d = WEIGHTS_SD * 3.0 / 7.0 / 48.0 * (1.0 + 0.1 * random.normal());
        Self::new(f16::from_f32(d), f16::from_f32(8.0 * d), scales, minima)
    }

    /// The sixteen bytes that a shader reads as four words.
    pub fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (heads, packed) = bytes.split_at_mut(4);
        let (d, dmin) = heads.split_at_mut(2);
        d.copy_from_slice(&self.d.to_le_bytes());
        dmin.copy_from_slice(&self.dmin.to_le_bytes());
        packed.copy_from_slice(&self.packed);
        bytes
    }

    /// `d · scale` and `dmin · minimum` of each block, exactly.
    pub fn unpacked(&self) -> [(f64, f64); 8] {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.packed;
        let low = |scale: u8, minimum: u8| (scale & 63, minimum & 63);
        let high =
            |scale: u8, minimum: u8, both: u8| (both & 15 | scale >> 6 << 4, both >> 4 | minimum >> 6 << 4);
        let sixes = [
            low(a, e),
            low(b, f),
            low(c, g),
            low(d, h),
            high(a, e, i),
            high(b, f, j),
            high(c, g, k),
            high(d, h, l),
        ];
        sixes.map(|(scale, minimum)| {
            (self.d.to_f64() * f64::from(scale), self.dmin.to_f64() * f64::from(minimum))
        })
    }
}

/// Signed bytes of which 127 is three standard deviations.
pub(super) fn signed_bytes(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| step(random, 127) as i8 as u8).collect()
}

/// Two values of four bits to a byte, sixteen low ones before sixteen high ones.
pub(super) fn nibbles(random: &mut Random, count: usize, draw: fn(&mut Random) -> u8) -> Vec<u8> {
    (0..count / 2).map(|_| draw(random) | draw(random) << 4).collect()
}

/// A step from -7 to 7 with eight added; 7 is three standard deviations.
pub(super) fn offset_step(random: &mut Random) -> u8 {
    (step(random, 7) + 8) as u8
}

/// A code of E2M1 near to a random number whose largest magnitude, 6, is three standard deviations.
pub(super) fn e2m1_code(random: &mut Random) -> u8 {
    // The nearest code of each doubled magnitude from 0 to 12.
    const NEAREST: [u8; 13] = [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7];
    let doubled = step(random, 12);
    let sign = if doubled < 0 { 8 } else { 0 };
    NEAREST.get(doubled.unsigned_abs() as usize).copied().unwrap_or_default() | sign
}

/// Twice the number that a code of E2M1 stands for.
pub(super) fn e2m1_doubled(code: u8) -> f32 {
    let magnitude = E2M1_DOUBLED.get(usize::from(code & 7)).copied().map_or(0.0, f32::from);
    if code & 8 == 0 { magnitude } else { -magnitude }
}

/// A random whole number of at most `most`, which is three standard deviations.
fn step(random: &mut Random, most: i32) -> i32 {
    nearest(random.normal() * most as f32 / 3.0).clamp(-most, most)
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
    fn six_bit_scales_lie_where_ggml_has_them() {
        let (scales, minima) = ([1, 2, 3, 63, 0b11_0101, 0, 0, 0b10_0000], [5, 0, 0, 9, 0b01_1111, 0, 0, 0]);
        let bytes = SuperScales::new(f16::ONE, f16::from_f32(2.0), scales, minima).bytes();
        assert_eq!(bytes[..4], [0x00, 0x3c, 0x00, 0x40]);
        assert_eq!(bytes[4..8], [0b11_000001, 2, 3, 0b10_111111]);
        assert_eq!(bytes[8..12], [0b01_000101, 0, 0, 9]);
        assert_eq!(bytes[12..], [0b1111_0101, 0, 0, 0]);
    }

    #[test]
    fn six_bit_scales_unpack_to_what_was_packed() {
        let (scales, minima) = ([0, 7, 31, 63, 15, 16, 48, 62], [63, 1, 40, 0, 17, 33, 2, 61]);
        let unpacked = SuperScales::new(f16::ONE, f16::ONE, scales, minima).unpacked();
        assert_eq!(unpacked.map(|(scale, _)| scale as u8), scales);
        assert_eq!(unpacked.map(|(_, minimum)| minimum as u8), minima);
    }

    #[test]
    fn every_code_of_e2m1_is_drawn_nearest() {
        let mut random = Random::new(3, 0);
        let mut seen = [false; 16];
        (0..10_000).for_each(|_| seen[usize::from(e2m1_code(&mut random))] = true);
        // A negative zero is no step.
        assert!(seen.iter().enumerate().all(|(code, seen)| *seen == (code != 8)), "{seen:?}");
    }
}
