//! wgpu's consent to experimental features: the one `unsafe` of the project.

/// The consent, where a feature needs it. Without cooperative matrices tensor cores are out of reach of WGSL.
#[allow(
    unsafe_code,
    reason = "wgpu has no other constructor; the features it guards may have undefined behaviour"
)]
pub(super) fn token(wanted: bool) -> wgpu::ExperimentalFeatures {
    if !wanted {
        return wgpu::ExperimentalFeatures::disabled();
    }
    // SAFETY: by this call we accept that experimental features may have bugs. Only cooperative matrices are asked for;
    // kernels that use them are verified like all others, in a process of their own.
    unsafe { wgpu::ExperimentalFeatures::enabled() }
}
