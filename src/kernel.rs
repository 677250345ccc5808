//! The kernels: for each its WGSL sources, variants, measured cases, inputs and f64 reference.
//!
//! A kernel is one file here and at least one in `shaders/`; [`ALL`] lists them. FLOP and byte formulas are those
//! of [`Op`]. Nothing here touches a device.

mod add;
mod add_rmsnorm;
mod attention;
mod attention_decode;
mod attention_prefill;
pub mod calibration;
mod copy;
pub mod data;
mod dispatch;
mod dot4;
mod expert_gemm;
mod fma;
mod gather;
mod gemm;
mod gemv;
mod kv_cache;
mod latent_decode;
pub mod layer;
mod matrix_fma;
mod norm;
pub mod problem;
mod read;
mod rmsnorm;
mod rope;
mod route;
mod sample;
mod silu_mul;
mod triad;
mod vectors;
pub mod verify;
mod weights;

use crate::hash;
use crate::measurement::Cache;
use crate::named::named;
use crate::op::{Format, Op};
use problem::Problem;

/// Every kernel, in the order in which `measure` runs them: overheads first, the longest last.
pub static ALL: [&Kernel; 21] = [
    &dispatch::KERNEL,
    &fma::KERNEL,
    &dot4::KERNEL,
    &matrix_fma::KERNEL,
    &copy::KERNEL,
    &read::KERNEL,
    &triad::KERNEL,
    &add::KERNEL,
    &rmsnorm::KERNEL,
    &add_rmsnorm::KERNEL,
    &rope::KERNEL,
    &silu_mul::KERNEL,
    &gather::KERNEL,
    &route::KERNEL,
    &sample::KERNEL,
    &gemv::KERNEL,
    &attention_decode::KERNEL,
    &latent_decode::KERNEL,
    &attention_prefill::KERNEL,
    &expert_gemm::KERNEL,
    &gemm::KERNEL,
];

/// A kernel: one kind of [`Op`] in one or more implementations.
pub struct Kernel {
    /// The name in `measurements.csv`; [`Op::kernel`] of its cases, `gemm` and `gemv` apart.
    pub name: &'static str,
    /// The formats that at least one variant computes.
    pub formats: &'static [Format],
    /// Implementations, the preferred one first and the simplest one last.
    pub variants: &'static [Variant],
    /// What is placed before each source of a variant for a format, such as how to unpack its elements.
    pub preludes: fn(&Variant, Format) -> Vec<Source>,
    /// The shapes that `measure` runs on an adapter.
    pub cases: fn(&Capabilities, Suite) -> Vec<Op>,
    /// Small shapes that are no multiple of any tile, in every format: what tests verify.
    pub odd_shapes: fn() -> Vec<Op>,
    /// Makes an op concrete; `None` for an op of another kind.
    pub problem: fn(&Op, &Variant, &Capabilities, u64) -> Option<Problem>,
    /// Whether a model reads the inputs from memory each time, as weights and KV caches: such cells are also
    /// measured cold.
    pub streams: bool,
}

/// One implementation of a kernel.
pub struct Variant {
    /// The name in `measurements.csv`; with its constants where several share their sources, such as `tiled-64x64x16`.
    pub name: &'static str,
    /// One source per stage of the problem.
    pub sources: &'static [Source],
    /// What tells it from other variants of the same sources, such as tile sizes: pipeline constants.
    pub constants: &'static [(&'static str, f64)],
    /// Whether it can compute this op at all.
    pub supports: fn(&Op) -> bool,
    /// What it asks of an adapter.
    pub needs: Needs,
}

/// What a variant asks of an adapter.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Subgroup operations, with subgroups of any size.
    pub subgroups: bool,
    /// Lanes that even the smallest subgroup must have.
    pub subgroup_min: u32,
    /// A software adapter whose subgroups always have eight lanes.
    pub software_subgroups_of_8: bool,
    /// Workgroup memory in bytes. Our own check: wgpu 30 does not validate it.
    pub workgroup_bytes: u32,
    /// Invocations per workgroup.
    pub invocations: u32,
    /// 16-bit floats in shaders.
    pub f16: bool,
    /// 64-bit integers in shaders.
    pub int64: bool,
    /// Matrix units that multiply f16 into f32, `n × n × n` elements at a time.
    pub cooperative: Option<u32>,
}

