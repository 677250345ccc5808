//! Stands in for NVIDIA's management library: a few of its functions with its names and its types (`nvml.h`), for one
//! GPU at 0000:01:00.0, and one beside it that this process may not use. The environment says what it answers: `STAND_IN_NVML=<function>=<return code>,…`. It has no
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

/// As in `nvml.h`.
#[repr(C)]
pub struct Pci {
    legacy: [c_char; 16],
    domain: c_uint,
    bus: c_uint,
    device: c_uint,
    device_id: c_uint,
    subsystem_id: c_uint,
    bus_id: [c_char; 32],
}

/// Copies a text with its zero.
unsafe fn tell(text: &CStr, to: *mut c_char) {
    for (place, byte) in text.to_bytes_with_nul().iter().enumerate() {
        unsafe { *to.add(place) = *byte as c_char };
    }
}

/// # Safety
/// As in `nvml.h`: a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(count: *mut c_uint) -> c_int {
    unsafe { *count = 2 };
    ordered("nvmlDeviceGetCount_v2")
}

/// # Safety
/// As in `nvml.h`: a place for a handle. What counts includes what may not be used (`NVML_ERROR_NO_PERMISSION`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, device: *mut *const c_void) -> c_int {
    const NO_PERMISSION: c_int = 4;
    if index == 0 {
        return NO_PERMISSION;
    }
    unsafe { *device = (&raw const GPU).cast() };
    SUCCESS
}

/// # Safety
/// As in `nvml.h`: a handle of this library and a place for the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(_: *const c_void, pci: *mut Pci) -> c_int {
    unsafe {
        *pci = std::mem::zeroed();
        (*pci).bus = 1;
        tell(c"00000000:01:00.0", (&raw mut (*pci).bus_id).cast());
    }
    ordered("nvmlDeviceGetPciInfo_v3")
}

/// # Safety
/// As in `nvml.h`: a handle of this library and a place for a text that is long enough.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUUID(_: *const c_void, uuid: *mut c_char, _: c_uint) -> c_int {
    unsafe { tell(c"GPU-11111111-2222-3333-4444-555555555555", uuid) };
    ordered("nvmlDeviceGetUUID")
}

/// # Safety
/// As in `nvml.h`: a handle of this library and a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMinorNumber(_: *const c_void, minor: *mut c_uint) -> c_int {
    unsafe { *minor = 5 };
    ordered("nvmlDeviceGetMinorNumber")
}

/// # Safety
/// As in `nvml.h`: a handle of this library, a clock and a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMaxClockInfo(
    _: *const c_void,
    clock: c_uint,
    megahertz: *mut c_uint,
) -> c_int {
    unsafe { *megahertz = if clock == 1 { 2010 } else { 7 } };
    ordered("nvmlDeviceGetMaxClockInfo")
}

/// # Safety
/// As in `nvml.h`: a handle of this library and a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetEnforcedPowerLimit(_: *const c_void, milliwatts: *mut c_uint) -> c_int {
    unsafe { *milliwatts = 700_000 };
    ordered("nvmlDeviceGetEnforcedPowerLimit")
}
