//! What the variables of launchers say, applied to the GPUs of a node.

use super::{Refusal, Seen, unclear};
use crate::fleet::launcher::Variables;
use crate::measurement::DeviceType;
use crate::text::inert;

pub(super) const NVIDIA: u32 = 0x10de;
const AMD: u32 = 0x1002;
const INTEL: u32 = 0x8086;

const SLURM: [(&str, Order); 2] =
    [("SLURM_STEP_GPUS", Order::DeviceFile), ("SLURM_JOB_GPUS", Order::DeviceFile)];

/// What an index in a variable counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// CUDA's own order: the fastest first, unless the environment asks for that of PCI addresses.
    Cuda,
    /// PCI addresses.
    Pci,
    /// NVIDIA's device files.
    DeviceFile,
}

/// What a variable says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Every GPU that there is.
    All,
    /// No GPU.
    Nothing,
    /// These.
    These(Vec<Name>),
}

/// One GPU in a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A number.
    Index(u32),
    /// `GPU-…`, whole or its beginning.
    Uuid(String),
    /// A part of a GPU: `MIG-…` of NVIDIA, `0.1` of Intel.
    Slice(String),
}

/// Whether a GPU is meant by a UUID; CUDA takes its beginning as well.
pub(super) fn has_uuid(seen: &Seen<'_>, wanted: &str) -> bool {
    const LEAST: usize = "GPU-0".len();
    let uuid = seen.known.map(|known| known.uuid.to_lowercase()).unwrap_or_default();
    wanted.len() >= LEAST && uuid.starts_with(&wanted.to_lowercase())
}

pub(super) fn given<'a>(seen: &[Seen<'a>], variables: Variables<'_>) -> Result<Vec<Seen<'a>>, Refusal> {
    // No launcher gives out processors.
    if seen.iter().all(|seen| seen.facts.device_type == DeviceType::Software) {
        return Ok(seen.to_vec());
    }
    let mut makers: Vec<u32> = seen.iter().map(|seen| seen.facts.vendor_id).collect();
    makers.sort_unstable();
    makers.dedup();
    let (mut all, mut silent, mut nothing) = (Vec::new(), true, None);
    for maker in &makers {
        let own: Vec<Seen<'a>> = seen.iter().filter(|seen| seen.facts.vendor_id == *maker).copied().collect();
        if let Some(Given { gpus, by }) = of_maker(*maker, &own, makers.len() == 1, variables)? {
            silent = false;
            if gpus.is_empty() {
                nothing = Some(by);
            }
            all.extend(gpus);
        }
    }
    if silent {
        return Ok(seen.to_vec());
    }
    match nothing.filter(|_| all.is_empty()) {
        Some(by) => {
            Err(Refusal::None(format!("{by}: this task was given no GPU; --gpu measures one anyway")))
        }
        None => {
            all.sort_by_key(|seen| (seen.facts.address().is_none(), seen.facts.address(), seen.facts.index));
            Ok(all)
        }
    }
}

/// What a variable gave.
struct Given<'a> {
    gpus: Vec<Seen<'a>>,
    /// The variable, with its value.
    by: String,
}

/// The GPUs of one maker that were given; `None` where no variable speaks of them. Slurm's numbers count the GPUs of all makers.
fn of_maker<'a>(
    maker: u32,
    own: &[Seen<'a>],
    alone: bool,
    variables: Variables<'_>,
) -> Result<Option<Given<'a>>, Refusal> {
    let mut known: Vec<(&str, Order)> = match maker {
        NVIDIA => vec![("CUDA_VISIBLE_DEVICES", Order::Cuda)],
        AMD => vec![("ROCR_VISIBLE_DEVICES", Order::Pci)],
        INTEL => vec![("ZE_AFFINITY_MASK", Order::Pci)],
        _ => vec![],
    };
    if maker == AMD && variables("ROCR_VISIBLE_DEVICES").is_none() {
        known.push(("HIP_VISIBLE_DEVICES", Order::Pci));
    }
    known.extend(SLURM.iter().filter(|_| alone));
    if maker == NVIDIA {
        known.push(("NVIDIA_VISIBLE_DEVICES", Order::Pci));
    }
    let said = known.iter().find_map(|(name, order)| {
        // The makers' own variables hide all GPUs where they are empty. Slurm's are then unset, and NVIDIA's runtime for
        // containers writes `void` where it leaves the GPUs to somebody else.
        let own = name.starts_with("CUDA_") || name.starts_with("ROCR_") || name.starts_with("HIP_");
        let silent = |value: &str| !own && matches!(value, "" | "void");
        Some((*name, *order, variables(name).filter(|value| !silent(value))?))
    });
    let Some((name, order, value)) = said else { return Ok(None) };
    let mut gpus = apply(name, &value, order, own, variables)?;
    let by = format!("{name} is \"{}\"", inert(&value));
    if name == "ROCR_VISIBLE_DEVICES"
        && let Some(value) = variables("HIP_VISIBLE_DEVICES")
    {
        // HIP counts what ROCr left, in its order.
        let left: Vec<Seen<'a>> =
            gpus.iter().zip(0..).map(|(gpu, place)| Seen { ordinal: Some(place), ..*gpu }).collect();
        gpus = apply("HIP_VISIBLE_DEVICES", &value, Order::Pci, &left, variables)?;
    }
    Ok(Some(Given { gpus, by }))
}

