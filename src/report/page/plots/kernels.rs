//! The measured kernels under the device's own roofline, and the share of its peak that each reached.

use super::super::{Page, tables};
use super::{Chart, Plotted};
use crate::chart::{Bandwidth, Ceiling, Peak, Peaks, Roofline, RooflinePoint};
use crate::measurement::Measurement;
use crate::op::Op;
use crate::roofline as ceilings;
use crate::text::significant;

/// What a kernel is for, as the roofline groups them.
fn group(op: &Op) -> &'static str {
    match op {
        Op::Matmul { .. } | Op::ExpertMatmul { .. } => "products",
        Op::AttentionPrefill { .. } | Op::AttentionDecode { .. } | Op::LatentDecode { .. } => "attention",
        Op::Fma { .. } | Op::Dot4 { .. } | Op::MatrixFma { .. } => "peaks of arithmetic",
        Op::Copy { .. } | Op::Read { .. } | Op::Triad { .. } => "memory",
        _ => "other layers",
    }
}

fn ceilings_of(roofline: &ceilings::Roofline, of: &str) -> (Vec<Ceiling>, Vec<Bandwidth>) {
    let named = [
        ("f32", roofline.f32),
        ("f16", roofline.f16),
        ("int8", roofline.int8),
        ("f16 matrix", roofline.matrix),
    ];
    let ceiling = |(name, peak): (&str, Option<crate::units::FlopsPerSecond>)| {
        Some(Ceiling { label: format!("{name}, {of}"), flops_per_s: peak?.0 })
    };
    let bandwidth =
        roofline.bandwidth.map(|peak| Bandwidth { label: format!("memory, {of}"), bytes_per_s: peak.0 });
    (named.into_iter().filter_map(ceiling).collect(), bandwidth.into_iter().collect())
}

pub(super) fn kernels(page: &Page<'_>) -> Option<Plotted> {
    let report = page.report;
    let point = |cell: &Measurement| {
        let (flops, bytes) = (cell.op.flops().0, cell.op.bytes().0);
        let rate = cell.flops_per_s()?.0;
        (flops > 0.0 && bytes > 0.0).then(|| RooflinePoint {
            label: cell.cell(),
            group: group(&cell.op).into(),
            flops_per_byte: flops / bytes,
            flops_per_s: rate,
        })
    };
    let points: Vec<RooflinePoint> = report.measured.iter().filter_map(point).collect();
    let (measured, datasheet) = (report.ceilings().measured, report.datasheet);
    let (mut arithmetic, mut traffic) = ceilings_of(&measured, "measured");
    if let Some(datasheet) = datasheet {
        let (more, faster) = ceilings_of(&datasheet, "datasheet");
        arithmetic.extend(more);
        traffic.extend(faster);
    }
    let count = points.len();
    let fastest = points.iter().max_by(|a, b| a.flops_per_s.total_cmp(&b.flops_per_s))?;
    let peaks: Vec<String> = arithmetic
        .iter()
        .map(|ceiling| format!("{} {} GFLOP/s", ceiling.label, significant(ceiling.flops_per_s / 1e9)))
        .chain(
            traffic.iter().map(|band| format!("{} {} GB/s", band.label, significant(band.bytes_per_s / 1e9))),
        )
        .collect();
    let alt = format!(
        "Roofline of {count} measured cells. Ceilings: {}. Fastest cell: {}, {} GFLOP/s at {} FLOP per byte.",
        peaks.join(", "),
        fastest.label,
        significant(fastest.flops_per_s / 1e9),
        significant(fastest.flops_per_byte)
    );
    let sheet = if datasheet.is_some() { " and those of its datasheet" } else { "" };
    let caption = format!(
        "{count} measured cells by compulsory traffic and arithmetic, under the peaks that {} reached itself{sheet}. A cell \
         above the slanted line was served by a cache.",
        tables::adapter(report)
    );
    let data = Roofline { ceilings: arithmetic, bandwidths: traffic, points };
    Some(Plotted { name: "roofline", caption, alt, chart: Chart::Roofline(data) })
}

pub(super) fn shares(page: &Page<'_>) -> Option<Plotted> {
    let ceilings = page.report.ceilings();
    let mut bars: Vec<Peak> = Vec::new();
    for cell in &page.report.measured {
        // They are the peaks.
        if group(&cell.op) == "peaks of arithmetic" {
            continue;
        }
        let (Some(share), sheet) = ceilings.shares(cell) else { continue };
        let of_datasheet = sheet.map(|share| share.share);
        let bar =
            Peak { label: cell.op.kernel().into(), share: share.share, share_of_datasheet: of_datasheet };
        match bars.iter_mut().find(|known| known.label == bar.label) {
            Some(known) if known.share < bar.share => *known = bar,
            Some(_) => {}
            None => bars.push(bar),
        }
    }
    bars.sort_by(|a, b| b.share.total_cmp(&a.share));
    bars.first()?;
    let said: Vec<String> =
        bars.iter().map(|bar| format!("{} {} %", bar.label, significant(100.0 * bar.share))).collect();
    let caption = format!(
        "The best cell of each kernel: the least time that the measured peaks of {} allow, over the time that it took. Above \
         100 %, a cache served the traffic.",
        tables::adapter(page.report)
    );
    let alt = format!("Percent of the device's own measured peaks. {}.", said.join(", "));
    Some(Plotted { name: "peaks", caption, alt, chart: Chart::Peaks(Peaks { bars }) })
}
