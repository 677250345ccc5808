//! The colours of all charts: those of Okabe and Ito ("Color Universal Design", 2008), which people with any colour
//! vision tell apart, without its yellow, too light for lines on white. Shape or dash always says the same as colour.

/// Text and lines that carry meaning.
pub const INK: &str = "#1A1A1A";
/// Text of second rank, lines of reference.
pub const MUTED: &str = "#5A5A5A";
/// Lines to read values by.
pub const GRID: &str = "#DDDDDD";
/// The background that marks stand out from.
pub const PAPER: &str = "#FFFFFF";
/// Series 1 to 6: blue, vermillion, bluish green, reddish purple, orange, sky blue.
pub const SERIES: [&str; 6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];

/// Every colour that an SVG of this module can have.
pub const ALL: [&str; 10] =
    [INK, MUTED, GRID, PAPER, SERIES[0], SERIES[1], SERIES[2], SERIES[3], SERIES[4], SERIES[5]];

/// Lengths drawn and left out, in pixels; the first is solid.
const DASHES: [&str; 6] = ["", "8 3", "2 3", "9 3 2 3", "14 4", "5 2 2 2 2 2"];

/// The colour of a series by its number; the seventh starts again.
pub(super) fn colour(series: usize) -> &'static str {
    SERIES.get(series % SERIES.len()).copied().unwrap_or(INK)
}

/// The dash of a series: with the colour, no two of the first 36 are alike.
pub(super) fn dash(series: usize) -> &'static str {
    DASHES.get((series + series / SERIES.len()) % DASHES.len()).copied().unwrap_or("")
}

/// The shape of its marks, in the same way.
pub(super) fn shape(series: usize) -> usize {
    series + series / SERIES.len()
}
