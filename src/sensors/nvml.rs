//! NVIDIA's management library, loaded at run time: it comes with the driver, and where there is no driver there is
//! no library and no sensor.

use std::ffi::OsStr;

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::error::NvmlError;

use super::{Nvidia, Sensor, believable};

fn load(library: Option<&OsStr>) -> Result<Nvml, String> {
    let loaded = match library {
        Some(path) => Nvml::builder().lib_path(path).init(),
        None => Nvml::init(),
    };
    loaded.map_err(|error| told("nvmlInit_v2", &error))
}

/// Every GPU that the library lets this process use. It counts those as well that it then refuses.
pub fn all(library: Option<&OsStr>) -> Result<Vec<Nvidia>, String> {
    let nvml = load(library)?;
    let count = nvml.device_count().map_err(|error| told("nvmlDeviceGetCount_v2", &error))?;
    let known = |index| {
        let gpu = nvml.device_by_index(index).ok()?;
        let megahertz = gpu.max_clock_info(Clock::SM).ok();
        let milliwatts = gpu.enforced_power_limit().ok();
        Some(Nvidia {
            pci_bus_id: gpu.pci_info().ok()?.bus_id,
            uuid: gpu.uuid().unwrap_or_default(),
            minor: gpu.minor_number().ok(),
            clock_max_hz: megahertz.and_then(|clock| believable::clock_hz(f64::from(clock) * 1e6)),
            power_limit_w: milliwatts.and_then(|power| believable::power_w(f64::from(power) * 1e-3)),
        })
    };
    Ok((0..count).filter_map(known).collect())
}

/// A GPU that the library knows.
pub struct Gpu {
    nvml: Nvml,
    bus: String,
}

impl Gpu {
    /// The GPU at a bus address. The library answers for whole GPUs: a slice of one (MIG) has the sensors of all.
    ///
    /// # Errors
    /// That the library cannot be loaded, or what it says of the address.
    pub fn find(library: Option<&OsStr>, bus: String) -> Result<Self, String> {
        let gpu = Self { nvml: load(library)?, bus };
        gpu.ask("nvmlDeviceGetHandleByPciBusId_v2", |_| Ok(()))?;
        Ok(gpu)
    }

    /// Looks the GPU up and asks it something.
    fn ask<T>(
        &self,
        function: &str,
        question: impl FnOnce(&nvml_wrapper::Device<'_>) -> Result<T, NvmlError>,
    ) -> Result<T, String> {
        let device = self.nvml.device_by_pci_bus_id(self.bus.as_str());
        device.and_then(|device| question(&device)).map_err(|error| told(function, &error))
    }
}

impl Sensor for Gpu {
    fn source(&self) -> &'static str {
        "nvml"
    }

    /// In mJ since the driver was loaded; from Volta on. On A100 and H100 the library looks at the power only a
    /// quarter of the time (Yang et al., "Part-time Power Measurements", arXiv 2312.02741): kernels that alternate in
    /// step with it are misjudged, one kernel that runs all the time is not.
    fn energy_j(&mut self) -> Result<f64, String> {
        let read = self.ask("nvmlDeviceGetTotalEnergyConsumption", |gpu| gpu.total_energy_consumption());
        read.map(|millijoules| millijoules as f64 * 1e-3)
    }

    /// In mW: the mean over a second on Ampere except GA100 and on later ones, else of the moment.
    fn power_w(&self) -> Result<f64, String> {
        let function = "nvmlDeviceGetPowerUsage";
        let watts = f64::from(self.ask(function, |gpu| gpu.power_usage())?) * 1e-3;
        believable::power_w(watts).ok_or_else(|| format!("{function}: {watts} W cannot be"))
    }

    fn clock_hz(&self) -> Option<f64> {
        let megahertz = self.ask("nvmlDeviceGetClockInfo", |gpu| gpu.clock_info(Clock::SM)).ok()?;
        believable::clock_hz(f64::from(megahertz) * 1e6)
    }

    fn temperature_c(&self) -> Option<f64> {
        let gpu = TemperatureSensor::Gpu;
        let degrees = self.ask("nvmlDeviceGetTemperature", |device| device.temperature(gpu)).ok()?;
        believable::temperature_c(f64::from(degrees))
    }
}

fn told(function: &str, error: &NvmlError) -> String {
    crate::text::inert(&format!("{function}: {error}"))
}
