//! What the gate found, row by row, and what becomes of the rows.

use std::collections::BTreeMap;

use crate::price::Rule;
use crate::price::import::Aside;

/// What was found about some of the rows of an import, by index.
#[derive(Debug, Default)]
pub struct Verdicts {
    against: BTreeMap<usize, (Aside, Rule, String)>,
    flags: BTreeMap<usize, Vec<(Rule, String)>>,
}

impl Verdicts {
    /// Rejects a row; the first reason stays.
    pub fn reject(&mut self, index: usize, rule: Rule, why: String) {
        self.against.entry(index).or_insert((Aside::Rejected, rule, why));
    }

    /// Leaves a row out; the first reason stays.
    pub fn leave_out(&mut self, index: usize, rule: Rule, why: String) {
        self.against.entry(index).or_insert((Aside::LeftOut, rule, why));
    }

    /// Flags a row.
    pub fn flag(&mut self, index: usize, rule: Rule, why: String) {
        self.flags.entry(index).or_default().push((rule, why));
    }

    /// Whether a row will not be kept.
    pub fn is_against(&self, index: usize) -> bool {
        self.against.contains_key(&index)
    }

    /// Rejections by these rules become flags.
    pub fn allow(&mut self, allowed: &[Rule]) {
        let (flags, against) = (&mut self.flags, &mut self.against);
        against.retain(|index, (aside, rule, why)| {
            let forgiven = *aside == Aside::Rejected && allowed.contains(rule);
            if forgiven {
                flags.entry(*index).or_default().push((*rule, std::mem::take(why)));
            }
            !forgiven
        });
    }

    /// Keeps the rows that nothing speaks against, with their flags, and tells the others, in order.
    pub fn apply<T>(
        mut self,
        rows: &mut Vec<T>,
        flag: impl Fn(&mut T, Rule),
        mut tell: impl FnMut(&T, Aside, Rule, String),
    ) {
        let mut index = 0;
        rows.retain_mut(|row| {
            let against = self.against.remove(&index);
            for (rule, why) in self.flags.remove(&index).unwrap_or_default() {
                if against.is_none() {
                    flag(row, rule);
                    tell(row, Aside::Flagged, rule, why);
                }
            }
            index += 1;
            let keep = against.is_none();
            if let Some((aside, rule, why)) = against {
                tell(row, aside, rule, why);
            }
            keep
        });
    }
}
