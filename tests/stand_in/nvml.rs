//! Stands in for NVIDIA's management library: a few of its functions with its names and its types (`nvml.h`), for one
//! GPU at 0000:01:00.0. The environment says what it answers: `STAND_IN_NVML=<function>=<return code>,…`. It has no
//! `nvmlDeviceGetTemperature`, as an older library has not all functions of a newer one.

use std::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::sync::atomic::{AtomicU64, Ordering};

const SUCCESS: c_int = 0;
const NOT_FOUND: c_int = 6;

/// In mJ; every reading adds 1500.
static ENERGY: AtomicU64 = AtomicU64::new(1_000_000);
/// What a handle points to.
static GPU: u8 = 0;

/// What the environment wants a function to return.
fn ordered(function: &str) -> c_int {
    let orders = std::env::var("STAND_IN_NVML").unwrap_or_default();
    let code = |order: &str| order.split_once('=').filter(|it| it.0 == function)?.1.parse().ok();
    orders.split(',').find_map(code).unwrap_or(SUCCESS)
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> c_int {
    ordered("nvmlInit_v2")
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlShutdown() -> c_int {
    SUCCESS
}

/// # Safety
/// As in `nvml.h`: a text that ends in zero and a place for a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByPciBusId_v2(
    bus: *const c_char,
    device: *mut *const c_void,
) -> c_int {
    if unsafe { CStr::from_ptr(bus) }.to_bytes() != b"0000:01:00.0" {
        return NOT_FOUND;
    }
    unsafe { *device = (&raw const GPU).cast() };
    ordered("nvmlDeviceGetHandleByPciBusId_v2")
}

/// # Safety
/// As in `nvml.h`: a handle of this library and a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTotalEnergyConsumption(
    _: *const c_void,
    energy: *mut c_ulonglong,
) -> c_int {
    unsafe { *energy = ENERGY.fetch_add(1500, Ordering::Relaxed) };
    ordered("nvmlDeviceGetTotalEnergyConsumption")
}

/// # Safety
/// As in `nvml.h`: a handle of this library and a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPowerUsage(_: *const c_void, milliwatts: *mut c_uint) -> c_int {
    unsafe { *milliwatts = 287_500 };
    ordered("nvmlDeviceGetPowerUsage")
}

/// # Safety
/// As in `nvml.h`: a handle of this library, a clock and a place for a number. Clock 1 is that of the SMs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetClockInfo(
    _: *const c_void,
    clock: c_uint,
    megahertz: *mut c_uint,
) -> c_int {
    unsafe { *megahertz = if clock == 1 { 1980 } else { 5 } };
    ordered("nvmlDeviceGetClockInfo")
}
