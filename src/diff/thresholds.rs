//! How much a kernel may move: a small TOML file.
//!
//! ```toml
//! [default]
//! margin = 0.02      # smaller differences do not count
//! cap = 0.10         # where not even this could have been seen, SAME is not said
//!
//! [kernel.gemm]
//! margin = 0.05
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::table::Fault;
use crate::text::{inert, nearest};

/// The most bytes of a thresholds file that are read.
pub const MAX_BYTES: u64 = 1 << 20;

/// What counts as a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// The smallest relative difference that counts.
    pub margin: f64,
    /// The largest detectable effect with which SAME is still said.
    pub cap: f64,
}

impl Default for Threshold {
    /// 2 % is what a quiet GPU repeats; 10 % is the slowdown that a check must not miss.
    fn default() -> Self {
        Self { margin: 0.02, cap: 0.10 }
    }
}

/// One for each kernel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thresholds {
    default: Threshold,
    kernels: BTreeMap<String, Threshold>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    default: Section,
    #[serde(default)]
    kernel: BTreeMap<Spanned<String>, Section>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    margin: Option<Spanned<f64>>,
    cap: Option<Spanned<f64>>,
}

impl Thresholds {
    /// That of a kernel.
    pub fn of(&self, kernel: &str) -> Threshold {
        self.kernels.get(kernel).copied().unwrap_or(self.default)
    }

    /// That of what is no kernel.
    pub fn default_one(&self) -> Threshold {
        self.default
    }

    /// Reads the file; `kernels` are the names that exist.
    ///
    /// # Errors
    /// No TOML, an unknown key or kernel, a share that is not above 0 and below 1, a cap below the margin; each
    /// with its line and column (here: character of the line).
    pub fn read(text: &str, kernels: &[&str]) -> Result<Self, Fault> {
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            fault(text, at, inert(&error.message().replace('\n', ", ")))
        })?;
        let default = section(text, &file.default, Threshold::default())?;
        let mut found = BTreeMap::new();
        for (name, values) in &file.kernel {
            let at = name.span().start;
            let name = name.get_ref();
            if !kernels.contains(&name.as_str()) {
                return Err(fault(text, at, unknown(name, kernels)));
            }
            found.insert(name.clone(), section(text, values, default)?);
        }
        Ok(Self { default, kernels: found })
    }
}

fn section(text: &str, values: &Section, default: Threshold) -> Result<Threshold, Fault> {
    let share = |value: &Option<Spanned<f64>>, name: &str, default: f64| match value {
        None => Ok(default),
        Some(value) if *value.get_ref() > 0.0 && *value.get_ref() < 1.0 => Ok(*value.get_ref()),
        Some(value) => {
            let what = format!("{name} {} is not a share above 0 and below 1", value.get_ref());
            Err(fault(text, value.span().start, what))
        }
    };
    let margin = share(&values.margin, "margin", default.margin)?;
    let cap = share(&values.cap, "cap", default.cap.max(margin))?;
    if cap < margin {
        let at = values.cap.as_ref().map_or(0, |cap| cap.span().start);
        return Err(fault(text, at, format!("cap {cap} is below the margin {margin}")));
    }
    Ok(Threshold { margin, cap })
}

fn unknown(name: &str, kernels: &[&str]) -> String {
    let near = nearest(name, kernels.iter().copied());
    let known = if near.is_empty() { kernels.to_vec() } else { near };
    format!("unknown kernel \"{}\"; known: {}", inert(name), known.join(", "))
}

/// A fault at a byte of the text.
fn fault(text: &str, at: usize, what: String) -> Fault {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    Fault { line: before.matches('\n').count() as u64 + 1, column, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNELS: [&str; 3] = ["gemm", "gemv", "copy"];

    fn fault_of(text: &str) -> String {
        Thresholds::read(text, &KERNELS).unwrap_err().to_string()
    }

    #[test]
    fn a_kernel_has_its_own_values_and_the_rest_of_the_default() {
        let text = "[default]\nmargin = 0.03\ncap = 0.2\n[kernel.gemm]\nmargin = 0.05\n";
        let thresholds = Thresholds::read(text, &KERNELS).unwrap();
        assert_eq!(thresholds.of("gemm"), Threshold { margin: 0.05, cap: 0.2 });
        assert_eq!(thresholds.of("gemv"), Threshold { margin: 0.03, cap: 0.2 });
        assert_eq!(Thresholds::read("", &KERNELS).unwrap(), Thresholds::default());
    }

    #[test]
    fn a_margin_above_the_default_cap_raises_the_cap() {
        let thresholds = Thresholds::read("[kernel.copy]\nmargin = 0.3\n", &KERNELS).unwrap();
        assert_eq!(thresholds.of("copy"), Threshold { margin: 0.3, cap: 0.3 });
    }

    #[test]
    fn faults_are_located() {
        for (text, expected) in [
            ("[default]\nmargins = 0.1\n", "2:1: unknown field `margins`, expected `margin` or `cap`"),
            ("[defaults]\n", "1:2: unknown field `defaults`, expected `default` or `kernel`"),
            ("[default]\n  margin = 2\n", "2:12: margin 2 is not a share above 0 and below 1"),
            ("[default]\nmargin = nan\n", "2:10: margin NaN is not a share above 0 and below 1"),
            ("[default]\nmargin = -0.1\n", "2:10: margin -0.1 is not a share above 0 and below 1"),
            ("[default]\nmargin = 0.2\ncap = 0.1\n", "3:7: cap 0.1 is below the margin 0.2"),
            ("[kernel.gem]\nmargin = 0.1\n", "1:9: unknown kernel \"gem\"; known: gemm, gemv"),
            ("[default]\nmargin = 0.1\nmargin = 0.2\n", "3:1: duplicate key"),
            ("[default]\nmargin = \"a\"\n", "2:10: invalid type: string \"a\", expected f64"),
        ] {
            assert_eq!(fault_of(text), expected, "{text}");
        }
    }
}
