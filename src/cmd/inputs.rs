//! What `estimate`, `compare` and `run` share: the device, the models and the estimates of the two.

use std::collections::BTreeSet;

use mtok::arch::{self, Architecture, Scheme};
use mtok::hardware::{self, GpuSpec};
use mtok::measurement::{DeviceType, Measurement, wire};
use mtok::op::Format;
use mtok::throughput::{self, Curves, Device, Drafts, Estimate, Memory, Serving, Target, Workload};
use mtok::units::{Bytes, BytesPerSecond};

use super::Failure;
use super::tables::{Tables, read_file};
use crate::cli::{Batch, DeviceArgs, ServingArgs, WorkloadArgs};

/// Asked for where no model is named: small to large, dense and mixture of experts, of four publishers.
const DEFAULT_MODELS: [&str; 7] =
    ["llama-3.1-8b", "llama-3.1-70b", "qwen3-8b", "qwen3-32b", "qwen3-30b-a3b", "gpt-oss-20b", "deepseek-v3"];
/// The formats whose kernels are measured.
const MEASURED_FORMATS: [Format; 3] = [Format::F16, Format::Q8_0, Format::Q4_0];

/// Where the rates of a verb come from, owned.
pub enum Origin {
    /// Measured kernels.
    Measured(Box<Curves>),
    /// A datasheet row.
    Datasheet(Box<GpuSpec>),
}

impl Origin {
    /// Reads what the arguments name.
    pub fn read(args: &DeviceArgs, gpus: &[GpuSpec]) -> Result<Self, Failure> {
        let asked = args.gpu.as_ref().map(|name| hardware::find(gpus, name));
        let asked = asked.transpose().map_err(Failure::bad_input)?;
        let Some(path) = &args.measurements else {
            return match asked {
                Some(gpu) => Ok(Self::Datasheet(Box::new(gpu.clone()))),
                None => Err(Failure::bad_input("name a device: --measurements FILE or --gpu NAME")),
            };
        };
        let rows = read_file(path, |input| wire::read(input))?;
        Self::of_rows(&rows, gpus).and_then(|own| own.lent(asked, gpus)).map_err(|failure| Failure {
            message: format!("{}: {}", path.display(), failure.message),
            ..failure
        })
    }

    /// The rates of measured rows.
    pub fn of_rows(rows: &[Measurement], gpus: &[GpuSpec]) -> Result<Self, Failure> {
        let adapter = rows.first().map_or("", |row| row.provenance.identity.adapter.as_str());
        let curves = Curves::on(rows, hardware::of_rates(gpus, adapter)).map_err(Failure::bad_input)?;
        Ok(Self::Measured(Box::new(curves)))
    }

    /// The measured rates on the GPU that was asked for, where that is another one.
    fn lent(self, asked: Option<&GpuSpec>, gpus: &[GpuSpec]) -> Result<Self, Failure> {
        let (Self::Measured(curves), Some(to)) = (&self, asked) else { return Ok(self) };
        let Some(from) = hardware::of_rates(gpus, curves.adapter()) else {
            let what = format!("{} has no datasheet in gpus.csv and cannot lend its rates", curves.adapter());
            return Err(Failure::bad_input(mtok::text::inert(&what)));
        };
        if from.name == to.name {
            return Ok(self);
        }
        let lent = (**curves).clone().lent(from, to).map_err(Failure::bad_input)?;
        Ok(Self::Measured(Box::new(lent)))
    }

    /// The device for estimates.
    pub fn device(&self) -> Device<'_> {
        match self {
            Self::Measured(curves) => Device::Measured(curves),
            Self::Datasheet(gpu) => Device::Datasheet(gpu),
        }
    }

    /// Whether rates are those of a software adapter.
    pub fn software(&self) -> bool {
        matches!(self, Self::Measured(curves) if curves.device_type() == DeviceType::Software)
    }

    /// The GPU of the tables that the device is, if any.
    pub fn gpu<'g>(&'g self, gpus: &'g [GpuSpec]) -> Option<&'g GpuSpec> {
        match self {
            Self::Measured(curves) => hardware::of_rates(gpus, curves.adapter()),
            Self::Datasheet(gpu) => Some(gpu),
        }
    }
}

/// Finds what is wrong with the question before time is spent on measuring, or on reading.
pub fn check(args: &WorkloadArgs, tables: &Tables) -> Result<(), Failure> {
    models(args, tables)?;
    target(args)?;
    let serving = serving(&args.serving, tables, None)?;
    let mut workloads = args.batch.iter().map(|batch| workload(args, Format::F16.into(), *batch, serving));
    workloads.try_for_each(|workload| workload.check()).map_err(Failure::bad_input)
}

/// The estimates that the arguments ask for, in the order of models, formats and batches.
pub fn estimates(
    args: &WorkloadArgs,
    tables: &Tables,
    gpus: &[GpuSpec],
    origin: &Origin,
) -> Result<Vec<Estimate>, Failure> {
    let device = origin.device();
    let target = target(args)?;
    let serving = serving(&args.serving, tables, origin.gpu(gpus).and_then(|gpu| gpu.link))?;
    let memory = device.memory(gpus, args.memory_gb.map(|gigabytes| Bytes(gigabytes * 1e9)));
    let mut estimates = Vec::new();
    for model in &models(args, tables)? {
        for weights in formats(args, origin, model) {
            for batch in &args.batch {
                let workload = workload(args, weights, *batch, serving);
                workload.check().map_err(Failure::bad_input)?;
                estimates.push(match batch {
                    Batch::Auto => best(model, workload, device, memory, target),
                    Batch::Of(_) => throughput::estimate(model, workload, device, memory),
                });
            }
        }
    }
    Ok(estimates)
}

