//! A KV cache as it lies on the device: in pieces that fit a binding each, each in one part or in pages.

use super::Capabilities;
use super::attention::Elements;
use super::data::Random;
use super::problem::BufferInit;
use crate::op::Format;

/// The sizes of a cache.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Sequences.
    pub batch: u64,
    /// Keys per sequence.
    pub context: u64,
    /// Elements per key: all KV heads.
    pub width: u64,
    pub format: Format,
    /// Keys per page; `None` for sequences in one part.
    pub page: Option<u64>,
}

/// Keys `first_key..first_key + keys` of sequences `first_sequence..first_sequence + sequences`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub first_sequence: u64,
    pub sequences: u64,
    pub first_key: u64,
    pub keys: u64,
}

/// A range with its buffers' contents.
pub(super) struct Piece {
    pub range: Range,
    pub keys: Elements,
    pub values: Elements,
    pages: Pages,
}

/// Where the keys of a piece lie.
struct Pages {
    /// Keys per page.
    page: Option<u64>,
    /// Entries of a sequence.
    per_sequence: u64,
    /// The page of the pool that holds each page of each sequence.
    table: Vec<u32>,
}

impl Shape {
    /// The ranges of the pieces: whole sequences where one fits a binding, else parts of one that are multiples of
    /// `part_keys` and of a page.
    pub fn ranges(&self, offered: &Capabilities, part_keys: u64) -> Vec<Range> {
        let row_bytes = self.width as f64 * self.format.bytes_per_weight();
        let fit = (offered.binding_bytes as f64 / row_bytes) as u64;
        let padded = self.context.next_multiple_of(self.page.unwrap_or(1));
        if fit >= padded {
            let sequences = fit / padded;
            let range = |first_sequence: u64| Range {
                first_sequence,
                sequences: sequences.min(self.batch - first_sequence),
                first_key: 0,
                keys: self.context,
            };
            return (0..self.batch).step_by(sequences as usize).map(range).collect();
        }
        let step = part_keys.next_multiple_of(self.page.unwrap_or(1));
        let keys = (fit / step).max(1) * step;
        let range = |first_sequence: u64, first_key: u64| Range {
            first_sequence,
            sequences: 1,
            first_key,
            keys: keys.min(self.context - first_key),
        };
        let parts = |sequence| (0..self.context).step_by(keys as usize).map(move |key| range(sequence, key));
        (0..self.batch).flat_map(parts).collect()
    }

    /// A piece with random contents, its pages in random order; `None` in formats that no cache has.
    pub fn piece(&self, range: Range, seed: u64) -> Option<Piece> {
        let pages = Pages::random(self.page, &range, seed);
        let rows = self.page.map_or(range.sequences * range.keys, |page| pages.table.len() as u64 * page);
        let stream = 16 * (range.first_sequence * self.context + range.first_key);
        let random = |which| Elements::random(self.format, rows * self.width, seed, stream + which);
        Some(Piece { range, keys: random(1)?, values: random(2)?, pages })
    }
}

impl Pages {
    fn random(page: Option<u64>, range: &Range, seed: u64) -> Self {
        let per_sequence = page.map_or(0, |page| range.keys.div_ceil(page));
        let mut table: Vec<u32> = (0..(range.sequences * per_sequence) as u32).collect();
        let mut random = Random::new(seed, 3);
        for last in (1..table.len()).rev() {
            table.swap(last, random.below(last + 1));
        }
        Self { page, per_sequence, table }
    }

    fn row(&self, range: &Range, sequence: usize, key: usize) -> usize {
        let Some(page) = self.page.map(|page| page as usize) else {
            return sequence * range.keys as usize + key;
        };
        let entry = self.table.get(sequence * self.per_sequence as usize + key / page);
        entry.copied().unwrap_or(u32::MAX) as usize * page + key % page
    }
}

impl Piece {
    /// Where a key of a sequence of this piece lies: which row of the pool; `None` for those of other pieces.
    pub fn row(&self, sequence: usize, key: usize) -> Option<usize> {
        let sequence = sequence.checked_sub(self.range.first_sequence as usize)?;
        let key = key.checked_sub(self.range.first_key as usize)?;
        let here = sequence < self.range.sequences as usize && key < self.range.keys as usize;
        here.then(|| self.pages.row(&self.range, sequence, key))
    }

    /// The page table as the shaders read it, never empty.
    pub fn table(&self) -> BufferInit {
        if self.pages.table.is_empty() {
            BufferInit::input(&[0u32])
        } else {
            BufferInit::input(&self.pages.table)
        }
    }

    /// Entries of the page table per sequence.
    pub fn pages_per_sequence(&self) -> u64 {
        self.pages.per_sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn shape(batch: u64, context: u64, page: Option<u64>) -> Shape {
        Shape { batch, context, width: 128, format: Format::F16, page }
    }

    #[test]
    fn pieces_fit_a_binding_and_hold_every_key_once() {
        let offered = Capabilities { binding_bytes: 100 * 256, ..Capabilities::WEBGPU_DEFAULT };
        for (batch, context, page) in [(1, 100, None), (7, 30, None), (2, 1_000, None), (2, 333, Some(16))] {
            let shape = shape(batch, context, page);
            let mut seen = BTreeSet::new();
            for range in shape.ranges(&offered, 32) {
                let piece = shape.piece(range, 1).unwrap();
                let (values, _) = piece.values.buffers();
                assert!(values.size() <= offered.binding_bytes, "{range:?}");
                let keys = range.first_key..range.first_key + range.keys;
                for sequence in range.first_sequence..range.first_sequence + range.sequences {
                    assert!(keys.clone().all(|key| seen.insert((sequence, key))), "{range:?}");
                }
            }
            assert_eq!(seen.len() as u64, batch * context);
        }
    }

    #[test]
    fn no_two_keys_share_a_row_of_the_pool() {
        let shape = shape(3, 50, Some(16));
        let offered = Capabilities::WEBGPU_DEFAULT;
        let ranges = shape.ranges(&offered, 32);
        let piece = shape.piece(ranges[0], 1).unwrap();
        let rows = (0..3).flat_map(|sequence| (0..50).map(move |key| (sequence, key)));
        let rows: BTreeSet<_> = rows.map(|(sequence, key)| piece.row(sequence, key).unwrap()).collect();
        assert_eq!((rows.len(), rows.last().copied() < Some(3 * 64)), (150, true));
        assert_eq!(piece.row(3, 0), None);
        assert!(rows.iter().copied().ne(0..150), "pages in order show no gather");
    }
}
