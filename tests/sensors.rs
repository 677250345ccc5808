//! Sensors of recorded devices and of a library that stands in for NVIDIA's: what they say, and that whatever cannot
//! be right is absent.

#![cfg(all(feature = "gpu", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;
mod device;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use common::{data, folder};
use mtok::gpu::sampler::{Plan, Sampler, Visit};
use mtok::kernel::Kernel;
use mtok::measurement::{DeviceType, Identity, Sensed, wire};
use mtok::op::Op;
use mtok::sensors::{Device, Nvidia, Offer, Places, Sensor, find, nvidia};
use tempfile::TempDir;

const AMD: u32 = 0x1002;
const INTEL: u32 = 0x8086;
const NVIDIA: u32 = 0x10de;
const MONITOR: &str = "bus/pci/devices/0000:03:00.0/hwmon";

/// A tree of `tests/data/sysfs`, written out.
struct Tree(TempDir);

impl Tree {
    fn of(name: &str) -> Self {
        let tree = Self(folder());
        let text = fs::read_to_string(data(&format!("sysfs/{name}.tree"))).unwrap();
        for line in text.lines() {
            let (path, contents) = line.split_once(" = ").unwrap();
            tree.set(path, &format!("{contents}\n"));
        }
        tree
    }

    fn set(&self, path: &str, contents: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn places(&self) -> Places {
        Places { sysfs: self.0.path().to_owned(), nvml: None }
    }

    fn sensor(&self, vendor_id: u32) -> Box<dyn Sensor> {
        find(gpu(vendor_id), &self.places()).unwrap()
    }

    fn cpu(&self) -> Box<dyn Sensor> {
        find(SOFTWARE, &self.places()).unwrap()
    }
}

const SOFTWARE: Device<'_> = Device { device_type: DeviceType::Software, vendor_id: 0x10005, pci_bus_id: "" };

fn gpu(vendor_id: u32) -> Device<'static> {
    Device { device_type: DeviceType::DiscreteGpu, vendor_id, pci_bus_id: "0000:03:00.0" }
}

/// Counter in J, power in W, clock in Hz, temperature in °C.
fn all(sensor: &mut dyn Sensor) -> [Option<f64>; 4] {
    [sensor.energy_j().ok(), sensor.power_w().ok(), sensor.clock_hz(), sensor.temperature_c()]
}

/// Equal but for the rounding of a unit.
#[track_caller]
fn assert_close(shown: [Option<f64>; 4], expected: [Option<f64>; 4]) {
    let close = |pair: (&Option<f64>, &Option<f64>)| match pair {
        (Some(a), Some(b)) => (a / b - 1.0).abs() < 1e-12,
        (a, b) => a == b,
    };
    assert!(shown.iter().zip(&expected).all(close), "{shown:?} is not {expected:?}");
}

#[test]
fn an_amd_gpu_has_power_clock_and_temperature() {
    let tree = Tree::of("amdgpu");
    let mut sensor = tree.sensor(AMD);
    assert_eq!(sensor.source(), "amdgpu");
    assert_close(all(&mut *sensor), [None, Some(213.0), Some(2.371e9), Some(61.0)]);
    // Newer devices have only the power of the moment.
    tree.remove(&format!("{MONITOR}/hwmon4/power1_average"));
    tree.set(&format!("{MONITOR}/hwmon4/power1_input"), "187000000\n");
    tree.set(&format!("{MONITOR}/hwmon4/energy1_input"), "5000000\n");
    assert_close(all(&mut *sensor), [Some(5.0), Some(187.0), Some(2.371e9), Some(61.0)]);
}

#[test]
fn an_intel_gpu_has_energy_of_the_whole_device_by_either_driver() {
    let mut i915 = Tree::of("i915").sensor(INTEL);
    // The tree is gone with its folder; only what was found is left.
    assert_eq!(i915.source(), "i915");
    assert_close(all(&mut *i915), [None; 4]);
    let tree = Tree::of("i915");
    assert_close(all(&mut *tree.sensor(INTEL)), [Some(918_273.645), None, Some(2.4e9), Some(54.0)]);
    let tree = Tree::of("xe");
    let mut xe = tree.sensor(INTEL);
    assert_eq!(xe.source(), "xe");
    assert_close(all(&mut *xe), [Some(4563.21), None, Some(2.85e9), Some(49.0)]);
    // The card's counter comes before that of its package.
    tree.set(&format!("{MONITOR}/hwmon5/energy1_input"), "7000000000\n");
    assert_eq!(xe.energy_j(), Ok(7000.0));
}

