//! `mtok run`: devices, measure, estimate, compare and report in one go.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use mtok::gpu::adapters::Facts;
use mtok::hardware::{self, GpuSpec};
use mtok::kernel::ALL;
use mtok::measurement::merged::merged;
use mtok::report::{Report, csv, markdown};
use mtok::roofline::Roofline;

use super::adapters::{Joined, Shown, folder_name, indexed_folder_name, on_each};
use super::compare::quoted;
use super::files::{COSTS, MEASUREMENTS, write_atomic};
use super::inputs::{self, Origin};
use super::output::note;
use super::page::{self, Asked};
use super::tables::Tables;
use super::{Exit, Failure, compare, devices, measure, today};
use crate::cli::{AdapterArgs, RunArgs};

/// Runs the verb.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
    // Bad tables or names should be found before a minute of measuring.
    let tables = Tables::open(args.workload.tables.data.as_deref())?.with_imported(&args.price.imported)?;
    let gpus = tables.gpus()?;
    inputs::check(&args.workload, &tables)?;
    compare::check(&args.price, &tables, &gpus)?;
    let adapters = devices::find(args.sampling.adapter.gl, args.sampling.adapter.timeout)?;
    let joined = match (args.format.json, args.format.csv) {
        (true, _) => Joined::Json,
        (_, true) => Joined::Csv,
        _ => Joined::Text,
    };
    on_each(&adapters, &args.sampling.adapter, joined, |adapter| {
        let out = folder(args.out.as_deref(), adapter, &adapters, &args.sampling.adapter, args.resume);
        one(args, adapter, &out, &tables, &gpus)
    })
}

/// The whole chain on one adapter.
fn one(
    args: &RunArgs,
    adapter: &Facts,
    out: &Path,
    tables: &Tables,
    gpus: &[GpuSpec],
) -> Result<Shown, Failure> {
    let as_of = compare::as_of(&args.price);
    note(&format!("measuring {} into {}", adapter.line(), out.display()));
    let measured = measure::measure_all(adapter, &ALL, &args.sampling, out, args.resume)?;
    let (visits, kept) = (measured.fresh, measured.rows.len() - measured.fresh);
    note(&format!("{visits} visits to cells, {kept} kept of an earlier call"));

    // Cells that failed may leave too little to estimate from; what was measured is reported all the same.
    let origin = Origin::of_rows(&measured.rows, gpus);
    let (compared, doubts) = match &origin {
        Ok(origin) => {
            let rents = compare::rents(&args.price, tables, gpus, origin)?;
            compare::comparisons(&args.workload, &args.price, tables, gpus, origin, &rents)?
        }
        Err(failure) => (vec![], vec![failure.message.clone()]),
    };
    let (costs, cases) = page::split(compared);
    let report = Report {
        title: format!("A million tokens on {}", adapter.name),
        device: device_lines(adapter, gpus),
        as_of,
        costs,
        measured: merged(&measured.rows),
        datasheet: Roofline::matching(gpus, &adapter.name),
        warnings: measured.warnings.into_iter().chain(doubts).collect(),
        command: reproduce(args, out, as_of),
    };
    write_atomic(&out.join(COSTS), csv::costs_csv(&report.costs).as_bytes())?;
    write_atomic(&out.join("report.md"), markdown::markdown(&report).as_bytes())?;
    let asked =
        Asked { workload: &args.workload, price: &args.price, tables, gpus, origin: origin.as_ref().ok() };
    let page = page::html(&page::gather(asked, &report, &cases)?)?;
    write_atomic(&out.join("report.html"), page.as_bytes())?;
    let text = compare::shown(&Report { measured: vec![], ..report }, &args.format, false)?;
    note(&format!("kernels, costs and report in {}", out.display()));
    Ok(Shown { exit: measured.exit, text })
}

/// The folder of an adapter among others: inside the one that the user named where all are measured; without one
/// [`default_folder`].
pub fn folder(
    out: Option<&Path>,
    adapter: &Facts,
    adapters: &[Facts],
    args: &AdapterArgs,
    resume: bool,
) -> PathBuf {
    match out {
        Some(out) if args.all() => out.join(indexed_folder_name(adapter, adapters)),
        Some(out) => out.to_owned(),
        None => default_folder(&folder_name(adapter, adapters), today(), resume),
    }
}

/// `results/<date>-<device>`, numbered where a run of today is there already; to resume, the newest of the device.
fn default_folder(slug: &str, today: Date, resume: bool) -> PathBuf {
    let results = Path::new("results");
    let newest = || {
        let names = fs::read_dir(results).into_iter().flatten().flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| Some((run_of(&name, slug)?, name))).max().map(|(_, name)| results.join(name))
    };
    let free = || {
        let name = |number: u32| match number {
            1 => format!("{today}-{slug}"),
            _ => format!("{today}-{slug}-{number}"),
        };
        let taken = |number: &u32| fs::symlink_metadata(results.join(name(*number))).is_ok();
        results.join(name((1..).find(|number| !taken(number)).unwrap_or(1)))
    };
    if resume { newest().unwrap_or_else(free) } else { free() }
}

/// The day and number of a run of a device; `None` for folders of others.
fn run_of(name: &str, slug: &str) -> Option<(String, u32)> {
    let (day, rest) = name.split_at_checked(10)?;
    let number = match rest.strip_prefix('-')?.strip_prefix(slug)? {
        "" => 1,
        number => number.strip_prefix('-')?.parse().ok()?,
    };
    Some((day.to_owned(), number))
}

fn device_lines(facts: &Facts, gpus: &[GpuSpec]) -> Vec<String> {
    let mut lines =
        vec![format!("{}, {}, {} {}", facts.device_type, facts.backend, facts.driver, facts.driver_info)];
    let matched = hardware::match_adapter(gpus, &facts.name);
    lines.extend(matched.map(|gpu| format!("datasheet row: {}", gpu.name)));
    lines
}

/// The command that makes the cost tables again from the measurements, on any machine.
fn reproduce(args: &RunArgs, out: &Path, as_of: Date) -> String {
    // An absolute path is of this machine only: the command is then one for inside the folder.
    let folder = if out.is_relative() { out } else { Path::new("") };
    let measurements = quoted(&folder.join(MEASUREMENTS).display().to_string());
    let data = args.workload.tables.data.as_ref();
    let tables = data.map(|folder| format!(" --data {}", quoted(&last_part(folder)))).unwrap_or_default();
    let options: String = args.workload.words().into_iter().chain(args.price.words()).collect();
    format!("mtok compare --measurements {measurements}{tables} --as-of {as_of}{options}")
}

fn last_part(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::run_of;

    #[test]
    fn the_newest_run_of_a_device_is_told_from_others() {
        let run = |name| run_of(name, "m1");
        assert_eq!(run("2026-11-21-m1"), Some(("2026-11-21".into(), 1)));
        assert!(run("2026-11-21-m1-10") > run("2026-11-21-m1-9"));
        assert!(run("2026-11-22-m1") > run("2026-11-21-m1-10"));
        assert_eq!((run("2026-11-21-m1-pro"), run("README.md"), run("x")), (None, None, None));
    }
}
