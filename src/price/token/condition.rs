//! What a price card is for: a service, a size of request, hours of the week.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, Time, Weekday};

use crate::named::named;

/// How soon an answer is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// At once.
    #[default]
    Standard,
    /// Within hours or a day.
    Batch,
    /// When there is room.
    Flex,
    /// Before others.
    Priority,
}

named!(Service { Standard = "standard", Batch = "batch", Flex = "flex", Priority = "priority" });

/// Which tokens of a large request a tier prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// All of them, as vendors do.
    #[default]
    Whole,
    /// Those beyond the threshold.
    Marginal,
}

named!(Reach { Whole = "whole", Marginal = "marginal" });

/// A request size from which a card holds. The size counts all input: fresh, read from and written to a cache.
///
/// As text `>200000` or `>=200000`, with ` marginal` behind it where only the tokens beyond are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tier {
    /// The threshold in tokens.
    pub tokens: u64,
    /// Whether a request of exactly the threshold belongs to the tier.
    pub inclusive: bool,
    /// Which tokens it prices.
    pub reach: Reach,
}

impl Tier {
    /// Whether a request of so many input tokens belongs to the tier.
    pub fn holds(self, input_tokens: u64) -> bool {
        if self.inclusive { input_tokens >= self.tokens } else { input_tokens > self.tokens }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = if self.inclusive { ">=" } else { ">" };
        write!(out, "{operator}{}", self.tokens)?;
        if self.reach == Reach::Marginal { write!(out, " {}", self.reach) } else { Ok(()) }
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "is no tier such as >200000 or >=200000 marginal".to_owned();
        let (size, reach) = match text.split_once(' ') {
            Some((size, reach)) => (size, reach.trim().parse()?),
            None => (text, Reach::Whole),
        };
        let (inclusive, tokens) = match (size.strip_prefix(">="), size.strip_prefix('>')) {
            (Some(tokens), _) => (true, tokens),
            (None, Some(tokens)) => (false, tokens),
            _ => return Err(wrong()),
        };
        Ok(Self { tokens: tokens.parse().map_err(|_| wrong())?, inclusive, reach })
    }
}

/// Hours of the week in UTC. A range whose end is not after its start goes on into the next day.
///
/// As text `mon,tue,wed,thu,fri 01:00-04:00,06:00-10:00`; without days it is every day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The days on which the ranges start; Monday first, never empty.
    pub days: Vec<Weekday>,
    /// Start (included) and end (excluded) of each range; never empty.
    pub ranges: Vec<(Time, Time)>,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Window {
    /// Every day at these hours.
    pub fn daily(start: Time, end: Time) -> Self {
        Self { days: DAYS.iter().map(|(_, day)| *day).collect(), ranges: vec![(start, end)] }
    }

    /// Whether a moment (UTC) is within.
    pub fn holds(&self, moment: DateTime) -> bool {
        let (today, time) = (moment.date().weekday(), moment.time());
        let starts_on = |day: Weekday| self.days.contains(&day);
        self.ranges.iter().any(|&(start, end)| {
            if start < end {
                starts_on(today) && start <= time && time < end
            } else {
                (starts_on(today) && start <= time) || (starts_on(today.previous()) && time < end)
            }
        })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days.len() < DAYS.len() {
            let names = DAYS.iter().filter(|(_, day)| self.days.contains(day)).map(|(name, _)| *name);
            write!(out, "{} ", names.collect::<Vec<_>>().join(","))?;
        }
        for (index, (start, end)) in self.ranges.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(out, "{comma}{}-{}", start.strftime("%H:%M"), end.strftime("%H:%M"))?;
        }
        Ok(())
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "are no hours such as mon,fri 01:00-04:00,06:00-10:00".to_owned();
        let (days, hours) = text.split_once(' ').map_or(("", text), |(days, hours)| (days, hours.trim()));
        let day = |name: &str| DAYS.iter().find(|(known, _)| *known == name).map(|(_, day)| *day);
        let mut chosen: Vec<Weekday> = match days {
            "" => DAYS.iter().map(|(_, day)| *day).collect(),
            _ => days.split(',').map(|name| day(name.trim()).ok_or_else(wrong)).collect::<Result<_, _>>()?,
        };
        chosen.sort_by_key(|day| day.to_monday_zero_offset());
        chosen.dedup();
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| wrong());
        let range = |text: &str| {
            let (start, end) = text.split_once('-').ok_or_else(wrong)?;
            Ok::<_, String>((time(start)?, time(end)?))
        };
        Ok(Self { days: chosen, ranges: hours.split(',').map(range).collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    #[test]
    fn a_threshold_belongs_to_the_tier_only_where_the_operator_says_so() {
        let exclusive: Tier = ">272000".parse().unwrap();
        let inclusive: Tier = ">=200000".parse().unwrap();
        assert_eq!([271_999, 272_000, 272_001].map(|n| exclusive.holds(n)), [false, false, true]);
        assert_eq!([199_999, 200_000, 200_001].map(|n| inclusive.holds(n)), [false, true, true]);
        for bad in ["", "200000", ">", ">x", ">1 half", "<5"] {
            assert!(bad.parse::<Tier>().is_err(), "{bad}");
        }
    }

    #[test]
    fn hours_of_the_week_hold_from_start_to_before_the_end() {
        let peak: Window = "mon,tue,wed,thu,fri 01:00-04:00,06:00-10:00".parse().unwrap();
        let friday = date(2026, 8, 21);
        for (day, hour, minute, held) in [
            (friday, 0, 59, false),
            (friday, 1, 0, true),
            (friday, 3, 59, true),
            (friday, 4, 0, false),
            (friday, 9, 59, true),
            (date(2026, 8, 22), 1, 0, false),
        ] {
            assert_eq!(peak.holds(day.at(hour, minute, 0, 0)), held, "{day} {hour}:{minute}");
        }
    }

    #[test]
    fn a_range_over_midnight_belongs_to_the_day_on_which_it_starts() {
        let night: Window = "fri 16:30-00:30".parse().unwrap();
        assert!(night.holds(date(2026, 8, 21).at(23, 0, 0, 0)));
        assert!(night.holds(date(2026, 8, 22).at(0, 29, 0, 0)));
        assert!(!night.holds(date(2026, 8, 21).at(0, 29, 0, 0)));
        assert_eq!(Window::daily(time(0, 30, 0, 0), time(16, 30, 0, 0)).to_string(), "00:30-16:30");
    }

    proptest! {
        #[test]
        fn conditions_survive_their_text(
            tokens in any::<u64>(), inclusive: bool, marginal: bool,
            days in prop::sample::subsequence(DAYS.to_vec(), 1..=7),
            ranges in prop::collection::vec((0i8..24, 0i8..60, 0i8..24, 0i8..60), 1..3),
        ) {
            let reach = if marginal { Reach::Marginal } else { Reach::Whole };
            let tier = Tier { tokens, inclusive, reach };
            prop_assert_eq!(tier.to_string().parse(), Ok(tier));
            let ranges = ranges.into_iter().map(|(a, b, c, d)| (time(a, b, 0, 0), time(c, d, 0, 0))).collect();
            let window = Window { days: days.into_iter().map(|(_, day)| day).collect(), ranges };
            prop_assert_eq!(window.to_string().parse(), Ok(window));
        }

        #[test]
        fn no_text_makes_a_panic(text in "[a-z0-9:,> =-]{0,30}") {
            let _ = (text.parse::<Tier>(), text.parse::<Window>());
        }
    }
}
