//! The kept choices of one adapter as text: a line of JSON that says what they hold for, and a line for each class.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Class, Winner};

/// Grows when a line changes its meaning: older files are not read but made anew.
pub const VERSION: u32 = 1;
/// More classes than any suite has.
const CLASSES_MAX: usize = 10_000;
/// Longer texts are no names or reasons of ours.
const TEXT_MAX: usize = 1_000;

/// The adapter and driver that choices were made on. Two equal GPUs share them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The adapter's name.
    pub adapter: String,
    /// `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// Driver name.
    pub driver: String,
    /// Driver version text.
    pub driver_info: String,
    /// PCI vendor.
    pub vendor_id: u32,
    /// PCI device.
    pub device_id: u32,
}

#[derive(Serialize, Deserialize)]
struct Head {
    mtok_tuning: u32,
    #[serde(flatten)]
    key: Key,
}

/// The choices for an adapter.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    key: Key,
    of_class: BTreeMap<Class, Winner>,
}

impl Choices {
    /// None yet.
    pub fn new(key: Key) -> Self {
        Self { key, of_class: BTreeMap::new() }
    }

    /// The choices in a text.
    ///
    /// # Errors
    /// What is wrong, with its line: another version, another adapter, or no choice at all.
    pub fn parse(text: &str, key: &Key) -> Result<Self, String> {
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let (_, first) = lines.next().ok_or("is empty")?;
        let head: Head = serde_json::from_str(first).map_err(|error| format!("line 1: {error}"))?;
        if head.mtok_tuning != VERSION {
            return Err(format!("is of version {}, not {VERSION}", head.mtok_tuning));
        }
        if head.key != *key {
            return Err("is of another adapter or driver".into());
        }
        let mut choices = Self::new(head.key);
        for (number, line) in lines {
            let winner: Winner =
                serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"))?;
            winner.check().map_err(|fault| format!("line {number}: {fault}"))?;
            if choices.of_class.len() == CLASSES_MAX {
                return Err(format!("has more than {CLASSES_MAX} lines"));
            }
            choices.put(winner);
        }
        Ok(choices)
    }

    /// As text.
    pub fn text(&self) -> String {
        let head = Head { mtok_tuning: VERSION, key: self.key.clone() };
        let winners = self.of_class.values().map(serde_json::to_string);
        // Neither type has a key or a number that JSON lacks.
        std::iter::once(serde_json::to_string(&head))
            .chain(winners)
            .flatten()
            .map(|line| line + "\n")
            .collect()
    }

    /// The choice for a class, where it was made among these sources.
    pub fn get(&self, class: &Class, sources: &str) -> Option<&Winner> {
        self.of_class.get(class).filter(|winner| winner.sources == sources)
    }

    /// Takes the place of an earlier choice for the class.
    pub fn put(&mut self, winner: Winner) {
        self.of_class.insert(winner.class.clone(), winner);
    }

    /// Forgets the choices for some kernels.
    pub fn forget(&mut self, of: impl Fn(&str) -> bool) {
        self.of_class.retain(|class, _| !of(&class.kernel));
    }
}

impl Winner {
    fn check(&self) -> Result<(), String> {
        if !(self.median_s.is_finite() && self.median_s > 0.0) {
            return Err("median_s is not above 0".into());
        }
        if self.margin.is_some_and(|margin| !(margin.is_finite() && margin > -1.0)) {
            return Err("margin is not above -1".into());
        }
        let Class { kernel, format, sizes } = &self.class;
        let own = [kernel, format, sizes, &self.variant, &self.sources, &self.shape];
        let removed = self.removed.iter().flat_map(|it| [&it.variant, &it.status, &it.reason]);
        match own.into_iter().chain(&self.runner_up).chain(removed).find(|text| text.len() > TEXT_MAX) {
            Some(_) => Err(format!("has a text of more than {TEXT_MAX} bytes")),
            None => Ok(()),
        }
    }
}
