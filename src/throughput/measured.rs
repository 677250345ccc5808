//! Step times from measured kernels.
//!
//! `t_op = max(weight bytes / G, FLOP / F) + t_launch`: G comes from `gemv` rows by weight bytes, F from `gemm`
//! rows by tokens and matrix size, attention and elementwise rates from their own kernels. A measured time holds
//! one launch, so rates are taken after subtracting it and every op gets it back: exact at the measured sizes,
//! and a floor for ops smaller than any that was measured.
//!
//! Energy is that of the same ops: each at the mean power that the device had while the kernel behind it was
//! measured, for the time that the op takes here, its launch included.

use std::collections::HashMap;

use super::curve::{Curve, Point, Reading, Surface};
use super::layer::LayerRatio;
use super::note;
use super::step::{Bound, Step};
use crate::arch::Work;
use crate::measurement::merged::merged;
use crate::measurement::{Cache, DeviceType, Identity, Measurement, Timing};
use crate::op::{Format, Op, expert_coverage};
use crate::units::{Bytes, Interval, Joules};

/// Relative error of this approach: 90th percentile of 42 served points whose time per output token was computed
/// from measured kernel curves with nothing fitted (median 12.1 %). That model
/// guessed 5 µs per layer and 0.3 ms per step where this one has the measured launches, and knew no experts.
pub(super) const ERROR: f64 = 0.166;

const LATENT_NOTE: &str = "latent attention: KV at the attention_decode rate, products at the gemm rate";

/// Share of a step above which extrapolated ops are worth a note.
const FAR_SHARE: f64 = 0.05;

/// The measured rates of one device.
#[derive(Clone, Debug)]
pub struct Curves {
    identity: Identity,
    /// Weight bytes per second by weight bytes.
    gemv: Vec<(Format, Curve)>,
    /// FLOP/s by tokens and matrix elements.
    gemm: Vec<(Format, Surface)>,
    /// FLOP/s of `expert_gemm` by tokens per visited expert and elements of one matrix.
    experts: Vec<(Format, Surface)>,
    /// Bytes per second by KV bytes.
    attention_decode: Curve,
    /// FLOP/s by prompt tokens.
    attention_prefill: Curve,
    /// Bytes per second by bytes: `rmsnorm`, `silu_mul` and `rope`.
    rmsnorm: Curve,
    silu_mul: Curve,
    rope: Curve,
    /// Seconds of one dispatch that waits for the one before; 0 where it was not measured.
    launch: f64,
    layer_ratio: Option<LayerRatio>,
}

/// The time of one execution, without its launch.
#[derive(Clone, Copy)]
struct Cost {
    bound: Bound,
    seconds: f64,
    reading: Reading,
}

/// The rows that carry a speed: per op the fastest variant, measured with cold caches where there is a choice.
struct Rows<'m> {
    best: HashMap<Op, &'m Timing>,
    launch: f64,
}

impl Curves {
    /// Curves from the verified rows of one run.
    ///
    /// # Errors
    /// A sentence when kernels are missing that every model needs, or when the rows come from two adapters.
    pub fn new(measurements: &[Measurement]) -> Result<Self, String> {
        let Some(first) = measurements.first() else { return Err("there are no measurements".into()) };
        let identity = &first.provenance.identity;
        let other = |row: &&Measurement| row.provenance.identity.adapter != identity.adapter;
        if let Some(row) = measurements.iter().find(other) {
            let adapters = [identity, &row.provenance.identity].map(|it| crate::text::inert(&it.adapter));
            return Err(format!("the measurements are of two adapters: {}", adapters.join(" and ")));
        }
        let cells = merged(measurements);
        let rows = Rows::new(&cells);
        let missing = rows.missing();
        if !missing.is_empty() {
            return Err(lacking(&missing));
        }
        let curve = |kernel| rows.curve(kernel).ok_or_else(|| lacking(&[kernel]));
        let mut curves = Self {
            identity: identity.clone(),
            gemv: rows.gemv(),
            gemm: rows.gemm(),
            experts: rows.experts(),
            attention_decode: curve("attention_decode")?,
            attention_prefill: curve("attention_prefill")?,
            rmsnorm: curve("rmsnorm")?,
            silu_mul: curve("silu_mul")?,
            rope: curve("rope")?,
            launch: rows.launch,
            layer_ratio: None,
        };
        curves.layer_ratio = LayerRatio::of(&curves.layers(&cells));
        Ok(curves)
    }

