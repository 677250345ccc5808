//! One [`Report`] and the texts made of it. Every output is a function of the report alone: the same report
//! gives the same bytes. Text from adapters and price files is made inert where it is written out.

pub mod action_benchmark;
pub mod all;
pub mod annotations;
pub mod bencher;
pub mod budget;
pub mod cells;
pub mod costing;
pub mod costs;
pub mod csv;
pub mod diff;
pub mod estimates;
pub mod explain;
pub mod feeds;
pub mod findings;
pub mod fleet;
mod fleet_tasks;
pub mod forecast;
pub mod github;
pub mod hour;
pub mod imports;
pub mod json;
pub mod junit;
pub mod lease;
pub mod listing;
pub mod markdown;
pub mod outputs;
pub mod overview;
pub mod own;
pub mod page;
pub mod paradox;
pub mod prices;
pub mod rental_series;
pub mod results;
mod series;
pub mod served;
pub mod sheet;
pub mod spend;
pub mod storage;
pub mod terminal;
pub mod token_series;
pub mod tuning;
pub mod usage;

pub mod columns;

use columns::{Rated, range};

use jiff::civil::Date;

use crate::market::decide::turn;
use crate::market::row::Comparison;
use crate::market::{Policy, Verdict};
use crate::measurement::{DeviceType, Measurement, SOFTWARE_LABEL};
use crate::price::rental::Kind;
use crate::roofline::{Ceilings, Roofline};
pub use crate::text::UNKNOWN;
use crate::text::significant;
use crate::throughput::Source;

/// Everything that a report says.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What it is about, one line.
    pub title: String,
    /// The device, a fact per line.
    pub device: Vec<String>,
    /// The day whose prices count.
    pub as_of: Date,
    /// Costs beside market prices.
    pub costs: Vec<Comparison>,
    /// The measured cells behind them.
    pub measured: Vec<Measurement>,
    /// What the datasheet of the measured device promises, where it is known.
    pub datasheet: Option<Roofline>,
    /// What the reader should doubt.
    pub warnings: Vec<String>,
    /// The command line that makes this report again.
    pub command: String,
}

/// How text from strangers is made harmless in one output, such as [`crate::text::inert`].
type Safe = fn(&str) -> String;

impl Report {
    /// Whether all of it comes from a software adapter, which is no GPU.
    pub fn software(&self) -> bool {
        let mut rows = self.costs.iter().map(|row| row.software).chain(self.measured.iter().map(is_software));
        // An empty report is about nothing, not about a software adapter.
        rows.next().is_some_and(|first| first && rows.all(|software| software))
    }

    fn heading(&self, safe: Safe) -> String {
        let title = safe(&self.title);
        if self.software() { format!("{title} — {SOFTWARE_LABEL}") } else { title }
    }

    /// The answer in two or three sentences: what a million tokens cost, the verdict, what decides, and where it flips.
    fn answer(&self, safe: Safe) -> String {
        answer(&self.costs, safe).unwrap_or_else(|| match self.costs.first() {
            Some(first) => format!("No verdict: {}.", safe(&first.verdict_reason)),
            None => ended(&self.measured.iter().collect::<Vec<_>>()),
        })
    }

    /// Rows that share what their caption says, in order.
    fn cost_groups(&self, safe: Safe) -> Vec<(String, Vec<&Comparison>)> {
        let rents_differ = self.rents_differ();
        grouped(&self.costs, |row| cost_caption(row, rents_differ, safe))
    }

    /// Whether rows are priced at different rents of one device.
    fn rents_differ(&self) -> bool {
        let rents = |row: &Comparison| (row.device.clone(), row.rental_providers.clone());
        let first = self.costs.first().map(rents);
        self.costs.iter().any(|row| {
            let (device, providers) = rents(row);
            first.as_ref().is_some_and(|first| first.0 == device && first.1 != providers)
        })
    }

    /// The cells with their shares of peak.
    fn rated(&self) -> Vec<Rated> {
        Rated::all(&self.measured, &self.ceilings())
    }

    fn ceilings(&self) -> Ceilings {
        Ceilings::of(&self.measured, self.datasheet)
    }

    /// Why rows have no verdict and what else must be known of them, each said once.
    fn remarks(&self, safe: Safe) -> Vec<String> {
        // Where a note gives the reason already, it is not said again.
        let unsaid = |row: &&Comparison| row.verdict.is_none() && !row.note.contains(&row.verdict_reason);
        let why = |row| Some(row).filter(unsaid).map(|row| format!("no verdict: {}", row.verdict_reason));
        let said = |row| why(row).into_iter().chain([row.note.clone()]).map(move |text| (row, text));
        let texts: Vec<(&Comparison, String)> = self.costs.iter().flat_map(said).collect();
        let remarks =
            texts.iter().map(|(row, text)| (row.model.as_str(), row.weights.as_str(), text.as_str()));
        each_once(remarks, safe)
    }
}

