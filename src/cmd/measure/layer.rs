//! `mtok measure --layer`: whole layers of a model beside the kernels that their prediction is made from.

use std::path::Path;
use std::time::Duration;

use mtok::arch::{self, Architecture};
use mtok::gpu::adapters::Facts;
use mtok::kernel::layer::{self, Parts};
use mtok::kernel::{Capabilities, Kernel, Suite};
use mtok::measurement::merged::merged;
use mtok::measurement::{Cache, Measurement, SOFTWARE_LABEL};
use mtok::op::{Format, Layer, Op, Pass};
use mtok::throughput::{Curves, LayerRatio, LayerTime, layer_of};
use serde::Serialize;

use super::plan::{self, Planned};
use super::{Measured, measure, own_program};
use crate::cli::MeasureArgs;
use crate::cmd::adapters::{Joined, Shown, on_each};
use crate::cmd::tables::Tables;
use crate::cmd::{Exit, Failure, devices, output};

/// What is run of a model: both kinds of step at two sizes, and the output matrix once.
fn passes(model: &Architecture) -> [Pass; 5] {
    [
        Pass::Decode { batch: 1, context: 1_024 },
        Pass::Decode { batch: 8, context: 512 },
        Pass::Prefill { tokens: 128 },
        Pass::Prefill { tokens: 512 },
        Pass::Head { batch: 1, vocab: model.vocab },
    ]
}

/// A layer and its kernels are set against each other at a few per cent: each visit outlasts a time slice of other load.
pub const LEAST: Duration = Duration::from_millis(150);
/// A software adapter's random weights are made by the cores that run the layer: larger ones take seconds.
const SOFTWARE_WEIGHT_BYTES: f64 = 96.0 * 1048576.0;
/// One execution of a software adapter stays well below a second.
const SOFTWARE_FLOPS: f64 = 16e9;
/// The most that a layer is scaled down by.
const SCALE_MAX: u64 = 64;

/// A layer that the adapter can run.
#[derive(Clone, Copy, Debug)]
struct Scaled {
    layer: Layer,
    /// What widths and counts of heads were divided by.
    scale: u64,
}

/// One shape of the answer.
#[derive(Debug, Serialize)]
struct Shape {
    pass: &'static str,
    shape: String,
    /// What widths and counts of heads were divided by; 1 for the model's own.
    scaled: u64,
    status: &'static str,
    reason: String,
    measured_ms: Option<f64>,
    predicted_ms: Option<f64>,
    /// Predicted over measured.
    ratio: Option<f64>,
    /// The same of the fastest samples: where other load shares the machine, those that it disturbed least.
    measured_ms_min: Option<f64>,
    predicted_ms_min: Option<f64>,
    ratio_of_min: Option<f64>,
    /// What the prediction is the sum of.
    ops: Vec<Part>,
    /// Kernels that the layer runs and the model's list of ops leaves out, as measured apart.
    not_counted: Vec<Part>,
}

/// An op and its time.
#[derive(Debug, Serialize)]
struct Part {
    op: String,
    ms: f64,
}

/// The answer for one adapter.
#[derive(Debug, Serialize)]
struct Answer {
    model: String,
    weights: String,
    device: String,
    software: bool,
    results: String,
    shapes: Vec<Shape>,
    /// Geometric median of predicted over measured time over the shapes, and its range.
    layer_ratio: Option<f64>,
    layer_ratio_low: Option<f64>,
    layer_ratio_high: Option<f64>,
    warnings: Vec<String>,
}

/// Runs the verb.
pub fn run(name: &str, args: &MeasureArgs) -> Result<Exit, Failure> {
    let models = Tables::open(args.tables.data.as_deref())?.models()?;
    let model = arch::find(&models, name).map_err(Failure::bad_input)?;
    let wanted = passes(model).map(|pass| layer_of(model, pass, args.weights));
    let wanted = wanted.into_iter().collect::<Result<Vec<_>, _>>().map_err(Failure::bad_input)?;
    let adapters = devices::find(args.sampling.adapter.gl, args.sampling.adapter.timeout)?;
    let joined = if args.json { Joined::Json } else { Joined::Text };
    on_each(&adapters, &args.sampling.adapter, joined, |adapter| {
        let out = args.out.as_deref();
        let out = crate::cmd::run::folder(out, adapter, &adapters, &args.sampling.adapter, args.resume);
        one(model, &wanted, adapter, &out, args)
    })
}

