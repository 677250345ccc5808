//! Which GPU of its node a task was given.
//!
//! Launchers give GPUs to tasks through environment variables that the programming interfaces of the makers obey. Vulkan
//! knows none of them: unless device files are hidden as well, it lists every GPU of the node to every task. What the
//! variables say is therefore applied to the adapters here. Where that leaves more than one answer there is none: a guess
//! would have two tasks measure the same GPU.
//!
//! | maker | the first of these that is set counts | an index counts |
//! |---|---|---|
//! | NVIDIA | `CUDA_VISIBLE_DEVICES` | GPUs by PCI address; of unlike GPUs only with `CUDA_DEVICE_ORDER=PCI_BUS_ID` |
//! | | `SLURM_STEP_GPUS`, `SLURM_JOB_GPUS` | device files, `/dev/nvidia<index>`; else GPUs by PCI address |
//! | | `NVIDIA_VISIBLE_DEVICES` | GPUs by PCI address |
//! | AMD | `ROCR_VISIBLE_DEVICES`, among those `HIP_VISIBLE_DEVICES` | GPUs by PCI address |
//! | Intel | `ZE_AFFINITY_MASK` | GPUs by PCI address |
//! | both | `SLURM_STEP_GPUS`, `SLURM_JOB_GPUS` | GPUs by PCI address |
//!
//! Indices that name as many GPUs as there are name all of them: behind a control group or in a container the others are
//! hidden, and indices of the whole node no longer count what is left.

mod given;

use super::adapters::{Facts, rank};
use super::pci::Address;
use crate::fleet::launcher::{Local, Variables};
use crate::measurement::DeviceType;
use crate::sensors::Nvidia;
use crate::text::inert;

/// Why no GPU was found for a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was given none.
    None(String),
    /// It cannot be told which.
    Unclear(String),
}

/// A GPU with all that can name it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The adapter.
    pub facts: &'a Facts,
    /// What NVIDIA's library knows of it.
    pub known: Option<&'a Nvidia>,
    /// Its number among the GPUs of its maker, by PCI address.
    ordinal: Option<u32>,
}

/// The adapters that a task may be meant to measure, by PCI address: the GPUs of the most capable kind, each once;
/// software adapters only where there is no GPU.
pub fn candidates<'a>(adapters: &'a [Facts], nvidia: &'a [Nvidia]) -> Vec<Seen<'a>> {
    let best = adapters.iter().map(|adapter| rank(adapter.device_type)).min();
    let mut of_kind: Vec<&Facts> =
        adapters.iter().filter(|adapter| Some(rank(adapter.device_type)) == best).collect();
    // GL shows the devices of the others a second time.
    if of_kind.iter().any(|adapter| adapter.backend != "gl") {
        of_kind.retain(|adapter| adapter.backend != "gl");
    }
    of_kind.sort_by_key(|adapter| (adapter.address().is_none(), adapter.address(), adapter.index));
    let mut usable: Vec<(Address, &Nvidia)> =
        nvidia.iter().filter_map(|gpu| Some((gpu.pci_bus_id.parse().ok()?, gpu))).collect();
    usable.sort_by_key(|(address, _)| *address);
    let seen = |facts: &&'a Facts| {
        let place = usable.iter().position(|(address, _)| Some(*address) == facts.address());
        let siblings = of_kind.iter().filter(|other| other.vendor_id == facts.vendor_id);
        let ordinal = match is_nvidia(facts) && !usable.is_empty() {
            true => place,
            false => siblings.clone().position(|other| other.index == facts.index),
        };
        Seen {
            facts,
            known: place.and_then(|place| usable.get(place)).map(|(_, gpu)| *gpu),
            ordinal: ordinal.map(|ordinal| ordinal as u32),
        }
    };
    of_kind.iter().map(seen).collect()
}

/// Whether NVIDIA made it.
pub fn is_nvidia(facts: &Facts) -> bool {
    facts.vendor_id == given::NVIDIA
}

/// The GPUs that a task was given, by PCI address; all of its node where no variable says anything.
///
/// # Errors
/// A variable that says that there is none for it, and what cannot be applied to the adapters.
pub fn given<'a>(seen: &[Seen<'a>], variables: Variables<'_>) -> Result<Vec<Seen<'a>>, Refusal> {
    given::given(seen, variables)
}

/// The one GPU of a task among those that it was given: the only one, or the one of its number on the node. All software
/// adapters are the same processor: the first is as good as any.
///
/// # Errors
/// Several, and nothing that tells them apart.
pub fn one<'a>(given: &[Seen<'a>], local: Option<Local>) -> Result<Seen<'a>, Refusal> {
    match (given, local.filter(|local| local.tasks > 1)) {
        ([], _) => Err(Refusal::None("there is no adapter".into())),
        ([only], _) => Ok(*only),
        ([first, ..], _) if first.facts.device_type == DeviceType::Software => Ok(*first),
        (several, Some(Local { rank, tasks })) => several.get(rank as usize).copied().ok_or_else(|| {
            let why = format!(
                "{tasks} tasks of this step are on the node, which has {} GPUs for them",
                several.len()
            );
            unclear(&why, several)
        }),
        (several, None) => {
            let why = format!("the task measures one GPU, and {} could be meant", several.len());
            Err(unclear(&why, several))
        }
    }
}

/// The adapter that `--gpu` names: by its index, its PCI bus address or its UUID.
///
/// # Errors
/// A sentence with the adapters to choose from.
pub fn named<'a>(adapters: &'a [Facts], nvidia: &'a [Nvidia], wanted: &str) -> Result<Seen<'a>, String> {
    let seen: Vec<Seen<'a>> = adapters
        .iter()
        .map(|facts| {
            let of =
                |gpu: &&Nvidia| facts.address().is_some() && gpu.pci_bus_id.parse().ok() == facts.address();
            Seen { facts, known: nvidia.iter().find(of), ordinal: None }
        })
        .collect();
    let is_meant = |seen: &&Seen<'_>| {
        let index = wanted.parse() == Ok(seen.facts.index);
        let address = wanted.parse().is_ok_and(|wanted: Address| seen.facts.address() == Some(wanted));
        index || address || given::has_uuid(seen, wanted)
    };
    let meant: Vec<&Seen<'_>> = seen.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [one] => Ok(**one),
        [] => Err(format!("no adapter is \"{}\"; there are:{}", inert(wanted), lines(&seen))),
        _ => Err(format!("several adapters are \"{}\"; there are:{}", inert(wanted), lines(&seen))),
    }
}

fn unclear(why: &str, seen: &[Seen<'_>]) -> Refusal {
    Refusal::Unclear(format!("{why}; name one with --gpu INDEX, PCI bus address or UUID:{}", lines(seen)))
}

fn lines(seen: &[Seen<'_>]) -> String {
    let uuid = |seen: &Seen<'_>| match seen.known.map(|known| known.uuid.as_str()) {
        Some(uuid) if !uuid.is_empty() => format!(", {}", inert(uuid)),
        _ => String::new(),
    };
    seen.iter().map(|seen| format!("\n  {}{}", seen.facts.line(), uuid(seen))).collect()
}

#[cfg(test)]
mod tests;
