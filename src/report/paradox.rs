//! The paradox as text: the conditions first, then signs at lags.

use super::UNKNOWN;
use super::series::exact;
use super::terminal::wrapped;
use crate::market::paradox::{Lag, Paradox};
use crate::text::{inert, markdown_cell, significant};

/// For a terminal of `width` columns.
pub fn terminal(paradox: &Paradox, width: u16) -> String {
    lines(paradox).iter().map(|line| wrapped(&inert(line), width)).collect()
}

/// As a Markdown list.
pub fn markdown(paradox: &Paradox) -> String {
    lines(paradox).iter().map(|line| format!("- {}\n", markdown_cell(line))).collect()
}

/// The figures as CSV, one row each.
pub fn csv(paradox: &Paradox) -> String {
    let truth = |so: Option<bool>| so.map(|so| so.to_string()).unwrap_or_default();
    let mut out = "figure,value\n".to_owned();
    for (name, value) in [
        ("usage_factor", exact(paradox.usage_factor)),
        ("price_factor", exact(paradox.price_factor)),
        ("rent_factor", exact(paradox.rent_factor)),
        ("spend_factor", exact(paradox.spend_factor)),
        ("price_falls", truth(paradox.price_falls)),
        ("spend_rises", truth(paradox.spend_rises)),
        ("paradox", truth(paradox.paradox)),
        ("price_of_flat_spend", exact(paradox.price_of_flat_spend)),
        ("kernel_speedup", exact(paradox.kernel_speedup)),
    ] {
        out += &format!("{name},{value}\n");
    }
    for lag in &paradox.lags {
        out += &format!(
            "same_sign {} then {} after {},{}\n",
            lag.first,
            lag.then,
            lag.months,
            exact(lag.same_sign)
        );
    }
    for flag in &paradox.flags {
        out += &format!("{} (months in a row),{}\n", flag.what, flag.months_in_a_row);
    }
    out
}

fn lines(paradox: &Paradox) -> Vec<String> {
    let factor =
        |value: Option<f64>| value.map_or(UNKNOWN.to_owned(), |value| format!("x{}", significant(value)));
    let answer = |so: Option<bool>| match so {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    let mut lines = vec![
        format!("price of a unit falls: {} ({})", answer(paradox.price_falls), factor(paradox.price_factor)),
        format!(
            "usage x price above 1: {} ({} times {} is spend {})",
            answer(paradox.spend_rises),
            factor(paradox.usage_factor),
            factor(paradox.price_factor),
            factor(paradox.spend_factor)
        ),
        format!("paradox, both at once: {}", answer(paradox.paradox)),
    ];
    lines.extend(
        paradox
            .price_of_flat_spend
            .map(|change| format!("spend stays flat where the price changes by {:+.2} %", 100.0 * change)),
    );
    lines.extend(paradox.kernel_speedup.map(|speedup| {
        format!(
            "kernels must become {} times as fast to stand still: rent {} / price {}",
            significant(speedup),
            factor(paradox.rent_factor),
            factor(paradox.price_factor)
        )
    }));
    lines.extend(paradox.over.iter().map(|(name, (from, to))| format!("{name}: {from} to {to}")));
    for flag in &paradox.flags {
        lines.push(format!(
            "{}: {} months in a row, {} of {} months",
            flag.what, flag.months_in_a_row, flag.months, flag.compared
        ));
    }
    lines.extend(paradox.lags.iter().filter_map(told));
    lines.extend(paradox.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines
}

fn told(lag: &Lag) -> Option<String> {
    let same = lag.same_sign?;
    Some(format!(
        "{} then {} after {} months: the same sign in {:.0} % of {} pairs",
        lag.first,
        lag.then,
        lag.months,
        100.0 * same,
        lag.pairs
    ))
}
