//! What the attention kernels share: their reference in f64, and keys and values as they lie on the device.

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::data::Random;
use super::problem::{BufferInit, dot, window};
use crate::op::Format;

/// Elements per block of q8_0.
const BLOCK: usize = 32;

/// Attention in f64.
pub(super) struct Attention {
    /// `[queries, heads, qk_dim]`
    pub q: Vec<f16>,
    pub heads: u64,
    pub kv_heads: u64,
    pub qk_dim: u64,
    pub v_dim: u64,
    pub scale: f64,
    /// The key that a query sees at a position, of a KV head.
    pub key: Lookup,
    /// The value there.
    pub value: Lookup,
}

/// Writes the vector of (query, position, KV head) over the floats.
pub(super) type Lookup = Box<dyn Fn(usize, usize, usize, &mut [f32])>;

impl Attention {
    /// Chosen elements of `[queries, heads, v_dim]`; `keys` gives the half-open range that a query sees.
    /// Elements of one query and head that follow each other are computed at once.
    pub fn outputs(&self, indices: &[usize], keys: impl Fn(usize) -> (usize, usize)) -> Vec<f64> {
        let (heads, v_dim) = (self.heads as usize, self.v_dim as usize);
        let mut known = (usize::MAX, Vec::new());
        let mut value = |index: usize| {
            let row = index / v_dim;
            if known.0 != row {
                let (query, head) = (row / heads, row % heads);
                known = (row, self.row(query, head, keys(query)));
            }
            known.1.get(index % v_dim).copied().unwrap_or(f64::NAN)
        };
        indices.iter().map(|index| value(*index)).collect()
    }

    /// All `v_dim` outputs of a query and head. Values are read in the order in which they lie.
    fn row(&self, query: usize, head: usize, (first, end): (usize, usize)) -> Vec<f64> {
        let mut sums = vec![0.0; self.v_dim as usize];
        let mut floats = vec![0.0; self.v_dim as usize];
        for (position, weight) in (first..end).zip(self.weights(query, head, first, end)) {
            (self.value)(query, position, self.kv_head(head), &mut floats);
            sums.iter_mut().zip(&floats).for_each(|(sum, value)| *sum += weight * f64::from(*value));
        }
        sums
    }

    fn weights(&self, query: usize, head: usize, first: usize, end: usize) -> Vec<f64> {
        let dim = self.qk_dim as usize;
        let (mut q, mut floats) = (vec![0.0; dim], vec![0.0; dim]);
        widen(&self.q, (query * self.heads as usize + head) * dim, &mut q);
        let mut score = |position: usize| {
            (self.key)(query, position, self.kv_head(head), &mut floats);
            dot(&q, &floats) * self.scale
        };
        let scores: Vec<f64> = (first..end).map(&mut score).collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exponentials: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
        let total: f64 = exponentials.iter().sum();
        exponentials.iter().map(|value| value / total).collect()
    }

    fn kv_head(&self, head: usize) -> usize {
        head / (self.heads / self.kv_heads) as usize
    }
}

/// Keys or values as stored on the device.
pub(super) enum Elements {
    Halves(Vec<f16>),
    /// Signed bytes, and a scale per 32 of them.
    Blocks {
        values: Vec<i8>,
        scales: Vec<f16>,
    },
}

impl Elements {
    /// Random elements with a standard deviation of about one; `None` in formats that no cache has.
    pub fn random(format: Format, count: u64, seed: u64, stream: u64) -> Option<Self> {
        let mut random = Random::new(seed, stream);
        match format {
            Format::F16 => Some(Self::Halves(random.halves(count as usize, 1.0))),
            Format::Q8_0 => {
                // Three standard deviations span the steps of a block, as when its largest element sets the scale.
                let scale = |normal: f32| f16::from_f32(3.0 / 127.0 * (1.0 + 0.1 * normal));
                let scales = (0..count as usize / BLOCK).map(|_| scale(random.normal())).collect();
                // A float becomes an integer within its range: larger ones become 127, smaller ones -128.
                let values = (0..count).map(|_| (random.normal() * (127.0 / 3.0)) as i8).collect();
                Some(Self::Blocks { values, scales })
            }
            _ => None,
        }
    }

    /// The values as the shaders read them, and the scales in formats that have any.
    pub fn buffers(&self) -> (BufferInit, Option<BufferInit>) {
        match self {
            Self::Halves(values) => (BufferInit::input(values), None),
            Self::Blocks { values, scales } => (BufferInit::input(values), Some(BufferInit::input(scales))),
        }
    }

    /// As many elements as there are floats; a start is that of a block.
    pub fn widen(&self, start: usize, floats: &mut [f32]) {
        match self {
            Self::Halves(values) => widen(values, start, floats),
            Self::Blocks { values, scales } => {
                let blocks = window(values, start, floats.len()).chunks(BLOCK);
                let scales = window(scales, start / BLOCK, floats.len().div_ceil(BLOCK));
                for ((floats, block), scale) in floats.chunks_mut(BLOCK).zip(blocks).zip(scales) {
                    let scale = scale.to_f32();
                    floats.iter_mut().zip(block).for_each(|(to, from)| *to = f32::from(*from) * scale);
                }
            }
        }
    }
}

/// As many halves as there are floats, which is exact; NaN where they end.
pub(super) fn widen(halves: &[f16], start: usize, floats: &mut [f32]) {
    match window(halves, start, floats.len()) {
        [] => floats.fill(f32::NAN),
        halves => halves.convert_to_f32_slice(floats),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_steps_times_scales() {
        let scales = vec![f16::from_f32(0.5), f16::from_f32(2.0)];
        let cache = Elements::Blocks { values: (-32..32).collect(), scales };
        let mut floats = [0.0; 32];
        cache.widen(32, &mut floats);
        assert_eq!(floats.to_vec(), (0..32).map(|step| 2.0 * step as f32).collect::<Vec<_>>());
    }

    #[test]
    fn two_keys_weigh_as_the_exponentials_of_their_scores() {
        // Scores ln 3 and 0: weights 3/4 and 1/4.
        let key: Lookup =
            Box::new(|_, position, _, out| out.fill(if position == 0 { 3f32.ln() } else { 0.0 }));
        let value: Lookup = Box::new(|_, position, _, out| out.fill(position as f32));
        let (heads, kv_heads, qk_dim, v_dim) = (1, 1, 1, 2);
        let q = vec![f16::ONE];
        let attention = Attention { q, heads, kv_heads, qk_dim, v_dim, scale: 1.0, key, value };
        for value in attention.outputs(&[0, 1], |_| (0, 2)) {
            assert!((value - 0.25).abs() < 1e-7, "{value}");
        }
    }
}
