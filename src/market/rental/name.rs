//! Which GPU a name means: its family, its form, its memory. `H100` is every form of the H100; a GH200 is none of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::hardware::GpuSpec;

/// Sizes that differ by less than this share are one size in different units.
const SAME_SIZE: f64 = 0.07;

/// Words that tell no two GPUs apart.
const FILLERS: [&str; 12] = [
    "nvidia",
    "amd",
    "intel",
    "tesla",
    "geforce",
    "radeon",
    "instinct",
    "gpu",
    "superchip",
    "tensor",
    "core",
    "hbm",
];

/// What a name says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The name without form and memory, such as `h100` or `rtx4090laptop`.
    pub family: String,
    /// `sxm`, `pcie`, `nvl` …; `None` where the name does not say.
    pub form: Option<String>,
    /// GB of one GPU.
    pub memory_gb: Option<u16>,
}

impl Identity {
    /// Reads a name.
    pub fn of(name: &str) -> Self {
        let mut identity = Self::default();
        let spaced: String = name
            .to_lowercase()
            .chars()
            .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
            .collect();
        let mut words: Vec<&str> = Vec::new();
        for word in spaced.split_whitespace() {
            if let Some((front, form)) = glued(word) {
                words.push(front);
                identity.form = Some(form.to_owned());
            } else if let Some(form) = form(word) {
                identity.form = Some(form.to_owned());
            } else if let Some(gb) = memory(word) {
                identity.memory_gb = Some(gb);
            } else if matches!(word, "gb" | "gib")
                && words.last().is_some_and(|last| last.parse::<u16>().is_ok())
            {
                identity.memory_gb = words.pop().and_then(|gb| gb.parse().ok());
            } else if !FILLERS.contains(&word) && !word.starts_with("hbm") {
                words.push(word);
            }
        }
        identity.family = words.concat();
        identity
    }

    /// Whether a row of this identity is meant by `asked`: nothing that was asked for differs, and what was asked for is
    /// known.
    pub fn is(&self, asked: &Self) -> bool {
        let said = |asked: &Option<String>, own: &Option<String>| asked.is_none() || asked == own;
        let size =
            asked.memory_gb.is_none_or(|asked| self.memory_gb.is_some_and(|own| same_size(own, asked)));
        self.family == asked.family && said(&asked.form, &self.form) && size
    }
}

fn form(word: &str) -> Option<&str> {
    let numbered = |stem: &str| {
        word.strip_prefix(stem).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match word {
        "pcie" | "pci" => Some("pcie"),
        "hgx" | "dgx" => Some("sxm"),
        "nvlink" | "mega" | "oam" => Some(word),
        _ if numbered("sxm") => Some("sxm"),
        _ if numbered("nvl") => Some("nvl"),
        _ => None,
    }
}

/// A form written onto the name, as in `h100nvl`.
fn glued(word: &str) -> Option<(&str, &str)> {
    let at = ["sxm", "pcie", "nvl"].iter().filter_map(|stem| word.find(stem)).find(|at| *at > 0)?;
    let (front, rest) = word.split_at_checked(at)?;
    front.ends_with(|letter: char| letter.is_ascii_digit()).then_some(())?;
    Some((front, form(rest)?))
}

fn memory(word: &str) -> Option<u16> {
    ["gb", "gib", "g"].iter().find_map(|unit| word.strip_suffix(unit)?.parse().ok()).filter(|gb| *gb > 0)
}

fn same_size(a: u16, b: u16) -> bool {
    let (a, b) = (f64::from(a), f64::from(b));
    (a - b).abs() <= SAME_SIZE * a.max(b)
}

/// What datasheets say about the memory of families.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    families: BTreeMap<String, BTreeSet<(Option<String>, u16)>>,
}

impl Catalogue {
    /// The catalogue of the GPUs whose memory is known.
    pub fn of(gpus: &[GpuSpec]) -> Self {
        let mut families: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
        for gpu in gpus {
            let identity = Identity::of(&gpu.name);
            let known = gpu.memory.map(|memory| (memory.0 / 1e9).round() as u16);
            if let Some(gb) = identity.memory_gb.or(known) {
                families.entry(identity.family).or_default().insert((identity.form, gb));
            }
        }
        Self { families }
    }

