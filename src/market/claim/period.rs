//! The time over which something changed, or in which something is counted.

use rust_decimal::Decimal;

use crate::price::to_f64;

/// A unit of time; a month is a twelfth of a year of 365 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// A twelfth of a year.
    Month,
    /// Three months.
    Quarter,
    /// 365 days.
    Year,
}

impl Time {
    /// The unit by its usual names.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "day" | "days" | "d" => Self::Day,
            "week" | "weeks" => Self::Week,
            "month" | "months" => Self::Month,
            "quarter" | "quarters" => Self::Quarter,
            "year" | "years" => Self::Year,
            _ => return None,
        })
    }

    /// The word of one of it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// A count per this time as a count per day.
    pub fn per_day(self, count: Decimal) -> Option<Decimal> {
        match self {
            Self::Day => Some(count),
            Self::Week => count.checked_div(Decimal::from(7)),
            Self::Month => count.checked_mul(Decimal::from(12))?.checked_div(Decimal::from(365)),
            Self::Quarter => count.checked_mul(Decimal::from(4))?.checked_div(Decimal::from(365)),
            Self::Year => count.checked_div(Decimal::from(365)),
        }
    }

    /// How many months it is.
    pub fn months(self) -> f64 {
        match self {
            Self::Day => 12.0 / 365.0,
            Self::Week => 84.0 / 365.0,
            Self::Month => 1.0,
            Self::Quarter => 3.0,
            Self::Year => 12.0,
        }
    }
}

/// A length of time as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// How many.
    pub count: Decimal,
    /// Of what.
    pub unit: Time,
}

impl Period {
    /// One of a unit.
    pub fn one(unit: Time) -> Self {
        Self { count: Decimal::ONE, unit }
    }

    /// Its length in months.
    pub fn months(self) -> f64 {
        to_f64(self.count) * self.unit.months()
    }

    /// Whether both are the same length.
    pub fn is(self, other: Self) -> bool {
        (self.months() / other.months() - 1.0).abs() < 1e-9
    }

    /// The name of a change over it.
    pub fn change_words(self) -> String {
        match (self.unit, self.count == Decimal::ONE) {
            (Time::Day, true) => "day-over-day".into(),
            (Time::Week, true) => "week-over-week".into(),
            (Time::Month, true) => "month-over-month".into(),
            (Time::Quarter, true) => "quarter-over-quarter".into(),
            (Time::Year, true) => "year-over-year".into(),
            _ => format!("over {} {}s", self.count.normalize(), self.unit.word()),
        }
    }
}
