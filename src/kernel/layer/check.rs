//! Each result of a chain against the exact result of what its op was given.

use std::collections::BTreeMap;

use half::f16;

use crate::kernel::problem::Element;
use crate::kernel::verify::{Comparison, compare};
use crate::measurement::Verification;

/// What the device holds after the last execution, by the position of the buffer.
#[derive(Default)]
pub struct Written(pub BTreeMap<usize, Vec<u32>>);

impl Written {
    /// All words of a buffer; empty where it was not read.
    pub fn words(&self, buffer: usize) -> &[u32] {
        self.0.get(&buffer).map(Vec::as_slice).unwrap_or_default()
    }

    /// The same as halves.
    pub fn halves(&self, buffer: usize) -> &[f16] {
        bytemuck::cast_slice(self.words(buffer))
    }

    /// The same as floats.
    pub fn floats(&self, buffer: usize) -> &[f32] {
        bytemuck::cast_slice(self.words(buffer))
    }
}

/// Makes the reference of one result from what the device holds.
pub(super) type Composed = Box<dyn for<'w> Fn(&'w Written) -> Exact<'w>>;

/// One result and how it is checked.
pub struct Check {
    /// The op, for messages.
    pub(super) what: String,
    /// The buffer that holds it.
    pub buffer: usize,
    /// Buffers that its reference reads.
    pub(super) inputs: Vec<usize>,
    pub(super) element: Element,
    /// Elements that count.
    pub(super) len: usize,
    /// Where each lies.
    pub(super) place: Box<dyn Fn(usize) -> usize>,
    pub(super) nmse_max: f64,
    pub(super) reference: Composed,
}

impl Check {
    /// The buffers that must be read back for it.
    pub fn buffers(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.buffer).chain(self.inputs.iter().copied())
    }

    fn run(&self, written: &Written, seed: u64) -> Result<Verification, (String, Verification)> {
        let expected: Exact<'_> = (self.reference)(written);
        let comparison = Comparison {
            words: written.words(self.buffer),
            element: self.element,
            len: self.len,
            place: &self.place,
            expected: &expected,
            nmse_max: self.nmse_max,
        };
        compare(&comparison, seed)
            .map_err(|(reason, verification)| (format!("{}: {reason}", self.what), verification))
    }
}

type Exact<'w> = Box<dyn Fn(&[usize]) -> Vec<f64> + 'w>;

/// Runs all checks. What is told is the result nearest to its limit, and how many elements were compared in all.
///
/// # Errors
/// The first wrong result: its op, the sentence for the `reason` column and the comparison behind it.
pub fn all(checks: &[Check], written: &Written, seed: u64) -> Result<Verification, (String, Verification)> {
    let mut worst = Verification { nmse: 0.0, nmse_max: 1.0, compared: 0 };
    for check in checks {
        let found = check.run(written, seed)?;
        let compared = worst.compared + found.compared;
        let nearer = found.nmse / found.nmse_max >= worst.nmse / worst.nmse_max;
        worst = Verification { compared, ..if nearer { found } else { worst } };
    }
    Ok(worst)
}