    /// The identity of a row from its name and its own column of memory, with what the datasheets add: the size that the
    /// column means, the only size or the only form that there is.
    pub fn identity(&self, name: &str, memory_gb: Option<u16>) -> Identity {
        let mut identity = Identity::of(name);
        identity.memory_gb = memory_gb.or(identity.memory_gb);
        let Some(known) = self.families.get(&identity.family) else { return identity };
        let fits = |(form, gb): &&(Option<String>, u16)| {
            (identity.form.is_none() || *form == identity.form)
                && identity.memory_gb.is_none_or(|own| same_size(own, *gb))
        };
        let fitting: Vec<&(Option<String>, u16)> = known.iter().filter(fits).collect();
        let sizes: BTreeSet<u16> = fitting.iter().map(|(_, gb)| *gb).collect();
        let forms: BTreeSet<&Option<String>> = fitting.iter().map(|(form, _)| form).collect();
        match (sizes.first(), identity.memory_gb) {
            (Some(only), _) if sizes.len() == 1 => identity.memory_gb = Some(*only),
            (_, Some(own)) => {
                let nearest = sizes.iter().min_by_key(|gb| gb.abs_diff(own));
                identity.memory_gb = nearest.copied().or(Some(own));
            }
            _ => {}
        }
        if let (1, Some(Some(only))) = (forms.len(), forms.first()) {
            identity.form = Some(only.clone());
        }
        identity
    }

    /// Whether a form of this family is sold with several sizes of memory, which are then never mixed.
    pub fn sold_in_sizes(&self, family: &str) -> bool {
        let Some(known) = self.families.get(family) else { return false };
        let mut sizes: BTreeMap<&Option<String>, usize> = BTreeMap::new();
        known.iter().for_each(|(form, _)| *sizes.entry(form).or_default() += 1);
        sizes.values().any(|count| *count > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware;

    fn of(name: &str) -> (String, Option<String>, Option<u16>) {
        let identity = Identity::of(name);
        (identity.family, identity.form, identity.memory_gb)
    }

    fn says(family: &str, form: &str, gb: u16) -> (String, Option<String>, Option<u16>) {
        (family.into(), Some(form.to_owned()).filter(|form| !form.is_empty()), Some(gb).filter(|gb| *gb > 0))
    }

    fn catalogue() -> Catalogue {
        Catalogue::of(&hardware::read_gpus(&include_bytes!("../../../data/gpus.csv")[..]).unwrap())
    }

    #[test]
    fn one_gpu_has_many_names() {
        for (name, expected) in [
            ("H100", says("h100", "", 0)),
            ("NVIDIA H100 80GB HBM3", says("h100", "", 80)),
            ("h100-sxm5", says("h100", "sxm", 0)),
            ("H100NVL", says("h100", "nvl", 0)),
            ("A100-80GB-SXM", says("a100", "sxm", 80)),
            ("A100 40 GB", says("a100", "", 40)),
            ("a100_80g", says("a100", "", 80)),
            ("NVIDIA A100-SXM4-40GB", says("a100", "sxm", 40)),
            ("GH200 96GB", says("gh200", "", 96)),
            ("GB200 NVL72", says("gb200", "nvl", 0)),
            ("RTX 4090", says("rtx4090", "", 0)),
            ("RTX4090", says("rtx4090", "", 0)),
            ("RTX 4090 Laptop GPU", says("rtx4090laptop", "", 0)),
            ("Tesla V100-PCIE-16GB", says("v100", "pcie", 16)),
            ("2-vCPU cloud machine", says("2vcpucloudmachine", "", 0)),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
    }

    #[test]
    fn a_family_is_every_form_and_no_other_gpu() {
        let meant = |asked: &str, name: &str, gb| catalogue().identity(name, gb).is(&Identity::of(asked));
        for name in ["H100", "H100 SXM", "h100-pcie", "H100NVL", "H100 80GB"] {
            assert!(meant("h100", name, None), "{name}");
        }
        for name in ["GH200", "GB200", "H200", "B200", "H100 MIG", "H10"] {
            assert!(!meant("h100", name, None) && !meant("b200", name, None) || name == "B200", "{name}");
        }
        assert!(meant("H100 SXM", "H100-SXM5-80GB", None) && !meant("H100 SXM", "H100 PCIe", None));
        assert!(!meant("H100 SXM", "H100", Some(80)), "SXM and PCIe have 80 GB");
        assert!(meant("H100 NVL", "H100", Some(94)), "only the NVL has 94 GB");
        assert!(meant("rtx 4090", "RTX 4090", None) && !meant("rtx 4090", "RTX 4090 Laptop", None));
        assert!(!meant("rtx 4090", "RTX 4090 D", None) && !meant("l40", "L40S", None));
    }

    #[test]
    fn memory_is_what_the_row_says_snapped_to_what_is_sold() {
        let gb = |name: &str, column| catalogue().identity(name, column).memory_gb;
        assert_eq!(gb("H100 SXM", None), Some(80), "there is one size");
        assert_eq!((gb("H200", Some(140)), gb("B200", Some(192))), (Some(141), Some(180)));
        assert_eq!(
            (gb("A100", None), gb("A100", Some(79)), gb("A100 SXM 40GB", None)),
            (None, Some(80), Some(40))
        );
        assert_eq!(gb("Unheard 9000", Some(77)), Some(77));
        assert!(catalogue().sold_in_sizes("a100") && !catalogue().sold_in_sizes("h100"));
    }
}