    /// Predicted over measured time of the layers among the rows.
    pub fn layer_ratio(&self) -> Option<LayerRatio> {
        self.layer_ratio
    }

    /// The time of one op, its launch included: the median, and that of the fastest samples.
    ///
    /// # Errors
    /// A sentence naming the format in which nothing was measured.
    pub(super) fn op_seconds(&self, op: &Op) -> Result<(f64, f64), String> {
        let cost = self.cost(op, &mut Vec::new())?;
        let seconds = cost.seconds + self.launch;
        Ok((seconds, seconds * cost.reading.fast))
    }

    /// The adapter's name as the driver gives it.
    pub fn adapter(&self) -> &str {
        &self.identity.adapter
    }

    /// What kind of device was measured.
    pub fn device_type(&self) -> DeviceType {
        self.identity.device_type
    }

    /// Memory of the host, where the device computes in it.
    pub fn host_memory(&self) -> Option<Bytes> {
        self.identity.host_memory
    }

    /// The time of one pass of `works`.
    ///
    /// # Errors
    /// A sentence naming the format in which nothing was measured.
    pub(super) fn time(&self, works: &[Work], notes: &mut Vec<String>) -> Result<Step, String> {
        let mut step = Step::default();
        let mut joules = Some(0.0);
        let mut far: Vec<(&'static str, f64)> = Vec::new();
        for Work { op, times } in works {
            let times = *times as f64;
            let Cost { bound, seconds, reading } = self.cost(op, notes)?;
            let scaled = |factor: f64| times * (seconds + self.launch) * factor - times * self.launch;
            step.add_spread(
                bound,
                Interval { low: scaled(reading.fast), mid: times * seconds, high: scaled(reading.slow) },
            );
            step.add(Bound::Overhead, times * self.launch);
            let spent = reading.power_w.map(|power_w| power_w * times * (seconds + self.launch));
            joules = joules.zip(spent).map(|(joules, spent)| joules + spent);
            if reading.far {
                let kernel = op.kernel();
                match far.iter_mut().find(|entry| entry.0 == kernel) {
                    Some(entry) => entry.1 += times * seconds,
                    None => far.push((kernel, times * seconds)),
                }
            }
        }
        step.joules = joules.map(Joules);
        far.retain(|entry| entry.1 > FAR_SHARE * step.seconds());
        for (kernel, _) in far {
            note(notes, format!("extrapolated: {kernel} at more than 4x outside its measured sizes"));
        }
        Ok(step)
    }

    fn cost(&self, op: &Op, notes: &mut Vec<String>) -> Result<Cost, String> {
        match *op {
            Op::Matmul { tokens, outputs, inputs, weights } => {
                self.matmul(tokens as f64, outputs as f64 * inputs as f64, weights, notes)
            }
            Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } => {
                let covered = experts as f64 * expert_coverage(tokens, experts, active);
                let routed = tokens as f64 * active as f64 / covered;
                let elements = outputs as f64 * inputs as f64;
                let one = self.matmul(routed, elements, weights, notes)?;
                let measured = self.experts.iter().find(|entry| entry.0 == weights);
                if let Some((_, surface)) = measured.filter(|entry| entry.1.least_tokens() <= routed) {
                    return Ok(Cost::of(op.flops().0, surface.at(routed, elements), one.bound));
                }
                Ok(Cost { seconds: covered * one.seconds, ..one })
            }
            Op::AttentionDecode { batch, context, kv_heads, head_dim, .. } => {
                let cached = 2.0 * batch as f64 * context as f64 * (kv_heads * head_dim) as f64;
                let size = cached * crate::arch::KV_ELEMENT_BYTES;
                Ok(Cost::of(op.bytes().0, self.attention_decode.at(size), Bound::KvCache))
            }
            Op::LatentDecode { batch, context, heads, latent, rope } => {
                Ok(self.latent_decode(op, batch, context, heads, latent + rope, notes))
            }
            Op::AttentionPrefill { tokens, .. } => {
                Ok(Cost::of(op.flops().0, self.attention_prefill.at(tokens as f64), Bound::Compute))
            }
            Op::RmsNorm { .. } => Ok(Cost::elementwise(op, &self.rmsnorm)),
            Op::SiluMul { .. } => Ok(Cost::elementwise(op, &self.silu_mul)),
            Op::Rope { .. } => Ok(Cost::elementwise(op, &self.rope)),
            _ => Err(format!("{} is no part of a model", op.kernel())),
        }
    }

