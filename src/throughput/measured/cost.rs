//! The time of one op.

use super::super::curve::{Curve, Reading, Surface};
use super::super::step::Bound;
use super::{AllReduce, Curves, lacking, note};
use crate::arch::KV_ELEMENT_BYTES;
use crate::op::{Format, Op, skewed_expert_coverage};

const LATENT_NOTE: &str = "latent attention: KV at the attention_decode rate, products at the gemm rate";

/// The time of one execution, without its launch.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) bound: Bound,
    pub(super) seconds: f64,
    pub(super) reading: Reading,
}

impl Cost {
    fn of(work: f64, reading: Reading, bound: Bound) -> Self {
        Self { bound, seconds: work / reading.rate, reading }
    }
}

impl Curves {
    /// The time of an op.
    ///
    /// # Errors
    /// A sentence naming the kernel or format that was not measured.
    pub(super) fn cost(&self, op: &Op, expert_skew: f64, notes: &mut Vec<String>) -> Result<Cost, String> {
        match *op {
            Op::Matmul { tokens, outputs, inputs, weights } => {
                self.matmul(tokens as f64, outputs as f64 * inputs as f64, weights, notes)
            }
            Op::ExpertMatmul { .. } => self.expert_matmul(op, expert_skew, notes),
            Op::AttentionDecode { batch, context, kv_heads, head_dim, kv, .. } => {
                let cached = 2.0 * batch as f64 * context as f64 * (kv_heads * head_dim) as f64;
                let reading = self.attention_decode_at(kv, cached * KV_ELEMENT_BYTES, notes)?;
                Ok(Cost::of(op.bytes().0, reading, Bound::KvCache))
            }
            Op::LatentDecode { .. } => self.latent_decode_cost(op, notes),
            Op::AttentionPrefill { tokens, .. } => {
                let reading = match (&self.attention_prefill, self.stated) {
                    (Some(curve), _) => curve.at(tokens as f64),
                    (None, Some(stated)) => stated.prefill(notes),
                    (None, None) => return Err(lacking(&["attention_prefill"])),
                };
                Ok(Cost::of(op.flops().0, reading, Bound::Compute))
            }
            Op::AllReduce { bytes, workers } => {
                let seconds = self.all_reduce_s(bytes as f64, workers);
                let seconds = seconds.ok_or_else(|| format!("no measured all_reduce over {workers} GPUs"))?;
                Ok(Cost { bound: Bound::Link, seconds, reading: AllReduce::READING })
            }
            _ => self.elementwise_cost(op),
        }
    }

    fn elementwise_cost(&self, op: &Op) -> Result<Cost, String> {
        let curve = self.elementwise.iter().find(|entry| entry.0 == op.kernel());
        let (_, curve) = curve.ok_or_else(|| format!("{} is no part of a model", op.kernel()))?;
        let bytes = op.bytes().0;
        Ok(Cost::of(bytes, curve.at(bytes), Bound::Overhead))
    }

    /// Bytes per second of decode attention over this many KV bytes (as 16 bit); of a 16-bit cache where the format of
    /// the cache was not measured.
    fn attention_decode_at(&self, kv: Format, size: f64, notes: &mut Vec<String>) -> Result<Reading, String> {
        let of = |format: Format| self.attention_decode.iter().find(|entry| entry.0 == format);
        match (of(kv).or_else(|| of(Format::F16)), self.stated) {
            (Some((measured, curve)), _) => {
                if *measured != kv {
                    note(notes, format!("a KV cache in {kv} is assumed to be read at the {measured} rate"));
                }
                Ok(curve.at(size))
            }
            (None, Some(stated)) => Ok(stated.decode(notes)),
            (None, None) => Err(lacking(&["attention_decode"])),
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
        let seconds = tokens * read.seconds + (tokens - 1.0) * self.launch.per_op();
        let one_by_one = Cost { seconds, ..read };
        let below = tokens < measured_tokens && one_by_one.seconds < product.seconds;
        let computed = if below { one_by_one } else { product };
        // More than half of the time of a product that takes less than twice as long as reading its weights is that.
        let bound = if computed.seconds < 2.0 * read.seconds { Bound::Weights } else { computed.bound };
        Ok(if computed.seconds > read.seconds { Cost { bound, ..computed } } else { read })
    }

    /// The experts that are visited, each with its share of the tokens: from `expert_gemm` where it was measured in
    /// the format, else as so many products of the rate of a plain one.
    fn expert_matmul(&self, op: &Op, expert_skew: f64, notes: &mut Vec<String>) -> Result<Cost, String> {
        let Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } = *op else {
            return Err(format!("{} is no part of a model", op.kernel()));
        };
        let visited = experts as f64 * skewed_expert_coverage(tokens as f64, experts, active, expert_skew);
        let each = tokens as f64 * active as f64 / visited;
        let elements = outputs as f64 * inputs as f64;
        let Some((_, surface)) = self.experts.iter().find(|entry| entry.0 == weights) else {
            let one = self.matmul(each, elements, weights, notes)?;
            return Ok(Cost { seconds: visited * one.seconds, ..one });
        };
        // Fewer tokens than were measured read the same weights.
        let at_least = each.max(surface.least_tokens());
        let bytes = visited * elements * weights.bytes_per_weight();
        let flops = 2.0 * visited * at_least * elements;
        let cost = Cost::of(flops, surface.at(at_least, elements), Bound::Compute);
        // As with plain products.
        let reads =
            self.gemv_in(weights, notes).is_ok_and(|gemv| cost.seconds < 2.0 * bytes / gemv.at(bytes).rate);
        Ok(if reads { Cost { bound: Bound::Weights, ..cost } } else { cost })
    }

    /// From `latent_decode`. Where that was not measured: KV bytes at the rate of decode attention, or its products at
    /// the rate of a 16-bit gemm with `heads` rows, whichever is slower.
    fn latent_decode_cost(&self, op: &Op, notes: &mut Vec<String>) -> Result<Cost, String> {
        let Op::LatentDecode { batch, context, heads, latent, rope } = *op else {
            return Err(format!("{} is no part of a model", op.kernel()));
        };
        let cached = context as f64 * (latent + rope) as f64;
        let all_cached = batch as f64 * cached;
        if let Some(surface) = &self.latent_decode {
            let reading = surface.at(heads as f64, all_cached);
            return Ok(Cost::of(op.flops().0, reading, Bound::KvCache));
        }
        note(notes, LATENT_NOTE.into());
        let reading = self.attention_decode_at(Format::F16, all_cached * KV_ELEMENT_BYTES, notes)?;
        let read = Cost::of(op.bytes().0, reading, Bound::KvCache);
        let surface = self.gemm_for(Format::F16, heads as f64, notes)?;
        let product = Cost::of(op.flops().0, surface.at(heads as f64, cached), Bound::Compute);
        Ok(if product.seconds > read.seconds { product } else { read })
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
                    let sentence =
                        format!("{weights} weights are assumed to be read at the measured {format} rate");
                    note(notes, sentence);
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
        let all = || std::iter::once(&weights).chain(stand_ins).chain(read_like(weights)).filter_map(of);
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
