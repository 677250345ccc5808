//! One price as a source gives it: a value, or why there is none. Zero alone would mean five things.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

pub use crate::table::decimal as money;

/// A price or the reason for its absence. Only a [`Quoted::Value`] votes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quoted {
    /// This much.
    Value(Decimal),
    /// Given away: not the price of what others sell.
    Free,
    /// The source does not say.
    #[default]
    Unknown,
    /// Set anew at every request, as by a router.
    Dynamic,
    /// Not for sale here.
    NotOffered,
    /// The source says a number that cannot be true.
    Rejected,
}

impl Quoted {
    /// The price where there is one.
    pub fn value(self) -> Option<Decimal> {
        match self {
            Self::Value(price) => Some(price),
            _ => None,
        }
    }

    /// The same with its price changed.
    pub fn map(self, change: impl FnOnce(Decimal) -> Decimal) -> Self {
        match self {
            Self::Value(price) => Self::Value(change(price)),
            other => other,
        }
    }
}

impl From<Option<Decimal>> for Quoted {
    fn from(price: Option<Decimal>) -> Self {
        price.map_or(Self::Unknown, Self::Value)
    }
}

/// As in files: the decimal text, a word, or nothing where it is unknown.
impl fmt::Display for Quoted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(price) => price.fmt(out),
            Self::Free => out.pad("free"),
            Self::Unknown => out.pad(""),
            Self::Dynamic => out.pad("dynamic"),
            Self::NotOffered => out.pad("not_offered"),
            Self::Rejected => out.pad("rejected"),
        }
    }
}

impl FromStr for Quoted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Ok(Self::Unknown),
            "free" => Ok(Self::Free),
            "dynamic" => Ok(Self::Dynamic),
            "not_offered" => Ok(Self::NotOffered),
            "rejected" => Ok(Self::Rejected),
            _ => money(text).filter(|price| *price > Decimal::ZERO).map(Self::Value).ok_or_else(|| {
                "is neither a finite number > 0 nor free, dynamic, not_offered, rejected".to_owned()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_five_meanings_of_no_price_are_told_apart() {
        for text in ["", "free", "dynamic", "not_offered", "rejected", "0.15"] {
            assert_eq!(text.parse::<Quoted>().unwrap().to_string(), text);
        }
        for text in ["0", "-1", "0.0", "NaN", "$1", "none"] {
            assert!(text.parse::<Quoted>().is_err(), "{text}");
        }
    }

    #[test]
    fn exponents_are_read_exactly() {
        assert_eq!(money("1.5e-7").unwrap().to_string(), "0.00000015");
        assert_eq!(money("2.5E-06"), money("0.0000025"));
        assert_eq!(money("1_000"), None);
        assert_eq!(money("1e999"), None);
        assert_eq!(money("1e-40"), None);
    }

    proptest! {
        #[test]
        fn a_price_survives_its_text(mantissa in 1i64..1_000_000_000_000, scale in 0u32..12) {
            let quoted = Quoted::Value(Decimal::new(mantissa, scale));
            prop_assert_eq!(quoted.to_string().parse(), Ok(quoted));
        }

        #[test]
        fn no_text_makes_a_panic(text in ".{0,40}") {
            let _ = (money(&text), text.parse::<Quoted>());
        }
    }
}
