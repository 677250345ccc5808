//! A forecast: what follows in sentences, and the path month by month.

use super::columns::{Column, common, number, text};
use super::listing::{self, Listed};
use super::terminal::wrapped;
use super::{UNKNOWN, significant};
use crate::market::forecast::{Forecast, ForecastMonth};

impl Listed for ForecastMonth {
    const COLUMNS: &'static [Column<Self>] = &[
        text("month", |row| row.month.to_string()),
        number("rent x", |row| significant(row.rent_factor)),
        number("price x", |row| significant(row.price_factor)),
        number("usage x", |row| significant(row.usage_factor)),
        number("spend x", |row| significant(row.spend_factor)),
        number("kernels x", |row| significant(row.kernel_speedup)),
        common(number("spend $", |row| super::number(row.spend_usd))),
        number("GPUs", |row| whole(row.gpus)),
        common(number("GPUs, faster kernels", |row| whole(row.gpus_with_speedup))),
        common(number("rent $", |row| super::number(row.rent_usd))),
    ];
}

fn whole(count: Option<f64>) -> String {
    count.map_or(UNKNOWN.into(), |count| format!("{count:.0}"))
}

/// For a terminal.
pub fn terminal(forecast: &Forecast, width: u16) -> String {
    let sentences: String = sentences(forecast).iter().map(|line| wrapped(line, width)).collect();
    format!("{sentences}\n{}", listing::terminal(&forecast.path, width))
}

/// As Markdown.
pub fn markdown(forecast: &Forecast) -> String {
    let sentences: String = sentences(forecast).iter().map(|line| format!("- {line}\n")).collect();
    format!("{sentences}\n{}", listing::markdown(&forecast.path))
}

/// The path as CSV.
pub fn csv(forecast: &Forecast) -> String {
    listing::csv(&forecast.path)
}

fn sentences(forecast: &Forecast) -> Vec<String> {
    let end = forecast.path.last().cloned().unwrap_or_default();
    let mut lines = vec![
        format!(
            "Kernels must become {} times as fast to stand still: rent x{} / price x{}.",
            significant(forecast.kernel_speedup),
            significant(end.rent_factor),
            significant(end.price_factor)
        ),
        format!(
            "Spend x{} after {} months (usage x{} times price x{}).",
            significant(forecast.spend_factor),
            end.month,
            significant(end.usage_factor),
            significant(end.price_factor)
        ),
        format!(
            "GPU-hours x{} at today's kernels, x{} with the faster ones.",
            significant(forecast.gpu_hours_factor),
            significant(forecast.gpu_hours_factor_with_speedup)
        ),
    ];
    lines.extend(forecast.tokens_per_s_for_price_floor.map(|rate| {
        format!(
            "At the price floor a GPU pays its rent from {rate:.0} tokens/s on, at utilisation {}.",
            significant(forecast.utilisation)
        )
    }));
    lines.extend(forecast.usd_per_mtok_of_cost.map(|cost| {
        format!(
            "Today's rate costs {} USD/Mtok at utilisation {}.",
            significant(cost),
            significant(forecast.utilisation)
        )
    }));
    if let (Some(first), Some(last)) = (forecast.path.first().and_then(|row| row.gpus), end.gpus) {
        lines.push(format!(
            "GPUs for the tokens: {first:.0} today, {last:.0} after {} months at today's rate and utilisation {}.",
            end.month,
            significant(forecast.utilisation)
        ));
    }
    lines
}
