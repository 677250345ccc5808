//! The time that the datasheet model gives for a case.

use super::{Case, Phase};
use crate::throughput::datasheet::{Constants, Peaks};

/// The predicted time, in the unit of [`Phase`]. Not a number where the workload makes no sense.
pub fn seconds(case: &Case<'_>, constants: &Constants) -> f64 {
    let peaks = Peaks::with(case.load, case.engine, *constants);
    let isl = case.workload.isl as f64;
    let served = || peaks.served(case.model, case.workload);
    match case.phase {
        Phase::Decode => peaks.decode_s(case.workload.batch as f64),
        Phase::Prefill => peaks.prefill_s(isl) / isl,
        Phase::Served => served().map_or(f64::NAN, |served| served.tpot),
        Phase::Offline => served().map_or(f64::NAN, |served| served.output),
    }
}
