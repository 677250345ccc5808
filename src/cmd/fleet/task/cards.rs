//! The devices of a task.

use mtok::fleet::folders::place;
use mtok::fleet::launcher;
use mtok::fleet::plan::Per;
use mtok::fleet::record::Card;
use mtok::gpu::adapters::Facts;
use mtok::gpu::visible::{self, Refusal, Seen};
use mtok::sensors::Nvidia;

use crate::cli::fleet::measuring::Measuring;
use crate::cli::fleet::task::AUTO;
use crate::cmd::child::Program;
use crate::cmd::output::note;
use crate::cmd::{Exit, Failure, devices};

/// A device to measure.
pub struct Chosen {
    /// The adapter.
    pub adapter: Facts,
    /// What the task records of it.
    pub card: Card,
}

/// The devices that a task measures on a node.
///
/// # Errors
/// No adapter, none that the launcher gave, and several where one is meant.
pub fn of(wanted: &str, per: Per, measuring: &Measuring, node: &str) -> Result<Vec<Chosen>, Failure> {
    let adapters = devices::find(measuring.gl, measuring.timeout)?;
    let nvidia = nvidia(&adapters, measuring);
    let chosen = match wanted {
        AUTO => meant(&visible::candidates(&adapters, &nvidia), per)?,
        named => vec![visible::named(&adapters, &nvidia, named).map_err(Failure::bad_input)?],
    };
    let card = |seen: &Seen<'_>| Chosen { adapter: seen.facts.clone(), card: card(seen, node) };
    Ok(chosen.iter().map(card).collect())
}

/// What NVIDIA's library says, asked where there is such a GPU. Without the library there is only less to tell GPUs by.
fn nvidia(adapters: &[Facts], measuring: &Measuring) -> Vec<Nvidia> {
    if !adapters.iter().any(visible::is_nvidia) {
        return vec![];
    }
    let asked = Program::own(measuring.timeout).and_then(|program| program.start()?.nvidia());
    asked.unwrap_or_else(|why| {
        note(&format!("NVIDIA's library: {why}; UUIDs, clock and power limits stay unknown"));
        vec![]
    })
}

/// What the launcher gave.
fn meant<'a>(candidates: &[Seen<'a>], per: Per) -> Result<Vec<Seen<'a>>, Failure> {
    let variables = |name: &str| std::env::var(name).ok();
    let refused = |refusal: Refusal| match refusal {
        Refusal::None(why) => Failure::new(Exit::NoAdapter, why),
        Refusal::Unclear(why) => Failure::bad_input(why),
    };
    let given = visible::given(candidates, &variables).map_err(refused)?;
    match per {
        Per::Node => Ok(given),
        Per::Gpu => Ok(vec![visible::one(&given, launcher::local(&variables)).map_err(refused)?]),
    }
}

fn card(seen: &Seen<'_>, node: &str) -> Card {
    let Seen { facts, known, .. } = *seen;
    Card {
        node: node.to_owned(),
        place: place(node, &facts.pci_bus_id, facts.index),
        adapter: facts.name.clone(),
        device_type: facts.device_type,
        pci_bus_id: facts.pci_bus_id.clone(),
        uuid: known.map(|known| known.uuid.clone()).unwrap_or_default(),
        driver: facts.driver.clone(),
        driver_info: facts.driver_info.clone(),
        clock_max_hz: known.and_then(|known| known.clock_max_hz),
        power_limit_w: known.and_then(|known| known.power_limit_w),
    }
}
