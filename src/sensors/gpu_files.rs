//! GPUs whose drivers show their sensors as files: amdgpu, i915 and xe.
//!
//! Names and units are those of the kernel: `Documentation/hwmon/sysfs-interface.rst` (µJ, µW, Hz, m°C), "GPU
//! Power/Thermal Controls and Monitoring" for amdgpu, `ABI/testing/sysfs-driver-intel-i915-hwmon`,
//! `sysfs-driver-intel-xe-hwmon` and, for frequencies, i915's `gt/gt<n>/rps_act_freq_mhz` and xe's "GT Frequency
//! Management". They are part of the device's folder below `/sys/bus/pci/devices`.

use std::path::{Path, PathBuf};

use super::{Sensor, believable, sysfs};

const MICRO: f64 = 1e-6;
const MILLI: f64 = 1e-3;
const MEGA: f64 = 1e6;

/// An AMD GPU.
pub struct Amd {
    monitor: PathBuf,
}

/// An Intel GPU; an integrated one has no monitor.
pub struct Intel {
    source: &'static str,
    device: PathBuf,
    monitor: PathBuf,
}

impl Amd {
    /// The monitor of the GPU at a bus address.
    ///
    /// # Errors
    /// The folder that has none.
    pub fn find(sysfs: &Path, bus: &str) -> Result<Self, String> {
        let monitors = device(sysfs, bus).join("hwmon");
        let missing = || format!("{}: there is no hwmon named amdgpu", monitors.display());
        Ok(Self { monitor: monitor(&monitors, "amdgpu").ok_or_else(missing)? })
    }
}

impl Intel {
    /// The files of the GPU at a bus address.
    ///
    /// # Errors
    /// The folder that shows neither of the two drivers.
    pub fn find(sysfs: &Path, bus: &str) -> Result<Self, String> {
        let device = device(sysfs, bus);
        let monitors = device.join("hwmon");
        let named = |source| monitor(&monitors, source).map(|monitor| (source, monitor));
        let by_monitor = named("i915").or_else(|| named("xe"));
        let by_clock = || {
            let drivers = [("i915", i915_clock(&device)), ("xe", Some(xe_clock(&device)))];
            let shown =
                drivers.into_iter().find(|(_, file)| file.as_ref().is_some_and(|file| file.is_file()));
            shown.map(|(source, _)| (source, monitors.clone()))
        };
        let missing = || format!("{}: shows neither i915 nor xe", device.display());
        let (source, monitor) = by_monitor.or_else(by_clock).ok_or_else(missing)?;
        Ok(Self { source, device, monitor })
    }
}

impl Sensor for Amd {
    fn source(&self) -> &'static str {
        "amdgpu"
    }

    fn energy_j(&mut self) -> Result<f64, String> {
        Ok(sysfs::number(&self.monitor.join("energy1_input"))? as f64 * MICRO)
    }

    /// The average where there is one: between two samples the device rests.
    fn power_w(&self) -> Result<f64, String> {
        let read = |name| watts(&self.monitor.join(name));
        read("power1_average").or_else(|average| read("power1_input").map_err(|_| average))
    }

    fn clock_hz(&self) -> Option<f64> {
        scaled(&self.monitor.join("freq1_input"), 1.0).and_then(believable::clock_hz)
    }

    fn temperature_c(&self) -> Option<f64> {
        scaled(&self.monitor.join("temp1_input"), MILLI).and_then(believable::temperature_c)
    }
}

impl Sensor for Intel {
    fn source(&self) -> &'static str {
        self.source
    }

    /// The card's; the package's where the card has none.
    fn energy_j(&mut self) -> Result<f64, String> {
        let read = |name| sysfs::number(&self.monitor.join(name)).map(|value| value as f64 * MICRO);
        read("energy1_input").or_else(|card| read("energy2_input").map_err(|_| card))
    }

    fn power_w(&self) -> Result<f64, String> {
        watts(&self.monitor.join("power1_input"))
    }

    fn clock_hz(&self) -> Option<f64> {
        let file = if self.source == "xe" { xe_clock(&self.device) } else { i915_clock(&self.device)? };
        scaled(&file, MEGA).and_then(believable::clock_hz)
    }

    /// xe numbers its package 2.
    fn temperature_c(&self) -> Option<f64> {
        let read = |name| scaled(&self.monitor.join(name), MILLI).and_then(believable::temperature_c);
        read("temp1_input").or_else(|| read("temp2_input"))
    }
}

fn device(sysfs: &Path, bus: &str) -> PathBuf {
    sysfs.join("bus/pci/devices").join(bus)
}

/// The monitor of the whole device: those of its parts have longer names, such as `i915_gt0`.
fn monitor(monitors: &Path, name: &str) -> Option<PathBuf> {
    let named = |folder: &PathBuf| sysfs::text(&folder.join("name")).is_ok_and(|found| found == name);
    sysfs::entries(monitors, "hwmon").into_iter().find(named)
}

fn i915_clock(device: &Path) -> Option<PathBuf> {
    let card = sysfs::entries(&device.join("drm"), "card").into_iter().next()?;
    Some(card.join("gt/gt0/rps_act_freq_mhz"))
}

fn xe_clock(device: &Path) -> PathBuf {
    device.join("tile0/gt0/freq0/act_freq")
}

fn scaled(file: &Path, unit: f64) -> Option<f64> {
    sysfs::number(file).ok().map(|value| value as f64 * unit)
}

fn watts(file: &Path) -> Result<f64, String> {
    let watts = sysfs::number(file)? as f64 * MICRO;
    believable::power_w(watts).ok_or_else(|| format!("{}: {watts} W cannot be", file.display()))
}
