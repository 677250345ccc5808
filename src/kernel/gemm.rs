//! `gemm`: `y[m, n] = x[m, k] · w[n, k]ᵀ`, the matrix product of prefill and of batched decode, in f32 and in f16
//! with sums in f32.

use super::problem::{
    BufferInit, Element, Operand, Problem, dot, halves, nmse_max_f16, nmse_max_f32, stage, window,
};
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, data, shader};
use crate::op::{Format, Op};

pub static KERNEL: Kernel = Kernel {
    name: "gemm",
    formats: &[Format::F32, Format::F16],
    variants: &[
        Variant {
            name: "subgroup8",
            sources: &[shader!("gemm_subgroup8")],
            constants: &[],
            supports: in_fours,
            needs: Needs { subgroups: true, software_subgroups_of_8: true, invocations: 8, ..Needs::NONE },
        },
        Variant {
            name: "tiled",
            sources: &[shader!("gemm_tiled")],
            constants: &[],
            supports: in_fours,
            needs: Needs { workgroup_bytes: 2 * 64 * 16 * 4, invocations: 256, ..Needs::NONE },
        },
        Variant {
            name: "naive",
            sources: &[shader!("gemm_naive")],
            constants: &[],
            supports: |op| op.format() == Format::F32,
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
    ],
    preludes,
    cases,
    odd_shapes,
    problem,
    streams: false,
};

fn preludes(_: &Variant, format: Format) -> Vec<Source> {
    match format {
        Format::F32 => vec![shader!("elements_f32")],
        Format::F16 => vec![shader!("elements_f16")],
        _ => Vec::new(),
    }
}

fn in_fours(op: &Op) -> bool {
    matches!(op, Op::Matmul { outputs, inputs, weights: Format::F32 | Format::F16, .. }
        if outputs % 4 == 0 && inputs % 4 == 0)
}

/// Token counts from a small decode batch to a prefill chunk, some no multiple of any tile, and once the wide
/// matrix of an MLP; on a software adapter fewer, so that one product stays far below a second.
fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let matmul = |tokens, width, weights| Op::Matmul { tokens, outputs: width, inputs: width, weights };
    if offered.software {
        let mut cases = vec![matmul(300, 512, Format::F32), matmul(1024, 1024, Format::F32)];
        cases.extend([7, 32, 100, 256].map(|tokens| matmul(tokens, 4096, Format::F16)));
        cases.push(Op::Matmul { tokens: 32, outputs: 14_336, inputs: 4_096, weights: Format::F16 });
        cases
    } else {
        let mut cases = vec![matmul(1000, 1024, Format::F32), matmul(2048, 2048, Format::F32)];
        cases.extend([7, 32, 100, 512, 2048].map(|tokens| matmul(tokens, 4096, Format::F16)));
        cases.push(Op::Matmul { tokens: 100, outputs: 14_336, inputs: 4_096, weights: Format::F16 });
        cases
    }
}

fn odd_shapes() -> Vec<Op> {
    let shapes = [(2, 4, 4), (17, 36, 20), (67, 132, 516), (130, 68, 100), (3, 1_000, 64)];
    let matmul =
        |weights| shapes.map(|(tokens, outputs, inputs)| Op::Matmul { tokens, outputs, inputs, weights });
    [Format::F32, Format::F16].into_iter().flat_map(matmul).collect()
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Matmul { tokens, outputs, inputs, weights } = *op else { return None };
    let workgroups = match variant.name {
        "subgroup8" => [tokens.div_ceil(16), outputs.div_ceil(32)],
        "tiled" => [tokens.div_ceil(64), outputs.div_ceil(64)],
        _ => [outputs.div_ceil(64), tokens],
    };
    let (x, w, element, reference, nmse_max) = match weights {
        Format::F32 => {
            let x = data::Random::new(seed, 0).normals((tokens * inputs) as usize, 1.0);
            let w = data::Random::new(seed, 1).normals((outputs * inputs) as usize, 1.0);
            let buffers = (BufferInit::input(&x), BufferInit::input(&w));
            (buffers.0, buffers.1, Element::F32, reference(x, w, outputs, inputs), nmse_max_f32(inputs))
        }
        Format::F16 => {
            let (x_buffer, x) = halves(seed, 0, tokens * inputs, 1.0);
            let (w_buffer, w) = halves(seed, 1, outputs * inputs, data::WEIGHTS_SD);
            (x_buffer, w_buffer, Element::F16, reference(x, w, outputs, inputs), nmse_max_f16(inputs))
        }
        _ => return None,
    };
    Some(Problem {
        params: vec![tokens as u32, outputs as u32, inputs as u32],
        buffers: vec![x, w, BufferInit::Output(tokens * outputs * element.size() as u64)],
        stages: vec![stage(3, [workgroups[0] as u32, workgroups[1] as u32, 1])],
        chain: 1,
        output: 2,
        element,
        reference,
        nmse_max,
        distribution: if weights == Format::F16 { data::NORMAL_WEIGHTS } else { data::NORMAL },
    })
}

fn reference<T: Operand + 'static>(
    x: Vec<T>,
    w: Vec<T>,
    outputs: u64,
    inputs: u64,
) -> super::problem::Reference {
    let (outputs, inputs) = (outputs as usize, inputs as usize);
    Box::new(move |indices| {
        let cell = |index: usize| {
            let row = window(&x, index / outputs * inputs, inputs);
            dot(row, window(&w, index % outputs * inputs, inputs))
        };
        indices.iter().map(|index| cell(*index)).collect()
    })
}
