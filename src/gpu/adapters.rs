//! What can be measured on this machine.

use serde::{Deserialize, Serialize};
use wgpu::{Backend, Backends, Features};

use super::pci::Address;
use crate::kernel::{Capabilities, CooperativeSizes};
use crate::measurement::{DeviceType, Identity};
use crate::sensors;
use crate::units::Bytes;

/// An adapter that can be opened.
#[derive(Debug)]
pub struct Adapter {
    /// What it offers.
    pub facts: Facts,
    handle: wgpu::Adapter,
}

/// What an adapter is and offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Position in the list: the only handle that is always unique.
    pub index: u32,
    /// Name as the driver gives it.
    pub name: String,
    /// `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// Driver name.
    pub driver: String,
    /// Driver version text.
    pub driver_info: String,
    /// Kind of device.
    pub device_type: DeviceType,
    /// PCI vendor.
    pub vendor_id: u32,
    /// PCI device.
    pub device_id: u32,
    /// PCI bus address; empty where unknown.
    pub pci_bus_id: String,
    /// Limits that decide what can be measured.
    pub limits: Limits,
    /// Features that decide how.
    pub features: FeatureFacts,
}

/// The limits that matter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest buffer.
    pub buffer_bytes: u64,
    /// Largest storage binding.
    pub binding_bytes: u64,
    /// Workgroup memory.
    pub workgroup_bytes: u32,
    /// Invocations per workgroup.
    pub invocations_per_workgroup: u32,
    /// Smallest subgroup, 0 where unknown.
    pub subgroup_min: u32,
    /// Largest subgroup, 0 where unknown.
    pub subgroup_max: u32,
}

/// The features that matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureFacts {
    /// 16-bit floats in shaders.
    pub f16: bool,
    /// Subgroup operations.
    pub subgroups: bool,
    /// Timestamp queries.
    pub timestamps: bool,
    /// 64-bit integers in shaders.
    pub int64: bool,
    /// Shapes of matrices that tensor cores take, as `MxNxK input -> sum`; empty without.
    pub cooperative_matrices: Vec<String>,
}

/// All adapters, and which backends were asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listing<A> {
    /// Adapters in order of their index.
    pub adapters: Vec<A>,
    /// Backends asked, with the number of adapters each gave.
    pub asked: Vec<(String, usize)>,
}

impl Listing<Adapter> {
    /// What can be told to another process.
    pub fn facts(&self) -> Listing<Facts> {
        let adapters = self.adapters.iter().map(|adapter| adapter.facts.clone()).collect();
        Listing { adapters, asked: self.asked.clone() }
    }
}

/// The backends that a device is looked for in. GL comes last and only when asked: it shows the devices of the
/// others a second time, and where those fail it falls back to a software renderer without a word.
pub fn list(with_gl: bool) -> Listing<Adapter> {
    let mut backends = vec![("vulkan", Backends::VULKAN)];
    if cfg!(target_vendor = "apple") {
        backends = vec![("metal", Backends::METAL)];
    }
    if cfg!(windows) {
        backends.push(("dx12", Backends::DX12));
    }
    if with_gl {
        backends.push(("gl", Backends::GL));
    }
    #[cfg(feature = "faults")]
    if super::faults::noop() {
        backends = vec![("noop", Backends::NOOP)];
    }
    let mut listing = Listing { adapters: Vec::new(), asked: Vec::new() };
    for (name, backend) in backends {
        let found = enumerate(backend);
        listing.asked.push((name.to_owned(), found.len()));
        // DX12 shows the devices of Vulkan a second time.
        let seen: Vec<(u32, u32)> = listing.adapters.iter().map(Adapter::pci_ids).collect();
        for handle in found {
            let index = listing.adapters.len() as u32;
            let adapter = Adapter { facts: facts(index, &handle), handle };
            if name != "dx12" || !seen.contains(&adapter.pci_ids()) {
                listing.adapters.push(adapter);
            }
        }
    }
    listing
}

