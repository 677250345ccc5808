//! `attention_decode`: one new query per sequence over a KV cache of halves or of bytes with scales (q8_0), in one part
//! or in pages, split over the context, with a second pass that joins the parts.

use std::rc::Rc;

use super::attention::{Attention, Lookup};
use super::kv_cache::{Piece, Shape};
use super::problem::{Binding, BufferInit, Element, Problem, Stage, halves, nmse_max_f16};
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, data, shader};
use crate::op::{Format, Op};

const GROUP_MAX: u64 = 8;
/// Every output computes every score anew; and longer loops end early in Mesa before 23: after 65,535 rounds.
const NAIVE_CONTEXT_MAX: u64 = 32_768;

macro_rules! with_reduction {
    ($first:literal) => {
        &[shader!($first), shader!("attention_decode_reduce")]
    };
}

pub static KERNEL: Kernel = Kernel {
    name: "attention_decode",
    formats: &[Format::F16, Format::Q8_0],
    variants: &[
        Variant {
            name: "subgroup8",
            sources: with_reduction!("attention_decode_subgroup8"),
            constants: &[("PART_KEYS", 512.0)],
            supports: |op| {
                groups(op, 4)
                    && matches!(op, Op::AttentionDecode { heads, kv_heads, head_dim: 128, .. } if *heads == 4 * kv_heads)
            },
            needs: Needs {
                subgroups: true,
                software_subgroups_of_8: true,
                invocations: 8,
                int64: true,
                ..Needs::NONE
            },
        },
        Variant { constants: &[("PART_KEYS", 256.0)], ..SUBGROUP },
        Variant { name: "subgroup-512", constants: &[("PART_KEYS", 512.0)], ..SUBGROUP },
        Variant { constants: &[("PART_KEYS", 256.0)], ..WORKGROUP },
        Variant { name: "workgroup-512", constants: &[("PART_KEYS", 512.0)], ..WORKGROUP },
        Variant {
            name: "naive",
            sources: with_reduction!("attention_decode_naive"),
            constants: &[],
            supports: |op| matches!(op, Op::AttentionDecode { context, .. } if *context <= NAIVE_CONTEXT_MAX),
            needs: Needs { invocations: 64, ..Needs::NONE },
        },
    ],
    preludes,
    cases,
    odd_shapes,
    problem,
    streams: true,
};

const SUBGROUP: Variant = Variant {
    name: "subgroup-256",
    sources: with_reduction!("attention_decode_subgroup"),
    constants: &[],
    supports: |op| groups(op, GROUP_MAX),
    needs: Needs {
        subgroups: true,
        subgroup_min: 8,
        workgroup_bytes: 8 * (128 + 2) * 4,
        invocations: 64,
        ..Needs::NONE
    },
};

const WORKGROUP: Variant = Variant {
    name: "workgroup-256",
    sources: with_reduction!("attention_decode_workgroup"),
    constants: &[],
    supports: |op| groups(op, GROUP_MAX),
    needs: Needs {
        workgroup_bytes: (GROUP_MAX * (128 + 64) * 4 + 64 * 32 + 64 * 4) as u32,
        invocations: 64,
        ..Needs::NONE
    },
};

/// Whether an op has whole groups of at most `most` query heads per KV head, and heads that the kernels know.
fn groups(op: &Op, most: u64) -> bool {
    matches!(op, Op::AttentionDecode { heads, kv_heads, head_dim: 64 | 128, .. }
        if heads % kv_heads == 0 && heads / kv_heads <= most)
}

fn preludes(variant: &Variant, format: Format) -> Vec<Source> {
    let wide = variant.needs.int64;
    let cache = match format {
        Format::Q8_0 if wide => shader!("kv_q8_0_wide"),
        Format::Q8_0 => shader!("kv_q8_0"),
        _ if wide => shader!("kv_f16_wide"),
        _ => shader!("kv_f16"),
    };
    let common = vec![shader!("attention_decode_common"), cache];
    let softmax = (variant.needs.software_subgroups_of_8).then_some(shader!("softmax_subgroup8"));
    common.into_iter().chain(softmax).collect()
}

/// Contexts from a chat to a book for a model of 8 billion weights (32 query heads, 8 KV heads of 128), and each way to
/// keep the cache at one of them.
fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let case = |batch, context, head_dim, kv, page| Op::AttentionDecode {
        batch,
        context,
        heads: 32,
        kv_heads: 8,
        head_dim,
        kv,
        page,
    };
    let contexts = if offered.software { [1_000, 4_096, 16_384] } else { [1_000, 8_192, 65_536] };
    let plain = |context| case(1, context, 128, Format::F16, None);
    let [short, middle, long] = contexts;
    match suite {
        Suite::Quick => vec![plain(middle)],
        Suite::Standard => {
            let mut cases = contexts.map(plain).to_vec();
            cases.push(case(1, long, 128, Format::Q8_0, None));
            cases.push(case(1, middle, 128, Format::F16, Some(16)));
            cases
        }
        Suite::Full => {
            let mut more = cases(offered, Suite::Standard);
            more.push(case(1, 131_072, 128, Format::F16, None));
            for kv in [Format::F16, Format::Q8_0] {
                more.push(case(8, short, 128, kv, None));
                more.push(case(8, middle, 128, kv, Some(16)));
                more.push(case(1, middle, 64, kv, None));
            }
            more
        }
    }
}