#[test]
fn an_intel_gpu_without_a_monitor_still_has_a_clock() {
    let tree = Tree::of("i915");
    fs::remove_dir_all(tree.path(MONITOR)).unwrap();
    let mut sensor = tree.sensor(INTEL);
    assert_close(all(&mut *sensor), [None, None, Some(2.4e9), None]);
    let offer = Offer::of(gpu(INTEL), &tree.places());
    assert_eq!((offer.source.as_deref(), offer.energy, offer.clock), (Some("i915"), None, true));
    assert!(offer.missing.unwrap().contains("hwmon/energy1_input: No such file"));
}

#[test]
fn a_processor_has_the_energy_of_its_packages_and_nothing_twice() {
    let tree = Tree::of("rapl");
    let mut sensor = tree.cpu();
    assert_eq!(sensor.source(), "rapl");
    assert_close(all(&mut *sensor), [Some(262_148.0), None, Some(3.2e9), Some(63.0)]);
    fs::remove_dir_all(tree.path("class/hwmon")).unwrap();
    tree.set("class/thermal/thermal_zone3/type", "x86_pkg_temp\n");
    tree.set("class/thermal/thermal_zone3/temp", "44000\n");
    assert_eq!(tree.cpu().temperature_c(), Some(44.0));
}

#[test]
fn a_counter_that_wraps_round_goes_on_growing() {
    let tree = Tree::of("rapl");
    let mut sensor = tree.cpu();
    let before = sensor.energy_j().unwrap();
    tree.set("class/powercap/intel-rapl:0/energy_uj", "671150\n");
    let wrapped = sensor.energy_j().unwrap();
    assert!((wrapped - before - 1.0).abs() < 1e-6, "{before} {wrapped}");
    tree.set("class/powercap/intel-rapl:0/energy_uj", "1671150\n");
    assert!((sensor.energy_j().unwrap() - wrapped - 1.0).abs() < 1e-6);
}

#[test]
fn one_package_that_cannot_be_read_leaves_no_energy() {
    let tree = Tree::of("rapl");
    tree.remove("class/powercap/intel-rapl:1/energy_uj");
    let offer = Offer::of(SOFTWARE, &tree.places());
    assert_eq!((offer.source.as_deref(), offer.energy), (Some("rapl"), None));
    assert!(offer.clock && offer.temperature);
    let missing = offer.missing.unwrap();
    assert!(missing.contains("class/powercap/intel-rapl:1/energy_uj: No such file"), "{missing}");
}

#[test]
fn hostile_contents_are_absent_and_never_zero() {
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let huge = "9".repeat(5000);
    for hostile in [
        "",
        "garbage\n",
        "-5\n",
        "0x10\n",
        "1e9\n",
        "18446744073709551616\n",
        "1\n2\n",
        "\u{0}",
        &huge,
        "DIR",
        "PIPE",
    ] {
        for (name, vendor) in [("amdgpu", AMD), ("i915", INTEL), ("xe", INTEL), ("rapl", 0)] {
            let tree = Tree::of(name);
            let text = fs::read_to_string(data(&format!("sysfs/{name}.tree"))).unwrap();
            let paths = text.lines().map(|line| line.split_once(" = ").unwrap().0);
            for path in paths.filter(|path| !path.ends_with("/name") && !path.ends_with("/type")) {
                tree.remove(path);
                match hostile {
                    "DIR" => fs::create_dir(tree.path(path)).unwrap(),
                    "PIPE" => pipe(&tree.path(path)),
                    text => tree.set(path, text),
                }
            }
            let device = if vendor == 0 { SOFTWARE } else { gpu(vendor) };
            let mut sensor = find(device, &tree.places()).unwrap();
            assert_eq!(all(&mut *sensor), [None; 4], "{name} {hostile:?}");
        }
    }
}

#[test]
fn what_cannot_be_true_is_absent() {
    let tree = Tree::of("amdgpu");
    for (power, clock, temperature) in [("0", "0", "0"), ("18446744073709551615", "99000000000000", "900000")]
    {
        tree.set(&format!("{MONITOR}/hwmon4/power1_average"), power);
        tree.set(&format!("{MONITOR}/hwmon4/freq1_input"), clock);
        tree.set(&format!("{MONITOR}/hwmon4/temp1_input"), temperature);
        assert_eq!(all(&mut *tree.sensor(AMD)), [None; 4]);
    }
}

#[test]
fn a_machine_without_files_says_which_are_missing() {
    let empty = Tree(folder());
    for (device, file) in [
        (SOFTWARE, "class/powercap: has no intel-rapl package"),
        (gpu(AMD), "0000:03:00.0/hwmon: there is no hwmon named amdgpu"),
        (gpu(INTEL), "0000:03:00.0: shows neither i915 nor xe"),
    ] {
        let offer = Offer::of(device, &empty.places());
        assert!(offer.missing.as_ref().is_some_and(|missing| missing.contains(file)), "{offer:?}");
        assert_eq!((offer.source, offer.energy, offer.clock, offer.temperature), (None, None, false, false));
    }
    // A folder of another driver is none of this one.
    let other = Tree::of("xe");
    assert!(find(gpu(AMD), &other.places()).is_err());
}

