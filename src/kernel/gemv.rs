//! `gemv`: `y[n] = w[n, k] · x[k]` for one token, weights of every stored format unpacked in the kernel. Decode at
//! batch one is little else.

use super::problem::{
    BufferInit, Element, Problem, Reference, dot, halves, nmse_max_f16, nmse_max_f32, stage,
};
use super::weights::{self, Int8Inputs, Weights};
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, data, shader};
use crate::op::{Format, Op};

const WORKGROUP: u32 = 64;
const SUBGROUP_ROWS: u64 = 8;

pub static KERNEL: Kernel = Kernel {
    name: "gemv",
    formats: &FORMATS,
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
        Variant {
            name: "naive",
            sources: &[shader!("gemv_naive")],
            constants: &[],
            supports: in_blocks,
            needs: Needs { invocations: WORKGROUP, ..Needs::NONE },
        },
    ],
    preludes,
    cases,
    odd_shapes,
    problem,
    streams: true,
};

const FORMATS: [Format; 7] =
    [Format::F32, Format::F16, Format::Int8, Format::Q8_0, Format::Q4_0, Format::Q4K, Format::Mxfp4];

fn preludes(_: &Variant, format: Format) -> Vec<Source> {
    let pairs = if format == Format::F32 { shader!("pairs_f32") } else { shader!("pairs_f16") };
    [weights::preludes(format), vec![pairs]].concat()
}

fn in_blocks(op: &Op) -> bool {
    matches!(op, Op::Matmul { tokens: 1, outputs, inputs, weights }
        if FORMATS.contains(weights) && outputs % 2 == 0 && inputs % u64::from(weights.block().0.max(64)) == 0)
}

/// A small matrix, and one beyond the caches of the device as far as its binding limit allows: weights that fit
/// the last-level cache of a GPU would be read faster than a model's ever are.
fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
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
    let formats: &[Format] = match suite {
        Suite::Quick | Suite::Standard => &[Format::F16, Format::Q8_0, Format::Q4_0],
        Suite::Full => &[Format::F16, Format::Int8, Format::Q8_0, Format::Q4_0, Format::Q4K, Format::Mxfp4],
    };
    let mut cases: Vec<_> = formats
        .iter()
        .flat_map(|weights| [case((4_094, 4_096), *weights), case(large(*weights), *weights)])
        .collect();
    if suite == Suite::Full {
        cases.push(case((4_096, 4_096), Format::F32));
    }
    cases
}

fn odd_shapes() -> Vec<Op> {
    let shapes = |weights| match weights {
        Format::Q4K => [(2, 256), (10, 768), (262, 1_280)],
        _ => [(2, 64), (10, 192), (262, 1_088)],
    };
    let matmul =
        |weights| shapes(weights).map(|(outputs, inputs)| Op::Matmul { tokens: 1, outputs, inputs, weights });
    FORMATS.into_iter().flat_map(matmul).collect()
}

fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Matmul { tokens: 1, outputs, inputs, weights } = *op else { return None };
    let workgroups = match variant.name {
        // Sized for the largest subgroup: the fewest rows per workgroup.
        "subgroup" => {
            let subgroups = u64::from(WORKGROUP / offered.subgroup_sizes.1.clamp(1, WORKGROUP));
            outputs.div_ceil(SUBGROUP_ROWS * subgroups)
        }
        "workgroup" => outputs / 2,
        _ => outputs.div_ceil(2 * u64::from(WORKGROUP)),
    };
    let element = if weights == Format::F32 { Element::F32 } else { Element::F16 };
    let (x, input_scales, x_values) = inputs_of(weights, inputs, seed);
    let matrix = Weights::random(weights, outputs, inputs, seed)?;
    let (w, scales) = matrix.buffers();
    let buffers: Vec<_> = [x, w, BufferInit::Output(element.size() as u64 * outputs)]
        .into_iter()
        .chain(scales)
        .chain(input_scales)
        .collect();
    Some(Problem {
        params: vec![outputs as u32, inputs as u32],
        stages: vec![stage(buffers.len(), [workgroups as u32, 1, 1])],
        buffers,
        chain: 1,
        output: 2,
        element,
        reference: reference(matrix, x_values),
        nmse_max: if element == Element::F32 { nmse_max_f32(inputs) } else { nmse_max_f16(inputs) },
        distribution: data::NORMAL_WEIGHTS,
    })
}

/// The buffer of one token's inputs, that of their scale in `int8`, and the inputs as floats.
fn inputs_of(weights: Format, count: u64, seed: u64) -> (BufferInit, Option<BufferInit>, Vec<f32>) {
    match weights {
        Format::F32 => {
            let values = data::Random::new(seed, 0).normals(count as usize, 1.0);
            (BufferInit::input(&values), None, values)
        }
        Format::Int8 => {
            let inputs = Int8Inputs::random(1, count, seed);
            let (values, scales) = inputs.buffers();
            (values, Some(scales), inputs.row(0))
        }
        _ => {
            let (buffer, values) = halves(seed, 0, count, 1.0);
            (buffer, None, values.iter().map(|value| value.to_f32()).collect())
        }
    }
}

fn reference(matrix: Weights, x: Vec<f32>) -> Reference {
    Box::new(move |rows| rows.iter().map(|row| dot(&matrix.row(*row), &x)).collect())
}
