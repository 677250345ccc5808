//! Charts with data as reports have them.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use mtok::chart::*;

/// Kernels of an H100 about their roofs; `count` cells.
pub fn roof(count: usize) -> Roofline {
    let groups =
        [("gemm", 300.0, 0.75), ("gemv", 1.0, 0.85), ("attention decode", 8.0, 0.6), ("rmsnorm", 0.6, 0.9)];
    let points = (0..count).map(|cell| {
        let (group, flops_per_byte, share) = groups[cell % groups.len()];
        let turn = (cell / groups.len()) as f64;
        let flops_per_byte = flops_per_byte * (0.3 + (turn * 0.61803).fract() * 3.0);
        let roof = (flops_per_byte * 2.9e12).min(794e12);
        RooflinePoint {
            label: format!("{group}/bf16/cell={cell}"),
            group: group.into(),
            flops_per_byte,
            flops_per_s: roof * share * (0.35 + 0.65 * (turn * 0.41421).fract()),
        }
    });
    Roofline {
        ceilings: vec![
            Ceiling { label: "bf16 matrix, measured".into(), flops_per_s: 794e12 },
            Ceiling { label: "f32, measured".into(), flops_per_s: 58e12 },
        ],
        bandwidths: vec![
            Bandwidth { label: "read, measured: 2.9 TB/s".into(), bytes_per_s: 2.9e12 },
            Bandwidth { label: "datasheet: 3.35 TB/s".into(), bytes_per_s: 3.35e12 },
        ],
        points: points.collect(),
    }
}

/// The cells of a run in this repository, on a processor, under the best of each.
pub fn measured() -> Roofline {
    let mut reader =
        csv::Reader::from_path("results/2026-11-22-llvmpipe-llvm-15-0-6-256-bits/measurements.csv").unwrap();
    let columns = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: &csv::StringRecord, name: &str| -> String {
        row[columns.iter().position(|column| column == name).unwrap()].into()
    };
    let number = |row: &csv::StringRecord, name: &str| cell(row, name).parse::<f64>().unwrap_or(0.0);
    let points: Vec<RooflinePoint> = rows
        .iter()
        .filter(|row| ["median_s", "flops", "bytes"].iter().all(|name| number(row, name) > 0.0))
        .map(|row| RooflinePoint {
            label: cell(row, "cell"),
            group: cell(row, "kernel"),
            flops_per_byte: number(row, "flops") / number(row, "bytes"),
            flops_per_s: number(row, "flops") / number(row, "median_s"),
        })
        .collect();
    let bytes_per_s = points.iter().map(|point| point.flops_per_s / point.flops_per_byte).fold(0.0, f64::max);
    let flops_per_s = points.iter().map(|point| point.flops_per_s).fold(0.0, f64::max);
    Roofline {
        ceilings: vec![Ceiling { label: "fastest cell".into(), flops_per_s }],
        bandwidths: vec![Bandwidth { label: "most bytes/s of a cell".into(), bytes_per_s }],
        points,
    }
}

pub fn shares() -> Peaks {
    let bars = [
        ("gemm", 0.81, Some(0.65)),
        ("gemv", 0.92, Some(0.79)),
        ("attention-prefill", 0.55, Some(0.44)),
        ("attention-decode", 0.71, Some(0.61)),
        ("expert-gemm", 0.48, None),
        ("latent-decode", 0.63, Some(0.55)),
        ("rmsnorm", 0.97, Some(0.84)),
        ("add-rmsnorm", 0.95, Some(0.82)),
        ("silu-mul", 0.96, Some(0.83)),
        ("rope", 0.88, Some(0.76)),
        ("kv-cache", 0.9, None),
        ("sample", 0.124, Some(0.1)),
    ];
    let bars = bars.map(|(label, share, of)| Peak { label: label.into(), share, share_of_datasheet: of });
    Peaks { bars: bars.into() }
}

fn line(label: &str, scale: f64, xs: &[f64], cost: impl Fn(f64) -> f64) -> Line {
    let points = xs.iter().map(|x| {
        let mid = scale * cost(*x);
        CurvePoint { x: *x, low: mid * 0.82, mid, high: mid * 1.24 }
    });
    Line { label: label.into(), points: points.collect() }
}

