//! Finding a row by one of its names, and saying which names are near when there is none.

use std::collections::HashMap;
use std::fmt;

use crate::table::{Fault, Row};
use crate::text;

/// A row of a bundled table that people ask for by name.
pub trait Named {
    /// What the row is, for errors: `model`, `GPU`.
    const KIND: &'static str;

    /// The name of the row.
    fn name(&self) -> &str;

    /// Other names of the same thing.
    fn aliases(&self) -> &[String];

    /// The form in which two names are compared; equal keys are the same name.
    fn key(name: &str) -> String {
        fold(name)
    }
}

/// Nothing has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// What was looked for: `model`, `GPU`.
    pub kind: &'static str,
    /// The name as it was given.
    pub name: String,
    /// The nearest known names, best first; empty where none resembles it.
    pub nearest: Vec<String>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.name.chars().take(60).collect();
        write!(out, "unknown {} \"{}\"", self.kind, text::inert(&shown))?;
        if !self.nearest.is_empty() {
            write!(out, "; did you mean {}?", self.nearest.join(", "))?;
        }
        write!(out, " (mtok estimate --list names all)")
    }
}

impl std::error::Error for NotFound {}

/// The row with this name or alias.
///
/// # Errors
/// The name with its nearest neighbours: names first, aliases where no name resembles it.
pub fn find<'r, T: Named>(rows: &'r [T], name: &str) -> Result<&'r T, NotFound> {
    let wanted = T::key(name);
    let same = |known: &str| T::key(known) == wanted;
    let hit = rows.iter().find(|row| same(row.name()) || row.aliases().iter().any(|alias| same(alias)));
    hit.ok_or_else(|| {
        let mut nearest = text::nearest(name, rows.iter().map(T::name));
        if nearest.is_empty() {
            nearest = text::nearest(name, rows.iter().flat_map(T::aliases).map(String::as_str));
        }
        NotFound {
            kind: T::KIND,
            name: name.to_owned(),
            nearest: nearest.into_iter().map(text::inert).collect(),
        }
    })
}

/// Notes the names of a row while a table is read; `seen` maps each key to the line that has it.
///
/// # Errors
/// A name or alias that an earlier row has already, located.
pub fn claim<T: Named>(seen: &mut HashMap<String, u64>, row: Row<'_>, item: &T) -> Result<(), Fault> {
    let aliases = item.aliases().iter().map(|alias| ("aliases", alias.as_str()));
    for (column, name) in std::iter::once(("name", item.name())).chain(aliases) {
        match seen.insert(T::key(name), row.line()) {
            Some(line) if line != row.line() => {
                let what = format!("\"{}\" is on line {line} already", text::inert(name));
                return Err(row.fault(column, what));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The parts of a cell that lists names with `;` between them.
pub fn split_list(cell: &str) -> Vec<String> {
    cell.split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Lower case, with single spaces.
pub fn fold(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(&'static str, Vec<String>);

    impl Named for Thing {
        const KIND: &'static str = "model";
        fn name(&self) -> &str {
            self.0
        }
        fn aliases(&self) -> &[String] {
            &self.1
        }
    }

    fn things() -> Vec<Thing> {
        vec![
            Thing("llama-3.1-8b", vec!["meta-llama/Llama-3.1-8B".into()]),
            Thing("llama-3.1-70b", vec![]),
            Thing("qwen3-8b", vec![]),
        ]
    }

    #[test]
    fn names_and_aliases_are_found_in_any_case() {
        for name in ["llama-3.1-8b", "LLAMA-3.1-8B", " meta-llama/llama-3.1-8b "] {
            assert_eq!(find(&things(), name).map(|thing| thing.0), Ok("llama-3.1-8b"));
        }
    }

    #[test]
    fn unknown_names_are_answered_with_their_neighbours() {
        let shown = |name: &str| find(&things(), name).map(|thing| thing.0).unwrap_err().to_string();
        assert!(
            shown("llama-3.1-8").starts_with("unknown model \"llama-3.1-8\"; did you mean llama-3.1-8b, "),
            "{}",
            shown("llama-3.1-8")
        );
        assert!(shown("llama-3.1-8").ends_with("? (mtok estimate --list names all)"));
        assert_eq!(shown("zzz\u{1b}"), "unknown model \"zzz\\u{1b}\" (mtok estimate --list names all)");
    }
}
