//! What such a fleet is said to have measured: kernels that mtok has, in shapes that estimates read, with the times of a device
//! that does not exist.

use crate::measurement::Cache;
use crate::op::{Format, Op};

/// Cells that there are.
pub(super) const CELLS_MAX: usize = 300;
/// Bytes per second of the memory of the median device.
const BANDWIDTH: f64 = 2.6e12;
/// FLOP per second of its matrix units; of its f32 units.
const ARITHMETIC_F16: f64 = 4.0e14;
const ARITHMETIC_F32: f64 = 5.0e13;
/// Seconds that the start of a kernel takes.
const START_S: f64 = 3.0e-6;
/// A cell that takes less is mostly start.
const SHORT_S: f64 = 6.0e-6;
/// How much noisier a cell that is mostly start is.
const SHORT_NOISE: f64 = 8.0;

/// What keeps a cell from being faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Memory,
    Arithmetic,
    Start,
}

/// A cell of the fleet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub op: Op,
    pub variant: &'static str,
    pub cache: Cache,
    /// Of the median device.
    pub seconds: f64,
    pub limit: Limit,
    /// Noise of a visit, in that of a cell that takes long.
    pub noise: f64,
}

/// The first cells of the catalogue: first those that an estimate needs, then more shapes and formats of the same.
pub(super) fn cells(count: usize) -> Vec<Cell> {
    first()
        .into_iter()
        .chain(sweeps())
        .take(count.min(CELLS_MAX))
        .map(|(op, variant)| cell(op, variant))
        .collect()
}

fn cell(op: Op, variant: &'static str) -> Cell {
    let peak = match op {
        Op::Fma { format: Format::F32, .. } => ARITHMETIC_F32,
        Op::Matmul { weights: Format::F32, .. } => ARITHMETIC_F32,
        _ => ARITHMETIC_F16,
    };
    let [arithmetic, memory] = [op.flops().0 / peak, op.bytes().0 / BANDWIDTH];
    let chain = if let Op::Dispatch { chain } = op { chain as f64 } else { 1.0 };
    let seconds = chain * START_S + arithmetic.max(memory);
    let limit = match () {
        () if seconds < SHORT_S || chain > 1.0 => Limit::Start,
        () if arithmetic > memory => Limit::Arithmetic,
        () => Limit::Memory,
    };
    let noise = if seconds < SHORT_S { SHORT_NOISE } else { 1.0 };
    let cold = matches!(op, Op::Matmul { tokens: 1, .. } | Op::AttentionDecode { .. });
    Cell { op, variant, cache: if cold { Cache::Cold } else { Cache::Hot }, seconds, limit, noise }
}

fn matmul(tokens: u64, outputs: u64, inputs: u64, weights: Format) -> (Op, &'static str) {
    (Op::Matmul { tokens, outputs, inputs, weights }, if tokens == 1 { "subgroup8" } else { "matrix-64x64" })
}

fn decode(batch: u64, context: u64, kv: Format) -> (Op, &'static str) {
    let op = Op::AttentionDecode { batch, context, heads: 32, kv_heads: 8, head_dim: 128, kv, page: None };
    (op, "subgroup8")
}

fn prefill(tokens: u64) -> (Op, &'static str) {
    let op = Op::AttentionPrefill { tokens, heads: 32, kv_heads: 8, qk_dim: 128, v_dim: 128, window: tokens };
    (op, "matrix-64")
}

