//! Spend = Σ usage × price by model, and what moved it.
//!
//! From one month to the next ln(spend) changes by ln(tokens) plus ln(weighted price), exactly. The weighted price changes like
//! for like, model by model, and by the mix: models with other prices gain or lose shares, come or go. Like for like is the
//! Törnqvist index of the models used in both months (the mean log change of their prices, weighted by the mean of their
//! shares of spend); the mix is the rest. A model that has usage without a price in either month is left out of both.

mod split;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::month::Month;
use super::usage::ModelMonth;
pub use split::Split;

/// The price of a model in a month in USD per million tokens; `None` where it is not known.
pub type PriceOf<'p> = dyn Fn(&str, Month) -> Option<f64> + 'p;

/// One month of spend. Changes are fractions, effects are natural logarithms.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SpendMonth {
    /// The month.
    pub month: Option<Month>,
    /// USD per day of all models with a price.
    pub spend_usd_per_day: Option<f64>,
    /// Tokens per day of all models.
    pub tokens_per_day: f64,
    /// Share of the tokens that has a price.
    pub priced_share: f64,
    /// Price of a million tokens as used.
    pub weighted_usd_per_mtok: Option<f64>,
    /// Price of the basket month's shares of tokens.
    pub basket_usd_per_mtok: Option<f64>,
    /// Mean price of the models, each counted once.
    pub simple_usd_per_mtok: Option<f64>,
    /// Change of spend since the month before, over the models compared.
    pub mom: Option<f64>,
    /// ln of that change: the sum of volume and price.
    pub log_spend: Option<f64>,
    /// ln of the change of tokens.
    pub log_volume: Option<f64>,
    /// ln of the change of the weighted price: like for like plus mix.
    pub log_price: Option<f64>,
    /// The part of it that is like for like.
    pub log_like_for_like: Option<f64>,
    /// The part of it that is the mix of models.
    pub log_mix: Option<f64>,
    /// Models that are compared.
    pub compared: usize,
}

/// An origin's part of the last month.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OriginSpend {
    /// Country of the models' makers; `unknown`.
    pub origin: String,
    /// Share of the tokens that have a price.
    pub share_of_tokens: f64,
    /// Share of spend.
    pub share_of_spend: f64,
    /// Price of a million tokens as used.
    pub usd_per_mtok: Option<f64>,
    /// That over the price of all others.
    pub price_ratio_to_others: Option<f64>,
}

/// Usage without a price.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Unpriced {
    /// The model.
    pub model: String,
    /// Its share of all tokens of the last month in which it has no price.
    pub share_of_tokens: f64,
    /// That month.
    pub month: Option<Month>,
}

/// The spend of a file of usage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpendTracker {
    /// Version of these fields.
    pub schema_version: u32,
    /// What the prices are.
    pub prices: String,
    /// The month whose shares of tokens make the basket.
    pub basket_month: Month,
    /// Month by month.
    pub months: Vec<SpendMonth>,
    /// By origin, in the last month.
    pub origins: Vec<OriginSpend>,
    /// The models with the most tokens and those with the most spend, in the last month.
    pub top: Top,
    /// Usage without a price: counted nowhere in spend.
    pub unpriced: Vec<Unpriced>,
    /// What the reader should doubt.
    pub warnings: Vec<String>,
}

/// Both rankings: a model in one need not be in the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Top {
    /// By tokens, with their share of all tokens.
    pub by_tokens: Vec<(String, f64)>,
    /// By spend, with their share of spend.
    pub by_spend: Vec<(String, f64)>,
}

const RANKED: usize = 5;

/// A model's tokens and price in one month.
#[derive(Clone, Copy, Debug)]
struct Used {
    tokens_per_day: f64,
    usd_per_mtok: Option<f64>,
}

impl Used {
    fn spend(&self) -> Option<f64> {
        self.usd_per_mtok.map(|price| self.tokens_per_day / 1e6 * price)
    }
}

type Models<'u> = BTreeMap<&'u str, Used>;

/// Multiplies usage with prices. `basket` is the month of the basket, the first one where it is `None`.
///
/// # Errors
/// A sentence where the basket's month has no usage.
pub fn track(
    usage: &[ModelMonth],
    price: &PriceOf<'_>,
    prices: &str,
    basket: Option<Month>,
) -> Result<SpendTracker, String> {
    let mut months: BTreeMap<Month, Models<'_>> = BTreeMap::new();
    for row in usage {
        let used = Used { tokens_per_day: row.tokens_per_day, usd_per_mtok: price(&row.model, row.month) };
        months.entry(row.month).or_default().insert(&row.model, used);
    }
    let first = months.keys().next().copied().ok_or("has no usage")?;
    let basket_month = basket.unwrap_or(first);
    let basket =
        months.get(&basket_month).ok_or(format!("has no usage in the basket's month {basket_month}"))?;
    let mut rows = Vec::new();
    for (month, models) in &months {
        let mut row = totals(*month, models);
        row.basket_usd_per_mtok = of_basket(basket, |model| price(model, *month));
        if let Some(split) = months.get(&month.prev()).and_then(|before| Split::of(before, models)) {
            row.mom = Some(split.spend.exp() - 1.0);
            row.log_spend = Some(split.spend);
            row.log_volume = Some(split.volume);
            row.log_price = Some(split.price);
            row.log_like_for_like = split.like_for_like;
            row.log_mix = split.like_for_like.map(|part| split.price - part);
            row.compared = split.compared;
        }
        rows.push(row);
    }
    let last = months.values().next_back();
    Ok(SpendTracker {
        schema_version: 1,
        prices: prices.to_owned(),
        basket_month,
        origins: origins(usage, months.keys().next_back().copied(), last),
        top: last.map(top).unwrap_or_default(),
        unpriced: unpriced(&months),
        warnings: warnings(&rows, &months),
        months: rows,
    })
}

