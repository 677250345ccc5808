//! `mtok estimate`: tokens per second of models on a device.

use mtok::report::estimates::{self, EstimateRow};

use super::inputs::{self, Origin};
use super::output::{page, print, show};
use super::tables::Tables;
use super::{Exit, Failure};
use crate::cli::EstimateArgs;

/// Runs the verb.
pub fn run(args: &EstimateArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.workload.tables.data.as_deref())?;
    let gpus = tables.gpus()?;
    if args.list {
        let names = tables.models()?.into_iter().map(|model| format!("model  {}\n", model.name));
        print(&names.chain(gpus.iter().map(|gpu| format!("gpu    {}\n", gpu.name))).collect::<String>())?;
        return Ok(Exit::Ok);
    }
    let origin = Origin::read(&args.device, &gpus)?;
    let estimates = inputs::estimates(&args.workload, &tables, &gpus, &origin)?;
    let rows: Vec<EstimateRow> =
        estimates.iter().map(|estimate| EstimateRow::of(estimate, origin.software())).collect();
    show(rows.as_slice(), &args.format, estimates::csv, estimates::markdown, |rows, _| {
        estimates::terminal(rows, page(args.wide.wide).0)
    })?;
    Ok(Exit::Ok)
}
