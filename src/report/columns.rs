//! The columns of the tables that people read, each with its unit in its header.

use super::{UNKNOWN, significant};
use crate::market::row::Comparison;
use crate::measurement::{Cache, Measurement, Timing};
use crate::roofline::{Ceilings, Share};

/// The width of a page where nothing has to be left out.
pub const WIDEST: u16 = 240;
/// The width of a report in a file: what a decision rests on is shown, not every end of every interval.
pub const DOCUMENT: u16 = WIDEST - 1;

/// One column of a table of `T`.
#[derive(Debug)]
pub struct Column<T> {
    /// The header, with the unit.
    pub header: &'static str,
    /// The text of a cell, as the data has it: not yet safe to show.
    pub cell: fn(&T) -> String,
    /// Numbers stand to the right.
    pub numeric: bool,
    /// The least width of the page at which it is shown.
    pub from: u16,
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Column<T> {}

/// A column of words, always shown.
pub const fn text<T>(header: &'static str, cell: fn(&T) -> String) -> Column<T> {
    Column { header, cell, numeric: false, from: 0 }
}

/// A column of numbers, always shown.
pub const fn number<T>(header: &'static str, cell: fn(&T) -> String) -> Column<T> {
    Column { header, cell, numeric: true, from: 0 }
}

/// Shown from the width of a common terminal.
pub const fn common<T>(column: Column<T>) -> Column<T> {
    Column { from: 76, ..column }
}

/// Shown where there is room for everything.
pub const fn wide<T>(column: Column<T>) -> Column<T> {
    Column { from: 160, ..column }
}

/// Shown where nothing has to be left out.
pub const fn widest<T>(column: Column<T>) -> Column<T> {
    Column { from: WIDEST, ..column }
}

/// Shown in reports, and where nothing has to be left out.
pub const fn documented<T>(column: Column<T>) -> Column<T> {
    Column { from: DOCUMENT, ..column }
}

/// The columns of the cost table; the rent stands in the caption unless rows differ in it.
pub(super) fn costs(rents_differ: bool) -> Vec<Column<Comparison>> {
    if !rents_differ {
        return COSTS.to_vec();
    }
    // They make room for the rent; all rows of a model share them.
    let roomy = |column: Column<Comparison>| match column.header {
        "batch" | "output tok/s" => wide(column),
        _ => column,
    };
    RENT.into_iter().chain(COSTS.map(roomy)).collect()
}

const RENT: [Column<Comparison>; 2] = [
    text("provider", |row| row.rental_providers.clone().unwrap_or_else(|| UNKNOWN.into())),
    number("rent $/h", |row| super::number(row.usd_per_hour)),
];

const COSTS: [Column<Comparison>; 22] = [
    text("model", |row| row.model.clone()),
    text("weights", |row| row.weights.clone()),
    common(number("batch", |row| row.batch.to_string())),
    common(number("output tok/s", |row| super::number(row.output_tokens_per_s))),
    wide(number("decode tok/s", |row| super::number(row.decode_tokens_per_s))),
    wide(number("prefill tok/s", |row| super::number(row.prefill_tokens_per_s))),
    wide(number("TPOT ms", |row| super::number(row.tpot_ms))),
    common(number("$/Mtok in", |row| super::number(row.usd_per_mtok_in))),
    common(number("$/Mtok out", |row| super::number(row.usd_per_mtok_out))),
    number("$/Mtok blended", |row| super::number(row.usd_per_mtok_blended)),
    wide(text("blended low to high", |row| {
        range(row.usd_per_mtok_blended_low, row.usd_per_mtok_blended_high)
    })),
    number("market $/Mtok", |row| super::number(row.market_usd_per_mtok)),
    widest(text("market low to high", |row| {
        range(row.market_usd_per_mtok_low, row.market_usd_per_mtok_high)
    })),
    wide(number("sellers", |row| row.market_sellers.map_or(UNKNOWN.into(), |count| count.to_string()))),
    wide(number("cheapest $/Mtok", |row| super::number(row.market_usd_per_mtok_cheapest))),
    wide(number("break-even utilisation", |row| super::number(row.break_even_utilisation))),
    wide(number("break-even $/h", |row| super::number(row.break_even_usd_per_hour))),
    widest(text("rent $/h low to high", |row| range(row.usd_per_hour_low, row.usd_per_hour_high))),
    documented(text("cost/market low to high", |row| {
        range(row.cost_over_price_low, row.cost_over_price_high)
    })),
    documented(text("decides", |row| row.decides.map_or(UNKNOWN.into(), |input| input.to_string()))),
    documented(text("verdict changes at", |row| match (row.decides, row.verdict_changes_at) {
        (Some(input), Some(at)) => format!("{} {}", significant(at), input.unit()).trim_end().to_owned(),
        _ => UNKNOWN.into(),
    })),
    text("verdict", |row| match row.verdict {
        Some(verdict) => verdict.to_string(),
        None if row.fits == Some(false) => "no fit".into(),
        None => UNKNOWN.into(),
    }),
];

/// A measured cell and how close it comes to what the device can do.
#[derive(Clone, Debug)]
pub(super) struct Rated {
    pub cell: Measurement,
    share: Option<Share>,
    of_datasheet: Option<Share>,
}

impl Rated {
    /// Each cell with its shares.
    pub fn all(cells: &[Measurement], ceilings: &Ceilings) -> Vec<Self> {
        let rate = |cell: &Measurement| {
            let (share, of_datasheet) = ceilings.shares(cell);
            Self { cell: cell.clone(), share, of_datasheet }
        };
        cells.iter().map(rate).collect()
    }
}

/// The columns of the table of measured kernels; what no sensor told of any of them is left out.
pub(super) fn kernels(rows: &[&Rated]) -> Vec<Column<Rated>> {
    KERNELS.into_iter().chain(known(&SENSED, rows)).chain(ENDED).collect()
}

/// The columns in which at least one row has something to show.
pub(super) fn known<T>(columns: &[Column<T>], rows: &[&T]) -> Vec<Column<T>> {
    let shown = |column: &&Column<T>| rows.iter().any(|row| (column.cell)(row) != UNKNOWN);
    columns.iter().filter(shown).copied().collect()
}

const KERNELS: [Column<Rated>; 8] = [
    text("kernel", |Rated { cell, .. }| {
        let cold = if cell.cache == Cache::Cold { "cold" } else { "" };
        [cell.op.kernel(), &cell.variant, cold].join(" ").trim_end().to_owned()
    }),
    text("format", |Rated { cell, .. }| cell.op.format().to_string()),
    // Spaces let a narrow table break the line between two sizes.
    text("shape", |Rated { cell, .. }| cell.op.shape().replace(';', " ")),
    number("median ms", |Rated { cell, .. }| {
        super::number(cell.timing().map(|timing| timing.seconds.median * 1e3))
    }),
    common(number("GFLOP/s", |Rated { cell, .. }| {
        super::number(cell.flops_per_s().map(|rate| rate.0 / 1e9))
    })),
    common(number("GB/s", |Rated { cell, .. }| super::number(cell.bytes_per_s().map(|rate| rate.0 / 1e9)))),
    common(number("% of peak", |row| super::number(percent(row.share)))),
    wide(number("% of datasheet", |row| super::number(percent(row.of_datasheet)))),
];

const SENSED: [Column<Rated>; 4] = [
    common(number("W", |Rated { cell, .. }| {
        super::number(cell.timing().and_then(Timing::mean_power).map(|power| power.0))
    })),
    common(number("mJ", |Rated { cell, .. }| {
        let joules = cell.timing().and_then(Timing::energy_per_execution);
        super::number(joules.map(|joules| joules.0 * 1e3))
    })),
    wide(number("MHz", |Rated { cell, .. }| {
        super::number(cell.timing().and_then(|timing| timing.sensed.clock_hz).map(|hertz| hertz / 1e6))
    })),
    wide(number("°C", |Rated { cell, .. }| {
        super::number(cell.timing().and_then(|timing| timing.sensed.temperature_c))
    })),
];

const ENDED: [Column<Rated>; 2] = [
    wide(text("clock", |Rated { cell, .. }| {
        cell.timing().map_or(UNKNOWN.into(), |timing| timing.method.to_string())
    })),
    text("status", |Rated { cell, .. }| match cell.outcome.reason() {
        "" => cell.outcome.status().to_owned(),
        reason => format!("{}: {reason}", cell.outcome.status()),
    }),
];

fn percent(share: Option<Share>) -> Option<f64> {
    share.map(|share| 100.0 * share.share)
}

/// An interval, unknown where an end is.
pub(super) fn range(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} to {}", significant(low), significant(high)),
        _ => UNKNOWN.into(),
    }
}
