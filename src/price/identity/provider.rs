//! Who sells: known sellers by the names that files and folders have, and what kind of seller each is.

use crate::price::rental::Segment;

/// Known sellers of rented GPUs.
const PROVIDERS: [(&str, Segment); 41] = [
    ("aws", Segment::Hyperscaler),
    ("azure", Segment::Hyperscaler),
    ("gcp", Segment::Hyperscaler),
    ("oci", Segment::Hyperscaler),
    ("ibm", Segment::Hyperscaler),
    ("alibaba", Segment::Hyperscaler),
    ("amddevcloud", Segment::Neocloud),
    ("cloudrift", Segment::Neocloud),
    ("coreweave", Segment::Neocloud),
    ("crusoe", Segment::Neocloud),
    ("cudo", Segment::Neocloud),
    ("datacrunch", Segment::Neocloud),
    ("digitalocean", Segment::Neocloud),
    ("do", Segment::Neocloud),
    ("fluidstack", Segment::Neocloud),
    ("hotaisle", Segment::Neocloud),
    ("hyperbolic", Segment::Neocloud),
    ("hyperstack", Segment::Neocloud),
    ("jarvislabs", Segment::Neocloud),
    ("lambda", Segment::Neocloud),
    ("lambdalabs", Segment::Neocloud),
    ("latitude", Segment::Neocloud),
    ("mithril", Segment::Neocloud),
    ("nebius", Segment::Neocloud),
    ("novita", Segment::Neocloud),
    ("ovh", Segment::Neocloud),
    ("ovhcloud", Segment::Neocloud),
    ("paperspace", Segment::Neocloud),
    ("runpod", Segment::Neocloud),
    ("scaleway", Segment::Neocloud),
    ("seeweb", Segment::Neocloud),
    ("together", Segment::Neocloud),
    ("verda", Segment::Neocloud),
    ("voltagepark", Segment::Neocloud),
    ("vultr", Segment::Neocloud),
    ("yotta", Segment::Neocloud),
    ("primeintellect", Segment::Marketplace),
    ("shadeform", Segment::Marketplace),
    ("tensordock", Segment::Marketplace),
    ("vast", Segment::Marketplace),
    ("vastai", Segment::Marketplace),
];

/// Instance types that only one seller has: by their start and what they contain.
const INSTANCES: [(&str, &str, &str); 6] = [
    ("", "_SECURE", "runpod"),
    ("", "_COMMUNITY", "runpod"),
    ("gpu_", "x_", "lambda"),
    ("cpu_", "x_", "lambda"),
    ("gpu-", "gpu-", "nebius"),
    ("Standard_", "", "azure"),
];

/// What kind of seller this is, as far as it is known.
pub fn segment(provider: &str) -> Segment {
    let squashed: String = provider.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    PROVIDERS.iter().find(|(name, _)| *name == squashed).map_or(Segment::Unknown, |(_, segment)| *segment)
}

/// The known sellers whose names are words of this text, such as a file's name.
pub fn named_in(text: &str) -> Vec<&'static str> {
    let words: Vec<String> =
        text.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::to_lowercase).collect();
    let mut found: Vec<&'static str> = PROVIDERS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| words.iter().any(|word| word == name))
        .collect();
    found.dedup();
    found
}

/// Of these sellers the one that names its instances like this; of all where none is given.
pub fn by_instance(instance: &str, among: &[&'static str]) -> Option<&'static str> {
    let fits = |start: &str, part: &str| instance.starts_with(start) && instance.contains(part);
    let mut found = INSTANCES
        .iter()
        .filter(|(start, part, name)| fits(start, part) && (among.is_empty() || among.contains(name)))
        .map(|(_, _, name)| *name);
    found.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_name_their_seller() {
        assert_eq!(named_in("v8_nebius_vms_gpu_rows.csv"), ["nebius"]);
        assert_eq!(named_in("v8_lambda_and_runpod_sample_rows.csv"), ["lambda", "runpod"]);
        assert_eq!(named_in("lambdalabs"), ["lambdalabs"]);
        assert!(
            named_in("vms.csv").is_empty() && named_in("Downloads").is_empty() && named_in("").is_empty()
        );
    }

    #[test]
    fn instance_types_name_their_seller_where_only_one_writes_them_so() {
        let both = ["lambda", "runpod"];
        assert_eq!(by_instance("gpu_8x_a100_80gb_sxm4", &both), Some("lambda"));
        assert_eq!(by_instance("2x_A100-80GB_SECURE", &both), Some("runpod"));
        assert_eq!(by_instance("1H100.80S.32V", &both), None);
    }

    #[test]
    fn sellers_have_a_kind_in_any_spelling() {
        assert_eq!(segment("AWS"), Segment::Hyperscaler);
        assert_eq!(segment("Voltage Park"), Segment::Neocloud);
        assert_eq!(segment("vast.ai"), Segment::Marketplace);
        assert_eq!(segment("somebody"), Segment::Unknown);
    }
}