fn enumerate(backends: Backends) -> Vec<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = backends;
    #[cfg(feature = "faults")]
    {
        let noop = &mut descriptor.backend_options.noop;
        noop.enable = super::faults::noop();
        noop.limits = Some(wgpu::Limits::default());
    }
    descriptor.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(descriptor);
    pollster::block_on(instance.enumerate_adapters(backends))
}

fn facts(index: u32, handle: &wgpu::Adapter) -> Facts {
    let info = handle.get_info();
    let limits = handle.limits();
    let features = features(handle);
    Facts {
        index,
        device_type: device_type(&info),
        backend: backend_name(info.backend).to_owned(),
        name: info.name,
        driver: info.driver,
        driver_info: info.driver_info,
        vendor_id: info.vendor,
        device_id: info.device,
        pci_bus_id: info.device_pci_bus_id,
        limits: Limits {
            buffer_bytes: limits.max_buffer_size,
            binding_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            invocations_per_workgroup: limits.max_compute_invocations_per_workgroup,
            subgroup_min: info.subgroup_min_size,
            subgroup_max: info.subgroup_max_size,
        },
        features: FeatureFacts {
            f16: features.contains(Features::SHADER_F16),
            subgroups: features.contains(Features::SUBGROUP),
            timestamps: features.contains(Features::TIMESTAMP_QUERY),
            int64: features.contains(Features::SHADER_INT64),
            cooperative_matrices: cooperative_shapes(handle),
        },
    }
}

fn features(handle: &wgpu::Adapter) -> Features {
    let features = handle.features();
    #[cfg(feature = "faults")]
    let features = super::faults::left_of(features);
    features
}

fn cooperative_shapes(handle: &wgpu::Adapter) -> Vec<String> {
    let shape = |p: &wgpu::CooperativeMatrixProperties| {
        format!("{}x{}x{} {:?} -> {:?}", p.m_size, p.n_size, p.k_size, p.ab_type, p.cr_type).to_lowercase()
    };
    handle.cooperative_matrix_properties().iter().map(shape).collect()
}

/// The square shapes that kernels use: f16 in, f32 sums.
fn cooperative_sizes(shapes: &[String]) -> CooperativeSizes {
    let has = |size: u32| shapes.iter().any(|shape| *shape == format!("{size}x{size}x{size} f16 -> f32"));
    CooperativeSizes { of_8: has(8), of_16: has(16) }
}

fn backend_name(backend: Backend) -> &'static str {
    match backend {
        Backend::Vulkan => "vulkan",
        Backend::Metal => "metal",
        Backend::Dx12 => "dx12",
        Backend::Gl => "gl",
        Backend::BrowserWebGpu => "webgpu",
        Backend::Noop => "noop",
    }
}

/// GL drivers often leave the type open; the names of the common software renderers settle it.
fn device_type(info: &wgpu::AdapterInfo) -> DeviceType {
    let name = info.name.to_lowercase();
    let software_names = ["llvmpipe", "lavapipe", "swiftshader", "softpipe", "microsoft basic render"];
    if software_names.iter().any(|software| name.contains(software)) {
        return DeviceType::Software;
    }
    match info.device_type {
        wgpu::DeviceType::DiscreteGpu => DeviceType::DiscreteGpu,
        wgpu::DeviceType::IntegratedGpu => DeviceType::IntegratedGpu,
        wgpu::DeviceType::VirtualGpu => DeviceType::VirtualGpu,
        wgpu::DeviceType::Cpu => DeviceType::Software,
        wgpu::DeviceType::Other => DeviceType::Other,
    }
}

impl Adapter {
    fn pci_ids(&self) -> (u32, u32) {
        (self.facts.vendor_id, self.facts.device_id)
    }

