//! What a row says of its GPU, and answers that are remembered: a million rows repeat a few names.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;

use super::{Gpu, GpuNames, NotGpu};

/// What a row says of its GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen<'t> {
    /// The name.
    pub name: &'t str,
    /// Another name of the same thing, such as that in a GpuInfo; may be empty.
    pub also: &'t str,
    /// The type of the instance; may be empty.
    pub instance: &'t str,
    /// Memory in GB, of one GPU or, where that does not fit, of all.
    pub memory_gb: Option<f64>,
    /// GPUs in the instance; 0 where it is not said.
    pub count: u16,
}

/// MiB as GB. Nothing has less than a gibibyte: such numbers are GB already.
pub fn memory_gb_of_mib(mib: f64) -> f64 {
    if mib < 1024.0 { mib } else { mib / 1024.0 }
}

/// The most answers that are remembered: hostile files never repeat a name.
const MAX_ANSWERS: usize = 8192;

/// The most unknown names whose neighbours are looked for, which takes far longer than to know that they are unknown.
const MAX_NEAREST: usize = 200;

/// Answers, remembered by what was asked.
#[derive(Debug)]
pub struct Identifier<'n> {
    names: &'n GpuNames,
    answers: HashMap<String, Result<Gpu, NotGpu>>,
    asked: String,
    nearest_left: usize,
}

impl<'n> Identifier<'n> {
    /// No answers yet.
    pub fn new(names: &'n GpuNames) -> Self {
        Self { names, answers: HashMap::new(), asked: String::new(), nearest_left: MAX_NEAREST }
    }

    /// The answer of [`GpuNames::identify`].
    ///
    /// # Errors
    /// The same.
    pub fn ask(&mut self, seen: &Seen<'_>) -> Result<&Gpu, &NotGpu> {
        self.asked.clear();
        let Seen { name, also, instance, memory_gb, count } = seen;
        for text in [name, also, instance] {
            self.asked.push_str(text);
            self.asked.push('\u{1f}');
        }
        let memory = memory_gb.map(f64::to_bits).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = write!(self.asked, "{memory:x} {count}");
        if self.answers.len() >= MAX_ANSWERS {
            self.answers.clear();
        }
        let answer = match self.answers.entry(self.asked.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let answer = self.names.identify(seen, self.nearest_left > 0);
                if answer.is_err() {
                    self.nearest_left = self.nearest_left.saturating_sub(1);
                }
                new.insert(answer)
            }
        };
        answer.as_ref()
    }
}