    /// `tokens` rows times one matrix of `elements` weights. Between one token and the fewest that a gemm was
    /// measured with: as many gemv as there are tokens, or that gemm, whichever is faster.
    fn matmul(
        &self,
        tokens: f64,
        elements: f64,
        weights: Format,
        notes: &mut Vec<String>,
    ) -> Result<Cost, String> {
        let bytes = elements * weights.bytes_per_weight();
        let read = Cost::of(bytes, self.gemv_in(weights, notes)?.at(bytes), Bound::Weights);
        if tokens <= 1.0 {
            return Ok(read);
        }
        let surface = self.gemm_for(weights, tokens, notes)?;
        let measured_tokens = tokens.max(surface.least_tokens());
        let flops = 2.0 * measured_tokens * elements;
        let product = Cost::of(flops, surface.at(measured_tokens, elements), Bound::Compute);
        let seconds = tokens * read.seconds + (tokens - 1.0) * self.launch;
        let one_by_one = Cost { seconds, ..read };
        let below = tokens < measured_tokens && one_by_one.seconds < product.seconds;
        let computed = if below { one_by_one } else { product };
        Ok(if computed.seconds > read.seconds { computed } else { read })
    }

    /// No kernel of its own: KV bytes at the rate of decode attention, or its products at the rate of a 16-bit
    /// gemm with `heads` rows, whichever is slower.
    fn latent_decode(
        &self,
        op: &Op,
        batch: u64,
        context: u64,
        heads: u64,
        width: u64,
        notes: &mut Vec<String>,
    ) -> Cost {
        note(notes, LATENT_NOTE.into());
        let cached = context as f64 * width as f64;
        let size = batch as f64 * cached * crate::arch::KV_ELEMENT_BYTES;
        let read = Cost::of(op.bytes().0, self.attention_decode.at(size), Bound::KvCache);
        match self.gemm_for(Format::F16, heads as f64, notes) {
            Ok(surface) => {
                let product = Cost::of(op.flops().0, surface.at(heads as f64, cached), Bound::Compute);
                if product.seconds > read.seconds { product } else { read }
            }
            // Where only stored formats were measured, the read is what is known.
            Err(_) => read,
        }
    }

    fn gemv_in(&self, weights: Format, notes: &mut Vec<String>) -> Result<&Curve, String> {
        let of = |format: Format| self.gemv.iter().find(|entry| entry.0 == format).map(|entry| &entry.1);
        if let Some(curve) = of(weights) {
            return Ok(curve);
        }
        match (weights, of(Format::F16)) {
            (Format::Bf16, Some(curve)) => {
                note(notes, "bf16 weights are assumed to run at the measured f16 rates".into());
                Ok(curve)
            }
            _ => match read_like(weights).iter().find_map(|format| Some((format, of(*format)?))) {
                Some((format, curve)) => {
                    note(
                        notes,
                        format!("{weights} weights are assumed to be read at the measured {format} rate"),
                    );
                    Ok(curve)
                }
                None => {
                    Err(format!("no measured gemv in {weights}: measure it, or use --gpu for the datasheet"))
                }
            },
        }
    }