/// The stand-in for NVIDIA's library; `None` with a message where there is no compiler.
fn stand_in(out: &Path) -> Option<PathBuf> {
    let library = out.join("libstand-in-nvml.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stand_in/nvml.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled = Command::new(compiler)
        .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
        .args([&library, &source])
        .output();
    match compiled {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(library)
        }
        Err(error) => {
            eprintln!("skipped: rustc cannot be started: {error}");
            None
        }
    }
}

/// What a test below is told by one of the processes that ask the stand-in.
fn told<T: serde::de::DeserializeOwned>(test: &str, library: &Path, returns: &str, bus: &str) -> T {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this)
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("STAND_IN_NVML", returns)
        .env("STAND_IN_NVML_LIBRARY", library)
        .env("STAND_IN_NVML_BUS", bus)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once("told: ")).unwrap_or_else(|| panic!("{text}")).1;
    serde_json::from_str(line).unwrap()
}

/// What the sensors of an NVIDIA GPU offer, asked in a process of its own: what the stand-in returns is told by the
/// environment.
fn offered(library: &Path, bus: &str, returns: &str) -> (Offer, [Option<f64>; 4]) {
    told("an_nvidia_gpu_is_asked", library, returns, bus)
}

#[test]
#[ignore = "runs in a process of its own, started by the tests below"]
fn an_nvidia_gpu_is_asked() {
    let variable = |name| std::env::var(name).unwrap();
    let places = Places { nvml: Some(variable("STAND_IN_NVML_LIBRARY").into()), ..Places::default() };
    let bus = variable("STAND_IN_NVML_BUS");
    let device = Device { device_type: DeviceType::DiscreteGpu, vendor_id: NVIDIA, pci_bus_id: &bus };
    let read = find(device, &places).map_or([None; 4], |mut sensor| all(&mut *sensor));
    println!("told: {}", serde_json::to_string(&(Offer::of(device, &places), read)).unwrap());
}

#[test]
fn an_nvidia_gpu_is_found_by_its_bus_address() {
    let here = folder();
    let Some(library) = stand_in(here.path()) else { return };
    let (offer, read) = offered(&library, "0000:01:00.0", "");
    assert_eq!((offer.source.as_deref(), offer.energy.as_deref()), (Some("nvml"), Some("counter")));
    // The stand-in has no function for the temperature.
    assert!(offer.clock && !offer.temperature && offer.missing.is_none());
    assert_close(read, [Some(1000.0), Some(287.5), Some(1.98e9), None]);
    let (offer, read) = offered(&library, "0000:02:00.0", "");
    assert_eq!(read, [None; 4]);
    let missing = offer.missing.unwrap();
    assert!(missing.starts_with("nvmlDeviceGetHandleByPciBusId_v2: "), "{missing}");
}

#[test]
fn what_nvidias_library_refuses_is_absent() {
    let here = folder();
    let Some(library) = stand_in(here.path()) else { return };
    let ask = |returns| offered(&library, "0000:01:00.0", returns);
    // 3 is NVML_ERROR_NOT_SUPPORTED, 15 is NVML_ERROR_GPU_IS_LOST, 9 is NVML_ERROR_DRIVER_NOT_LOADED.
    let (offer, read) = ask("nvmlDeviceGetTotalEnergyConsumption=3");
    assert_eq!((offer.energy.as_deref(), offer.missing), (Some("power"), None));
    assert_close(read, [None, Some(287.5), Some(1.98e9), None]);
    let lost = "nvmlDeviceGetTotalEnergyConsumption=15,nvmlDeviceGetPowerUsage=15,nvmlDeviceGetClockInfo=15";
    let (offer, read) = ask(lost);
    assert_eq!((offer.source.as_deref(), offer.energy, read), (Some("nvml"), None, [None; 4]));
    assert!(offer.missing.unwrap().starts_with("nvmlDeviceGetTotalEnergyConsumption: "));
    for nothing in ["nvmlInit_v2=9", "nvmlDeviceGetHandleByPciBusId_v2=15"] {
        let (offer, read) = ask(nothing);
        assert_eq!((offer.source, read), (None, [None; 4]), "{nothing}");
        assert!(offer.missing.unwrap().starts_with(nothing.split('=').next().unwrap()));
    }
}

