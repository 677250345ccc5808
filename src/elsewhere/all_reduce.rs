//! Tables of collectives by bytes and number of GPUs.

use super::{Import, columns, require, size};
use crate::op::Op;
use crate::table::{Fault, Table};

/// The operator whose columns such a table has.
pub(super) const OPERATOR: &str = "all_reduce";

/// Adds every all-reduce inside one machine.
pub(super) fn add(import: &mut Import<'_>, table: &Table, file: &str) -> Result<(), Fault> {
    let times = columns(OPERATOR);
    require(table, ["size", "num_workers"].into_iter().chain(times.iter().map(String::as_str)))?;
    for row in table.rows() {
        let [bytes, workers] = [size(row, "size")?, size(row, "num_workers")?];
        let collective = row.text("collective");
        let inside = row.optional::<u64>("devices_per_node")?.is_none_or(|devices| workers <= devices);
        if workers < 2 {
            return Err(row.fault("num_workers", "an all-reduce needs two GPUs or more"));
        } else if !matches!(collective, "" | OPERATOR) {
            import.leave_out(format!("collective {}", crate::text::inert(collective)));
        } else if !inside {
            import.leave_out("all_reduce across machines".into());
        } else {
            import.push(row, OPERATOR, Op::AllReduce { bytes, workers }, file)?;
        }
    }
    Ok(())
}
