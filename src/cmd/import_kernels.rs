//! `mtok import-kernels`: kernel times of another tool as a `measurements.csv`.

use std::path::{Path, PathBuf};

use mtok::elsewhere::Import;
use mtok::hardware;
use mtok::measurement::wire;

use super::files::{MEASUREMENTS, write_out};
use super::output::{note, print};
use super::tables::{Tables, read_file};
use super::{Exit, Failure};
use crate::cli::ImportKernelsArgs;

/// Runs the verb.
pub fn run(args: &ImportKernelsArgs) -> Result<Exit, Failure> {
    let gpus = Tables::open(args.tables.data.as_deref())?.gpus()?;
    let gpu = hardware::find(&gpus, &args.device).map_err(Failure::bad_input)?;
    let argv = format!("mtok import-kernels --device \"{}\"", gpu.name);
    let mut import = Import::new(gpu, args.weights, env!("CARGO_PKG_VERSION"), &argv);
    for path in args.files.iter().chain(&args.all_reduce) {
        read_file(path, |input| import.add(input, &name(path)))?;
    }
    let mut bytes = Vec::new();
    wire::write_all(&mut bytes, import.rows()).map_err(|error| Failure::new(Exit::CannotWrite, error))?;
    match &args.out {
        Some(out) => write_out(&file(out)?, &bytes)?,
        None => print(&String::from_utf8_lossy(&bytes))?,
    }
    note(&summary(&import, &gpu.name));
    Ok(Exit::Ok)
}

/// The file's own name: the folder around it is nobody's business.
fn name(path: &Path) -> String {
    path.file_name().map(|name| mtok::text::inert(&name.to_string_lossy())).unwrap_or_default()
}

/// A path that ends in `.csv` is a file, any other a folder.
fn file(out: &Path) -> Result<PathBuf, Failure> {
    if !out.is_dir() && (out.extension().is_some_and(|end| end == "csv") || out.exists()) {
        return Ok(out.to_owned());
    }
    std::fs::create_dir_all(out).map_err(|error| Failure::cannot_write(out, error))?;
    Ok(out.join(MEASUREMENTS))
}

fn summary(import: &Import<'_>, gpu: &str) -> String {
    let mut kernels: Vec<&str> = import.rows().iter().map(|row| row.op.kernel()).collect();
    kernels.sort_unstable();
    let counts = kernels.chunk_by(|a, b| a == b).filter_map(|same| Some((same.first()?, same.len())));
    let counts: Vec<String> = counts.map(|(kernel, count)| format!("{count} {kernel}")).collect();
    let mut text = format!("{gpu}: {} rows measured elsewhere: {}", kernels.len(), counts.join(", "));
    for (what, count) in import.left_out() {
        text += &format!("\nleft out: {count} times of {what}");
    }
    text
}
