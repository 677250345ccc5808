//! Step times from measured kernels.
//!
//! `t_op = max(weight bytes / G, FLOP / F) + t_launch`: G comes from `gemv` rows by weight bytes, F from `gemm`
//! rows by tokens and matrix size, the other rates from their own kernels. A measured time holds one launch, so rates
//! are taken after subtracting it and every op gets it back: exact at the measured sizes, and a floor for ops smaller
//! than any that was measured. Where no chain of dispatches, or no attention, was measured, stated constants take their
//! place ([`stated`]) and a note says so.
//!
//! Energy is that of the same ops: each at the mean power that the device had while the kernel behind it was
//! measured, for the time that the op takes here, its launch included.

mod all_reduce;
mod cost;
mod lend;
mod rows;
mod stated;

use super::basis::Term;
use super::curve::{Cells, Curve, Surface};
use super::layer::LayerRatio;
use super::note;
use super::step::{Bound, Step};
use crate::arch::{Architecture, Work};
use crate::hardware::GpuSpec;
use crate::measurement::merged::merged;
use crate::measurement::{DeviceType, Identity, Measurement, Outcome};
use crate::op::{Format, Op};
use crate::text;
use crate::units::{Bytes, BytesPerSecond, Interval, Joules};
use all_reduce::AllReduce;
use rows::Rows;
use stated::{Launch, Stated};

/// Relative error of this approach: with it, and with the spread of the samples, the interval holds 82 % of 177 served
/// points of one dense model on one to eight GPUs (80 to 87 % at each number of them), whose time per output token was
/// computed from kernel curves that others measured, with nothing fitted (median error 9.5 %, `tests/served.rs`).
pub(super) const ERROR: f64 = 0.06;
/// A mixture of experts misses by this much more: the ratio of the 90th percentiles of the error on served points that
/// the datasheet's constants were fitted on, 48 % to 27.6 %. No such point has been predicted from curves.
const MOE_FACTOR: f64 = 1.74;

/// Share of a step above which extrapolated ops are worth a note.
const FAR_SHARE: f64 = 0.05;

/// Who measured the rates.
#[derive(Clone, Debug, PartialEq)]
enum Origin {
    /// mtok did, and verified the results.
    Here,
    /// Another tool did.
    Elsewhere,
    /// A device of the same family, whose rates were scaled by the two datasheets.
    Lent,
}

/// The measured rates of one device.
#[derive(Clone, Debug)]
pub struct Curves {
    identity: Identity,
    origin: Origin,
    /// Weight bytes per second by weight bytes.
    gemv: Vec<(Format, Curve)>,
    /// FLOP/s by tokens and matrix elements.
    gemm: Vec<(Format, Surface)>,
    /// FLOP/s of `expert_gemm` by tokens per visited expert and elements of one matrix.
    experts: Vec<(Format, Surface)>,
    /// Bytes per second by KV bytes.
    attention_decode: Vec<(Format, Curve)>,
    /// FLOP/s by prompt tokens.
    attention_prefill: Option<Curve>,
    /// FLOP/s by heads and cached elements.
    latent_decode: Option<Surface>,
    /// Bytes per second by bytes, by the name of the kernel.
    elementwise: Vec<(&'static str, Curve)>,
    /// Seconds by bytes, by the number of GPUs.
    all_reduce: Vec<AllReduce>,
    launch: Launch,
    /// The cells behind the launch.
    chains: Cells,
    /// What stands in for attention that was not measured.
    stated: Option<Stated>,
    /// Sentences that belong beside every estimate.
    notes: Vec<String>,
    /// Of the memory, by the datasheet: no step can be faster than reading at this rate.
    bandwidth: Option<BytesPerSecond>,
    layer_ratio: Option<LayerRatio>,
}

impl Curves {
    /// Curves from the rows of one run.
    ///
    /// # Errors
    /// A sentence when kernels are missing that every model needs, or when the rows come from two adapters.
    pub fn new(measurements: &[Measurement]) -> Result<Self, String> {
        Self::on(measurements, None)
    }

