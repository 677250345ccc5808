//! What the processor reads from memory by itself: the ceiling of a software adapter's memory-bound kernels.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

/// Far beyond any cache of a processor.
const WORDS: usize = (512 << 20) / 8;
/// Sums that do not wait for each other.
const LANES: usize = 32;

/// A buffer that is read by all processors together.
pub struct Reader {
    words: Vec<u64>,
    threads: usize,
}

impl Reader {
    /// Fills the buffer, so that it lies in memory.
    pub fn new() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { words: (0..WORDS as u64).collect(), threads }
    }

    /// Reads it once.
    pub fn bytes_per_s(&self) -> f64 {
        let part = self.words.len().div_ceil(self.threads);
        let start = Instant::now();
        thread::scope(|scope| {
            let readers: Vec<_> =
                self.words.chunks(part).map(|words| scope.spawn(|| black_box(sum(words)))).collect();
            readers.into_iter().for_each(|reader| drop(reader.join()));
        });
        (self.words.len() * 8) as f64 / start.elapsed().as_secs_f64()
    }
}

fn sum(words: &[u64]) -> u64 {
    let mut sums = [0u64; LANES];
    for lanes in words.chunks_exact(LANES) {
        sums.iter_mut().zip(lanes).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
    }
    sums.iter().fold(0, |all, sum| all.wrapping_add(*sum))
}