/// What a million tokens cost, the verdict, what decides, and where it flips, of the row that is the lowest against the market;
/// `None` where no row has a verdict.
fn answer(costs: &[Comparison], safe: Safe) -> Option<String> {
    let best = best(costs)?;
    let verdict = match best.verdict {
        Some(Verdict::Rent) => "RENT",
        Some(Verdict::Buy) => "BUY TOKENS",
        _ => "TOO CLOSE TO CALL",
    };
    // What is exact has no interval.
    let within = |low: Option<f64>, high: Option<f64>| match range(low, high) {
        interval if interval == UNKNOWN || low == high => String::new(),
        interval => format!(", {interval}"),
    };
    let answer = format!(
        "{verdict}: {} {} at batch {} on {} costs {} USD/Mtok blended{}; the market asks {} USD/Mtok{} ({}). {}. {}",
        safe(&best.model),
        safe(&best.weights),
        best.batch,
        device(best, safe),
        number(best.usd_per_mtok_blended),
        within(best.usd_per_mtok_blended_low, best.usd_per_mtok_blended_high),
        number(best.market_usd_per_mtok),
        within(best.market_usd_per_mtok_low, best.market_usd_per_mtok_high),
        market_source(best, safe),
        sentence(&grounds_of(best)),
        counts(costs),
    );
    Some(answer.trim_end().to_owned())
}

/// How cost and price compare, what decides, and where the verdict flips.
fn grounds_of(row: &Comparison) -> String {
    let ends = match range(row.cost_over_price_low, row.cost_over_price_high) {
        unknown if unknown == UNKNOWN => String::new(),
        ends => format!(", {ends} with rates, rent and price at their best and at their worst"),
    };
    let factor = format!("the cost is {} of the price{ends}", number(row.cost_over_price));
    let (Some(input), Some(verdict)) = (row.decides, row.verdict) else { return factor };
    // Nobody says 1: it is what is left where nobody says anything.
    let stated = row.utilisation < 1.0;
    format!("{factor}; {}", turn(input, row.verdict_changes_at, verdict, stated))
}

/// How many cases got which verdict; nothing of a single one.
fn counts(costs: &[Comparison]) -> String {
    if costs.len() == 1 {
        return String::new();
    }
    let count = |verdict| costs.iter().filter(|row| row.verdict == verdict).count();
    let mut counts: Vec<String> =
        Verdict::ALL.iter().map(|verdict| format!("{verdict} {}", count(Some(*verdict)))).collect();
    if count(None) > 0 {
        counts.push(format!("no verdict {}", count(None)));
    }
    let counts = counts.join(", ");
    format!("{} cases: {counts}; this one is the lowest against the market.", costs.len())
}

/// The row with a verdict whose cost is lowest against its market price. A software adapter is never
/// ranked against GPUs: it is considered only where there is nothing else.
fn best(costs: &[Comparison]) -> Option<&Comparison> {
    let factor = |row: &Comparison| Some(row.usd_per_mtok_blended? / row.market_usd_per_mtok?);
    costs
        .iter()
        .filter(|row| row.verdict.is_some())
        .filter_map(|row| Some((row, factor(row)?)))
        .min_by(|(a, x), (b, y)| a.software.cmp(&b.software).then(x.total_cmp(y)))
        .map(|(row, _)| row)
}

/// Words that begin with a capital letter.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

/// How cells ended, in a sentence.
fn ended(cells: &[&Measurement]) -> String {
    let count = |status| cells.iter().filter(|cell| cell.outcome.status() == status).count();
    let ended = ["ok", "wrong", "failed", "skipped"].map(|status| (count(status), status));
    let shown =
        ended.iter().filter(|(count, _)| *count > 0).map(|(count, status)| format!("{count} {status}"));
    format!("{} cells: {}.", cells.len(), shown.collect::<Vec<_>>().join(", "))
}

