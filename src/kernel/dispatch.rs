//! `dispatch`: what a dispatch costs by itself, alone and in a chain of dependent ones. The slope between the two
//! is the overhead that a small op of a model pays.

use super::problem::{BufferInit, Element, Problem, stage};
use super::{Capabilities, Kernel, Needs, Variant, any, no_preludes, shader};
use crate::op::{Format, Op};

pub static KERNEL: Kernel = Kernel {
    name: "dispatch",
    formats: &[Format::F32],
    variants: &[Variant {
        name: "counter",
        sources: &[shader!("dispatch")],
        constants: &[],
        supports: any,
        needs: Needs { invocations: 1, ..Needs::NONE },
    }],
    preludes: no_preludes,
    cases: |_, _| vec![Op::Dispatch { chain: 1 }, Op::Dispatch { chain: 100 }],
    odd_shapes: || vec![Op::Dispatch { chain: 1 }, Op::Dispatch { chain: 7 }],
    problem,
    streams: false,
};

fn problem(op: &Op, _: &Variant, _: &Capabilities, _: u64) -> Option<Problem> {
    let Op::Dispatch { chain } = *op else { return None };
    Some(Problem {
        params: vec![],
        buffers: vec![BufferInit::Scratch(4), BufferInit::Output(4)],
        stages: vec![stage(2, [1, 1, 1])],
        chain: chain as u32,
        output: 1,
        element: Element::F32,
        // The counter starts at zero for every sample, and a sample of this kernel is one execution.
        reference: Box::new(move |indices| indices.iter().map(|_| chain as f64).collect()),
        nmse_max: 0.0,
        distribution: "none",
    })
}