fn one(
    model: &Architecture,
    wanted: &[Layer],
    adapter: &Facts,
    out: &Path,
    args: &MeasureArgs,
) -> Result<Shown, Failure> {
    let offered = adapter.capabilities();
    let layers = wanted.iter().map(|layer| fitted(*layer, &offered));
    let layers = layers.collect::<Result<Vec<_>, _>>().map_err(Failure::bad_input)?;
    let plan = cells(&layers, &offered)?;
    let measured =
        measure(adapter, vec![(own_program(&args.sampling)?, plan)], &args.sampling, out, args.resume)?;
    let exit = measured.exit;
    let answer = answer(model, args.weights, adapter, out, &layers, measured);
    let text = if args.json { output::json_text(&answer)? } else { text(&answer) };
    Ok(Shown { exit, text })
}

/// The layer as large as the adapter can run it.
fn fitted(layer: Layer, offered: &Capabilities) -> Result<Scaled, String> {
    let mut reason = String::new();
    let mut scale = 1;
    while scale <= SCALE_MAX {
        if let Some(layer) = layer.scaled(scale) {
            match runs(&layer, offered) {
                Ok(()) => return Ok(Scaled { layer, scale }),
                Err(why) => reason = why,
            }
        }
        scale *= 2;
    }
    Err(format!("{}: even scaled down, {reason}", Op::Layer(layer)))
}

/// Why a layer is too large for an adapter.
fn runs(layer: &Layer, offered: &Capabilities) -> Result<(), String> {
    Parts::new(layer, &[], offered)?;
    let matrices = layer.ops().into_iter().filter_map(|op| weights(&op).map(|bytes| (op, bytes)));
    let matrices: Vec<(Op, f64)> = matrices.collect();
    for (op, bytes) in &matrices {
        // The products of experts have all matrices in one binding; others are split.
        let whole = matches!(op, Op::ExpertMatmul { .. });
        let limit = if whole { offered.binding_bytes } else { offered.buffer_bytes } as f64;
        if *bytes > limit {
            return Err(format!("{op} needs {:.0} MiB, the adapter allows {:.0}", mib(*bytes), mib(limit)));
        }
    }
    let all: f64 = matrices.iter().map(|(_, bytes)| bytes).sum();
    let flops = Op::Layer(*layer).flops().0;
    if offered.software && all > SOFTWARE_WEIGHT_BYTES {
        return Err(format!("its weights have {:.0} MiB, too many for a software adapter", mib(all)));
    }
    if offered.software && flops > SOFTWARE_FLOPS {
        return Err(format!("it takes {flops:.1e} FLOP, too many for a software adapter"));
    }
    Ok(())
}

fn mib(bytes: f64) -> f64 {
    bytes / 1048576.0
}

/// Bytes of an op's matrices, visited or not.
fn weights(op: &Op) -> Option<f64> {
    let (matrices, outputs, inputs, format) = match *op {
        Op::Matmul { outputs, inputs, weights, .. } => (1, outputs, inputs, weights),
        Op::ExpertMatmul { experts, outputs, inputs, weights, .. } => (experts, outputs, inputs, weights),
        _ => return None,
    };
    Some((matrices * outputs * inputs) as f64 * format.bytes_per_weight())
}

/// Each layer, followed by its kernels at the same sizes, and the chains of dispatches that say what a launch takes. What
/// a model reads from memory is measured so, in the layer and apart.
fn cells(layers: &[Scaled], offered: &Capabilities) -> Result<Vec<Planned>, Failure> {
    let dispatch: Vec<&'static Kernel> = Kernel::find("dispatch").into_iter().collect();
    let mut cells = plan::plan(&dispatch, None, offered, Suite::Standard)?;
    let cold = |op: &Op| {
        let streams = matches!(op, Op::AttentionDecode { .. } | Op::Layer(_)) || weights(op).is_some();
        let small = op.bytes().0 < offered.beyond_caches() / 2.0;
        if streams && small { Cache::Cold } else { Cache::Hot }
    };
    for Scaled { layer, .. } in layers {
        let op = Op::Layer(*layer);
        let kernels = layer.ops().into_iter().chain(layer.counted_ops());
        let kernels = kernels.filter_map(|op| Some(Planned::new(Kernel::find(op.kernel())?, op, cold(&op))));
        for cell in std::iter::once(Planned::new(&layer::KERNEL, op, cold(&op))).chain(kernels) {
            if !cells.iter().any(|known| known.is_same(&cell)) {
                cells.push(cell);
            }
        }
    }
    Ok(cells)
}

