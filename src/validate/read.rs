//! Rows of published measurements, from a table of many sources and from a table of served requests.

use std::collections::HashSet;
use std::io::Read;

use super::{Case, Impossible, Origin, Phase, Rows, Unpredicted, names};
use crate::arch::{Architecture, Scheme};
use crate::hardware::GpuSpec;
use crate::op::Format;
use crate::table::{Fault, Row, Table};
use crate::throughput::datasheet::{Engine, Load};
use crate::throughput::{Memory, Serving, Workload, bandwidth_bound, max_batch};

/// GPUs that one set of links joins; beyond it layers are split over machines.
const MOST_GPUS: u64 = 8;
/// The most sequences that TensorRT-LLM's benchmark runs at a time.
const MOST_SEQUENCES: u64 = 2048;
/// Measured bandwidth may exceed the datasheet's a little.
const MARGIN: f64 = 1.05;

/// The tables that rows are looked up in.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'t> {
    /// Model architectures.
    pub models: &'t [Architecture],
    /// GPUs by their datasheets.
    pub gpus: &'t [GpuSpec],
}

/// A row before its words are looked up.
struct Published<'r> {
    origin: Origin,
    gpu: &'r str,
    gpus: u64,
    model: &'r str,
    weights: &'r str,
    kv: &'r str,
    /// The words in which a row says which software ran.
    engine: String,
    phase: Phase,
    /// `None` where as many as fit.
    batch: Option<u64>,
    isl: u64,
    osl: u64,
    measured_s: f64,
}

/// Reads a table with the columns `source,hardware,gpus,model,precision_weights,isl,osl,batch_or_concurrency,phase,value,
/// unit` and, where there are, `id,url_or_repo_path,precision_kv,notes`.
///
/// # Errors
/// The first fault, located: a missing column, a rate that is zero, negative or no number, an unknown phase or unit.
pub fn read_validation<'t>(input: impl Read, file: &str, tables: Tables<'t>) -> Result<Rows<'t>, Fault> {
    let required = [
        "source",
        "hardware",
        "gpus",
        "model",
        "precision_weights",
        "isl",
        "osl",
        "batch_or_concurrency",
        "phase",
        "value",
        "unit",
    ];
    let table = Table::read(input, &required)?;
    let mut rows = Rows::default();
    for row in table.rows() {
        let published = validation_row(row, file)?;
        let notes = row.text("notes");
        let split = notes.contains("layer split");
        let reason = if notes.contains("OUTLIER") {
            Some("marked as an outlier by its table")
        } else if notes.contains(" PP") {
            Some("pipeline parallel")
        } else if split && published.phase == Phase::Prefill {
            Some("prefill split by layers over several GPUs")
        } else {
            None
        };
        // Split by layers, one GPU works at a time: only the memory grows.
        let published = Published { gpus: if split { 1 } else { published.gpus }, ..published };
        add(&mut rows, published, reason, tables);
    }
    Ok(rows)
}

fn validation_row<'r>(row: Row<'r>, file: &str) -> Result<Published<'r>, Fault> {
    let value = positive(row, "value")?;
    let isl = row.optional::<u64>("isl")?.unwrap_or_default();
    // Benches of decoding alone start at an empty cache.
    let (isl, osl) = (isl.max(1), row.optional::<u64>("osl")?.unwrap_or(128).max(1));
    let batch = row.required("batch_or_concurrency")?;
    let batch =
        if batch.starts_with("max") { None } else { Some(row.parse::<u64>("batch_or_concurrency")?.max(1)) };
    let named = row.required("phase")?;
    let phase: Phase = named
        .parse()
        .map_err(|what| row.fault("phase", format!("phase \"{}\" {what}", named.escape_debug())))?;
    let tokens = match phase {
        Phase::Decode => batch.unwrap_or(1) as f64,
        _ => 1.0,
    };
    let measured_s = match (row.required("unit")?, phase) {
        ("ms", Phase::Prefill) => value * 1e-3 / (isl * batch.unwrap_or(1)) as f64,
        ("ms", _) => value * 1e-3,
        (unit, Phase::Decode | Phase::Prefill | Phase::Offline) if unit.contains("tok/s") => tokens / value,
        (unit, _) => {
            let what = format!("unit \"{}\" is neither ms nor tok/s of this phase", unit.escape_debug());
            return Err(row.fault("unit", what));
        }
    };
    Ok(Published {
        origin: origin(row, file, row.required("source")?),
        gpu: row.required("hardware")?,
        gpus: row.parse::<u64>("gpus")?.max(1),
        model: row.required("model")?,
        weights: row.required("precision_weights")?,
        kv: row.text("precision_kv"),
        engine: ["source", "url_or_repo_path", "notes"]
            .map(|column| row.text(column))
            .join(" ")
            .to_lowercase(),
        phase,
        batch,
        isl,
        osl,
        measured_s,
    })
}

