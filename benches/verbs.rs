//! Wall time of the verbs that need no GPU, from start to exit, against the goal of 50 ms; of `diff` on two files of
//! 10,000 cells in three runs against 2 s; of the page of 2,000 rows beside 1,000 prices against 300 ms.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

use std::process::Command;
use std::time::Instant;

use mtok::measurement::{
    Cache, Calibration, Identity, Measurement, Outcome, Provenance, Timing, Verification, wire,
};
use mtok::op::{Format, Op};
use mtok::stats::random::Random;
use mtok::stats::{Summary, median};
use mtok::units::Seconds;

/// Runs of each verb.
const RUNS: usize = 21;
/// Thrown away first, while the binary comes into the cache.
const WARM_UP: usize = 3;
const GOAL_MS: f64 = 50.0;
const GOAL_DIFF_MS: f64 = 2000.0;
const GOAL_PAGE_MS: f64 = 300.0;

const VERBS: [&[&str]; 5] = [
    &["--version"],
    &["estimate", "--gpu", "H100 SXM", "--json"],
    &["estimate", "--gpu", "H100 SXM", "--model", "all", "--json"],
    &["compare", "--gpu", "H100 SXM", "--json"],
    &["compare", "--gpu", "H100 SXM", "--model", "all", "--json"],
];

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench verbs");
        return;
    }
    let mut milliseconds = vec![Vec::new(); VERBS.len()];
    for run in 0..WARM_UP + RUNS {
        for (verb, milliseconds) in VERBS.iter().zip(&mut milliseconds) {
            let taken = once(verb);
            if run >= WARM_UP {
                milliseconds.push(taken);
            }
        }
    }
    for (verb, milliseconds) in VERBS.iter().zip(&milliseconds) {
        let typical = median(milliseconds).expect("there are runs");
        let least = milliseconds.iter().copied().fold(f64::INFINITY, f64::min);
        let most = milliseconds.iter().copied().fold(0.0, f64::max);
        let verdict = if typical <= GOAL_MS { "met" } else { "NOT met" };
        println!(
            "mtok {:<45} median {typical:6.1} ms ({RUNS} runs {least:.1} to {most:.1}); goal {GOAL_MS} ms {verdict}",
            verb.join(" ")
        );
    }
    large_diff();
    large_page();
}

/// Wall time of the page of a large run beside many prices.
fn large_page() {
    let folder = tempfile::tempdir().expect("a folder for the files");
    let write = |name: &str, bytes: Vec<u8>| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("the folder takes the file");
        file.display().to_string()
    };
    let mut rows = Vec::new();
    wire::write_all(&mut rows, &recorded(2000)).expect("memory takes every row");
    let measurements = write("measurements.csv", rows);
    let head =
        "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source";
    let cards =
        (0..500).map(|row| format!("llama-3.1-8b,seller {row},l,0.1{row:03},0.2{row:03},,2026-06-01,page"));
    write("tokens.csv", lines(head, cards));
    let head = "hardware,provider,kind,region,usd_per_hour,date,basis,source";
    let quotes = (0..500).map(|row| {
        format!("2-vCPU cloud machine,provider {row},on-demand,,0.1{row:03},2026-11-01,list,page")
    });
    write("rentals.csv", lines(head, quotes));
    let data = folder.path().display().to_string();
    let out = folder.path().join("report.html").display().to_string();
    let asked = ["compare", "--measurements", &measurements, "--data", &data, "--as-of", "2026-11-22"];
    let asked = [asked.as_slice(), &["--format", "html"]].concat();
    let milliseconds: Vec<f64> = (0..RUNS).map(|_| once(&asked)).collect();
    let typical = median(&milliseconds).expect("there are runs");
    let verdict = if typical <= GOAL_PAGE_MS { "met" } else { "NOT met" };
    let written = [asked.as_slice(), &["-o", &out]].concat();
    assert!(Command::new(env!("CARGO_BIN_EXE_mtok")).args(written).status().expect("mtok starts").success());
    let bytes = std::fs::metadata(&out).expect("there is a page").len();
    println!(
        "mtok compare --format html of 2000 rows and 1000 prices: median {typical:.0} ms, {} kB; goal {GOAL_PAGE_MS} ms {verdict}",
        bytes / 1000
    );
}

fn lines(head: &str, rows: impl Iterator<Item = String>) -> Vec<u8> {
    std::iter::once(head.to_owned()).chain(rows).map(|row| row + "\n").collect::<String>().into_bytes()
}

