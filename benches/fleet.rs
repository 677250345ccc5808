//! Wall time and peak memory of `mtok fleet collect` on fleets of 100, 1,000 and 10,000 tasks with 200 rows each, how they grow,
//! and what reading a row takes.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

mod watched;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use mtok::fleet::folders;
use mtok::fleet::plan::{Per, Plan};
use mtok::fleet::record::{Begun, Card, Ended, SCHEMA_VERSION, Status};
use mtok::measurement::samples::Circumstances;
use mtok::measurement::samples::Sample;
use mtok::measurement::{
    Cache, Calibration, DeviceType, Energy, Identity, Measurement, Outcome, Provenance, Sensed, Timing,
    Verification, wire,
};
use mtok::op::{Format, Op};
use mtok::stats::median;
use mtok::units::{Joules, Seconds};
use watched::to_the_end;

const TASKS: [u32; 3] = [100, 1_000, 10_000];
const CELLS: u64 = 40;
const RUNS: u32 = 5;
const NODE_GPUS: u32 = 8;
/// Times each fleet is collected.
const REPEATS: [usize; 3] = [5, 3, 2];

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench fleet");
        return;
    }
    reader();
    let mut seen: Vec<(f64, f64)> = Vec::new();
    for (tasks, repeats) in TASKS.into_iter().zip(REPEATS) {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let bytes = generate(folder.path(), tasks);
        let runs: Vec<(f64, Option<f64>)> = (0..repeats).map(|_| once(folder.path())).collect();
        let seconds: Vec<f64> = runs.iter().map(|(seconds, _)| *seconds).collect();
        let peak = runs.iter().filter_map(|(_, peak)| *peak).fold(0.0, f64::max);
        let middle = median(&seconds).expect("there are runs");
        println!(
            "{tasks} tasks, {} rows, {:.0} MB: {middle:.2} s of {repeats} runs, peak memory {}",
            u64::from(tasks) * CELLS * u64::from(RUNS),
            bytes as f64 / 1e6,
            if peak > 0.0 { format!("{peak:.0} MB") } else { "unknown on this system".into() }
        );
        seen.push((f64::from(tasks).ln(), middle.ln()));
    }
    if let [first, .., last] = seen.as_slice() {
        println!("time grows with the power {:.2} of the tasks", (last.1 - first.1) / (last.0 - first.0));
    }
}

/// What reading alone takes, on one core.
fn reader() {
    let text = rows(&card(0), 0);
    let files = 500;
    let start = Instant::now();
    for _ in 0..files {
        let mut count = 0u64;
        wire::each(text.as_bytes(), |_| count += 1).expect("rows are rows");
        assert_eq!(count, CELLS * u64::from(RUNS), "every row is read");
    }
    let each_s = start.elapsed().as_secs_f64() / (files * CELLS * u64::from(RUNS)) as f64;
    println!(
        "a row of {} bytes is read in {:.2} µs",
        text.len() as u64 / CELLS / u64::from(RUNS),
        each_s * 1e6
    );
}

/// Writes a fleet; the bytes of its rows.
fn generate(dir: &Path, tasks: u32) -> u64 {
    let made = "2026-11-22T00:00:00Z".to_owned();
    let plan = Plan::new(tasks, Per::Gpu, vec![], ("0.1.0", "0123456789ab"), false, made);
    fs::write(dir.join(folders::PLAN), plan.json()).expect("the plan can be written");
    // The rows of a card in the same place of every node are the same: what they say is not what is timed.
    let texts: Vec<String> = (0..NODE_GPUS).map(|slot| rows(&card(slot), slot)).collect();
    let half = |start: u32| {
        let task = |index: u32| {
            let text = texts.get((index % NODE_GPUS) as usize).expect("every card has rows");
            task(dir, &plan, index, text).expect("there is space")
        };
        (start..tasks).step_by(2).map(task).sum::<u64>()
    };
    std::thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        half(0) + odd.join().expect("no thread fails")
    })
}

fn task(dir: &Path, plan: &Plan, index: u32, text: &str) -> std::io::Result<u64> {
    let card = card(index);
    let folder = dir.join(folders::TASKS).join(folders::task(index));
    fs::create_dir_all(folder.join(&card.place))?;
    fs::write(folder.join(&card.place).join("measurements.csv"), text)?;
    let begun = Begun {
        schema_version: SCHEMA_VERSION,
        plan: plan.id.clone(),
        index,
        of: plan.tasks,
        attempt: 1,
        node: card.node.clone(),
        tool_version: plan.tool_version.clone(),
        tool_commit: plan.tool_commit.clone(),
        begun_utc: "2026-11-22T00:00:00Z".into(),
        cards: vec![card],
        ..Begun::default()
    };
    fs::write(folder.join(folders::BEGUN), begun.json())?;
    let ended_utc = "2026-11-22T01:00:00Z".into();
    let status = Status { begun, ended: Ended::Done, exit: 0, reason: String::new(), ended_utc };
    fs::write(folder.join(folders::STATUS), status.json())?;
    Ok(text.len() as u64)
}

