//! The names in a folder that anybody may write to: sorted, and no more of them than a person reads.

use std::collections::BTreeSet;
use std::fs::ReadDir;
use std::io;

use crate::cmd::files::{PREFIX, SUFFIX};

/// The most names that are kept: the first by name, whatever the order in which the file system gives them.
const NAMES_MAX: usize = 1000;

/// Names in a folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// The first of them, sorted.
    pub names: Vec<String>,
    /// How many more there are.
    pub more: u64,
}

impl Listing {
    /// The entries but those that `known` takes and files of ours that are not whole yet.
    pub fn of(entries: ReadDir, known: impl FnMut(&str) -> bool) -> io::Result<Self> {
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        Self::of_names(names, known)
    }

    fn of_names(
        names: impl Iterator<Item = io::Result<String>>,
        mut known: impl FnMut(&str) -> bool,
    ) -> io::Result<Self> {
        let mut kept = BTreeSet::new();
        let mut more = 0;
        for name in names {
            let name = name?;
            if known(&name) || (name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
                continue;
            }
            kept.insert(name);
            if kept.len() > NAMES_MAX {
                kept.pop_last();
                more += 1;
            }
        }
        Ok(Self { names: kept.into_iter().collect(), more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_names_the_first_are_kept_and_the_others_counted_in_any_order() {
        let names: Vec<String> = (0..5_000).map(|index| format!("x{index:05}")).collect();
        let listed = |names: Vec<String>| {
            let known = |name: &str| name == "x00000";
            let Listing { names, more } = Listing::of_names(names.into_iter().map(Ok), known).unwrap();
            (names, more)
        };
        let forwards = listed(names.clone());
        assert_eq!((forwards.0.len(), forwards.1), (NAMES_MAX, 3_999));
        assert_eq!(forwards.0[0], "x00001");
        assert_eq!(listed(names.into_iter().rev().collect()), forwards);
    }

    #[test]
    fn files_that_are_not_whole_yet_are_no_strays() {
        let names = [".mtok-ab12.tmp", ".mtok-x", "b.tmp"].map(|name| Ok(name.to_owned()));
        let listed = Listing::of_names(names.into_iter(), |_| false).unwrap();
        assert_eq!(listed.names, [".mtok-x", "b.tmp"]);
    }
}