/// How much of a kernel's shapes and formats `measure` runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Suite {
    /// Enough to see whether all is well.
    Quick,
    /// What an estimate needs.
    #[default]
    Standard,
    /// Every format at every shape.
    Full,
}

named!(Suite { Quick = "quick", Standard = "standard", Full = "full" });

/// What an adapter offers, as far as kernels care.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capabilities {
    /// A CPU that imitates a GPU.
    pub software: bool,
    /// Subgroup operations.
    pub subgroups: bool,
    /// Smallest and largest subgroup.
    pub subgroup_sizes: (u32, u32),
    /// Workgroup memory in bytes.
    pub workgroup_bytes: u32,
    /// Invocations per workgroup.
    pub invocations: u32,
    /// Largest storage binding in bytes, no larger than the largest buffer.
    pub binding_bytes: u64,
    /// Largest buffer in bytes.
    pub buffer_bytes: u64,
    /// 16-bit floats in shaders.
    pub f16: bool,
    /// 64-bit integers in shaders.
    pub int64: bool,
    /// Matrix units that multiply f16 into f32, 8 × 8 × 8 and 16 × 16 × 16 elements at a time.
    pub cooperative: CooperativeSizes,
}

/// Which square cooperative matrices an adapter multiplies, f16 into f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CooperativeSizes {
    /// 8 × 8 × 8.
    pub of_8: bool,
    /// 16 × 16 × 16.
    pub of_16: bool,
}

impl Capabilities {
    /// What every WebGPU adapter offers at least.
    pub const WEBGPU_DEFAULT: Self = Self {
        software: false,
        subgroups: false,
        subgroup_sizes: (4, 128),
        workgroup_bytes: 16 << 10,
        invocations: 256,
        binding_bytes: 128 << 20,
        buffer_bytes: 256 << 20,
        f16: false,
        int64: false,
        cooperative: CooperativeSizes { of_8: false, of_16: false },
    };

    /// Bytes beyond which nothing stays in a cache. The largest caches of GPUs today hold 256 MiB (AMD's Infinity
    /// Cache of MI300X), those of a host that imitates one some 32 MiB per group of cores.
    pub fn beyond_caches(&self) -> f64 {
        if self.software { 128.0 * 1048576.0 } else { 512.0 * 1048576.0 }
    }
}

/// A WGSL file.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// File name without folder.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The [`Source`] of a file in `shaders/`.
macro_rules! shader {
    ($name:literal) => {
        $crate::kernel::Source {
            file: concat!($name, ".wgsl"),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $name, ".wgsl")),
        }
    };
}
use shader;

impl Kernel {
    /// The kernel of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|kernel| kernel.name == name).copied()
    }

    /// The cells that `measure` runs on an adapter: each case hot, and cold as well where a model would read it from
    /// memory and its own size does not see to that.
    pub fn cells(&self, offered: &Capabilities, suite: Suite) -> Vec<(Op, Cache)> {
        let small = |op: &Op| op.bytes().0 < offered.beyond_caches() / 2.0;
        let caches = |op: Op| {
            let cold = (self.streams && small(&op)).then_some((op, Cache::Cold));
            std::iter::once((op, Cache::Hot)).chain(cold)
        };
        (self.cases)(offered, suite).into_iter().flat_map(caches).collect()
    }

    /// The first variant that the adapter can run for this op.
    ///
    /// # Errors
    /// Why not even the most modest variant can run, with the limit's number.
    pub fn choose(&self, op: &Op, offered: &Capabilities) -> Result<&'static Variant, String> {
        let mut reason = format!("no variant of {} computes {op}", self.name);
        for variant in self.variants.iter().filter(|variant| (variant.supports)(op)) {
            match variant.needs.unmet(offered) {
                None => return Ok(variant),
                Some(unmet) => reason = unmet,
            }
        }
        Err(reason)
    }

    /// The variant that runs: the named one, or the first that the adapter can run.
    ///
    /// # Errors
    /// What the adapter lacks.
    pub fn variant<'k>(
        &'k self,
        named: Option<&'k Variant>,
        op: &Op,
        offered: &Capabilities,
    ) -> Result<&'k Variant, String> {
        match named {
            None => self.choose(op, offered),
            Some(variant) => variant.needs.unmet(offered).map_or(Ok(variant), Err),
        }
    }

    /// Names the sources that a variant runs for a format: the `shader_hash` column.
    pub fn shader_hash(&self, variant: &Variant, format: Format) -> String {
        let constants = variant.constants.iter().map(|(name, value)| format!("{name}={value}"));
        let texts: Vec<String> = self.texts(variant, format).into_iter().chain(constants).collect();
        hash::hexadecimal(hash::hash(texts.iter().map(String::as_bytes)))
    }

    /// The complete text of each stage for a format.
    pub fn texts(&self, variant: &Variant, format: Format) -> Vec<String> {
        let preludes: String =
            (self.preludes)(variant, format).iter().map(|source| format!("{}\n", source.text)).collect();
        variant.sources.iter().map(|source| format!("{preludes}{}", source.text)).collect()
    }

    /// The variants that compute an op and that the adapter can run, the preferred one first.
    pub fn runnable(&self, op: &Op, offered: &Capabilities) -> impl Iterator<Item = &'static Variant> {
        let fits = |variant: &&Variant| (variant.supports)(op) && variant.needs.unmet(offered).is_none();
        self.variants.iter().filter(fits).collect::<Vec<_>>().into_iter()
    }
}

