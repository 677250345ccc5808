//! One product as several, where a matrix is larger than one binding: by rows of x and y, and by rows of w.

use std::ops::Range;

use super::variants;
use crate::kernel::problem::{Binding, BufferInit, Stage};
use crate::kernel::{Capabilities, Variant};

/// Parts start at multiples of this many rows. A row of any buffer has at least one byte, so that each part starts at a
/// multiple of [`crate::kernel::problem::BINDING_ALIGNMENT`] bytes.
const ROWS: u64 = 256;

/// Positions of the buffers of a product.
const X: usize = 0;
const W: usize = 1;
const Y: usize = 2;
const SCALES: usize = 3;

/// The dispatches of a product of `[tokens, outputs, inputs]`, each with buffers that can be bound.
pub(super) fn stages(
    buffers: &[BufferInit],
    [tokens, outputs, inputs]: [u64; 3],
    variant: &Variant,
    offered: &Capabilities,
) -> Vec<Stage> {
    let size = |buffer: usize| buffers.get(buffer).map_or(0, BufferInit::size);
    let of_weights = split(outputs, size(W), offered.binding_bytes);
    let of_tokens = split(tokens, size(X).max(size(Y)), offered.binding_bytes);
    let stage = |rows: &Range<u64>, columns: &Range<u64>| {
        let bind = |buffer: usize| {
            let (rows, all) = match buffer {
                W | SCALES => (columns, outputs),
                _ => (rows, tokens),
            };
            Binding { slot: buffer as u32 + 1, buffer, range: bytes(rows, all, size(buffer)) }
        };
        let [height, width] = [rows, columns].map(|range| range.end - range.start);
        Stage {
            shader: 0,
            bindings: (0..buffers.len()).map(bind).collect(),
            params: [height, width, inputs, outputs, columns.start].map(|it| it as u32).to_vec(),
            workgroups: variants::workgroups(variant, height, width, offered),
            constants: variants::constants(variant, offered),
        }
    };
    of_tokens.iter().flat_map(|rows| of_weights.iter().map(move |columns| stage(rows, columns))).collect()
}

/// Ranges of rows of a matrix of so many bytes, as few as can be bound. Rows too long for that stay whole, and the cell
/// is skipped with the limit's number.
fn split(rows: u64, bytes: u64, allowed: u64) -> Vec<Range<u64>> {
    let most = (allowed * rows / bytes.max(1)) / ROWS * ROWS;
    if bytes <= allowed || most == 0 {
        return std::iter::once(0..rows).collect();
    }
    (0..rows).step_by(most as usize).map(|start| start..rows.min(start + most)).collect()
}

/// First byte and length of a range of rows; `None` for all of them.
fn bytes(range: &Range<u64>, rows: u64, size: u64) -> Option<(u64, u64)> {
    let row_bytes = size / rows;
    let length = (range.end - range.start) * row_bytes;
    (range.end - range.start < rows).then(|| (range.start * row_bytes, length.next_multiple_of(4)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::problem::BINDING_ALIGNMENT;

    #[test]
    fn parts_cover_every_row_once_and_can_be_bound() {
        for (rows, row_bytes, allowed) in [(1_000, 2_048, 1 << 20), (513, 4_096, 1 << 20), (10, 100, 1 << 20)]
        {
            let parts = split(rows, rows * row_bytes, allowed);
            assert_eq!(parts.first().unwrap().start, 0);
            assert_eq!(parts.last().unwrap().end, rows);
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            for part in &parts {
                let (start, length) = bytes(part, rows, rows * row_bytes).unwrap_or((0, rows * row_bytes));
                assert!(start % BINDING_ALIGNMENT == 0 && length <= allowed, "{part:?}");
            }
        }
    }

    #[test]
    fn a_matrix_that_fits_is_one_part_and_so_is_one_whose_rows_are_too_long() {
        assert_eq!(split(1_000, 1_000, 1 << 20), vec![0..1_000]);
        assert_eq!(split(300, 300 << 20, 1 << 20), vec![0..300]);
    }
}
