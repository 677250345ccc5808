//! Kernel times that others measured, as rows of `measurements.csv`.
//!
//! A file is recognised by the names in its header: a table of the operators of a decoder layer, or of all-reduces.
//! Times are milliseconds. Rows keep the file's minimum, median, mean and standard deviation, have the status `imported`
//! and name their file; nobody verified their results. A time that the device's datasheet makes impossible is refused,
//! which finds most mistakes of unit.

mod all_reduce;
mod layer;
mod physics;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use crate::hardware::GpuSpec;
use crate::measurement::{Cache, DeviceType, Identity, Measurement, Outcome, Provenance, Timing};
use crate::op::{Format, Op};
use crate::table::{Fault, Row, Table};

/// How the rows name their implementation: the files do not say what ran.
const VARIANT: &str = "elsewhere";

/// Rows in the making, from any number of files of one device.
#[derive(Debug)]
pub struct Import<'g> {
    gpu: &'g GpuSpec,
    weights: Format,
    identity: Identity,
    rows: Vec<Measurement>,
    runs: HashMap<Op, u32>,
    left_out: BTreeMap<String, usize>,
}

/// The times of one operator in one row, in seconds.
struct Times {
    min: f64,
    median: f64,
    mean: f64,
    deviation: f64,
}

impl<'g> Import<'g> {
    /// Nothing yet. `weights` is the format that the matrices were held in; `tool_version` and `argv` are those of the
    /// call that imports.
    pub fn new(gpu: &'g GpuSpec, weights: Format, tool_version: &str, argv: &str) -> Self {
        let device_type = match gpu.form_factor.as_str() {
            "Integrated" => DeviceType::IntegratedGpu,
            _ => DeviceType::DiscreteGpu,
        };
        let identity = Identity {
            adapter: gpu.aliases.first().unwrap_or(&gpu.name).clone(),
            device_type,
            backend: "unknown".into(),
            tool_version: tool_version.into(),
            argv: argv.into(),
            ..Identity::default()
        };
        Self { gpu, weights, identity, rows: vec![], runs: HashMap::new(), left_out: BTreeMap::new() }
    }

    /// Adds a file; `name` is what its rows call it.
    ///
    /// # Errors
    /// The first fault with line and column: a header that is of neither kind, a time that is not positive and finite,
    /// a size that makes no sense, a time that is impossible on the device.
    pub fn add(&mut self, input: impl Read, name: &str) -> Result<(), Fault> {
        let table = Table::read(input, &[])?;
        let names = table.columns();
        let operators: Vec<&str> = names.iter().filter_map(|name| operator(name)).collect();
        let before = self.rows.len();
        if operators.contains(&all_reduce::OPERATOR) {
            all_reduce::add(self, &table, name)?;
        } else if operators.is_empty() {
            let what = "has no column like time_stats.mlp_up_proj.median: it is no table of operators";
            return Err(Fault { line: 1, column: 0, what: what.into() });
        } else {
            layer::add(self, &table, &operators, name)?;
        }
        if self.rows.len() == before {
            let what = "holds no time of an operator that is known";
            return Err(Fault { line: 0, column: 0, what: what.into() });
        }
        Ok(())
    }

    /// The rows so far, in the order of the files.
    pub fn rows(&self) -> &[Measurement] {
        &self.rows
    }

    /// What has no place in `measurements.csv`, and how many times of it there were.
    pub fn left_out(&self) -> &BTreeMap<String, usize> {
        &self.left_out
    }

    fn leave_out(&mut self, why: String) {
        *self.left_out.entry(why).or_default() += 1;
    }

    /// Adds the time of one operator. Times of one op are runs of one cell.
    fn push(&mut self, row: Row<'_>, operator: &str, op: Op, file: &str) -> Result<(), Fault> {
        let times = times(row, operator)?;
        for (statistic, seconds) in [("median", times.median), ("min", times.min)] {
            if let Some(why) = physics::impossible(self.gpu, &op, seconds) {
                return Err(
                    row.fault(&column(operator, statistic), format!("{why}: are these milliseconds?"))
                );
            }
        }
        let run = self.runs.entry(op).or_default();
        let Times { min, median, mean, deviation } = times;
        self.rows.push(Measurement {
            op,
            variant: VARIANT.into(),
            cache: Cache::Hot,
            run: *run,
            outcome: Outcome::Imported(Box::new(Timing::imported(min, median, mean, Some(deviation / mean)))),
            provenance: Provenance {
                identity: self.identity.clone(),
                imported_from: file.into(),
                ..Provenance::default()
            },
        });
        *run += 1;
        Ok(())
    }
}

/// The operator whose median a column holds.
fn operator(column: &str) -> Option<&str> {
    column.strip_prefix("time_stats.")?.strip_suffix(".median")
}

fn column(operator: &str, statistic: &str) -> String {
    format!("time_stats.{operator}.{statistic}")
}

/// Refuses a table that lacks one of the columns.
fn require<'c>(table: &Table, columns: impl IntoIterator<Item = &'c str>) -> Result<(), Fault> {
    let names = table.columns();
    match columns.into_iter().find(|column| !names.contains(column)) {
        Some(missing) => Err(Fault { line: 1, column: 0, what: format!("column \"{missing}\" is missing") }),
        None => Ok(()),
    }
}

/// The columns of an operator.
fn columns(operator: &str) -> [String; 4] {
    ["min", "median", "mean", "std"].map(|statistic| column(operator, statistic))
}

fn times(row: Row<'_>, operator: &str) -> Result<Times, Fault> {
    let seconds = |statistic: &str| {
        let name = column(operator, statistic);
        row.required(&name)?;
        let milliseconds = if statistic == "std" { row.positive_or_zero(&name) } else { row.positive(&name) };
        Ok::<f64, Fault>(milliseconds?.unwrap_or_default() / 1e3)
    };
    let times = Times {
        min: seconds("min")?,
        median: seconds("median")?,
        mean: seconds("mean")?,
        deviation: seconds("std")?,
    };
    if times.min > times.median {
        return Err(row.fault(&column(operator, "min"), "is above the median"));
    }
    Ok(times)
}

/// A size of at least 1 that is no typing error.
fn size(row: Row<'_>, column: &str) -> Result<u64, Fault> {
    const MOST: u64 = 1 << 32;
    let size: u64 = row.parse(column)?;
    if !(1..=MOST).contains(&size) {
        return Err(row.fault(column, format!("{column} {size} is not between 1 and {MOST}")));
    }
    Ok(size)
}

#[cfg(test)]
mod tests;
