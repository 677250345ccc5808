//! Every WGSL text that a device may be given is valid, for every format and variant.
#![cfg(feature = "gpu")]

use mtok::kernel::ALL;
use naga::valid::{Capabilities, ValidationFlags, Validator};

/// Why a device could not take a text; `None` when it can.
fn fault(text: &str) -> Option<String> {
    let module = match naga::front::wgsl::parse_str(text) {
        Ok(module) => module,
        Err(error) => return Some(error.emit_to_string(text)),
    };
    // Unpacking halves is core WGSL; naga names it a capability because some GL drivers lack it.
    let capabilities =
        Capabilities::SUBGROUP | Capabilities::SHADER_FLOAT16_IN_FLOAT32 | Capabilities::SHADER_INT64;
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE);
    validator.subgroup_operations(naga::valid::SubgroupOperationSet::all());
    if let Err(error) = validator.validate(&module) {
        return Some(error.emit_to_string(text));
    }
    let entries: Vec<_> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
    (entries != ["main"]).then(|| format!("entry points {entries:?} are not [\"main\"]"))
}

#[test]
fn every_shader_is_valid_in_every_format() {
    assert_eq!(fault(mtok::kernel::calibration::SOURCE.text), None);
    let mut checked = 0;
    for kernel in ALL {
        for (variant, format) in
            kernel.variants.iter().flat_map(|v| kernel.formats.iter().map(move |f| (v, *f)))
        {
            for (text, source) in kernel.texts(variant, format).iter().zip(variant.sources) {
                if let Some(fault) = fault(text) {
                    panic!("{} in {format}: {fault}", source.file);
                }
                checked += 1;
            }
        }
    }
    assert!(checked >= 15, "only {checked} texts");
}
