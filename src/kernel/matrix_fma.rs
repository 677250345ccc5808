//! `matrix_fma`: products of f16 matrices in the registers of the matrix units, summed in f32. The arithmetic peak of
//! tensor cores as far as WGSL reaches them.

use half::f16;

use super::data::Random;
use super::problem::{BufferInit, Element, Problem, Stage, grid, stage};
use super::{Capabilities, Kernel, Needs, Source, Variant, shader};
use crate::op::{Format, Op};

/// Each workgroup is one subgroup: the most lanes that one may have.
const WORKGROUP_MAX: u32 = 128;
const WORKGROUPS: u64 = 1 << 13;
/// Workgroups this far apart have the same inputs.
const PERIOD: usize = 16;
/// Left and right matrices of a workgroup; each pair has a sum.
const LEFTS: usize = 4;
const RIGHTS: usize = 2;
/// Elements are integers up to this in size, so that all sums are integers below 2²⁴, exact in f32.
const LARGEST: usize = 2;

/// There is no naive one: without matrix units there is nothing to measure.
pub static KERNEL: Kernel = Kernel {
    name: "matrix_fma",
    formats: &[Format::F16],
    variants: &[variant("cooperative-16", 16), variant("cooperative-8", 8)],
    preludes,
    cases: |_, _| vec![Op::MatrixFma { flops: 1 << 40 }],
    odd_shapes: || vec![Op::MatrixFma { flops: 3 * quantum(16) }],
    problem,
    streams: false,
};

const fn variant(name: &'static str, side: u32) -> Variant {
    Variant {
        name,
        sources: &[shader!("matrix_fma")],
        constants: &[],
        supports: |op| matches!(op, Op::MatrixFma { flops } if flops.is_multiple_of(quantum(16))),
        needs: Needs { f16: true, invocations: WORKGROUP_MAX, cooperative: Some(side), ..Needs::NONE },
    }
}

/// FLOP of one round of all workgroups.
const fn quantum(side: u64) -> u64 {
    2 * side.pow(3) * (LEFTS * RIGHTS) as u64 * WORKGROUPS
}

fn preludes(variant: &Variant, _: Format) -> Vec<Source> {
    vec![if variant.needs.cooperative == Some(8) { shader!("matrices_8") } else { shader!("matrices_16") }]
}

/// On an adapter whose subgroups differ in size a workgroup may be several subgroups, which then do the same work twice:
/// the rate is too low there, never too high.
fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::MatrixFma { flops } = *op else { return None };
    let side = variant.needs.cooperative? as usize;
    let rounds = flops / quantum(side as u64);
    let mut random = Random::new(seed, 0);
    let mut matrices = |count: usize| -> Vec<f16> {
        let mut element = |_| f16::from_f64(random.below(2 * LARGEST + 1) as f64 - LARGEST as f64);
        (0..PERIOD * count * side * side).map(&mut element).collect()
    };
    let (lefts, rights) = (matrices(LEFTS), matrices(RIGHTS));
    let workgroups = grid(WORKGROUPS);
    let lanes = offered.subgroup_sizes.1.min(WORKGROUP_MAX);
    let output = WORKGROUPS * (4 * side * side) as u64;
    let buffers = vec![BufferInit::input(&lefts), BufferInit::input(&rights), BufferInit::Output(output)];
    Some(Problem {
        params: vec![rounds as u32, workgroups[0]],
        buffers,
        stages: vec![Stage { constants: vec![("WORKGROUP", f64::from(lanes))], ..stage(3, workgroups) }],
        chain: 1,
        output: 2,
        element: Element::F32,
        reference: Box::new(move |indices| {
            // The sum of the products of each pair is the product of the sums.
            let sum = |values: &[f16], first: usize, count: usize, at: usize| -> f64 {
                let matrix = |number| values.get((first + number) * side * side + at);
                (0..count).map(|number| matrix(number).map_or(f64::NAN, |value| value.to_f64())).sum()
            };
            let value = |index: usize| {
                let (group, row, column) =
                    (index / (side * side) % PERIOD, index / side % side, index % side);
                let product = |inner: usize| {
                    sum(&lefts, group * LEFTS, LEFTS, row * side + inner)
                        * sum(&rights, group * RIGHTS, RIGHTS, inner * side + column)
                };
                rounds as f64 * (0..side).map(product).sum::<f64>()
            };
            indices.iter().map(|index| value(*index)).collect()
        }),
        // Integers within 24 bits are exact.
        nmse_max: 0.0,
        distribution: "integers from -2 to 2",
    })
}
