//! `mtok measure`: runs the plan of cells on one adapter, a row per cell.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use mtok::gpu::adapters::{self, Adapter};
use mtok::gpu::device::Gpu;
use mtok::gpu::sampler::{self, Cell, Plan};
use mtok::gpu::{Fault, clock::Clock};
use mtok::kernel::{ALL, Capabilities, Kernel};
use mtok::measurement::{Cache, Identity, Measurement, Outcome, Provenance, cell_name};
use mtok::op::Op;
use mtok::report::{Report, terminal};
use mtok::text;
use serde_json::json;

use super::folder::Folder;
use super::output::{self, note, print, print_json};
use super::{Exit, Failure, devices, host, today};
use crate::cli::{MeasureArgs, Sampling};

/// One cell of the plan.
struct Planned {
    kernel: &'static Kernel,
    op: Op,
}

impl Planned {
    /// The name that its row will have.
    fn cell(&self, offered: &Capabilities) -> String {
        let variant = self.kernel.choose(&self.op, offered).map_or("none", |variant| variant.name);
        cell_name(&self.op, variant, Cache::Hot)
    }
}

/// What a run left behind.
pub struct Measured {
    /// All rows, those of an earlier run included.
    pub rows: Vec<Measurement>,
    /// How many were measured now.
    pub fresh: usize,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// The code that the rows call for.
    pub exit: Exit,
}

/// Runs the verb.
pub fn run(args: &MeasureArgs) -> Result<Exit, Failure> {
    let kernels = kernels(&args.kernel)?;
    if args.list {
        return list(&kernels, args);
    }
    let listing = devices::find(args.sampling.gl)?;
    let adapter = choose(&listing.adapters, &args.sampling)?;
    let out = args.out.clone().unwrap_or_else(|| super::run::default_folder(adapter, today(), args.resume));
    let measured = measure(adapter, &kernels, &args.sampling, &out, args.resume)?;
    let report = Report {
        title: format!("measured {}", adapter.facts.name),
        device: vec![format!("results in {}", out.display())],
        as_of: today(),
        costs: vec![],
        measured: measured.rows,
        warnings: measured.warnings,
        command: host::argv(),
    };
    if args.json {
        let json =
            mtok::report::json::json(&report).map_err(|error| Failure::new(Exit::CannotWrite, error))?;
        print(&json)?;
    } else {
        let (width, colour) = output::terminal();
        print(&terminal::terminal(&report, width, colour))?;
    }
    Ok(measured.exit)
}

/// The adapter that the arguments name.
pub fn choose<'a>(adapters: &'a [Adapter], sampling: &Sampling) -> Result<&'a Adapter, Failure> {
    adapters::choose(adapters, sampling.device.as_deref()).map_err(Failure::bad_input)
}

