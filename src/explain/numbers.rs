//! Formulas with the numbers put in.

use super::Ground;
use crate::cost::HOURS_PER_MONTH;
use crate::units::{Interval, Seconds};

/// A number to six significant digits without zeros at its end: enough to check a formula by hand.
pub fn exact(value: f64) -> String {
    if !value.is_finite() {
        return crate::text::UNKNOWN.into();
    }
    let scientific = format!("{value:.5e}");
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    let (digits, power) = match exponent {
        Some(exponent @ -4..=8) => {
            (format!("{value:.*}", usize::try_from(5 - exponent).unwrap_or(0)), String::new())
        }
        exponent => {
            let digits = scientific.split_once('e').map_or("", |(digits, _)| digits);
            (digits.to_owned(), format!("e{}", exponent.unwrap_or_default()))
        }
    };
    let short =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{short}{power}")
}

/// The device time of a token; `None` where the name is none of the two or there is none.
pub(super) fn time(name: &str, ground: &Ground<'_>) -> Option<Interval<Seconds>> {
    let times = ground.case?.times;
    match name {
        "input_s_per_token" => Some(times.input_s_per_token),
        "output_s_per_token" => Some(times.output_s_per_token),
        _ => None,
    }
}

/// The formula of a figure with its numbers and its value; `None` where it has no formula or a number is not known.
pub(super) fn put_in(name: &str, ground: &Ground<'_>, value: Option<f64>) -> Option<String> {
    let row = ground.row;
    let n = |value: Option<f64>| value.map(exact);
    let cost = |time: &str| {
        let time = time_of(time, ground)?;
        let rent = n(row.usd_per_hour)?;
        Some(format!("{rent} · {} · 1e6 / (3600 · {}) · {time}", row.gpus, exact(row.utilisation)))
    };
    let shown = match name {
        "verdict" => {
            let [low, high] = [row.cost_over_price_low, row.cost_over_price_high];
            return Some(format!("{}, from {} to {}", n(row.cost_over_price)?, n(low)?, n(high)?));
        }
        "break_even_utilisation" => {
            format!("{} · {}", exact(row.utilisation), n(row.cost_over_price)?)
        }
        "break_even_usd_per_hour" => format!("{} / {}", n(row.usd_per_hour)?, n(row.cost_over_price)?),
        "break_even_mtok_per_month" => {
            let (rent, price) = (n(row.usd_per_hour)?, n(row.market_usd_per_mtok)?);
            format!("{rent} · {} · {HOURS_PER_MONTH} / {price}", row.gpus)
        }
        "cost_over_price" => format!("{} / {}", n(row.usd_per_mtok_blended)?, n(row.market_usd_per_mtok)?),
        "usd_per_mtok_blended" => {
            let ratio = n(row.input_output_ratio)?;
            let (input, output) = (n(row.usd_per_mtok_in)?, n(row.usd_per_mtok_out)?);
            format!("({ratio} · {input} + {output}) / ({ratio} + 1)")
        }
        "usd_per_mtok_in" => cost("input_s_per_token")?,
        "usd_per_mtok_out" => cost("output_s_per_token")?,
        "input_output_ratio" => format!("{} / {}", row.isl, row.osl),
        "input_s_per_token" => {
            let basis = ground.basis.ok()?;
            format!("{} / {} · {}", exact(basis.prompt.0), row.isl, exact(basis.saved))
        }
        "output_s_per_token" => {
            let basis = ground.basis.ok()?;
            format!("{} / {} · {}", exact(basis.decode.0), exact(basis.yielded), exact(basis.saved))
        }
        _ => return None,
    };
    Some(format!("{shown} = {}", exact(value?)))
}

fn time_of(name: &str, ground: &Ground<'_>) -> Option<String> {
    time(name, ground).map(|time| exact(time.mid.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_six_digits_and_no_zeros() {
        for (value, shown) in [
            (1.69, "1.69"),
            (0.000_123_456_78, "0.000123457"),
            (1e-7, "1e-7"),
            (1234567.0, "1234567"),
            (0.0, "0"),
            (100.0, "100"),
            (2.345e12, "2.345e12"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(exact(value), shown);
        }
    }
}