    /// Curves from the rows of one run on a GPU whose datasheet is known: where no attention was measured, shares of the
    /// datasheet's peaks stand in for it.
    ///
    /// # Errors
    /// Those of [`Curves::new`].
    pub fn on(measurements: &[Measurement], gpu: Option<&GpuSpec>) -> Result<Self, String> {
        let Some(first) = measurements.first() else { return Err("there are no measurements".into()) };
        let identity = &first.provenance.identity;
        let other = |row: &&Measurement| row.provenance.identity.adapter != identity.adapter;
        if let Some(row) = measurements.iter().find(other) {
            let adapters = [identity, &row.provenance.identity].map(|it| text::inert(&it.adapter));
            return Err(format!("the measurements are of two adapters: {}", adapters.join(" and ")));
        }
        let cells = merged(measurements);
        let imported = cells.iter().any(|row| matches!(row.outcome, Outcome::Imported(_)));
        let rows = Rows::new(&cells, imported);
        let (attention_decode, attention_prefill) = (rows.attention_decode(), rows.attention_prefill());
        let silent = attention_decode.is_empty() || attention_prefill.is_none();
        let stated = gpu.and_then(Stated::of).filter(|_| silent);
        let missing = rows.missing(stated.is_some());
        if !missing.is_empty() {
            return Err(lacking(&missing));
        }
        let mut curves = Self {
            identity: identity.clone(),
            origin: if imported { Origin::Elsewhere } else { Origin::Here },
            gemv: rows.gemv(),
            gemm: rows.gemm(),
            experts: rows.experts(),
            attention_decode,
            attention_prefill,
            latent_decode: rows.latent_decode(),
            elementwise: rows.elementwise(),
            all_reduce: rows.all_reduce(),
            launch: rows.launch,
            chains: rows.chains,
            stated,
            notes: vec![],
            bandwidth: gpu.and_then(|gpu| gpu.bandwidth),
            layer_ratio: None,
        };
        curves.layer_ratio = LayerRatio::of(&curves.layers(&cells));
        if imported {
            curves
                .notes
                .push("the kernels were measured elsewhere, by a tool that verified no results".into());
        }
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
        let cost = self.cost(op, 0.0, &mut Vec::new())?;
        let seconds = cost.seconds + self.launch.per_op();
        Ok((seconds, seconds * cost.reading.fast))
    }

    /// Of the memory, by the datasheet.
    pub(super) fn bandwidth(&self) -> Option<BytesPerSecond> {
        self.bandwidth
    }

    /// The adapter's name as the driver gives it; the borrower's where rates are lent.
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

    /// Where the rates come from.
    pub(super) fn source(&self) -> super::Source {
        match self.origin {
            Origin::Here => super::Source::Measured,
            Origin::Elsewhere => super::Source::MeasuredElsewhere,
            Origin::Lent => super::Source::Datasheet,
        }
    }

    /// Relative error of a step, for the interval.
    pub(super) fn error(&self, model: &Architecture) -> f64 {
        let lent = if self.origin == Origin::Lent { lend::ERROR } else { 0.0 };
        lent + if model.moe_layers() > 0 { MOE_FACTOR * ERROR } else { ERROR }
    }

    /// Seconds of an all-reduce over this many GPUs; `None` where none was measured over as many.
    pub fn all_reduce_s(&self, bytes: f64, workers: u64) -> Option<f64> {
        self.all_reduce.iter().find(|it| it.workers == workers).map(|it| it.seconds(bytes))
    }

