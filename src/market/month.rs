//! A month of a year: the step of every series of the tracker.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A month of the years 0000 to 9999, written `2026-06`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(i32);

impl Month {
    /// The month `month` (1 to 12) of `year`; `None` where there is no such month.
    pub fn new(year: i32, month: i32) -> Option<Self> {
        ((0..=9999).contains(&year) && (1..=12).contains(&month)).then_some(Self(year * 12 + month - 1))
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// The month of the year, 1 to 12.
    pub fn month(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    /// The month after this one.
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The month before this one.
    pub fn prev(self) -> Self {
        self.plus(-1)
    }

    /// The month `months` later; earlier where it is negative.
    pub fn plus(self, months: i32) -> Self {
        Self(self.0.saturating_add(months))
    }

    /// Months from `earlier` to this one; negative where that one is later.
    pub fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// Every month from this one to `last`, both included; none where `last` is earlier.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }
}

impl From<Date> for Month {
    fn from(date: Date) -> Self {
        Self(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&format!("{:04}-{:02}", self.year(), self.month()))
    }
}

impl FromStr for Month {
    type Err = String;

    /// A month, `2026-06`, or a day, `2026-06-12`, whose month counts.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "is neither a month like 2026-06 nor a day like 2026-06-12".to_owned();
        match text.as_bytes() {
            [year @ .., b'-', _, _] if year.len() == 4 => {
                let (year, month) = text.split_once('-').ok_or_else(wrong)?;
                let number = |digits: &str| {
                    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
                };
                number(year).zip(number(month)).and_then(|(year, month)| Self::new(year, month))
            }
            [_, _, _, _, b'-', _, _, b'-', _, _] => text.parse::<Date>().ok().map(Self::from),
            _ => None,
        }
        .ok_or_else(wrong)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(input)?;
        text.parse().map_err(|what| serde::de::Error::custom(format!("\"{text}\" {what}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn months_and_days_are_read_and_nothing_else() {
        assert_eq!(month("2026-06"), Month::new(2026, 6).unwrap());
        assert_eq!(month("2026-06-30"), month("2026-06"));
        for bad in [
            "",
            "2026",
            "2026-6",
            "2026-00",
            "2026-13",
            "2026-06-31",
            "2026-6-1",
            "26-06",
            "+026-06",
            "2026-+6",
            "2026/06",
            "2026-06-12T00:00",
            " 2026-06",
            "20260612",
            "２026-06",
            "2026-0６",
        ] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }

    #[test]
    fn years_end_in_december() {
        assert_eq!(month("2025-12").next(), month("2026-01"));
        assert_eq!(month("2026-01").prev(), month("2025-12"));
        assert_eq!(month("2026-03").since(month("2025-11")), 4);
        let months: Vec<String> =
            month("2025-11").through(month("2026-01")).map(|month| month.to_string()).collect();
        assert_eq!(months, ["2025-11", "2025-12", "2026-01"]);
        assert_eq!(month("2026-01").through(month("2025-12")).count(), 0);
    }

    #[test]
    fn a_month_is_a_string_in_json() {
        assert_eq!(serde_json::to_string(&month("2026-06")).unwrap(), "\"2026-06\"");
        assert_eq!(serde_json::from_str::<Month>("\"2026-06\"").unwrap(), month("2026-06"));
        let wrong = serde_json::from_str::<Month>("\"June\"").unwrap_err().to_string();
        assert!(wrong.starts_with("\"June\" is neither a month like 2026-06"), "{wrong}");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_in_the_same_order(a in 0i32..120_000, b in 0i32..120_000) {
            let (a, b) = (Month(a), Month(b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
            prop_assert_eq!(b.plus(a.since(b)), a);
        }

        #[test]
        fn hostile_text_is_refused_without_a_panic(text in any::<String>()) {
            prop_assert!(text.parse::<Month>().is_err() || text.is_ascii());
        }
    }
}
