//! `mtok fleet status`: where every task stands.

use std::fmt::Write as _;

use mtok::fleet::follow::{Counts, Row, State};
use mtok::report::listing;
use mtok::report::served::Versioned;
use mtok::text::{inert, wrapped};
use serde::Serialize;

use super::look::{Looker, Seen};
use super::{small, watch};
use crate::cli::fleet::StatusArgs;
use crate::cmd::output::{note, print, print_json, terminal};
use crate::cmd::{Exit, Failure};

/// Rows that people see: the rest is in the other forms.
const ROWS: usize = 200;

/// What JSON has of a fleet.
#[derive(Serialize)]
struct Shown<'s> {
    plan: &'s str,
    tasks: u32,
    counts: Counts,
    /// Whether Slurm could be asked; `None` where nothing was submitted to it.
    slurm: Option<bool>,
    rows: &'s [Row],
}

/// Runs the verb.
pub fn run(args: &StatusArgs) -> Result<Exit, Failure> {
    let mut looker = Looker::new(&args.dir, small::planned(&args.dir)?);
    if let Some(pause_s) = args.watch {
        return watch::watch(&mut looker, pause_s, args.all);
    }
    let seen = looker.look()?;
    let rows = shown(&seen.rows, args.all);
    let Seen { counts, slurm, ref warnings, .. } = seen;
    if args.format.json {
        let plan = &looker.plan;
        let shown = Shown { plan: &plan.id, tasks: plan.tasks, counts, slurm, rows: &rows };
        print_json(&Versioned::new(shown, warnings))?;
        return Ok(exit(&counts));
    }
    if args.format.csv || args.format.markdown {
        warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
        print(&if args.format.csv { listing::csv(&rows) } else { listing::markdown(&rows) })?;
        return Ok(exit(&counts));
    }
    print(&people(&looker, &seen, &rows))?;
    Ok(exit(&counts))
}

/// The rows that are worth a look, or all.
pub fn shown(rows: &[Row], all: bool) -> Vec<Row> {
    rows.iter().filter(|row| all || row.state != State::Done).cloned().collect()
}

/// Tasks that failed or were lost are no success.
pub fn exit(counts: &Counts) -> Exit {
    if counts.failed + counts.lost > 0 { Exit::FailedCells } else { Exit::Ok }
}

fn people(looker: &Looker, seen: &Seen, rows: &[Row]) -> String {
    let width = terminal().0;
    let mut out = listing::terminal(rows.get(..ROWS).unwrap_or(rows), width);
    if let Some(more) = rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
        let _ = writeln!(out, "and {more} more tasks: --json or --csv has them all");
    }
    for warning in &seen.warnings {
        out += &wrapped(&format!("warning: {}", inert(warning)), usize::from(width), 0, 2);
    }
    if seen.slurm.is_none() {
        out += "nothing of it was submitted to Slurm by mtok: this is what the folders say\n";
    }
    let _ = writeln!(out, "{} tasks: {}", looker.plan.tasks, seen.counts.words());
    out
}
