//! The pictures of a fleet: the map of its nodes, and how the devices of a type are distributed, cell by cell.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::{Chart, Plotted};
use crate::chart::{MapDevice, MapNode, Nodes, Sign, SpreadMark, SpreadRow, Spreads};
use crate::fleet::analysis::{CellSpread, Kind, Outlier, TypeSpread};
use crate::report::fleet::{FleetReport, OutlierRow, card_key, outliers};
use crate::stats;
use crate::text::significant;

/// Types whose distribution is drawn, those with most devices first; each takes as much of the page as its table.
const TYPES: [&str; 3] = ["spread-1", "spread-2", "spread-3"];
/// Outliers that are marked in a distribution.
const MARKED: usize = 12;
/// What a text alternative names.
const MOST_WORDS: usize = 12;

fn sign(kind: Kind) -> Sign {
    match kind {
        Kind::SlowCard | Kind::SlowKernels => Sign::Slow,
        Kind::FastCard => Sign::Fast,
        Kind::MixedDriver => Sign::Driver,
        Kind::SlowNode => Sign::SlowNode,
        Kind::ThrottlingNode => Sign::Throttling,
    }
}

/// A node as it grows: its devices by what tells them apart.
#[derive(Default)]
struct Growing<'r> {
    node: MapNode,
    devices: HashMap<(&'r str, &'r str), usize>,
}

/// The map of the nodes; `None` where nothing was measured.
pub(in super::super) fn map(report: &FleetReport) -> Option<Plotted> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut nodes: Vec<Growing<'_>> = Vec::new();
    let signs = signs(report);
    let framed = framed(report);
    for (place, unit) in report.collected.units.iter().enumerate() {
        let name = unit.card.node.as_str();
        let node = *places.entry(name).or_insert_with(|| {
            let framed = framed.get(name).copied();
            let node = MapNode { name: name.to_owned(), devices: vec![], framed };
            nodes.push(Growing { node, ..Growing::default() });
            nodes.len() - 1
        });
        let Some(Growing { node, devices }) = nodes.get_mut(node) else { continue };
        let slower = report.standing(place).map(|standing| standing.slower);
        let found = MapDevice { slower, sign: signs.get(&place).copied() };
        // Who was measured twice is shown as it stood out most.
        match devices.get(&card_key(&unit.card)).and_then(|known| node.devices.get_mut(*known)) {
            Some(known) if further(&found, known) => *known = found,
            Some(_) => {}
            None => {
                devices.insert(card_key(&unit.card), node.devices.len());
                node.devices.push(found);
            }
        }
    }
    nodes.sort_by(|a, b| natural(&a.node.name, &b.node.name));
    let nodes: Vec<MapNode> = nodes.into_iter().map(|growing| growing.node).collect();
    let caption = "Every node with its devices, by name, from left to right; the name at the left is that of the first node of \
                   its row. Colour: how much longer a device takes than the median of its siblings. A mark: out of line, \
                   which a test has decided, not the colour. The table below has the same."
        .to_owned();
    nodes.first()?;
    let alt = alt(report, &nodes);
    Some(Plotted { name: "nodes", caption, alt, chart: Chart::Nodes(Nodes { nodes }) })
}

fn further(found: &MapDevice, known: &MapDevice) -> bool {
    let far = |device: &MapDevice| (device.sign.is_some(), device.slower.map_or(-1.0, f64::abs));
    far(found).partial_cmp(&far(known)) == Some(Ordering::Greater)
}

/// How each unit is out of line by itself; a node as a whole has a frame instead.
fn signs(report: &FleetReport) -> HashMap<usize, Sign> {
    let mut signs = HashMap::new();
    for outlier in report.analysis.outliers.iter().filter(|it| !is_of_node(it.kind)) {
        for unit in &outlier.units {
            signs.entry(*unit as usize).or_insert(sign(outlier.kind));
        }
    }
    signs
}

fn framed(report: &FleetReport) -> HashMap<&str, Sign> {
    let mut framed = HashMap::new();
    for outlier in report.analysis.outliers.iter().filter(|it| is_of_node(it.kind)) {
        for unit in report.units_of(&outlier.units) {
            framed.entry(unit.card.node.as_str()).or_insert(sign(outlier.kind));
        }
    }
    framed
}

fn is_of_node(kind: Kind) -> bool {
    matches!(kind, Kind::SlowNode | Kind::ThrottlingNode)
}

/// The same in words.
fn alt(report: &FleetReport, nodes: &[MapNode]) -> String {
    let devices: usize = nodes.iter().map(|node| node.devices.len()).sum();
    let rows = outliers(report);
    let said: Vec<String> =
        rows.iter().take(MOST_WORDS).map(|row| format!("{}: {}", row.place, row.kind)).collect();
    let more = rows.len().saturating_sub(MOST_WORDS);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let said = if said.is_empty() { "none".to_owned() } else { said.join("; ") };
    format!("Map of {devices} devices on {} nodes. Out of line: {said}{more}.", nodes.len())
}

