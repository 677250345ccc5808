//! `read`: reads one buffer and keeps one word per invocation. What decode is bound by: bandwidth without writes.

use super::problem::{BufferInit, Element, Problem, Stage, grid, stage};
use super::{Capabilities, Kernel, Suite, Variant, data, shader, vectors};
use crate::op::{Format, Op};

/// Vectors in a block of the shader.
const BLOCK: u64 = 8;
/// Words per invocation of the naive variant.
const RUN: u64 = 256;

pub static KERNEL: Kernel = Kernel {
    name: "read",
    formats: &[Format::F32],
    variants: &[
        vectors::variant("wide-8", &[shader!("read")], &[("WORKGROUP", 8.0), ("BLOCKS", 32.0)], 8, true),
        vectors::variant(
            "vectors-256",
            &[shader!("read")],
            &[("WORKGROUP", 256.0), ("BLOCKS", 4.0)],
            256,
            false,
        ),
        vectors::variant("naive", &[shader!("read_naive")], &[("RUN", RUN as f64)], 64, false),
    ],
    preludes: vectors::preludes,
    cases,
    odd_shapes: || vec![Op::Read { bytes: 16 }, Op::Read { bytes: 1_000_016 }],
    problem,
    streams: false,
};

/// As large as that of `copy`.
fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let wanted: u64 = if offered.software { 64 << 20 } else { 256 << 20 };
    vec![Op::Read { bytes: wanted.min(offered.binding_bytes) & !15 }]
}

/// Who reads what: invocation `l` of `lanes` that share a stretch of `lanes · steps` vectors reads every `lanes`th, from the
/// `l`th on.
#[derive(Clone, Copy)]
struct Stretches {
    lanes: u64,
    steps: u64,
}

impl Stretches {
    fn of(variant: &Variant) -> Self {
        match variant.constant("BLOCKS") {
            Some(blocks) => Self { lanes: variant.needs.invocations.into(), steps: BLOCK * blocks as u64 },
            None => Self { lanes: 1, steps: RUN * 4 / vectors::BYTES },
        }
    }

    /// The exclusive or of all words that an invocation reads.
    fn parity(self, invocation: u64, words: &[u32]) -> u32 {
        let first = invocation / self.lanes * self.lanes * self.steps + invocation % self.lanes;
        let vectors = (0..self.steps).map(|step| (first + step * self.lanes) as usize);
        let words = vectors.filter_map(|vector| words.get(4 * vector..4 * vector + 4)).flatten();
        words.fold(0, |parity, word| parity ^ word)
    }
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Read { bytes } = *op else { return None };
    let mut random = data::Random::new(seed, 0);
    let words: Vec<u32> =
        (0..bytes / 8).map(|_| random.bits()).flat_map(|bits| [bits as u32, (bits >> 32) as u32]).collect();
    let stretches = Stretches::of(variant);
    let vectors = bytes / vectors::BYTES;
    let invocations = vectors.div_ceil(stretches.lanes * stretches.steps) * stretches.lanes;
    let workgroups = grid(invocations.div_ceil(variant.needs.invocations.into()));
    let items = if stretches.lanes == 1 { bytes / 4 } else { vectors };
    Some(Problem {
        params: vec![items as u32, workgroups[0]],
        buffers: vec![BufferInit::input(&words), BufferInit::Output(4 * invocations)],
        stages: vec![Stage { constants: variant.constants.to_vec(), ..stage(2, workgroups) }],
        chain: 1,
        output: 1,
        element: Element::Word,
        reference: Box::new(move |indices| {
            indices.iter().map(|index| f64::from(stretches.parity(*index as u64, &words))).collect()
        }),
        // Every bit counts.
        nmse_max: 0.0,
        distribution: "uniform bits",
    })
}
