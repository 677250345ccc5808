//! Open weights behind a seller's name of a model.
//!
//! Rent is compared only with sellers of the same weights, so a name that may mean other weights means none: base models,
//! revisions by date, thinking and coding variants, distillates and fine-tunes are other weights. Faster, cheaper or quantised
//! offers of the same weights are the same model; the listing keeps their name.

use std::collections::{HashMap, HashSet};

use crate::arch::Architecture;

/// Words that make other weights of a name. An alias with one that its model does not have is not that model's offer.
const OTHER_WEIGHTS: [&str; 14] = [
    "base",
    "pt",
    "coder",
    "code",
    "math",
    "vl",
    "vision",
    "thinking",
    "distill",
    "omni",
    "audio",
    "guard",
    "embedding",
    "reranker",
];

/// Words that only say how the same weights are served; several may follow each other.
const SAME_WEIGHTS: [&str; 24] = [
    "free", "nitro", "floor", "extended", "turbo", "fast", "tput", "maas", "fp8", "fp4", "nvfp4", "mxfp4",
    "int4", "int8", "bf16", "fp16", "awq", "gptq", "lora", "tee", "hf", "dynamic", "8192", "32768",
];

/// Words that a tuned model has behind the name of its base.
const TUNED: [&str; 3] = ["instruct", "it", "chat"];

/// Vendors that may stand before the name with a dash behind them, and how the names go on.
const VENDOR_FAMILIES: [(&str, &str); 9] = [
    ("alibaba-", "qwen"),
    ("google-", "gemma"),
    ("meta-", "llama"),
    ("minimaxai-", "minimax"),
    ("mistralai-", "mi"),
    ("moonshot-", "kimi"),
    ("moonshotai-", "kimi"),
    ("openai-", "gpt-oss"),
    ("zai-", "glm"),
];

/// Sellers that name base and tuned weights apart: there a bare name is the base.
const NAME_BASES: [&str; 4] = ["replicate", "openrouter", "kilo", "hyperbolic"];

/// Vendors that may stand before the name, with a dot behind them.
const VENDORS: [&str; 14] = [
    "meta",
    "openai",
    "deepseek",
    "deepseek-ai",
    "qwen",
    "alibaba",
    "google",
    "mistral",
    "mistralai",
    "minimax",
    "moonshot",
    "moonshotai",
    "zai",
    "microsoft",
];

/// Regions that stand before the name at Amazon Bedrock, with a dot behind them.
const REGIONS: [&str; 9] = ["us", "eu", "apac", "global", "jp", "au", "ca", "us-gov", "regional"];

/// Names that no rule derives, as their sellers use them.
const SPECIAL: [(&str, &str); 5] = [
    ("deepseek.r1", "deepseek-r1"),
    ("deepseek.v3", "deepseek-v3.1"),
    ("meta.llama4-scout-17b-instruct", "llama-4-scout"),
    ("meta.llama4-maverick-17b-instruct", "llama-4-maverick"),
    ("qwen3-235b-a22b-2507-tput", "qwen3-235b-a22b-instruct-2507"),
];

/// Names that may mean several weights: revisions under one name, or a faster offer of a later revision.
const AMBIGUOUS: [&str; 5] =
    ["mistral-7b", "mistral-7b-instruct", "kimi-k2-turbo", "deepseek-chat", "deepseek-reasoner"];

/// The names of open weights.
#[derive(Debug, Default)]
pub struct Models<'m> {
    names: HashMap<String, &'m str>,
    /// The names of the table themselves.
    canonical: HashSet<&'m str>,
    /// Names with their organisation that mean the base of a tuned model.
    bases: HashSet<String>,
    /// Models of which there are base and tuned weights.
    with_base: HashSet<&'m str>,
}

impl<'m> Models<'m> {
    /// Takes the names of a table of architectures.
    pub fn new(models: &'m [Architecture]) -> Self {
        let mut this = Self::default();
        for model in models {
            this.canonical.insert(&model.name);
            let own: HashSet<String> = words(&model.name).into_iter().collect();
            let aliases = model.aliases.iter().chain([&model.repo]);
            let bases: Vec<_> =
                aliases.clone().filter_map(|alias| base_of_tuned(alias, &model.aliases)).collect();
            if !bases.is_empty() {
                this.with_base.insert(&model.name);
            }
            this.bases.extend(bases);
            for alias in aliases.chain([&model.name]) {
                let other = words(alias)
                    .into_iter()
                    .any(|word| OTHER_WEIGHTS.contains(&word.as_str()) && !own.contains(&word));
                let key = key(last_part(alias));
                if !other && !AMBIGUOUS.contains(&last_part(alias)) {
                    this.names.entry(key).or_insert(&model.name);
                }
            }
        }
        this
    }

