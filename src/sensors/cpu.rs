//! The processor that a software adapter computes on.
//!
//! Energy is that of RAPL's packages (`Documentation/power/powercap/powercap.rst`): `intel-rapl:<n>` named
//! `package-<n>`, on AMD as well; `psys`, which holds the packages, and parts of a package are not counted again. The
//! counters wrap round at `max_energy_range_uj`. Since 2020 only root may read them unless the machine's owner
//! decides otherwise (CVE-2020-8694). Clocks are cpufreq's `scaling_cur_freq` in kHz
//! (`Documentation/admin-guide/pm/cpufreq.rst`), the temperature is that of hwmon's coretemp or k10temp, else of
//! the thermal zone `x86_pkg_temp`, in m°C.

use std::path::{Path, PathBuf};

use super::{Sensor, believable, sysfs};

/// The processor's files.
pub struct Cpu {
    packages: Vec<Package>,
    clocks: Vec<PathBuf>,
    temperatures: Vec<PathBuf>,
    powercap: PathBuf,
}

/// One package and how its counter went on.
struct Package {
    counter: PathBuf,
    range_uj: Option<u64>,
    last_uj: Option<u64>,
    wrapped_uj: u64,
}

impl Cpu {
    /// The files of this machine's processor.
    ///
    /// # Errors
    /// That there are none, with the folder.
    pub fn find(sysfs: &Path) -> Result<Self, String> {
        let powercap = sysfs.join("class/powercap");
        let found = Self {
            packages: sysfs::entries(&powercap, "intel-rapl:")
                .iter()
                .filter_map(|it| Package::of(it))
                .collect(),
            clocks: (sysfs::entries(&sysfs.join("devices/system/cpu"), "cpu").iter())
                .map(|cpu| cpu.join("cpufreq/scaling_cur_freq"))
                .filter(|file| file.is_file())
                .collect(),
            temperatures: temperatures(sysfs),
            powercap,
        };
        if found.packages.is_empty() && found.clocks.is_empty() && found.temperatures.is_empty() {
            return Err(found.no_package());
        }
        Ok(found)
    }

    fn no_package(&self) -> String {
        format!("{}: has no intel-rapl package (a virtual machine has none)", self.powercap.display())
    }
}

impl Sensor for Cpu {
    fn source(&self) -> &'static str {
        "rapl"
    }

    /// All packages or nothing: a sum without one of them would be wrong by a factor.
    fn energy_j(&mut self) -> Result<f64, String> {
        if self.packages.is_empty() {
            return Err(self.no_package());
        }
        let each = self.packages.iter_mut().map(Package::read_uj).collect::<Result<Vec<f64>, String>>()?;
        Ok(each.into_iter().sum::<f64>() * 1e-6)
    }

    fn power_w(&self) -> Result<f64, String> {
        Err("a processor tells no momentary power".into())
    }

    fn clock_hz(&self) -> Option<f64> {
        let clocks = self.clocks.iter().filter_map(|file| sysfs::number(file).ok());
        let hertz: Vec<f64> = clocks.filter_map(|khz| believable::clock_hz(khz as f64 * 1e3)).collect();
        (!hertz.is_empty()).then(|| hertz.iter().sum::<f64>() / hertz.len() as f64)
    }

    fn temperature_c(&self) -> Option<f64> {
        let read = self.temperatures.iter().filter_map(|file| sysfs::number(file).ok());
        let degrees = read.filter_map(|milli| believable::temperature_c(milli as f64 * 1e-3));
        degrees.max_by(f64::total_cmp)
    }
}

impl Package {
    fn of(folder: &Path) -> Option<Self> {
        let name = sysfs::text(&folder.join("name")).ok()?;
        let range_uj = sysfs::number(&folder.join("max_energy_range_uj")).ok();
        let counter = folder.join("energy_uj");
        name.starts_with("package").then_some(Self { counter, range_uj, last_uj: None, wrapped_uj: 0 })
    }

    /// Goes on growing where the counter wraps round. One that runs backwards for another reason grows by a whole
    /// range at once: no device has the power for that, and the meter does not believe it.
    fn read_uj(&mut self) -> Result<f64, String> {
        let now = sysfs::number(&self.counter)?;
        if let (Some(last), Some(range)) = (self.last_uj, self.range_uj)
            && now < last
        {
            self.wrapped_uj = self.wrapped_uj.saturating_add(range);
        }
        self.last_uj = Some(now);
        Ok(now as f64 + self.wrapped_uj as f64)
    }
}

/// A file per package; what coretemp and k10temp number 1 is the package.
fn temperatures(sysfs: &Path) -> Vec<PathBuf> {
    let of = |folders: Vec<PathBuf>, file: &str, names: &[&str], reading: &str| -> Vec<PathBuf> {
        let named =
            |folder: &PathBuf| sysfs::text(&folder.join(file)).is_ok_and(|it| names.contains(&it.as_str()));
        folders.into_iter().filter(named).map(|folder| folder.join(reading)).collect()
    };
    let monitors = sysfs::entries(&sysfs.join("class/hwmon"), "hwmon");
    let found = of(monitors, "name", &["coretemp", "k10temp"], "temp1_input");
    if !found.is_empty() {
        return found;
    }
    let zones = sysfs::entries(&sysfs.join("class/thermal"), "thermal_zone");
    of(zones, "type", &["x86_pkg_temp"], "temp")
}