    /// The time of one pass of `works`; experts are visited as unevenly as [`crate::op::skewed_expert_coverage`] says.
    ///
    /// # Errors
    /// A sentence naming the format in which nothing was measured.
    pub(super) fn time(
        &self,
        model: &Architecture,
        works: &[Work],
        expert_skew: f64,
        notes: &mut Vec<String>,
    ) -> Result<Step, String> {
        self.notes.iter().for_each(|sentence| note(notes, sentence.clone()));
        let mut step = Step::default();
        let mut joules = Some(0.0);
        let mut beyond: Vec<(&'static str, f64)> = Vec::new();
        let launch = self.launch.per_op();
        for Work { op, times } in self.with_side_work(model, works) {
            let times = times as f64;
            let cost::Cost { bound, seconds, reading } = self.cost(&op, expert_skew, notes)?;
            let scaled = |factor: f64| times * (seconds + launch) * factor - times * launch;
            step.add_spread(
                bound,
                Interval { low: scaled(reading.fast), mid: times * seconds, high: scaled(reading.slow) },
            );
            step.add(Bound::Overhead, times * launch);
            let spent = reading.power_w.map(|power_w| power_w * times * (seconds + launch));
            joules = joules.zip(spent).map(|(joules, spent)| joules + spent);
            if reading.outside > 1.0 {
                let kernel = op.kernel();
                match beyond.iter_mut().find(|entry| entry.0 == kernel) {
                    Some(entry) => entry.1 += times * seconds,
                    None => beyond.push((kernel, times * seconds)),
                }
            }
        }
        step.joules = joules.map(Joules);
        beyond.retain(|entry| entry.1 > FAR_SHARE * step.seconds());
        for (kernel, _) in beyond {
            note(notes, format!("extrapolated: {kernel} outside its measured sizes"));
        }
        Ok(step)
    }

    /// The terms of [`Curves::time`]: one per op, and their launches.
    ///
    /// # Errors
    /// Those of [`Curves::time`].
    pub(super) fn terms(
        &self,
        model: &Architecture,
        works: &[Work],
        expert_skew: f64,
    ) -> Result<Vec<Term>, String> {
        let known = |cells: Cells| cells.into_iter().filter(|cell| *cell > 0).collect::<Vec<u32>>();
        let mut terms = Vec::new();
        let mut launches = 0.0;
        for Work { op, times } in self.with_side_work(model, works) {
            let times = times as f64;
            let cost::Cost { bound, seconds, reading } = self.cost(&op, expert_skew, &mut Vec::new())?;
            let factors = [("times", times), ("seconds of one", seconds)];
            let of_op = Term::of(op.kernel(), bound, "times · seconds of one", &factors, times * seconds);
            terms.push(Term { op: Some(op), cells: known(reading.cells), ..of_op });
            launches += times;
        }
        let launch = self.launch.per_op();
        if launch > 0.0 {
            let factors = [("launches", launches), ("seconds of one", launch)];
            let formula = "launches · seconds of one";
            let of_launches = Term::of("launches", Bound::Overhead, formula, &factors, launches * launch);
            terms.push(Term { cells: known(self.chains), ..of_launches });
        }
        Ok(terms)
    }

    /// What a pass takes beside its ops, where that is stated and not measured.
    pub(super) fn between_ops(&self, model: &Architecture, notes: &mut Vec<String>) -> f64 {
        self.launch.per_step(model.layers(), notes)
    }

    /// The ops of a pass with those that surround them, where their kernels were measured: the residual adds, one gather
    /// of embeddings, one sampling of what the output matrix gives, and the routing of each layer with experts.
    fn with_side_work(&self, model: &Architecture, works: &[Work]) -> Vec<Work> {
        let measured = |kernel: &str| self.elementwise.iter().any(|entry| entry.0 == kernel);
        let there = |kernel: &str| works.iter().any(|work| work.op.kernel() == kernel);
        let wanted = |kernel: &str| measured(kernel) && !there(kernel);
        let mut all = Vec::with_capacity(works.len() + 6);
        let mut tokens = 0;
        for work in works {
            let Work { op, times } = *work;
            match op {
                Op::RmsNorm { rows, width } if times > 1 && !there("add") && !there("add_rmsnorm") => {
                    tokens = rows;
                    // The first norm of a pass has no residual before it.
                    if measured("add_rmsnorm") {
                        all.push(Work { op: Op::AddRmsNorm { rows, width }, times: times - 1 });
                        all.push(Work { op, times: 1 });
                    } else {
                        all.push(*work);
                        if measured("add") {
                            all.push(Work { op: Op::Add { rows, width }, times: times - 1 });
                        }
                    }
                }
                Op::ExpertMatmul { tokens, experts, active, .. } if wanted("route") => {
                    // Two products per layer: one of them brings the routing.
                    if !all.iter().any(|work| matches!(work.op, Op::Route { .. })) {
                        all.push(Work { op: Op::Route { tokens, experts, active }, times });
                    }
                    all.push(*work);
                }
                Op::Matmul { tokens: rows, outputs, .. } if outputs == model.vocab && wanted("sample") => {
                    all.push(*work);
                    all.push(Work { op: Op::Sample { rows, vocab: outputs }, times });
                }
                _ => all.push(*work),
            }
        }
        if tokens > 0 && wanted("gather") {
            let op = Op::Gather { rows: tokens, width: model.hidden, vocab: model.vocab };
            all.push(Work { op, times: 1 });
        }
        all
    }
}

fn lacking(kernels: &[&str]) -> String {
    format!("no verified measurement of {}: an estimate needs them all", kernels.join(", "))
}