fn odd_shapes() -> Vec<Op> {
    let shapes = [
        (1, 1, 1, 1, 64, None),
        (2, 259, 6, 2, 128, None),
        (1, 1_023, 8, 1, 64, None),
        (3, 512, 4, 4, 128, None),
        (1, 545, 8, 2, 128, None),
        (2, 545, 8, 2, 128, Some(16)),
        (3, 77, 5, 1, 64, Some(16)),
    ];
    let each = |kv| {
        shapes.map(|(batch, context, heads, kv_heads, head_dim, page)| Op::AttentionDecode {
            batch,
            context,
            heads,
            kv_heads,
            head_dim,
            kv,
            page,
        })
    };
    [Format::F16, Format::Q8_0].into_iter().flat_map(each).collect()
}

fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::AttentionDecode { batch, context, heads, kv_heads, head_dim, kv, page } = *op else {
        return None;
    };
    let (q_buffer, q) = halves(seed, 0, batch * heads * head_dim, 1.0);
    let shape = Shape { batch, context, width: kv_heads * head_dim, format: kv, page };
    // Without a part of its own size a variant takes each piece whole.
    let part_keys = variant.constant("PART_KEYS").map(|keys| keys as u64);
    let ranges = shape.ranges(offered, part_keys.unwrap_or(1));
    let pieces = ranges.into_iter().map(|range| shape.piece(range, seed)).collect::<Option<Vec<_>>>()?;
    let part_keys = part_keys.unwrap_or_else(|| pieces.iter().map(|it| it.range.keys).max().unwrap_or(1));
    let parts = context.div_ceil(part_keys);
    let scale = (head_dim as f32).sqrt().recip();

    let sizes = |sizes: &[u64], scale: f32| {
        sizes.iter().map(|size| *size as u32).chain([scale.to_bits()]).collect::<Vec<_>>()
    };
    let mut buffers = vec![
        q_buffer,
        BufferInit::Scratch(4 * batch * heads * parts * (head_dim + 2)),
        BufferInit::Output(2 * batch * heads * head_dim),
    ];
    let mut constants = vec![("HEAD_DIM", head_dim as f64)];
    let reduction = Stage {
        shader: 1,
        bindings: vec![Binding::whole(2, 1), Binding::whole(8, 2)],
        params: sizes(&[0, heads, kv_heads, 0, 0, parts, 0, 0], scale),
        workgroups: [(batch * heads) as u32, 1, 1],
        constants: constants.clone(),
    };
    constants.push(("GROUP", (heads / kv_heads) as f64));
    constants.push(("PAGE", page.unwrap_or(0) as f64));
    let mut stages: Vec<Stage> = pieces
        .iter()
        .map(|piece| {
            let range = piece.range;
            let first_part = range.first_key / part_keys;
            let pages = piece.pages_per_sequence();
            let piece_sizes =
                [range.keys, heads, kv_heads, range.first_sequence, first_part, parts, part_keys, pages];
            let workgroups = grid(op, variant, range.keys.div_ceil(part_keys), range.sequences);
            Stage {
                shader: 0,
                bindings: bound(piece, &mut buffers),
                params: sizes(&piece_sizes, scale),
                workgroups,
                constants: constants.clone(),
            }
        })
        .collect();
    stages.push(reduction);

    let pieces = Rc::new(pieces);
    let key = lookup(&pieces, |piece| &piece.keys, kv_heads, head_dim);
    let value = lookup(&pieces, |piece| &piece.values, kv_heads, head_dim);
    let (qk_dim, v_dim) = (head_dim, head_dim);
    let attention = Attention { q, heads, kv_heads, qk_dim, v_dim, scale: f64::from(scale), key, value };
    Some(Problem {
        params: Vec::new(),
        buffers,
        stages,
        chain: 1,
        output: 2,
        element: Element::F16,
        reference: Box::new(move |indices| attention.outputs(indices, |_| (0, context as usize))),
        nmse_max: nmse_max_f16(context + head_dim),
        distribution: data::NORMAL,
    })
}

/// Workgroups over the parts, heads and sequences of a piece.
fn grid(op: &Op, variant: &Variant, parts: u64, sequences: u64) -> [u32; 3] {
    let Op::AttentionDecode { heads, kv_heads, head_dim, .. } = *op else { return [0; 3] };
    let workgroups = match variant.name {
        "naive" => [parts, heads * head_dim / 64, sequences],
        // Neighbours read neighbouring heads, which share the rows of the cache.
        "subgroup8" => [kv_heads, parts, sequences],
        _ => [parts, kv_heads, sequences],
    };
    workgroups.map(|it| it as u32)
}

/// Adds the buffers of a piece; where the first stage finds them, beside the queries and the parts.
fn bound(piece: &Piece, buffers: &mut Vec<BufferInit>) -> Vec<Binding> {
    let (keys, key_scales) = piece.keys.buffers();
    let (values, value_scales) = piece.values.buffers();
    let own = [Some(keys), Some(values), Some(piece.table()), key_scales, value_scales];
    let mut bindings = vec![Binding::whole(1, 0), Binding::whole(2, 1)];
    for (slot, buffer) in (3..).zip(own).filter_map(|(slot, buffer)| Some((slot, buffer?))) {
        bindings.push(Binding::whole(slot, buffers.len()));
        buffers.push(buffer);
    }
    bindings
}

/// Query `b` is that of sequence `b`.
fn lookup(
    pieces: &Rc<Vec<Piece>>,
    which: fn(&Piece) -> &super::attention::Elements,
    kv_heads: u64,
    dim: u64,
) -> Lookup {
    let pieces = Rc::clone(pieces);
    Box::new(move |sequence, key, kv_head, floats| {
        let found = pieces.iter().find_map(|piece| Some((piece, piece.row(sequence, key)?)));
        if let Some((piece, row)) = found {
            which(piece).widen((row * kv_heads as usize + kv_head) * dim as usize, floats);
        }
    })
}
