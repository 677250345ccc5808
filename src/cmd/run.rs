//! `mtok run`: devices, measure, estimate, compare and report in one go.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use mtok::gpu::adapters::Adapter;
use mtok::hardware::{self, GpuSpec};
use mtok::kernel::ALL;
use mtok::report::{Report, csv, markdown, terminal};

use super::folder::{self, MEASUREMENTS};
use super::inputs::{self, Origin};
use super::output::{self, note, print};
use super::tables::Tables;
use super::{Exit, Failure, compare, devices, measure, today};
use crate::cli::RunArgs;

/// Runs the verb.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
    // Bad tables or names should be found before a minute of measuring.
    let tables = Tables::open(args.workload.tables.data.as_deref())?;
    let gpus = tables.gpus()?;
    inputs::check(&args.workload, &tables)?;
    compare::check(&args.price, &tables)?;
    let listing = devices::find(args.sampling.gl)?;
    let adapter = measure::choose(&listing.adapters, &args.sampling)?;
    let as_of = compare::as_of(&args.price);
    let out = args.out.clone().unwrap_or_else(|| default_folder(adapter, today(), args.resume));
    note(&format!("measuring {} into {}", adapter.facts.line(), out.display()));
    let measured = measure::measure(adapter, &ALL, &args.sampling, &out, args.resume)?;
    note(&format!("{} cells measured, {} kept", measured.fresh, measured.rows.len() - measured.fresh));

    // Cells that failed may leave too little to estimate from; what was measured is reported all the same.
    let (costs, doubts) = match Origin::of_rows(&measured.rows) {
        Ok(origin) => {
            let rents = compare::rents(&args.price, &tables, &gpus, &origin)?;
            compare::comparisons(&args.workload, &args.price, &tables, &gpus, &origin, &rents)?
        }
        Err(failure) => (vec![], vec![failure.message]),
    };
    let report = Report {
        title: format!("A million tokens on {}", adapter.facts.name),
        device: device_lines(adapter, &gpus),
        as_of,
        costs,
        measured: measured.rows,
        warnings: measured.warnings.into_iter().chain(doubts).collect(),
        command: reproduce(args, &out, as_of),
    };
    folder::write_atomic(&out.join("costs.csv"), csv::costs_csv(&report.costs).as_bytes())?;
    folder::write_atomic(&out.join("report.md"), markdown::markdown(&report).as_bytes())?;
    let (width, colour) = output::terminal();
    let shown = Report { measured: vec![], ..report };
    print(&terminal::terminal(&shown, width, colour))?;
    print(&format!("\nkernels, costs and report in {}\n", mtok::text::inert(&out.display().to_string())))?;
    Ok(measured.exit)
}

/// `results/<date>-<device>`, numbered where a run of today is there already; the newest such run to resume.
pub fn default_folder(adapter: &Adapter, today: Date, resume: bool) -> PathBuf {
    let base = format!("{today}-{}", slug(&adapter.facts.name));
    let numbered = |number: u32| {
        let name = if number == 1 { base.clone() } else { format!("{base}-{number}") };
        Path::new("results").join(name)
    };
    let free = (1..).find(|number| fs::symlink_metadata(numbered(*number)).is_err()).unwrap_or(1);
    numbered(if resume && free > 1 { free - 1 } else { free })
}

/// A name from a driver as a part of a path: lower-case letters and digits, joined by single hyphens.
fn slug(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let slug: String = parts.join("-").chars().take(40).collect();
    if slug.is_empty() { "device".into() } else { slug.trim_end_matches('-').to_owned() }
}

fn device_lines(adapter: &Adapter, gpus: &[GpuSpec]) -> Vec<String> {
    let facts = &adapter.facts;
    let mut lines =
        vec![format!("{}, {}, {} {}", facts.device_type, facts.backend, facts.driver, facts.driver_info)];
    let matched = hardware::match_adapter(gpus, &facts.name);
    lines.extend(matched.map(|gpu| format!("datasheet row: {}", gpu.name)));
    lines
}

/// The command that makes the cost tables again from the measurements, on any machine.
fn reproduce(args: &RunArgs, out: &Path, as_of: Date) -> String {
    let measurements = publishable(&out.join(MEASUREMENTS));
    let data = args.workload.tables.data.as_ref();
    let tables = data.map(|folder| format!(" --data {}", publishable(folder))).unwrap_or_default();
    let options: String = args.workload.words().into_iter().chain(args.price.words()).collect();
    format!("mtok compare --measurements {measurements}{tables} --as-of {as_of}{options}")
}

/// A path as it was given; of an absolute one, which is of this machine only, the last two parts.
fn publishable(path: &Path) -> String {
    if path.is_relative() {
        return path.display().to_string();
    }
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.get(parts.len().saturating_sub(2)..).unwrap_or_default().join("/")
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn folder_names_are_plain_whatever_the_driver_says() {
        assert_eq!(slug("llvmpipe (LLVM 15.0.6, 256 bits)"), "llvmpipe-llvm-15-0-6-256-bits");
        assert_eq!(slug("../../etc/\u{202e}\n"), "etc");
        assert_eq!(slug("猫"), "device");
        assert!(slug(&"x".repeat(500)).len() <= 40);
    }
}