    /// The limits that a device is opened with: all that the adapter has, as far as its facts still say so.
    pub(super) fn limits(&self) -> wgpu::Limits {
        let Limits { buffer_bytes, binding_bytes, workgroup_bytes, invocations_per_workgroup, .. } =
            self.facts.limits;
        wgpu::Limits {
            max_buffer_size: buffer_bytes,
            max_storage_buffer_binding_size: binding_bytes,
            max_compute_workgroup_storage_size: workgroup_bytes,
            max_compute_invocations_per_workgroup: invocations_per_workgroup,
            ..self.handle.limits()
        }
    }

    /// The features that a device is opened with: those of kernels and clocks that the adapter has.
    pub(super) fn features(&self) -> Features {
        let wanted = Features::TIMESTAMP_QUERY
            | Features::SUBGROUP
            | Features::SHADER_F16
            | Features::SHADER_INT64
            | Features::EXPERIMENTAL_COOPERATIVE_MATRIX;
        features(&self.handle) & wanted
    }

    /// wgpu's own handle.
    pub(super) fn handle(&self) -> &wgpu::Adapter {
        &self.handle
    }
}

impl Limits {
    /// The smallest and the largest subgroup that a kernel must expect: where the driver does not say, all that WebGPU
    /// allows.
    fn subgroup_sizes(&self) -> (u32, u32) {
        let (least, most) = Capabilities::WEBGPU_DEFAULT.subgroup_sizes;
        let known = |size: u32, otherwise| if size == 0 { otherwise } else { size };
        (known(self.subgroup_min, least), known(self.subgroup_max, most))
    }
}

impl Facts {
    /// What kernels may count on.
    pub fn capabilities(&self) -> Capabilities {
        let Self { limits, features, device_type, .. } = self;
        Capabilities {
            software: *device_type == DeviceType::Software,
            subgroups: features.subgroups,
            subgroup_sizes: limits.subgroup_sizes(),
            workgroup_bytes: limits.workgroup_bytes,
            invocations: limits.invocations_per_workgroup,
            binding_bytes: limits.binding_bytes,
            buffer_bytes: limits.buffer_bytes,
            f16: features.f16,
            int64: features.int64,
            cooperative: cooperative_sizes(&features.cooperative_matrices),
        }
    }

    /// The identity of rows measured here. The caller knows the host and the command line.
    pub fn identity(&self, host_memory: Option<Bytes>, argv: String) -> Identity {
        let facts = self.clone();
        let shares_host_memory =
            matches!(facts.device_type, DeviceType::Software | DeviceType::IntegratedGpu);
        Identity {
            adapter: facts.name,
            adapter_index: facts.index,
            device_type: facts.device_type,
            vendor_id: facts.vendor_id,
            device_id: facts.device_id,
            pci_bus_id: facts.pci_bus_id,
            backend: facts.backend,
            driver: facts.driver,
            driver_info: facts.driver_info,
            os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            host_memory: host_memory.filter(|_| shares_host_memory),
            clock_quantum: None,
            bounds_checks: "on".to_owned(),
            wgpu_version: env!("MTOK_WGPU_VERSION").to_owned(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            tool_commit: env!("MTOK_COMMIT").to_owned(),
            build_profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            session: String::new(),
            argv,
        }
    }

    /// What the sensors of the adapter are found by.
    pub fn sensed(&self) -> sensors::Device<'_> {
        let Self { device_type, vendor_id, ref pci_bus_id, .. } = *self;
        sensors::Device { device_type, vendor_id, pci_bus_id }
    }

    /// Where it sits on the PCI bus; `None` where unknown.
    pub fn address(&self) -> Option<Address> {
        self.pci_bus_id.parse().ok()
    }

    /// One line for messages and choices.
    pub fn line(&self) -> String {
        let bus = if self.pci_bus_id.is_empty() { String::new() } else { format!(", {}", self.pci_bus_id) };
        crate::text::inert(&format!(
            "{}: {} ({}, {}{bus})",
            self.index, self.name, self.backend, self.device_type
        ))
    }
}