/// The run that the repository keeps, with products of more shapes.
fn recorded(rows: usize) -> Vec<Measurement> {
    let bytes = include_bytes!("../results/2026-11-22-llvmpipe-llvm-15-0-6-256-bits/measurements.csv");
    let mut all = wire::read(bytes.as_slice()).expect("the run is whole");
    let product = |row: &&Measurement| matches!(row.op, Op::Matmul { .. }) && row.run == 0;
    let products: Vec<Measurement> = all.iter().filter(product).cloned().collect();
    for (more, product) in (1..).zip(products.iter().cycle().take(rows - all.len())) {
        let Op::Matmul { tokens, outputs, inputs, weights } = product.op else { continue };
        let op = Op::Matmul { tokens, outputs: outputs + 32 * more, inputs, weights };
        all.push(Measurement { op, ..product.clone() });
    }
    all
}

/// Wall time of `diff` on a large pair.
fn large_diff() {
    let folder = tempfile::tempdir().expect("a folder for the files");
    let files = ["base.csv", "new.csv"].map(|name| folder.path().join(name));
    for (seed, file) in (1..).zip(&files) {
        let mut bytes = Vec::new();
        wire::write_all(&mut bytes, &large(seed)).expect("memory takes every row");
        std::fs::write(file, bytes).expect("the folder takes the file");
    }
    let [base, new] = files.map(|file| file.display().to_string());
    let milliseconds: Vec<f64> =
        (0..5).map(|_| once(&["diff", &base, &new, "--gate", "none", "--json"])).collect();
    let typical = median(&milliseconds).expect("there are runs");
    let verdict = if typical <= GOAL_DIFF_MS { "met" } else { "NOT met" };
    println!("mtok diff of 2 x 30000 rows: median {typical:.0} ms; goal {GOAL_DIFF_MS} ms {verdict}");
}

/// Three runs of 10,000 cells with 1 % noise.
fn large(seed: u64) -> Vec<Measurement> {
    let mut random = Random::new(seed);
    let visits = (0..3).flat_map(|run| (0..10_000).map(move |cell| (run, cell)));
    visits.map(|(run, cell)| visit(run, cell, 1e-3 * (1.0 + 0.03 * random.unit()))).collect()
}

fn visit(run: u32, cell: u64, seconds: f64) -> Measurement {
    let timing = Timing {
        seconds: Summary {
            min: seconds * 0.98,
            q1: seconds * 0.99,
            median: seconds,
            q3: seconds * 1.01,
            mean: seconds,
            mad: seconds * 0.01,
        },
        wall_median: Seconds(seconds * 1.1),
        samples: 100,
        executions_per_sample: 10,
        stop_reason: "time limit, noise 1.3 % > 0.5 %".into(),
        calibration: Some(Calibration { before: Seconds(1e-3), after: Seconds(1e-3) }),
        ..Timing::default()
    };
    Measurement {
        op: Op::Matmul { tokens: 16, outputs: 64 + cell, inputs: 4096, weights: Format::Q8_0 },
        variant: "tiled-64x64x16".into(),
        cache: Cache::Hot,
        run,
        outcome: Outcome::Ok(
            Box::new(timing),
            Verification { nmse: 1.234e-9, nmse_max: 5e-8, compared: 4096 },
        ),
        provenance: Provenance {
            chosen: mtok::measurement::Chosen::Preferred,
            identity: Identity {
                adapter: "llvmpipe (LLVM 15.0.6, 256 bits)".into(),
                backend: "vulkan".into(),
                driver: "llvmpipe".into(),
                driver_info: "Mesa 22.3.6 (LLVM 15.0.6)".into(),
                os: "linux x86_64".into(),
                bounds_checks: "on".into(),
                tool_version: "0.1.0".into(),
                argv: "mtok measure --budget 40s --out full".into(),
                ..Identity::default()
            },
            shader_hash: "d8b6ef9017659cf9".into(),
            seed: 1,
            distribution: "normal, sd 1 (sum of four uniforms)".into(),
            input_hash: "ec87d2b2bf818876".into(),
            time_utc: "2026-11-21T19:51:01Z".into(),
            imported_from: String::new(),
        },
    }
}

fn once(arguments: &[&str]) -> f64 {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_mtok")).args(arguments).output().expect("mtok starts");
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.is_empty(), "{arguments:?} printed nothing");
    milliseconds
}
