//! The languages that wgpu 30 translates WGSL into, each with the options that it sets for compute pipelines: once with
//! the least and once with the most that its backend offers.

use naga::back::{glsl, hlsl, msl, pipeline_constants, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Module, ShaderStage};

/// Values of pipeline constants, by name.
pub type Constants = naga::back::PipelineConstants;

/// A language, at one end of what wgpu finds on its backend.
pub struct Target {
    /// Language and version.
    pub name: &'static str,
    /// What of WGSL beyond the core an adapter offers there.
    pub offers: Capabilities,
    write: fn(&Module, &ModuleInfo) -> Result<String, String>,
}

/// Unpacking halves is core WGSL, which every backend has; naga names it a capability because some GL drivers lack it.
const CORE: Capabilities = Capabilities::SHADER_FLOAT16_IN_FLOAT32;
const HALVES: Capabilities = CORE.union(Capabilities::SHADER_FLOAT16);
const SUBGROUPS: Capabilities = HALVES
    .union(Capabilities::SUBGROUP)
    .union(Capabilities::SUBGROUP_BARRIER)
    .union(Capabilities::SHADER_INT64);

/// Everything that any backend offers.
pub const ALL_OFFERS: Capabilities = SUBGROUPS.union(Capabilities::COOPERATIVE_MATRIX);

/// All of them. Cooperative matrices are there on Vulkan and Metal only; GL has neither subgroups nor a type beyond
/// 32 bits; DX12 has a barrier of workgroups, none of subgroups.
pub static TARGETS: [Target; 8] = [
    Target { name: "SPIR-V 1.0", offers: CORE, write: |m, i| spirv(m, i, (1, 0), SPIRV_ALWAYS) },
    Target { name: "SPIR-V 1.6", offers: ALL_OFFERS, write: |m, i| spirv(m, i, (1, 6), SPIRV_OFFERED) },
    Target { name: "MSL 2.0", offers: HALVES, write: |m, i| metal(m, i, (2, 0)) },
    Target { name: "MSL 4.0", offers: ALL_OFFERS, write: |m, i| metal(m, i, (4, 0)) },
    Target { name: "HLSL 5.1", offers: CORE, write: |m, i| direct(m, i, hlsl::ShaderModel::V5_1) },
    Target {
        name: "HLSL 6.6",
        offers: SUBGROUPS.difference(Capabilities::SUBGROUP_BARRIER),
        write: |m, i| direct(m, i, hlsl::ShaderModel::V6_6),
    },
    Target { name: "GLSL ES 3.1", offers: CORE, write: |m, i| gl(m, i, glsl::Version::new_gles(310)) },
    Target { name: "GLSL 4.5", offers: CORE, write: |m, i| gl(m, i, glsl::Version::Desktop(450)) },
];

/// SPIR-V capabilities that every Vulkan device has, as far as compute shaders need them.
const SPIRV_ALWAYS: &[spv::Capability] = &[spv::Capability::Shader, spv::Capability::Matrix];

/// The same on a device with every feature that wgpu asks for.
const SPIRV_OFFERED: &[spv::Capability] = &[
    spv::Capability::Shader,
    spv::Capability::Matrix,
    spv::Capability::GroupNonUniform,
    spv::Capability::GroupNonUniformVote,
    spv::Capability::GroupNonUniformArithmetic,
    spv::Capability::GroupNonUniformBallot,
    spv::Capability::GroupNonUniformShuffle,
    spv::Capability::GroupNonUniformShuffleRelative,
    spv::Capability::GroupNonUniformQuad,
    spv::Capability::Int8,
    spv::Capability::Int64,
    spv::Capability::Float16,
    spv::Capability::DotProductInputAllKHR,
    spv::Capability::DotProductInput4x8BitKHR,
    spv::Capability::DotProductInput4x8BitPackedKHR,
    spv::Capability::DotProductKHR,
    spv::Capability::CooperativeMatrixKHR,
    spv::Capability::VulkanMemoryModel,
];

/// wgpu keeps shaders inside their buffers.
const RESTRICTED: BoundsCheckPolicies = BoundsCheckPolicies {
    index: BoundsCheckPolicy::Restrict,
    buffer: BoundsCheckPolicy::Restrict,
    image_load: BoundsCheckPolicy::Restrict,
    binding_array: BoundsCheckPolicy::Unchecked,
};

impl Target {
    /// The text in this language, with overrides replaced by these values and, where there is none, by their own.
    pub fn write(&self, module: &Module, info: &ModuleInfo, constants: &Constants) -> Result<String, String> {
        let entry = Some((ShaderStage::Compute, "main"));
        let (module, info) = pipeline_constants::process_overrides(module, info, entry, constants)
            .map_err(|error| error.to_string())?;
        (self.write)(&module, &info)
    }
}

/// Reads WGSL.
pub fn parse(text: &str) -> Result<Module, String> {
    naga::front::wgsl::parse_str(text).map_err(|error| error.emit_to_string(text))
}

