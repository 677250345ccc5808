//! Input data that is the same on every machine, and hashes that name it.

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::stats;

/// The `distribution` column of data from [`Random::normals`].
pub const NORMAL: &str = "normal (sum of four uniforms), sd 1";

/// The same where weights are scaled by [`WEIGHTS_SD`].
pub const NORMAL_WEIGHTS: &str = "normal (sum of four uniforms), sd 1; weights sd 0.05";

/// Keeps sums of some thousand products well inside the range of f16.
pub const WEIGHTS_SD: f32 = 0.05;

/// Random numbers for one buffer of a problem.
#[derive(Clone, Debug)]
pub struct Random(stats::random::Random);

impl Random {
    /// A generator for one buffer of a problem.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(stats::random::Random::new(seed ^ stream.wrapping_mul(0xd1b5_4a32_d192_ed03)))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    /// Close to normal with standard deviation one, from the four 16-bit parts of one draw.
    pub fn normal(&mut self) -> f32 {
        let bits = self.bits();
        let sum = (0..4).map(|part| bits >> (16 * part) & 0xffff).sum::<u64>();
        // Four uniforms on 0..65536 have mean 131070 and standard deviation 65536/sqrt(3).
        (sum as f32 - 131_070.0) * (1.732_050_8 / 65_536.0)
    }

    /// `count` values of [`Self::normal`] times `scale`.
    pub fn normals(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.normal() * scale).collect()
    }

    /// The same in half precision.
    pub fn halves(&mut self, count: usize, scale: f32) -> Vec<f16> {
        let mut halves = vec![f16::ZERO; count];
        let mut floats = [0.0; 256];
        // A piece at a time: the floats of a large matrix need not exist all at once.
        for piece in halves.chunks_mut(floats.len()) {
            let (floats, _) = floats.split_at_mut(piece.len());
            floats.fill_with(|| self.normal() * scale);
            piece.convert_from_f32_slice(floats);
        }
        halves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_the_same_everywhere_and_differs_by_seed_and_stream() {
        let first = |seed, stream| Random::new(seed, stream).bits();
        assert_eq!(first(1, 0), 0x910a_2dec_8902_5cc1);
        assert_ne!(first(1, 0), first(2, 0));
        assert_ne!(first(1, 0), first(1, 1));
    }

    #[test]
    fn normals_have_mean_zero_and_deviation_one() {
        let values = Random::new(7, 0).normals(100_000, 1.0);
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / 1e5;
        let variance = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
