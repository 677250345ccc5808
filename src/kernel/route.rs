//! `route`: the experts of each token. The `active` largest of its logits, in order, and the softmax over those; f32 in,
//! an expert and an f32 per choice out. Of equal logits the first one counts.

use super::data::{self, Random};
use super::problem::{BufferInit, Element, Problem, Stage, nmse_max_exponentials, stage, window};
use super::{Capabilities, Kernel, Needs, Suite, Variant, any, no_preludes, shader};
use crate::op::{Format, Op};

const WORKGROUP: u32 = 64;

pub static KERNEL: Kernel = Kernel {
    name: "route",
    formats: &[Format::F32],
    variants: &[variant("subgroup", true), variant("naive", false)],
    preludes: no_preludes,
    cases,
    odd_shapes,
    problem,
    streams: false,
};

const fn variant(name: &'static str, subgroups: bool) -> Variant {
    Variant {
        name,
        sources: if subgroups { &[shader!("route_subgroup")] } else { &[shader!("route_naive")] },
        constants: &[("WORKGROUP", WORKGROUP as f64)],
        supports: any,
        needs: Needs { subgroups, invocations: WORKGROUP, ..Needs::NONE },
    }
}

/// Qwen3-30B-A3B routes among 128 experts, gpt-oss-20b among 32.
fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let tokens = if offered.software { 77 } else { 2_047 };
    let mut cases = vec![Op::Route { tokens, experts: 128, active: 8 }];
    if suite == Suite::Full {
        cases.push(Op::Route { tokens: 1, experts: 128, active: 8 });
        cases.push(Op::Route { tokens, experts: 32, active: 4 });
    }
    cases
}

fn odd_shapes() -> Vec<Op> {
    [(77, 37, 5), (1, 3, 3), (9, 130, 8)]
        .map(|(tokens, experts, active)| Op::Route { tokens, experts, active })
        .to_vec()
}

fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Route { tokens, experts, active } = *op else { return None };
    // Steps of an eighth: some logits of a token are equal, as they are in 16 bits.
    let eighth = |normal: f32| (normal * 8.0).round() / 8.0;
    let mut random = Random::new(seed, 0);
    let logits: Vec<f32> = (0..tokens * experts).map(|_| eighth(random.normal())).collect();
    let tokens_per_workgroup = match variant.name {
        // Sized for the largest subgroup: the fewest tokens per workgroup.
        "subgroup" => WORKGROUP / offered.subgroup_sizes.1.clamp(1, WORKGROUP),
        _ => WORKGROUP,
    };
    let workgroups = [tokens.div_ceil(tokens_per_workgroup.into()) as u32, 1, 1];
    let (experts, active) = (experts as usize, active as usize);
    Some(Problem {
        params: vec![tokens as u32, experts as u32, active as u32],
        buffers: vec![BufferInit::input(&logits), BufferInit::Output(8 * tokens * active as u64)],
        stages: vec![Stage { constants: variant.constants.to_vec(), ..stage(2, workgroups) }],
        chain: 1,
        output: 1,
        element: Element::Choice,
        reference: Box::new(move |indices| {
            let value = |index: usize| {
                let token = index / (2 * active);
                let chosen = choices(window(&logits, token * experts, experts), active);
                chosen.get(index / 2 % active)?.get(index % 2).copied()
            };
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        nmse_max: nmse_max_exponentials(active as u64),
        distribution: data::NORMAL,
    })
}

/// The largest logits: where each stands, and its share of the sum of their exponentials.
pub(super) fn choices(logits: &[f32], active: usize) -> Vec<[f64; 2]> {
    let mut order: Vec<(usize, f64)> = logits.iter().map(|logit| f64::from(*logit)).enumerate().collect();
    // Stable: equal ones keep their order.
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order.truncate(active);
    let sum: f64 = order.iter().map(|(_, logit)| logit.exp()).sum();
    order.iter().map(|(expert, logit)| [*expert as f64, logit.exp() / sum]).collect()
}
