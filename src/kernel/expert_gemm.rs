//! `expert_gemm`: the products of a routed layer. Every token visits some of many matrices, and how many tokens a matrix
//! gets is uneven. Tokens sorted by expert are an input, as is where each expert's tokens start: an engine makes both on
//! the device behind `route`. One dispatch covers all experts; the output holds a row per token and choice, and their
//! weighted sum is left to whoever reads it.

use super::data::{self, Random};
use super::problem::{Binding, BufferInit, Element, Problem, Stage, dot, halves, nmse_max_f16, stage};
use super::weights::{self, Weights};
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, shader};
use crate::op::{Format, Op};

const FORMATS: [Format; 5] = [Format::F16, Format::Q8_0, Format::Q4_0, Format::Q4K, Format::Mxfp4];

pub static KERNEL: Kernel = Kernel {
    name: "expert_gemm",
    formats: &FORMATS,
    variants: &[
        Variant { supports: lonely, ..subgroup8("subgroup8-1", &[("ROWS", 1.0)]) },
        subgroup8("subgroup8-8", &[("ROWS", 8.0)]),
        Variant {
            name: "tiled",
            sources: &[shader!("expert_gemm_tiled")],
            constants: &[],
            supports: in_fours,
            needs: Needs { workgroup_bytes: 2 * 64 * 16 * 4, invocations: 256, ..Needs::NONE },
        },
        Variant {
            name: "naive",
            sources: &[shader!("expert_gemm_naive")],
            constants: &[],
            supports: in_fours,
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
    ],
    preludes,
    cases,
    odd_shapes,
    problem,
    streams: true,
};

const fn subgroup8(name: &'static str, constants: &'static [(&'static str, f64)]) -> Variant {
    Variant {
        name,
        sources: &[shader!("expert_gemm_subgroup8")],
        constants,
        supports: in_fours,
        needs: Needs { subgroups: true, software_subgroups_of_8: true, invocations: 8, ..Needs::NONE },
    }
}

fn preludes(_: &Variant, format: Format) -> Vec<Source> {
    [vec![shader!("experts")], weights::preludes(format)].concat()
}

fn in_fours(op: &Op) -> bool {
    matches!(op, Op::ExpertMatmul { outputs, inputs, weights, .. }
        if FORMATS.contains(weights) && outputs % 4 == 0 && inputs % u64::from(weights.block().0.max(8)) == 0)
}

/// Whether most experts that are visited at all have one token.
fn lonely(op: &Op) -> bool {
    in_fours(op)
        && matches!(op, Op::ExpertMatmul { tokens, experts, active, .. } if tokens * active <= *experts)
}

/// The shapes of gpt-oss-20b and of Qwen3-30B-A3B; on a software adapter fewer and narrower experts.
fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let case = |tokens, (experts, active, outputs, inputs), weights| Op::ExpertMatmul {
        tokens,
        experts,
        active,
        outputs,
        inputs,
        weights,
    };
    let small = (16, 4, 768, 1024);
    if offered.software {
        return match suite {
            Suite::Full => FORMATS
                .iter()
                .flat_map(|weights| [1, 16, 64].map(|tokens| case(tokens, small, *weights)))
                .collect(),
            _ => vec![case(16, small, Format::F16)],
        };
    }
    let fits = |op: &Op| match op {
        Op::ExpertMatmul { experts, outputs, inputs, weights, .. } => {
            let bytes = (experts * outputs * inputs) as f64 * weights.bytes_per_weight();
            bytes <= offered.binding_bytes as f64
        }
        _ => false,
    };
    let shapes = |tokens, weights| {
        [(32, 4, 2_880, 2_880), (128, 8, 768, 2_048)]
            .map(|shape| case(tokens, shape, weights))
            .map(|op| if fits(&op) { op } else { case(tokens, small, weights) })
    };
    let mut cases: Vec<Op> = match suite {
        Suite::Full => [Format::F16, Format::Q8_0, Format::Q4_0, Format::Mxfp4]
            .iter()
            .flat_map(|weights| [1, 16, 256].map(|tokens| shapes(tokens, *weights)))
            .flatten()
            .chain(
                [1, 16, 256]
                    .map(|tokens| case(tokens, (128, 8, 768, 2_048), Format::Q4K))
                    .into_iter()
                    .filter(fits),
            )
            .collect(),
        _ => [16, 256].map(|tokens| shapes(tokens, Format::Mxfp4)).concat(),
    };
    let mut seen = Vec::new();
    cases.retain(|op| {
        !seen.contains(op) && {
            seen.push(*op);
            true
        }
    });
    cases
}

fn odd_shapes() -> Vec<Op> {
    let shapes = |weights| match weights {
        Format::Q4K => [(3, 5, 2, 36, 256), (1, 3, 1, 4, 512)],
        _ => [(19, 5, 2, 68, 96), (2, 7, 3, 36, 32)],
    };
    let case = |weights| {
        shapes(weights).map(|(tokens, experts, active, outputs, inputs)| Op::ExpertMatmul {
            tokens,
            experts,
            active,
            outputs,
            inputs,
            weights,
        })
    };
    let crowded = Op::ExpertMatmul {
        tokens: 150,
        experts: 3,
        active: 1,
        outputs: 20,
        inputs: 40,
        weights: Format::F16,
    };
    FORMATS.into_iter().flat_map(case).chain([crowded]).collect()
}

/// Which expert each pair of a token and a choice visits.
struct Routing {
    experts: u64,
    /// `[token, choice]`.
    visited: Vec<u32>,
}

impl Routing {
    /// Every token visits different experts, the first ones more often than the last.
    fn random(tokens: u64, experts: u64, active: u64, seed: u64) -> Self {
        let mut random = Random::new(seed, 5);
        let mut visited = Vec::with_capacity((tokens * active) as usize);
        for _ in 0..tokens {
            let mut left: Vec<u32> = (0..experts as u32).collect();
            for _ in 0..active {
                // The smaller of two draws: a density that falls along a line to zero.
                let place = random.below(left.len()).min(random.below(left.len()));
                visited.push(left.remove(place));
            }
        }
        Self { experts, visited }
    }

    /// Pairs by expert, and where those of each expert and its tiles of so many pairs start.
    fn sorted(&self, tile: u64) -> (Vec<u32>, Vec<[u32; 2]>) {
        let (mut pairs, mut offsets) = (Vec::new(), vec![[0, 0]]);
        let mut tiles = 0;
        for expert in 0..self.experts as u32 {
            let before = pairs.len();
            let own = self.visited.iter().enumerate().filter(|(_, visited)| **visited == expert);
            pairs.extend(own.map(|(pair, _)| pair as u32));
            tiles += (pairs.len() - before).div_ceil(tile as usize);
            offsets.push([pairs.len() as u32, tiles as u32]);
        }
        (pairs, offsets)
    }
}

/// The tables and the dispatch of a routed product over `[x, w, y, offsets, pairs, scales …]`.
pub(super) struct Grouped {
    /// The expert of each pair of a token and a choice.
    pub visited: Vec<u32>,
    pub offsets: BufferInit,
    pub pairs: BufferInit,
    pub params: Vec<u32>,
    pub stage: Stage,
}

/// `rows_per_token` rows of x belong to a token: one that all its choices share, or as many as there are choices.
pub(super) fn grouped(
    op: &Op,
    variant: &Variant,
    seed: u64,
    has_scales: bool,
    rows_per_token: u64,
) -> Option<Grouped> {
    let Op::ExpertMatmul { tokens, experts, active, outputs, inputs, .. } = *op else { return None };
    let (tile, width) = match variant.name {
        "tiled" => (64, 64),
        "naive" => (1, 4 * 64),
        _ => (variant.constant("ROWS")? as u64, 32),
    };
    let routing = Routing::random(tokens, experts, active, seed);
    let (pairs, offsets) = routing.sorted(tile);
    let tiles = offsets.last()?[1];
    // Scales, where there are any, are the last buffer, and the fourth binding.
    let slots = [1, 2, 3, 5, 6].into_iter().chain(has_scales.then_some(4));
    let bindings = slots.enumerate().map(|(buffer, slot)| Binding::whole(slot, buffer)).collect();
    let constants = variant.constants.to_vec();
    let workgroups = [tiles, outputs.div_ceil(width) as u32, 1];
    Some(Grouped {
        visited: routing.visited,
        offsets: BufferInit::input(&offsets),
        pairs: BufferInit::input(&pairs),
        params: [outputs, inputs, experts, active / rows_per_token].map(|size| size as u32).to_vec(),
        stage: Stage { bindings, constants, ..stage(0, workgroups) },
    })
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } = *op else { return None };
    let (x, x_values) = halves(seed, 0, tokens * inputs, 1.0);
    let matrix = Weights::random(weights, experts * outputs, inputs, seed)?;
    let (w, scales) = matrix.buffers();
    let Grouped { visited, offsets, pairs, params, stage } = grouped(op, variant, seed, scales.is_some(), 1)?;
    let mut buffers = vec![x, w, BufferInit::Output(2 * tokens * active * outputs), offsets, pairs];
    buffers.extend(scales);
    let (active, outputs, inputs) = (active as usize, outputs as usize, inputs as usize);
    let x_values: Vec<f32> = x_values.iter().map(|value| value.to_f32()).collect();
    Some(Problem {
        params,
        stages: vec![stage],
        buffers,
        chain: 1,
        output: 2,
        element: Element::F16,
        reference: Box::new(move |indices| {
            let value = |index: usize| {
                let pair = index / outputs;
                let expert = *visited.get(pair)? as usize;
                let row = x_values.get(pair / active * inputs..(pair / active + 1) * inputs)?;
                Some(dot(&matrix.row(expert * outputs + index % outputs), row))
            };
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        nmse_max: nmse_max_f16(inputs as u64),
        distribution: data::NORMAL_WEIGHTS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_visit_different_experts_and_unevenly() {
        let routing = Routing::random(1_000, 8, 3, 1);
        assert!(routing.visited.chunks(3).all(|of| of[0] != of[1] && of[1] != of[2] && of[0] != of[2]));
        let count = |expert| routing.visited.iter().filter(|visited| **visited == expert).count();
        assert!(count(0) > 2 * count(7), "{} {}", count(0), count(7));
    }

    #[test]
    fn pairs_are_sorted_by_expert_and_tiles_cover_them() {
        let routing = Routing { experts: 4, visited: vec![3, 0, 3, 1, 0, 3] };
        let (pairs, offsets) = routing.sorted(2);
        assert_eq!(pairs, [1, 4, 3, 0, 2, 5]);
        assert_eq!(offsets, [[0, 0], [2, 1], [3, 2], [3, 2], [6, 4]]);
    }
}
