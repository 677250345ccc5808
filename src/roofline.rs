//! How close a kernel comes to what its device can do: the roofline of Williams, Waterman and Patterson (2009).
//!
//! `least time = max(FLOP / arithmetic peak, bytes / bandwidth)`; a kernel's share of peak is the least time over the
//! measured one. The ceilings are those that this adapter and driver reached themselves (`fma`, `dot4`, `matrix_fma`; the
//! fastest of `copy`, `read` and `triad`), or those of a datasheet.

use crate::hardware::{self, GpuSpec};
use crate::measurement::Measurement;
use crate::named::named;
use crate::op::{Format, Op};
use crate::units::{BytesPerSecond, FlopsPerSecond, Seconds};

/// The ceilings of one device; unknown where none was measured or published.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Roofline {
    /// Multiply-adds in f32.
    pub f32: Option<FlopsPerSecond>,
    /// Multiply-adds in f16.
    pub f16: Option<FlopsPerSecond>,
    /// Products of signed bytes.
    pub int8: Option<FlopsPerSecond>,
    /// f16 products summed in f32 by matrix units.
    pub matrix: Option<FlopsPerSecond>,
    /// Traffic of memory.
    pub bandwidth: Option<BytesPerSecond>,
}

/// The measured ceilings of a device, and those of its datasheet where it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ceilings {
    /// By this adapter and driver.
    pub measured: Roofline,
    /// By the row of `data/gpus.csv` that matches the adapter.
    pub datasheet: Option<Roofline>,
}

/// What keeps a kernel from being faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Arithmetic.
    Compute,
    /// Memory traffic.
    Bandwidth,
}

named!(Bound { Compute = "compute", Bandwidth = "bandwidth" });

/// How close a kernel comes to a roofline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Least time over measured time. Above 1 where traffic was served by a cache.
    pub share: f64,
    /// Which ceiling is nearer.
    pub bound: Bound,
}

/// Which arithmetic ceiling holds for an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    F32,
    F16,
    Int8,
    Matrix,
    /// Products of 16-bit or unpacked operands: the matrix units, where the device has them, else f32.
    Product,
}

impl Roofline {
    /// The ceilings that joined rows of one run reached.
    pub fn measured(cells: &[Measurement]) -> Self {
        let mut roofline = Self::default();
        for cell in cells {
            let (flops, bytes) = (cell.flops_per_s(), cell.bytes_per_s());
            match cell.op {
                Op::Fma { format: Format::F16, .. } => raise(&mut roofline.f16, flops),
                Op::Fma { .. } => raise(&mut roofline.f32, flops),
                Op::Dot4 { .. } => raise(&mut roofline.int8, flops),
                Op::MatrixFma { .. } => raise(&mut roofline.matrix, flops),
                Op::Copy { .. } | Op::Read { .. } | Op::Triad { .. } => raise(&mut roofline.bandwidth, bytes),
                _ => {}
            }
        }
        roofline
    }

    /// The ceilings that a datasheet promises.
    pub fn datasheet(spec: &GpuSpec) -> Self {
        let of = |format| spec.peak(format);
        Self {
            f32: of(Format::F32),
            f16: of(Format::F16),
            int8: of(Format::Int8),
            matrix: of(Format::F16),
            bandwidth: spec.bandwidth,
        }
    }

    /// The ceilings of the datasheet that matches an adapter's name.
    pub fn matching(gpus: &[GpuSpec], adapter: &str) -> Option<Self> {
        hardware::match_adapter(gpus, adapter).map(Self::datasheet)
    }

    /// How close an op that took so long comes; `None` where a ceiling that may hold it is unknown.
    pub fn share(&self, op: &Op, time: Seconds) -> Option<Share> {
        // A chain of dispatches does no work of which a share could be taken; an all-reduce waits for a link.
        if matches!(op, Op::Dispatch { .. } | Op::AllReduce { .. }) {
            return None;
        }
        let least = |work: f64, peak: Option<f64>| if work > 0.0 { Some(work / peak?) } else { Some(0.0) };
        let compute = least(op.flops().0, self.compute(unit(op)).map(|peak| peak.0))?;
        let traffic = least(op.bytes().0, self.bandwidth.map(|peak| peak.0))?;
        let bound = if compute >= traffic { Bound::Compute } else { Bound::Bandwidth };
        Some(Share { share: compute.max(traffic) / time.0, bound })
    }

    fn compute(&self, unit: Unit) -> Option<FlopsPerSecond> {
        match unit {
            Unit::F32 => self.f32,
            Unit::F16 => self.f16,
            Unit::Int8 => self.int8,
            Unit::Matrix => self.matrix,
            Unit::Product => match (self.matrix, self.f32) {
                (Some(matrix), Some(f32)) if f32 > matrix => Some(f32),
                (matrix, f32) => matrix.or(f32),
            },
        }
    }
}

