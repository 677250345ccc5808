//! The names that people publish under, as the tables have them.

use crate::arch::{self, Architecture, Scheme};
use crate::hardware::{self, GpuSpec};
use crate::op::Format;

/// The GPU that a published name means: as it stands, or without its memory, its number of cores and remarks in
/// parentheses, or with the series that people leave out.
pub fn gpu<'g>(gpus: &'g [GpuSpec], name: &str) -> Option<&'g GpuSpec> {
    let spaced = name.replace('_', " ").replace('\u{2011}', "-");
    let plain = spaced.split('(').next().unwrap_or_default().trim();
    let memory = |word: &str| word.strip_suffix("GB").is_some_and(|size| size.parse::<u32>().is_ok());
    let kept = |word: &&str| !memory(word) && !word.ends_with("-Core") && *word != "GPU";
    let short = plain.split_whitespace().filter(kept).collect::<Vec<_>>().join(" ");
    let series = format!("RTX {short}");
    [name, &spaced, plain, &short, &series].iter().find_map(|name| hardware::find(gpus, name).ok())
}

/// The model that a published name means.
pub fn model<'m>(models: &'m [Architecture], name: &str) -> Option<&'m Architecture> {
    let short = name.rsplit('/').next().unwrap_or(name);
    [name, short].iter().find_map(|name| arch::find(models, name).ok())
}

/// The format that a published name means.
pub fn weights(name: &str) -> Option<Scheme> {
    match name {
        "fp16" => Some(Format::F16.into()),
        other => other.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_one_gpu_in_many_ways() {
        let gpus = hardware::read_gpus(&include_bytes!("../../data/gpus.csv")[..]).unwrap();
        for (published, known) in [
            ("RTX 4090", "RTX 4090"),
            ("4090 24GB", "RTX 4090"),
            ("h100_sxm", "H100 SXM"),
            ("A40 48GB", "A40"),
            ("M1 7\u{2011}Core GPU 8GB", "M1"),
            ("M2 Ultra 76-Core GPU 192GB", "M2 Ultra"),
            ("M4 Max (40-core)", "M4 Max"),
            ("Tesla K80 (one die)", "Tesla K80"),
            ("B200 180GB", "B200 SXM"),
        ] {
            assert_eq!(gpu(&gpus, published).map(|gpu| gpu.name.as_str()), Some(known), "{published}");
        }
        assert_eq!(gpu(&gpus, "RTX 409"), None);
    }
}