fn answer(
    model: &Architecture,
    weights: Format,
    adapter: &Facts,
    out: &Path,
    layers: &[Scaled],
    measured: Measured,
) -> Answer {
    let rows = merged(&measured.rows);
    let mut warnings = measured.warnings;
    let times = match Curves::new(&rows) {
        Ok(curves) => curves.layers(&rows),
        Err(reason) => {
            warnings.push(format!("no prediction: {reason}"));
            Vec::new()
        }
    };
    let shapes: Vec<Shape> = layers.iter().map(|scaled| shape(scaled, &rows, &times)).collect();
    warnings.extend(scaled_note(layers));
    let own = times.iter().filter(|time| layers.iter().any(|scaled| scaled.layer == time.layer)).cloned();
    let ratio = LayerRatio::of(&own.collect::<Vec<_>>());
    Answer {
        model: model.name.clone(),
        weights: weights.to_string(),
        device: adapter.name.clone(),
        software: adapter.capabilities().software,
        results: out.display().to_string(),
        shapes,
        layer_ratio: ratio.map(|ratio| ratio.mid),
        layer_ratio_low: ratio.map(|ratio| ratio.low),
        layer_ratio_high: ratio.map(|ratio| ratio.high),
        warnings,
    }
}

fn scaled_note(layers: &[Scaled]) -> Option<String> {
    let mut scales: Vec<u64> = layers.iter().map(|scaled| scaled.scale).filter(|scale| *scale > 1).collect();
    scales.sort_unstable();
    scales.dedup();
    let scales: Vec<String> = scales.iter().map(u64::to_string).collect();
    (!scales.is_empty()).then(|| {
        format!(
            "scaled down for this adapter: widths and counts of heads divided by {}; heads keep their width, experts \
             their number",
            scales.join(" or ")
        )
    })
}

fn shape(scaled: &Scaled, rows: &[Measurement], times: &[LayerTime]) -> Shape {
    let Scaled { layer, scale } = *scaled;
    let op = Op::Layer(layer);
    let row = rows.iter().find(|row| row.op == op);
    let time = times.iter().find(|time| time.layer == layer);
    let milliseconds = |seconds: f64| 1e3 * seconds;
    let part = |op: &Op, seconds: f64| Part { op: op.to_string(), ms: milliseconds(seconds) };
    let counted = layer.counted_ops();
    let apart = |op: &Op| {
        let timing = rows.iter().find(|row| row.op == *op)?.timing()?;
        Some(part(op, timing.seconds.median))
    };
    Shape {
        pass: match layer.pass {
            Pass::Decode { .. } => "decode",
            Pass::Prefill { .. } => "prefill",
            Pass::Head { .. } => "lm_head",
        },
        shape: op.shape(),
        scaled: scale,
        status: row.map_or("skipped", |row| row.outcome.status()),
        reason: row.map_or("was not reached in the budget", |row| row.outcome.reason()).to_owned(),
        measured_ms: row.and_then(Measurement::timing).map(|timing| milliseconds(timing.seconds.median)),
        predicted_ms: time.map(|time| milliseconds(time.predicted.0)),
        ratio: time.map(LayerTime::ratio),
        measured_ms_min: time.map(|time| milliseconds(time.measured_fastest.0)),
        predicted_ms_min: time.map(|time| milliseconds(time.predicted_fastest.0)),
        ratio_of_min: time.map(LayerTime::ratio_of_fastest),
        ops: time
            .map(|time| time.ops.iter().map(|(op, seconds)| part(op, seconds.0)).collect())
            .unwrap_or_default(),
        not_counted: layer.ops().iter().filter(|op| !counted.contains(op)).filter_map(apart).collect(),
    }
}

/// The answer for a terminal.
fn text(answer: &Answer) -> String {
    let label = if answer.software { format!(", {SOFTWARE_LABEL}") } else { String::new() };
    let device = mtok::text::inert(&answer.device);
    let mut out = format!(
        "{} in {}: one layer, measured and predicted from separate kernels\n{device}{label}; results in {}\n\n",
        answer.model, answer.weights, answer.results
    );
    out += "pass     scaled  measured ms  predicted ms  ratio  of fastest  shape\n";
    let number =
        |value: Option<f64>, digits: usize| value.map_or("-".into(), |value| format!("{value:.digits$}"));
    for shape in &answer.shapes {
        let reason = if shape.reason.is_empty() {
            String::new()
        } else {
            format!("  {}: {}", shape.status, shape.reason)
        };
        out += &format!(
            "{:<8} {:>6}  {:>11}  {:>12}  {:>5}  {:>10}  {}{reason}\n",
            shape.pass,
            format!("1/{}", shape.scaled),
            number(shape.measured_ms, 3),
            number(shape.predicted_ms, 3),
            number(shape.ratio, 2),
            number(shape.ratio_of_min, 2),
            shape.shape
        );
    }
    let range = answer.layer_ratio.zip(answer.layer_ratio_low.zip(answer.layer_ratio_high));
    if let Some((mid, (low, high))) = range {
        out += &format!("\npredicted over measured: {mid:.2} ({low:.2} to {high:.2})\n");
    }
    answer.warnings.iter().for_each(|warning| out += &format!("note: {warning}\n"));
    out
}