/// Names as people count them: n2 before n10.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let ((first, rest), (other, others)) = (chunk(left), chunk(right));
        if first.is_empty() || other.is_empty() {
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        }
        let order = match (first.parse::<u64>(), other.parse::<u64>()) {
            (Ok(first), Ok(other)) => first.cmp(&other),
            _ => first.cmp(other),
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (rest, others);
    }
}

/// Digits, or what is none, at the start of a name; and what follows.
fn chunk(name: &str) -> (&str, &str) {
    let digits = name.starts_with(|it: char| it.is_ascii_digit());
    let end = name.find(|it: char| it.is_ascii_digit() != digits).unwrap_or(name.len());
    name.split_at(end)
}

/// The distribution of each cell, a picture per type.
pub(in super::super) fn spreads(report: &FleetReport) -> Vec<Plotted> {
    let mut types: Vec<&TypeSpread> = report.analysis.types.iter().collect();
    types.sort_by_key(|of| std::cmp::Reverse(of.devices));
    types.into_iter().zip(TYPES).filter_map(|(of, name)| spread(report, of, name)).collect()
}

fn spread(report: &FleetReport, of: &TypeSpread, name: &'static str) -> Option<Plotted> {
    let cells: Vec<&CellSpread> = report
        .analysis
        .cells
        .iter()
        .filter(|cell| cell.type_index == of.type_index && cell.median_s > 0.0 && cell.devices > 1)
        .collect();
    let rows = cells.iter().map(|cell| SpreadRow {
        label: report
            .collected
            .cells
            .get(cell.cell as usize)
            .map(|cell| cell.name.clone())
            .unwrap_or_default(),
        ends: [cell.min_s, cell.q1_s, cell.q3_s, cell.max_s].map(|end| end / cell.median_s - 1.0),
    });
    let rows: Vec<SpreadRow> = rows.collect();
    let widest = rows.iter().max_by(|a, b| (a.ends[2] - a.ends[1]).total_cmp(&(b.ends[2] - b.ends[1])))?;
    let type_words = report.type_words(of.type_index);
    let alt = format!(
        "How {} devices of {type_words} are distributed in {} cells. Widest half: {}, {} to {} %.",
        of.devices,
        rows.len(),
        widest.label,
        significant(widest.ends[1] * 100.0),
        significant(widest.ends[2] * 100.0)
    );
    let caption = format!(
        "{type_words}: each cell on {} devices, beside the median device of that cell. Marks are what is out of line; beyond \
         -50 % and +100 % they stand at the edge.",
        of.devices
    );
    let marks = marks(report, of.type_index, &cells);
    Some(Plotted { name, caption, alt, chart: Chart::Spreads(Spreads { rows, marks }) })
}

/// Where the outliers of a type lie in each cell: the median over their devices of the median over the runs of each.
fn marks(report: &FleetReport, type_index: u32, cells: &[&CellSpread]) -> Vec<SpreadMark> {
    let rows = outliers(report);
    let all = report.analysis.outliers.iter().zip(&rows);
    let of_type: Vec<_> = all
        .filter(|(outlier, _)| outlier.type_index == type_index && outlier.kind != Kind::MixedDriver)
        .take(MARKED)
        .collect();
    let wanted: HashSet<u32> =
        of_type.iter().flat_map(|(outlier, _)| outlier.units.iter().copied()).collect();
    let mut times: HashMap<(u32, u32), Vec<f64>> = HashMap::new();
    for visit in report.collected.visits.iter().filter(|visit| wanted.contains(&visit.unit)) {
        times.entry((visit.unit, visit.cell)).or_default().push(visit.median_s);
    }
    let mark = |(outlier, row): &(&Outlier, &OutlierRow)| {
        let at = |(place, cell): (usize, &&CellSpread)| {
            let runs = |unit: &u32| stats::median(times.get(&(*unit, cell.cell))?);
            let devices: Vec<f64> = outlier.units.iter().filter_map(runs).collect();
            Some((place, stats::median(&devices)? / cell.median_s - 1.0))
        };
        let at = cells.iter().enumerate().filter_map(at).collect();
        SpreadMark { name: format!("{} ({})", row.place, row.kind), sign: sign(outlier.kind), at }
    };
    of_type.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_in_the_order_in_which_people_count() {
        let mut names = ["n10", "n2", "n", "m3", "n2a", "n02", "n99999999999999999999999", ""];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["", "m3", "n", "n02", "n2", "n2a", "n10", "n99999999999999999999999"]);
    }
}
