//! The columns of the tables of `mtok diff`.

use crate::diff::Row;
use crate::diff::cost::CostRow;
use crate::report::columns::{Column, common, number, text, wide};
use crate::report::{UNKNOWN, significant};

/// Rows of kernels.
pub(super) const ROWS: [Column<Row>; 13] = [
    text("kernel", |row| format!("{} {}", row.kernel, variants(row)).trim_end().to_owned()),
    common(text("format", |row| row.format.clone())),
    // Spaces let a narrow table break the line between two sizes.
    text("shape", |row| row.shape.replace(';', " ") + if row.cache == "cold" { " cold" } else { "" }),
    wide(number("base ms", |row| milliseconds(row.median_base_s))),
    wide(number("new ms", |row| milliseconds(row.median_new_s))),
    number("time", |row| change(row.time_ratio)),
    common(text("95 % interval", |row| match (row.time_ratio_low, row.time_ratio_high) {
        (Some(_), Some(_)) => format!("{} to {}", change(row.time_ratio_low), change(row.time_ratio_high)),
        _ => UNKNOWN.into(),
    })),
    wide(number("fastest", |row| change(row.floor_ratio))),
    wide(number("p (Holm)", |row| row.p_holm.map_or(UNKNOWN.into(), significant))),
    wide(number("runs", |row| format!("{}/{}", row.runs_base, row.runs_new))),
    text("verdict", |row| row.verdict.to_string()),
    text("reason", |row| row.reason.map_or(String::new(), |reason| reason.to_string())),
    wide(text("note", |row| row.note.clone())),
];

/// Rows of costs.
pub(super) const COSTS: [Column<CostRow>; 12] = [
    text("model", |row| row.model.clone()),
    text("weights", |row| row.weights.clone()),
    wide(text("device", |row| row.device.clone())),
    wide(text("provider", |row| row.rental_providers.clone())),
    wide(number("base $/Mtok", |row| row.usd_per_mtok_base.map_or(UNKNOWN.into(), significant))),
    wide(number("new $/Mtok", |row| row.usd_per_mtok_new.map_or(UNKNOWN.into(), significant))),
    number("$/Mtok", |row| change(row.usd_ratio)),
    common(number("price", |row| change(row.price_ratio))),
    common(number("load", |row| change(row.load_ratio))),
    common(number("speed", |row| change(row.speed_ratio))),
    text("verdict", |row| row.verdict.to_string()),
    text("cause", |row| match (row.cause, row.reason.as_str()) {
        (Some(cause), "") => cause.to_string(),
        (Some(cause), reason) => format!("{cause} ({reason})"),
        (None, reason) => reason.to_owned(),
    }),
];

fn variants(row: &Row) -> String {
    match &row.variant_new {
        Some(other) => format!("{} / {other}", row.variant),
        None => row.variant.clone(),
    }
}

fn milliseconds(seconds: Option<f64>) -> String {
    seconds.map_or(UNKNOWN.into(), |seconds| significant(seconds * 1e3))
}

/// A ratio as a signed percentage to a tenth; whole percent where it is large.
pub(super) fn change(ratio: Option<f64>) -> String {
    match ratio.map(|ratio| (ratio - 1.0) * 100.0) {
        Some(percent) if percent.is_finite() && percent.abs() < 100.0 => format!("{:+.1} %", percent + 0.0),
        Some(percent) if percent.is_finite() => format!("{percent:+.0} %"),
        _ => UNKNOWN.into(),
    }
}