impl Variant {
    /// A pipeline constant of this variant; `None` where it has none of that name.
    pub fn constant(&self, name: &str) -> Option<f64> {
        self.constants.iter().find(|constant| constant.0 == name).map(|constant| constant.1)
    }
}

impl CooperativeSizes {
    /// Whether matrices of this width are multiplied.
    pub fn has(self, size: u32) -> bool {
        match size {
            8 => self.of_8,
            16 => self.of_16,
            _ => false,
        }
    }
}

impl Needs {
    /// What every adapter meets.
    pub const NONE: Self = Self {
        subgroups: false,
        subgroup_min: 0,
        software_subgroups_of_8: false,
        workgroup_bytes: 0,
        invocations: 1,
        f16: false,
        int64: false,
        cooperative: None,
    };

    /// What the adapter lacks, as a sentence; `None` when nothing.
    pub fn unmet(&self, offered: &Capabilities) -> Option<String> {
        if self.software_subgroups_of_8
            && !(offered.software && offered.subgroups && offered.subgroup_sizes == (8, 8))
        {
            return Some("needs a software adapter with subgroups of 8".into());
        }
        if self.subgroups && !offered.subgroups {
            return Some("needs subgroups, the adapter has none".into());
        }
        if self.subgroup_min > offered.subgroup_sizes.0 {
            return Some(format!(
                "needs subgroups of at least {}, the adapter allows {} to {}",
                self.subgroup_min, offered.subgroup_sizes.0, offered.subgroup_sizes.1
            ));
        }
        if self.f16 && !offered.f16 {
            return Some("needs 16-bit floats in shaders, the adapter has none".into());
        }
        if self.int64 && !offered.int64 {
            return Some("needs 64-bit integers in shaders, the adapter has none".into());
        }
        if let Some(size) = self.cooperative.filter(|size| !offered.cooperative.has(*size)) {
            return Some(format!(
                "needs cooperative matrices of {size}x{size}x{size} f16 into f32, the adapter has none"
            ));
        }
        if self.workgroup_bytes > offered.workgroup_bytes {
            return Some(format!(
                "needs {} bytes of workgroup memory, the adapter allows {}",
                self.workgroup_bytes, offered.workgroup_bytes
            ));
        }
        (self.invocations > offered.invocations).then(|| {
            format!(
                "needs {} invocations per workgroup, the adapter allows {}",
                self.invocations, offered.invocations
            )
        })
    }
}

fn no_preludes(_: &Variant, _: Format) -> Vec<Source> {
    Vec::new()
}

fn halves_prelude(_: &Variant, _: Format) -> Vec<Source> {
    vec![shader!("elements_f16")]
}

