//! `gemv`: `y[n] = w[n, k] · x[k]` for one token, weights in f16, q8_0 or q4_0 unpacked in the kernel. Decode at batch
//! one is little else.

use half::f16;

use super::problem::{BufferInit, Element, Problem, dot, halves, nmse_max_f16, stage, window};
use super::{Capabilities, Kernel, Needs, Source, Variant, data, shader};
use crate::op::{Format, Op};

const WORKGROUP: u32 = 64;
const SUBGROUP_ROWS: u64 = 8;
/// Weights per quantised block.
const BLOCK: usize = 32;

pub static KERNEL: Kernel = Kernel {
    name: "gemv",
    variants: &[
        Variant {
            name: "subgroup",
            sources: &[shader!("gemv_subgroup")],
            supports: in_blocks,
            needs: Needs { subgroups: true, invocations: WORKGROUP, ..Needs::NONE },
        },
        Variant {
            name: "workgroup",
            sources: &[shader!("gemv_workgroup")],
            supports: in_blocks,
            needs: Needs { workgroup_bytes: 8 * WORKGROUP, invocations: WORKGROUP, ..Needs::NONE },
        },
    ],
    prelude,
    cases,
    problem,
    streams: true,
};

fn prelude(format: Format) -> Option<Source> {
    match format {
        Format::F16 => Some(shader!("weights_f16")),
        Format::Q8_0 => Some(shader!("weights_q8_0")),
        Format::Q4_0 => Some(shader!("weights_q4_0")),
        _ => None,
    }
}

fn in_blocks(op: &Op) -> bool {
    matches!(op, Op::Matmul { tokens: 1, outputs, inputs, weights: Format::F16 | Format::Q8_0 | Format::Q4_0 }
        if outputs % 2 == 0 && inputs % 64 == 0)
}

/// A small matrix, and one beyond the caches of the device as far as its binding limit allows: weights that fit
/// the last-level cache of a GPU would be read faster than a model's ever are.
fn cases(offered: &Capabilities) -> Vec<Op> {
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

/// A weight matrix as stored on the device.
enum Weights {
    Halves(Vec<f16>),
    /// Signed values of 8 bits, or of 4 bits packed two to a byte with eight added; a scale per block.
    Blocks {
        bits: u32,
        values: Vec<u8>,
        scales: Vec<f16>,
    },
}

impl Weights {
    fn random(format: Format, count: usize, seed: u64) -> Option<Self> {
        let mut random = data::Random::new(seed, 1);
        let (bits, steps) = match format {
            Format::F16 => return Some(Self::Halves(random.halves(count, data::WEIGHTS_SD))),
            Format::Q8_0 => (8, 127.0),
            Format::Q4_0 => (4, 7.0),
            _ => return None,
        };
        // Three standard deviations span the steps of a block, as when its largest weight sets the scale.
        let mut step = || (random.normal() * steps / 3.0).round().clamp(-steps, steps) as i8;
        let values = match bits {
            8 => (0..count).map(|_| step() as u8).collect(),
            _ => (0..count / 2).map(|_| (step() + 8) as u8 | ((step() + 8) as u8) << 4).collect(),
        };
        let scale = |normal: f32| f16::from_f32(data::WEIGHTS_SD * 3.0 / steps * (1.0 + 0.1 * normal));
        let mut random = data::Random::new(seed, 2);
        let scales = (0..count / BLOCK).map(|_| scale(random.normal())).collect();
        Some(Self::Blocks { bits, values, scales })
    }

    fn values_buffer(&self) -> BufferInit {
        match self {
            Self::Halves(values) => BufferInit::input(values),
            Self::Blocks { values, .. } => BufferInit::input(values),
        }
    }

    fn scales_buffer(&self) -> Option<BufferInit> {
        match self {
            Self::Halves(_) => None,
            Self::Blocks { scales, .. } => Some(BufferInit::input(scales)),
        }
    }

    fn row(&self, start: usize, len: usize) -> Vec<f64> {
        match self {
            Self::Halves(values) => window(values, start, len).iter().map(|value| value.to_f64()).collect(),
            Self::Blocks { bits, values, scales } => {
                (start..start + len).map(|index| quantised(*bits, values, scales, index)).collect()
            }
        }
    }
}

fn quantised(bits: u32, values: &[u8], scales: &[f16], index: usize) -> f64 {
    let byte = |at: usize| values.get(at).copied().unwrap_or_default();
    let scale = scales.get(index / BLOCK).map_or(f64::NAN, |scale| scale.to_f64());
    let step = match bits {
        8 => f64::from(byte(index) as i8),
        _ => f64::from(byte(index / 2) >> (4 * (index % 2)) & 15) - 8.0,
    };
    step * scale
}