    /// The rates of products with weights of a format; of another one where that was measured at as few tokens and the
    /// own format was not.
    fn gemm_for(&self, weights: Format, tokens: f64, notes: &mut Vec<String>) -> Result<&Surface, String> {
        let stand_ins: &[Format] = if weights == Format::F32 { &[] } else { &[Format::F16, Format::F32] };
        let of = |format: &Format| self.gemm.iter().find(|entry| entry.0 == *format);
        let all = || std::iter::once(&weights).chain(stand_ins).filter_map(of);
        let covers = |entry: &&(Format, Surface)| entry.1.least_tokens() <= tokens;
        let fewest = || all().min_by(|a, b| a.1.least_tokens().total_cmp(&b.1.least_tokens()));
        let Some((found, surface)) = all().find(covers).or_else(fewest) else {
            return Err(format!("no measured gemm in {weights}: measure it, or use --gpu for the datasheet"));
        };
        let what = if of(&weights).is_some() { "a small batch" } else { "prefill" };
        match (weights, *found) {
            (weights, found) if weights == found => {}
            // Said where its gemv is looked up.
            (Format::Bf16, Format::F16) => {}
            (Format::F16 | Format::Bf16, found) => {
                note(notes, format!("{what} of {weights} weights assumes the {found} gemm rate"));
            }
            (weights, found) => {
                let rate = format!("{what} of {weights} weights assumes the {found} gemm rate");
                note(notes, rate + ": dequantisation not included");
            }
        }
        Ok(surface)
    }
}

/// Formats whose bytes stand in for those of a format without a kernel: llama.cpp holds some tensors of most files in
/// one of these.
fn read_like(weights: Format) -> &'static [Format] {
    match weights {
        Format::Q6K | Format::Q5K | Format::Q5_0 | Format::Q5_1 => &[Format::Q8_0, Format::Q4K, Format::Q4_0],
        _ => &[],
    }
}

fn lacking(kernels: &[&str]) -> String {
    format!("no verified measurement of {}: an estimate needs them all", kernels.join(", "))
}

impl Cost {
    fn of(work: f64, reading: Reading, bound: Bound) -> Self {
        Self { bound, seconds: work / reading.rate, reading }
    }

    fn elementwise(op: &Op, curve: &Curve) -> Self {
        let bytes = op.bytes().0;
        Self::of(bytes, curve.at(bytes), Bound::Overhead)
    }
}

impl<'m> Rows<'m> {
    fn new(measurements: &'m [Measurement]) -> Self {
        let mut best: HashMap<Op, (bool, &Timing)> = HashMap::new();
        for row in measurements {
            let Some(timing) = row.timing() else { continue };
            let hot = row.cache == Cache::Hot;
            let entry = best.entry(row.op).or_insert((hot, timing));
            if (hot, timing.seconds.median) < (entry.0, entry.1.seconds.median) {
                *entry = (hot, timing);
            }
        }
        let best: HashMap<_, _> = best.into_iter().map(|(op, (_, timing))| (op, timing)).collect();
        let launch = launch(&best);
        Self { best, launch }
    }

