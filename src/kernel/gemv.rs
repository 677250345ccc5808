//! `gemv`: `y[n] = w[n, k] · x[k]` for one token, weights in f16, q8_0 or q4_0 unpacked in the kernel. Decode at batch
//! one is little else.

use super::problem::{BufferInit, Element, Problem, dot, halves, nmse_max_f16, stage};
use super::weights::Weights;
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, data, shader};
use crate::op::{Format, Op};

const WORKGROUP: u32 = 64;
const SUBGROUP_ROWS: u64 = 8;

pub static KERNEL: Kernel = Kernel {
    name: "gemv",
    formats: &[Format::F16, Format::Q8_0, Format::Q4_0],
    variants: &[
        Variant {
            name: "subgroup",
            sources: &[shader!("gemv_subgroup")],
            constants: &[],
            supports: in_blocks,
            needs: Needs { subgroups: true, invocations: WORKGROUP, ..Needs::NONE },
        },
        Variant {
            name: "workgroup",
            sources: &[shader!("gemv_workgroup")],
            constants: &[],
            supports: in_blocks,
            needs: Needs { workgroup_bytes: 8 * WORKGROUP, invocations: WORKGROUP, ..Needs::NONE },
        },
    ],
    preludes,
    cases,
    odd_shapes,
    problem,
    streams: true,
};

fn preludes(_: &Variant, format: Format) -> Vec<Source> {
    match format {
        Format::F16 => vec![shader!("weights_f16")],
        Format::Q8_0 => vec![shader!("weights_q8_0")],
        Format::Q4_0 => vec![shader!("weights_q4_0")],
        _ => Vec::new(),
    }
}

fn in_blocks(op: &Op) -> bool {
    matches!(op, Op::Matmul { tokens: 1, outputs, inputs, weights: Format::F16 | Format::Q8_0 | Format::Q4_0 }
        if outputs % 2 == 0 && inputs % 64 == 0)
}

/// A small matrix, and one beyond the caches of the device as far as its binding limit allows: weights that fit
/// the last-level cache of a GPU would be read faster than a model's ever are.
fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let large = |weights: Format| {
        let (outputs, inputs) = match weights {
            _ if offered.software => (14_336, 4_096),
            Format::F16 => (14_336, 8_192),
            _ => (28_672, 8_192),
        };
        let fits =
            outputs as f64 * inputs as f64 * weights.bytes_per_weight() <= offered.binding_bytes as f64;
        if fits { (outputs, inputs) } else { (14_336, 4_096) }
    };
    let case = |(outputs, inputs), weights| Op::Matmul { tokens: 1, outputs, inputs, weights };
    [Format::F16, Format::Q8_0, Format::Q4_0]
        .into_iter()
        .flat_map(|weights| [case((4_094, 4_096), weights), case(large(weights), weights)])
        .collect()
}

fn odd_shapes() -> Vec<Op> {
    let shapes = [(2, 64), (10, 192), (262, 1_088)];
    let matmul = |weights| shapes.map(|(outputs, inputs)| Op::Matmul { tokens: 1, outputs, inputs, weights });
    KERNEL.formats.iter().copied().flat_map(matmul).collect()
}

fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Matmul { tokens: 1, outputs, inputs, weights } = *op else { return None };
    let workgroups = match variant.name {
        // Sized for the largest subgroup: the fewest rows per workgroup.
        "subgroup" => {
            let subgroups = u64::from(WORKGROUP / offered.subgroup_sizes.1.clamp(1, WORKGROUP));
            outputs.div_ceil(SUBGROUP_ROWS * subgroups)
        }
        _ => outputs / 2,
    };
    let (x, x_values) = halves(seed, 0, inputs, 1.0);
    let matrix = Weights::random(weights, (outputs * inputs) as usize, seed)?;
    let mut buffers = vec![x, matrix.values_buffer(), BufferInit::Output(2 * outputs)];
    buffers.extend(matrix.scales_buffer());
    let inputs = inputs as usize;
    let x_values: Vec<f32> = x_values.iter().map(|value| value.to_f32()).collect();
    Some(Problem {
        params: vec![outputs as u32, inputs as u32],
        stages: vec![stage(buffers.len(), [workgroups as u32, 1, 1])],
        buffers,
        chain: 1,
        output: 2,
        element: Element::F16,
        reference: Box::new(move |indices| {
            indices.iter().map(|index| dot(&matrix.row(index * inputs, inputs), &x_values)).collect()
        }),
        nmse_max: nmse_max_f16(inputs as u64),
        distribution: data::NORMAL_WEIGHTS,
    })
}