/// What a batch that mtok chooses must reach; where none is its choice, such a wish would say nothing.
fn target(args: &WorkloadArgs) -> Result<Target, Failure> {
    if args.serving.tpot_max_ms.is_some() && !args.batch.contains(&Batch::Auto) {
        let what = "--tpot-max-ms chooses a batch, and --batch names it already: give one of them";
        return Err(Failure::bad_input(what));
    }
    Ok(args.serving.target())
}

fn workload(args: &WorkloadArgs, weights: Scheme, batch: Batch, serving: Serving) -> Workload {
    let batch = match batch {
        Batch::Auto => 1,
        Batch::Of(sequences) => sequences,
    };
    Workload { weights, batch, isl: args.isl, osl: args.osl, serving }
}

fn serving(args: &ServingArgs, tables: &Tables, link: Option<BytesPerSecond>) -> Result<Serving, Failure> {
    let ServingArgs { tp, kv, cached, chunk, expert_skew, drafts, ref yielded, link_gb_per_s, .. } = *args;
    let drafts = match (drafts, yielded.acceptance, yielded.tokens_per_step, &yielded.acceptance_of) {
        (Some(tokens), Some(acceptance), ..) => Some(Drafts::of_acceptance(tokens, acceptance)),
        (Some(tokens), _, Some(yielded), _) => Some(Drafts { tokens, yielded }),
        (Some(tokens), .., Some(name)) => Some(measured_drafts(tables, name, tokens)?),
        _ => None,
    };
    let link = link_gb_per_s.map(|rate| BytesPerSecond(rate * 1e9)).or(link);
    Ok(Serving { tp, link, kv, cached, chunk, expert_skew, drafts })
}

fn measured_drafts(tables: &Tables, name: &str, tokens: u64) -> Result<Drafts, Failure> {
    let all = tables.acceptances()?;
    let of_name = || all.iter().filter(|row| row.name.eq_ignore_ascii_case(name));
    let found = of_name().find(|row| row.drafts.tokens == tokens);
    found.map(|row| row.drafts).ok_or_else(|| {
        let lengths: Vec<String> = of_name().map(|row| row.drafts.tokens.to_string()).collect();
        let names: BTreeSet<&str> = all.iter().map(|row| row.name.as_str()).collect();
        Failure::bad_input(match lengths.as_slice() {
            [] => {
                let known = names.into_iter().collect::<Vec<_>>().join("\", \"");
                format!("acceptance.csv has no \"{}\"; it has \"{known}\"", mtok::text::inert(name))
            }
            _ => {
                format!("acceptance.csv has no {tokens} drafts of \"{name}\"; it has {}", lengths.join(", "))
            }
        })
    })
}

fn best(
    model: &Architecture,
    workload: Workload,
    device: Device<'_>,
    memory: Option<Memory>,
    target: Target,
) -> Estimate {
    // Where no batch has rates, the smallest one says why.
    let best = throughput::best_batch(model, workload, device, memory, target);
    best.unwrap_or_else(|| throughput::estimate(model, workload, device, memory))
}

/// The models that are asked for: those of the table, then those of files, which go by their paths.
pub fn models(args: &WorkloadArgs, tables: &Tables) -> Result<Vec<Architecture>, Failure> {
    let table = tables.models()?;
    let mut models = Vec::new();
    if args.config.is_empty() || !args.model.is_empty() {
        models.extend(chosen(&table, &args.model)?.into_iter().cloned());
    }
    for path in &args.config {
        let name = mtok::text::inert(&path.display().to_string());
        models.push(read_file(path, |input| arch::read_config(input, &name))?);
    }
    Ok(models)
}

fn chosen<'m>(models: &'m [Architecture], names: &[String]) -> Result<Vec<&'m Architecture>, Failure> {
    if names.iter().any(|name| name == "all") {
        return Ok(models.iter().collect());
    }
    if names.is_empty() {
        // A table of the user's own need not hold the default models.
        return Ok(DEFAULT_MODELS.iter().filter_map(|name| arch::find(models, name).ok()).collect());
    }
    names.iter().map(|name| arch::find(models, name).map_err(Failure::bad_input)).collect()
}

/// From a datasheet: what the publisher ships, and fp8, in which engines serve models shipped in 16 bit.
fn formats(args: &WorkloadArgs, origin: &Origin, model: &Architecture) -> Vec<Scheme> {
    match (origin, model.native_weights) {
        _ if !args.weights.is_empty() => args.weights.clone(),
        (Origin::Measured(..), _) => MEASURED_FORMATS.map(Scheme::from).to_vec(),
        (Origin::Datasheet(_), Some(Scheme::Plain(Format::Bf16)) | None) => {
            [Format::Bf16, Format::Fp8].map(Scheme::from).to_vec()
        }
        (Origin::Datasheet(_), Some(native)) => vec![native],
    }
}