    /// The kernels without a row that every model needs.
    fn missing(&self) -> Vec<&'static str> {
        let products = [("gemv", self.gemv().is_empty()), ("gemm", self.gemm().is_empty())];
        let others = ["attention_decode", "attention_prefill", "rmsnorm", "silu_mul", "rope"]
            .map(|kernel| (kernel, self.curve(kernel).is_none()));
        products.into_iter().chain(others).filter(|entry| entry.1).map(|entry| entry.0).collect()
    }

    /// The rate of one row without its launch. Noise may leave nothing after the subtraction, so at least half
    /// of the measured time counts as work.
    fn point(&self, timing: &Timing, size: f64, work: f64) -> Point {
        let seconds = timing.seconds;
        let net = (seconds.median - self.launch).max(seconds.median / 2.0);
        Point {
            size,
            rate: work / net,
            fast: seconds.min / seconds.median,
            slow: seconds.q3 / seconds.median,
            power_w: timing.mean_power().map(|power| power.0),
        }
    }

    fn gemv(&self) -> Vec<(Format, Curve)> {
        let mut points: HashMap<Format, Vec<Point>> = HashMap::new();
        for (op, timing) in &self.best {
            if let Op::Matmul { tokens: 1, outputs, inputs, weights } = *op {
                let bytes = outputs as f64 * inputs as f64 * weights.bytes_per_weight();
                points.entry(weights).or_default().push(self.point(timing, bytes, bytes));
            }
        }
        points.into_iter().filter_map(|(format, points)| Some((format, Curve::new(points)?))).collect()
    }

    fn gemm(&self) -> Vec<(Format, Surface)> {
        let mut points: HashMap<Format, Vec<(f64, Point)>> = HashMap::new();
        for (op, timing) in &self.best {
            match *op {
                Op::Matmul { tokens, outputs, inputs, weights } if tokens > 1 => {
                    let elements = outputs as f64 * inputs as f64;
                    let point = self.point(timing, elements, op.flops().0);
                    points.entry(weights).or_default().push((tokens as f64, point));
                }
                _ => {}
            }
        }
        points.into_iter().filter_map(|(format, points)| Some((format, Surface::new(points)?))).collect()
    }

    fn experts(&self) -> Vec<(Format, Surface)> {
        let mut points: HashMap<Format, Vec<(f64, Point)>> = HashMap::new();
        for (op, timing) in &self.best {
            if let Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } = *op {
                let covered = experts as f64 * expert_coverage(tokens, experts, active);
                let point = self.point(timing, outputs as f64 * inputs as f64, op.flops().0);
                points.entry(weights).or_default().push(((tokens * active) as f64 / covered, point));
            }
        }
        points.into_iter().filter_map(|(format, points)| Some((format, Surface::new(points)?))).collect()
    }

    /// The curve of a kernel with one format; its size is what `Curves` says it is.
    fn curve(&self, kernel: &str) -> Option<Curve> {
        let points = self.best.iter().filter(|(op, _)| op.kernel() == kernel).filter_map(|(op, timing)| {
            let (size, work) = match *op {
                // Caches of other formats and in pages have rates of their own, and models are held to be in neither.
                Op::AttentionDecode { kv, page, .. } if kv != Format::F16 || page.is_some() => return None,
                Op::AttentionDecode { batch, context, kv_heads, head_dim, .. } => {
                    let cached = 2.0 * batch as f64 * context as f64 * kv_heads as f64 * head_dim as f64;
                    (cached * crate::arch::KV_ELEMENT_BYTES, op.bytes().0)
                }
                // Windowed rows reach another rate: those of full attention make the curve.
                Op::AttentionPrefill { tokens, window, .. } if window < tokens => return None,
                Op::AttentionPrefill { tokens, .. } => (tokens as f64, op.flops().0),
                _ => (op.bytes().0, op.bytes().0),
            };
            Some(self.point(timing, size, work))
        });
        Curve::new(points.collect())
    }
}

/// `(t(b) − t(a)) / (b − a)` for the shortest and the longest measured chain of dependent dispatches.
fn launch(best: &HashMap<Op, &Timing>) -> f64 {
    let mut chains: Vec<(u64, f64)> = (best.iter())
        .filter_map(|(op, timing)| match op {
            Op::Dispatch { chain } => Some((*chain, timing.seconds.median)),
            _ => None,
        })
        .collect();
    chains.sort_by_key(|chain| chain.0);
    match (chains.first(), chains.last()) {
        (Some(short), Some(long)) if long.0 > short.0 => {
            ((long.1 - short.1) / (long.0 - short.0) as f64).max(0.0)
        }
        _ => 0.0,
    }
}