/// Measures the plan into a folder.
pub fn measure(
    adapter: &Adapter,
    kernels: &[&'static Kernel],
    sampling: &Sampling,
    out: &std::path::Path,
    resume: bool,
) -> Result<Measured, Failure> {
    let start = Instant::now();
    let mut identity = adapter.identity(host::memory(), host::argv());
    let gpu = Gpu::open(adapter).map_err(|fault| Failure::new(Exit::FailedCells, fault))?;
    let mut folder = Folder::open(out, resume, &identity)?;
    identity.clock_quantum = gpu.clock.quantum_s.map(mtok::units::Seconds);
    let mut todo = plan(kernels, &gpu.capabilities);
    todo.retain(|cell| !is_finished(&folder.finished, cell, &gpu.capabilities, sampling.seed));
    check_no_row_is_in_the_way(&folder.finished, &todo, &gpu.capabilities)?;
    if !todo.is_empty() {
        folder.write("device.json", &device_json(adapter, &gpu.clock, &identity)?)?;
    }
    let mut rows = std::mem::take(&mut folder.finished);
    let fresh = todo.len();
    let bar = progress(todo.len() as u64);
    let mut pace = Pace::new(start, sampling.budget, todo.len());
    let mut gone = None;
    for planned in &todo {
        bar.set_message(planned.op.to_string());
        let cell = guarded(&gpu, planned, sampling.seed, &pace.next(), &identity);
        let (mut cell, fault) = match cell {
            Ok(cell) => (cell, None),
            Err((cell, fault)) => (*cell, Some(fault)),
        };
        cell.measurement.provenance.time_utc = host::now_utc();
        folder.add(&cell)?;
        rows.push(cell.measurement);
        bar.inc(1);
        pace.done();
        if fault.is_some() {
            gone = fault;
            break;
        }
    }
    bar.finish_and_clear();
    folder.close()?;
    let warnings = warnings(&gpu.clock, gone.as_ref(), fresh, pace.cells_done);
    if gone.is_some() {
        // Dropping a device that hangs would wait for it without end.
        std::mem::forget(gpu);
    }
    let exit = exit_code(&rows);
    Ok(Measured { rows, fresh, warnings, exit })
}

/// A panic inside the driver stack is a failed cell, not the end of the run.
fn guarded(
    gpu: &Gpu,
    planned: &Planned,
    seed: u64,
    plan: &Plan,
    identity: &Identity,
) -> Result<Cell, (Box<Cell>, Fault)> {
    let measured = catch_unwind(AssertUnwindSafe(|| {
        sampler::measure(gpu, planned.kernel, &planned.op, seed, plan, identity)
    }));
    measured.unwrap_or_else(|panic| {
        let reason = format!("the driver stack gave up: {}", output::panic_words(&*panic));
        let provenance = Provenance { identity: identity.clone(), seed, ..Provenance::default() };
        let outcome = Outcome::Failed(reason);
        let (op, variant) = (planned.op, "none".into());
        let measurement = Measurement { op, variant, cache: Cache::Hot, run: 0, outcome, provenance };
        Ok(Cell { measurement, samples: Vec::new() })
    })
}

/// Shares the time that is left evenly over the cells that are left; what a quick cell saves, later ones get.
struct Pace {
    end: Instant,
    cells_left: u32,
    cells_done: usize,
    cell_start: Instant,
    sampling: Duration,
    overhead: Duration,
}

impl Pace {
    fn new(start: Instant, budget: Duration, cells: usize) -> Self {
        Self {
            end: start + budget,
            cells_left: cells as u32,
            cells_done: 0,
            cell_start: start,
            sampling: Duration::ZERO,
            overhead: Duration::ZERO,
        }
    }

    fn next(&mut self) -> Plan {
        self.cell_start = Instant::now();
        let share = self.end.saturating_duration_since(self.cell_start) / self.cells_left.max(1);
        // Inputs, pipelines and references take time as well: as long as they did so far, on average.
        let overhead = self.overhead / (self.cells_done as u32).max(1);
        self.sampling = share.saturating_sub(overhead).max(Duration::from_millis(20));
        Plan { time: self.sampling, samples_min: 10, noise: 0.005, sampled_s: 0.5 }
    }

    fn done(&mut self) {
        self.overhead += self.cell_start.elapsed().saturating_sub(self.sampling);
        self.cells_done += 1;
        self.cells_left = self.cells_left.saturating_sub(1);
    }
}

fn kernels(wanted: &[String]) -> Result<Vec<&'static Kernel>, Failure> {
    let names: Vec<&str> = ALL.iter().map(|kernel| kernel.name).collect();
    for name in wanted {
        if !names.contains(&name.as_str()) {
            return Err(Failure::bad_input(format!(
                "unknown kernel \"{}\"; known: {}",
                text::inert(name),
                names.join(", ")
            )));
        }
    }
    let chosen = |kernel: &&&Kernel| wanted.is_empty() || wanted.iter().any(|name| name == kernel.name);
    Ok(ALL.iter().filter(chosen).copied().collect())
}

fn plan(kernels: &[&'static Kernel], offered: &Capabilities) -> Vec<Planned> {
    let cells = |kernel: &&'static Kernel| {
        let kernel = *kernel;
        (kernel.cases)(offered).into_iter().map(move |op| Planned { kernel, op })
    };
    kernels.iter().flat_map(cells).collect()
}

/// Finished means: the same op with the same sources and inputs.
fn is_finished(rows: &[Measurement], planned: &Planned, offered: &Capabilities, seed: u64) -> bool {
    let Ok(variant) = planned.kernel.choose(&planned.op, offered) else {
        // The same device still lacks what the cell needs.
        return rows.iter().any(|row| row.cell() == planned.cell(offered));
    };
    let hash = planned.kernel.shader_hash(variant, planned.op.format());
    let same = |row: &&Measurement| row.op == planned.op && row.variant == variant.name;
    rows.iter().filter(same).any(|row| row.provenance.shader_hash == hash && row.provenance.seed == seed)
}

/// A cell has one row. One of another seed or of changed sources may be neither doubled nor lost.
fn check_no_row_is_in_the_way(
    rows: &[Measurement],
    todo: &[Planned],
    offered: &Capabilities,
) -> Result<(), Failure> {
    let mut cells = todo.iter().map(|planned| planned.cell(offered));
    match cells.find(|cell| rows.iter().any(|row| row.cell() == *cell)) {
        None => Ok(()),
        Some(cell) => Err(Failure::bad_input(format!(
            "{cell} was measured with another seed or other sources: not comparable; choose another --out"
        ))),
    }
}

