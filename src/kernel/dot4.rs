//! `dot4`: dot products of four signed bytes on registers only. The arithmetic peak of integer matrix products without
//! matrix units.

use super::data::Random;
use super::problem::{BufferInit, Element, Problem, Stage, grid, stage};
use super::{Capabilities, Kernel, Needs, Suite, Variant, no_preludes, shader};
use crate::op::{Format, Op};

const WORKGROUP: u32 = 64;
/// Two per product of two bytes.
const FLOPS_PER_DOT: u64 = 8;
/// Steps of a chain in one round of the shader's loop.
const STEPS: u64 = 4;
/// Invocations this far apart have the same inputs.
const PERIOD: usize = 256;

pub static KERNEL: Kernel = Kernel {
    name: "dot4",
    formats: &[Format::Int8],
    variants: &[
        variant("chains-8", &[("CHAINS", 8.0)]),
        variant("chains-4", &[("CHAINS", 4.0)]),
        variant("naive", &[("CHAINS", 1.0)]),
    ],
    preludes: no_preludes,
    cases,
    odd_shapes: || vec![Op::Dot4 { flops: 3 * QUANTUM }],
    problem,
    streams: false,
};

/// What every variant divides into whole rounds: one round of eight chains in the fewest invocations.
const QUANTUM: u64 = FLOPS_PER_DOT * STEPS * 8 * invocations(0);

const fn variant(name: &'static str, constants: &'static [(&'static str, f64)]) -> Variant {
    Variant {
        name,
        sources: &[shader!("dot4")],
        constants,
        supports: |op| matches!(op, Op::Dot4 { flops } if divides(*flops)),
        needs: Needs { invocations: WORKGROUP, ..Needs::NONE },
    }
}

fn divides(flops: u64) -> bool {
    flops.is_multiple_of(QUANTUM / invocations(0) * invocations(flops))
}

/// Enough to fill the largest GPU, and no more than a CPU is done with in some milliseconds.
const fn invocations(flops: u64) -> u64 {
    if flops < 1 << 34 { 1 << 12 } else { 1 << 19 }
}

fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    vec![Op::Dot4 { flops: if offered.software { 1 << 28 } else { 1 << 37 } }]
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Dot4 { flops } = *op else { return None };
    let chains = variant.constant("CHAINS")? as u32;
    let invocations = invocations(flops);
    let rounds = flops / (FLOPS_PER_DOT * STEPS * u64::from(chains) * invocations);
    let mut random = Random::new(seed, 0);
    let inputs: Vec<[u32; 2]> =
        (0..PERIOD).map(|_| random.bits()).map(|bits| [bits as u32, (bits >> 32) as u32]).collect();
    let workgroups = grid(invocations / u64::from(WORKGROUP));
    Some(Problem {
        params: vec![rounds as u32, workgroups[0]],
        buffers: vec![BufferInit::input(&inputs), BufferInit::Output(4 * invocations)],
        stages: vec![Stage { constants: variant.constants.to_vec(), ..stage(2, workgroups) }],
        chain: 1,
        output: 1,
        element: Element::Word,
        reference: Box::new(move |indices| {
            let sum = |[start, bytes]: &[u32; 2]| {
                let sums = (0..chains).map(|chain| end(start.wrapping_add(chain), *bytes, rounds * STEPS));
                f64::from(sums.fold(0, u32::wrapping_add))
            };
            let sums: Vec<f64> = inputs.iter().map(sum).collect();
            indices.iter().map(|index| sums.get(index % PERIOD).copied().unwrap_or(f64::NAN)).collect()
        }),
        // Integers are exact or wrong.
        nmse_max: 0.0,
        distribution: "uniform bytes",
    })
}

/// Where a chain ends: `x ← x + Σ xᵢ·wᵢ` over the signed bytes, modulo 2³², so many times.
fn end(start: u32, bytes: u32, steps: u64) -> u32 {
    let factors = signed(bytes);
    (0..steps).fold(start, |x, _| {
        let [a, b, c, d] = signed(x);
        let [e, f, g, h] = factors;
        x.wrapping_add_signed(a * e + b * f + c * g + d * h)
    })
}

fn signed(word: u32) -> [i32; 4] {
    word.to_le_bytes().map(|byte| i32::from(byte as i8))
}
