//! The other side: the matrix product that programs on cubecl's wgpu backend get, after its autotuning.

use std::cell::RefCell;
use std::path::Path;
use std::time::Instant;

use burn_cubecl::CubeDevice;
use burn_cubecl::cubecl::client::Client;
use burn_cubecl::cubecl::config::CubeClRuntimeConfig;
use burn_cubecl::cubecl::config::RuntimeConfig;
use burn_cubecl::cubecl::config::cache::CacheConfig;
use burn_cubecl::cubecl::device::{WgpuBackend, WgpuDevice, WgpuDeviceKind};
use burn_cubecl::cubecl::future::block_on;
use burn_cubecl::kernel::matmul::{MatmulStrategy, matmul};
use burn_cubecl::tensor::CubeTensor;
use burn_std::{DType, Metadata, Shape};
use mtok::gpu::adapters::Facts;
use mtok::kernel::problem::{BufferInit, Problem};
use mtok::kernel::verify::POISON;
use mtok::measurement::DeviceType;
use mtok::op::{Format, Op};

use crate::side::{Side, Stop};

/// How the weights lie in memory: mtok and most engines keep a row per output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Outputs × inputs, as mtok reads them: for cubecl a transposed view.
    Ours,
    /// Inputs × outputs, contiguous for cubecl.
    Plain,
}

/// cubecl's matrix product on its own device.
pub struct Peer {
    client: Client,
    device: CubeDevice,
    layout: Layout,
    x: CubeTensor,
    w: CubeTensor,
    y: RefCell<CubeTensor>,
    dtype: DType,
    poison: Vec<u8>,
    /// Seconds of the first execution, in which cubecl tries its candidates.
    pub tuning_s: f64,
}

/// Settles where cubecl writes: its caches and, a line per choice, what its tuner decided. No choice is read from
/// an earlier run. Only the first call before any device counts.
pub fn configure(folder: &Path) {
    let mut config = CubeClRuntimeConfig::default();
    config.autotune.disable_cache = true;
    config.autotune.decisions.file = Some(folder.join("decisions"));
    config.environment.path = CacheConfig::Directory(folder.to_owned());
    CubeClRuntimeConfig::try_set(config);
}

/// What the tuner chose last; `None` where it told nothing.
pub fn chosen(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("decisions")).ok()?;
    let decision: serde_json::Value = serde_json::from_str(text.lines().last()?).ok()?;
    Some(decision.pointer("/results/0/outcome/Ok/name")?.as_str()?.to_owned())
}

impl Peer {
    /// Uploads the inputs of our problem to cubecl's device and runs the product once, which makes cubecl try
    /// its candidates.
    ///
    /// # Errors
    /// Where cubecl opens another adapter than ours, or fails.
    pub fn new(
        facts: &[Facts],
        ours: &Facts,
        op: &Op,
        problem: &Problem,
        layout: Layout,
    ) -> Result<Self, Stop> {
        let device = CubeDevice::Wgpu(selector(facts, ours));
        let client = device.client();
        let opened = &client.properties().identity.name;
        if *opened != ours.name {
            return Err(Stop::failed(format!(
                "cubecl opened {opened}, not {}; name one by --device",
                ours.name
            )));
        }
        let Op::Matmul { tokens, outputs, inputs, weights } = *op else {
            return Err(Stop::failed(format!("{op} is no matrix product")));
        };
        let [m, n, k] = [tokens, outputs, inputs].map(|width| width as usize);
        let dtype = if weights == Format::F16 { DType::F16 } else { DType::F32 };
        let [Some(BufferInit::Input(x)), Some(BufferInit::Input(w))] =
            [problem.buffers.first(), problem.buffers.get(1)]
        else {
            return Err(Stop::failed("the variant does not keep its operands in the first two buffers"));
        };
        let tensor = |bytes: &[u8], shape: [usize; 2], strides: [usize; 2]| {
            let metadata = Metadata::new(Shape::from(shape), strides.as_slice());
            CubeTensor::new(client.clone(), client.create_from_slice(bytes), metadata, device.clone(), dtype)
        };
        let w = match layout {
            Layout::Ours => tensor(w, [k, n], [1, k]),
            Layout::Plain => tensor(&transposed(w, n, k, dtype.size()), [k, n], [n, 1]),
        };
        let poison = POISON.to_ne_bytes().repeat((m * n * dtype.size()).div_ceil(4));
        let mut peer = Self {
            x: tensor(x, [m, k], [k, 1]),
            y: RefCell::new(tensor(&poison, [m, n], [n, 1])),
            w,
            client,
            device,
            layout,
            dtype,
            poison,
            tuning_s: 0.0,
        };
        peer.tuning_s = peer.seconds(1)?;
        Ok(peer)
    }