/// Picks the adapter to measure: by index, by its PCI bus address, by a part of its name, or the most capable kind.
///
/// # Errors
/// A sentence with the adapters to choose from.
pub fn choose<'a>(adapters: &'a [Facts], wanted: Option<&str>) -> Result<&'a Facts, String> {
    let lines = |of: &[&Facts]| of.iter().map(|a| format!("\n  {}", a.line())).collect::<String>();
    let all: Vec<&Facts> = adapters.iter().collect();
    let Some(wanted) = wanted else {
        let best = adapters.iter().min_by_key(|adapter| (rank(adapter.device_type), adapter.index));
        return best.ok_or_else(|| "there is no adapter".to_owned());
    };
    if let Ok(index) = wanted.parse::<u32>() {
        return adapters
            .iter()
            .find(|adapter| adapter.index == index)
            .ok_or_else(|| format!("there is no adapter {index}; there are:{}", lines(&all)));
    }
    if let Ok(address) = wanted.parse::<Address>() {
        let there = |adapter: &&&Facts| adapter.address() == Some(address);
        return all
            .iter()
            .find(there)
            .copied()
            .ok_or_else(|| format!("there is no adapter at PCI bus {address}; there are:{}", lines(&all)));
    }
    let part = wanted.to_lowercase();
    let named: Vec<&Facts> =
        all.iter().copied().filter(|adapter| adapter.name.to_lowercase().contains(&part)).collect();
    match named.as_slice() {
        [one] => Ok(one),
        [] => Err(format!(
            "no adapter's name contains \"{}\"; there are:{}",
            crate::text::inert(wanted),
            lines(&all)
        )),
        several => Err(format!(
            "several adapters' names contain \"{}\"; name one by its index:{}",
            crate::text::inert(wanted),
            lines(several)
        )),
    }
}

/// The most capable kind first.
pub(super) fn rank(device_type: DeviceType) -> u8 {
    match device_type {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Software => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(subgroup_min: u32, subgroup_max: u32) -> (u32, u32) {
        let limits = Limits {
            buffer_bytes: 1,
            binding_bytes: 1,
            workgroup_bytes: 1,
            invocations_per_workgroup: 1,
            subgroup_min,
            subgroup_max,
        };
        limits.subgroup_sizes()
    }

    #[test]
    fn an_adapter_is_chosen_by_its_pci_bus_however_that_is_spelled() {
        let adapter = |index: u32, bus: &str| {
            let json = format!(
                r#"{{"index": {index}, "name": "H100", "backend": "vulkan", "driver": "", "driver_info": "",
                "device_type": "discrete-gpu", "vendor_id": 1, "device_id": 2, "pci_bus_id": "{bus}",
                "limits": {{"buffer_bytes": 1, "binding_bytes": 1, "workgroup_bytes": 1,
                    "invocations_per_workgroup": 1, "subgroup_min": 0, "subgroup_max": 0}},
                "features": {{"f16": false, "subgroups": false, "timestamps": false, "int64": false,
                    "cooperative_matrices": []}}}}"#
            );
            serde_json::from_str::<Facts>(&json).unwrap()
        };
        let two = [adapter(0, "0000:5e:00.0"), adapter(1, "0000:3b:00.0")];
        for wanted in ["0000:3b:00.0", "3B:00.0", "00000000:3B:00.0", "1"] {
            assert_eq!(choose(&two, Some(wanted)).unwrap().index, 1, "{wanted}");
        }
        let missing = choose(&two, Some("3b:00.1")).unwrap_err();
        assert!(
            missing.starts_with("there is no adapter at PCI bus 0000:3b:00.1; there are:\n  0: H100"),
            "{missing}"
        );
    }

    #[test]
    fn unknown_subgroup_sizes_may_be_any_that_webgpu_allows() {
        assert_eq!(sizes(8, 8), (8, 8));
        assert_eq!(sizes(4, 128), (4, 128));
        assert_eq!(sizes(0, 0), (4, 128));
        assert_eq!(sizes(32, 0), (32, 128));
    }
}
