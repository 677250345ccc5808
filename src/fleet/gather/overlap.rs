//! Which of many spans overlap.

use super::times::Span;

/// So many are remembered at once: more work on one node at a time only in a file that somebody made up.
const ACTIVE_MAX: usize = 1024;

/// When a unit was busy.
#[derive(Clone, Copy, Debug)]
pub struct Busy {
    /// The unit.
    pub unit: usize,
    /// Its task.
    pub task: u32,
    /// Its device, where that is known.
    pub device: Option<usize>,
    /// When.
    pub span: Span,
}

/// Calls `found` with the units of each two that were busy at once and of which `counts` holds.
pub fn overlaps(
    mut busy: Vec<Busy>,
    counts: impl Fn(&Busy, &Busy) -> bool,
    mut found: impl FnMut(usize, usize),
) {
    busy.sort_by_key(|one| (one.span.start_s, one.span.end_s, one.unit));
    let mut active: Vec<Busy> = Vec::new();
    for one in busy {
        active.retain(|earlier| earlier.span.end_s > one.span.start_s);
        for earlier in active.iter().filter(|earlier| earlier.span.overlaps(one.span)) {
            if counts(earlier, &one) {
                found(earlier.unit, one.unit);
            }
        }
        if active.len() == ACTIVE_MAX {
            active.swap_remove(0);
        }
        active.push(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_pairs_are_those_that_comparing_all_with_all_finds(
            spans in prop::collection::vec((0i64..50, 0i64..9), 0..30)
        ) {
            let spans: Vec<Span> =
                spans.iter().map(|(start, length)| Span { start_s: *start, end_s: start + length }).collect();
            let busy = |(unit, span): (usize, &Span)| Busy { unit, task: unit as u32, device: None, span: *span };
            let mut found = Vec::new();
            overlaps(spans.iter().enumerate().map(busy).collect(), |_, _| true, |a, b| found.push((a.min(b), a.max(b))));
            found.sort();
            let mut wanted = Vec::new();
            for a in 0..spans.len() {
                wanted.extend((a + 1..spans.len()).filter(|b| spans[a].overlaps(spans[*b])).map(|b| (a, b)));
            }
            prop_assert_eq!(found, wanted);
        }
    }
}
