//! What a fleet says, put together from what was collected.

use std::path::{Path, absolute};

use mtok::fleet::analysis::analyse;
use mtok::fleet::collected::Collected;
use mtok::report::fleet::FleetReport;

use super::costs::costs;
use crate::cli::fleet::FleetCostArgs;
use crate::cmd::Failure;
use crate::cmd::compare::as_of;

/// The name of a fleet: that of its folder. Where the folder lies is nobody's business.
pub fn name(dir: &Path) -> String {
    let whole = absolute(dir).ok();
    let name = whole.as_deref().unwrap_or(dir).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The report of a fleet, with its costs. `command` makes it again.
///
/// # Errors
/// Those of [`costs`].
pub fn of(
    dir: &Path,
    collected: Collected,
    asked: &FleetCostArgs,
    command: String,
) -> Result<FleetReport, Failure> {
    let analysis = analyse(&collected);
    let costs = costs(asked, &collected, &analysis)?;
    Ok(FleetReport {
        title: format!("Fleet {}", name(dir)),
        collected,
        analysis,
        costs: Some(costs),
        as_of: Some(as_of(&asked.price)),
        command,
    })
}