fn card(index: u32) -> Card {
    let node = format!("gpu-{:04}", index / NODE_GPUS);
    let pci_bus_id = format!("0000:{:02x}:00.0", 0x19 + index % NODE_GPUS);
    Card {
        place: folders::place(&node, &pci_bus_id, 0),
        node,
        adapter: "NVIDIA H100 80GB HBM3".into(),
        device_type: DeviceType::DiscreteGpu,
        pci_bus_id,
        uuid: format!("GPU-{index:08x}-0000-0000-0000-000000000000"),
        driver: "NVIDIA".into(),
        driver_info: "580.65.06".into(),
        clock_max_hz: Some(1.98e9),
        power_limit_w: Some(700.0),
    }
}

/// The rows of a device, with all columns that a measurement of an NVIDIA card fills.
fn rows(card: &Card, index: u32) -> String {
    let mut text = wire::header();
    for run in 0..RUNS {
        for cell in 1..=CELLS {
            text += &wire::row(&row(card, index, cell, run));
        }
    }
    text
}

fn row(card: &Card, index: u32, cell: u64, run: u32) -> Measurement {
    // Times with all digits, as a clock and a division make them.
    let noise = |place: u64| ((place * 7919 + cell + u64::from(index * 31 + run)) % 1000) as f64 / 3e4;
    let taken: Vec<Sample> = (0..6)
        .map(|place| 1e-5 * cell as f64 * (1.0 + noise(place)))
        .map(|seconds| Sample { executions: 7, device_s: Some(seconds), wall_s: seconds * 1.1 })
        .collect();
    let mut timing = Timing::of(&taken, Circumstances::default()).expect("there are samples");
    timing.stop_reason = "200 samples; noise 1.7 % > 0.5 %".into();
    let calibration = |seconds: f64| Seconds(seconds * (1.0 + noise(9)));
    timing.calibration = Some(Calibration { before: calibration(1.1e-3), after: calibration(1.2e-3) });
    let energy = Energy { joules: Joules(41.375), window: Seconds(0.0613728), source: "nvml".into() };
    timing.sensed = Sensed { energy: Some(energy), clock_hz: Some(1.755e9), temperature_c: Some(61.0) };
    let text = |text: &str| text.to_owned();
    let identity = Identity {
        adapter: card.adapter.clone(),
        adapter_index: 0,
        device_type: card.device_type,
        vendor_id: 0x10de,
        device_id: 0x2330,
        pci_bus_id: card.pci_bus_id.clone(),
        backend: text("vulkan"),
        driver: card.driver.clone(),
        driver_info: card.driver_info.clone(),
        os: text("linux x86_64"),
        clock_quantum: Some(Seconds(3.2e-8)),
        bounds_checks: text("on"),
        wgpu_version: text("30.0.1"),
        tool_version: text("0.1.0"),
        tool_commit: text("0123456789ab"),
        build_profile: text("release"),
        session: format!("2026-11-22T00:00:03Z {index}"),
        argv: text("mtok fleet task --index 17 --of 10000 --dir fleet --budget 60s --runs 5 --full"),
        ..Identity::default()
    };
    let second = u64::from(run) * CELLS + cell;
    let provenance = Provenance {
        identity,
        shader_hash: text("8ea3279901e66ad5"),
        distribution: text("normal; factors below 1"),
        input_hash: format!("{cell:016x}"),
        time_utc: format!("2026-11-22T00:{:02}:{:02}Z", second / 60, second % 60),
        ..Provenance::default()
    };
    let weights = match cell % 4 {
        0 => Format::F16,
        1 => Format::Q8_0,
        2 => Format::F32,
        _ => Format::Q4_0,
    };
    Measurement {
        op: Op::Matmul { tokens: 1 + cell % 2 * 511, outputs: 1024 * cell, inputs: 4096, weights },
        variant: text("tiled-64x64x16"),
        cache: if cell.is_multiple_of(8) { Cache::Cold } else { Cache::Hot },
        run,
        outcome: Outcome::Ok(
            Box::new(timing),
            Verification { nmse: 1.29e-8, nmse_max: 9.5e-7, compared: 16384 },
        ),
        provenance,
    }
}

/// Seconds from start to exit, and the most memory that was resident, in MB.
fn once(folder: &Path) -> (f64, Option<f64>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtok"));
    let ended = to_the_end(command.args(["fleet", "collect"]).arg(folder).stdout(Stdio::null()));
    assert!(ended.status.success(), "a whole fleet is collected: {}", ended.status);
    (ended.time_s, ended.peak_mb)
}
