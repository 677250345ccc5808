//! The device that the tests of kernels and faults run on.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::time::Duration;

use mtok::gpu::adapters;
use mtok::gpu::device::Gpu;
use mtok::gpu::sampler::Plan;

/// A few samples: these tests are about results, not about speed.
pub const PLAN: Plan = Plan { time: Duration::ZERO, samples_min: 1, noise: 1.0, sampled_s: 0.0 };

/// The first adapter, opened; `None` with a message where there is none, which MTOK_REQUIRE_ADAPTER makes a
/// failure.
pub fn gpu() -> Option<Gpu> {
    let listing = adapters::list(false);
    let Some(adapter) = listing.adapters.first() else {
        assert!(std::env::var_os("MTOK_REQUIRE_ADAPTER").is_none(), "no adapter: {:?}", listing.asked);
        eprintln!("skipped: no adapter (asked {:?}); install mesa-vulkan-drivers", listing.asked);
        return None;
    };
    Some(Gpu::open(adapter).expect("the device opens"))
}
