//! Wall time and peak memory of `mtok report --recompute` on 10,000 rows with 100 samples each.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

mod watched;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use mtok::measurement::samples::{self, Circumstances, Sample};
use mtok::measurement::{
    Cache, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, TimingMethod, Verification, wire,
};
use mtok::op::Op;
use mtok::stats::median;
use watched::to_the_end;

const ROWS: u64 = 10_000;
const SAMPLES: u64 = 100;
const RUNS: usize = 5;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench recompute");
        return;
    }
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    generate(folder.path()).expect("the files can be written");
    let size = |name: &str| fs::metadata(folder.path().join(name)).map_or(0, |it| it.len()) as f64 / 1e6;
    let runs: Vec<(f64, Option<f64>)> = (0..RUNS).map(|_| once(folder.path())).collect();
    let seconds: Vec<f64> = runs.iter().map(|(seconds, _)| *seconds).collect();
    let peak = runs.iter().filter_map(|(_, peak)| *peak).fold(0.0, f64::max);
    println!(
        "{ROWS} rows ({:.1} MB), {SAMPLES} samples each ({:.1} MB): median {:.2} s of {RUNS} runs, peak memory {}",
        size("measurements.csv"),
        size("samples.csv"),
        median(&seconds).expect("there are runs"),
        if peak > 0.0 { format!("{peak:.0} MB") } else { "unknown on this system".into() }
    );
}

fn generate(folder: &Path) -> std::io::Result<()> {
    let create = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
    let (mut rows, mut raw) = (create("measurements.csv")?, create("samples.csv")?);
    rows.write_all(wire::header().as_bytes())?;
    raw.write_all(samples::header().as_bytes())?;
    for chain in 1..=ROWS {
        // Times with all digits, as a clock and a division make them.
        let time = |index: u64| 1e-3 * (1.0 + ((index * 7919 + chain) % 1000) as f64 / 3e4);
        let sample = |index| Sample { executions: 7, device_s: Some(time(index)), wall_s: time(index) * 1.1 };
        let taken: Vec<Sample> = (0..SAMPLES).map(sample).collect();
        let row = row(chain, &taken);
        raw.write_all(samples::rows(&row.cell(), row.run, TimingMethod::Timestamp, &taken).as_bytes())?;
        rows.write_all(wire::row(&row).as_bytes())?;
    }
    rows.flush().and_then(|()| raw.flush())
}

fn row(chain: u64, taken: &[Sample]) -> Measurement {
    let timing = Timing::of(taken, Circumstances::default()).expect("there are samples");
    let text = |text: &str| text.to_owned();
    let identity = Identity {
        adapter: text("NVIDIA H100 80GB HBM3"),
        device_type: DeviceType::DiscreteGpu,
        pci_bus_id: text("0000:01:00.0"),
        backend: text("vulkan"),
        driver: text("NVIDIA"),
        driver_info: text("580.65.06"),
        os: text("linux x86_64"),
        tool_version: text("0.1.0"),
        tool_commit: text("0123456789ab"),
        argv: text("mtok measure --budget 60s --out results/ci"),
        ..Identity::default()
    };
    let provenance = Provenance { identity, time_utc: text("2026-11-21T19:50:56Z"), ..Provenance::default() };
    Measurement {
        op: Op::Dispatch { chain },
        variant: text("counter"),
        cache: Cache::Hot,
        run: 0,
        outcome: Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1e-9, compared: 1 }),
        provenance,
    }
}

/// Seconds from start to exit, and the most memory that was resident, in MB.
fn once(folder: &Path) -> (f64, Option<f64>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtok"));
    let command =
        command.arg("report").arg(folder).args(["--recompute", "--out"]).arg(folder.join("again.csv"));
    let ended = to_the_end(command.stdout(Stdio::null()));
    assert!(ended.status.success(), "the recomputed summaries are not the stored ones");
    (ended.time_s, ended.peak_mb)
}
