//! Wall time and peak memory of `mtok prices import --dry-run` on tables of 10,000, 100,000 and 1,000,000 rents in three formats,
//! against the goals of 2 s and 300 MB, and how both grow.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

mod watched;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use mtok::stats::median;
use watched::to_the_end;

const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
const RUNS: usize = 3;
const GOAL_S: f64 = 2.0;
const GOAL_MB: f64 = 300.0;

const GPUS: [(&str, u64, u64); 10] = [
    ("H100 SXM", 80, 300),
    ("H100 PCIe", 80, 240),
    ("H200 SXM", 141, 380),
    ("B200 SXM", 180, 560),
    ("A100 SXM 80GB", 80, 180),
    ("A100 PCIe 80GB", 80, 160),
    ("L40S", 48, 110),
    ("L4", 24, 60),
    ("RTX 4090", 24, 45),
    ("MI300X", 192, 250),
];

/// A format: its name, its header, and the row of a quote.
type Format = (&'static str, &'static str, fn(&Quote) -> String);

const FORMATS: [Format; 3] = [
    ("own", "hardware,provider,kind,region,usd_per_hour,date,basis,source,segment,memory_gb", |it| {
        let (gpu, memory, _) = it.gpu;
        let Quote { seller, region, day, .. } = it;
        format!(
            "{gpu},provider-{seller},{},region-{region},{},{day},list,https://example.org/list/{seller},neocloud,{memory}",
            if it.spot { "spot" } else { "on-demand" },
            it.price()
        )
    }),
    ("plain", "date,provider,gpu,gpu_memory,kind,region,usd_per_gpu_hour,source", |it| {
        let (gpu, memory, _) = it.gpu;
        let Quote { seller, region, day, .. } = it;
        format!(
            "{day},provider-{seller},{gpu},{memory},{},region-{region},{},https://example.org/list/of/prices/{seller}",
            if it.spot { "spot" } else { "on_demand" },
            it.price()
        )
    }),
    (
        "gpuhunt",
        "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor",
        |it| {
            let (gpu, memory, _) = it.gpu;
            format!(
                "type-{}-of-many,region-{}-zone-{},{},32,256,1,{gpu},{memory},{},100,nvidia",
                it.number / 100,
                it.region,
                it.number % 50,
                it.price(),
                if it.spot { "True" } else { "False" }
            )
        },
    ),
];

/// What one row says. No two rows are of the same thing on the same day.
struct Quote {
    number: u64,
    gpu: (&'static str, u64, u64),
    spot: bool,
    seller: u64,
    region: u64,
    day: String,
}

impl Quote {
    fn new(number: u64) -> Self {
        let (spot, rest) = (number % 2 == 1, number / 2);
        let (gpu, rest) = (rest % 10, rest / 10);
        let (seller, rest) = (rest % 20, rest / 20);
        let (region, day) = (rest % 5, rest / 5);
        let gpu = usize::try_from(gpu).ok().and_then(|index| GPUS.get(index)).copied().unwrap_or_default();
        let day = format!("{}-{:02}-{:02}", 2020 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
        Self { number, gpu, spot, seller, region, day }
    }

    /// Around the middle of its GPU, as spot well below.
    fn price(&self) -> String {
        let cents = self.gpu.2 * (90 + self.seller) / 100;
        let cents = if self.spot { cents * (40 + self.seller + self.region) / 100 } else { cents };
        format!("{}.{:02}", cents / 100, cents % 100)
    }
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: run with cargo bench --bench prices");
        return;
    }
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    for (name, header, row) in FORMATS {
        let mut before: Option<(f64, f64)> = None;
        for rows in SIZES {
            let file = folder.path().join("nebius.csv");
            generate(&file, rows, header, row).expect("the file can be written");
            let runs: Vec<(f64, Option<f64>)> = (0..RUNS).map(|_| once(&file, rows)).collect();
            let seconds: Vec<f64> = runs.iter().map(|(seconds, _)| *seconds).collect();
            let seconds = median(&seconds).expect("there are runs");
            let peak = runs.iter().filter_map(|(_, peak)| *peak).fold(0.0, f64::max);
            let size = fs::metadata(&file).map_or(0, |it| it.len()) as f64 / 1e6;
            let growth = before.map_or(String::new(), |(time, memory)| {
                format!(", ×{:.1} in time, ×{:.1} in memory", seconds / time, peak / memory)
            });
            let missed = rows == 1_000_000 && (seconds > GOAL_S || peak > GOAL_MB);
            println!(
                "{name} {rows} rows ({size:.1} MB): median {seconds:.3} s of {RUNS} runs, peak {peak:.0} MB{growth}{}",
                if missed { "  MISSED (goal 2 s, 300 MB)" } else { "" }
            );
            before = Some((seconds, peak));
        }
    }
}

fn generate(path: &Path, rows: u64, header: &str, row: fn(&Quote) -> String) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{header}")?;
    for number in 0..rows {
        writeln!(file, "{}", row(&Quote::new(number)))?;
    }
    file.flush()
}

/// Seconds from start to exit, and the most memory that was resident, in MB.
fn once(file: &Path, rows: u64) -> (f64, Option<f64>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtok"));
    command.args(["prices", "import", "--dry-run", "--json", "--as", "rental", "--store"]);
    command.arg(file.with_extension("store")).arg(file);
    // A pipe that nobody reads would stop it.
    let report = file.with_extension("json");
    let out = File::create(&report).expect("the report can be written");
    let ended = to_the_end(command.stdout(Stdio::from(out)));
    let said = fs::read_to_string(&report).expect("mtok says what it did");
    let said: serde_json::Value = serde_json::from_str(&said).expect("it says so in JSON");
    let accepted = said.get("accepted").and_then(serde_json::Value::as_u64);
    assert!(ended.status.success() && accepted == Some(rows), "not every row was accepted: {accepted:?}");
    (ended.time_s, ended.peak_mb)
}
