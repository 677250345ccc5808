//! The colours of all charts: those of Okabe and Ito ("Color Universal Design", 2008), which people with any colour vision tell
//! apart, without its yellow, too light for lines on white. Shape or dash always says the same as colour.

/// Text and lines that carry meaning.
pub const INK: &str = "#1A1A1A";
/// Text of second rank, axes.
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