/// Reads a table of served requests with the columns `backend,model_path,system,precision,isl,osl,batch_size,tp_size,
/// silicon_tpot_ms` and, where there are, `id,attention_dp_size`. A blank precision is presumed to be bf16.
///
/// # Errors
/// Those of [`read_validation`].
pub fn read_served<'t>(input: impl Read, file: &str, tables: Tables<'t>) -> Result<Rows<'t>, Fault> {
    let required = [
        "backend",
        "model_path",
        "system",
        "precision",
        "isl",
        "osl",
        "batch_size",
        "tp_size",
        "silicon_tpot_ms",
    ];
    let table = Table::read(input, &required)?;
    let (mut rows, mut seen) = (Rows::default(), HashSet::new());
    for row in table.rows() {
        let count = |column: &str| Ok::<_, Fault>(row.parse::<u64>(column)?.max(1));
        let measured_s = positive(row, "silicon_tpot_ms")? * 1e-3;
        let backend = row.required("backend")?;
        let published = Published {
            origin: origin(row, file, backend),
            gpu: row.required("system")?,
            gpus: count("tp_size")?,
            model: row.required("model_path")?,
            weights: if row.text("precision").is_empty() { "bf16" } else { row.text("precision") },
            kv: "",
            engine: backend.to_lowercase(),
            phase: Phase::Served,
            batch: Some(count("batch_size")?),
            isl: count("isl")?,
            osl: count("osl")?,
            measured_s,
        };
        let told = required.into_iter().chain(["attention_dp_size"]);
        let key: Vec<&str> = told.map(|column| row.text(column)).collect();
        let reason = if row.optional::<u64>("attention_dp_size")?.unwrap_or(1) > 1 {
            Some("attention data parallel")
        } else if !seen.insert(key.join(",")) {
            Some("repeats an earlier row")
        } else {
            None
        };
        add(&mut rows, published, reason, tables);
    }
    Ok(rows)
}

fn positive(row: Row<'_>, column: &'static str) -> Result<f64, Fault> {
    row.required(column)?;
    row.positive(column)?.ok_or_else(|| row.fault(column, format!("{column} is empty")))
}

fn origin(row: Row<'_>, file: &str, source: &str) -> Origin {
    Origin {
        file: file.to_owned(),
        line: row.line(),
        id: row.text("id").to_owned(),
        source: source.to_owned(),
    }
}

fn add<'t>(rows: &mut Rows<'t>, published: Published<'_>, reason: Option<&str>, tables: Tables<'t>) {
    let case = match reason {
        Some(reason) => Err(reason.to_owned()),
        None => case(&published, tables),
    };
    match case {
        Ok(case) => match impossible(&case) {
            Some(what) => rows.impossible.push(Impossible { origin: published.origin, what }),
            None => rows.cases.push(case),
        },
        Err(reason) => rows.unpredicted.push(Unpredicted { origin: published.origin, reason }),
    }
}

fn case<'t>(published: &Published<'_>, tables: Tables<'t>) -> Result<Case<'t>, String> {
    let inert = |text: &str| crate::text::inert(&text.chars().take(60).collect::<String>());
    let unknown = |what: &str, name: &str| format!("unknown {what} {}", inert(name));
    let gpu = names::gpu(tables.gpus, published.gpu).ok_or_else(|| unknown("GPU", published.gpu))?;
    let model =
        names::model(tables.models, published.model).ok_or_else(|| unknown("model", published.model))?;
    let weights = names::weights(published.weights).ok_or_else(|| unknown("format", published.weights))?;
    if published.gpus > MOST_GPUS {
        return Err(format!("layers split over more than {MOST_GPUS} GPUs"));
    }
    let engine = if published.engine.contains("llama.cpp") { Engine::Local } else { Engine::Serving };
    let Published { gpus, isl, osl, phase, .. } = *published;
    let serving =
        Serving { tp: gpus, link: gpu.link, kv: kv_format(published, weights), ..Serving::default() };
    let asked = published.batch.unwrap_or(MOST_SEQUENCES);
    let workload = Workload { weights, batch: asked, isl, osl, serving };
    workload.check().and_then(|()| workload.check_for(model))?;
    // The row was measured: something fits.
    let fit = gpu.memory.map(|total| max_batch(model, workload, Memory::of_gpu(total), 1.0).max(1));
    let batch = match (phase, fit) {
        (Phase::Offline, None) => return Err(format!("the memory of {} is unknown", gpu.name)),
        (Phase::Offline | Phase::Served, Some(fit)) => asked.min(fit),
        _ => asked,
    };
    let workload = Workload { batch, ..workload };
    Ok(Case {
        origin: published.origin.clone(),
        model,
        gpu,
        workload,
        phase,
        engine,
        cut: batch < asked,
        measured_s: published.measured_s,
        load: Load::of(model, workload, gpu, engine, &mut Vec::new())?,
    })
}

/// As the row says, else 8 bit under TensorRT-LLM with weights of 8 bit or less, else 16 bit.
fn kv_format(published: &Published<'_>, weights: Scheme) -> Format {
    let tensorrt = published.engine.contains("trtllm") || published.engine.contains("tensorrt");
    let small = weights == Format::Fp8.into() || weights == Format::Nvfp4.into();
    match published.kv {
        "fp8" => Format::Fp8,
        "fp16" | "f16" | "bf16" => Format::F16,
        _ if tensorrt && small => Format::Fp8,
        _ => Format::F16,
    }
}

/// Why a measurement cannot be true: no step is faster than reading what it must read.
fn impossible(case: &Case<'_>) -> Option<String> {
    let (workload, model, gpu) = (case.workload, case.model, case.gpu);
    // Weights alone: how the cache was held is not always said.
    let empty = Workload { isl: 1, osl: 1, ..workload };
    let bound = bandwidth_bound(model, empty, gpu.bandwidth?).0;
    let tokens = if case.phase == Phase::Offline { 1 } else { workload.batch };
    let rate = tokens as f64 / case.measured_s;
    if case.phase == Phase::Prefill || rate <= MARGIN * bound {
        return None;
    }
    let [rate, bound] = [rate, bound].map(crate::text::significant);
    let (weights, gpus) = (workload.weights, workload.serving.tp);
    Some(format!(
        "{rate} tok/s of {} in {weights} exceed the bandwidth bound of {gpus} {}, {bound} tok/s",
        model.name, gpu.name
    ))
}