pub fn over_batch() -> Curves {
    let batches: Vec<f64> = (0..10).map(|power| f64::from(1 << power)).collect();
    let cost = |batch: f64| 18.0 / batch + 0.07 + batch * 1e-5;
    Curves {
        x_label: "batch, sequences at once".into(),
        y_label: "USD per million output tokens".into(),
        x_log: true,
        lines: vec![
            line("llama-3.1-8b bf16", 1.0, &batches, cost),
            line("llama-3.1-8b fp8", 0.58, &batches, cost),
            line("qwen3-8b bf16", 1.06, &batches, cost),
        ],
        band: Some(Band {
            label: "market: 0.05 to 0.20, median 0.09 $/Mtok".into(),
            low: 0.05,
            mid: 0.09,
            high: 0.2,
        }),
        mark_x: Some(32.0),
    }
}

pub fn over_utilisation() -> Curves {
    let shares: Vec<f64> = (1..=40).map(|step| f64::from(step) / 40.0).collect();
    Curves {
        x_label: "utilisation, share of the paid hours".into(),
        y_label: "USD per million tokens, blended 3:1".into(),
        x_log: false,
        lines: vec![line("rent at 2.10 $/h", 0.031, &shares, |share| 1.0 / share)],
        band: Some(Band { label: "market, 6 sellers".into(), low: 0.05, mid: 0.08, high: 0.14 }),
        mark_x: Some(0.6),
    }
}

fn walk(label: &str, start: f64, moves: &[f64], streak: usize) -> HistorySeries {
    let mut price = start;
    let first = date(2025, 3, 14);
    let points: Vec<(Date, f64)> = moves
        .iter()
        .enumerate()
        .map(|(index, factor)| {
            price *= factor;
            (first + (index as i64 * 37).days(), price)
        })
        .collect();
    HistorySeries { label: label.into(), points, streak }
}

pub fn rents() -> History {
    History {
        y_label: "USD per GPU and hour".into(),
        series: vec![
            walk(
                "H100 SXM, median",
                2.9,
                &[1.0, 1.05, 0.97, 0.96, 0.95, 1.02, 1.0, 0.97, 0.95, 0.96, 0.95, 0.97],
                5,
            ),
            walk(
                "A100 80GB, median",
                1.6,
                &[1.0, 0.97, 1.0, 1.03, 0.95, 0.98, 1.0, 1.02, 1.01, 1.0, 0.99, 1.0],
                1,
            ),
            walk("L40S, cheapest", 0.9, &[1.0, 1.0, 0.9, 1.0, 1.1, 1.0, 0.97, 1.0, 1.0, 1.02, 1.01, 1.03], 3),
        ],
    }
}

pub fn levers() -> Tornado {
    let bars = [
        ("utilisation", 1.55, 1.03),
        ("throughput", 1.55, 1.03),
        ("market price", 1.55, 1.03),
        ("rent", 0.99, 1.49),
        ("input:output ratio", 1.31, 1.19),
        ("cached share", 1.26, 1.22),
    ];
    let bars = bars.map(|(label, at_low, at_high)| TornadoBar { label: label.into(), at_low, at_high });
    Tornado {
        x_label: "cost over price; each input 20 % lower and higher".into(),
        now: 1.24,
        bars: bars.into(),
    }
}

pub fn cases() -> Intervals {
    let row = |label: &str, cost, price| IntervalRow { label: label.into(), cost, price };
    Intervals {
        x_label: "USD per million tokens, blended".into(),
        rows: vec![
            row("llama-3.1-8b, bf16, batch 32", [0.061, 0.082, 0.118], Some([0.03, 0.055, 0.09])),
            row("llama-3.1-8b, fp8, batch 32", [0.036, 0.048, 0.066], Some([0.03, 0.055, 0.09])),
            row("qwen3-8b, bf16, batch 64", [0.052, 0.069, 0.1], Some([0.05, 0.12, 0.2])),
            row("gpt-oss-20b, mxfp4, batch 64", [0.02, 0.027, 0.041], None),
            row("deepseek-v3, fp8, 8 GPUs, batch 128", [0.31, 0.44, 0.72], Some([0.41, 0.52, 1.1])),
        ],
    }
}

/// A chart of every kind, by the name of its file.
pub fn all(size: Size) -> Vec<(&'static str, Drawing)> {
    let drawn = [
        ("roofline", roofline(&roof(240), size)),
        ("peaks", peaks(&shares(), size)),
        ("cost-batch", curves(&over_batch(), size)),
        ("cost-utilisation", curves(&over_utilisation(), size)),
        ("rent-history", history(&rents(), size)),
        ("token-history", history(&rents(), size)),
        ("tornado", tornado(&levers(), size)),
        ("verdict", intervals(&cases(), size)),
    ];
    drawn.into_iter().map(|(name, drawing)| (name, drawing.unwrap())).collect()
}
