//! The plan of a fleet as tasks find or make it.

use std::io::{self, Write};
use std::path::Path;

use mtok::fleet::folders::PLAN;
use mtok::fleet::plan::{Per, Plan, TASKS_MAX};
use mtok::text::inert;

use super::attempt::text_of;
use crate::cli::fleet::TaskArgs;
use crate::cmd::files::{PREFIX, SUFFIX, make_readable};
use crate::cmd::fleet::TOOL;
use crate::cmd::{Failure, host};

/// The plan of the folder; where there is none, the one that the arguments describe, made by exactly one of the tasks that
/// start at the same time.
///
/// # Errors
/// A plan that cannot be read or made, that says something else than the arguments, or that lacks the task.
pub fn of(args: &TaskArgs, index: u32) -> Result<Plan, Failure> {
    let path = args.fleet().join(PLAN);
    let text = match text_of(&path)? {
        Some(text) => text,
        None => {
            let wanted = described(args, &path)?;
            check_index(index, wanted.tasks)?;
            make(args.fleet(), &path, &wanted)?;
            text_of(&path)?.unwrap_or_default()
        }
    };
    let plan = Plan::read(&text)
        .map_err(|why| Failure::bad_input(format!("{}: {}", path.display(), inert(&why))))?;
    if let Some(differs) = difference(&plan, args) {
        let what = format!("{}: is of another plan: {}", path.display(), inert(&differs));
        return Err(Failure::bad_input(format!("{what}; give what it says, or another folder")));
    }
    if plan.simulated {
        let what = "holds invented rows of mtok fleet simulate: nothing is measured into it";
        return Err(Failure::bad_input(format!("{}: {what}", args.fleet().display())));
    }
    check_index(index, plan.tasks)?;
    Ok(plan)
}

/// Tasks of two versions would not be comparable.
pub fn check_version(plan: &Plan) -> Result<(), Failure> {
    let shown = |(version, commit): (&str, &str)| match commit {
        "" => format!("mtok {version}"),
        _ => format!("mtok {version} ({commit})"),
    };
    let planned = (plan.tool_version.as_str(), plan.tool_commit.as_str());
    if planned == TOOL {
        return Ok(());
    }
    Err(Failure::bad_input(format!(
        "the fleet is measured with {}, this is {}: not comparable; run that one, or begin a fleet of its own",
        inert(&shown(planned)),
        shown(TOOL)
    )))
}

fn check_index(index: u32, tasks: u32) -> Result<(), Failure> {
    if index < tasks {
        return Ok(());
    }
    let last = tasks.saturating_sub(1);
    Err(Failure::bad_input(format!("there is no task {index}: a fleet of {tasks} has the tasks 0 to {last}")))
}

/// The plan that the arguments describe.
fn described(args: &TaskArgs, path: &Path) -> Result<Plan, Failure> {
    let Some(tasks) = args.of else {
        let what = "is not there: --of says how many tasks the fleet has, or mtok fleet submit makes it";
        return Err(Failure::bad_input(format!("{}: {what}", path.display())));
    };
    if tasks == 0 || tasks > TASKS_MAX {
        return Err(Failure::bad_input(format!("--of {tasks}: a fleet has 1 to {TASKS_MAX} tasks")));
    }
    let (per, options) = (args.per.unwrap_or_default(), args.measuring.clone());
    Ok(Plan::new(tasks, per, options, TOOL, false, host::now_utc()))
}

/// Writes the plan unless somebody else has; whose it is shows when it is read back.
fn make(fleet: &Path, path: &Path, plan: &Plan) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        std::fs::create_dir_all(fleet)?;
        let mut file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(fleet)?;
        file.as_file_mut().write_all(plan.json().as_bytes())?;
        file.as_file().sync_all()?;
        make_readable(file.as_file())?;
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
            _ => Ok(()),
        }
    };
    write().map_err(|error| Failure::cannot_write(path, error))
}

/// What the arguments say otherwise than the plan; arguments that are left out say nothing.
fn difference(plan: &Plan, args: &TaskArgs) -> Option<String> {
    let differs = |what: &str, there: String, here: Option<String>| {
        here.filter(|here| *here != there)
            .map(|here| format!("{what} is \"{there}\" there and \"{here}\" here"))
    };
    let words = |words: &[String]| words.join(" ");
    let own = (!args.measuring.is_empty()).then(|| words(&args.measuring));
    differs("--of", plan.tasks.to_string(), args.of.map(|tasks| tasks.to_string()))
        .or_else(|| differs("--per", plan.per.to_string(), args.per.map(|per: Per| per.to_string())))
        .or_else(|| differs("what is measured", words(&plan.options), own))
}
