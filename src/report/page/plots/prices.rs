//! Rents and token prices over time.

use jiff::civil::Date;

use super::super::super::number;
use super::super::Page;
use super::{Chart, Plotted};
use crate::chart::{History, HistorySeries};
use crate::market::month::Month;
use crate::text::significant;

/// Providers in the history of the rent.
const MOST_PROVIDERS: usize = 4;

/// The first day of a month.
fn day(month: Month) -> Option<Date> {
    Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, 1).ok()
}

fn series(
    label: &str,
    points: impl Iterator<Item = (Month, Option<f64>)>,
    streak: Option<i32>,
) -> Option<HistorySeries> {
    let points: Vec<(Date, f64)> = points.filter_map(|(month, price)| Some((day(month)?, price?))).collect();
    points.first()?;
    let streak = streak.map_or(0, |run| run.unsigned_abs() as usize);
    Some(HistorySeries { label: label.to_owned(), points, streak })
}

fn history_words(series: &[HistorySeries]) -> String {
    let said = series.iter().filter_map(|series| {
        let ((from, first), (to, last)) = (series.points.first()?, series.points.last()?);
        Some(format!("{}: {} on {from}, {} on {to}", series.label, significant(*first), significant(*last)))
    });
    said.collect::<Vec<_>>().join("; ")
}

pub(super) fn rents(page: &Page<'_>) -> Option<Plotted> {
    let tracker = page.rent_history.as_ref()?;
    let months = || tracker.months.iter();
    let last = months().rev().find(|row| row.level_usd_per_gpu_hour.is_some());
    let median = series(
        "median",
        months().map(|row| (row.month, row.level_usd_per_gpu_hour)),
        last.and_then(|row| row.streak),
    );
    let cheapest = series("cheapest", months().map(|row| (row.month, row.min_usd_per_gpu_hour)), None);
    let mut providers: Vec<(usize, HistorySeries)> = Vec::new();
    for provider in &tracker.scope.providers {
        let price = |row: &crate::market::rental::RentalMonth| {
            let vote = row.votes.iter().find(|vote| vote.provider == *provider);
            (row.month, vote.map(|vote| vote.usd_per_gpu_hour))
        };
        let one = series(provider, months().map(price), None).filter(|one| one.points.len() > 1);
        providers.extend(one.map(|one| (one.points.len(), one)));
    }
    providers.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.label.cmp(&b.1.label)));
    let providers = providers.into_iter().take(MOST_PROVIDERS).map(|(_, one)| one);
    let all: Vec<HistorySeries> = median.into_iter().chain(cheapest).chain(providers).collect();
    all.first()?;
    let caption = format!(
        "{} rent of {} by month, {}: the median from three providers on, the cheapest, and the providers with the most \
         months; {} quotes of {} to {}.",
        tracker.scope.kind,
        tracker.scope.hardware.join(", "),
        tracker.scope.basis,
        tracker.scope.rows,
        tracker.scope.period_from,
        tracker.scope.period_to
    );
    let alt = format!("Rent in USD/h by month. {}.", history_words(&all));
    let data = History { y_label: "USD/h per device".into(), series: all };
    Some(Plotted { name: "rent-history", caption, alt, chart: Chart::History(data) })
}

pub(super) fn tokens(page: &Page<'_>) -> Option<Plotted> {
    let tracker = page.token_history.as_ref()?;
    let months = || tracker.months.iter();
    let last = months().rev().find(|row| row.median_usd_per_mtok_blended.is_some());
    let median = series(
        "median",
        months().map(|row| (row.month, row.median_usd_per_mtok_blended)),
        last.and_then(|row| row.streak),
    );
    let cheapest =
        series("cheapest", months().map(|row| (row.month, row.cheapest_usd_per_mtok_blended)), None);
    let all: Vec<HistorySeries> = median.into_iter().chain(cheapest).collect();
    all.first()?;
    let caption = format!(
        "Price of {} by month at {} input tokens per output token: the median from three sellers on, and the cheapest; {} \
         listings of {} to {}.",
        tracker.scope.model,
        number(Some(tracker.scope.input_output_ratio)),
        tracker.scope.cards,
        tracker.scope.period_from,
        tracker.scope.period_to
    );
    let alt = format!("Price in USD/Mtok blended by month. {}.", history_words(&all));
    let data = History { y_label: "USD/Mtok, blended".into(), series: all };
    Some(Plotted { name: "token-history", caption, alt, chart: Chart::History(data) })
}
