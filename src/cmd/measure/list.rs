//! `mtok measure --list`: the cells that this call would measure, then those that only a larger suite has, and which
//! variants could run each.

use mtok::gpu::adapters::Facts;
use mtok::kernel::{Capabilities, Kernel, Suite, Variant};
use mtok::measurement::Chosen;
use serde_json::{Value, json};

use super::peaks;
use super::plan::{self, Planned};
use crate::cli::MeasureArgs;
use crate::cmd::adapters::choose;
use crate::cmd::output::{note, print, print_json};
use crate::cmd::tune::kept::Kept;
use crate::cmd::{Exit, Failure, devices};

/// Lists the cells on the adapter that the arguments name; without an adapter those of a modest GPU.
pub fn run(kernels: &[&'static Kernel], args: &MeasureArgs) -> Result<Exit, Failure> {
    let adapter = &args.sampling.adapter;
    let listing = devices::list(adapter.gl, adapter.timeout)?.adapters;
    let chosen: Option<&Facts> = match listing.as_slice() {
        [] => {
            note("no adapter here; the list is that of a GPU with WebGPU's default limits");
            None
        }
        adapters => Some(choose(adapters, adapter)?),
    };
    let offered = chosen.map_or(Capabilities::WEBGPU_DEFAULT, Facts::capabilities);
    let of = |suite| plan::plan(kernels, args.variant.as_deref(), &offered, suite);
    let suites = Suite::ALL.iter().map(|suite| Ok((*suite, of(*suite)?)));
    let suites: Vec<(Suite, Vec<Planned>)> = suites.collect::<Result<_, Failure>>()?;
    let mut cells = of(args.sampling.suite.suite())?;
    if !args.no_peaks {
        cells = peaks::with_peaks(cells, &offered)?;
    }
    let mut larger = of(Suite::Full)?;
    larger.retain(|cell| !cells.iter().any(|known| known.is_same(cell)));
    cells.extend(larger);
    if let Some(kept) = chosen.filter(|_| !args.sampling.no_tune).map(Kept::open) {
        let free = |cell: &&mut Planned| cell.chosen != Chosen::Named;
        cells.iter_mut().filter(free).for_each(|cell| cell.choose_from(&kept, &offered));
    }
    if args.json {
        print_json(&cells.iter().map(|cell| row(cell, suite(cell, &suites), &offered)).collect::<Vec<_>>())?;
    } else {
        print(&cells.iter().map(|cell| line(cell, suite(cell, &suites), &offered)).collect::<String>())?;
    }
    Ok(Exit::Ok)
}

/// The smallest suite that has a cell; those of the peaks are quick.
fn suite(cell: &Planned, suites: &[(Suite, Vec<Planned>)]) -> Suite {
    let has = |(_, cells): &&(Suite, Vec<Planned>)| cells.iter().any(|known| known.is_same(cell));
    suites.iter().find(has).map_or(Suite::Quick, |(suite, _)| *suite)
}

/// The variants that compute a cell's op, and what the adapter lacks for each.
fn variants(cell: &Planned, offered: &Capabilities) -> Vec<(&'static Variant, Option<String>)> {
    let computing = cell.kernel.variants.iter().filter(|variant| (variant.supports)(&cell.op));
    computing.map(|variant| (variant, variant.needs.unmet(offered))).collect()
}

fn shown(cell: &Planned, offered: &Capabilities) -> String {
    match cell.variant(offered) {
        Ok(variant) => variant.name.to_owned(),
        Err(reason) => format!("skipped: {reason}"),
    }
}

fn row(cell: &Planned, suite: Suite, offered: &Capabilities) -> Value {
    let chosen = cell.variant(offered).ok();
    let is_chosen = |variant: &Variant| chosen.is_some_and(|chosen| chosen.name == variant.name);
    let variant = |(variant, skipped): (&Variant, Option<String>)| json!({"variant": variant.name, "chosen": is_chosen(variant), "skipped": skipped});
    json!({"kernel": cell.kernel.name, "format": cell.op.format().name(), "shape": cell.op.shape(),
        "cache": cell.cache, "suite": suite, "variant": shown(cell, offered), "tuned": cell.chosen == Chosen::Tuned,
        "variants": variants(cell, offered).into_iter().map(variant).collect::<Vec<_>>(),
        "flops": cell.op.flops(), "bytes": cell.op.bytes()})
}

/// The chosen variant first, then the others that could run, then those that cannot.
fn line(cell: &Planned, suite: Suite, offered: &Capabilities) -> String {
    // What none of the variants has stands behind "skipped:".
    let chosen = cell.variant(offered).map_or("none", |variant| variant.name);
    let (mut others, mut skipped) = (Vec::new(), Vec::new());
    for (variant, lacks) in variants(cell, offered) {
        match lacks {
            Some(lacks) => skipped.push(format!("{}: {lacks}", variant.name)),
            None if variant.name != chosen => others.push(variant.name),
            None => {}
        }
    }
    let tuned = if cell.chosen == Chosen::Tuned { "*" } else { "" };
    let list = |what: &str, words: String| if words.is_empty() { words } else { format!("  {what} {words}") };
    let line = format!(
        "{:<18}{:<6}{:<20}{:<5}{:<9}{}{}{}",
        cell.kernel.name,
        cell.op.format(),
        format!("{chosen}{tuned} "),
        cell.cache,
        suite,
        cell.op.shape(),
        list("others:", others.join(" ")),
        list("skipped:", skipped.join("; ")),
    );
    line + "\n"
}
