//! Spend as text.

use super::UNKNOWN;
use super::columns::{Column, common, number, text, wide};
use super::listing::{self, Listed};
use super::series::{self, Sheet, percent};
use crate::market::claim::count;
use crate::market::spend::{SpendMonth, SpendTracker};
use crate::text::significant;

/// Models without a price that are told; all are in the JSON.
const TOLD: usize = 5;

impl Listed for SpendMonth {
    const COLUMNS: &'static [Column<Self>] = &[
        text("month", |row| series::plain(row.month)),
        number("$/day", |row| row.spend_usd_per_day.map_or(UNKNOWN.into(), count)),
        number("MoM", |row| percent(row.mom)),
        number("ln volume", |row| log(row.log_volume)),
        number("ln price", |row| log(row.log_price)),
        common(number("like for like", |row| log(row.log_like_for_like))),
        common(number("mix", |row| log(row.log_mix))),
        number("$/Mtok as used", |row| super::number(row.weighted_usd_per_mtok)),
        common(number("basket", |row| super::number(row.basket_usd_per_mtok))),
        common(number("simple", |row| super::number(row.simple_usd_per_mtok))),
        wide(number("tokens/day", |row| count(row.tokens_per_day))),
        number("priced", |row| format!("{:.0}%", 100.0 * row.priced_share)),
    ];
}

fn log(effect: Option<f64>) -> String {
    effect.map_or(UNKNOWN.into(), |effect| format!("{effect:+.3}"))
}

/// For a terminal of `width` columns.
pub fn terminal(tracker: &SpendTracker, width: u16) -> String {
    sheet(tracker).terminal(width)
}

/// As Markdown.
pub fn markdown(tracker: &SpendTracker) -> String {
    sheet(tracker).markdown()
}

/// The months as CSV.
pub fn csv(tracker: &SpendTracker) -> String {
    listing::csv(&tracker.months)
}

fn sheet(tracker: &SpendTracker) -> Sheet<'_, SpendMonth> {
    Sheet {
        grounds: vec![
            format!("Prices: {}", tracker.prices),
            "ln volume + ln price is the ln of the change of spend; like for like + mix is ln price".into(),
            format!("basket: the shares of tokens of {}; simple: each model once", tracker.basket_month),
        ],
        columns: SpendMonth::COLUMNS,
        rows: tracker.months.iter().collect(),
        remarks: remarks(tracker),
        warnings: &tracker.warnings,
    }
}

fn remarks(tracker: &SpendTracker) -> Vec<String> {
    let mut remarks: Vec<String> = tracker
        .origins
        .iter()
        .map(|row| {
            let ratio = row.price_ratio_to_others;
            format!(
                "{}: {:.1}% of priced tokens, {:.1}% of spend, {} $/Mtok{}",
                row.origin,
                100.0 * row.share_of_tokens,
                100.0 * row.share_of_spend,
                super::number(row.usd_per_mtok),
                ratio.map_or(String::new(), |ratio| format!(
                    ", {} times the others' price",
                    significant(ratio)
                ))
            )
        })
        .collect();
    let ranked = |title: &str, ranked: &[(String, f64)]| {
        let each: Vec<String> =
            ranked.iter().map(|(model, share)| format!("{model} {:.1}%", 100.0 * share)).collect();
        (!each.is_empty()).then(|| format!("{title}: {}", each.join(", ")))
    };
    remarks.extend(ranked("most tokens", &tracker.top.by_tokens));
    remarks.extend(ranked("most spend", &tracker.top.by_spend));
    let unpriced: Vec<String> = tracker
        .unpriced
        .iter()
        .take(TOLD)
        .map(|row| {
            format!(
                "{} ({:.1}% of the tokens of {})",
                row.model,
                100.0 * row.share_of_tokens,
                series::plain(row.month)
            )
        })
        .collect();
    if !unpriced.is_empty() {
        let more = tracker.unpriced.len() - unpriced.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        remarks.push(format!("without a price, counted nowhere: {}{more}", unpriced.join(", ")));
    }
    remarks
}
