//! What the system tells of an adapter's energy, clock and temperature.
//!
//! It reads files below `/sys` and loads NVIDIA's management library, so it is no part of the core: only the worker
//! process and `mtok devices` use it, and what it found comes to everybody else as facts of the record. A value that
//! cannot be read or cannot be true is absent, never zero.
//!
//! | adapter | source | energy | clock | temperature |
//! |---|---|---|---|---|
//! | NVIDIA | `nvml` | total energy, else power usage | SM | GPU |
//! | AMD | `amdgpu` | hwmon energy where there is any, else power | hwmon `freq1` | hwmon `temp1` |
//! | Intel | `i915`, `xe` | hwmon energy | actual frequency of GT 0 | hwmon |
//! | software | `rapl` | all processor packages | mean of the cores | package |
//!
//! They are those of the whole device: whoever else uses it is counted as well, on a processor every process.

mod cpu;
mod gpu_files;
pub mod meter;
mod nvml;
mod sysfs;

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::measurement::DeviceType;

/// One adapter's sensors. Every reading may be absent.
pub trait Sensor {
    /// `nvml`, `amdgpu`, `i915`, `xe` or `rapl`.
    fn source(&self) -> &'static str;

    /// Joules since some moment in the past, a number that only grows: its differences count.
    ///
    /// # Errors
    /// Why there is none, with the file or the function.
    fn energy_j(&mut self) -> Result<f64, String>;

    /// Watts at this moment.
    ///
    /// # Errors
    /// Why there is none, with the file or the function.
    fn power_w(&self) -> Result<f64, String>;

    /// Cycles per second of the clock that computes.
    fn clock_hz(&self) -> Option<f64>;

    /// Degrees Celsius of the hottest part that is named for all of the device.
    fn temperature_c(&self) -> Option<f64>;
}

/// Where sensors are looked for.
#[derive(Clone, Debug)]
pub struct Places {
    /// The root of sysfs.
    pub sysfs: PathBuf,
    /// NVIDIA's management library; `None` for its name on this system.
    pub nvml: Option<OsString>,
}

impl Default for Places {
    fn default() -> Self {
        Self { sysfs: "/sys".into(), nvml: None }
    }
}

/// What identifies an adapter to the system.
#[derive(Clone, Copy, Debug)]
pub struct Device<'d> {
    /// A software adapter computes on the processor.
    pub device_type: DeviceType,
    /// PCI vendor.
    pub vendor_id: u32,
    /// PCI bus address such as `0000:01:00.0`; empty where unknown.
    pub pci_bus_id: &'d str,
}

const NVIDIA: u32 = 0x10de;
const AMD: u32 = 0x1002;
const INTEL: u32 = 0x8086;

/// The sensors of an adapter.
///
/// # Errors
/// Why there are none, with the file or the library that is missing.
pub fn find(device: Device<'_>, places: &Places) -> Result<Box<dyn Sensor>, String> {
    if device.device_type == DeviceType::Software {
        return Ok(Box::new(cpu::Cpu::find(&places.sysfs)?));
    }
    let bus = bus_address(device.pci_bus_id)?;
    match device.vendor_id {
        NVIDIA => Ok(Box::new(nvml::Gpu::find(places.nvml.as_deref(), bus)?)),
        AMD => Ok(Box::new(gpu_files::Amd::find(&places.sysfs, &bus)?)),
        INTEL => Ok(Box::new(gpu_files::Intel::find(&places.sysfs, &bus)?)),
        other => Err(format!("no sensors are known for PCI vendor 0x{other:04x}")),
    }
}

/// The address as sysfs spells it. It becomes part of a path: what a driver says is not trusted to be an address.
fn bus_address(named: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.';
    if named.is_empty() {
        Err("the driver does not tell the PCI bus address".into())
    } else if !named.bytes().all(plain) || named.contains("..") {
        Err(format!("\"{}\" is no PCI bus address", crate::text::inert(named)))
    } else {
        Ok(named.to_ascii_lowercase())
    }
}

/// What the sensors of an adapter were able to read once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Where readings come from; `None` without any.
    pub source: Option<String>,
    /// How energy is known: `counter` or `power`; `None` where it is not.
    pub energy: Option<String>,
    /// Whether the clock can be read.
    pub clock: bool,
    /// Whether the temperature can be read.
    pub temperature: bool,
    /// Why there is no energy; `None` where there is.
    pub missing: Option<String>,
}

impl Offer {
    /// Looks for the sensors of an adapter and reads each.
    pub fn of(device: Device<'_>, places: &Places) -> Self {
        let mut sensor = match find(device, places) {
            Ok(sensor) => sensor,
            Err(missing) => return Self { missing: Some(missing), ..Self::default() },
        };
        let (counter, power) = (sensor.energy_j(), sensor.power_w());
        let energy = match (&counter, &power) {
            (Ok(_), _) => Some("counter".to_owned()),
            (Err(_), Ok(_)) => Some("power".to_owned()),
            (Err(_), Err(_)) => None,
        };
        Self {
            source: Some(sensor.source().to_owned()),
            clock: sensor.clock_hz().is_some(),
            temperature: sensor.temperature_c().is_some(),
            missing: counter.err().filter(|_| energy.is_none()),
            energy,
        }
    }
}

/// What NVIDIA's library tells a GPU from its siblings by. Unknown is empty or absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Nvidia {
    /// PCI bus address, as the library spells it.
    pub pci_bus_id: String,
    /// The maker's own number of the GPU, `GPU-…`.
    pub uuid: String,
    /// The number of its device file, `/dev/nvidia<minor>`.
    pub minor: Option<u32>,
    /// The highest clock of the SMs, cycles per second.
    pub clock_max_hz: Option<f64>,
    /// The power limit that is in force, W.
    pub power_limit_w: Option<f64>,
}

/// The NVIDIA GPUs that this process may use: one that a container or a control group hides is not among them.
///
/// # Errors
/// That the library cannot be loaded, or what it says.
pub fn nvidia(places: &Places) -> Result<Vec<Nvidia>, String> {
    nvml::all(places.nvml.as_deref())
}

/// The bounds of what is believed. Nothing that mtok runs on takes 10 kW, ticks beyond 20 GHz or lives above 150 °C.
mod believable {
    /// Watts of a device.
    pub fn power_w(value: f64) -> Option<f64> {
        Some(value).filter(|watts| *watts > 0.0 && *watts <= 10_000.0)
    }

    /// Cycles per second; a clock that stands still says that the device sleeps.
    pub fn clock_hz(value: f64) -> Option<f64> {
        Some(value).filter(|hertz| *hertz >= 1e6 && *hertz <= 20e9)
    }

    /// Degrees Celsius.
    pub fn temperature_c(value: f64) -> Option<f64> {
        Some(value).filter(|degrees| *degrees > 0.0 && *degrees <= 150.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_becomes_part_of_a_path() {
        assert_eq!(bus_address("0000:0A:00.0").as_deref(), Ok("0000:0a:00.0"));
        for hostile in ["", "..", "0000:01:00.0/../..", "a/b", "0000\u{0}"] {
            assert!(bus_address(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn an_unknown_vendor_has_no_sensors_and_says_which_it_is() {
        let device =
            Device { device_type: DeviceType::DiscreteGpu, vendor_id: 0x13b5, pci_bus_id: "0:1:0.0" };
        let offer = Offer::of(device, &Places::default());
        assert_eq!(offer.missing.as_deref(), Some("no sensors are known for PCI vendor 0x13b5"));
        assert_eq!((offer.source, offer.energy), (None, None));
    }
}
