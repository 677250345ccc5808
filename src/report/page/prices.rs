//! How the rent of the device and the price of the tokens moved, in words and month by month.

use super::Page;
use super::html::text;
use super::tables::{Cell, Head, table};
use crate::market::month::Month;
use crate::market::rental::{RentalMonth, Tracker};
use crate::market::tokens::{TokenMonth, TokenTracker};
use crate::market::trend::{OnRun, Rules};
use crate::text::significant;

/// The section without its heading.
pub(super) fn section(page: &Page<'_>, rent_chart: &str, token_chart: &str) -> String {
    let rents = page.rent_history.as_ref().map(|tracker| rents(tracker, rent_chart)).unwrap_or_default();
    let tokens = page.token_history.as_ref().map(|tracker| tokens(tracker, token_chart)).unwrap_or_default();
    match rents + &tokens {
        none if none.is_empty() => "<p>There are no dated prices to follow.</p>\n".into(),
        some => some,
    }
}

/// A move as a sentence: where it is, how it got there, for how long.
fn moved(
    what: &str,
    unit: &str,
    value: f64,
    month: Month,
    step: Option<(f64, Month)>,
    streak: Option<i32>,
) -> String {
    let step = step.map(|(change, from)| format!(", {} since {from}", percent(change))).unwrap_or_default();
    let run = match streak {
        None | Some(0) => "; no streak".to_owned(),
        Some(run) => {
            let way = if run > 0 { "up" } else { "down" };
            let times =
                if run.abs() == 1 { "once".to_owned() } else { format!("{} times in a row", run.abs()) };
            format!("; it went {way} {times}")
        }
    };
    format!("The {what} was {} {unit} in {month}{step}{run}.", significant(value))
}

/// What a streak rests on, which no streak is shown without.
fn rules(rules: &Rules) -> String {
    let gap = match rules.gap {
        OnRun::Hold => "months without quotes are passed over",
        OnRun::Break => "months without quotes end a run",
    };
    format!(
        "{}; changes up to {} are flat; {gap}.",
        rules.estimator,
        percent(rules.tolerance).trim_start_matches('+')
    )
}

fn percent(change: f64) -> String {
    format!("{:+.1} %", 100.0 * change)
}

fn rents(tracker: &Tracker, chart: &str) -> String {
    let name = tracker.scope.hardware.join(", ");
    let last = tracker.months.iter().rev().find(|row| row.level_usd_per_gpu_hour.is_some());
    let said = last.and_then(|row| {
        let step = row.mom.zip(row.mom_from);
        let what = format!("median {} rent of {name}", tracker.scope.kind);
        Some(moved(&what, "USD/h", row.level_usd_per_gpu_hour?, row.month, step, row.streak))
    });
    let matched = last.and_then(|row| {
        let change = row.matched_mom?;
        Some(format!(
            " Those who quoted before moved {} on average ({} of them).",
            percent(change),
            row.matched
        ))
    });
    let said = said.unwrap_or_else(|| format!("No month has quotes of three providers of {name}."));
    let rows = tracker.months.iter().filter(|row| row.providers > 0).map(rent_row);
    let heads = [
        Head::text("month"),
        Head::number("median $/h"),
        Head::number("cheapest"),
        Head::number("dearest"),
        Head::number("providers"),
        Head::number("change"),
        Head::number("streak"),
    ];
    let table = table(&format!("Rent of {name} by month"), "rent-months", &heads, rows);
    section_of("Rent", &(said + &matched.unwrap_or_default()), chart, &rules(&tracker.rules), &table)
}

fn rent_row(row: &RentalMonth) -> String {
    months_row(
        row.month,
        [row.level_usd_per_gpu_hour, row.min_usd_per_gpu_hour, row.max_usd_per_gpu_hour],
        row.providers,
        row.mom,
        row.streak,
    )
}

fn months_row(
    month: Month,
    prices: [Option<f64>; 3],
    votes: usize,
    change: Option<f64>,
    streak: Option<i32>,
) -> String {
    let change = match change {
        Some(change) => Cell::shown(percent(change), Some(change)),
        None => Cell::exact(None),
    };
    let streak =
        streak.map_or_else(|| Cell::exact(None), |run| Cell::shown(format!("{run:+}"), Some(f64::from(run))));
    let prices = prices.map(|price| Cell::exact(price).html()).concat();
    let month = Cell::head(&month.to_string()).html();
    [month, prices, Cell::rounded(&votes.to_string()).html(), change.html(), streak.html()].concat()
}

fn tokens(tracker: &TokenTracker, chart: &str) -> String {
    let model = &tracker.scope.model;
    let last = tracker.months.iter().rev().find(|row| row.median_usd_per_mtok_blended.is_some());
    let said = last.and_then(|row| {
        let step = row.mom.zip(row.mom_from);
        let what = format!("median price of {model}");
        Some(moved(&what, "USD/Mtok blended", row.median_usd_per_mtok_blended?, row.month, step, row.streak))
    });
    let matched = last.and_then(|row| {
        let change = row.matched_mom?;
        Some(format!(
            " Those who sold before moved {} on average ({} of them).",
            percent(change),
            row.matched
        ))
    });
    let said = said.unwrap_or_else(|| format!("No month has prices of three sellers of {model}."));
    let rows = tracker.months.iter().filter(|row| row.sellers > 0).map(token_row);
    let heads = [
        Head::text("month"),
        Head::number("median $/Mtok"),
        Head::number("in"),
        Head::number("out"),
        Head::number("sellers"),
        Head::number("change"),
        Head::number("streak"),
    ];
    let table = table(&format!("Price of {model} by month"), "token-months", &heads, rows);
    section_of("Tokens", &(said + &matched.unwrap_or_default()), chart, &rules(&tracker.rules), &table)
}

fn token_row(row: &TokenMonth) -> String {
    let prices = [row.median_usd_per_mtok_blended, row.median_usd_per_mtok_in, row.median_usd_per_mtok_out];
    months_row(row.month, prices, row.sellers, row.mom, row.streak)
}

fn section_of(heading: &str, said: &str, chart: &str, rules: &str, table: &str) -> String {
    format!(
        "<h3>{heading}</h3>\n<p>{}</p>\n{chart}<p class=\"quiet\">{}</p>\n<details>\n<summary>Month by month</summary>\n{table}\
         </details>\n",
        text(said),
        text(rules)
    )
}
