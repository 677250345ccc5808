//! Spot against on-demand, for providers that quote both. A spot price that is always the same share of the list price is
//! set by the provider and says nothing about the market.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rust_decimal::Decimal;
use serde::Serialize;

use super::choose::Chosen;
use super::panel::Panel;
use super::row::RentalMonth;
use crate::market::month::Month;
use crate::price::rental::{Basis, Kind};
use crate::price::rental_csv::RentalPoint;
use crate::price::to_f64;
use crate::stats::median;

/// Ratios within this share of each other are one ratio: prices are quoted in cents.
const SAME_RATIO: f64 = 0.01;

/// What one provider asks for spot in its own on-demand price.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpotProvider {
    /// Who rents it out.
    pub provider: String,
    /// Median over the months of this GPU with both prices.
    pub spot_over_on_demand: f64,
    /// Months of this GPU with both prices.
    pub months: usize,
    /// Set by the provider and not by a market, as far as its quotes show.
    pub administered: bool,
    /// What makes the quotes doubtful.
    pub flag: Option<String>,
}

/// Adds the ratio of every month to its row; answers with the providers that quote both.
pub(super) fn spot(
    points: &[RentalPoint],
    chosen: &Chosen<'_>,
    rows: &mut [RentalMonth],
) -> Vec<SpotProvider> {
    let mut providers: BTreeMap<String, BTreeMap<Month, f64>> = BTreeMap::new();
    for basis in Basis::ALL {
        for (month, provider, ratio) in monthly(chosen, *basis) {
            // The better basis comes first.
            providers.entry(provider).or_default().entry(month).or_insert(ratio);
        }
    }
    for row in rows {
        let ratios: Vec<f64> =
            providers.values().filter_map(|months| months.get(&row.month).copied()).collect();
        row.spot_providers = ratios.len();
        row.spot_over_on_demand = median(&ratios);
    }
    let quoting: BTreeSet<String> = providers.keys().map(|name| name.to_lowercase()).collect();
    let pairs = pairs(points, &quoting);
    let of_provider = |(provider, months): (String, BTreeMap<Month, f64>)| {
        let ratios: Vec<f64> = months.into_values().collect();
        let flag = pairs.get(&provider.to_lowercase()).and_then(flag);
        Some(SpotProvider {
            spot_over_on_demand: median(&ratios)?,
            months: ratios.len(),
            administered: flag.as_ref().is_some_and(|(administered, _)| *administered),
            flag: flag.map(|(_, what)| what),
            provider,
        })
    };
    providers.into_iter().filter_map(of_provider).collect()
}

/// The ratio of every provider and month with both prices on one basis.
fn monthly(chosen: &Chosen<'_>, basis: Basis) -> Vec<(Month, String, f64)> {
    let of = |kind| -> Vec<&RentalPoint> {
        chosen.kinds.iter().filter(|row| row.kind == kind && row.basis == basis).copied().collect()
    };
    let spot = of(Kind::Spot);
    if spot.is_empty() {
        return Vec::new();
    }
    let (spot, on_demand) = (Panel::of(&spot), Panel::of(&of(Kind::OnDemand)));
    let mut listed: HashMap<(Month, String), Decimal> = HashMap::new();
    for (month, votes) in &on_demand.months {
        let cells = votes
            .iter()
            .map(|vote| ((*month, on_demand.name(vote.provider).to_lowercase()), vote.usd_per_gpu_hour));
        listed.extend(cells);
    }
    let mut ratios = Vec::new();
    for (month, votes) in &spot.months {
        for vote in votes {
            let provider = spot.name(vote.provider);
            if let Some(list) = listed.get(&(*month, provider.to_lowercase())) {
                ratios.push((*month, provider, to_f64(vote.usd_per_gpu_hour) / to_f64(*list)));
            }
        }
    }
    ratios
}

/// Pairs of an on-demand and a spot price.
type Pairs = BTreeSet<(Decimal, Decimal)>;

/// The pairs of each provider for one GPU, place and day, of any GPU: a rule of the provider shows in all of them.
fn pairs(points: &[RentalPoint], quoting: &BTreeSet<String>) -> BTreeMap<String, Pairs> {
    let mut pairs: BTreeMap<String, Pairs> = BTreeMap::new();
    if quoting.is_empty() {
        return pairs;
    }
    let mut spellings: HashMap<&str, Option<String>> = HashMap::new();
    for row in points {
        let lower = || Some(row.provider.to_lowercase()).filter(|name| quoting.contains(name));
        spellings.entry(&row.provider).or_insert_with(lower);
    }
    let of_kind = |kind: Kind| {
        points.iter().filter(move |row| row.kind == kind).filter_map(|row| {
            let provider = spellings.get(&*row.provider)?.as_deref()?;
            Some((
                (row.date, provider, &*row.gpu, row.memory_gb, &*row.region, row.basis),
                row.usd_per_gpu_hour,
            ))
        })
    };
    let spot: HashMap<_, Decimal> = of_kind(Kind::Spot).collect();
    for (key, list) in of_kind(Kind::OnDemand) {
        if let Some(spot) = spot.get(&key) {
            pairs.entry(key.1.to_owned()).or_default().insert((list, *spot));
        }
    }
    pairs
}

/// What is odd about pairs of prices, and whether it means that the provider sets its spot prices.
fn flag(pairs: &BTreeSet<(Decimal, Decimal)>) -> Option<(bool, String)> {
    let ratios: Vec<f64> = pairs.iter().map(|(list, spot)| to_f64(*spot) / to_f64(*list)).collect();
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(0.0, f64::max);
    let lists: BTreeSet<&Decimal> = pairs.iter().map(|(list, _)| list).collect();
    let count = pairs.len();
    if count == 0 {
        None
    } else if low == 1.0 && high == 1.0 {
        Some((true, "spot is the on-demand price: no spot quote".into()))
    } else if lists.len() > 1 && high <= low * (1.0 + SAME_RATIO) {
        let share = crate::text::significant(ratios.iter().sum::<f64>() / count as f64);
        Some((true, format!("administered: spot is {share} of on-demand in all {count} pairs of prices")))
    } else if high >= 1.0 {
        Some((false, "spot at or above on-demand in some quotes".into()))
    } else {
        None
    }
}