fn any(_: &Op) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    pub(super) const OFFERS: [Capabilities; 2] = [
        Capabilities {
            software: true,
            subgroups: true,
            subgroup_sizes: (8, 8),
            workgroup_bytes: 32 << 10,
            invocations: 1024,
            binding_bytes: 128 << 20,
            buffer_bytes: 2 << 30,
            f16: true,
            int64: true,
            ..Capabilities::WEBGPU_DEFAULT
        },
        Capabilities::WEBGPU_DEFAULT,
    ];

    #[test]
    fn every_case_names_its_kernel_and_parses_back() {
        for (kernel, offered) in ALL.iter().flat_map(|kernel| OFFERS.iter().map(move |offer| (kernel, offer)))
        {
            for op in Suite::ALL.iter().flat_map(|suite| (kernel.cases)(offered, *suite)) {
                assert_eq!(op.kernel(), kernel.name);
                assert_eq!(Op::parse(op.kernel(), op.format().name(), &op.shape()), Ok(op));
                assert!(kernel.formats.contains(&op.format()), "{op}");
            }
        }
    }

    #[test]
    fn what_an_estimate_needs_runs_on_every_adapter() {
        for (kernel, offered) in ALL.iter().flat_map(|kernel| OFFERS.iter().map(move |offer| (kernel, offer)))
        {
            for op in (kernel.cases)(offered, Suite::Standard) {
                let optional = matches!(op, Op::Fma { format: Format::F16, .. } | Op::MatrixFma { .. });
                assert!(optional || kernel.choose(&op, offered).is_ok(), "{op}");
            }
        }
    }

    #[test]
    fn every_format_has_an_odd_shape_and_a_case_of_the_full_suite() {
        for kernel in ALL {
            let odd = (kernel.odd_shapes)();
            let full = (kernel.cases)(&OFFERS[0], Suite::Full);
            for format in kernel.formats {
                assert!(odd.iter().any(|op| op.format() == *format), "{} {format}", kernel.name);
                assert!(full.iter().any(|op| op.format() == *format), "{} {format}", kernel.name);
            }
            for op in odd {
                assert_eq!(op.kernel(), kernel.name);
                assert!(kernel.variants.iter().any(|variant| (variant.supports)(&op)), "{op}");
            }
        }
    }

    #[test]
    fn a_larger_suite_holds_every_case_of_a_smaller_one() {
        for (kernel, offered) in ALL.iter().flat_map(|kernel| OFFERS.iter().map(move |offer| (kernel, offer)))
        {
            let [quick, standard, full] =
                [Suite::Quick, Suite::Standard, Suite::Full].map(|suite| (kernel.cases)(offered, suite));
            assert!(quick.iter().all(|op| standard.contains(op)), "{}", kernel.name);
            assert!(standard.iter().all(|op| full.contains(op)), "{}", kernel.name);
        }
    }

    #[test]
    fn cases_are_distinct_and_fit_the_binding_limit() {
        for (offered, suite) in OFFERS.iter().flat_map(|it| Suite::ALL.iter().map(move |suite| (it, *suite)))
        {
            let mut seen = BTreeSet::new();
            for op in ALL.iter().flat_map(|kernel| (kernel.cases)(offered, suite)) {
                assert!(seen.insert(op.to_string()), "{op} twice");
                // Caches are cut to fit bindings.
                let cut = matches!(op, Op::AttentionDecode { .. });
                assert!(cut || op.bytes().0 < 2.1 * offered.binding_bytes as f64, "{op}");
            }
        }
    }

    #[test]
    fn a_missing_limit_is_named_with_its_numbers() {
        let small = Capabilities { workgroup_bytes: 1024, ..OFFERS[1] };
        let needs = Needs { workgroup_bytes: 8192, ..Needs::NONE };
        assert_eq!(
            needs.unmet(&small),
            Some("needs 8192 bytes of workgroup memory, the adapter allows 1024".into())
        );
    }

    #[test]
    fn every_shader_file_is_used_by_a_kernel() {
        let mut used = BTreeSet::from([calibration::SOURCE.file.to_owned()]);
        for kernel in ALL.into_iter().chain([&layer::KERNEL]) {
            let each = kernel.variants.iter().flat_map(|it| kernel.formats.iter().map(move |f| (it, *f)));
            let preludes = each.flat_map(|(variant, format)| (kernel.preludes)(variant, format));
            let sources = kernel.variants.iter().flat_map(|variant| variant.sources.iter().copied());
            used.extend(preludes.chain(sources).map(|source| source.file.to_owned()));
        }
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(files, used);
    }
}
