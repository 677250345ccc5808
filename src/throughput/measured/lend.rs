//! The rates of a measured device on another one of its family, by the ratio of their datasheets.

use super::{Curves, Origin, Stated};
use crate::hardware::GpuSpec;
use crate::op::Format;

/// What lending adds to the relative error. Even across a generation, where it is refused, the curves of an A100 scaled
/// to an H100 miss 42 served points of that by a median of 12.2 %, the H100's own by 6.4 % (`tests/served.rs`); with
/// this the interval holds four in five of them.
pub(super) const ERROR: f64 = 0.045;

/// How much faster the borrower is.
struct Ratios {
    bandwidth: f64,
    peak: f64,
    link: f64,
    /// FLOP per byte above which the lender, and the borrower, compute rather than read.
    ridge: [f64; 2],
}

impl Curves {
    /// The rates of `to`, another GPU of the family of `from` on which these were measured. What waits for memory goes
    /// with the bandwidth, what computes with the 16-bit peak, launches stay.
    ///
    /// # Errors
    /// A sentence when the two are of different families, or a datasheet lacks a figure.
    pub fn lent(self, from: &GpuSpec, to: &GpuSpec) -> Result<Self, String> {
        if from.vendor != to.vendor || from.architecture != to.architecture || from.architecture.is_empty() {
            let family = |gpu: &GpuSpec| format!("{} is {} {}", gpu.name, gpu.vendor, gpu.architecture);
            let families = format!("{}, {}", family(from), family(to));
            return Err(format!("{} cannot lend its rates to {}: {families}", from.name, to.name));
        }
        self.scaled(from, to)
    }

    /// [`Curves::lent`] whatever the families.
    pub(in crate::throughput) fn scaled(self, from: &GpuSpec, to: &GpuSpec) -> Result<Self, String> {
        let ratios = Ratios::new(from, to)?;
        let Self { mut identity, mut notes, all_reduce, .. } = self;
        identity.adapter.clone_from(&to.name);
        notes.push(format!("the rates of {} were measured and are scaled by the two datasheets", from.name));
        let of_memory = |curve: super::Curve| curve.scaled(ratios.bandwidth);
        let products = |(format, surface): (Format, super::Surface)| {
            (format, surface.scaled(|tokens| ratios.of_product(tokens, format)))
        };
        Ok(Self {
            identity,
            origin: Origin::Lent,
            gemv: self.gemv.into_iter().map(|(format, curve)| (format, of_memory(curve))).collect(),
            gemm: self.gemm.into_iter().map(products).collect(),
            experts: self.experts.into_iter().map(products).collect(),
            attention_decode: (self.attention_decode.into_iter())
                .map(|(format, curve)| (format, of_memory(curve)))
                .collect(),
            attention_prefill: self.attention_prefill.map(|curve| curve.scaled(ratios.peak)),
            // Two FLOP per head and byte of 16 bit.
            latent_decode: (self.latent_decode)
                .map(|surface| surface.scaled(|heads| ratios.of_product(heads, Format::F16))),
            elementwise: (self.elementwise.into_iter())
                .map(|(name, curve)| (name, of_memory(curve)))
                .collect(),
            all_reduce: all_reduce.into_iter().map(|curve| curve.scaled(ratios.link)).collect(),
            launch: self.launch,
            chains: self.chains,
            stated: self.stated.and_then(|_| Stated::of(to)),
            notes,
            bandwidth: to.bandwidth,
            layer_ratio: None,
        })
    }
}

impl Ratios {
    fn new(from: &GpuSpec, to: &GpuSpec) -> Result<Self, String> {
        let figures = |gpu: &GpuSpec| match (gpu.bandwidth, gpu.fp16) {
            (Some(bandwidth), Some(peak)) => Ok([bandwidth.0, peak.0]),
            _ => Err(format!("the datasheet row of {} lacks bandwidth or 16-bit peak", gpu.name)),
        };
        let ([from_bandwidth, from_peak], [to_bandwidth, to_peak]) = (figures(from)?, figures(to)?);
        Ok(Self {
            bandwidth: to_bandwidth / from_bandwidth,
            peak: to_peak / from_peak,
            link: from.link.zip(to.link).map_or(1.0, |(from, to)| to.0 / from.0),
            ridge: [from_peak / from_bandwidth, to_peak / to_bandwidth],
        })
    }

    /// The ratio of the two rooflines for a product of this many tokens.
    fn of_product(&self, tokens: f64, weights: Format) -> f64 {
        let intensity = 2.0 * tokens / weights.bytes_per_weight();
        // Attainable FLOP per byte of bandwidth.
        let [from, to] = self.ridge.map(|ridge| intensity.min(ridge));
        self.bandwidth * to / from
    }
}
