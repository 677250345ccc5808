//! `gemv`: `y[n] = w[n, k] · x[k]` for one token, weights of every stored format unpacked in the kernel. Decode at
//! batch one is little else.

use std::ops::Range;

use super::problem::{
    BufferInit, Element, Problem, Reference, Stage, dot, halves, nmse_max_f16, nmse_max_f32, stage,
};
use super::weights::{self, Int8Inputs, Weights};
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, data, shader};
use crate::op::{Format, Op};

/// Invocations of the variants that suit any adapter.
const WORKGROUP: u32 = 64;
/// Invocations of the variant for few rows.
const SPLIT_WORKGROUP: u32 = 128;
/// Parts of a matrix start at multiples of so many rows: in every format a multiple of [`super::problem::BINDING_ALIGNMENT`]
/// bytes of each buffer.
const PART_ROWS: u64 = 256;
/// Workgroups of one dispatch along x, on every WebGPU adapter.
const WORKGROUPS_MAX: u64 = 65_535;

pub static KERNEL: Kernel = Kernel {
    name: "gemv",
    formats: &FORMATS,
    variants: &[
        Variant {
            name: "subgroup8",
            sources: &[shader!("gemv_subgroup8")],
            constants: &[],
            supports: in_blocks,
            needs: Needs {
                subgroups: true,
                software_subgroups_of_8: true,
                int64: true,
                invocations: 8,
                ..Needs::NONE
            },
        },
        subgroup("subgroup-8", &[("ROWS", 8.0)]),
        subgroup("subgroup-4", &[("ROWS", 4.0)]),
        subgroup("subgroup-2", &[("ROWS", 2.0)]),
        Variant {
            name: "split",
            sources: &[shader!("gemv_split")],
            constants: &[],
            supports: in_blocks,
            needs: Needs {
                subgroups: true,
                workgroup_bytes: 8 * SPLIT_WORKGROUP / 4,
                invocations: SPLIT_WORKGROUP,
                ..Needs::NONE
            },
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

/// The variant that gives each subgroup so many rows.
const fn subgroup(name: &'static str, rows: &'static [(&'static str, f64)]) -> Variant {
    Variant {
        name,
        sources: &[shader!("gemv_subgroup")],
        constants: rows,
        supports: in_blocks,
        needs: Needs { subgroups: true, invocations: WORKGROUP, ..Needs::NONE },
    }
}

const FORMATS: [Format; 7] =
    [Format::F32, Format::F16, Format::Int8, Format::Q8_0, Format::Q4_0, Format::Q4K, Format::Mxfp4];

fn preludes(variant: &Variant, format: Format) -> Vec<Source> {
    let pairs = if format == Format::F32 { shader!("pairs_f32") } else { shader!("pairs_f16") };
    let mut preludes = match variant.name {
        "subgroup8" => steps(format),
        _ => weights::preludes(format),
    };
    preludes.push(pairs);
    preludes
}

/// How a lane that owns rows reads and multiplies a step of them.
fn steps(format: Format) -> Vec<Source> {
    match format {
        Format::F32 => vec![shader!("steps_f32")],
        Format::F16 => vec![shader!("steps_f16")],
        Format::Int8 => vec![shader!("steps_int8"), shader!("rows_in_turn")],
        Format::Q8_0 => vec![shader!("steps_q8_0")],
        Format::Q4_0 => vec![shader!("steps_nibbles"), shader!("steps_q4_0"), shader!("rows_in_turn")],
        Format::Q4K => vec![shader!("steps_nibbles"), shader!("steps_q4_K"), shader!("rows_in_turn")],
        Format::Mxfp4 => vec![shader!("steps_mxfp4"), shader!("rows_in_turn")],
        _ => Vec::new(),
    }
}

fn in_blocks(op: &Op) -> bool {
    matches!(op, Op::Matmul { tokens: 1, outputs, inputs, weights }
        if FORMATS.contains(weights) && outputs % 2 == 0 && inputs % u64::from(weights.block().0.max(64)) == 0)
}

/// A small matrix, and one beyond the caches of the device as far as its largest buffer allows: weights that fit
/// the last-level cache of a GPU would be read faster than a model's ever are.
fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let large = |weights: Format| {
        let (outputs, inputs) = match weights {
            _ if offered.software => (14_336, 4_096),
            Format::F32 => (14_336, 4_096),
            Format::F16 => (14_336, 8_192),
            _ => (28_672, 8_192),
        };
        let bytes = outputs as f64 * inputs as f64 * weights.bytes_per_weight();
        if bytes <= offered.buffer_bytes as f64 { (outputs, inputs) } else { (14_336, 4_096) }
    };
    let case = |(outputs, inputs), weights| Op::Matmul { tokens: 1, outputs, inputs, weights };
    let formats: &[Format] = match suite {
        Suite::Quick => &[Format::F16, Format::Q4_0],
        Suite::Standard => &[Format::F16, Format::Q8_0, Format::Q4_0],
        Suite::Full => &FORMATS,
    };
    let both = |weights: &Format| [case((4_094, 4_096), *weights), case(large(*weights), *weights)];
    let cases = formats.iter().flat_map(both);
    match suite {
        Suite::Quick => cases.filter(|op| op.bytes().0 < offered.beyond_caches() / 2.0).collect(),
        _ => cases.collect(),
    }
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
    let element = if weights == Format::F32 { Element::F32 } else { Element::F16 };
    let (x, input_scales, x_values) = inputs_of(weights, inputs, seed);
    let matrix = Weights::random(weights, outputs, inputs, seed)?;
    let (w, scales) = matrix.buffers();
    let weight_buffers = 1..3 + scales.iter().len();
    let buffers: Vec<_> = [x, w, BufferInit::Output(element.size() as u64 * outputs)]
        .into_iter()
        .chain(scales)
        .chain(input_scales)
        .collect();
    let stages = stages(op, variant, offered, &buffers, weight_buffers)?;
    Some(Problem {
        params: Vec::new(),
        stages,
        buffers,
        chain: 1,
        output: 2,
        element,
        reference: reference(matrix, x_values),
        nmse_max: if element == Element::F32 { nmse_max_f32(inputs) } else { nmse_max_f16(inputs) },
        distribution: data::NORMAL_WEIGHTS,
    })
}

/// The dispatches over `[x, w, y, scales …]`, of which `by_row` have a part for each row of the matrix.
pub(super) fn stages(
    op: &Op,
    variant: &Variant,
    offered: &Capabilities,
    buffers: &[BufferInit],
    by_row: Range<usize>,
) -> Option<Vec<Stage>> {
    let Op::Matmul { tokens: 1, outputs, inputs, weights } = *op else { return None };
    let rows_per_workgroup = rows_per_workgroup(variant, offered);
    let part = |rows: Range<u64>| {
        let count = rows.end - rows.start;
        let mut stage = stage(buffers.len(), [count.div_ceil(rows_per_workgroup) as u32, 1, 1]);
        stage.params = vec![count as u32, inputs as u32];
        stage.constants = variant.constants.to_vec();
        for binding in stage.bindings.iter_mut().filter(|it| count < outputs && by_row.contains(&it.buffer)) {
            let row_bytes = buffers.get(binding.buffer).map_or(0, BufferInit::size) / outputs;
            binding.range = Some((rows.start * row_bytes, count * row_bytes));
        }
        stage
    };
    Some(parts(outputs, inputs as f64 * weights.bytes_per_weight(), offered).map(part).collect())
}

/// Rows of the matrix, as many at a time as one binding and one dispatch of at least two rows per workgroup take.
fn parts(outputs: u64, row_bytes: f64, offered: &Capabilities) -> impl Iterator<Item = Range<u64>> + use<> {
    let fit = (offered.binding_bytes as f64 / row_bytes) as u64;
    let rows = match fit.min(2 * WORKGROUPS_MAX) {
        fit if fit >= outputs => outputs,
        fit => (fit / PART_ROWS * PART_ROWS).max(PART_ROWS),
    };
    (0..outputs).step_by(rows as usize).map(move |start| start..(start + rows).min(outputs))
}

fn rows_per_workgroup(variant: &Variant, offered: &Capabilities) -> u64 {
    match (variant.name, variant.constant("ROWS")) {
        // Sized for the largest subgroup: the fewest rows per workgroup.
        (_, Some(rows)) => rows as u64 * u64::from(WORKGROUP / offered.subgroup_sizes.1.clamp(1, WORKGROUP)),
        ("subgroup8", _) => 32,
        ("naive", _) => 2 * u64::from(WORKGROUP),
        _ => 2,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::problem::BINDING_ALIGNMENT;

    #[test]
    fn a_matrix_larger_than_a_binding_is_split_into_aligned_parts_that_cover_it() {
        let offered = Capabilities { binding_bytes: 1 << 18, ..Capabilities::WEBGPU_DEFAULT };
        for weights in FORMATS {
            let (outputs, inputs) = (2_050, 256);
            let op = Op::Matmul { tokens: 1, outputs, inputs, weights };
            let problem = problem(&op, &KERNEL.variants[1], &offered, 1).unwrap();
            assert!(problem.stages.len() > 1, "{weights}");
            for buffer in 1..problem.buffers.len() - usize::from(weights == Format::Int8) {
                let mut end = 0;
                for stage in &problem.stages {
                    let (start, length) = stage.bindings[buffer].range.unwrap();
                    assert_eq!((start, start % BINDING_ALIGNMENT), (end, 0), "{weights} {buffer}");
                    assert!(length <= offered.binding_bytes, "{weights} {buffer}");
                    end = start + length;
                }
                assert_eq!(end, problem.buffers[buffer].size(), "{weights} {buffer}");
            }
            assert_eq!(problem.stages.iter().map(|it| it.params[0]).sum::<u32>(), outputs as u32);
        }
    }

    #[test]
    fn a_dispatch_has_no_more_workgroups_than_webgpu_allows() {
        let rows: Vec<_> = parts(262_144, 64.0, &Capabilities::WEBGPU_DEFAULT).collect();
        assert!(rows.iter().all(|rows| (rows.end - rows.start).div_ceil(2) <= WORKGROUPS_MAX), "{rows:?}");
        assert_eq!(rows.last().map(|rows| rows.end), Some(262_144));
    }
}