impl Ceilings {
    /// The ceilings that joined rows of one run reached, beside those of a datasheet.
    pub fn of(cells: &[Measurement], datasheet: Option<Roofline>) -> Self {
        Self { measured: Roofline::measured(cells), datasheet }
    }

    /// The shares of the measured ceilings and of the datasheet's, where the cell has a time.
    pub fn shares(&self, cell: &Measurement) -> (Option<Share>, Option<Share>) {
        let Some(timing) = cell.timing() else { return (None, None) };
        let share = |roofline: &Roofline| roofline.share(&cell.op, Seconds(timing.seconds.median));
        (share(&self.measured), self.datasheet.as_ref().and_then(share))
    }
}

/// The kernels that measure the ceilings which may hold an op.
pub fn kernels(op: &Op) -> Vec<&'static str> {
    if matches!(op, Op::Dispatch { .. } | Op::AllReduce { .. }) {
        return Vec::new();
    }
    let compute: &[&str] = match unit(op) {
        _ if op.flops().0 == 0.0 => &[],
        Unit::F32 | Unit::F16 => &["fma"],
        Unit::Int8 => &["dot4"],
        Unit::Matrix => &["matrix_fma"],
        Unit::Product => &["fma", "matrix_fma"],
    };
    let traffic: &[&str] = if op.bytes().0 > 0.0 { &["copy", "read"] } else { &[] };
    [compute, traffic].concat()
}

fn raise<T: PartialOrd>(peak: &mut Option<T>, seen: Option<T>) {
    if seen > *peak {
        *peak = seen;
    }
}

fn unit(op: &Op) -> Unit {
    match op {
        Op::Fma { format: Format::F16, .. } => Unit::F16,
        Op::MatrixFma { .. } => Unit::Matrix,
        Op::Dot4 { .. } => Unit::Int8,
        Op::Matmul { weights, .. } | Op::ExpertMatmul { weights, .. } => match weights {
            Format::F32 => Unit::F32,
            Format::Int8 => Unit::Int8,
            _ => Unit::Product,
        },
        Op::AttentionPrefill { .. } | Op::AttentionDecode { .. } | Op::LatentDecode { .. } => Unit::Product,
        _ => Unit::F32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOFLINE: Roofline = Roofline {
        f32: Some(FlopsPerSecond(100.0)),
        f16: None,
        int8: Some(FlopsPerSecond(50.0)),
        matrix: None,
        bandwidth: Some(BytesPerSecond(10.0)),
    };

    fn product(tokens: u64, weights: Format) -> Op {
        Op::Matmul { tokens, outputs: 64, inputs: 64, weights }
    }

    #[test]
    fn the_nearer_ceiling_holds() {
        let time = |op: &Op| Seconds((op.flops().0 / 100.0).max(op.bytes().0 / 10.0));
        for (tokens, bound) in [(1, Bound::Bandwidth), (4096, Bound::Compute)] {
            let op = product(tokens, Format::F32);
            assert_eq!(ROOFLINE.share(&op, time(&op)), Some(Share { share: 1.0, bound }));
            assert_eq!(ROOFLINE.share(&op, Seconds(4.0 * time(&op).0)).map(|share| share.share), Some(0.25));
        }
    }

    #[test]
    fn work_without_arithmetic_or_without_traffic_needs_one_ceiling_only() {
        let bandwidth = Roofline { f32: None, ..ROOFLINE };
        let copy = Op::Copy { bytes: 10 };
        assert_eq!(bandwidth.share(&copy, Seconds(4.0)), Some(Share { share: 0.5, bound: Bound::Bandwidth }));
        let fma = Op::Fma { flops: 100, format: Format::F32 };
        let compute = Roofline { bandwidth: None, ..ROOFLINE };
        assert_eq!(compute.share(&fma, Seconds(2.0)), Some(Share { share: 0.5, bound: Bound::Compute }));
        assert_eq!(bandwidth.share(&product(2, Format::F32), Seconds(1.0)), None, "a ceiling is unknown");
        assert_eq!(ROOFLINE.share(&Op::Dispatch { chain: 9 }, Seconds(1.0)), None);
    }

    #[test]
    fn products_of_halves_are_held_against_the_matrix_units_where_there_are_any() {
        let vector = Roofline { bandwidth: Some(BytesPerSecond(1e9)), ..ROOFLINE };
        let tensor = Roofline { matrix: Some(FlopsPerSecond(1000.0)), ..vector };
        let share = |roofline: &Roofline, weights| {
            roofline.share(&product(1 << 20, weights), Seconds(1e9)).map(|share| share.share)
        };
        let times = |weights| share(&vector, weights).zip(share(&tensor, weights)).map(|(a, b)| a / b);
        assert_eq!(times(Format::F16).map(f64::round), Some(10.0));
        assert_eq!(times(Format::Q4_0).map(f64::round), Some(10.0));
        assert_eq!(times(Format::F32), Some(1.0));
    }
}