fn list(kernels: &[&'static Kernel], args: &MeasureArgs) -> Result<Exit, Failure> {
    let listing = adapters::list(args.sampling.gl);
    let offered = match listing.adapters.as_slice() {
        [] => {
            note("no adapter here; the list is that of a GPU with WebGPU's default limits");
            Capabilities::WEBGPU_DEFAULT
        }
        adapters => choose(adapters, &args.sampling)?.capabilities(),
    };
    let variant = |cell: &Planned| match cell.kernel.choose(&cell.op, &offered) {
        Ok(variant) => variant.name.to_owned(),
        Err(reason) => format!("skipped: {reason}"),
    };
    let cells = plan(kernels, &offered);
    if args.json {
        let row = |cell: &Planned| {
            json!({"kernel": cell.kernel.name, "format": cell.op.format().name(), "shape": cell.op.shape(),
                "variant": variant(cell), "flops": cell.op.flops(), "bytes": cell.op.bytes()})
        };
        print_json(&cells.iter().map(row).collect::<Vec<_>>())?;
    } else {
        let line = |cell: &Planned| {
            format!(
                "{:<18}{:<6}{:<11}{}\n",
                cell.kernel.name,
                cell.op.format(),
                variant(cell),
                cell.op.shape()
            )
        };
        print(&cells.iter().map(line).collect::<String>())?;
    }
    Ok(Exit::Ok)
}

fn progress(cells: u64) -> ProgressBar {
    let bar = ProgressBar::new(cells);
    // The template is a constant; a bar without it would still count.
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {wide_bar} {elapsed}  {msg}") {
        bar.set_style(style);
    }
    bar
}

fn device_json(adapter: &Adapter, clock: &Clock, identity: &Identity) -> Result<String, Failure> {
    let record = json!({
        "schema_version": 1,
        "adapter": adapter.facts,
        "clock": clock,
        "os": identity.os,
        "host_memory_bytes": identity.host_memory,
        "wgpu_version": identity.wgpu_version,
        "tool_version": identity.tool_version,
        "tool_commit": identity.tool_commit,
        "argv": identity.argv,
        "time_utc": host::now_utc(),
    });
    let text =
        serde_json::to_string_pretty(&record).map_err(|error| Failure::new(Exit::CannotWrite, error))?;
    Ok(text + "\n")
}

fn warnings(clock: &Clock, gone: Option<&Fault>, planned: usize, done: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if !clock.usable {
        warnings.push(format!("timed by the host's clock: {}", clock.reason));
    }
    if let Some(fault) = gone {
        warnings.push(format!("{fault}; {} cells were not run, --resume goes on with them", planned - done));
    }
    warnings
}

/// Wrong results outrank failed cells; cells that were skipped are no failure.
fn exit_code(rows: &[Measurement]) -> Exit {
    let any = |wanted: fn(&Outcome) -> bool| rows.iter().any(|row| wanted(&row.outcome));
    if any(|outcome| matches!(outcome, Outcome::Wrong(..))) {
        Exit::WrongResults
    } else if any(|outcome| matches!(outcome, Outcome::Failed(_))) {
        Exit::FailedCells
    } else {
        Exit::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtok::measurement::Verification;

    fn rows(outcomes: &[Outcome]) -> Vec<Measurement> {
        let row = |outcome: &Outcome| Measurement {
            op: Op::Dispatch { chain: 1 },
            variant: "counter".into(),
            cache: Cache::Hot,
            run: 0,
            outcome: outcome.clone(),
            provenance: Provenance::default(),
        };
        outcomes.iter().map(row).collect()
    }

    #[test]
    fn the_worst_outcome_decides_the_exit_code() {
        let wrong = Outcome::Wrong("off".into(), Verification { nmse: 1.0, nmse_max: 0.0, compared: 1 });
        let (failed, skipped) = (Outcome::Failed("lost".into()), Outcome::Skipped("too large".into()));
        assert_eq!(exit_code(&rows(&[])), Exit::Ok);
        assert_eq!(exit_code(&rows(std::slice::from_ref(&skipped))), Exit::Ok);
        assert_eq!(exit_code(&rows(&[skipped, failed.clone()])), Exit::FailedCells);
        assert_eq!(exit_code(&rows(&[wrong, failed])), Exit::WrongResults);
    }

    #[test]
    fn the_budget_is_shared_by_the_cells_that_are_left() {
        let mut pace = Pace::new(Instant::now(), Duration::from_secs(60), 3);
        assert!((19..=20).contains(&pace.next().time.as_secs()));
        pace.done();
        // The first cell took no time: the other two have it all.
        assert!((29..=30).contains(&pace.next().time.as_secs()));
    }

    #[test]
    fn a_budget_that_is_used_up_still_gives_each_cell_a_moment() {
        let past = Instant::now() - Duration::from_secs(5);
        assert_eq!(Pace::new(past, Duration::from_secs(1), 3).next().time, Duration::from_millis(20));
    }
}