/// What rows (model, weights, note) say of themselves, sentence by sentence, with those it is said of: nothing is
/// said twice.
fn each_once<'r>(rows: impl Iterator<Item = (&'r str, &'r str, &'r str)>, safe: Safe) -> Vec<String> {
    let mut said: Vec<(&str, Vec<String>)> = Vec::new();
    for (model, weights, note) in rows {
        // The caption calls a software adapter what it is already.
        for sentence in
            note.split("; ").filter(|sentence| !sentence.is_empty() && *sentence != SOFTWARE_LABEL)
        {
            // What does not fit depends on the weights, all else on the model.
            let fit = sentence.starts_with("does not fit");
            let of = if fit { format!("{model} {weights}") } else { model.to_owned() };
            match said.iter_mut().find(|(known, _)| *known == sentence) {
                Some((_, others)) if others.contains(&of) => {}
                Some((_, others)) => others.push(of),
                None => said.push((sentence, vec![of])),
            }
        }
    }
    let line = |(sentence, of): (&str, Vec<String>)| format!("{}: {}", safe(&of.join(", ")), safe(sentence));
    said.into_iter().map(line).collect()
}

fn is_software(cell: &Measurement) -> bool {
    cell.provenance.identity.device_type == DeviceType::Software
}

/// Cells that ran on the same device, in order.
fn by_device(cells: &[Rated], safe: Safe) -> Vec<(String, Vec<&Rated>)> {
    grouped(cells, |rated| measured_caption(&rated.cell, safe))
}

fn grouped<T>(rows: &[T], caption: impl Fn(&T) -> String) -> Vec<(String, Vec<&T>)> {
    let mut groups: Vec<(String, Vec<&T>)> = Vec::new();
    for row in rows {
        let caption = caption(row);
        match groups.last_mut() {
            Some((last, members)) if *last == caption => members.push(row),
            _ => groups.push((caption, vec![row])),
        }
    }
    groups
}

fn device(row: &Comparison, safe: Safe) -> String {
    let count = if row.gpus > 1 { format!("{} x ", row.gpus) } else { String::new() };
    let label = if row.software { format!(", {SOFTWARE_LABEL}") } else { String::new() };
    format!("{count}{}{label}", safe(&row.device))
}

fn cost_caption(row: &Comparison, rents_differ: bool, safe: Safe) -> String {
    let source = match row.source {
        Source::Measured => "measured",
        Source::MeasuredElsewhere => "measured elsewhere",
        Source::Datasheet => "from its datasheet, not measured",
    };
    format!(
        "{} ({source}); {}utilisation {}; {} input and {} output tokens per request; market: {}",
        device(row, safe),
        if rents_differ { String::new() } else { format!("{}; ", rent(row, safe)) },
        significant(row.utilisation),
        row.isl,
        row.osl,
        safe(&row.market_policy.to_string()),
    )
}

fn rent(row: &Comparison, safe: Safe) -> String {
    let date = row.usd_per_hour_date.map(|date| date.to_string());
    rent_words(row.usd_per_hour, row.rental_kind.map(Kind::name), row.rental_providers.as_deref(), date, safe)
}

/// A rent and where it comes from.
fn rent_words(
    usd_per_hour: Option<f64>,
    kind: Option<&str>,
    providers: Option<&str>,
    date: Option<String>,
    safe: Safe,
) -> String {
    let Some(usd_per_hour) = usd_per_hour else {
        return "rent unknown".into();
    };
    let mut from = Vec::new();
    from.extend(kind.map(str::to_owned));
    from.extend(providers.map(safe));
    from.extend(date);
    let from = if from.is_empty() { String::new() } else { format!(" ({})", from.join(", ")) };
    format!("rent {} USD/h per device{from}", significant(usd_per_hour))
}

fn measured_caption(cell: &Measurement, safe: Safe) -> String {
    let identity = &cell.provenance.identity;
    let label = if is_software(cell) { format!(", {SOFTWARE_LABEL}") } else { String::new() };
    let parts = [&identity.backend, &identity.driver, &identity.driver_info];
    let driver: Vec<String> =
        parts.into_iter().filter(|part| !part.is_empty()).map(|part| safe(part)).collect();
    format!("{}{label} ({})", safe(&identity.adapter), driver.join(", "))
}

/// Whose price the deciding market price is.
fn market_source(row: &Comparison, safe: Safe) -> String {
    let sellers = row.market_sellers.unwrap_or_default();
    match (&row.market_policy, &row.market_cheapest_seller) {
        (Policy::Seller(name), _) => safe(name),
        (Policy::Median, _) if sellers != 1 => format!("median of {sellers} sellers"),
        (_, Some(seller)) => format!("{}, cheapest of {sellers}", safe(seller)),
        _ => format!("{sellers} sellers"),
    }
}

/// A number to three significant digits, [`UNKNOWN`] where there is none.
fn number(value: Option<f64>) -> String {
    value.map_or(UNKNOWN.into(), significant)
}

#[cfg(test)]
mod tests;
