//! The names that people publish under, as the tables have them.

use crate::arch::{self, Architecture, Scheme};
use crate::hardware::{self, GpuSpec};
use crate::op::Format;

/// The GPU that a published name means: as it stands, or without its memory, its number of cores and remarks in
/// parentheses, or with the series that people leave out.
pub fn gpu<'g>(gpus: &'g [GpuSpec], name: &str) -> Option<&'g GpuSpec> {
    let spaced = name.replace(['_', '\u{2011}'], " ");
    let mut plain = spaced.split('(').next().unwrap_or_default().to_owned();
    let size = |word: &str| word.strip_suffix("GB").is_some_and(|digits| digits.parse::<u32>().is_ok());
    let spoken = |word: &&str| !size(word) && !["Core", "GPU"].contains(word);
    let words: Vec<&str> = plain.split_whitespace().filter(spoken).collect();
    let cores = |pair: usize| words.get(pair).is_some_and(|word| word.parse::<u32>().is_ok());
    let kept = if name.contains("Core") && words.len() > 1 && cores(words.len() - 1) {
        words.len() - 1
    } else {
        words.len()
    };
    let short = words.iter().take(kept).copied().collect::<Vec<_>>().join(" ").replace("-Core", "");
    plain.truncate(plain.trim_end().len());
    let series = format!("RTX {short}");
    [name, &spaced, &plain, &short, &series].iter().find_map(|name| hardware::find(gpus, name).ok())
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