fn totals(month: Month, models: &Models<'_>) -> SpendMonth {
    let tokens: f64 = models.values().map(|used| used.tokens_per_day).sum();
    let priced: Vec<(&Used, f64)> = models.values().filter_map(|used| Some((used, used.spend()?))).collect();
    let priced_tokens: f64 = priced.iter().map(|(used, _)| used.tokens_per_day).sum();
    let spend: f64 = priced.iter().map(|(_, spend)| spend).sum();
    let known = priced_tokens > 0.0;
    let prices: Vec<f64> = models.values().filter_map(|used| used.usd_per_mtok).collect();
    SpendMonth {
        month: Some(month),
        spend_usd_per_day: known.then_some(spend),
        tokens_per_day: tokens,
        priced_share: if tokens > 0.0 { priced_tokens / tokens } else { 0.0 },
        weighted_usd_per_mtok: known.then(|| spend / priced_tokens * 1e6),
        simple_usd_per_mtok: (!prices.is_empty()).then(|| prices.iter().sum::<f64>() / prices.len() as f64),
        ..SpendMonth::default()
    }
}

/// The price of the basket's shares; unknown where a model of the basket that had a price has none now.
fn of_basket(basket: &Models<'_>, price: impl Fn(&str) -> Option<f64>) -> Option<f64> {
    let (mut tokens, mut cost) = (0.0, 0.0);
    for (model, used) in basket.iter().filter(|(_, used)| used.usd_per_mtok.is_some()) {
        tokens += used.tokens_per_day;
        cost += used.tokens_per_day * price(model)?;
    }
    (tokens > 0.0).then(|| cost / tokens)
}

fn origins(usage: &[ModelMonth], month: Option<Month>, models: Option<&Models<'_>>) -> Vec<OriginSpend> {
    let (Some(month), Some(models)) = (month, models) else { return Vec::new() };
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for row in usage.iter().filter(|row| row.month == month) {
        let Some(used) = models.get(row.model.as_str()) else { continue };
        let Some(spend) = used.spend() else { continue };
        let sum = sums.entry(row.origin.as_deref().unwrap_or("unknown")).or_default();
        *sum = (sum.0 + used.tokens_per_day, sum.1 + spend);
    }
    let all = sums.values().fold((0.0, 0.0), |all, sum| (all.0 + sum.0, all.1 + sum.1));
    let price = |(tokens, spend): (f64, f64)| (tokens > 0.0).then(|| spend / tokens * 1e6);
    let of = |(origin, sum): (&str, (f64, f64))| {
        let others = price((all.0 - sum.0, all.1 - sum.1)).filter(|_| sums.len() > 1);
        OriginSpend {
            origin: origin.to_owned(),
            share_of_tokens: sum.0 / all.0,
            share_of_spend: sum.1 / all.1,
            usd_per_mtok: price(sum),
            price_ratio_to_others: price(sum).zip(others).map(|(own, others)| own / others),
        }
    };
    let mut origins: Vec<OriginSpend> = sums.iter().map(|(origin, sum)| of((origin, *sum))).collect();
    origins.sort_by(|one, other| other.share_of_spend.total_cmp(&one.share_of_spend));
    origins
}

fn top(models: &Models<'_>) -> Top {
    let ranked = |value: fn(&Used) -> Option<f64>| {
        let all: f64 = models.values().filter_map(value).sum();
        let mut ranked: Vec<(String, f64)> = models
            .iter()
            .filter_map(|(model, used)| Some(((*model).to_owned(), value(used)? / all)))
            .filter(|(_, share)| *share > 0.0)
            .collect();
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        ranked.truncate(RANKED);
        ranked
    };
    Top { by_tokens: ranked(|used| Some(used.tokens_per_day)), by_spend: ranked(Used::spend) }
}

/// Each model without a price, in the last month in which it was used without one; the largest first.
fn unpriced(months: &BTreeMap<Month, Models<'_>>) -> Vec<Unpriced> {
    let mut found: BTreeMap<&str, Unpriced> = BTreeMap::new();
    for (month, models) in months {
        let all: f64 = models.values().map(|used| used.tokens_per_day).sum();
        for (model, used) in
            models.iter().filter(|(_, used)| used.usd_per_mtok.is_none() && used.tokens_per_day > 0.0)
        {
            let name = if model.is_empty() { "rows without a model" } else { model };
            let share_of_tokens = used.tokens_per_day / all;
            found.insert(model, Unpriced { model: name.to_owned(), share_of_tokens, month: Some(*month) });
        }
    }
    let mut unpriced: Vec<Unpriced> = found.into_values().collect();
    unpriced.sort_by(|one, other| {
        other.month.cmp(&one.month).then(other.share_of_tokens.total_cmp(&one.share_of_tokens))
    });
    unpriced
}

fn warnings(rows: &[SpendMonth], months: &BTreeMap<Month, Models<'_>>) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(row) = rows.iter().min_by(|one, other| one.priced_share.total_cmp(&other.priced_share))
        && row.priced_share < 0.9
    {
        let month = row.month.map(|month| month.to_string()).unwrap_or_default();
        warnings
            .push(format!("in {month} only {:.1} % of the tokens have a price", 100.0 * row.priced_share));
    }
    let mut seen: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for (model, used) in months.values().flatten() {
        seen.entry(model).or_default().extend(used.usd_per_mtok.map(f64::to_bits));
    }
    let still = seen.values().filter(|prices| prices.len() == 1).count();
    if still > 0 && months.len() > 1 {
        warnings.push(format!("{still} models have one price in all months: no change of theirs can show"));
    }
    warnings
}
