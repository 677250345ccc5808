//! `gather`: the rows of an embedding table that the tokens name, halves in and out.

use super::data::Random;
use super::problem::{BufferInit, Element, Problem, grid, halves, stage};
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, any, data, shader};
use crate::op::{Format, Op};

const WORKGROUP: u64 = 64;

pub static KERNEL: Kernel = Kernel {
    name: "gather",
    formats: &[Format::F16],
    variants: &[
        Variant {
            name: "vec8",
            sources: &[shader!("gather")],
            constants: &[],
            supports: |op| matches!(op, Op::Gather { width, .. } if width % 8 == 0),
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
        Variant {
            name: "naive",
            sources: &[shader!("gather")],
            constants: &[],
            supports: any,
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
    ],
    preludes,
    cases,
    odd_shapes: || {
        vec![Op::Gather { rows: 5, width: 104, vocab: 77 }, Op::Gather { rows: 3, width: 6, vocab: 11 }]
    },
    problem,
    streams: false,
};

fn preludes(variant: &Variant, _: Format) -> Vec<Source> {
    vec![if variant.name == "naive" { shader!("words") } else { shader!("vectors_32") }]
}

/// Rows as wide as Llama-3.1-8B's. The table is shorter, within the smallest binding limit: tokens far apart miss the
/// caches all the same.
fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let (rows, vocab) = if offered.software { (77, 2_000) } else { (2_047, 15_000) };
    vec![Op::Gather { rows, width: 4096, vocab }]
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Gather { rows, width, vocab } = *op else { return None };
    let mut random = Random::new(seed, 1);
    let tokens: Vec<u32> = (0..rows).map(|_| random.below(vocab as usize) as u32).collect();
    let (table, values) = halves(seed, 0, vocab * width, 1.0);
    let per_row = width / if variant.name == "naive" { 2 } else { 8 };
    let workgroups = grid((rows * per_row).div_ceil(WORKGROUP));
    let width = width as usize;
    Some(Problem {
        params: vec![(rows * per_row) as u32, workgroups[0], per_row as u32],
        buffers: vec![BufferInit::input(&tokens), table, BufferInit::Output(2 * rows * width as u64)],
        stages: vec![stage(3, workgroups)],
        chain: 1,
        output: 2,
        element: Element::F16,
        reference: Box::new(move |indices| {
            let value = |index: usize| {
                let token = *tokens.get(index / width)? as usize;
                Some(values.get(token * width + index % width)?.to_f64())
            };
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        // A copy is exact or wrong.
        nmse_max: 0.0,
        distribution: data::NORMAL,
    })
}
