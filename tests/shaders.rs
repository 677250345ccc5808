//! Every WGSL text that a device may be given is valid, for every format and variant, and can be written in the language
//! of every backend that offers what the text uses.
#![cfg(feature = "gpu")]
#![allow(clippy::expect_used, reason = "helpers of tests")]

mod writers;

use std::collections::{BTreeMap, BTreeSet};

use mtok::kernel::{ALL, Capabilities, Kernel, Variant, calibration, layer};
use mtok::op::{Format, Op};
use naga::valid::Capabilities as Features;
use writers::{ALL_OFFERS, Constants, TARGETS, parse, validate};

/// A text with the pipeline constants that it is given.
struct Given {
    kernel: &'static str,
    variant: &'static str,
    format: Format,
    file: &'static str,
    text: String,
    constants: Vec<Constants>,
    /// Whether the variant is only tried where there are subgroups.
    asks_subgroups: bool,
}

impl Given {
    fn name(&self) -> String {
        format!("{} {} in {} ({})", self.kernel, self.variant, self.format, self.file)
    }
}

/// Adapters that problems may differ between.
const ADAPTERS: [Capabilities; 2] = [
    Capabilities {
        software: true,
        subgroups: true,
        subgroup_sizes: (8, 8),
        workgroup_bytes: 32 << 10,
        invocations: 1024,
        ..Capabilities::WEBGPU_DEFAULT
    },
    Capabilities::WEBGPU_DEFAULT,
];

/// Every text of every kernel.
fn given() -> Vec<Given> {
    let mut all = vec![Given {
        kernel: "calibration",
        variant: "",
        format: Format::F32,
        file: calibration::SOURCE.file,
        text: calibration::SOURCE.text.to_owned(),
        constants: Vec::new(),
        asks_subgroups: false,
    }];
    all.extend(layer::own_texts().map(|(file, text)| Given {
        kernel: layer::KERNEL.name,
        variant: "",
        format: Format::F16,
        file,
        text,
        constants: Vec::new(),
        asks_subgroups: false,
    }));
    for kernel in ALL {
        let pairs = kernel.variants.iter().flat_map(|v| kernel.formats.iter().map(move |f| (v, *f)));
        for (variant, format) in pairs.filter(|(variant, format)| computes(kernel, variant, *format)) {
            let texts = kernel.texts(variant, format).into_iter().zip(variant.sources);
            all.extend(texts.enumerate().map(|(shader, (text, source))| Given {
                kernel: kernel.name,
                variant: variant.name,
                format,
                file: source.file,
                text,
                constants: constants(kernel, variant, format, shader),
                asks_subgroups: variant.needs.subgroups,
            }));
        }
    }
    all
}

/// Whether a variant is meant for a format at all.
fn computes(kernel: &Kernel, variant: &Variant, format: Format) -> bool {
    (kernel.odd_shapes)().iter().any(|op| op.format() == format && (variant.supports)(op))
}

/// The values that problems pass to one source of a variant.
fn constants(kernel: &Kernel, variant: &Variant, format: Format, shader: usize) -> Vec<Constants> {
    let same = |op: &Op| op.kernel() == kernel.name && op.format() == format && (variant.supports)(op);
    let ops: Vec<Op> = (kernel.odd_shapes)().into_iter().filter(same).collect();
    let problems = ops
        .iter()
        .flat_map(|op| ADAPTERS.iter().filter_map(|adapter| (kernel.problem)(op, variant, adapter, 42)));
    let mut passed: Vec<Constants> = Vec::new();
    for stage in problems.flat_map(|problem| problem.stages).filter(|stage| stage.shader == shader) {
        let values = stage.constants.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        if !passed.contains(&values) {
            passed.push(values);
        }
    }
    passed
}

#[test]
fn every_shader_is_valid_in_every_format() {
    let all = given();
    for given in &all {
        let module = parse(&given.text).unwrap_or_else(|fault| panic!("{}: {fault}", given.name()));
        if let Err(fault) = validate(&module, ALL_OFFERS) {
            panic!("{}: {fault}", given.name());
        }
        let entries: Vec<_> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(entries, ["main"], "{}", given.name());
    }
    assert!(all.len() >= 16, "only {} texts", all.len());
}

#[test]
fn every_shader_is_written_for_every_backend_that_offers_what_it_uses() {
    let mut written: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for given in given() {
        let module = parse(&given.text).expect("valid");
        let complete = module.overrides.iter().all(|(_, constant)| constant.init.is_some());
        let defaults = complete.then(Constants::default);
        let values: Vec<&Constants> = defaults.iter().chain(&given.constants).collect();
        assert!(!values.is_empty(), "{}: no problem sets its constants", given.name());
        for target in &TARGETS {
            let Ok(info) = validate(&module, target.offers) else { continue };
            for values in &values {
                match target.write(&module, &info, values) {
                    Ok(text) => assert!(text.len() > 100, "{} as {}: {text}", given.name(), target.name),
                    Err(fault) => panic!("{} as {} with {values:?}: {fault}", given.name(), target.name),
                }
            }
            written.entry(target.name).or_default().insert(given.kernel);
        }
    }
    let everywhere: BTreeSet<&str> =
        ALL.into_iter().chain([&layer::KERNEL]).map(|kernel| kernel.name).collect();
    let special = special();
    assert!(special.len() < everywhere.len(), "{special:?}");
    for target in &TARGETS {
        let written = written.remove(target.name).unwrap_or_default();
        let missing: Vec<_> =
            everywhere.difference(&written).filter(|name| !special.contains(*name)).collect();
        assert!(missing.is_empty(), "no variant of {missing:?} can be written as {}", target.name);
    }
}