/// Accepts a module on a device with these capabilities.
pub fn validate(module: &Module, offered: Capabilities) -> Result<ModuleInfo, String> {
    // naga asks for the capability where a variable has such a type, and not where only expressions have it.
    if !offered.contains(Capabilities::COOPERATIVE_MATRIX) && cooperates(module) {
        return Err("cooperative matrices are not offered".to_owned());
    }
    let mut validator = Validator::new(ValidationFlags::all(), offered);
    validator.validate(module).map_err(|error| format!("{:?}", error.into_inner()))
}

fn cooperates(module: &Module) -> bool {
    let functions = module.functions.iter().map(|(_, function)| function);
    let mut all = functions.chain(module.entry_points.iter().map(|entry| &entry.function));
    all.any(|function| {
        function.expressions.iter().any(|(_, expression)| {
            matches!(
                expression,
                Expression::CooperativeLoad { .. } | Expression::CooperativeMultiplyAdd { .. }
            )
        })
    })
}

fn spirv(
    module: &Module,
    info: &ModuleInfo,
    lang_version: (u8, u8),
    capabilities: &[spv::Capability],
) -> Result<String, String> {
    let options = spv::Options {
        lang_version,
        capabilities: Some(capabilities.iter().copied().collect()),
        bounds_check_policies: RESTRICTED,
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        ..Default::default()
    };
    let pipeline =
        spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: "main".to_owned() };
    let words = spv::write_vec(module, info, &options, Some(&pipeline)).map_err(|error| error.to_string())?;
    Ok(words.iter().map(|word| format!("{word:08x}\n")).collect())
}

fn metal(module: &Module, info: &ModuleInfo, lang_version: (u8, u8)) -> Result<String, String> {
    let options = msl::Options {
        lang_version,
        bounds_check_policies: RESTRICTED,
        zero_initialize_workgroup_memory: false,
        ..Default::default()
    };
    let pipeline = msl::PipelineOptions {
        entry_point: Some((ShaderStage::Compute, "main".to_owned())),
        ..Default::default()
    };
    let (text, translated) =
        msl::write_string(module, info, &options, &pipeline).map_err(|error| error.to_string())?;
    entries(translated.entry_point_names)?;
    Ok(text)
}

fn direct(module: &Module, info: &ModuleInfo, shader_model: hlsl::ShaderModel) -> Result<String, String> {
    let options = hlsl::Options {
        shader_model,
        // Holds the number of workgroups.
        special_constants_binding: Some(hlsl::BindTarget::default()),
        zero_initialize_workgroup_memory: false,
        ..Default::default()
    };
    let pipeline = hlsl::PipelineOptions { entry_point: Some((ShaderStage::Compute, "main".to_owned())) };
    let mut text = String::new();
    let mut writer = hlsl::Writer::new(&mut text, &options, &pipeline);
    let reflected = writer.write(module, info, None).map_err(|error| error.to_string())?;
    entries(reflected.entry_point_names)?;
    Ok(text)
}

fn gl(module: &Module, info: &ModuleInfo, version: glsl::Version) -> Result<String, String> {
    let options = glsl::Options {
        version,
        writer_flags: glsl::WriterFlags::ADJUST_COORDINATE_SPACE | glsl::WriterFlags::FORCE_POINT_SIZE,
        binding_map: slots(module),
        zero_initialize_workgroup_memory: false,
    };
    let pipeline = glsl::PipelineOptions {
        shader_stage: ShaderStage::Compute,
        entry_point: "main".to_owned(),
        multiview: None,
    };
    // GL checks bounds by itself.
    let unchecked = BoundsCheckPolicies {
        index: BoundsCheckPolicy::Unchecked,
        buffer: BoundsCheckPolicy::Unchecked,
        image_load: BoundsCheckPolicy::Unchecked,
        binding_array: BoundsCheckPolicy::Unchecked,
    };
    let mut text = String::new();
    let writer = glsl::Writer::new(&mut text, module, info, &options, &pipeline, unchecked);
    writer.and_then(|mut writer| writer.write()).map_err(|error| error.to_string())?;
    Ok(text)
}

/// GL counts uniform and storage buffers apart, in order of their bindings.
fn slots(module: &Module) -> glsl::BindingMap {
    let mut bound: Vec<_> =
        module.global_variables.iter().filter_map(|(_, v)| Some((v.binding?, v.space))).collect();
    bound.sort_by_key(|(binding, _)| *binding);
    let (uniform, storage): (Vec<_>, Vec<_>) = bound
        .into_iter()
        .map(|(binding, space)| (binding, space == AddressSpace::Uniform))
        .partition(|b| b.1);
    let numbered = |kind: Vec<(naga::ResourceBinding, bool)>| {
        kind.into_iter().zip(0..).map(|((binding, _), slot)| (binding, slot))
    };
    numbered(uniform).chain(numbered(storage)).collect()
}

/// Whether the one entry point came through.
fn entries<E: ToString>(names: Vec<Result<String, E>>) -> Result<(), String> {
    match names.as_slice() {
        [Ok(_)] => Ok(()),
        [Err(error)] => Err(error.to_string()),
        _ => Err(format!("{} entry points", names.len())),
    }
}