/// The GPUs that a value names, in its order.
fn apply<'a>(
    variable: &str,
    value: &str,
    order: Order,
    own: &[Seen<'a>],
    variables: Variables<'_>,
) -> Result<Vec<Seen<'a>>, Refusal> {
    let refused = |why: &str| unclear(&format!("{variable} is \"{}\": {why}", inert(value)), own);
    let names = match said(value).map_err(|what| refused(&format!("\"{}\" names no GPU", inert(&what))))? {
        Said::All => return Ok(own.to_vec()),
        Said::Nothing => return Ok(vec![]),
        Said::These(names) => names,
    };
    let uuids = names.iter().any(|name| matches!(name, Name::Uuid(_)));
    if own.len() == 1 || (names.len() == own.len() && !uuids) {
        return Ok(own.to_vec());
    }
    let by_files = order == Order::DeviceFile && own.iter().any(|gpu| minor(gpu).is_some());
    let alike = own.windows(2).all(|pair| matches!(pair, [a, b] if a.facts.name == b.facts.name));
    let by_pci = variables("CUDA_DEVICE_ORDER").as_deref() == Some("PCI_BUS_ID");
    let mut found: Vec<Seen<'a>> = Vec::new();
    for name in &names {
        let is_meant = |gpu: &&Seen<'a>| match name {
            Name::Index(index) if by_files => minor(gpu) == Some(*index),
            Name::Index(index) => gpu.ordinal == Some(*index),
            Name::Uuid(uuid) => has_uuid(gpu, uuid),
            Name::Slice(_) => false,
        };
        match name {
            Name::Slice(slice) => {
                return Err(refused(&format!(
                    "\"{}\" is a part of a GPU, Vulkan measures whole ones",
                    inert(slice)
                )));
            }
            Name::Index(_) if order == Order::Cuda && !alike && !by_pci => {
                return Err(refused(
                    "CUDA numbers unlike GPUs by speed, unless CUDA_DEVICE_ORDER is PCI_BUS_ID",
                ));
            }
            _ => {}
        }
        let meant: Vec<&Seen<'a>> = own.iter().filter(is_meant).collect();
        match meant.as_slice() {
            [one] if found.iter().any(|gpu| gpu.facts.index == one.facts.index) => {}
            [one] => found.push(**one),
            [] => return Err(refused("it names a GPU that is not among these adapters")),
            _ => return Err(refused("a name means several GPUs")),
        }
    }
    Ok(found)
}

fn minor(gpu: &Seen<'_>) -> Option<u32> {
    gpu.known?.minor
}

/// Reads a value; an error is the word that names no GPU.
pub(super) fn said(value: &str) -> Result<Said, String> {
    let value = value.trim();
    match value.to_ascii_lowercase().as_str() {
        "all" => return Ok(Said::All),
        // What Slurm and Kubernetes write where there is none.
        "" | "none" | "void" | "nodevfiles" => return Ok(Said::Nothing),
        _ => {}
    }
    let mut names = Vec::new();
    for word in value.split(',').map(str::trim) {
        // CUDA ends the list there.
        if word == "-1" {
            break;
        }
        let name = name(word).ok_or_else(|| word.to_owned())?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(if names.is_empty() { Said::Nothing } else { Said::These(names) })
}

fn name(word: &str) -> Option<Name> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(word) {
        return word.parse().ok().map(Name::Index);
    }
    let part = word.split_once(['.', ':']).is_some_and(|(gpu, part)| digits(gpu) && digits(part));
    let upper = word.to_ascii_uppercase();
    if part || upper.starts_with("MIG-") {
        return Some(Name::Slice(word.to_owned()));
    }
    upper.starts_with("GPU-").then(|| Name::Uuid(word.to_owned()))
}
