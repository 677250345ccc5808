//! The change of spend between two months, split into volume, price and mix.

use super::Models;

/// Natural logarithms that add up: spend = volume + price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Of the change of spend.
    pub spend: f64,
    /// Of the change of tokens.
    pub volume: f64,
    /// Of the change of the weighted price.
    pub price: f64,
    /// The Törnqvist part of `price`; `None` where no model is in both months.
    pub like_for_like: Option<f64>,
    /// Models in the comparison.
    pub compared: usize,
}

/// One model in both months; zero where it was not used.
struct Pair {
    tokens: (f64, f64),
    spend: (f64, f64),
    prices: Option<(f64, f64)>,
}

impl Split {
    /// Between two months; `None` where either has no spend to compare.
    pub(super) fn of(before: &Models<'_>, after: &Models<'_>) -> Option<Self> {
        let names = before.keys().chain(after.keys().filter(|model| !before.contains_key(*model)));
        let pairs: Vec<Pair> = names.filter_map(|model| pair(before, after, model)).collect();
        let sum = |of: fn(&Pair) -> f64| pairs.iter().map(of).sum::<f64>();
        let tokens = (sum(|pair| pair.tokens.0), sum(|pair| pair.tokens.1));
        let spend = (sum(|pair| pair.spend.0), sum(|pair| pair.spend.1));
        if [tokens.0, tokens.1, spend.0, spend.1].iter().any(|total| *total <= 0.0) {
            return None;
        }
        let (spend_log, volume) = ((spend.1 / spend.0).ln(), (tokens.1 / tokens.0).ln());
        Some(Self {
            spend: spend_log,
            volume,
            price: spend_log - volume,
            like_for_like: like_for_like(&pairs),
            compared: pairs.len(),
        })
    }
}

/// `None` where the model has usage without a price in either month.
fn pair(before: &Models<'_>, after: &Models<'_>, model: &str) -> Option<Pair> {
    let side = |month: &Models<'_>| match month.get(model) {
        Some(used) if used.tokens_per_day > 0.0 => {
            Some((used.tokens_per_day, used.spend()?, used.usd_per_mtok))
        }
        _ => Some((0.0, 0.0, None)),
    };
    let ((tokens_0, spend_0, price_0), (tokens_1, spend_1, price_1)) = (side(before)?, side(after)?);
    Some(Pair { tokens: (tokens_0, tokens_1), spend: (spend_0, spend_1), prices: price_0.zip(price_1) })
}

fn like_for_like(pairs: &[Pair]) -> Option<f64> {
    let both = || pairs.iter().filter_map(|pair| Some((pair.spend, pair.prices?)));
    let all = both().fold((0.0, 0.0), |all, (spend, _)| (all.0 + spend.0, all.1 + spend.1));
    if all.0 <= 0.0 || all.1 <= 0.0 {
        return None;
    }
    let part = |(spend, prices): ((f64, f64), (f64, f64))| {
        let weight = (spend.0 / all.0 + spend.1 / all.1) / 2.0;
        weight * (prices.1 / prices.0).ln()
    };
    Some(both().map(part).sum())
}
