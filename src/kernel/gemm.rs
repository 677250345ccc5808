//! `gemm`: `y[m, n] = x[m, k] · w[n, k]ᵀ`, the matrix product of prefill and of batched decode, weights of every stored
//! format unpacked in the kernel. Sums are f32; those of `int8` products are whole numbers.

mod operands;
mod parts;
mod variants;

use super::problem::{BufferInit, Element, Problem, Stage, nmse_max_f16, nmse_max_f32};
use super::weights::{self, Weights};
use super::{Capabilities, Kernel, Source, Suite, Variant, data, shader};
use crate::op::{Format, Op};
use operands::Inputs;

pub static KERNEL: Kernel = Kernel {
    name: "gemm",
    formats: &FORMATS,
    variants: &variants::ALL,
    preludes,
    cases,
    odd_shapes,
    problem,
    streams: false,
};

const FORMATS: [Format; 7] =
    [Format::F32, Format::F16, Format::Int8, Format::Q8_0, Format::Q4_0, Format::Q4K, Format::Mxfp4];

fn preludes(variant: &Variant, format: Format) -> Vec<Source> {
    // What only one format uses has the preludes of that one.
    let format = if variant.name == "dot4" { Format::Int8 } else { format };
    let pairs = if format == Format::F32 { shader!("pairs_f32") } else { shader!("pairs_f16") };
    let operands = vec![pairs, shader!("gemm_operands")];
    [variants::matrices(variant), weights::preludes(format), operands].concat()
}

/// Token counts from a small decode batch to a prefill chunk, some no multiple of any tile; one shape in all formats,
/// so that they can be compared. On a software adapter fewer and smaller, so that one product stays below a quarter of
/// a second.
fn cases(offered: &Capabilities, suite: Suite) -> Vec<Op> {
    let matmul = |tokens, outputs, inputs, weights| Op::Matmul { tokens, outputs, inputs, weights };
    let square = |tokens, width, weights| matmul(tokens, width, width, weights);
    let (quick, standard, full) = if offered.software {
        let mut standard = [7, 32, 256].map(|tokens| square(tokens, 2_048, Format::F16)).to_vec();
        standard.extend([Format::F16, Format::Q8_0, Format::Q4_0].map(|weights| square(512, 1_024, weights)));
        // Batched decode: an estimate needs few tokens in each format.
        standard.extend([Format::Q8_0, Format::Q4_0].map(|weights| square(7, 2_048, weights)));
        let mut full = vec![square(300, 512, Format::F32), matmul(32, 14_336, 4_096, Format::F16)];
        full.extend([7, 32, 100, 256].map(|tokens| square(tokens, 4_096, Format::F16)));
        let others = [Format::Int8, Format::Q4K, Format::Mxfp4];
        full.extend(others.map(|weights| square(512, 1_024, weights)));
        full.extend(FORMATS.map(|weights| square(16, 2_048, weights)));
        (square(1_024, 1_024, Format::F32), standard, full)
    } else {
        let mut standard = [7, 32, 100, 512, 2_048].map(|tokens| square(tokens, 4_096, Format::F16)).to_vec();
        standard.extend([square(4_096, 4_096, Format::F16), matmul(100, 14_336, 4_096, Format::F16)]);
        for weights in [Format::Q8_0, Format::Q4_0] {
            standard.extend([7, 32, 512].map(|tokens| square(tokens, 4_096, weights)));
        }
        let mut full = vec![square(1_000, 1_024, Format::F32)];
        let large = square(8_192, 8_192, Format::F16);
        full.extend((large.bytes().0 < 2.0 * offered.binding_bytes as f64).then_some(large));
        let others = [Format::Int8, Format::Q4K, Format::Mxfp4];
        full.extend(others.map(|weights| square(512, 4_096, weights)));
        full.extend(FORMATS.map(|weights| square(16, 4_096, weights)));
        full.extend(FORMATS.map(|weights| square(2_048, 4_096, weights)));
        (square(2_048, 2_048, Format::F32), standard, full)
    };
    let mut cases = vec![quick];
    cases.extend(standard.into_iter().filter(|_| suite != Suite::Quick));
    cases.extend(full.into_iter().filter(|_| suite == Suite::Full));
    let mut seen = std::collections::HashSet::new();
    cases.retain(|op| seen.insert(*op));
    cases
}

/// Edges in every direction, on both sides of the counts of tokens at which variants change.
fn odd_shapes() -> Vec<Op> {
    let most = [(7, 262, 5), (67, 132, 7)];
    let plain = [(2, 2, 1), (16, 66, 3), (130, 262, 2)];
    let matmul = |weights: Format| {
        let plain = plain.into_iter().filter(move |_| matches!(weights, Format::F32 | Format::F16));
        let op = move |(tokens, outputs, blocks)| Op::Matmul {
            tokens,
            outputs,
            inputs: blocks * variants::depth(weights),
            weights,
        };
        most.into_iter().chain(plain).map(op)
    };
    FORMATS.into_iter().flat_map(matmul).collect()
}

/// The dispatches over `[x, w, y, scales …]`.
pub(super) fn stages(
    op: &Op,
    variant: &Variant,
    offered: &Capabilities,
    buffers: &[BufferInit],
) -> Option<Vec<Stage>> {
    let Op::Matmul { tokens, outputs, inputs, .. } = *op else { return None };
    Some(parts::stages(buffers, [tokens, outputs, inputs], variant, offered))
}

/// The largest accepted error of a product.
pub(super) fn nmse_max(op: &Op, variant: &Variant) -> Option<f64> {
    let Op::Matmul { inputs, weights, .. } = *op else { return None };
    let summed = if weights == Format::F32 { nmse_max_f32(inputs) } else { nmse_max_f16(inputs) };
    Some(summed + variants::nmse_of_rounded_weights(variant, weights))
}

fn problem(op: &Op, variant: &Variant, offered: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Matmul { tokens, outputs, inputs, weights } = *op else { return None };
    let element = if weights == Format::F32 { Element::F32 } else { Element::F16 };
    let x = Inputs::random(weights, tokens, inputs, seed);
    let w = Weights::random(weights, outputs, inputs, seed)?;
    let (x_buffer, input_scales) = x.buffers();
    let (w_buffer, scales) = w.buffers();
    let y_buffer = BufferInit::Output(tokens * outputs * element.size() as u64);
    let buffers: Vec<_> =
        [x_buffer, w_buffer, y_buffer].into_iter().chain(scales).chain(input_scales).collect();
    let nmse_max = nmse_max(op, variant)?;
    let stages = stages(op, variant, offered, &buffers)?;
    Some(Problem {
        params: Vec::new(),
        stages,
        buffers,
        chain: 1,
        output: 2,
        element,
        reference: operands::reference(x, w, outputs),
        nmse_max,
        distribution: data::NORMAL_WEIGHTS,
    })
}