    /// The compiler that cubecl found for the adapter.
    pub fn compiler(&self) -> String {
        self.client.name().to_string()
    }

    fn finished(&self) -> Result<(), Stop> {
        block_on(self.client.sync()).map_err(|error| Stop::failed(format!("cubecl: {error:?}")))
    }

    /// An output that nobody has written yet.
    fn poisoned(&self) -> CubeTensor {
        let metadata = (*self.y.borrow().meta).clone();
        let handle = self.client.create_from_slice(&self.poison);
        CubeTensor::new(self.client.clone(), handle, metadata, self.device.clone(), self.dtype)
    }
}

impl Side for Peer {
    fn name(&self) -> String {
        match self.layout {
            Layout::Ours => "cubecl, weights as ours".to_owned(),
            Layout::Plain => "cubecl, weights inputs x outputs".to_owned(),
        }
    }

    fn seconds(&self, executions: u32) -> Result<f64, Stop> {
        self.y.replace(self.poisoned());
        self.finished()?;
        let start = Instant::now();
        for _ in 0..executions {
            let (x, w, y) = (self.x.clone(), self.w.clone(), self.y.borrow().clone());
            matmul(x, w, Some(y), MatmulStrategy::Autotune, self.dtype)
                .map_err(|error| Stop::failed(format!("cubecl: {error:?}")))?;
        }
        self.finished()?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn output(&self) -> Result<Vec<u32>, Stop> {
        let handle = self.y.borrow().handle.clone();
        let bytes =
            self.client.read_one(handle).map_err(|error| Stop::failed(format!("cubecl: {error:?}")))?;
        let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        Ok(bytes.chunks(4).map(word).collect())
    }
}

/// The adapter in cubecl's words: its kind, and the how manieth of that kind on its backend.
fn selector(facts: &[Facts], ours: &Facts) -> WgpuDevice {
    let same = |other: &&Facts| other.backend == ours.backend && other.device_type == ours.device_type;
    let index = facts.iter().filter(same).take_while(|other| other.index != ours.index).count();
    let kind = match ours.device_type {
        DeviceType::DiscreteGpu => WgpuDeviceKind::DiscreteGpu(index),
        DeviceType::IntegratedGpu => WgpuDeviceKind::IntegratedGpu(index),
        DeviceType::VirtualGpu => WgpuDeviceKind::VirtualGpu(index),
        DeviceType::Software => WgpuDeviceKind::Cpu,
        DeviceType::Other => WgpuDeviceKind::Other(index),
    };
    let backend = match ours.backend.as_str() {
        "vulkan" => WgpuBackend::Vulkan,
        "metal" => WgpuBackend::Metal,
        "dx12" => WgpuBackend::Dx12,
        _ => WgpuBackend::Auto,
    };
    WgpuDevice::new(kind).on(backend)
}

/// A matrix of `rows` × `columns` elements, its columns one after the other.
fn transposed(bytes: &[u8], rows: usize, columns: usize, element: usize) -> Vec<u8> {
    let mut moved = Vec::with_capacity(bytes.len());
    for column in 0..columns {
        for row in 0..rows {
            let start = (row * columns + column) * element;
            moved.extend_from_slice(bytes.get(start..start + element).unwrap_or_default());
        }
    }
    moved
}