/// Kernels whose every variant needs a type or unit that not all adapters have: what they measure is just that.
fn special() -> BTreeSet<&'static str> {
    let mut common: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    let subgroups = Features::SUBGROUP | Features::SUBGROUP_BARRIER | Features::SHADER_FLOAT16_IN_FLOAT32;
    for given in given() {
        *common.entry((given.kernel, given.variant)).or_insert(true) &= subgroups.contains(used(&given.text));
    }
    let common_names: BTreeSet<&str> =
        common.iter().filter(|(_, is)| **is).map(|((name, _), _)| *name).collect();
    ALL.iter().map(|kernel| kernel.name).filter(|name| !common_names.contains(name)).collect()
}

/// What of WGSL beyond the core a text uses.
fn used(text: &str) -> Features {
    let module = parse(text).expect("valid");
    let needed = |feature: &Features| validate(&module, ALL_OFFERS.difference(*feature)).is_err();
    ALL_OFFERS.iter().filter(needed).collect()
}

#[test]
fn a_variant_asks_for_the_subgroups_that_its_texts_use() {
    let mut asking: BTreeMap<(&str, &str), (bool, bool)> = BTreeMap::new();
    for given in given() {
        let uses = used(&given.text).intersects(Features::SUBGROUP | Features::SUBGROUP_BARRIER);
        let entry = asking.entry((given.kernel, given.variant)).or_insert((given.asks_subgroups, false));
        entry.1 |= uses;
    }
    for (variant, (asks, uses)) in &asking {
        assert_eq!(asks, uses, "{variant:?} asks for subgroups: {asks}, uses them: {uses}");
    }
    assert!(asking.values().any(|(asks, _)| *asks), "no variant asks for subgroups");
}

#[test]
fn no_kernel_depends_on_subgroups_alone() {
    // By kernel and format: whether some variant does without.
    let mut without: BTreeMap<(&str, Format), bool> = BTreeMap::new();
    for given in given() {
        *without.entry((given.kernel, given.format)).or_default() |= !given.asks_subgroups;
    }
    let bound: Vec<_> = without.iter().filter(|(_, without)| !**without).map(|(cell, _)| cell).collect();
    assert!(bound.is_empty(), "{bound:?} cannot run where there are no subgroups");
}

/// A compute shader around a body.
fn shader(body: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {{ {body} }}"
    )
}

/// Adds the square of a cooperative matrix to it.
const COOPERATIVE: &str = "enable wgpu_cooperative_matrix;
    @group(0) @binding(0) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(32) fn main() {
        let a = coopLoadT<coop_mat8x8<f32, A>>(&y[0], 8u);
        let b = coopLoadT<coop_mat8x8<f32, B>>(&y[0], 8u);
        let c = coopLoadT<coop_mat8x8<f32, C>>(&y[0], 8u);
        coopStoreT(coopMultiplyAdd(a, b, c), &y[0], 8u);
    }";

/// Writes a text for a target as if that offered everything.
fn forced(target: &str, text: &str, constants: &Constants) -> Result<String, String> {
    let target = TARGETS.iter().find(|known| known.name == target).expect("listed");
    let module = parse(text).expect("parses");
    let info = validate(&module, ALL_OFFERS | Features::IMMEDIATES).expect("valid");
    target.write(&module, &info, constants)
}

#[test]
fn a_text_that_a_language_cannot_express_is_refused() {
    let none = Constants::default();
    let halves = "enable f16;
        @group(0) @binding(0) var<storage, read_write> y: array<f16>;
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] *= 2.0h; }";
    assert!(forced("GLSL ES 3.1", halves, &none).is_err());
    assert!(forced("SPIR-V 1.0", halves, &none).is_err());
    let subgroups = shader("y[id.x] = subgroupAdd(id.x);");
    assert!(forced("SPIR-V 1.0", &subgroups, &none).is_err());
    let immediate = format!("var<immediate> offset: u32;\n{}", shader("y[id.x] = offset;"));
    assert!(forced("HLSL 6.6", &immediate, &none).is_err());
    assert!(forced("MSL 2.0", COOPERATIVE, &none).is_err());
    let plain = shader("y[id.x] = id.x;");
    for target in &TARGETS {
        assert!(forced(target.name, &plain, &none).is_ok(), "{}", target.name);
    }
}

#[test]
fn a_backend_is_not_given_what_it_does_not_offer() {
    let able = |text: &str| {
        let module = parse(text).expect("parses");
        let able = TARGETS.iter().filter(|target| validate(&module, target.offers).is_ok());
        able.map(|target| target.name).collect::<Vec<_>>()
    };
    assert_eq!(able(COOPERATIVE), ["SPIR-V 1.6", "MSL 4.0"]);
    let halves = format!("enable f16;\n{}", shader("y[id.x] = u32(f16(id.x) * 2.0h);"));
    assert_eq!(able(&halves), ["SPIR-V 1.6", "MSL 2.0", "MSL 4.0", "HLSL 6.6"]);
    assert_eq!(able(&shader("y[id.x] = subgroupAdd(id.x);")), ["SPIR-V 1.6", "MSL 4.0", "HLSL 6.6"]);
}

#[test]
fn a_constant_out_of_its_range_is_refused() {
    let text = format!("override WIDTH: u32 = 4;\n{}", shader("y[id.x] = WIDTH;"));
    let with = |name: &str, value| Constants::from_iter([(name.to_owned(), value)]);
    assert!(forced("HLSL 6.6", &text, &with("WIDTH", 8.0)).is_ok());
    assert!(forced("HLSL 6.6", &text, &with("WIDTH", -1.0)).is_err());
    assert!(forced("HLSL 6.6", &text, &with("WIDE", 8.0)).is_err());
}
