//! What `rmsnorm` and `add_rmsnorm` share: the ways to normalise a row, and its reference.

use super::problem::{BufferInit, Element, Problem, Stage, nmse_max_f16, stage};
use super::{Capabilities, Needs, Source, Variant, any, data, shader};
use crate::op::Format;

/// Llama 3 and Qwen 3 configurations differ (1e-5, 1e-6); the cost does not.
pub(super) const EPSILON: f64 = 1e-5;
const WORKGROUP: u32 = 64;

/// A barrier costs a CPU adapter more than a row's halves; on a GPU one row needs more lanes than a subgroup has.
pub(super) static VARIANTS: [Variant; 4] = [
    Variant {
        name: "subgroup8",
        sources: &[shader!("norm_subgroup")],
        constants: &[("WORKGROUP", 8.0)],
        supports: any,
        needs: Needs { subgroups: true, software_subgroups_of_8: true, invocations: 8, ..Needs::NONE },
    },
    Variant {
        name: "workgroup",
        sources: &[shader!("norm_workgroup")],
        constants: &[],
        supports: any,
        needs: Needs { workgroup_bytes: 1024, invocations: 256, ..Needs::NONE },
    },
    Variant {
        name: "subgroup",
        sources: &[shader!("norm_subgroup")],
        constants: &[("WORKGROUP", WORKGROUP as f64)],
        supports: any,
        needs: Needs { subgroups: true, invocations: WORKGROUP, ..Needs::NONE },
    },
    Variant {
        name: "naive",
        sources: &[shader!("norm_naive")],
        constants: &[],
        supports: any,
        needs: Needs { invocations: WORKGROUP, ..Needs::NONE },
    },
];

pub(super) fn preludes_of_x(_: &Variant, _: Format) -> Vec<Source> {
    vec![shader!("elements_f16"), shader!("norm_of_x")]
}

pub(super) fn preludes_of_sum(_: &Variant, _: Format) -> Vec<Source> {
    vec![shader!("elements_f16"), shader!("norm_of_sum")]
}

/// Workgroups for so many rows.
fn workgroups(variant: &Variant, rows: u64, offered: &Capabilities) -> u64 {
    match variant.name {
        "workgroup" => rows,
        "naive" => rows.div_ceil(WORKGROUP.into()),
        // Sized for the largest subgroup: the fewest rows per workgroup.
        _ => {
            let workgroup = variant.needs.invocations;
            rows.div_ceil(u64::from(workgroup / offered.subgroup_sizes.1.clamp(1, workgroup)))
        }
    }
}

/// The problem of normalising `values`, which the buffers hold, times `scale`. Where `keeps_values` is set, the values
/// themselves come first in the output.
pub(super) fn problem(
    variant: &Variant,
    offered: &Capabilities,
    (rows, width): (u64, u64),
    inputs: Vec<BufferInit>,
    values: Vec<f64>,
    scale: Vec<f64>,
    keeps_values: bool,
) -> Problem {
    let kept = if keeps_values { values.len() } else { 0 };
    let mut buffers = inputs;
    buffers.insert(2, BufferInit::Output(2 * (values.len() + kept) as u64));
    let mut constants = variant.constants.to_vec();
    constants.push(("EPSILON", EPSILON));
    let workgroups = workgroups(variant, rows, offered) as u32;
    let row_len = width as usize;
    Problem {
        params: vec![rows as u32, width as u32],
        stages: vec![Stage { constants, ..stage(buffers.len(), [workgroups, 1, 1]) }],
        buffers,
        chain: 1,
        output: 2,
        element: Element::F16,
        reference: Box::new(move |indices| {
            // Elements of one row that follow each other share its factor.
            let mut known = (usize::MAX, f64::NAN);
            let mut value = |index: usize| {
                let Some(at) = index.checked_sub(kept) else { return values.get(index).copied() };
                let number = at / row_len;
                if known.0 != number {
                    let row = values.get(number * row_len..(number + 1) * row_len)?;
                    let mean = row.iter().map(|value| value * value).sum::<f64>() / row_len as f64;
                    known = (number, 1.0 / (mean + EPSILON).sqrt());
                }
                Some(values.get(at)? * known.1 * scale.get(at % row_len)?)
            };
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        nmse_max: nmse_max_f16(width),
        distribution: data::NORMAL,
    }
}