/// What an estimate needs, and the peaks.
fn first() -> Vec<(Op, &'static str)> {
    vec![
        (Op::Dispatch { chain: 1 }, "counter"),
        (Op::Dispatch { chain: 100 }, "counter"),
        (Op::Fma { flops: 1 << 38, format: Format::F32 }, "chains-4"),
        (Op::Copy { bytes: 1 << 30 }, "wide-256"),
        (Op::Read { bytes: 1 << 30 }, "wide-8"),
        matmul(1, 4_096, 4_096, Format::F16),
        matmul(1, 14_336, 4_096, Format::F16),
        matmul(1, 14_336, 4_096, Format::Q8_0),
        matmul(1, 14_336, 4_096, Format::Q4_0),
        matmul(32, 4_096, 4_096, Format::F16),
        matmul(512, 4_096, 4_096, Format::F16),
        matmul(2_048, 4_096, 4_096, Format::F16),
        matmul(512, 4_096, 4_096, Format::Q8_0),
        matmul(512, 4_096, 4_096, Format::Q4_0),
        decode(16, 4_096, Format::F16),
        decode(16, 16_384, Format::F16),
        prefill(4_096),
        (Op::RmsNorm { rows: 2_048, width: 4_096 }, "subgroup8"),
        (Op::SiluMul { rows: 2_048, width: 14_336 }, "vec8"),
        (Op::Rope { rows: 2_048, heads: 40, head_dim: 128 }, "quads"),
        (Op::Triad { bytes: 1 << 30 }, "vectors-256"),
        (Op::MatrixFma { flops: 1 << 40 }, "chains-4"),
        (Op::Add { rows: 2_048, width: 4_096 }, "vec8"),
        (Op::AddRmsNorm { rows: 2_048, width: 4_096 }, "subgroup8"),
        (Op::Gather { rows: 2_048, width: 4_096, vocab: 128_256 }, "vec8"),
        (Op::Sample { rows: 16, vocab: 128_256 }, "workgroup"),
    ]
}

/// More shapes and formats of the same kernels.
fn sweeps() -> impl Iterator<Item = (Op, &'static str)> {
    const FORMATS: [Format; 5] = [Format::F16, Format::Q8_0, Format::Q6K, Format::Q4K, Format::Q4_0];
    let vectors = [2_048, 6_144, 8_192, 12_288, 16_384, 20_480, 28_672, 32_768]
        .into_iter()
        .flat_map(|outputs| FORMATS.map(|weights| matmul(1, outputs, 4_096, weights)));
    let matrices = [16, 64, 128, 256, 768, 1_024, 1_536, 3_072, 4_096]
        .into_iter()
        .flat_map(|tokens| FORMATS.map(|weights| matmul(tokens, 4_096, 4_096, weights)));
    let attention = [1, 2, 4, 8, 32, 64].into_iter().flat_map(|batch| {
        [1_024, 2_048, 8_192, 32_768]
            .into_iter()
            .flat_map(move |context| [Format::F16, Format::Q8_0].map(|kv| decode(batch, context, kv)))
    });
    let prompts = [512, 1_024, 2_048, 8_192, 16_384, 32_768].map(prefill);
    let wide = [8_192, 6_144, 5_120, 3_584].into_iter().flat_map(|inputs| {
        [1, 48, 96, 192, 384, 640, 896, 1_280]
            .into_iter()
            .flat_map(move |tokens| FORMATS.map(|weights| matmul(tokens, 7_168, inputs, weights)))
    });
    vectors.chain(matrices).chain(attention).chain(prompts).chain(wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::cell_name;

    #[test]
    fn every_cell_is_there_once_and_has_a_limit_of_its_own() {
        let cells = cells(usize::MAX);
        assert_eq!(cells.len(), CELLS_MAX);
        let mut names: Vec<String> = cells.iter().map(|it| cell_name(&it.op, it.variant, it.cache)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), CELLS_MAX);
        for limit in [Limit::Memory, Limit::Arithmetic, Limit::Start] {
            assert!(cells.iter().take(20).filter(|it| it.limit == limit).count() >= 2, "{limit:?}");
        }
        assert!(cells.iter().all(|it| it.seconds.is_finite() && it.seconds >= START_S));
        // A row of any of them is read back.
        for Cell { op, .. } in &cells {
            let parsed = Op::parse(op.kernel(), &op.format().to_string(), &op.shape());
            assert_eq!(parsed.as_ref(), Ok(op), "{}", op.shape());
        }
    }
}
