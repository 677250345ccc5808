//! Spellings: `NVIDIA-H100-80GB-SXM5`, `H100SXM` and `8x H100 SXM 80 GB` are one name with different trimmings.

/// How a GPU is mounted, as far as a name says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Not said.
    #[default]
    Unknown,
    /// A module on a board with fast links.
    Sxm,
    /// A card.
    Pcie,
    /// A pair of bridged cards.
    Nvl,
}

/// What follows a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmings {
    /// How it is mounted.
    pub form: Form,
    /// Memory in GB.
    pub memory_gb: Option<u16>,
}

/// The most bytes of a name.
pub const MAX_NAME_BYTES: usize = 120;

/// Words before a name that do not tell two GPUs apart.
const PREFIXES: [&str; 9] =
    ["nvidia", "amd", "intel", "apple", "geforce", "tesla", "instinct", "radeon", "gpu"];

/// Words after a name that do not, the longer ones first.
const SUFFIXES: [&str; 20] = [
    "tensorcoregpu",
    "workstationedition",
    "serveredition",
    "superchip",
    "graphics",
    "nvlink",
    "nvidia",
    "secure",
    "hbm3e",
    "hbm2e",
    "gddr6x",
    "gddr6",
    "gpus",
    "gpu",
    "hbm3",
    "hbm2",
    "gen5",
    "gen4",
    "oam",
    "hbm",
];

const FORMS: [(&str, Form); 13] = [
    ("sxm2", Form::Sxm),
    ("sxm3", Form::Sxm),
    ("sxm4", Form::Sxm),
    ("sxm5", Form::Sxm),
    ("sxm6", Form::Sxm),
    ("sxm", Form::Sxm),
    ("mega", Form::Sxm),
    ("hgx", Form::Sxm),
    ("dgx", Form::Sxm),
    ("pcie", Form::Pcie),
    ("pci", Form::Pcie),
    ("nvlpcie", Form::Nvl),
    ("nvl", Form::Nvl),
];

/// Letters and digits in lower case, without trade marks.
pub fn squash(name: &str) -> String {
    let lower = name.to_lowercase().replace("(r)", "").replace("(tm)", "");
    lower.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The name without vendor, brand and a leading count.
pub fn bare(squashed: &str) -> &str {
    let mut rest = squashed;
    loop {
        let counted = rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).strip_prefix('x');
        let counted = counted.filter(|after| (1..=2).contains(&(rest.len() - after.len() - 1)));
        let shorter = PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix)).or(counted);
        match shorter {
            Some(shorter) if !shorter.is_empty() => rest = shorter,
            _ => return rest,
        }
    }
}

/// What follows a name, where all of it is understood.
pub fn trimmings(rest: &str) -> Option<Trimmings> {
    let mut steps = 0;
    understand(rest, Trimmings::default(), &mut steps)
}

/// Tries every reading: `sxm480gb` is SXM4 with 80 GB.
fn understand(rest: &str, so_far: Trimmings, steps: &mut usize) -> Option<Trimmings> {
    *steps += 1;
    if rest.is_empty() {
        return Some(so_far);
    }
    if *steps > 64 {
        return None;
    }
    for (word, form) in FORMS {
        let fits = so_far.form == Form::Unknown || so_far.form == form;
        let found = rest.strip_prefix(word).filter(|_| fits);
        let found = found.and_then(|rest| understand(rest, Trimmings { form, ..so_far }, steps));
        if found.is_some() {
            return found;
        }
    }
    if let Some((memory_gb, after)) = memory(rest).filter(|_| so_far.memory_gb.is_none()) {
        let found = understand(after, Trimmings { memory_gb: Some(memory_gb), ..so_far }, steps);
        if found.is_some() {
            return found;
        }
    }
    let plain = SUFFIXES.iter().find_map(|word| rest.strip_prefix(word)).or_else(|| count(rest));
    plain.and_then(|rest| understand(rest, so_far, steps))
}

/// `80gb`, `80gib` or `80g` at the start.
fn memory(text: &str) -> Option<(u16, &str)> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let rest = ["gib", "gb", "g"].iter().find_map(|name| unit.strip_prefix(name))?;
    let plain = (1..=3).contains(&digits) && !number.starts_with('0');
    Some((number.parse().ok().filter(|_| plain)?, rest))
}

/// `x8` or `8x` at the start.
fn count(text: &str) -> Option<&str> {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let after = text.trim_start_matches(is_digit);
    let one_or_two = |length: usize| (1..=2).contains(&length);
    if let Some(rest) = after.strip_prefix('x').filter(|_| one_or_two(text.len() - after.len())) {
        return Some(rest);
    }
    let digits = text.strip_prefix('x')?;
    let rest = digits.trim_start_matches(is_digit);
    one_or_two(digits.len() - rest.len()).then_some(rest)
}

/// The form factor that stands as a word of its own in an instance type, such as `gpu_1x_h100_pcie`.
pub fn form_in(instance: &str) -> Form {
    let words = instance.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut forms = words.filter_map(|word| {
        FORMS
            .iter()
            .find(|(known, _)| *known != "mega" && word.eq_ignore_ascii_case(known))
            .map(|(_, form)| *form)
    });
    match (forms.next(), forms.next()) {
        (Some(form), None) => form,
        (Some(form), Some(other)) if form == other => form,
        _ => Form::Unknown,
    }
}
