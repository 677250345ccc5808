//! `mtok fleet simulate`: a fleet's folder of invented rows.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use mtok::fleet::plan::Plan;
use mtok::fleet::simulate::{Faults, File, Fleet, Planted, Spreads, loose_files, task_files};
use mtok::fleet::{folders, plan};
use serde::Serialize;

use crate::cli::fleet::SimulateArgs;
use crate::cmd::files::write_atomic;
use crate::cmd::output::print;
use crate::cmd::{Exit, Failure};

/// What was planted, beside the fleet.
const PLANTED: &str = "planted.json";
/// More threads only wait for the file system.
const THREADS_MAX: usize = 8;

/// `planted.json`.
#[derive(Serialize)]
struct Truth<'a> {
    schema_version: u32,
    seed: u64,
    tasks: u32,
    #[serde(flatten)]
    planted: &'a Planted,
}

/// Runs the verb.
pub fn run(args: &SimulateArgs) -> Result<Exit, Failure> {
    let fleet = fleet(args);
    let planted = fleet.planted().map_err(Failure::bad_input)?;
    let plan = fleet.plan(super::TOOL);
    refuse_used(&args.out)?;
    make_folder(&args.out.join(folders::TASKS))?;
    write_tasks(&args.out, &fleet, &planted, &plan)?;
    loose_files(&fleet).iter().try_for_each(|file| write(&args.out, file))?;
    let truth = Truth {
        schema_version: plan::SCHEMA_VERSION,
        seed: fleet.seed,
        tasks: fleet.tasks,
        planted: &planted,
    };
    let text = serde_json::to_string_pretty(&truth).map_err(Failure::bad_input)?;
    write_atomic(&args.out.join(PLANTED), (text + "\n").as_bytes())?;
    // Last: a folder without a plan is no fleet, so that one that was not finished is not taken for one.
    write_atomic(&args.out.join(folders::PLAN), plan.json().as_bytes())?;
    print(&said(args, &planted))?;
    Ok(Exit::Ok)
}

fn fleet(args: &SimulateArgs) -> Fleet {
    let (by, spreads, faults) = (args.faults.slow_by, &args.spreads, &args.faults);
    Fleet {
        tasks: args.tasks,
        gpus_per_node: args.gpus_per_node,
        rows: args.rows,
        seed: args.seed,
        spreads: Spreads {
            cards_arithmetic: spreads.cards,
            cards_memory: spreads.cards_memory,
            nodes: spreads.nodes,
            runs: spreads.runs,
            heavy_tails: spreads.heavy_tails,
            ..Spreads::default()
        },
        faults: Faults {
            slow: (faults.slow, by),
            slow_memory: (faults.slow_memory, by),
            fast: (faults.fast, by),
            slow_nodes: (faults.slow_nodes, by),
            throttling_nodes: (faults.throttling_nodes, by),
            drifted_nodes: (faults.drifted_nodes, 2.0 * by),
            other_driver: faults.other_driver,
            other_version: faults.other_version,
            failed: faults.failed,
            missing: faults.missing,
            torn: faults.torn,
            duplicate: faults.duplicate,
            backwards: faults.backwards,
            other_plan: faults.other_plan,
            foreign: faults.foreign,
        },
    }
}

/// Nothing is written over, and nothing is mixed with what is there.
fn refuse_used(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    match fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            Some(_) => {
                Err(Failure::bad_input(format!("{shown}: is not empty; name a folder that is not there yet")))
            }
            None => Ok(()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(Failure::bad_input(format!("{shown}: is no folder")))
        }
        Err(error) => Err(Failure::bad_input(format!("{shown}: cannot be read: {error}"))),
    }
}

/// Each thread makes and writes a part of the tasks; the first that cannot write stops all.
fn write_tasks(root: &Path, fleet: &Fleet, planted: &Planted, plan: &Plan) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX) as u32;
    let stop = AtomicBool::new(false);
    let part = |part: u32| {
        let [from, to] =
            [part, part + 1].map(|it| (u64::from(it) * u64::from(fleet.tasks) / u64::from(threads)) as u32);
        for files in task_files(fleet, planted, plan, from..to) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            files
                .iter()
                .try_for_each(|file| write(root, file))
                .inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let part = &part;
        let started: Vec<_> = (0..threads).map(|it| scope.spawn(move || part(it))).collect();
        started.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(Failure::cannot_write(root, "a thread that writes ended early")))
        })
    })
}

/// Not synchronised: what is lost can be made again, and the plan comes last.
fn write(root: &Path, file: &File) -> Result<(), Failure> {
    let path = root.join(&file.path);
    path.parent().map_or(Ok(()), make_folder)?;
    fs::write(&path, &file.bytes).map_err(|error| Failure::cannot_write(&path, error))
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::cannot_write(path, error))
}

fn said(args: &SimulateArgs, planted: &Planted) -> String {
    let dir = mtok::text::inert(&args.out.display().to_string());
    let mut text = format!("{dir}: {} tasks of {} rows, all of them invented\n", args.tasks, args.rows);
    for outlier in &planted.outliers {
        let tasks: Vec<String> = outlier.tasks.iter().map(u32::to_string).collect();
        text += &format!(
            "planted: {}, {:+.1} %, task {}\n",
            outlier.kind,
            100.0 * outlier.slower,
            tasks.join(" ")
        );
    }
    let others = planted.aside.len() + planted.lacking.len();
    if others > 0 {
        text += &format!("planted: {others} folders and files with faults, see {PLANTED}\n");
    }
    text + &format!("next: mtok fleet collect {dir}\n")
}
