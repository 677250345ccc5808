//! The device's own ceilings, measured along with the kernels that are held against them.

use mtok::kernel::{ALL, Capabilities, Kernel, Suite};
use mtok::op::{Format, Op};
use mtok::roofline;

use super::plan::{self, Planned};
use crate::cmd::Failure;

/// The plan with the peaks first that the shares of its cells need, as far as it lacks them.
pub fn with_peaks(plan: Vec<Planned>, offered: &Capabilities) -> Result<Vec<Planned>, Failure> {
    let needed: Vec<&str> = plan.iter().flat_map(|planned| roofline::kernels(&planned.op)).collect();
    let lacking = |kernel: &&&Kernel| {
        needed.contains(&kernel.name) && !plan.iter().any(|planned| planned.kernel.name == kernel.name)
    };
    let kernels: Vec<&'static Kernel> = ALL.iter().filter(lacking).copied().collect();
    let mut all = plan::plan(&kernels, None, offered, Suite::Quick)?;
    // What no variant of the adapter can run is no ceiling, and no kernel computes in f16 alone.
    let f16 = |op: &Op| matches!(op, Op::Fma { format: Format::F16, .. });
    all.retain(|planned| planned.variant(offered).is_ok() && !f16(&planned.op));
    all.extend(plan);
    Ok(all)
}
