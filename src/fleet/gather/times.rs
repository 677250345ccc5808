//! Times of records and rows: whole seconds, cut off, on clocks that need not agree.

use jiff::Timestamp;

/// Cut-off seconds of two times may be one further apart than the times.
pub const ROUNDING_S: i64 = 1;

/// Seconds since 1970 of a time such as `2026-11-22T05:50:24Z`; `None` where the text is none.
pub fn seconds(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// From when to when something was busy, seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when.
    pub start_s: i64,
    /// Until when.
    pub end_s: i64,
}

impl Span {
    /// Whether both were busy at once. One that begins in the second in which the other ends follows it.
    pub fn overlaps(self, other: Self) -> bool {
        self.start_s < other.end_s && other.start_s < self.end_s
    }
}
