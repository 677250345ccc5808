//! What a name asks for: one GPU, all forms of one, a model.

use std::collections::BTreeSet;

use super::Ledger;
use crate::arch::Architecture;
use crate::hardware::{self, GpuSpec};
use crate::lookup;
use crate::text;

/// What a name asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Rents of these hardware names.
    Hardware(Vec<String>),
    /// Token prices of this model.
    Model(String),
}

/// Every name that has a price, in order.
pub fn names(ledger: &Ledger) -> BTreeSet<&str> {
    let hardware = ledger.rentals.iter().map(|quote| &*quote.hardware);
    hardware.chain(ledger.tokens.iter().map(|card| &*card.model)).collect()
}

impl Asked {
    /// Reads a name in any case: a GPU by its name or alias, a model by its name or alias, a family of GPUs (`h100`: all its
    /// forms), a model that only its seller names.
    ///
    /// # Errors
    /// A sentence with the nearest priced names.
    pub fn read(
        name: &str,
        ledger: &Ledger,
        gpus: &[GpuSpec],
        models: &[Architecture],
    ) -> Result<Self, String> {
        let (priced, wanted) = (names(ledger), lookup::fold(name));
        let known = |known: &str| priced.contains(known);
        if let Ok(gpu) = hardware::find(gpus, name)
            && known(&gpu.name)
        {
            return Ok(Self::Hardware(vec![gpu.name.clone()]));
        }
        if let Ok(model) = lookup::find(models, name)
            && known(&model.name)
        {
            return Ok(Self::Model(model.name.clone()));
        }
        if let Some(card) = ledger.tokens.iter().find(|card| lookup::fold(&card.model) == wanted) {
            return Ok(Self::Model(card.model.to_string()));
        }
        let hardware: BTreeSet<&str> = ledger.rentals.iter().map(|quote| &*quote.hardware).collect();
        let in_family = |hardware: &&&str| {
            let folded = lookup::fold(hardware);
            folded.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let family: Vec<String> = hardware.iter().filter(in_family).map(|name| (*name).to_owned()).collect();
        if !wanted.is_empty() && !family.is_empty() {
            return Ok(Self::Hardware(family));
        }
        let nearest = text::nearest(name, priced).join(", ");
        let shown: String = name.chars().take(60).collect();
        let hint = match nearest.is_empty() {
            true => "mtok prices list names all".to_owned(),
            false => format!("nearest: {}", text::inert(&nearest)),
        };
        Err(format!("no price of \"{}\" is known; {hint}", text::inert(&shown)))
    }
}
