//! The ways to multiply matrices, and what each covers.

use crate::kernel::{Capabilities, Needs, Source, Variant, shader};
use crate::op::{Format, Op};

/// Subgroups that share the tile of the matrix units.
const SUBGROUPS: u64 = 4;
/// Invocations of a workgroup whose subgroups each own rows of weights.
const SKINNY_WORKGROUP: u32 = 64;

/// The preferred one first.
pub(super) static ALL: [Variant; 12] = [
    strips("subgroup8-8x64", &[("STRIPS", 1.0)], |op| fits(op) && tokens(op) <= 8),
    strips("subgroup8-16x64", &[("STRIPS", 2.0)], |op| fits(op) && tokens(op) <= 16),
    strips("subgroup8-32x64", &[("STRIPS", 4.0)], fits),
    cooperative("cooperative-16", 16),
    cooperative("cooperative-8", 8),
    Variant {
        name: "skinny",
        sources: &[shader!("gemm_skinny")],
        constants: &[],
        supports: |op| fits(op) && tokens(op) <= 16,
        needs: Needs { subgroups: true, invocations: SKINNY_WORKGROUP, ..Needs::NONE },
    },
    Variant {
        name: "dot4",
        sources: &[shader!("gemm_dot4")],
        constants: &[],
        supports: |op| fits(op) && op.format() == Format::Int8,
        needs: Needs { workgroup_bytes: 2 * 64 * 16 * 4, invocations: 256, ..Needs::NONE },
    },
    blocked(
        "blocked-128x128x16",
        &[("TILE_ROWS", 128.0), ("TILE_COLUMNS", 128.0), ("DEPTH", 16.0)],
        |op| fits(op) && tokens(op) > 64,
        Needs { workgroup_bytes: 2 * 132 * 16 * 4, invocations: 256, ..Needs::NONE },
    ),
    blocked(
        "blocked-64x128x16",
        &[("TILE_ROWS", 64.0), ("TILE_COLUMNS", 128.0), ("DEPTH", 16.0)],
        |op| fits(op) && tokens(op) > 32,
        Needs { workgroup_bytes: (68 + 132) * 16 * 4, invocations: 128, ..Needs::NONE },
    ),
    blocked(
        "blocked-32x64x16",
        &[("TILE_ROWS", 32.0), ("TILE_COLUMNS", 64.0), ("DEPTH", 16.0)],
        fits,
        Needs { workgroup_bytes: (36 + 68) * 16 * 4, invocations: 32, ..Needs::NONE },
    ),
    Variant {
        name: "tiled",
        sources: &[shader!("gemm_tiled")],
        constants: &[],
        supports: fits,
        needs: Needs { workgroup_bytes: 2 * 64 * 16 * 4, invocations: 256, ..Needs::NONE },
    },
    Variant {
        name: "naive",
        sources: &[shader!("gemm_naive")],
        constants: &[],
        supports: fits,
        needs: Needs { invocations: 64, ..Needs::NONE },
    },
];

const fn strips(
    name: &'static str,
    constants: &'static [(&'static str, f64)],
    supports: fn(&Op) -> bool,
) -> Variant {
    let needs = Needs { subgroups: true, software_subgroups_of_8: true, invocations: 8, ..Needs::NONE };
    Variant { name, sources: &[shader!("gemm_subgroup8")], constants, supports, needs }
}

const fn blocked(
    name: &'static str,
    constants: &'static [(&'static str, f64)],
    supports: fn(&Op) -> bool,
    needs: Needs,
) -> Variant {
    Variant { name, sources: &[shader!("gemm_blocked")], constants, supports, needs }
}

const fn cooperative(name: &'static str, size: u32) -> Variant {
    Variant {
        name,
        sources: &[shader!("gemm_cooperative")],
        constants: &[],
        supports: |op| fits(op) && tokens(op) > 16 && !matches!(op.format(), Format::F32 | Format::Int8),
        needs: Needs {
            subgroups: true,
            // Two tiles of halves, and a matrix of sums per subgroup on its way out.
            workgroup_bytes: 2 * 128 * 40 * 2 + SUBGROUPS as u32 * size * size * 4,
            invocations: SUBGROUPS as u32 * 128,
            f16: true,
            cooperative: Some(size),
            ..Needs::NONE
        },
    }
}

fn tokens(op: &Op) -> u64 {
    if let Op::Matmul { tokens, .. } = op { *tokens } else { 0 }
}

/// Inputs come in multiples of this: what one vector of weights holds, and whole blocks.
pub(super) fn depth(weights: Format) -> u64 {
    match weights {
        Format::F32 => 4,
        Format::F16 => 8,
        Format::Int8 => 16,
        _ => weights.block().0.into(),
    }
}

/// Whether vectors and blocks are whole, and outputs come in pairs.
fn fits(op: &Op) -> bool {
    matches!(op, Op::Matmul { tokens: 2.., outputs, inputs, weights }
        if super::FORMATS.contains(weights) && outputs % 2 == 0 && inputs % depth(*weights) == 0)
}

/// What is placed before everything else: an extension is enabled in the first lines of a text.
pub(super) fn matrices(variant: &Variant) -> Vec<Source> {
    match variant.needs.cooperative {
        Some(16) => vec![shader!("gemm_matrices_16")],
        Some(_) => vec![shader!("gemm_matrices_8")],
        None => Vec::new(),
    }
}

/// Workgroups for an output of so many rows and columns.
pub(super) fn workgroups(variant: &Variant, rows: u64, columns: u64, offered: &Capabilities) -> [u32; 3] {
    let constant = |name| variant.constant(name).unwrap_or(1.0) as u64;
    // The grid fits the largest subgroup of the adapter; with smaller ones some strips lie beyond the edge.
    let subgroups = u64::from(SKINNY_WORKGROUP / offered.subgroup_sizes.1.clamp(1, SKINNY_WORKGROUP));
    let [height, width] = match variant.name {
        "naive" => [1, 128],
        "skinny" => [8, 4 * subgroups],
        "tiled" | "dot4" => [64, 64],
        _ if variant.needs.cooperative.is_some() => [128, 128],
        _ if variant.needs.software_subgroups_of_8 => [8 * constant("STRIPS"), 64],
        _ => [constant("TILE_ROWS"), constant("TILE_COLUMNS")],
    };
    let [across, down] = [rows.div_ceil(height) as u32, columns.div_ceil(width) as u32];
    if variant.name == "naive" { [down, across, 1] } else { [across, down, 1] }
}

/// Pipeline constants on an adapter.
pub(super) fn constants(variant: &Variant, offered: &Capabilities) -> Vec<(&'static str, f64)> {
    // Enough invocations for all subgroups at the largest size that the adapter may choose.
    let subgroup = offered.subgroup_sizes.1.clamp(8, 128);
    let workgroup = variant.needs.cooperative.map(|_| ("WORKGROUP", f64::from(SUBGROUPS as u32 * subgroup)));
    variant.constants.iter().copied().chain(workgroup).collect()
}

/// What the matrix units add to the accepted error: weights that are no halves are rounded to halves first, with up to
/// 2⁻¹¹ of a weight (variance 2⁻²²/3), and they may truncate; four times the variance covers both.
pub(super) fn nmse_of_rounded_weights(variant: &Variant, weights: Format) -> f64 {
    let rounded = variant.needs.cooperative.is_some() && weights != Format::F16;
    if rounded { 4.0 / 3.0 * 2f64.powi(-22) } else { 0.0 }
}
