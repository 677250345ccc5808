//! The rules of the sanity gate by name, and what they do to a row.

use std::fmt;
use std::str::FromStr;

use crate::named::named;

/// Why a row of a price file is not simply taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A cell that is missing or cannot be read.
    Unreadable,
    /// Outside what anybody asks.
    Band,
    /// In another unit than its place says: per thousand, per token, per character.
    Unit,
    /// A spot price that is not below the on-demand price of the same thing.
    SpotNotBelow,
    /// Spot prices in a constant ratio to on-demand prices: set by hand, not by a market.
    AdministeredSpot,
    /// Far from what the other providers ask for the same thing.
    Outlier,
    /// Moved more in a day than prices do.
    DayJump,
    /// The same quote again.
    Duplicate,
    /// The same thing at another price in the same file.
    Conflict,
    /// In a currency without a rate.
    Currency,
    /// Hardware or a model that cannot be told.
    Identity,
    /// A memory size that the hardware does not have.
    Memory,
    /// Not a price of what is looked for: a machine without GPU, an image, a query.
    NotAnOffer,
    /// The source gives no price.
    Unknown,
    /// Given away.
    Free,
    /// Set anew at every request.
    Dynamic,
    /// Not for sale there.
    NotOffered,
    /// Prices of one card in an order that nobody sells in: input above output, reading a cache above fresh input.
    Order,
}

named!(Rule {
    Unreadable = "unreadable",
    Band = "band",
    Unit = "unit",
    SpotNotBelow = "spot-not-below-on-demand",
    AdministeredSpot = "administered-spot",
    Outlier = "outlier",
    DayJump = "day-jump",
    Duplicate = "duplicate",
    Conflict = "conflict",
    Currency = "currency",
    Identity = "identity",
    Memory = "memory",
    NotAnOffer = "not-an-offer",
    Unknown = "unknown",
    Free = "free",
    Dynamic = "dynamic",
    NotOffered = "not-offered",
    Order = "order",
});

/// The rules that a kept row is flagged by; as text their names with `;` between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u32);

impl Flags {
    /// Adds a rule.
    pub fn set(&mut self, rule: Rule) {
        self.0 |= 1 << rule as u32;
    }

    /// Whether a rule flagged the row.
    pub fn has(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u32) != 0
    }

    /// Whether none did.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rules, in their order.
    pub fn rules(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |rule| self.has(*rule))
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.rules().enumerate() {
            write!(out, "{}{rule}", if index == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

impl FromStr for Flags {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut flags = Self::default();
        for name in text.split(';').map(str::trim).filter(|name| !name.is_empty()) {
            flags.set(name.parse()?);
        }
        Ok(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn flags_survive_their_text(rules in prop::collection::vec(prop::sample::select(Rule::ALL), 0..5)) {
            let mut flags = Flags::default();
            rules.iter().for_each(|rule| flags.set(*rule));
            prop_assert_eq!(flags.to_string().parse(), Ok(flags));
        }
    }
}