#[test]
#[ignore = "runs in a process of its own, started by the test below"]
fn nvidias_gpus_are_listed() {
    let library = std::env::var("STAND_IN_NVML_LIBRARY").unwrap();
    let listed = nvidia(&Places { nvml: Some(library.into()), ..Places::default() });
    println!("told: {}", serde_json::to_string(&listed).unwrap());
}

#[test]
fn the_gpus_that_nvidias_library_lets_a_process_use_are_told_apart() {
    let here = folder();
    let Some(library) = stand_in(here.path()) else { return };
    let ask =
        |returns: &str| told::<Result<Vec<Nvidia>, String>>("nvidias_gpus_are_listed", &library, returns, "");
    let whole = Nvidia {
        pci_bus_id: "00000000:01:00.0".into(),
        uuid: "GPU-11111111-2222-3333-4444-555555555555".into(),
        minor: Some(5),
        clock_max_hz: Some(2.01e9),
        power_limit_w: Some(700.0),
    };
    assert_eq!(ask(""), Ok(vec![whole.clone()]));
    // 3 is NVML_ERROR_NOT_SUPPORTED: what is not known is absent.
    let refused = ["UUID", "MinorNumber", "MaxClockInfo", "EnforcedPowerLimit"];
    let refused: Vec<String> = refused.iter().map(|what| format!("nvmlDeviceGet{what}=3")).collect();
    assert_eq!(
        ask(&refused.join(",")),
        Ok(vec![Nvidia { pci_bus_id: whole.pci_bus_id, ..Nvidia::default() }])
    );
    assert!(ask("nvmlDeviceGetCount_v2=15").unwrap_err().starts_with("nvmlDeviceGetCount_v2: "));
    let absent = Places { nvml: Some(here.path().join("absent.so").into()), ..Places::default() };
    assert!(nvidia(&absent).unwrap_err().starts_with("nvmlInit_v2: "));
}

#[test]
fn a_library_that_is_absent_or_none_is_no_sensor() {
    let here = folder();
    let no_library = common::write(here.path(), "libnvidia-ml.so.1", "no library");
    for library in [here.path().join("absent.so"), no_library.into()] {
        let places = Places { nvml: Some(library.into()), ..Places::default() };
        let offer = Offer::of(gpu(NVIDIA), &places);
        assert_eq!((offer.source, offer.energy), (None, None));
        assert!(offer.missing.unwrap().starts_with("nvmlInit_v2: "));
    }
}

/// A device that always takes 50 W, by the clock of the host, and how often it was asked.
struct Steady {
    start: Instant,
    asked: Rc<Cell<u32>>,
}

impl Sensor for Steady {
    fn source(&self) -> &'static str {
        "steady"
    }
    fn energy_j(&mut self) -> Result<f64, String> {
        self.asked.set(self.asked.get() + 1);
        Ok(50.0 * self.start.elapsed().as_secs_f64())
    }
    fn power_w(&self) -> Result<f64, String> {
        Err("none".into())
    }
    fn clock_hz(&self) -> Option<f64> {
        Some(2e9)
    }
    fn temperature_c(&self) -> Option<f64> {
        Some(40.0)
    }
}

#[test]
fn a_measured_row_carries_what_the_sensor_said_and_without_one_nothing() {
    let Some(gpu) = device::gpu() else { return };
    let op = Op::Copy { bytes: 1 << 20 };
    let long = Plan { time: Duration::from_secs(1), samples_min: 200, noise: 0.0, sampled_s: 1.0 };
    let measured = |sampler: Sampler<'_>, plan: Plan| {
        let visit = Visit::new(Kernel::find("copy").unwrap(), op, 1, plan);
        sampler.measure(&visit, &Identity::default()).unwrap().measurement
    };
    let asked = Rc::new(Cell::new(0));
    let sensor = Box::new(Steady { start: Instant::now(), asked: Rc::clone(&asked) });
    let row = measured(Sampler::new(&gpu).unwrap().with_sensor(sensor), long);
    let timing = row.timing().unwrap();
    let power = timing.mean_power().unwrap_or_else(|| panic!("{timing:?}"));
    assert!((power.0 / 50.0 - 1.0).abs() < 0.1, "{power:?}");
    assert_eq!((timing.sensed.clock_hz, timing.sensed.temperature_c), (Some(2e9), Some(40.0)));
    let window = timing.sensed.energy.as_ref().unwrap().window.0;
    assert!(f64::from(asked.get()) <= window / 0.02 + 4.0, "asked {} times in {window} s", asked.get());
    assert!(wire::row(&row).contains(",steady,2000000000,40,"));
    let silent = measured(Sampler::new(&gpu).unwrap(), device::PLAN);
    assert_eq!(silent.timing().unwrap().sensed, Sensed::default());
}
