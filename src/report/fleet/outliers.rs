//! What is out of line, as people read it.

use super::super::UNKNOWN;
use super::super::columns::{Column, number, text, wide};
use super::devices::{counted, device};
use super::rows::percent;
use super::{FleetReport, type_name};
use crate::fleet::analysis::{Kind, Outlier};

/// Something out of line.
pub(in super::super) struct OutlierRow {
    pub kind: Kind,
    /// Its device, its node, or how many devices on how many nodes.
    pub place: String,
    pub slower: Option<f64>,
    pub p_adjusted: Option<f64>,
    pub evidence: String,
    pub devices: usize,
    pub uuid: String,
    pub tasks: String,
    pub type_name: String,
}

pub(super) const OUTLIERS: [Column<OutlierRow>; 9] = [
    text("what", |row| row.kind.to_string()),
    text("where", |row| row.place.clone()),
    number("slower %", |row| percent(row.slower)),
    number("p", |row| super::super::number(row.p_adjusted)),
    text("evidence", |row| row.evidence.clone()),
    wide(number("devices", |row| row.devices.to_string())),
    wide(text("task", |row| row.tasks.clone())),
    wide(text("uuid", |row| super::rows::shown(&row.uuid))),
    wide(text("type", |row| row.type_name.clone())),
];

/// The outliers, the worst first, as the analysis has them.
pub(in super::super) fn outliers(report: &FleetReport) -> Vec<OutlierRow> {
    report.analysis.outliers.iter().map(|outlier| row(report, outlier)).collect()
}

fn row(report: &FleetReport, outlier: &Outlier) -> OutlierRow {
    let units = report.units_of(&outlier.units);
    let (devices, _) = counted(units.iter().copied());
    let kind = report.collected.types.get(outlier.type_index as usize);
    OutlierRow {
        kind: outlier.kind,
        place: place(report, outlier),
        slower: outlier.slower,
        p_adjusted: outlier.p_adjusted,
        evidence: outlier.evidence.clone(),
        devices,
        uuid: match units.as_slice() {
            [only] => only.card.uuid.clone(),
            _ => String::new(),
        },
        tasks: match units.as_slice() {
            [only] => only.task.to_string(),
            [first, ..] => format!("{} and {} more", first.task, units.len() - 1),
            [] => UNKNOWN.into(),
        },
        type_name: kind.map(type_name).unwrap_or_default(),
    }
}

/// Where an outlier is, in words.
fn place(report: &FleetReport, outlier: &Outlier) -> String {
    let units = report.units_of(&outlier.units);
    let (devices, nodes) = counted(units.iter().copied());
    match units.first() {
        Some(first) if devices == 1 => device(&first.card),
        Some(first) if nodes == 1 => format!("{} ({devices} devices)", first.card.node),
        Some(_) => format!("{devices} devices on {nodes} nodes"),
        None => UNKNOWN.into(),
    }
}

/// An outlier in a sentence's part.
pub(super) fn said(row: &OutlierRow) -> String {
    let by = match row.slower {
        Some(slower) if slower < 0.0 => format!(" takes {} % less time", percent(Some(-slower))),
        Some(slower) => format!(" takes {} % longer", percent(Some(slower))),
        None => return format!("{} ({})", row.place, row.kind),
    };
    format!("{}{by} than siblings do ({})", row.place, row.kind)
}
