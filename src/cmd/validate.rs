//! `mtok validate`: the datasheet model against published measurements.

use std::path::Path;

use mtok::validate::{self, Rows};

use super::output::show;
use super::tables::{Tables, located, read_file};
use super::{Exit, Failure};
use crate::cli::{Leave, ValidateArgs};

/// The project's own measurements, each typed with its source.
const OWN: &str = include_str!("../../data/validation.csv");
const OWN_NAME: &str = "validation.csv";

/// Runs the verb.
pub fn run(args: &ValidateArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.tables.data.as_deref())?;
    let (models, gpus) = (tables.models()?, tables.gpus()?);
    let known = validate::Tables { models: &models, gpus: &gpus };
    let mut rows = Rows::default();
    if let Some(path) = &args.file {
        rows.append(read_file(path, |input| validate::read_validation(input, &name(path), known))?);
    }
    if let Some(path) = &args.served {
        rows.append(read_file(path, |input| validate::read_served(input, &name(path), known))?);
    }
    if args.file.is_none() && args.served.is_none() {
        let read = validate::read_validation(OWN.as_bytes(), OWN_NAME, known);
        rows.append(read.map_err(|fault| located(Path::new(OWN_NAME), &fault))?);
    }
    let predictions = match args.leave_out {
        Some(leave) => validate::leave_out(&rows.cases, leave.into()),
        None => validate::predictions(&rows.cases),
    };
    let report = validate::report(&rows, &predictions, args.leave_out.map(Leave::name));
    show(&report, &args.format, validate::csv, validate::markdown, |value, _| validate::terminal(value))?;
    Ok(Exit::Ok)
}

/// The last part of a path, for people.
fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
