//! How the weights of a whole model are held: a format per tensor.

use std::fmt;
use std::str::FromStr;

use crate::op::Format;

/// What a file of weights is called after. Few files hold every tensor in the format of their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// The matrices in one format, and what its publishers keep wider in their wider one.
    Plain(Format),
}

impl From<Format> for Scheme {
    fn from(format: Format) -> Self {
        Self::Plain(format)
    }
}

impl Scheme {
    /// The name used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain(format) => format.name(),
        }
    }

    /// Every scheme.
    pub fn all() -> impl Iterator<Item = Self> {
        Format::ALL.into_iter().map(Self::Plain)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Scheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|scheme| scheme.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            format!("unknown format \"{}\"; known: {}", text.escape_debug(), names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_in_any_case() {
        for scheme in Scheme::all() {
            assert_eq!(scheme.name().parse(), Ok(scheme));
            assert_eq!(scheme.name().to_uppercase().parse(), Ok(scheme));
        }
    }
}