    /// The open weights that a seller's listing means; `None` where it means others, or may.
    pub fn find(&self, seller: &str, listing: &str) -> Option<&'m str> {
        let found = self.named(listing)?;
        let is_tuned = words(listing).iter().any(|word| TUNED.contains(&word.as_str()));
        let is_base = NAME_BASES.contains(&seller) && !is_tuned && self.with_base.contains(found);
        (!is_base).then_some(found)
    }

    /// What a model is called: the open weights that the listing means, with `true`, or the seller's own name of others, which
    /// is never a name of open weights.
    pub fn name(&self, seller: &str, listing: &str) -> (String, bool) {
        if let Some(found) = self.find(seller, listing) {
            return (found.to_owned(), true);
        }
        let own = own_name(listing);
        let taken = self.canonical.contains(own.as_str());
        (if taken { format!("{seller}/{own}") } else { own }, false)
    }

    fn named(&self, listing: &str) -> Option<&'m str> {
        let lower = listing.trim().to_lowercase();
        let whole = lower.trim_start_matches('@');
        let last = last_part(whole);
        if self.bases.contains(&with_organisation(whole)) {
            return None;
        }
        let last = without_region(last);
        let (last, version) = without_bedrock_version(last);
        if let Some((_, name)) = SPECIAL.iter().find(|(theirs, _)| *theirs == last) {
            return self.names.get(&key(name)).copied();
        }
        let bare = without_vendor(last);
        let mut words = words(&format!("{bare}{version}"));
        loop {
            let name = words.join("-");
            if AMBIGUOUS.iter().any(|ambiguous| key(ambiguous) == name) {
                return None;
            }
            match self.names.get(&name) {
                Some(found) => return Some(found),
                None if words.last().is_some_and(|last| SAME_WEIGHTS.contains(&last.as_str())) => words.pop(),
                None => return None,
            };
        }
    }
}

/// The seller's own name of closed weights: the last part of its listing in lower case, without words about the offer.
fn own_name(listing: &str) -> String {
    let lower = listing.trim().to_lowercase();
    let last = last_part(&lower);
    last.strip_suffix(":free").unwrap_or(last).to_owned()
}

/// The words of a name: its runs of letters and of digits, with `v` of a version dropped and `3p1` read as `3.1`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for character in name.to_lowercase().chars() {
        if !character.is_ascii_alphanumeric() {
            before = ' ';
            continue;
        }
        let goes_on = before.is_ascii_digit() == character.is_ascii_digit() && before != ' ';
        match words.last_mut() {
            Some(word) if goes_on => word.push(character),
            _ => words.push(character.into()),
        }
        before = character;
    }
    joined_names(without_marks(words))
}

/// Drops the `v` of `v3` and the `p` of `3p1`.
fn without_marks(words: Vec<String>) -> Vec<String> {
    let is_number =
        |word: Option<&String>| word.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let mark = |index: usize, word: &str| {
        let after = is_number(words.get(index + 1));
        let between = index > 0 && is_number(words.get(index - 1)) && after;
        (word == "v" && after) || (word == "p" && between)
    };
    words
        .iter()
        .enumerate()
        .filter(|(index, word)| !mark(*index, word))
        .map(|(_, word)| word.clone())
        .collect()
}

/// Formats such as `fp8` and `int4` as one word.
fn joined_names(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        match joined.last_mut() {
            Some(last) if ["fp", "nvfp", "mxfp", "int", "bf"].contains(&last.as_str()) => {
                last.push_str(&word)
            }
            _ => joined.push(word),
        }
    }
    joined
}

/// The form in which two names are compared.
fn key(name: &str) -> String {
    words(name).join("-")
}

/// What stands behind the last slash, without a version behind `@`.
fn last_part(name: &str) -> &str {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split('@').next().unwrap_or(last)
}

/// Organisation and name: the last two parts of a path.
fn with_organisation(name: &str) -> String {
    let mut parts = name.rsplit('/');
    let (last, organisation) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let last = last.strip_prefix("meta-").unwrap_or(last);
    format!("{organisation}/{}", key(last))
}

/// The organisation and name of an alias that is the base of another alias of the same model.
fn base_of_tuned(alias: &str, all: &[String]) -> Option<String> {
    let whole = with_organisation(&alias.to_lowercase());
    let has_tuned = all.iter().any(|other| {
        let other = with_organisation(&other.to_lowercase());
        let untuned = other.split('-').filter(|word| !TUNED.contains(word)).collect::<Vec<_>>().join("-");
        other != whole && untuned == whole
    });
    (alias.contains('/') && has_tuned).then_some(whole)
}

fn without_region(name: &str) -> &str {
    let rest = name.split_once('.').filter(|(region, _)| REGIONS.contains(region)).map(|(_, rest)| rest);
    rest.unwrap_or(name)
}

/// A name at Amazon Bedrock without `-v1:0`; other versions than the first are part of the name.
fn without_bedrock_version(name: &str) -> (&str, String) {
    let Some((rest, _)) =
        name.rsplit_once(':').filter(|(_, last)| last.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        return (name, String::new());
    };
    match (rest.strip_suffix("-v1").or(rest.strip_suffix("-1")), rest.strip_suffix("-v0")) {
        (Some(rest), _) => (rest, String::new()),
        (None, Some(rest)) => (rest, name.strip_prefix(rest).unwrap_or_default().replace(':', ".")),
        (None, None) => (name, String::new()),
    }
}

/// A name without the vendor before it: `meta.llama3-8b`, `openai-gpt-oss-20b`.
fn without_vendor(name: &str) -> &str {
    let dotted = VENDORS.iter().find_map(|vendor| name.strip_prefix(vendor)?.strip_prefix('.'));
    let dashed = || {
        VENDOR_FAMILIES
            .iter()
            .find_map(|(vendor, family)| name.strip_prefix(vendor).filter(|rest| rest.starts_with(family)))
    };
    dotted.or_else(dashed).unwrap_or(name)
}
