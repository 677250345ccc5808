//! `sample`: greedy sampling. Softmax over the logits of each row, its largest probability and where that is; halves in,
//! a token and an f32 out. Of equal logits the first one counts.

use half::f16;

use super::problem::{
    Binding, BufferInit, Element, Problem, Stage, halves, nmse_max_exponentials, stage, window,
};
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, shader};
use crate::op::{Format, Op};

const WORKGROUP: u64 = 64;
/// Logits in the vector that an invocation reads at a time.
const VECTOR: u64 = 8;
/// Bytes of what is known about a part of a row: largest logit, sum and token.
const BEST_BYTES: u64 = 12;

pub static KERNEL: Kernel = Kernel {
    name: "sample",
    formats: &[Format::F16],
    variants: &[
        Variant {
            name: "subgroup8",
            sources: &[shader!("sample_subgroup_part"), shader!("sample_reduce")],
            constants: &[("WORKGROUP", 8.0)],
            supports: in_vectors,
            needs: Needs {
                subgroups: true,
                software_subgroups_of_8: true,
                workgroup_bytes: 8 * BEST_BYTES as u32,
                invocations: 8,
                ..Needs::NONE
            },
        },
        Variant {
            name: "workgroup",
            sources: &[shader!("sample_part"), shader!("sample_reduce")],
            constants: &[("WORKGROUP", WORKGROUP as f64)],
            supports: in_vectors,
            needs: Needs {
                workgroup_bytes: (WORKGROUP * BEST_BYTES) as u32,
                invocations: WORKGROUP as u32,
                ..Needs::NONE
            },
        },
        Variant {
            name: "naive",
            sources: &[shader!("sample_naive")],
            constants: &[],
            supports: in_vectors,
            needs: Needs { invocations: WORKGROUP as u32, ..Needs::NONE },
        },
    ],
    preludes,
    cases,
    odd_shapes: || [(3, 1_000), (1, 8), (5, 4_104)].map(|(rows, vocab)| Op::Sample { rows, vocab }).to_vec(),
    problem,
    streams: false,
};

fn in_vectors(op: &Op) -> bool {
    matches!(op, Op::Sample { vocab, .. } if vocab % VECTOR == 0)
}

fn preludes(variant: &Variant, _: Format) -> Vec<Source> {
    vec![if variant.name == "naive" { shader!("elements_f16") } else { shader!("sample_best") }]
}

/// The vocabulary of Llama 3.
fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let sample = |rows| Op::Sample { rows, vocab: 128_256 };
    let many = if offered.software { 7 } else { 64 };
    if suite == Suite::Full { vec![sample(1), sample(many)] } else { vec![sample(1)] }
}

/// Parts of a row: enough to fill the device when there are few rows, each at least some vectors per lane.
fn parts(rows: u64, vectors: u64, lanes: u64, offered: &Capabilities) -> u64 {
    let wanted: u64 = if offered.software { 16 } else { 1024 };
    let per_part = vectors.div_ceil((wanted / rows).max(1)).max(4 * lanes);
    vectors.div_ceil(per_part)
}

fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Sample { rows, vocab } = *op else { return None };
    let (logits, values) = halves(seed, 0, rows * vocab, 4.0);
    let output = BufferInit::Output(8 * rows);
    let vectors = vocab / VECTOR;
    let (params, buffers, stages) = match variant.constant("WORKGROUP") {
        None => {
            let workgroups = [rows.div_ceil(WORKGROUP) as u32, 1, 1];
            (vec![rows as u32, vocab as u32], vec![logits, output], vec![stage(2, workgroups)])
        }
        Some(lanes) => {
            let parts = parts(rows, vectors, lanes as u64, offered);
            let per_part = vectors.div_ceil(parts);
            let stage = |shader, from, to, workgroups| Stage {
                shader,
                bindings: vec![Binding::whole(1, from), Binding::whole(2, to)],
                constants: variant.constants.to_vec(),
                ..stage(0, workgroups)
            };
            let stages =
                vec![stage(0, 0, 2, [parts as u32, rows as u32, 1]), stage(1, 2, 1, [rows as u32, 1, 1])];
            let found = BufferInit::Scratch(BEST_BYTES * rows * parts);
            (vec![vectors as u32, parts as u32, per_part as u32], vec![logits, output, found], stages)
        }
    };
    Some(Problem {
        params,
        buffers,
        stages,
        chain: 1,
        output: 1,
        element: Element::Choice,
        reference: Box::new(move |indices| {
            let row = |row: usize| best(window(&values, row * vocab as usize, vocab as usize));
            indices.iter().map(|index| row(index / 2).get(index % 2).copied().unwrap_or(f64::NAN)).collect()
        }),
        nmse_max: nmse_max_exponentials(vocab),
        distribution: "normal (sum of four uniforms), sd 4",
    })
}

/// Where the largest of some logits first stands, and its probability.
fn best(logits: &[f16]) -> [f64; 2] {
    let largest = logits.iter().map(|logit| logit.to_f64()).fold(f64::NEG_INFINITY, f64::max);
    let token = logits.iter().position(|logit| logit.to_f64() == largest);
    let sum: f64 = logits.iter().map(|logit| (logit.to_f64() - largest).exp()).sum();
    [token.map_or(f64::NAN, |token| token as f64), 1.0 / sum]
}
