//! A volume per day as people write it: 2B, 500M, 1.5e9.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Nobody serves more in a day: what is above it is a slip of the keyboard.
const MOST: f64 = 1e18;

/// The letters behind a number, the largest first.
const UNITS: [(char, f64); 4] = [('T', 1e12), ('B', 1e9), ('M', 1e6), ('K', 1e3)];

/// Tokens or requests per day.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Volume(pub f64);

impl FromStr for Volume {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unit = UNITS.iter().find(|(letter, _)| text.ends_with([*letter, letter.to_ascii_lowercase()]));
        let (number, factor) = match unit {
            Some((_, factor)) => (text.get(..text.len() - 1).unwrap_or_default(), *factor),
            None => (text, 1.0),
        };
        let number: f64 = number
            .parse()
            .map_err(|_| "is not a number with K, M, B or T behind it, such as 2B, 500M or 1.5e9")?;
        match number * factor {
            volume if !(volume.is_finite() && volume > 0.0) => {
                Err("is not a finite volume above 0, such as 2B".into())
            }
            volume if volume > MOST => Err(format!("is more than anybody serves in a day ({MOST:e})")),
            volume => Ok(Self(volume)),
        }
    }
}

/// Three significant digits with the letter.
impl fmt::Display for Volume {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What rounds up to the next letter is written with it.
        let unit = UNITS.iter().find(|(_, factor)| self.0 >= factor * 0.9995);
        let (number, letter) =
            unit.map_or((self.0, String::new()), |(letter, factor)| (self.0 / factor, letter.to_string()));
        let digits = crate::text::significant(number);
        let digits = match digits.contains('.') && !digits.contains('e') {
            true => digits.trim_end_matches('0').trim_end_matches('.'),
            false => digits.as_str(),
        };
        out.pad(&format!("{digits}{letter}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_a_number_with_or_without_a_letter() {
        for (text, value) in
            [("2B", 2e9), ("500M", 5e8), ("1.5e9", 1.5e9), ("0.5t", 5e11), ("10k", 1e4), ("7", 7.0)]
        {
            assert_eq!(text.parse(), Ok(Volume(value)), "{text}");
        }
    }

    #[test]
    fn what_is_no_volume_is_refused_with_the_reason() {
        for bad in ["", "B", "2X", "0", "0B", "-2B", "NaN", "NaNB", "inf", "1e300", "2e18", "2BB", "2 B", "é"]
        {
            assert!(bad.parse::<Volume>().is_err(), "{bad}");
        }
        assert!("1e300".parse::<Volume>().is_err_and(|why| why.contains("anybody")));
        assert!("2X".parse::<Volume>().is_err_and(|why| why.contains("such as 2B")));
    }

    #[test]
    fn a_volume_is_shown_with_the_letter_that_it_reads_back_with() {
        for (value, text) in
            [(2e9, "2B"), (1.5e9, "1.5B"), (312.5e6, "312M"), (999.9e6, "1B"), (1e4, "10K"), (40.0, "40")]
        {
            assert_eq!(Volume(value).to_string(), text);
        }
    }
}
