//! One vote per provider and month, and the level that the votes make.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::LEAST_PROVIDERS;
use crate::market::matched::Votes;
use crate::market::month::Month;
use crate::price::rental_csv::RentalPoint;
use crate::price::{median, to_f64};
use crate::stats;

/// Scales a median absolute deviation to the standard deviation of a normal distribution.
const MAD_TO_SIGMA: f64 = 1.4826;

/// The votes of every month.
pub(super) struct Panel {
    /// The providers by name; votes refer to them by their place.
    pub providers: Vec<String>,
    /// Months with a quote.
    pub months: BTreeMap<Month, Vec<Cast>>,
}

/// One provider's vote in a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cast {
    /// The place of the provider.
    pub provider: usize,
    /// Median of its rows.
    pub usd_per_gpu_hour: Decimal,
    /// Rows behind it, one per day, GPU and price: regions that repeat a price are one.
    pub rows: usize,
}

impl Panel {
    /// Counts the votes of rows.
    pub fn of(rows: &[&RentalPoint]) -> Self {
        let (providers, places) = places(rows);
        let mut gpus: HashMap<&str, usize> = HashMap::new();
        let mut cells: Vec<(Month, usize, Date, usize, Decimal)> = Vec::with_capacity(rows.len());
        for row in rows {
            let next = gpus.len();
            let gpu = *gpus.entry(&row.gpu).or_insert(next);
            let provider = places.get(&*row.provider).copied().unwrap_or_default();
            cells.push((Month::from(row.date), provider, row.date, gpu, row.usd_per_gpu_hour));
        }
        cells.sort_unstable();
        cells.dedup();
        let mut months: BTreeMap<Month, Vec<Cast>> = BTreeMap::new();
        for votes in cells.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let prices: Vec<Decimal> = votes.iter().map(|cell| cell.4).collect();
            if let (Some((month, provider, ..)), Some(usd_per_gpu_hour)) = (votes.first(), median(&prices)) {
                let cast = Cast { provider: *provider, usd_per_gpu_hour, rows: prices.len() };
                months.entry(*month).or_default().push(cast);
            }
        }
        Self { providers, months }
    }

    /// The first month with a quote.
    pub fn first(&self) -> Option<Month> {
        self.months.first_key_value().map(|(month, _)| *month)
    }

    /// The last month with a quote.
    pub fn last(&self) -> Option<Month> {
        self.months.last_key_value().map(|(month, _)| *month)
    }

    /// The votes as numbers.
    pub fn prices(&self) -> Votes {
        let price = |cast: &Cast| (cast.provider, to_f64(cast.usd_per_gpu_hour));
        self.months.iter().map(|(month, casts)| (*month, casts.iter().map(price).collect())).collect()
    }

    /// The provider at a place.
    pub fn name(&self, provider: usize) -> String {
        self.providers.get(provider).cloned().unwrap_or_default()
    }

    /// The level of every month from the first to the last, also of those without a quote.
    pub fn levels(&self) -> BTreeMap<Month, Level> {
        let (Some(first), Some(last)) = (self.first(), self.last()) else { return BTreeMap::new() };
        let votes = |month: &Month| self.months.get(month).map(Vec::as_slice).unwrap_or_default();
        first.through(last).map(|month| (month, Level::of(votes(&month)))).collect()
    }
}

/// The names of providers in order, in one of their spellings, and the place of every spelling.
fn places<'p>(rows: &[&'p RentalPoint]) -> (Vec<String>, HashMap<&'p str, usize>) {
    let spellings: BTreeSet<&str> = {
        let mut seen: HashMap<&str, ()> = HashMap::new();
        rows.iter().for_each(|row| _ = seen.insert(&row.provider, ()));
        seen.into_keys().collect()
    };
    let mut one: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    spellings.iter().for_each(|name| one.entry(name.to_lowercase()).or_default().push(name));
    let names =
        one.values().filter_map(|spellings| spellings.first().map(|name| (*name).to_owned())).collect();
    let places = one.values().enumerate();
    (names, places.flat_map(|(place, all)| all.iter().map(move |name| (*name, place))).collect())
}

/// What the providers of a month ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Level {
    /// Median over providers; `None` where it is withheld.
    pub usd_per_gpu_hour: Option<f64>,
    /// The cheapest provider.
    pub min: Option<f64>,
    /// The dearest provider.
    pub max: Option<f64>,
    /// 1.4826 times the median absolute deviation from the level, as a share of it.
    pub dispersion: Option<f64>,
    /// Why there is no level.
    pub withheld: Option<String>,
}

impl Level {
    fn of(votes: &[Cast]) -> Self {
        let prices: Vec<Decimal> = votes.iter().map(|vote| vote.usd_per_gpu_hour).collect();
        let ends = Self {
            min: prices.iter().min().copied().map(to_f64),
            max: prices.iter().max().copied().map(to_f64),
            ..Self::default()
        };
        if prices.len() < LEAST_PROVIDERS {
            let withheld = match prices.len() {
                0 => "no quotes".to_owned(),
                1 => format!("1 provider, {LEAST_PROVIDERS} needed"),
                count => format!("{count} providers, {LEAST_PROVIDERS} needed"),
            };
            return Self { withheld: Some(withheld), ..ends };
        }
        let level = median(&prices).map(to_f64);
        let spread = stats::mad(&prices.iter().copied().map(to_f64).collect::<Vec<_>>());
        let dispersion = spread.zip(level).map(|(mad, level)| MAD_TO_SIGMA * mad / level);
        Self { usd_per_gpu_hour: level, dispersion, ..ends }
    }
}
