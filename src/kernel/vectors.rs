//! What the kernels that stream through memory share: vectors of 16 bytes, and how they are dealt to invocations.

use super::problem::{Stage, grid, stage};
use super::{Needs, Source, Variant, shader};
use crate::op::Format;

/// Bytes of a vector.
pub(super) const BYTES: u64 = 16;

/// A variant on vectors: words of 64 bits with software subgroups of eight for CPUs, words of 32 bits else.
pub(super) const fn variant(
    name: &'static str,
    sources: &'static [Source],
    constants: &'static [(&'static str, f64)],
    invocations: u32,
    int64: bool,
) -> Variant {
    let needs = Needs { invocations, int64, software_subgroups_of_8: int64, ..Needs::NONE };
    Variant { name, sources, constants, supports: super::any, needs }
}

/// How the variant's sources see 16 bytes; the naive ones see elements.
pub(super) fn preludes(variant: &Variant, _: Format) -> Vec<Source> {
    match variant.name {
        "naive" => Vec::new(),
        _ if variant.needs.int64 => vec![shader!("vectors_64")],
        _ => vec![shader!("vectors_32")],
    }
}

/// The uniform and the dispatch of a kernel with so many buffers of so many bytes, where each invocation takes `vectors`
/// vectors, or an element in the naive variant.
pub(super) fn dealt(variant: &Variant, buffers: usize, bytes: u64, vectors: u64) -> (Vec<u32>, Stage) {
    let (items, each) = if variant.name == "naive" { (bytes / 4, 1) } else { (bytes / BYTES, vectors) };
    let workgroups = grid(items.div_ceil(u64::from(variant.needs.invocations) * each));
    let stage = Stage { constants: variant.constants.to_vec(), ..stage(buffers, workgroups) };
    (vec![items as u32, workgroups[0]], stage)
}
