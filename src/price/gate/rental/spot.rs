//! Spot prices beside the on-demand prices of the same thing.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::approximately;
use crate::price::Rule;
use crate::price::gate::verdicts::Verdicts;
use crate::price::rental::{Kind, RentalQuote};

/// Fewer pairs in one ratio may be chance.
const MIN_PAIRS: usize = 3;

/// Ratios within this of each other are one ratio: prices are rounded to cents.
const SAME_RATIO: f64 = 0.01;

type Thing<'q> = (&'q str, &'q str, &'q str, &'q str, Option<u16>, jiff::civil::Date);

fn thing(quote: &RentalQuote) -> Thing<'_> {
    (&quote.provider, &quote.hardware, &quote.region, &quote.instance, quote.count, quote.date)
}

fn hash(quote: &RentalQuote) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing(quote).hash(&mut hasher);
    hasher.finish()
}

/// Rejects spot prices that are not below on-demand; flags those in a constant ratio to it at one provider.
pub fn check(quotes: &[RentalQuote], verdicts: &mut Verdicts) {
    let spots = || quotes.iter().enumerate().filter(|(_, quote)| quote.kind == Kind::Spot);
    if spots().next().is_none() {
        return;
    }
    // By hash: the names themselves would take a hundred bytes for each of a million rows.
    let on_demand = (0_u32..).zip(quotes).filter(|(_, quote)| quote.kind == Kind::OnDemand);
    let full: HashMap<u64, u32> = on_demand
        .filter(|(_, quote)| quote.usd_per_hour.value().is_some())
        .map(|(index, quote)| (hash(quote), index))
        .collect();
    let full_of = |spot: &RentalQuote| {
        let full = quotes.get(*full.get(&hash(spot))? as usize)?;
        full.usd_per_hour.value().filter(|_| thing(full) == thing(spot))
    };
    let mut ratios: BTreeMap<Arc<str>, Vec<(usize, &RentalQuote, f64)>> = BTreeMap::new();
    for (index, quote) in spots() {
        let (Some(spot), Some(full)) = (quote.usd_per_hour.value(), full_of(quote)) else {
            continue;
        };
        if spot >= full {
            let why = format!("spot {spot} USD/h is not below on-demand {full}: no quote of a spot market");
            verdicts.reject(index, Rule::SpotNotBelow, why);
        } else {
            let ratio = approximately(spot) / approximately(full);
            ratios.entry(Arc::clone(&quote.provider)).or_default().push((index, quote, ratio));
        }
    }
    for pairs in ratios.values().filter(|pairs| is_one_ratio(pairs)) {
        for (index, _, ratio) in pairs {
            let why = format!("spot is {ratio:.3} of on-demand in all {} pairs: set by hand", pairs.len());
            verdicts.flag(*index, Rule::AdministeredSpot, why);
        }
    }
}

/// Several pairs of different hardware, all in one ratio.
fn is_one_ratio(pairs: &[(usize, &RentalQuote, f64)]) -> bool {
    let low = pairs.iter().map(|(.., ratio)| *ratio).fold(f64::INFINITY, f64::min);
    let high = pairs.iter().map(|(.., ratio)| *ratio).fold(0.0, f64::max);
    let first = pairs.first().map(|(_, quote, _)| &quote.hardware);
    let differ = pairs.iter().any(|(_, quote, _)| Some(&quote.hardware) != first);
    pairs.len() >= MIN_PAIRS && differ && high / low - 1.0 <= SAME_RATIO
}
