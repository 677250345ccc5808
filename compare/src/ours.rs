//! Our side: a variant of the kernel `gemm`, run as `mtok measure` runs it.

use mtok::gpu::device::Gpu;
use mtok::gpu::program::Program;
use mtok::kernel::problem::Problem;
use mtok::kernel::{Kernel, Variant};
use mtok::op::Op;

use crate::side::{Exit, Side, Stop};

/// Our matrix product on an opened device.
pub struct Ours<'g> {
    variant: &'static Variant,
    program: Program<'g>,
}

/// The kernel that computes matrix products.
///
/// # Errors
/// None that a user can cause.
pub fn kernel() -> Result<&'static Kernel, Stop> {
    Kernel::find("gemm").ok_or_else(|| Stop::failed("mtok has no kernel gemm"))
}

/// The named variant, or the one that mtok would choose.
///
/// # Errors
/// An unknown name; what the adapter lacks.
pub fn variant(op: &Op, gpu: &Gpu, named: Option<&str>) -> Result<&'static Variant, Stop> {
    let kernel = kernel()?;
    let known = named.map(|name| {
        kernel.variants.iter().find(|variant| variant.name == name).ok_or_else(|| {
            let names: Vec<_> = kernel.variants.iter().map(|variant| variant.name).collect();
            Stop::new(Exit::BadInput, format!("no variant {name}; there are {}", names.join(", ")))
        })
    });
    match known.transpose()? {
        Some(variant) if !(variant.supports)(op) => {
            Err(Stop::new(Exit::BadInput, format!("variant {} does not compute {op}", variant.name)))
        }
        known => kernel.variant(known, op, &gpu.capabilities).map_err(Stop::failed),
    }
}

impl<'g> Ours<'g> {
    /// Uploads the inputs and builds the pipelines.
    ///
    /// # Errors
    /// What the driver objects to.
    pub fn new(gpu: &'g Gpu, op: &Op, variant: &'static Variant, problem: &Problem) -> Result<Self, Stop> {
        let texts = kernel()?.texts(variant, op.format());
        let program =
            Program::new(gpu, &texts, problem, 1).map_err(|fault| Stop::failed(format!("mtok: {fault}")))?;
        Ok(Self { variant, program })
    }
}

impl Side for Ours<'_> {
    fn name(&self) -> String {
        format!("mtok gemm {}", self.variant.name)
    }

    fn seconds(&self, executions: u32) -> Result<f64, Stop> {
        let sample = self.program.sample(executions);
        sample.map(|sample| sample.wall_s).map_err(|fault| Stop::failed(format!("mtok: {fault}")))
    }

    fn output(&self) -> Result<Vec<u32>, Stop> {
        self.program.output().map_err(|fault| Stop::failed(format!("mtok: {fault}")))
    }
}
