//! Figures as people read them.

use super::Figure;

/// A change as a percentage with its sign: two decimals where one would say nothing or everything.
pub fn percent(change: f64) -> String {
    let percent = change * 100.0;
    let decimals = match percent.abs() {
        size if size < 1.0 || (percent < -99.0 && percent > -100.0) => 2,
        size if size < 1000.0 => 1,
        _ => 0,
    };
    let sign = if percent < 0.0 { "-" } else { "+" };
    format!("{sign}{} %", grouped(&trimmed(format!("{:.decimals$}", percent.abs()))))
}

/// A share as a percentage.
pub fn share(share: f64) -> String {
    percent(share).trim_start_matches('+').to_owned()
}

/// A number to four digits, with words for what is too large to count.
pub fn count(value: f64) -> String {
    for (power, word) in
        [(1e18, " quintillion"), (1e15, " quadrillion"), (1e12, " T"), (1e9, " B"), (1e6, " M")]
    {
        if value.abs() >= power {
            return format!("{}{word}", digits(value / power));
        }
    }
    digits(value)
}

/// A factor and the percentage beside it.
pub fn factor(value: f64) -> String {
    format!("{}x ({})", digits(value), percent(value - 1.0))
}

/// An interval of factors.
pub fn interval(figure: Figure) -> String {
    match (figure.low, figure.high) {
        (low, high) if !high.is_finite() => format!("above {}", digits(low)),
        (low, high) if low <= 0.0 => format!("below {}", digits(high)),
        (low, high) => format!("{} to {}", digits(low), digits(high)),
    }
}

/// A figure as printed, or its interval where it is a range.
pub fn figure(figure: Figure) -> String {
    if figure.value.is_some() { digits(figure.mid()) } else { interval(figure) }
}

/// The change of a factor, or the changes of a range of them.
pub fn change(factor: Figure) -> String {
    match (factor.value, factor.high.is_finite()) {
        (Some(_), _) => percent(factor.change()),
        (None, true) => format!("{} to {}", percent(factor.low - 1.0), percent(factor.high - 1.0)),
        (None, false) => format!("above {}", percent(factor.low - 1.0)),
    }
}

/// Four significant digits, whole from 1,000 on.
pub fn digits(value: f64) -> String {
    if !value.is_finite() {
        return crate::text::UNKNOWN.into();
    }
    // Digits before the point of the rounded number; at most 12 behind it.
    let before = if value == 0.0 { 1.0 } else { value.abs().log10().floor() + 1.0 };
    let decimals = (4.0 - before).clamp(0.0, 12.0) as usize;
    grouped(&trimmed(format!("{value:.decimals$}")))
}

fn trimmed(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Commas between thousands.
fn grouped(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) =
        rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{sign}{out}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_keep_what_matters() {
        for (value, shown) in [
            (-0.2, "-20 %"),
            (19.0, "+1,900 %"),
            (-0.99929, "-99.93 %"),
            (0.0059, "+0.59 %"),
            (0.2836, "+28.4 %"),
        ] {
            assert_eq!(percent(value), shown);
        }
        for (value, shown) in [
            (582.6, "582.6"),
            (390.0, "390"),
            (1400.0, "1,400"),
            (0.0048, "0.0048"),
            (1.452_63, "1.453"),
            (9999.6, "10,000"),
        ] {
            assert_eq!(digits(value), shown);
        }
        assert_eq!(count(27.4e12), "27.4 T");
    }
}
