//! Numbers on the command line, each with its range.

/// A number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "is not a finite number > 0".into())
}

/// A change as a share, from a share or a percentage.
pub fn change(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |percent| (percent, 100.0));
    let share = number.parse().ok().map(|number: f64| number / unit);
    let share = share.filter(|share| share.is_finite() && *share > -1.0);
    share.ok_or_else(|| "is not a change above -100 %, such as -5% or 0.02".into())
}

/// A number that may be 0.
pub fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "is not a finite number >= 0".into())
}

/// A share of something that may be more than the whole of it, from a share or a percentage.
pub fn rate(text: &str) -> Result<f64, String> {
    change(text)
        .ok()
        .filter(|share| *share >= 0.0)
        .ok_or_else(|| "is not a share >= 0, such as 8% or 0.08".into())
}

/// A rent per hour: only one that is all paid before may be 0, which pricing refuses elsewhere.
pub fn rent(text: &str) -> Result<f64, String> {
    not_negative(text).map_err(|_| "is not a finite number > 0".into())
}

/// A share of a time from 0.1 % to 10 times as long, from a share or a percentage.
pub fn positive_change(text: &str) -> Result<f64, String> {
    let share = rate(text).ok().filter(|share| (0.001..=10.0).contains(share));
    share.ok_or_else(|| "is not a share from 0.1% to 1000%, such as 5%".into())
}

/// A relative standard deviation, from a share or a percentage.
pub fn spread(text: &str) -> Result<f64, String> {
    let share = rate(text).ok().filter(|share| *share <= 0.5);
    share.ok_or_else(|| "is not a share from 0 to 50%, such as 1.5%".into())
}

/// A share from 0 to 1, from a share or a percentage.
pub fn part(text: &str) -> Result<f64, String> {
    rate(text).ok().filter(|part| *part <= 1.0).ok_or_else(|| "is not a share from 0 to 1".into())
}

/// Power of a building over power of its machines.
pub fn pue(text: &str) -> Result<f64, String> {
    let factor = positive(text).ok().filter(|factor| *factor >= 1.0);
    factor
        .ok_or_else(|| "is not a finite number >= 1: a building takes at least what its machines take".into())
}

/// A share of the hours.
pub fn share(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|share| *share <= 1.0).ok_or_else(|| "is not a number above 0 up to 1".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        for bad in ["NaN", "inf", "-1", "0", "1e999", "x", ""] {
            assert!(positive(bad).is_err(), "{bad}");
            assert!(share(bad).is_err(), "{bad}");
        }
        assert!(share("1.01").is_err());
        assert_eq!(share("0.5"), Ok(0.5));
    }

    #[test]
    fn shares_may_be_percentages() {
        assert_eq!((rate("8%"), rate("0.08"), rate("150%")), (Ok(0.08), Ok(0.08), Ok(1.5)));
        assert_eq!((part("100%"), part("0")), (Ok(1.0), Ok(0.0)));
        assert_eq!(change("-5%"), Ok(-0.05));
        for bad in ["-1", "-1%", "NaN", "inf", "x", "", "%"] {
            assert!(rate(bad).is_err() && part(bad).is_err() && pue(bad).is_err(), "{bad}");
            assert!(not_negative(bad).is_err() && rent(bad).is_err(), "{bad}");
        }
        assert!(part("101%").is_err() && pue("0.9").is_err() && change("-100%").is_err());
        assert_eq!(pue("1"), Ok(1.0));
    }
}
